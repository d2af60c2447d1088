//! The price of each ride of one member of a party, before anything is counted: steps 1 to 3 of
//! docs/FARES.md, "How a ride is priced", and missing taps.

use units::{Span, Timestamp};

use crate::clock::Moment;
use crate::itinerary::{Leg, Who};
use crate::pairing::{Tap, Trip};
use crate::world::{Scope, World};

/// A ride as scopes see it.
#[derive(Clone, Debug)]
pub(crate) struct Ride {
    pub(crate) network: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) start: Moment,
    pub(crate) end: Option<Moment>,
    pub(crate) category: Option<String>,
    pub(crate) product: Option<String>,
}

/// A ride and its price.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) ride: Ride,
    /// `None`: nothing prices it.
    pub(crate) price: Option<i64>,
    /// The fare of a missing tap: steps 4 to 8 do not see it.
    pub(crate) is_incomplete: bool,
    /// What decided, for counting what was tried.
    pub(crate) by: &'static str,
    /// What the itinerary of the day is like.
    pub(crate) notes: Vec<&'static str>,
}

/// Rounds to the nearest minor unit, halves up.
pub(crate) fn per_cent(amount: i64, percent: i64) -> i64 {
    (amount * percent + 50).div_euclid(100)
}

impl World {
    pub(crate) fn holds(&self, scope: &Scope, ride: &Ride) -> bool {
        let text = |cell: &str, value: Option<&str>| cell.is_empty() || value == Some(cell);
        let area = |cell: &str, stop: Option<&str>| {
            cell.is_empty() || stop.is_some_and(|stop| self.is_in(stop, cell))
        };
        text(&scope.network, ride.network.as_deref())
            && area(&scope.from_area, ride.from.as_deref())
            && area(&scope.to_area, ride.to.as_deref())
            && (scope.timeframe.is_empty() || self.in_timeframe(&scope.timeframe, ride.start))
            && text(&scope.product, ride.product.as_deref())
            && text(&scope.category, ride.category.as_deref())
            && scope.medium.is_empty()
    }

    /// The rider category of a member of the party of a code.
    pub(crate) fn member(&self, holder: u8, member: u8) -> Option<String> {
        let holder = self.category(holder);
        if member == 0 {
            return holder;
        }
        let row = self.rows("fare_groups.txt").iter().find(|row| {
            let cell = row.text("rider_category_id");
            let from = row.number("companion_from", 1).unwrap_or(1);
            let to = row.number("companion_to", 255).unwrap_or(255);
            (cell.is_empty() || holder.as_deref() == Some(cell))
                && (from..=to).contains(&i64::from(member))
        });
        match row.map(|row| row.text("companion_category_id")) {
            Some(category) if !category.is_empty() => Some(category.to_owned()),
            _ => holder,
        }
    }

    fn ride(&self, trip: &Trip, member: u8) -> Option<Ride> {
        let first = *trip.taps().first()?;
        let moment = |tap: &Tap| self.settings.clock.moment(tap.at);
        let stop = |tap: &Option<Tap>| tap.as_ref().map(|tap| tap.stop.clone());
        Some(Ride {
            network: trip.network.clone(),
            from: if trip.is_boarding {
                // A lone tap off is taken as a boarding where it was made.
                Some(first.stop.clone())
            } else {
                stop(&trip.on)
            },
            to: if trip.is_boarding {
                None
            } else {
                stop(&trip.off)
            },
            start: moment(first),
            end: if trip.is_boarding {
                None
            } else {
                trip.off.as_ref().map(moment)
            },
            category: self.member(first.category, member),
            product: None,
        })
    }

    /// The priced rides of a member among the trips of a day; `None` where they do not travel.
    pub(crate) fn bases(&self, trips: &[Trip], member: u8) -> Vec<Option<Base>> {
        let mut bases: Vec<Option<Base>> = Vec::new();
        for (place, trip) in trips.iter().enumerate() {
            let travels = trip
                .taps()
                .first()
                .is_some_and(|tap| tap.companions >= member);
            let Some(ride) = self.ride(trip, member).filter(|_| travels) else {
                bases.push(None);
                continue;
            };
            let base = if trip.lacks_a_tap() && !trip.is_boarding {
                self.missing(trips, place, ride)
            } else {
                self.same_station(ride)
            };
            bases.push(Some(base));
        }
        self.by_legs(trips, &mut bases);
        bases
    }

    /// Out where one came in, in time; else without a price as yet.
    fn same_station(&self, ride: Ride) -> Base {
        let mut amounts = Vec::new();
        if let (Some(from), Some(to), Some(end)) = (&ride.from, &ride.to, ride.end)
            && self.station(from) == self.station(to)
        {
            let spent = end.at.since(ride.start.at);
            for row in self.events("same_station_exit", &ride) {
                if spent <= minutes(row.number("minutes", 0)) {
                    amounts.extend(row.money("amount").ok().flatten());
                }
            }
        }
        let price = amounts.into_iter().min();
        let by = if price.is_some() { "same station" } else { "" };
        Base {
            ride,
            price,
            is_incomplete: false,
            by,
            notes: Vec::new(),
        }
    }

    fn events<'a>(
        &'a self,
        event: &'a str,
        ride: &'a Ride,
    ) -> impl Iterator<Item = &'a crate::csv::Row> {
        self.rows("journey_events.txt").iter().filter(move |row| {
            let network = row.text("network_id");
            row.text("event") == event
                && (network.is_empty() || ride.network.as_deref() == Some(network))
        })
    }

    /// Steps 1 and 3 of the rides that have no price yet.
    fn by_legs(&self, trips: &[Trip], bases: &mut [Option<Base>]) {
        let mut places = Vec::new();
        let mut legs = Vec::new();
        let mut category = None;
        for (place, base) in bases.iter().enumerate() {
            if let Some(base) = base
                && (base.by.is_empty() || base.by == "same station")
                && let Some(leg) = self.leg(&base.ride, &trips[place])
            {
                category.clone_from(&base.ride.category);
                places.push(place);
                legs.push(leg);
            }
        }
        let who = Who {
            category,
            medium: None,
        };
        let cost = self.itinerary(&who, &legs);
        let amounts = not_below_zero(cost.legs);
        for (place, rules) in places.into_iter().zip(amounts) {
            let Some(base) = &mut bases[place] else {
                continue;
            };
            base.notes.clone_from(&cost.notes);
            if base.by == "same station" {
                continue;
            }
            let Some((price, product, by)) = self.least(&base.ride, rules) else {
                base.by = "unpriced";
                continue;
            };
            base.ride.product = Some(product);
            base.by = by;
            base.price = Some(self.conceded(&base.ride, price) + self.over_time(&base.ride));
        }
    }

    fn leg(&self, ride: &Ride, trip: &Trip) -> Option<Leg> {
        let first = *trip.taps().first()?;
        let from = ride.from.clone().unwrap_or_else(|| first.stop.clone());
        let known = |stop: &String| self.has_stop(stop);
        if !known(&from) || !ride.to.iter().all(known) {
            return None;
        }
        let route = |tap: &Option<Tap>| tap.as_ref().and_then(|tap| tap.route.clone());
        Some(Leg {
            network: ride.network.clone(),
            route: route(&trip.on).or_else(|| route(&trip.off)),
            from,
            to: ride.to.clone(),
            start: ride.start,
            end: ride.end,
        })
    }

    /// Step 1: the least of leg rules, matrix and distance bands.
    fn least(
        &self,
        ride: &Ride,
        rules: Option<(String, i64)>,
    ) -> Option<(i64, String, &'static str)> {
        let rules = rules.map(|(product, price)| (price, product, "leg rules"));
        let matrix = self
            .matrix(ride)
            .map(|(price, product)| (price, product, "matrix"));
        let distance = self
            .distance(ride)
            .map(|(price, product)| (price, product, "distance"));
        let all = rules.into_iter().chain(matrix).chain(distance);
        all.min_by_key(|(price, _, _)| *price)
    }

    /// Step 3, first half.
    fn conceded(&self, ride: &Ride, price: i64) -> i64 {
        let percents = self.rows("fare_concessions.txt").iter().filter_map(|row| {
            let held = self.holds(&Scope::read(row), ride);
            held.then(|| row.number("pay_percent", 100).unwrap_or(100))
        });
        per_cent(price, percents.min().unwrap_or(100))
    }

    /// Step 3, second half.
    fn over_time(&self, ride: &Ride) -> i64 {
        let Some(end) = ride.end else { return 0 };
        let spent = end.at.since(ride.start.at);
        self.events("over_time", ride)
            .filter(|row| spent > minutes(row.number("minutes", 0)))
            .filter_map(|row| row.money("amount").ok().flatten())
            .max()
            .unwrap_or(0)
    }

    /// A lone tap: the maximum fare, what completes it, or what a disruption asks.
    fn missing(&self, trips: &[Trip], place: usize, ride: Ride) -> Base {
        let (mut price, mut by) = (self.settings.maximum, "maximum");
        let mut best = ride.clone();
        if let Some((filled, completed)) = self.completed(trips, place, &ride)
            && completed <= price
        {
            (price, by, best) = (completed, "completed", filled);
        }
        let tapped = trips[place].taps()[0];
        let disrupted = self.rows("disruptions.txt").iter().filter_map(|row| {
            let (network, stop) = (row.text("network_id"), row.text("stop_id"));
            let here = stop == tapped.stop || stop == self.station(&tapped.stop);
            let now = wall_text(ride.start);
            let holds = (network.is_empty() || ride.network.as_deref() == Some(network))
                && (stop.is_empty() || here)
                && row.text("start") <= now.as_str()
                && now.as_str() < row.text("end");
            holds.then(|| row.money("incomplete_amount").ok().flatten().unwrap_or(0))
        });
        if let Some(least) = disrupted.min()
            && least <= price
        {
            (price, by, best) = (least, "disruption", ride);
        }
        Base {
            ride: best,
            price: Some(price),
            is_incomplete: by != "completed",
            by,
            notes: Vec::new(),
        }
    }

    /// The surest completion that has a price.
    fn completed(&self, trips: &[Trip], place: usize, ride: &Ride) -> Option<(Ride, i64)> {
        let mut rows: Vec<_> = self.events("auto_completion", ride).collect();
        rows.sort_by_key(|row| -row.number("confidence_percent", 0).unwrap_or(0));
        for row in rows {
            let limit = minutes(row.number("minutes", 0));
            let Some(other) = evidence(trips, place, row.text("evidence")) else {
                continue;
            };
            let own = trips[place].taps()[0];
            if own.at.max(other.at).since(own.at.min(other.at)) > limit
                || self.station(&own.stop) == self.station(&other.stop)
            {
                continue;
            }
            let mut filled = ride.clone();
            if own.is_off {
                filled.from = Some(other.stop.clone());
            } else {
                filled.to = Some(other.stop.clone());
            }
            let Some(leg) = self.leg(&filled, &trips[place]) else {
                continue;
            };
            let who = Who {
                category: ride.category.clone(),
                medium: None,
            };
            let rules = not_below_zero(self.itinerary(&who, &[leg]).legs)
                .pop()
                .flatten();
            if let Some((price, product, _)) = self.least(&filled, rules) {
                filled.product = Some(product);
                let price = self.conceded(&filled, price);
                return Some((filled, price));
            }
        }
        None
    }
}

/// The tap that says where a lone tap's travel went to or came from.
fn evidence<'a>(trips: &'a [Trip], place: usize, kind: &str) -> Option<&'a Tap> {
    let own = trips[place].taps()[0];
    let same: Vec<usize> = (0..trips.len())
        .filter(|other| trips[*other].taps()[0].medium == own.medium)
        .collect();
    let at = same.iter().position(|other| *other == place)?;
    let trip = |at: usize| same.get(at).map(|other| &trips[*other]);
    match (kind, own.is_off) {
        ("next_tap", false) => trip(at + 1)?.on.as_ref(),
        ("next_tap", true) => trip(at.checked_sub(1)?)?.off.as_ref(),
        ("day_ends", false) if at + 1 == same.len() => trip(0)?.on.as_ref(),
        ("day_ends", true) if at == 0 => trip(same.len() - 1)?.off.as_ref(),
        _ => None,
    }
}

/// What would be below 0 is taken from the legs before, over those that nothing prices.
fn not_below_zero(mut legs: Vec<Option<(String, i64)>>) -> Vec<Option<(String, i64)>> {
    let mut owed = 0;
    for leg in legs.iter_mut().rev() {
        let Some((_, amount)) = leg else { continue };
        *amount += owed;
        owed = (*amount).min(0);
        *amount = (*amount).max(0);
    }
    legs
}

fn minutes(number: Result<i64, String>) -> Span {
    Span::from_secs(number.unwrap_or(0) * 60)
}

/// The local time as the files write it.
fn wall_text(moment: Moment) -> String {
    let (year, month, day) = moment.date.to_date();
    let (hour, minute) = (moment.second / 3600, moment.second / 60 % 60);
    let second = moment.second % 60;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// A moment so many seconds after another.
pub(crate) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.plus(Span::from_secs(seconds))
}
