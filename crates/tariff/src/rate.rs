//! Rating: one rider's taps of one service day to journeys with fares.

use units::{AccountId, JourneyId, ServiceDay, TapId};
use uuid::Uuid;

use crate::pairing::{Pairing, pair};
use crate::{
    City, DayRating, Fare, FareLine, IncompletePolicy, Journey, JourneyStatus, Leg, MissingTap,
    Tap, Unpriced, explain,
};

/// Rates the taps of `account` on `day`.
///
/// A function of the set of taps: their order and repetition change nothing. Every tap ends in
/// exactly one journey, and journeys are ordered by their first taps. The caller gives exactly the
/// taps of that account and day ([`City::service_day`]).
#[must_use]
pub fn rate_day(city: &City, account: AccountId, day: ServiceDay, taps: &[Tap]) -> DayRating {
    let boards = |tap: &Tap| {
        city.network(tap.route.as_ref())
            .filter(|network| city.is_tap_on_only(network))
    };
    let journeys = pair(taps, city.longest_journey(), boards)
        .iter()
        .map(|pairing| rate(city, account, day, pairing))
        .collect();
    DayRating { journeys }
}

fn rate(city: &City, account: AccountId, day: ServiceDay, pairing: &Pairing) -> Journey {
    let (status, rated) = match pairing {
        Pairing::Pair { on, off } => (JourneyStatus::Complete, rate_leg(city, on, Some(off))),
        Pairing::Boarding { on, .. } => (JourneyStatus::Complete, rate_leg(city, on, None)),
        // The fare does not depend on where the rider goes, so one tap is enough to know it.
        Pairing::LoneAlighting(off) => (
            JourneyStatus::Incomplete(MissingTap::NoTapOn),
            rate_leg(city, off, None),
        ),
        Pairing::LoneOn(tap) => incomplete(city, tap, MissingTap::NoTapOff),
        Pairing::LoneOff(tap) => incomplete(city, tap, MissingTap::NoTapOn),
    };
    Journey {
        id: journey_id(account, pairing.first().id),
        day,
        status,
        taps: pairing.taps(),
        legs: rated.legs,
        fare: rated.fare,
        lines: rated.lines,
    }
}

/// What a journey costs and why.
struct Rated {
    legs: Vec<Leg>,
    fare: Fare,
    lines: Vec<FareLine>,
}

/// Rates travel from the tap `on` to the tap `off`, or by one tap where no tap off is needed.
fn rate_leg(city: &City, on: &Tap, off: Option<&Tap>) -> Rated {
    let route = on.route.or(off.and_then(|tap| tap.route));
    let leg = Leg {
        network: city.network(route.as_ref()),
        from: on.stop,
        to: off.map(|tap| tap.stop),
        start: on.at,
        end: off.map(|tap| tap.at),
    };
    let fare = match route {
        Some(id) if city.route(&id).is_none() => Err(Unpriced::UnknownRoute(id)),
        _ => city.fare(&leg),
    };
    let legs = vec![leg];
    match fare {
        Ok(fare) => {
            let because = match off {
                Some(_) => explain::travel(city, &leg, &fare),
                None => explain::boarding(city, on, &fare),
            };
            let line = FareLine {
                amount: fare.amount,
                rule: Some(fare.rule),
                because,
            };
            Rated {
                legs,
                fare: Fare::Priced(line.amount),
                lines: vec![line],
            }
        }
        Err(why) => Rated {
            legs,
            fare: Fare::Unpriced { why },
            lines: Vec::new(),
        },
    }
}

/// Rates a journey of which a tap is missing, by the city's policy.
fn incomplete(city: &City, tap: &Tap, missing: MissingTap) -> (JourneyStatus, Rated) {
    let IncompletePolicy::MaximumFare(amount) = city.incomplete_policy();
    let line = FareLine {
        amount,
        rule: Some(city.incomplete_rule().clone()),
        because: explain::incomplete(city, tap, missing, amount),
    };
    let rated = Rated {
        legs: Vec::new(),
        fare: Fare::Priced(amount),
        lines: vec![line],
    };
    (JourneyStatus::Incomplete(missing), rated)
}

/// `UUIDv5` (RFC 9562 section 5.5) over the sixteen bytes of the account and those of the tap.
fn journey_id(account: AccountId, first: TapId) -> JourneyId {
    const NAMESPACE: Uuid = Uuid::from_bytes(*b"faregate journey");
    let name = [account.as_bytes().as_slice(), first.as_bytes()].concat();
    JourneyId::from_bytes(Uuid::new_v5(&NAMESPACE, &name).into_bytes())
}

#[cfg(test)]
mod tests;
