//! What counts over rides and days: windows, passes, tiers and caps; steps 5 to 9 of
//! docs/FARES.md, "How a ride is priced". Everything is counted again from all rides so far.

use std::collections::BTreeMap;

use units::ServiceDay;

use crate::csv::Row;
use crate::ride::{Base, Ride, later, per_cent};
use crate::world::{Scope, World};

/// A ride that was paid for.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    day: ServiceDay,
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

impl World {
    fn any_holds(&self, rows: &[&Row], ride: &Ride) -> bool {
        rows.iter().any(|row| self.holds(&Scope::read(row), ride))
    }

    /// Takes one ride through the steps and adds it to the history.
    pub(crate) fn count(
        &self,
        day: ServiceDay,
        base: &Base,
        carried: u16,
        history: &mut Vec<Past>,
    ) -> Option<Counted> {
        let price = base.price?;
        let mut touched = vec![base.by];
        let mut past = Past {
            day,
            ride: base.ride.clone(),
            is_incomplete: base.is_incomplete,
            price,
            bought: false,
            earned: false,
            cost: price,
        };
        if !base.is_incomplete {
            past.cost = self.in_windows(&past, history);
            if past.cost < price {
                touched.push("window");
            }
            past.bought = self.has_bought(&past.ride, carried);
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
                past.cost = self.by_tiers(&past, history);
                if past.cost < before {
                    touched.push("tier");
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
        let rules = rules(self, "fare_passes.txt", "pass_id");
        rules.values().any(|rows| {
            if rows[0].text("kind") != "earned" || !self.any_holds(rows, &now.ride) {
                return false;
            }
            let counted = history.iter().filter(|past| {
                !past.is_incomplete
                    && !past.bought
                    && in_period(rows[0], past.day, now.day)
                    && self.any_holds(rows, &past.ride)
            });
            let rides = rows[0].number("rides", 0).unwrap_or(0);
            counted.map(|_| 1).sum::<i64>() >= rides
        })
    }

    /// Step 8.
    fn by_tiers(&self, now: &Past, history: &[Past]) -> i64 {
        let mut least = now.cost;
        for rows in rules(self, "fare_tiers.txt", "tier_id").values() {
            if !self.any_holds(rows, &now.ride) {
                continue;
            }
            let counts_fare = rows[0].text("counts") == "fare";
            let spent: i64 = history
                .iter()
                .filter(|past| !past.is_incomplete && !past.bought && !past.earned)
                .filter(|past| in_period(rows[0], past.day, now.day))
                .filter(|past| self.any_holds(rows, &past.ride))
                .map(|past| if counts_fare { past.price } else { past.cost })
                .sum();
            for row in rows {
                let from = row.money("from_amount").ok().flatten().unwrap_or(0);
                let to = row.money("to_amount").ok().flatten().unwrap_or(i64::MAX);
                if from <= spent && spent < to {
                    let percent = row.number("pay_percent", 100).unwrap_or(100);
                    least = least.min(per_cent(now.cost, percent));
                }
            }
        }
        least
    }

    /// Step 9.
    fn under_caps(&self, now: &Past, history: &[Past]) -> i64 {
        let mut least = now.cost;
        for rows in rules(self, "fare_caps.txt", "cap_id").values() {
            let counts_incomplete = rows[0].number("counts_incomplete", 1) == Ok(1);
            let is_seen = |past: &Past| {
                (counts_incomplete || !past.is_incomplete)
                    && !past.bought
                    && !past.earned
                    && in_period(rows[0], past.day, now.day)
                    && self.any_holds(rows, &past.ride)
            };
            if !is_seen(now) {
                continue;
            }
            let before: Vec<&Past> = history.iter().filter(|past| is_seen(past)).collect();
            let limit = rows
                .iter()
                .filter(|row| {
                    let scope = Scope::read(row);
                    before.iter().any(|past| self.holds(&scope, &past.ride))
                        || self.holds(&scope, &now.ride)
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
