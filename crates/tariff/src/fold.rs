//! The fold over a rider's rides: transfer windows, passes, tiers and caps, in this order.
//!
//! Everything that one ride leaves for the next is in [`Accumulators`]: the fold is a pure
//! function of the rides in order of time, and knows nothing of stops, files or sentences.

use std::collections::VecDeque;

use units::{ServiceDay, Span, Timestamp};

use crate::ext::{Extensions, PassKind, Period, Ride};

/// What one rule did to one ride. `place` is that of the rule in its list of [`Extensions`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adjustment {
    /// Which kind of rule.
    pub kind: AdjustmentKind,
    /// Which rule of that kind.
    pub place: usize,
    /// Which row or step of that rule.
    pub row: usize,
    /// Minor units before it.
    pub before: i64,
    /// Minor units after it.
    pub after: i64,
}

/// Kinds of rules that change a fare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AdjustmentKind {
    /// A row of `fare_transfer_rules.txt`: `place` is its line.
    Transfer,
    /// A row of `fare_leg_rules.txt` by which a later ride costs less than nothing: `place` is its
    /// line.
    Credit,
    /// A row of `fare_concessions.txt`.
    Concession,
    /// A row of `journey_events.txt`: too long inside.
    OverTime,
    /// A ticket of `fare_zone_tickets.txt` that an earlier ride paid for.
    ZoneTicket,
    /// A window of `fare_windows.txt`.
    Window,
    /// A pass the rider holds.
    HeldPass,
    /// A pass that earlier rides earned.
    EarnedPass,
    /// A step of `fare_tiers.txt`.
    Tier,
    /// A cap of `fare_caps.txt`.
    Cap,
    /// The fare without the rider's other media is lower.
    Alone,
}

impl AdjustmentKind {
    /// A stable word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Credit => "credit",
            Self::Concession => "concession",
            Self::OverTime => "over_time",
            Self::ZoneTicket => "zone_ticket",
            Self::Window => "window",
            Self::HeldPass => "held_pass",
            Self::EarnedPass => "earned_pass",
            Self::Tier => "tier",
            Self::Cap => "cap",
            Self::Alone => "own_medium",
        }
    }
}

/// What the rides so far leave for the next one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Accumulators {
    windows: Vec<Option<Open>>,
    passes: Vec<Sum>,
    tiers: Vec<Sum>,
    caps: Vec<Sum>,
    day: Option<ServiceDay>,
}

/// How far one cap has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapSum {
    /// Which member of the party: 0 is the holder of the code.
    pub rider: u8,
    /// The cap's place among [`Extensions::caps`] of the tariff in force.
    pub place: usize,
    /// The first day of the window.
    pub first_day: ServiceDay,
    /// Paid in the window so far, minor units.
    pub paid: i64,
    /// The most that is paid in the window, minor units: the greatest of its rows that held a ride.
    pub limit: i64,
}

/// An open transfer window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Open {
    since: Timestamp,
    highest: i64,
}

/// What a window of days has summed up so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Sum {
    /// By day for rolling windows; else one entry, of the window's first day.
    days: VecDeque<OfDay>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct OfDay {
    day: ServiceDay,
    sum: i64,
    limit: i64,
    row: usize,
}

impl Sum {
    /// Forgets what is no longer in the window of `day`; answers the sum, the greatest limit and
    /// the row that set it.
    fn until(&mut self, period: Period, day: ServiceDay) -> OfDay {
        let first = period.first_day(day);
        while self.days.front().is_some_and(|entry| entry.day < first) {
            self.days.pop_front();
        }
        let nothing = OfDay {
            day,
            sum: 0,
            limit: 0,
            row: 0,
        };
        self.days.iter().fold(nothing, |mut all, entry| {
            all.sum = all.sum.saturating_add(entry.sum);
            if entry.limit > all.limit {
                (all.limit, all.row) = (entry.limit, entry.row);
            }
            all
        })
    }

    /// Adds to the window.
    fn add(&mut self, period: Period, day: ServiceDay, sum: i64, limit: i64, row: usize) {
        let key = match period {
            Period::Rolling { .. } => day,
            _ => period.first_day(day),
        };
        match self.days.back_mut() {
            Some(entry) if entry.day == key => {
                entry.sum = entry.sum.saturating_add(sum);
                if limit > entry.limit {
                    (entry.limit, entry.row) = (limit, row);
                }
            }
            _ => self.days.push_back(OfDay {
                day: key,
                sum,
                limit,
                row,
            }),
        }
    }
}

impl Sum {
    /// The same sum without limits.
    fn without_limits(mut self) -> Self {
        for entry in &mut self.days {
            (entry.limit, entry.row) = (0, 0);
        }
        self
    }
}

/// The sums of `old` rules in the order of the `new` ones: those of rules that `same` says are one.
fn carried<R>(sums: &[Sum], old: &[R], new: &[R], same: impl Fn(&R, &R) -> bool) -> Vec<Sum> {
    let of = |rule: &R| {
        let place = old.iter().position(|known| same(known, rule));
        place.and_then(|place| sums.get(place)).cloned()
    };
    let sums = new.iter().map(|rule| of(rule).unwrap_or_default());
    sums.map(Sum::without_limits).collect()
}

impl Accumulators {
    /// Another tariff takes over: what was counted so far by caps, tiers and earned passes counts
    /// on for the rules with the same id and period. Limits are those of the new tariff alone.
    pub(crate) fn change(&mut self, old: &Extensions, new: &Extensions) {
        self.caps = carried(&self.caps, &old.caps, &new.caps, |a, b| {
            (a.id, a.period) == (b.id, b.period)
        });
        self.tiers = carried(&self.tiers, &old.tiers, &new.tiers, |a, b| {
            let counts = a.counts_full_fares == b.counts_full_fares;
            counts && (a.id, a.period) == (b.id, b.period)
        });
        self.passes = carried(&self.passes, &old.passes, &new.passes, |a, b| {
            (a.id, a.period) == (b.id, b.period)
        });
        // The day has changed too, and with it the windows ended.
        self.windows.clear();
    }

    /// The caps that a ride of the window of `day` has come under.
    pub(crate) fn cap_sums(&self, rules: &Extensions, rider: u8, day: ServiceDay) -> Vec<CapSum> {
        let caps = rules.caps.iter().zip(&self.caps).enumerate();
        caps.map(|(place, (cap, sum))| {
            let so_far = sum.clone().until(cap.period, day);
            CapSum {
                rider,
                place,
                first_day: cap.period.first_day(day),
                paid: so_far.sum,
                limit: so_far.limit,
            }
        })
        .filter(|sum| sum.limit > 0)
        .collect()
    }

    /// Takes the next ride in order of time; answers what it costs, 0 to its fare, in minor units.
    /// What each rule did is added to `trace`.
    pub(crate) fn take(
        &mut self,
        rules: &Extensions,
        ride: &Ride<'_>,
        trace: &mut Vec<Adjustment>,
    ) -> i64 {
        if self.day != Some(ride.day) {
            self.day = Some(ride.day);
            // Transfer windows end with the service day, which starts when nothing runs.
            self.windows.clear();
        }
        let mut due = self.windows(rules, ride, trace);
        if self.passes(rules, ride, due, trace) {
            return 0;
        }
        due = self.tiers(rules, ride, due, trace);
        due = self.caps(rules, ride, due, trace);
        self.spend(rules, ride, due);
        due
    }

    /// Within a window a ride costs what it exceeds the dearest ride of the window by.
    fn windows(&mut self, rules: &Extensions, ride: &Ride<'_>, trace: &mut Vec<Adjustment>) -> i64 {
        if rules.windows.is_empty() {
            return ride.fare;
        }
        self.windows.resize(rules.windows.len(), None);
        let mut due = ride.fare;
        for (place, (window, open)) in rules.windows.iter().zip(&mut self.windows).enumerate() {
            if !window.holds(ride) {
                continue;
            }
            let lasts = Span::from_secs(window.seconds);
            match open {
                Some(known) if ride.start.since(known.since) <= lasts => {
                    let rest = ride.fare.saturating_sub(known.highest).max(0);
                    if rest < due {
                        trace.push(Adjustment {
                            kind: AdjustmentKind::Window,
                            place,
                            row: 0,
                            before: due,
                            after: rest,
                        });
                        due = rest;
                    }
                    if ride.fare > known.highest {
                        known.highest = ride.fare;
                        if window.reopens {
                            known.since = ride.start;
                        }
                    }
                }
                _ => {
                    *open = Some(Open {
                        since: ride.start,
                        highest: ride.fare,
                    });
                }
            }
        }
        due
    }

    /// Whether a pass covers the ride: one the rider holds, else one that earlier rides earned.
    /// A ride that no held pass covers is counted towards every pass it can earn.
    fn passes(
        &mut self,
        rules: &Extensions,
        ride: &Ride<'_>,
        due: i64,
        trace: &mut Vec<Adjustment>,
    ) -> bool {
        if rules.passes.is_empty() {
            return false;
        }
        self.passes.resize_with(rules.passes.len(), Sum::default);
        let holds = |number: u16| ride.held == Some(number);
        let covered = rules.passes.iter().position(|pass| {
            matches!(pass.kind, PassKind::Bought { product_number } if holds(product_number))
                && pass.holds(ride)
        });
        let mut by = covered.map(|place| (AdjustmentKind::HeldPass, place));
        if by.is_none() {
            for (place, (pass, sum)) in rules.passes.iter().zip(&mut self.passes).enumerate() {
                let PassKind::Earned { rides } = pass.kind else {
                    continue;
                };
                if !pass.holds(ride) {
                    continue;
                }
                let so_far = sum.until(pass.period, ride.day).sum;
                if so_far >= rides && by.is_none() {
                    by = Some((AdjustmentKind::EarnedPass, place));
                }
                sum.add(pass.period, ride.day, 1, 0, 0);
            }
        }
        let Some((kind, place)) = by else {
            return false;
        };
        trace.push(Adjustment {
            kind,
            place,
            row: 0,
            before: due,
            after: 0,
        });
        true
    }

    /// The tier that asks least, by what was spent before this ride.
    fn tiers(
        &mut self,
        rules: &Extensions,
        ride: &Ride<'_>,
        due: i64,
        trace: &mut Vec<Adjustment>,
    ) -> i64 {
        if rules.tiers.is_empty() {
            return due;
        }
        self.tiers.resize_with(rules.tiers.len(), Sum::default);
        let mut best = (due, 0, 0);
        for (place, (tier, sum)) in rules.tiers.iter().zip(&mut self.tiers).enumerate() {
            if !tier.counts(ride) {
                continue;
            }
            let spent = sum.until(tier.period, ride.day).sum;
            if let Some((row, step)) = tier.step(ride, spent) {
                let asked = crate::ext::tiers::percent_of(due, step.pay_percent);
                if asked < best.0 {
                    best = (asked, place, row);
                }
            }
        }
        if best.0 < due {
            trace.push(Adjustment {
                kind: AdjustmentKind::Tier,
                place: best.1,
                row: best.2,
                before: due,
                after: best.0,
            });
        }
        best.0
    }

    /// No more than what each cap that holds the ride has left.
    fn caps(
        &mut self,
        rules: &Extensions,
        ride: &Ride<'_>,
        mut due: i64,
        trace: &mut Vec<Adjustment>,
    ) -> i64 {
        self.caps.resize_with(rules.caps.len(), Sum::default);
        for (place, (cap, sum)) in rules.caps.iter().zip(&mut self.caps).enumerate() {
            let Some((number, row)) = cap.row(ride) else {
                continue;
            };
            let so_far = sum.until(cap.period, ride.day);
            let (limit, number) = if row.amount > so_far.limit {
                (row.amount, number)
            } else {
                (so_far.limit, so_far.row)
            };
            let left = limit.saturating_sub(so_far.sum).max(0);
            if left < due {
                trace.push(Adjustment {
                    kind: AdjustmentKind::Cap,
                    place,
                    row: number,
                    before: due,
                    after: left,
                });
                due = left;
            }
        }
        due
    }

    /// Counts what was paid towards every cap and tier that holds the ride.
    fn spend(&mut self, rules: &Extensions, ride: &Ride<'_>, due: i64) {
        for (cap, sum) in rules.caps.iter().zip(&mut self.caps) {
            if let Some((number, row)) = cap.row(ride) {
                sum.add(cap.period, ride.day, due, row.amount, number);
            }
        }
        for (tier, sum) in rules.tiers.iter().zip(&mut self.tiers) {
            if tier.counts(ride) {
                let counted = if tier.counts_full_fares {
                    ride.fare
                } else {
                    due
                };
                sum.add(tier.period, ride.day, counted, 0, 0);
            }
        }
    }
}
