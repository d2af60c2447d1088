//! `fare_leg_rules.txt`, `fare_leg_join_rules.txt` and `fare_transfer_rules.txt`.

use std::collections::{BTreeMap, BTreeSet};

use super::Feed;
use super::cells::{Cell, Told};
use super::files::{FeedFile, FeedFiles};
use super::rows::TransferType;
use super::rows::{LegJoinRule, LegRule, LimitType, StopKind, TransferCount, TransferRule};
use super::table::{Column, Row, Table};
use crate::{Defect, LoadReport};

const NETWORK: &str = "a network of networks.txt or routes.txt";
const AREA: &str = "an area of areas.txt";
const TIMEFRAME: &str = "a group of timeframes.txt";
const PRODUCT: &str = "a product of fare_products.txt";
const LEG_GROUP: &str = "a leg group of fare_leg_rules.txt";
const STOP: &str = "a stop or station of stops.txt";

/// Reads the rules of Fares v2.
pub(super) fn read(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    leg_rules(files, feed, report);
    join_rules(files, feed, report);
    transfer_rules(files, feed, report);
}

fn leg_rules(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::LegRules, report) else {
        return;
    };
    let columns = LegColumns {
        group: table.optional("leg_group_id"),
        network: table.optional("network_id"),
        from_area: table.optional("from_area_id"),
        to_area: table.optional("to_area_id"),
        from_timeframe: table.optional("from_timeframe_group_id"),
        to_timeframe: table.optional("to_timeframe_group_id"),
        product: table.required("fare_product_id", report),
        priority: table.optional("rule_priority"),
    };
    feed.has_rule_priority = columns.priority.exists();
    // No price: every product that a rule names is missing, and that is said row by row.
    feed.ids.products.listed = true;
    let mut known = BTreeMap::new();
    while let Some(row) = table.next(report) {
        let Ok(Some(rule)) = columns.rule(&row, feed, report) else {
            continue;
        };
        let key = (
            rule.network,
            rule.from_area,
            rule.to_area,
            rule.from_timeframe,
            rule.to_timeframe,
            rule.product,
        );
        let rest = (rule.leg_group, rule.priority);
        match known.get(&key) {
            None => {
                known.insert(key, rest);
                feed.leg_rules.push(rule);
            }
            Some(earlier) => {
                let expected = "one row for each network, areas, timeframes and product";
                let defect = row.defect(columns.product, expected);
                let same = *earlier == rest;
                report.push(if same { defect.warning() } else { defect });
            }
        }
    }
}

struct LegColumns {
    group: Column,
    network: Column,
    from_area: Column,
    to_area: Column,
    from_timeframe: Column,
    to_timeframe: Column,
    product: Column,
    priority: Column,
}

impl LegColumns {
    fn rule(&self, row: &Row<'_>, feed: &mut Feed, report: &mut LoadReport) -> Cell<LegRule> {
        // All cells are read before the first that is wrong ends the row: every defect is told.
        let ids = &mut feed.ids;
        let group = match row.text(self.group) {
            "" => Ok(None),
            _ => match row.id(self.group, report) {
                Some(id) => {
                    let names = &mut ids.leg_groups;
                    Ok(names.define(id).or_else(|| names.find(id)))
                }
                None => Err(Told),
            },
        };
        let network = row.reference(self.network, &mut ids.networks, NETWORK, report);
        let from_area = row.reference(self.from_area, &mut ids.areas, AREA, report);
        let to_area = row.reference(self.to_area, &mut ids.areas, AREA, report);
        let frames = &mut ids.timeframes;
        let from_timeframe = row.set_reference(self.from_timeframe, frames, TIMEFRAME, report);
        let to_timeframe = row.set_reference(self.to_timeframe, frames, TIMEFRAME, report);
        let products = &mut ids.products;
        let product = row.required_reference(self.product, products, PRODUCT, report);
        // An empty value is treated as zero.
        let priority = row.whole(self.priority, 0, report);
        let Some(product) = product else {
            return Err(Told);
        };
        Ok(Some(LegRule {
            row: row.line,
            leg_group: group?,
            network: network?,
            from_area: from_area?,
            to_area: to_area?,
            from_timeframe: from_timeframe?,
            to_timeframe: to_timeframe?,
            product,
            priority: priority?.unwrap_or(0),
        }))
    }
}

fn join_rules(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::LegJoinRules, report) else {
        return;
    };
    let networks = [
        table.required("from_network_id", report),
        table.required("to_network_id", report),
    ];
    let stops = [table.optional("from_stop_id"), table.optional("to_stop_id")];
    let mut known = BTreeSet::new();
    while let Some(row) = table.next(report) {
        let ids = &mut feed.ids;
        let [from, to] =
            networks.map(|column| row.reference(column, &mut ids.networks, NETWORK, report));
        let [from_stop, to_stop] =
            stops.map(|column| row.reference(column, &mut ids.stops, STOP, report));
        let (Ok(from_network), Ok(to_network), Ok(from_stop), Ok(to_stop)) =
            (from, to, from_stop, to_stop)
        else {
            continue;
        };
        pair(&row, networks, report, Defect::warning);
        if from_stop.is_some() != to_stop.is_some() {
            pair(&row, stops, report, |defect| defect);
            continue;
        }
        for (column, stop) in stops.into_iter().zip([from_stop, to_stop]) {
            let kind = stop
                .and_then(|stop| feed.stops.get(stop.index()))
                .map(|row| row.kind);
            if kind.is_some_and(|kind| !matches!(kind, StopKind::Stop | StopKind::Station)) {
                let expected = "a stop or station (location_type 0 or 1)";
                report.push(row.defect(column, expected).warning());
            }
        }
        if known.insert((from_network, to_network, from_stop, to_stop)) {
            feed.join_rules.push(LegJoinRule {
                row: row.line,
                from_network,
                to_network,
                from_stop,
                to_stop,
            });
        } else {
            let expected = "networks and stops that no earlier row has; it says nothing new";
            report.push(row.defect(networks[0], expected).warning());
        }
    }
}

/// Tells the empty one of two cells that must come together.
fn pair(
    row: &Row<'_>,
    columns: [Column; 2],
    report: &mut LoadReport,
    severity: impl Fn(crate::Defect) -> crate::Defect,
) {
    for [empty, other] in [columns, [columns[1], columns[0]]] {
        if row.text(empty).is_empty() && !row.text(other).is_empty() {
            let expected = format!("a value, because {} has one", other.name);
            report.push(severity(row.defect(empty, expected)));
        }
    }
}

fn transfer_rules(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::TransferRules, report) else {
        return;
    };
    let columns = TransferColumns {
        from: table.optional("from_leg_group_id"),
        to: table.optional("to_leg_group_id"),
        count: table.optional("transfer_count"),
        limit: table.optional("duration_limit"),
        limit_type: table.optional("duration_limit_type"),
        transfer_type: table.required("fare_transfer_type", report),
        product: table.optional("fare_product_id"),
    };
    let mut known = BTreeMap::new();
    while let Some(row) = table.next(report) {
        let Ok(Some(rule)) = columns.rule(&row, feed, report) else {
            continue;
        };
        let key = (
            rule.from_leg_group,
            rule.to_leg_group,
            rule.product,
            rule.transfer_count,
            rule.limit.map(|(seconds, _)| seconds),
        );
        let rest = (rule.transfer_type, rule.limit);
        match known.get(&key) {
            None => {
                known.insert(key, rest);
                feed.transfer_rules.push(rule);
            }
            Some(earlier) => {
                let expected = "one row for each pair of leg groups, product, \
                                transfer_count and duration_limit";
                let defect = row.defect(columns.from, expected);
                let same = *earlier == rest;
                report.push(if same { defect.warning() } else { defect });
            }
        }
    }
}

struct TransferColumns {
    from: Column,
    to: Column,
    count: Column,
    limit: Column,
    limit_type: Column,
    transfer_type: Column,
    product: Column,
}

impl TransferColumns {
    fn rule(&self, row: &Row<'_>, feed: &mut Feed, report: &mut LoadReport) -> Cell<TransferRule> {
        let groups = &mut feed.ids.leg_groups;
        let from = row.set_reference(self.from, groups, LEG_GROUP, report);
        let to = row.set_reference(self.to, groups, LEG_GROUP, report);
        let product = row.reference(self.product, &mut feed.ids.products, PRODUCT, report);
        let count = self.count(row, report);
        let limit = self.limit(row, report);
        let transfer_type = match row.choice(self.transfer_type, 3) {
            Ok(Some(0)) => Some(TransferType::FromPlusTransfer),
            Ok(Some(1)) => Some(TransferType::FromPlusTransferPlusTo),
            Ok(Some(2)) => Some(TransferType::TransferOnly),
            _ => {
                if self.transfer_type.exists() {
                    report.push(row.defect(self.transfer_type, "0, 1 or 2"));
                }
                None
            }
        };
        let (from, to, count) = (from?, to?, count?);
        if from.is_some() && from == to && count.is_none() {
            let expected = "-1 or a number from 1, because both leg groups are the same";
            report.push(row.defect(self.count, expected));
            return Err(Told);
        }
        if from != to && count.is_some() {
            let expected = "nothing, because the leg groups differ; it is not used";
            report.push(row.defect(self.count, expected).warning());
        }
        let Some(transfer_type) = transfer_type else {
            return Err(Told);
        };
        Ok(Some(TransferRule {
            row: row.line,
            from_leg_group: from,
            to_leg_group: to,
            transfer_count: count.filter(|_| from == to),
            limit: limit?,
            transfer_type,
            product: product?,
        }))
    }

    fn count(&self, row: &Row<'_>, report: &mut LoadReport) -> Cell<TransferCount> {
        if row.text(self.count) == "-1" {
            return Ok(Some(TransferCount::Unlimited));
        }
        let digits = row
            .text(self.count)
            .bytes()
            .all(|byte| byte.is_ascii_digit());
        match row.text(self.count).parse() {
            _ if row.text(self.count).is_empty() => Ok(None),
            Ok(count @ 1..) if digits => Ok(Some(TransferCount::UpTo(count))),
            _ => {
                report.push(row.defect(self.count, "-1, a whole number from 1, or nothing"));
                Err(Told)
            }
        }
    }

    fn limit(&self, row: &Row<'_>, report: &mut LoadReport) -> Cell<(u32, LimitType)> {
        let kind = match row.choice(self.limit_type, 4) {
            Ok(None) => None,
            Ok(Some(0)) => Some(LimitType::DepartureToArrival),
            Ok(Some(1)) => Some(LimitType::DepartureToDeparture),
            Ok(Some(2)) => Some(LimitType::ArrivalToDeparture),
            Ok(Some(_)) => Some(LimitType::ArrivalToArrival),
            Err(told) => {
                report.push(row.defect(self.limit_type, "0, 1, 2, 3 or nothing"));
                return Err(told);
            }
        };
        match (row.whole(self.limit, 1, report)?, kind) {
            (None, None) => Ok(None),
            (Some(seconds), Some(kind)) => Ok(Some((seconds, kind))),
            (None, Some(_)) => {
                let expected = "nothing, because duration_limit is empty; it is not used";
                report.push(row.defect(self.limit_type, expected).warning());
                Ok(None)
            }
            (Some(_), None) => {
                let expected = "0, 1, 2 or 3, because duration_limit has a value";
                report.push(row.defect(self.limit_type, expected));
                Err(Told)
            }
        }
    }
}
