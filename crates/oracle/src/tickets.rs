//! Zone tickets: step 4 of docs/FARES.md, "How a ride is priced". Every way to pay is tried.

use crate::csv::Row;
use crate::ride::{Base, later};
use crate::world::{Scope, World};

/// A way to pay for the rides of a day from one of them on.
#[derive(Clone, Default)]
struct Payment {
    total: i64,
    payments: usize,
    /// For each ride what counts to it, and the ticket it is on.
    rides: Vec<(Option<i64>, Option<String>)>,
}

impl World {
    /// Puts rides on tickets where that costs less.
    pub(crate) fn on_tickets(&self, bases: &mut [Option<Base>]) {
        if self.rows("fare_zone_tickets.txt").is_empty() {
            return;
        }
        // A missing tap divides the list.
        for rides in bases.split_mut(|base| base.as_ref().is_some_and(|base| base.is_incomplete)) {
            let mut rides: Vec<&mut Base> = rides.iter_mut().flatten().collect();
            let copies: Vec<Base> = rides.iter().map(|base| (**base).clone()).collect();
            let paid = self.cheapest(&copies);
            for (base, (price, ticket)) in rides.iter_mut().zip(paid.rides) {
                base.price = price;
                if ticket.is_some() {
                    base.ride.product = ticket;
                    base.by = "ticket";
                }
            }
        }
    }

    fn cheapest(&self, rides: &[Base]) -> Payment {
        let Some(first) = rides.first() else {
            return Payment::default();
        };
        let mut ways: Vec<Payment> = Vec::new();
        let mut add = |cost: Option<i64>, covered: usize, ticket: Option<&str>| {
            let mut way = self.cheapest(&rides[covered..]);
            way.total += cost.unwrap_or(0);
            way.payments += usize::from(cost.is_some());
            let ticket = ticket.map(str::to_owned);
            for place in (0..covered).rev() {
                let amount = if place == 0 { cost } else { Some(0) };
                way.rides.insert(0, (amount, ticket.clone()));
            }
            ways.push(way);
        };
        if first.price.is_some() {
            add(first.price, 1, None);
        }
        for row in self.rows("fare_zone_tickets.txt") {
            let fits = rides
                .iter()
                .take_while(|base| self.on_ticket(row, first, base));
            for covered in 1..=fits.count() {
                let price = row.money("amount").ok().flatten();
                add(price, covered, Some(row.text("fare_product_id")));
            }
        }
        if ways.is_empty() {
            let mut rest = self.cheapest(&rides[1..]);
            rest.rides.insert(0, (None, None));
            return rest;
        }
        // The first of equal ones.
        ways.into_iter()
            .min_by_key(|way| (way.total, way.payments))
            .unwrap_or_default()
    }

    fn on_ticket(&self, row: &Row, first: &Base, base: &Base) -> bool {
        let inside = |stop: &Option<String>| {
            stop.as_ref().is_some_and(|stop| {
                row.text("area_ids")
                    .split_whitespace()
                    .any(|area| self.is_in(stop, area))
            })
        };
        let seconds = row.number("duration_seconds", 0).unwrap_or(0);
        inside(&base.ride.from)
            && inside(&base.ride.to)
            && base.ride.start.at <= later(first.ride.start.at, seconds)
            && self.holds(&Scope::of_sale(row), &base.ride)
    }
}
