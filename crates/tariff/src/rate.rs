//! Rating: one rider's taps to journeys with fares, service day by service day.
//!
//! A day is rated from its taps and a [`Carry`], which holds what earlier days left behind. Carries
//! are made of nothing but taps, so that the fares of a day are a function of the set of taps of
//! the rider, from the first day of the longest window on.

mod carry;
pub(crate) mod gtfs;
mod history;
mod price;
mod trips;

use units::{AccountId, Amount, Currency, ServiceDay};

pub use carry::Carry;
pub use history::{rate_days, window_start, windows_end};

use crate::ext::tickets::Paid;
use crate::pairing::{distinct, pair};
use crate::{
    Adjustment, AdjustmentKind, Breakdown, City, DayRating, Fare, FareLine, Journey, Leg, Medium,
    Tap, Unpriced, explain, ids,
};
use price::{Base, Pricer};
use trips::Trip;

/// Rates the taps of `account` on `day`, as if no earlier day had any.
///
/// A function of the set of taps: their order and repetition change nothing. Every tap ends in
/// exactly one journey, and journeys are ordered by their first taps. The caller gives exactly the
/// taps of that account and day ([`City::service_day`]).
#[must_use]
pub fn rate_day(city: &City, account: AccountId, day: ServiceDay, taps: &[Tap]) -> DayRating {
    rate_day_after(city, account, day, taps, &mut Carry::default())
}

/// Rates the taps of `account` on `day` after the days that `carry` has seen, and adds this one to
/// it. Days must come in order; days without taps may be left out.
///
/// Journeys are priced by the tariff that is in force on their service day, so by that of their
/// first tap: no journey goes over the start of a day ([`City::in_force`]).
#[must_use]
pub fn rate_day_after(
    city: &City,
    account: AccountId,
    day: ServiceDay,
    taps: &[Tap],
    carry: &mut Carry,
) -> DayRating {
    let city = carry.enter(city, day);
    let (trips, charges) = charge_day(city, day, taps, carry);
    let journeys = trips.iter().zip(charges);
    DayRating {
        journeys: journeys
            .map(|(trip, charge)| journey(city, account, day, trip, charge))
            .collect(),
    }
}

/// What the taps of a day cost in minor units, without journeys and sentences: the same fold as
/// [`rate_day_after`]. `None` where a journey has no fare, or the sum leaves 64 bits.
#[must_use]
pub fn total_of_day(city: &City, day: ServiceDay, taps: &[Tap], carry: &mut Carry) -> Option<i64> {
    let city = carry.enter(city, day);
    let (_, charges) = charge_day(city, day, taps, carry);
    charges.into_iter().try_fold(0i64, |sum, charge| {
        let all = charge.ok()?;
        all.iter()
            .try_fold(sum, |sum, part| sum.checked_add(part.amount))
    })
}

/// What one rider of a journey's party pays.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) rider: u8,
    pub(crate) base: Base,
    pub(crate) trace: Vec<Adjustment>,
    pub(crate) amount: i64,
}

type Charge = Result<Vec<Part>, Unpriced>;

/// The journeys of a day and what each member of their parties pays, by the tariff of `city`.
fn charge_day(
    city: &City,
    day: ServiceDay,
    taps: &[Tap],
    carry: &mut Carry,
) -> (Vec<Trip>, Vec<Charge>) {
    let taps = distinct(taps);
    let trips = trips_of(city, &taps);
    let mut charges: Vec<Charge> = trips.iter().map(|_| Ok(Vec::with_capacity(1))).collect();
    // Of all taps: in the history of one medium alone a tap off may be a journey of its own.
    let party = taps.iter().map(|tap| tap.holder.companions).max();
    let others = other_media(city, &taps, carry);
    for rider in 0..=party.unwrap_or(0) {
        let pricer = Pricer { city, day, rider };
        let bases = pricer.bases(&trips);
        let alone: Vec<Vec<(Trip, Option<Base>)>> = others
            .iter()
            .map(|(_, trips)| {
                let bases = pricer.bases(trips);
                trips
                    .iter()
                    .cloned()
                    .zip(bases.into_iter().map(|base| base.and_then(Result::ok)))
                    .collect()
            })
            .collect();
        let media: Vec<Option<Medium>> = others.iter().map(|(medium, _)| *medium).collect();
        let mut by_media = carry.alone(rider, &media, &pricer, &alone);
        for ((trip, base), charge) in trips.iter().zip(bases).zip(&mut charges) {
            let Some(base) = base else { continue };
            let base = match base {
                Ok(base) => base,
                Err(why) => {
                    *charge = Err(why);
                    continue;
                }
            };
            let mut trace = base.adjustments.clone();
            let linked = carry.linked(rider);
            let mut amount = pricer.take(linked, trip, &base, &mut trace);
            // The rider pays the least: never more than without the other media.
            if let Some(apart) = by_media.of(trip)
                && apart < amount
            {
                trace.push(Adjustment {
                    kind: AdjustmentKind::Alone,
                    place: 0,
                    row: 0,
                    before: amount,
                    after: apart,
                });
                amount = apart;
            }
            if let Ok(parts) = charge {
                parts.push(Part {
                    rider,
                    base,
                    trace,
                    amount,
                });
            }
        }
    }
    (trips, charges)
}

fn trips_of(city: &City, taps: &[Tap]) -> Vec<Trip> {
    let boards = |tap: &Tap| {
        city.network(tap.route.as_ref())
            .filter(|network| city.is_tap_on_only(network))
    };
    trips::of(city, &pair(taps, city.longest_journey(), boards))
}

/// The trips of each medium alone, where the rider has used more than one so far.
fn other_media(city: &City, taps: &[Tap], carry: &mut Carry) -> Vec<(Option<Medium>, Vec<Trip>)> {
    let of_medium = |medium| {
        let own = taps.iter().filter(move |tap| tap.holder.medium == medium);
        (medium, trips_of(city, &own.copied().collect::<Vec<_>>()))
    };
    let mut media: Vec<Option<Medium>> = taps.iter().map(|tap| tap.holder.medium).collect();
    media.sort_unstable();
    media.dedup();
    if carry.sees(&media) {
        media.into_iter().map(of_medium).collect()
    } else {
        Vec::new()
    }
}

fn journey(
    city: &City,
    account: AccountId,
    day: ServiceDay,
    trip: &Trip,
    charge: Charge,
) -> Journey {
    let currency = city.currency();
    let mut legs: Vec<Leg> = trip.leg.iter().map(|(leg, _)| *leg).collect();
    let mut lines = Vec::new();
    let mut breakdown = Vec::new();
    let fare = match charge {
        Err(why) => Fare::Unpriced { why },
        Ok(parts) => {
            for part in parts {
                if let (true, Some(leg)) = (legs.is_empty(), part.base.leg) {
                    legs.push(leg);
                }
                let made = breakdown_of(trip, part, currency);
                lines.push(FareLine {
                    amount: made.amount,
                    rule: Some(made.rule.clone()),
                    because: explain::sentence(city, &made, explain::Language::English),
                });
                breakdown.push(made);
            }
            match sum(&lines, currency) {
                Some(total) => Fare::Priced(total),
                None => Fare::Unpriced {
                    why: Unpriced::TooMuch,
                },
            }
        }
    };
    if matches!(fare, Fare::Unpriced { .. }) {
        lines.clear();
        breakdown.clear();
    }
    Journey {
        id: ids::journey(account, trip.first().id),
        day,
        status: trip.status,
        taps: trip.taps(),
        legs,
        fare,
        lines,
        breakdown,
    }
}

fn breakdown_of(trip: &Trip, part: Part, currency: Currency) -> Breakdown {
    // The fold keeps every amount within 0 and the fare it began with.
    let amount = |minor| Amount::new(minor, currency).unwrap_or(Amount::zero(currency));
    Breakdown {
        rider: part.rider,
        category: part.base.category,
        taps: trip.taps(),
        tap: *trip.first(),
        status: trip.status,
        leg: part.base.leg,
        priced_by: part.base.priced_by,
        product: part.base.product,
        rule: part.base.rule,
        price: amount(part.base.price),
        adjustments: part.trace,
        amount: amount(part.amount),
    }
}

fn sum(lines: &[FareLine], currency: Currency) -> Option<Amount> {
    lines.iter().try_fold(Amount::zero(currency), |sum, line| {
        sum.checked_add(line.amount)
    })
}

/// A ticket's place in the fold of a day.
pub(crate) const fn ticket_place(paid: Paid) -> Option<usize> {
    match paid {
        Paid::Alone => None,
        Paid::Buys(bought) | Paid::Covered(bought) => Some(bought.ticket),
    }
}

#[cfg(test)]
mod tests;
