//! Fares v1: `fare_attributes.txt` and `fare_rules.txt`.

use std::collections::BTreeSet;

use super::Feed;
use super::cells::{Cell, Told};
use super::files::{FeedFile, FeedFiles};
use super::rows::{FareAttribute, FareRule};
use super::table::{Column, Row, Table};
use crate::LoadReport;

/// Reads Fares v1.
pub(super) fn read(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    attributes(files, feed, report);
    rules(files, feed, report);
}

fn attributes(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::FareAttributes, report) else {
        return;
    };
    let id = table.required("fare_id", report);
    let columns = Attributes {
        price: table.required("price", report),
        currency: table.required("currency_type", report),
        payment: table.expected("payment_method", report),
        transfers: table.required("transfers", report),
        agency: table.optional("agency_id"),
        duration: table.optional("transfer_duration"),
    };
    feed.ids.fares.listed = true;
    while let Some(row) = table.next(report) {
        // A row with a defect is told and ends the loading; what refers to it is not told again.
        let defined = row.define(id, &mut feed.ids.fares, report);
        if let Ok(Some(attribute)) = columns.attribute(&row, feed, report)
            && defined.is_some()
        {
            feed.fare_attributes.push(attribute);
        }
    }
}

struct Attributes {
    price: Column,
    currency: Column,
    payment: Column,
    transfers: Column,
    agency: Column,
    duration: Column,
}

impl Attributes {
    fn attribute(
        &self,
        row: &Row<'_>,
        feed: &mut Feed,
        report: &mut LoadReport,
    ) -> Cell<FareAttribute> {
        let balance = row.money(self.price, self.currency, report);
        let price = balance.and_then(|balance| {
            let price = balance.to_amount();
            if price.is_none() {
                report.push(row.defect(self.price, "a price of at least 0"));
            }
            price
        });
        let payment = row.choice(self.payment, 2);
        if !matches!(payment, Ok(Some(_))) && self.payment.exists() {
            report.push(row.defect(self.payment, "0 or 1").warning());
        }
        let transfers = row.whole(self.transfers, 0, report);
        if matches!(transfers, Ok(Some(3..))) {
            let expected = "0, 1, 2 or nothing; it is read as a number of transfers";
            report.push(row.defect(self.transfers, expected).warning());
        }
        let what = "an agency of agency.txt";
        let agency = row.reference(self.agency, &mut feed.ids.agencies, what, report);
        if matches!(agency, Ok(None)) && feed.agencies.len() > 1 {
            let expected = "an agency, because there are several; the fare is read as that of all";
            report.push(row.defect(self.agency, expected).warning());
        }
        let duration = row.whole(self.duration, 0, report);
        let Some(price) = price else {
            return Err(Told);
        };
        Ok(Some(FareAttribute {
            row: row.line,
            price,
            before_boarding: matches!(payment, Ok(Some(1))),
            transfers: transfers?,
            agency: agency?,
            transfer_duration_s: duration?,
        }))
    }
}

fn rules(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::FareRules, report) else {
        return;
    };
    let fare = table.required("fare_id", report);
    let route = table.optional("route_id");
    let zones = ["origin_id", "destination_id", "contains_id"].map(|name| table.optional(name));
    feed.ids.fares.listed = true;
    let mut known = BTreeSet::new();
    while let Some(row) = table.next(report) {
        let what = "a fare of fare_attributes.txt";
        let of = row.required_reference(fare, &mut feed.ids.fares, what, report);
        let what = "a route of routes.txt";
        let on = row.reference(route, &mut feed.ids.routes, what, report);
        let [origin, destination, contains] = zones.map(|column| {
            let zones = &mut feed.ids.zones;
            row.set_reference(column, zones, "a zone of stops.txt (zone_id)", report)
        });
        let (Some(of), Ok(route), Ok(origin), Ok(destination), Ok(contains)) =
            (of, on, origin, destination, contains)
        else {
            continue;
        };
        if !known.insert((of, route, origin, destination, contains)) {
            let expected = "a rule that no earlier row has; it says nothing new";
            report.push(row.defect(fare, expected).warning());
            continue;
        }
        feed.fare_rules.push(FareRule {
            row: row.line,
            fare: of,
            route,
            origin,
            destination,
            contains,
        });
    }
}
