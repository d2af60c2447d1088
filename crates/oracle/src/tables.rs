//! Prices from tables: the matrix of origins and destinations, and distance bands.

use std::collections::BTreeMap;

use crate::csv::Row;
use crate::ride::Ride;
use crate::world::{Scope, World};

impl World {
    /// The least cell of the matrix for a ride, with the product sold.
    pub(crate) fn matrix(&self, ride: &Ride) -> Option<(i64, String)> {
        let (from, to) = (ride.from.as_deref()?, ride.to.as_deref()?);
        let row = self.matrix_row(from, to)?;
        let mut best: Option<(i64, String)> = None;
        for class in self.rows("fare_od_classes.txt") {
            if !self.holds(&Scope::of_sale(class), ride) {
                continue;
            }
            let Ok(Some(price)) = row.money(class.text("column")) else {
                continue;
            };
            if best.as_ref().is_none_or(|(least, _)| price < *least) {
                best = Some((price, class.text("fare_product_id").to_owned()));
            }
        }
        best
    }

    fn matrix_row(&self, from: &str, to: &str) -> Option<&Row> {
        let named = |stop: &str| {
            let rows = self.rows("fare_od_matrix.csv");
            rows.iter()
                .any(|row| row.text("from_stop_id") == stop || row.text("to_stop_id") == stop)
        };
        let known = |stop| {
            if named(stop) {
                stop
            } else {
                self.station(stop)
            }
        };
        let (from, to) = (known(from), known(to));
        self.rows("fare_od_matrix.csv").iter().find(|row| {
            let ends = (row.text("from_stop_id"), row.text("to_stop_id"));
            ends == (from, to) || (ends == (to, from) && row.text("both_directions") == "1")
        })
    }

    /// The least distance band for a ride, with the product sold.
    pub(crate) fn distance(&self, ride: &Ride) -> Option<(i64, String)> {
        if self.rows("fare_distance_bands.txt").is_empty() {
            return None;
        }
        let metres = self.metres(ride)?;
        let mut best: Option<(i64, String)> = None;
        for row in self.rows("fare_distance_bands.txt") {
            let from = row.number("from_meters", 0).ok()?;
            let to = row.number("to_meters", i64::MAX).ok()?;
            if !(from..=to).contains(&metres) || !self.holds(&Scope::of_sale(row), ride) {
                continue;
            }
            let mut price = row.money("amount").ok().flatten()?;
            let step = row.number("step_meters", 0).ok()?;
            if step > 0 {
                let more = row.money("step_amount").ok().flatten().unwrap_or(0);
                price += (metres - from) / step * more;
            }
            if best.as_ref().is_none_or(|(least, _)| price < *least) {
                best = Some((price, row.text("fare_product_id").to_owned()));
            }
        }
        best
    }

    /// The shortest way over links of the ride's network and of none: every link is walked again
    /// until nothing gets shorter.
    fn metres(&self, ride: &Ride) -> Option<i64> {
        let links = self.rows("track_links.txt");
        let named = |stop: &str| {
            links
                .iter()
                .any(|row| row.text("from_stop_id") == stop || row.text("to_stop_id") == stop)
        };
        let known = |stop| {
            if named(stop) {
                stop
            } else {
                self.station(stop)
            }
        };
        let (from, to) = (known(ride.from.as_deref()?), known(ride.to.as_deref()?));
        let mut far: BTreeMap<&str, i64> = BTreeMap::new();
        if named(from) {
            far.insert(from, 0);
        }
        loop {
            let mut is_shorter = false;
            for row in links {
                let network = row.text("network_id");
                if !network.is_empty() && ride.network.as_deref() != Some(network) {
                    continue;
                }
                let length = row.number("distance_meters", 0).ok()?;
                let (a, b) = (row.text("from_stop_id"), row.text("to_stop_id"));
                let mut walks = vec![(a, b)];
                if row.text("both_directions") != "0" {
                    walks.push((b, a));
                }
                for (a, b) in walks {
                    let Some(sum) = far.get(a).map(|metres| metres + length) else {
                        continue;
                    };
                    if far.get(b).is_none_or(|old| sum < *old) {
                        far.insert(b, sum);
                        is_shorter = true;
                    }
                }
            }
            if !is_shorter {
                return far.get(to).copied();
            }
        }
    }
}
