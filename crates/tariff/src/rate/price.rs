//! What one member of a party pays for the trips of a day before windows, passes, tiers and caps.

use units::{Amount, ProductId, RouteId, ServiceDay, TextId};

use super::gtfs::{self, ByRules};
use super::trips::Trip;
use crate::ext::events::EventKind;
use crate::ext::tickets::{self, Paid};
use crate::ext::tiers::percent_of;
use crate::ext::{Extensions, Ride};
use crate::pairing::Pairing;
use crate::{
    Accumulators, Adjustment, AdjustmentKind, City, IncompletePolicy, Leg, PricedBy, RuleRef,
    Unpriced,
};

/// Prices the trips of one day for one member of a party.
pub(super) struct Pricer<'c> {
    pub(super) city: &'c City,
    pub(super) day: ServiceDay,
    pub(super) rider: u8,
}

/// The price of one trip before the fold.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) leg: Option<Leg>,
    pub(crate) category: Option<TextId>,
    pub(crate) priced_by: PricedBy,
    pub(crate) product: Option<ProductId>,
    pub(crate) rule: RuleRef,
    /// By the row `rule`, minor units.
    pub(crate) price: i64,
    /// After concessions, over-time and tickets, which `adjustments` tell.
    pub(crate) fare: i64,
    pub(crate) adjustments: Vec<Adjustment>,
    timeframes: Vec<TextId>,
}

impl Pricer<'_> {
    fn rules(&self) -> &Extensions {
        self.city.extensions()
    }

    /// The price of each trip; `None` where this member was not in the party.
    pub(super) fn bases(&self, trips: &[Trip]) -> Vec<Option<Result<Base, Unpriced>>> {
        let by_rules = self.by_rules(trips);
        let mut bases: Vec<_> = trips
            .iter()
            .zip(by_rules)
            .map(|(trip, by_rules)| self.takes_part(trip).then(|| self.base(trip, by_rules)))
            .collect();
        if !self.rules().tickets.is_empty() {
            self.buy_tickets(trips, &mut bases);
        }
        bases
    }

    /// What the GTFS rules ask for each trip; `None` where this member took no part, or a missing
    /// tap leaves the travel unknown.
    fn by_rules(&self, trips: &[Trip]) -> Vec<Option<Result<ByRules, Unpriced>>> {
        let mut by_rules: Vec<Option<Result<ByRules, Unpriced>>> = vec![None; trips.len()];
        let mut categories: Vec<Option<TextId>> = Vec::with_capacity(1);
        for trip in trips.iter().filter(|trip| self.takes_part(trip)) {
            let category = self.category(trip);
            if !categories.contains(&category) {
                categories.push(category);
            }
        }
        for category in categories {
            let takes = |trip: &Trip| self.takes_part(trip) && self.category(trip) == category;
            let prices = gtfs::prices(self.city, trips, category.as_ref(), takes);
            for ((trip, price), slot) in trips.iter().zip(prices).zip(&mut by_rules) {
                let Some((leg, _)) = trip.leg.as_ref().filter(|_| takes(trip)) else {
                    continue;
                };
                *slot = Some(price.ok_or_else(|| self.city.no_fare(leg)));
            }
        }
        by_rules
    }

    /// The fare of a leg that was completed from evidence.
    fn completed(&self, trip: &Trip, leg: &Leg) -> Result<ByRules, Unpriced> {
        let category = self.category(trip);
        gtfs::price_alone(
            self.city,
            leg,
            trip.first().route.as_ref(),
            category.as_ref(),
        )
        .ok_or_else(|| self.city.no_fare(leg))
    }

    const fn takes_part(&self, trip: &Trip) -> bool {
        self.rider <= trip.first().holder.companions
    }

    /// The rider category of this member on `trip`.
    fn category(&self, trip: &Trip) -> Option<TextId> {
        let holder = self.city.rules().category(trip.first().holder.category);
        if self.rider == 0 {
            return holder;
        }
        let number = i64::from(self.rider);
        let group = self.rules().groups.iter().find(|group| {
            (group.holder.is_none() || group.holder == holder)
                && (group.companions.0..=group.companions.1).contains(&number)
        });
        group.and_then(|group| group.category).or(holder)
    }

    /// The ride that rules look at.
    fn ride<'r>(&'r self, trip: &Trip, base: &'r Base) -> Ride<'r> {
        let first = trip.first();
        let known = self.city.rules();
        let stops = if known.asks_areas {
            let leg = base.leg;
            let from = leg.map_or(first.stop, |leg| leg.from);
            let to = leg.and_then(|leg| leg.to);
            let alone = leg.is_none() && first.kind == crate::TapKind::Off;
            let from: &[_] = if alone { &[] } else { known.areas(&from) };
            let to = if alone { Some(first.stop) } else { to };
            let to: &[_] = to.map_or(&[], |stop| known.areas(&stop));
            (from, to)
        } else {
            (&[][..], &[][..])
        };
        let holder = first.holder;
        Ride {
            day: self.day,
            start: first.at,
            network: match base.leg {
                Some(leg) => leg.network,
                None => self.city.network(first.route.as_ref()),
            },
            from_areas: stops.0,
            to_areas: stops.1,
            timeframes: &base.timeframes,
            product: base.product,
            category: base.category,
            medium: None,
            held: (holder.product != 0).then_some(holder.product),
            is_incomplete: matches!(
                base.priced_by,
                PricedBy::Maximum | PricedBy::Disruption { .. }
            ),
            fare: base.fare,
        }
    }

    /// Folds a priced trip into `sums`; answers what is paid.
    pub(super) fn take(
        &self,
        sums: &mut Accumulators,
        trip: &Trip,
        base: &Base,
        trace: &mut Vec<Adjustment>,
    ) -> i64 {
        sums.take(self.rules(), &self.ride(trip, base), trace)
    }

    fn base(
        &self,
        trip: &Trip,
        by_rules: Option<Result<ByRules, Unpriced>>,
    ) -> Result<Base, Unpriced> {
        if let Some(base) = self.same_station(trip) {
            return Ok(base);
        }
        match &trip.leg {
            Some((leg, route)) => {
                let by_rules = by_rules.unwrap_or_else(|| Err(self.city.no_fare(leg)));
                self.travel(trip, leg, route.as_ref(), by_rules)
            }
            None => Ok(self.incomplete(trip)),
        }
    }

    /// A price that no further rule of this module changes.
    fn fixed(&self, trip: &Trip, price: i64, priced_by: PricedBy, rule: RuleRef) -> Base {
        let known = self.city.rules();
        let timeframes = if known.asks_time {
            known.timeframes.at(self.city.local(trip.first().at))
        } else {
            Vec::new()
        };
        Base {
            leg: trip.leg.as_ref().map(|(leg, _)| *leg),
            category: self.category(trip),
            priced_by,
            product: None,
            rule,
            price,
            fare: price,
            adjustments: Vec::new(),
            timeframes,
        }
    }

    /// Out where the rider came in, soon: the cheapest row that allows it.
    fn same_station(&self, trip: &Trip) -> Option<Base> {
        if self.rules().events.is_empty() {
            return None;
        }
        let (Pairing::Pair { on, off }, Some((leg, _))) = (&trip.pairing, &trip.leg) else {
            return None;
        };
        if self.city.rules().station(&on.stop) != self.city.rules().station(&off.stop) {
            return None;
        }
        let inside = off.at.since(on.at);
        let rows = self.rules().events.iter().filter_map(|row| match row.kind {
            EventKind::SameStationExit { minutes, amount }
                if (row.network.is_none() || row.network == leg.network)
                    && inside <= span(minutes) =>
            {
                Some((amount, &row.rule))
            }
            _ => None,
        });
        let (amount, rule) = rows.min_by_key(|(amount, _)| *amount)?;
        Some(self.fixed(trip, amount, PricedBy::SameStation, rule.clone()))
    }

    /// Travel of which every needed tap is there: the cheapest of all prices there are, then the
    /// best concession, then the surcharge for staying too long.
    fn travel(
        &self,
        trip: &Trip,
        leg: &Leg,
        route: Option<&RouteId>,
        by_rules: Result<ByRules, Unpriced>,
    ) -> Result<Base, Unpriced> {
        let mut base = self.price(trip, leg, route, by_rules)?;
        if let Some(end) = leg.end {
            self.over_time(leg, end.since(leg.start), &mut base);
        }
        Ok(base)
    }

    /// The cheapest of what leg rules, matrix and distance bands ask (of equal prices the first in
    /// this order), less the best concession.
    fn price(
        &self,
        trip: &Trip,
        leg: &Leg,
        route: Option<&RouteId>,
        by_rules: Result<ByRules, Unpriced>,
    ) -> Result<Base, Unpriced> {
        if let Some(id) = route
            && !self.city.lists_route(id)
        {
            return Err(Unpriced::UnknownRoute(*id));
        }
        let rule = RuleRef::none();
        let mut base = self.fixed(trip, 0, PricedBy::LegRule, rule);
        base.leg = Some(*leg);
        let mut best: Option<(i64, PricedBy, Option<ProductId>, RuleRef)> = None;
        let mut failed = None;
        let mut by_row = None;
        match by_rules {
            Ok(found) => {
                by_row = Some((found.price, found.changes));
                best = Some((found.fare, PricedBy::LegRule, found.product, found.rule));
            }
            Err(why) => failed = Some(why),
        }
        let cheaper = |best: &Option<(i64, _, _, _)>, price: i64| {
            best.as_ref().is_none_or(|known| price < known.0)
        };
        if let Some(to) = leg.to {
            let ride = self.ride(trip, &base);
            let (from, to) = (leg.from, to);
            if let Some(fare) = self.matrix(&ride, &from, &to)
                && cheaper(&best, fare.amount)
            {
                let product = Some(fare.product);
                best = Some((fare.amount, PricedBy::Matrix, product, fare.rule));
            }
            if let Some((price, metres, band)) = self.distance(&ride, leg, &from, &to)
                && cheaper(&best, price)
            {
                let by = PricedBy::Distance { metres };
                best = Some((price, by, band.product, band.rule.clone()));
            }
        }
        let Some((price, priced_by, product, rule)) = best else {
            return Err(failed.unwrap_or(Unpriced::UnknownStop(leg.from)));
        };
        (base.price, base.fare) = (price, price);
        (base.priced_by, base.product, base.rule) = (priced_by, product, rule);
        if let (PricedBy::LegRule, Some((own, changes))) = (priced_by, by_row) {
            (base.price, base.fare) = (own, own);
            for change in changes.into_iter().flatten() {
                if change.after != base.fare {
                    let place = usize::try_from(change.row).unwrap_or(usize::MAX);
                    adjust(&mut base, change.kind, place, change.after);
                }
            }
        }
        self.concession(trip, &mut base);
        Ok(base)
    }

    fn matrix(
        &self,
        ride: &Ride<'_>,
        from: &units::StopId,
        to: &units::StopId,
    ) -> Option<crate::ext::od::OdFare> {
        let matrix = &self.rules().matrix;
        if matrix.pairs() == 0 {
            return None;
        }
        let station = |stop| self.city.rules().station(stop);
        matrix
            .price(ride, from, to)
            .or_else(|| matrix.price(ride, &station(from), &station(to)))
    }

    fn distance(
        &self,
        ride: &Ride<'_>,
        leg: &Leg,
        from: &units::StopId,
        to: &units::StopId,
    ) -> Option<(i64, u32, &crate::ext::Band)> {
        let distances = &self.rules().distances;
        if distances.bands().is_empty() {
            return None;
        }
        let station = |stop| self.city.rules().station(stop);
        let metres = distances
            .metres(leg.network, from, to)
            .or_else(|| distances.metres(leg.network, &station(from), &station(to)))?;
        let (price, band) = distances.price(ride, metres)?;
        Some((price, metres, band))
    }

    fn concession(&self, trip: &Trip, base: &mut Base) {
        if self.rules().concessions.is_empty() {
            return;
        }
        let ride = self.ride(trip, base);
        let rows = self.rules().concessions.iter().enumerate();
        let best = rows
            .filter(|(_, row)| row.scope.holds(&ride))
            .min_by_key(|(_, row)| row.pay_percent);
        if let Some((place, row)) = best {
            let after = percent_of(base.fare, row.pay_percent);
            adjust(base, AdjustmentKind::Concession, place, after);
        }
    }

    fn over_time(&self, leg: &Leg, inside: units::Span, base: &mut Base) {
        let rows = self.rules().events.iter().enumerate();
        let dearest = rows
            .filter_map(|(place, row)| match row.kind {
                EventKind::OverTime { minutes, amount }
                    if (row.network.is_none() || row.network == leg.network)
                        && inside > span(minutes) =>
                {
                    Some((amount, std::cmp::Reverse(place)))
                }
                _ => None,
            })
            .max();
        if let Some((amount, std::cmp::Reverse(place))) = dearest {
            let after = base.fare.saturating_add(amount);
            adjust(base, AdjustmentKind::OverTime, place, after);
        }
    }

    /// A journey of which a tap is missing: the least of the maximum fare, what a disruption asks
    /// and the price of the surest completion that has one.
    fn incomplete(&self, trip: &Trip) -> Base {
        let IncompletePolicy::MaximumFare(maximum) = self.city.incomplete_policy();
        let maximum = Amount::as_minor(&maximum);
        let rule = self.city.incomplete_rule().clone();
        let mut best = self.fixed(trip, maximum, PricedBy::Maximum, rule);
        let mut guesses = trip.guesses.iter();
        let completed = guesses.find_map(|guess| {
            let by_rules = self.completed(trip, &guess.leg);
            Some((guess, self.price(trip, &guess.leg, None, by_rules).ok()?))
        });
        if let Some((guess, mut base)) = completed
            && base.fare <= maximum
        {
            base.priced_by = PricedBy::Completed {
                confidence_percent: guess.confidence_percent,
                evidence: guess.evidence,
                place: guess.event,
            };
            best = base;
        }
        if let Some((place, amount)) = self.disruption(trip)
            && amount <= best.fare
            && let Some(row) = self.rules().disruptions.get(place)
        {
            let by = PricedBy::Disruption { place };
            best = self.fixed(trip, amount, by, row.rule.clone());
        }
        best
    }

    /// The declared disruption at the trip's tap that asks least (of equal ones the first row).
    fn disruption(&self, trip: &Trip) -> Option<(usize, i64)> {
        if self.rules().disruptions.is_empty() {
            return None;
        }
        let tap = trip.first();
        let network = self.city.network(tap.route.as_ref());
        let local = self.city.local(tap.at);
        let stops = [tap.stop, self.city.rules().station(&tap.stop)];
        let rows = self.rules().disruptions.iter().enumerate();
        rows.filter(|(_, row)| {
            (row.network.is_none() || row.network == network)
                && row.stop.is_none_or(|stop| stops.contains(&stop))
                && (row.start..row.end).contains(&local)
        })
        .map(|(place, row)| (place, row.incomplete_amount))
        .min_by_key(|(place, amount)| (*amount, *place))
    }

    /// Buys zone tickets where they are cheaper than the rides' own fares.
    fn buy_tickets(&self, trips: &[Trip], bases: &mut [Option<Result<Base, Unpriced>>]) {
        let mut places = Vec::new();
        let mut stand_ins = Vec::new();
        for (place, (trip, base)) in trips.iter().zip(bases.iter()).enumerate() {
            let Some(base) = base else { continue };
            places.push((place, base.as_ref().ok().map(|base| base.fare)));
            let rule = RuleRef::none();
            stand_ins.push((
                trip,
                match base {
                    Ok(base) => base.clone(),
                    Err(_) => self.fixed(trip, 0, PricedBy::ZoneTicket, rule),
                },
            ));
        }
        let rides: Vec<Ride<'_>> = stand_ins
            .iter()
            .map(|(trip, base)| self.ride(trip, base))
            .collect();
        let fares: Vec<Option<i64>> = places.iter().map(|(_, fare)| *fare).collect();
        let paid = tickets::cheapest(&self.rules().tickets, &rides, &fares);
        for (((place, _), (trip, own)), paid) in places.iter().zip(&stand_ins).zip(paid) {
            let Some(number) = super::ticket_place(paid) else {
                continue;
            };
            let Some(ticket) = self.rules().tickets.get(number) else {
                continue;
            };
            let by = PricedBy::ZoneTicket;
            let mut base = self.fixed(trip, ticket.amount, by, ticket.rule.clone());
            // Also what a completed ride is taken to have been.
            base.leg = own.leg;
            base.product = Some(ticket.product);
            if matches!(paid, Paid::Covered(_)) {
                adjust(&mut base, AdjustmentKind::ZoneTicket, number, 0);
            }
            if let Some(slot) = bases.get_mut(*place) {
                *slot = Some(Ok(base));
            }
        }
    }
}

fn adjust(base: &mut Base, kind: AdjustmentKind, place: usize, after: i64) {
    base.adjustments.push(Adjustment {
        kind,
        place,
        row: 0,
        before: base.fare,
        after,
    });
    base.fare = after;
}

const fn span(minutes: i64) -> units::Span {
    units::Span::from_secs(minutes.saturating_mul(60))
}
