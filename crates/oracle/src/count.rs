//! What counts over rides and days: windows, passes, tiers and caps; steps 5 to 9 of
//! docs/FARES.md, "How a ride is priced". Everything is counted again from all rides so far.

use std::collections::{BTreeMap, BTreeSet};

use units::ServiceDay;

use crate::csv::Row;
use crate::ride::{Base, Ride, later, per_cent};
use crate::world::{Scope, World};

/// A ride that was paid for.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    day: ServiceDay,
    /// The tariff that was in force.
    tariff: usize,
    /// The rules of that tariff that held it: file and id.
    rules: BTreeSet<(&'static str, String)>,
    ride: Ride,
    is_incomplete: bool,
    /// Before step 5.
    price: i64,
    /// Whether a bought pass paid for it, or an earned one.
    bought: bool,
    earned: bool,
    /// In the end.
    cost: i64,
}

/// What a ride came to cost, and which kinds of rules changed that.
pub(crate) struct Counted {
    pub(crate) cost: i64,
    pub(crate) touched: Vec<&'static str>,
}

/// The files whose rules count over days, and the columns of their ids.
const FILES: [(&str, &str); 3] = [
    ("fare_passes.txt", "pass_id"),
    ("fare_tiers.txt", "tier_id"),
    ("fare_caps.txt", "cap_id"),
];

/// The rows of a file by the id that makes them one rule.
fn rules<'a>(world: &'a World, file: &str, id: &str) -> BTreeMap<&'a str, Vec<&'a Row>> {
    let mut rules: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in world.rows(file) {
        rules.entry(row.text(id)).or_default().push(row);
    }
    rules
}

/// Whether `past` is in the period of `day` that a row asks for.
fn in_period(row: &Row, past: ServiceDay, day: ServiceDay) -> bool {
    let (past_days, days) = (past.as_days(), day.as_days());
    match row.text("period") {
        "day" => past == day,
        "week" => {
            // Day 4 after 1970-01-01 was a Monday.
            let starts = i32::try_from(row.number("week_starts", 1).unwrap_or(1)).unwrap_or(1);
            let week = |days: i32| (days - 4 - (starts - 1)).div_euclid(7);
            week(past_days) == week(days)
        }
        "month" => {
            let month = |day: ServiceDay| {
                let (year, month, _) = day.to_date();
                (year, month)
            };
            month(past) == month(day)
        }
        _ => {
            let so_many = row.number("period_days", 1).unwrap_or(1);
            i64::from(days) - i64::from(past_days) < so_many
        }
    }
}

impl Past {
    /// Whether the cap of its tariff counted it, incomplete or not.
    fn counted_incomplete(&self, world: &World, cap: &str) -> bool {
        let rules = rules(world.tariff(self.tariff), "fare_caps.txt", "cap_id");
        let row = rules.get(cap).and_then(|rows| rows.first());
        let counts = row.is_some_and(|row| row.number("counts_incomplete", 1) == Ok(1));
        counts || !self.is_incomplete
    }
}

impl World {
    fn any_holds(&self, rows: &[&Row], ride: &Ride) -> bool {
        rows.iter().any(|row| self.holds(&Scope::read(row), ride))
    }

    /// Whether what was counted under an earlier tariff counts on for a rule of a later one: each
    /// tariff from one to the other has a rule of that id with the same period (of tiers, also the
    /// same `counts`).
    fn goes_on(&self, file: &str, id: &str, from: usize, to: usize) -> bool {
        let columns = FILES.iter().find(|(name, _)| *name == file);
        let Some((_, column)) = columns else {
            return false;
        };
        let kind = |number: usize| {
            let rules = rules(self.tariff(number), file, column);
            let row = *rules.get(id)?.first()?;
            let or = |column, default: &str| match row.text(column) {
                "" => default.to_owned(),
                text => text.to_owned(),
            };
            let counts = if file == "fare_tiers.txt" {
                or("counts", "paid")
            } else {
                String::new()
            };
            let period = ["period", "period_days"].map(|column| row.text(column).to_owned());
            Some((period, or("week_starts", "1"), counts))
        };
        (from..=to).all(|number| kind(number).is_some() && kind(number) == kind(to))
    }

    /// The rides of the past that a rule counts for a ride of now.
    fn seen<'a>(
        &'a self,
        (file, id): (&'static str, &'a str),
        row: &'a Row,
        now: &'a Past,
        history: &'a [Past],
    ) -> impl Iterator<Item = &'a Past> {
        history.iter().filter(move |past| {
            in_period(row, past.day, now.day)
                && past.rules.contains(&(file, id.to_owned()))
                && self.goes_on(file, id, past.tariff, now.tariff)
        })
    }

    /// The rules of this tariff that hold a ride.
    fn holding(&self, ride: &Ride) -> BTreeSet<(&'static str, String)> {
        let mut held = BTreeSet::new();
        for (file, column) in FILES {
            for (id, rows) in rules(self, file, column) {
                if self.any_holds(&rows, ride) {
                    held.insert((file, id.to_owned()));
                }
            }
        }
        held
    }

    /// Takes one ride through the steps, by the tariff of its day, and adds it to the history.
    pub(crate) fn count(
        &self,
        (day, number): (ServiceDay, usize),
        base: &Base,
        carried: u16,
        history: &mut Vec<Past>,
    ) -> Option<Counted> {
        let price = base.price?;
        let mut touched = vec![base.by];
        let tariff = self.tariff(number);
        let mut past = Past {
            day,
            tariff: number,
            rules: tariff.holding(&base.ride),
            ride: base.ride.clone(),
            is_incomplete: base.is_incomplete,
            price,
            bought: false,
            earned: false,
            cost: price,
        };
        if !base.is_incomplete {
            past.cost = tariff.in_windows(&past, history);
            if past.cost < price {
                touched.push("window");
            }
            past.bought = tariff.has_bought(&past.ride, carried);
            past.earned = !past.bought && self.has_earned(&past, history);
            if past.bought || past.earned {
                past.cost = 0;
                touched.push(if past.bought {
                    "bought pass"
                } else {
                    "earned pass"
                });
            } else {
                let before = past.cost;
                let (cost, is_at_edge) = self.by_tiers(&past, history);
                past.cost = cost;
                if past.cost < before {
                    touched.push("tier");
                }
                if is_at_edge {
                    touched.push("tier at its edge");
                }
            }
        }
        if !past.bought && !past.earned {
            let before = past.cost;
            past.cost = self.under_caps(&past, history);
            if past.cost < before {
                touched.push(if past.is_incomplete {
                    "cap of incomplete"
                } else {
                    "cap"
                });
            }
        }
        let cost = past.cost;
        history.push(past);
        Some(Counted { cost, touched })
    }

    /// Step 5.
    fn in_windows(&self, now: &Past, history: &[Past]) -> i64 {
        let mut least = now.price;
        for rows in rules(self, "fare_windows.txt", "window_id").values() {
            let seconds = rows[0].number("duration_seconds", 0).unwrap_or(0);
            let reopens = rows[0].text("reopens") == "1";
            let mut open: Option<(units::Timestamp, i64)> = None;
            let today = history
                .iter()
                .filter(|past| past.day == now.day && !past.is_incomplete)
                .chain([now]);
            let mut cost = now.price;
            for past in today.filter(|past| self.any_holds(rows, &past.ride)) {
                let at = past.ride.start.at;
                cost = past.price;
                open = match open {
                    Some((opened, dearest)) if at <= later(opened, seconds) => {
                        cost = (past.price - dearest).max(0);
                        let is_dearer = past.price > dearest;
                        let opened = if is_dearer && reopens { at } else { opened };
                        Some((opened, dearest.max(past.price)))
                    }
                    _ => Some((at, past.price)),
                };
            }
            if self.any_holds(rows, &now.ride) {
                least = least.min(cost);
            }
        }
        least
    }

    /// Step 6.
    fn has_bought(&self, ride: &Ride, carried: u16) -> bool {
        self.rows("fare_passes.txt").iter().any(|row| {
            row.text("kind") == "bought"
                && row.number("product_number", 0) == Ok(i64::from(carried))
                && self.holds(&Scope::read(row), ride)
        })
    }

    /// Step 7.
    fn has_earned(&self, now: &Past, history: &[Past]) -> bool {
        let tariff = self.tariff(now.tariff);
        let rules = rules(tariff, "fare_passes.txt", "pass_id");
        rules.iter().any(|(id, rows)| {
            if rows[0].text("kind") != "earned" || !tariff.any_holds(rows, &now.ride) {
                return false;
            }
            let seen = self.seen(("fare_passes.txt", id), rows[0], now, history);
            let counted = seen.filter(|past| !past.is_incomplete && !past.bought);
            let rides = rows[0].number("rides", 0).unwrap_or(0);
            counted.map(|_| 1).sum::<i64>() >= rides
        })
    }

    /// Step 8, and whether what was spent is the edge of a row to the last minor unit.
    fn by_tiers(&self, now: &Past, history: &[Past]) -> (i64, bool) {
        let (mut least, mut is_at_edge) = (now.cost, false);
        let tariff = self.tariff(now.tariff);
        for (id, rows) in &rules(tariff, "fare_tiers.txt", "tier_id") {
            if !tariff.any_holds(rows, &now.ride) {
                continue;
            }
            let counts_fare = rows[0].text("counts") == "fare";
            let spent: i64 = self
                .seen(("fare_tiers.txt", id), rows[0], now, history)
                .filter(|past| !past.is_incomplete && !past.bought && !past.earned)
                .map(|past| if counts_fare { past.price } else { past.cost })
                .sum();
            for row in rows {
                let from = row.money("from_amount").ok().flatten().unwrap_or(0);
                let to = row.money("to_amount").ok().flatten().unwrap_or(i64::MAX);
                is_at_edge |= spent > 0 && (from == spent || spent == to);
                if from <= spent && spent < to {
                    let percent = row.number("pay_percent", 100).unwrap_or(100);
                    least = least.min(per_cent(now.cost, percent));
                }
            }
        }
        (least, is_at_edge)
    }

    /// Step 9.
    fn under_caps(&self, now: &Past, history: &[Past]) -> i64 {
        let mut least = now.cost;
        let tariff = self.tariff(now.tariff);
        for (id, rows) in &rules(tariff, "fare_caps.txt", "cap_id") {
            let counts_incomplete = rows[0].number("counts_incomplete", 1) == Ok(1);
            let is_counted = |past: &Past| counts_incomplete || !past.is_incomplete;
            if !is_counted(now) || !tariff.any_holds(rows, &now.ride) {
                continue;
            }
            let before: Vec<&Past> = self
                .seen(("fare_caps.txt", id), rows[0], now, history)
                .filter(|past| past.counted_incomplete(self, id))
                .filter(|past| !past.bought && !past.earned)
                .collect();
            // Limits are those of the tariff of now, for rides since it took over.
            let own: Vec<&&Past> = before
                .iter()
                .filter(|past| past.tariff == now.tariff)
                .collect();
            let limit = rows
                .iter()
                .filter(|row| {
                    let scope = Scope::read(row);
                    own.iter().any(|past| tariff.holds(&scope, &past.ride))
                        || tariff.holds(&scope, &now.ride)
                })
                .filter_map(|row| row.money("amount").ok().flatten())
                .max();
            let spent: i64 = before.iter().map(|past| past.cost).sum();
            if let Some(limit) = limit {
                least = least.min((limit - spent).max(0));
            }
        }
        least
    }
}
