//! Fares v1 (reference, `fare_attributes.txt` and `fare_rules.txt`): every way to cut the legs into
//! pieces is tried, with every fare for each piece.

use std::collections::BTreeSet;

use crate::csv::Row;
use crate::itinerary::{Cost, Leg};
use crate::world::World;

/// What counts to a leg, the lesser first: unpriced, minor units, the fare, the row of its rule.
type Share = (bool, i64, String, usize);

/// A way to pay for legs from one of them on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Way {
    unpriced: usize,
    total: i64,
    fares: usize,
    shares: Vec<Share>,
}

impl World {
    pub(crate) fn version_1(&self, legs: &[Leg]) -> Cost {
        let way = self.least_way(legs);
        let share =
            |(unpriced, minor, fare, _): &Share| (!unpriced).then(|| (fare.clone(), *minor));
        Cost {
            unpriced: way.unpriced,
            total: way.total,
            legs: way.shares.iter().map(share).collect(),
            is_ambiguous: false,
            notes: vec!["version 1"],
        }
    }

    fn least_way(&self, legs: &[Leg]) -> Way {
        if legs.is_empty() {
            return Way::default();
        }
        let mut left_out = self.least_way(&legs[1..]);
        left_out.unpriced += 1;
        left_out.shares.insert(0, (true, 0, String::new(), 0));
        let mut least = left_out;
        for covered in 1..=legs.len() {
            for fare in self.rows("fare_attributes.txt") {
                let Some(rule) = self.covering(fare, &legs[..covered]) else {
                    continue;
                };
                let mut way = self.least_way(&legs[covered..]);
                let price = fare.money("price").ok().flatten().unwrap_or(0);
                way.total += price;
                way.fares += 1;
                for place in (0..covered).rev() {
                    let minor = if place == 0 { price } else { 0 };
                    let share = (false, minor, fare.text("fare_id").to_owned(), rule);
                    way.shares.insert(0, share);
                }
                least = least.min(way);
            }
        }
        least
    }

    /// The place of the rule by which a fare covers the first of these legs, if it covers them all.
    fn covering(&self, fare: &Row, legs: &[Leg]) -> Option<usize> {
        let (first, last) = (legs.first()?, legs.last()?);
        let changes = i64::try_from(legs.len()).ok()? - 1;
        let spent = last.start.at.since(first.start.at).as_micros();
        let duration = fare
            .number("transfer_duration", i64::MAX / 1_000_000)
            .ok()?;
        if changes > fare.number("transfers", i64::MAX).ok()? || spent > duration * 1_000_000 {
            return None;
        }
        let ends = (self.zone(&first.from), self.zone_of(last.to.as_deref()));
        let mut visited = BTreeSet::new();
        for leg in legs {
            visited.insert(self.zone(&leg.from));
            visited.insert(self.zone_of(leg.to.as_deref()));
        }
        visited.remove("");
        let mut places = Vec::new();
        for leg in legs {
            let own = self.agency(leg.route.as_deref());
            if !fare.text("agency_id").is_empty()
                && own.is_some_and(|own| own != fare.text("agency_id"))
            {
                return None;
            }
            places.push(self.rule_for(fare, leg, ends, &visited)?);
        }
        places.first().copied()
    }

    /// The first rule of a fare that holds a leg of a piece with these ends and zones.
    fn rule_for(
        &self,
        fare: &Row,
        leg: &Leg,
        ends: (&str, &str),
        visited: &BTreeSet<&str>,
    ) -> Option<usize> {
        let rules = self.rows("fare_rules.txt");
        let same = |a: &Row, b: &Row| {
            ["fare_id", "route_id", "origin_id", "destination_id"]
                .iter()
                .all(|column| a.text(column) == b.text(column))
        };
        rules.iter().position(|rule| {
            let fits = |column: &str, value: &str| {
                rule.text(column).is_empty() || rule.text(column) == value
            };
            let together = rules.iter().filter(|other| same(other, rule));
            let contains: BTreeSet<&str> = together
                .map(|row| row.text("contains_id"))
                .filter(|zone| !zone.is_empty())
                .collect();
            rule.text("fare_id") == fare.text("fare_id")
                && fits("route_id", leg.route.as_deref().unwrap_or(""))
                && fits("origin_id", ends.0)
                && fits("destination_id", ends.1)
                && (contains.is_empty() || contains == *visited)
        })
    }

    /// The zone of a stop; "if this record represents a station or station entrance, the `zone_id`
    /// is ignored" (reference, `stops.txt`).
    fn zone(&self, stop: &str) -> &str {
        let rows = self.rows("stops.txt");
        let row = rows.iter().find(|row| {
            row.text("stop_id") == stop && matches!(row.text("location_type"), "" | "0")
        });
        row.map_or("", |row| row.text("zone_id"))
    }

    fn zone_of(&self, stop: Option<&str>) -> &str {
        stop.map_or("", |stop| self.zone(stop))
    }

    fn agency(&self, route: Option<&str>) -> Option<&str> {
        let rows = self.rows("routes.txt");
        let row = rows
            .iter()
            .find(|row| Some(row.text("route_id")) == route)?;
        Some(row.text("agency_id"))
    }
}
