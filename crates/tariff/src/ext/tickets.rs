//! `fare_zone_tickets.txt`: tickets that hold for a set of zones and a time.

use units::{AreaId, ProductId, Timestamp};

use super::cells;
use super::{Known, Ride, Scope};
use crate::{CityFiles, LoadReport, RuleRef};

const FILE: &str = "fare_zone_tickets.txt";

/// A ticket for every area of its set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneTicket {
    /// `fare_product_id`.
    pub product: ProductId,
    /// `fare_product_name`, else the id.
    pub name: String,
    /// `area_ids`, separated by blanks.
    pub areas: Vec<AreaId>,
    /// `duration_seconds` from the first boarding, inclusive.
    pub seconds: i64,
    /// `amount` in minor units.
    pub amount: i64,
    /// Network, rider category, medium and timeframe of the rides it is for.
    pub scope: Scope,
    /// The row.
    pub rule: RuleRef,
}

/// One ticket bought for the rides `first..=last` of a day, by their places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bought {
    pub(crate) ticket: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl ZoneTicket {
    /// Whether the ticket holds for `ride`: each end lies in one of its areas.
    fn holds(&self, ride: &Ride<'_>) -> bool {
        let inside = |areas: &[AreaId]| areas.iter().any(|area| self.areas.contains(area));
        !ride.is_incomplete
            && inside(ride.from_areas)
            && inside(ride.to_areas)
            && self.scope.holds(ride)
    }
}

/// How one ride is paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Paid {
    /// By its own fare; or there is none.
    Alone,
    /// By a ticket bought for it and perhaps for rides that follow.
    Buys(Bought),
    /// By a ticket that an earlier ride bought.
    Covered(Bought),
}

/// The cost and number of tickets for the rides from one on, and the ticket of the first.
type Plan = (i64, usize, Option<Bought>);

/// How `rides`, in order of time, are paid most cheaply: each by its own fare (`fares`, where it
/// has one) or by a ticket. A ticket is for neighbours in the list that all begin within its time
/// of the first. A ride that has neither fare nor ticket costs nothing here and divides the list.
///
/// The least total counts; of equal totals the fewest payments, then for the first ride its own
/// fare before a ticket, the ticket that comes first in the file, and the one used for fewer
/// rides; and so on for the rides after.
pub(crate) fn cheapest(
    tickets: &[ZoneTicket],
    rides: &[Ride<'_>],
    fares: &[Option<i64>],
) -> Vec<Paid> {
    // plans[i] is for the rides from i on.
    let mut plans: Vec<Plan> = vec![(0, 0, None); rides.len().saturating_add(1)];
    for first in (0..rides.len()).rev() {
        let plan = plan(
            tickets,
            rides,
            fares.get(first).copied().flatten(),
            &plans,
            first,
        );
        if let Some(slot) = plans.get_mut(first) {
            *slot = plan;
        }
    }
    let mut paid = Vec::with_capacity(rides.len());
    while let Some((_, _, bought)) = plans.get(paid.len())
        && paid.len() < rides.len()
    {
        let Some(bought) = *bought else {
            paid.push(Paid::Alone);
            continue;
        };
        paid.push(Paid::Buys(bought));
        paid.resize(bought.last.saturating_add(1), Paid::Covered(bought));
    }
    paid
}

fn plan(
    tickets: &[ZoneTicket],
    rides: &[Ride<'_>],
    fare: Option<i64>,
    plans: &[Plan],
    first: usize,
) -> Plan {
    let after = |last: usize| {
        plans
            .get(last.saturating_add(1))
            .copied()
            .unwrap_or_default()
    };
    let (rest, count, _) = after(first);
    let mut choice: Option<Plan> =
        fare.map(|fare| (rest.saturating_add(fare), count.saturating_add(1), None));
    let opened = rides.get(first).map(|ride| ride.start);
    for (number, ticket) in tickets.iter().enumerate() {
        for (last, ride) in rides.iter().enumerate().skip(first) {
            let in_time = opened.is_some_and(|opened| within(opened, ride.start, ticket.seconds));
            if !in_time || !ticket.holds(ride) {
                break;
            }
            let (rest, count, _) = after(last);
            let cost = rest.saturating_add(ticket.amount);
            let count = count.saturating_add(1);
            if choice.is_none_or(|known| (cost, count) < (known.0, known.1)) {
                let bought = Bought {
                    ticket: number,
                    first,
                    last,
                };
                choice = Some((cost, count, Some(bought)));
            }
        }
    }
    choice.unwrap_or((rest, count, None))
}

fn within(opened: Timestamp, start: Timestamp, seconds: i64) -> bool {
    start.since(opened) <= units::Span::from_secs(seconds)
}

pub(super) fn read(
    files: &CityFiles,
    known: &Known<'_>,
    report: &mut LoadReport,
) -> Vec<ZoneTicket> {
    let required = ["fare_product_id", "area_ids", "duration_seconds", "amount"];
    cells::rows(files, FILE, &required, known, report, |cells| {
        let product = cells.id("fare_product_id");
        let ids: Vec<String> = cells
            .text("area_ids")
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let mut areas = Vec::with_capacity(ids.len());
        for id in &ids {
            match AreaId::new(id) {
                Ok(area) if known.areas.contains(&area) => areas.push(area),
                _ => cells.defect("area_ids", "areas of areas.txt, separated by blanks"),
            }
        }
        if areas.is_empty() {
            cells.defect("area_ids", "at least one area of areas.txt");
        }
        let seconds = cells.number("duration_seconds", 0..=86_400);
        let amount = cells.amount("amount");
        let scope = Scope {
            product: None,
            ..cells.scope()
        };
        let id = product?;
        Some(ZoneTicket {
            product: ProductId::new(id.as_str()).ok()?,
            name: cells.name("fare_product_name", &id),
            areas,
            seconds,
            amount: amount?,
            scope,
            rule: cells.rule(),
        })
    })
}
