//! Trips: what the taps of a day say about travel, before any price.

use units::{RouteId, StopId, TapId};

use crate::ext::Evidence;
use crate::ext::events::EventKind;
use crate::pairing::Pairing;
use crate::{City, JourneyStatus, Leg, MissingTap, Tap, TapKind};

/// One journey as its taps tell it.
#[derive(Clone, Debug)]
pub(super) struct Trip {
    pub(super) pairing: Pairing,
    pub(super) status: JourneyStatus,
    /// What was travelled and on which route; `None` where a missing tap leaves it unknown.
    pub(super) leg: Option<(Leg, Option<RouteId>)>,
    /// What was probably travelled, strongest evidence first.
    pub(super) guesses: Vec<Guess>,
}

/// A journey completed from evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Guess {
    pub(super) leg: Leg,
    /// The row of `journey_events.txt`.
    pub(super) event: usize,
    pub(super) confidence_percent: i64,
    pub(super) evidence: Evidence,
}

impl Trip {
    pub(super) const fn first(&self) -> &Tap {
        self.pairing.first()
    }

    pub(super) fn taps(&self) -> Vec<TapId> {
        self.pairing.taps()
    }
}

/// The trips of a day's pairings, given in order of their first taps.
pub(super) fn of(city: &City, pairings: &[Pairing]) -> Vec<Trip> {
    let asks = !city.extensions().events.is_empty();
    (0..pairings.len())
        .zip(pairings)
        .map(|(place, pairing)| {
            let mut trip = trip(city, pairing);
            if asks && trip.leg.is_none() {
                trip.guesses = guesses(city, pairings, place, pairing);
            }
            trip
        })
        .collect()
}

fn trip(city: &City, pairing: &Pairing) -> Trip {
    let (status, leg) = match pairing {
        Pairing::Pair { on, off } => (JourneyStatus::Complete, Some(leg(city, on, Some(off)))),
        Pairing::Boarding { on, .. } => (JourneyStatus::Complete, Some(leg(city, on, None))),
        // The fare does not depend on where the rider goes, so one tap is enough to know it.
        Pairing::LoneAlighting(off) => (
            JourneyStatus::Incomplete(MissingTap::NoTapOn),
            Some(leg(city, off, None)),
        ),
        Pairing::LoneOn(_) => (JourneyStatus::Incomplete(MissingTap::NoTapOff), None),
        Pairing::LoneOff(_) => (JourneyStatus::Incomplete(MissingTap::NoTapOn), None),
    };
    Trip {
        pairing: *pairing,
        status,
        leg,
        guesses: Vec::new(),
    }
}

/// Travel from the tap `on` to the tap `off`, or by one tap where no tap off is needed.
fn leg(city: &City, on: &Tap, off: Option<&Tap>) -> (Leg, Option<RouteId>) {
    let route = on.route.or(off.and_then(|tap| tap.route));
    let leg = Leg {
        network: city.network(route.as_ref()),
        from: on.stop,
        to: off.map(|tap| tap.stop),
        start: on.at,
        end: off.map(|tap| tap.at),
    };
    (leg, route)
}

/// The completions that the city's rows of `auto_completion` allow for the lone tap at `place`,
/// the surest first; of equally sure ones the first row.
fn guesses(city: &City, pairings: &[Pairing], place: usize, lone: &Pairing) -> Vec<Guess> {
    let tap = lone.first();
    let network = city.network(tap.route.as_ref());
    let mut guesses = Vec::new();
    for (event, row) in city.extensions().events.iter().enumerate() {
        let EventKind::AutoCompletion {
            evidence,
            minutes,
            confidence_percent,
        } = row.kind
        else {
            continue;
        };
        if row.network.is_some() && row.network != network {
            continue;
        }
        let Some(other) = other_end(pairings, place, tap, evidence) else {
            continue;
        };
        let apart = tap.at.since(other.at).as_micros().unsigned_abs();
        let most = u64::try_from(minutes)
            .unwrap_or(0)
            .saturating_mul(60_000_000);
        if apart > most || city.rules().station(&other.stop) == city.rules().station(&tap.stop) {
            continue;
        }
        let (from, to): (StopId, StopId) = match tap.kind {
            TapKind::On => (tap.stop, other.stop),
            TapKind::Off => (other.stop, tap.stop),
        };
        guesses.push(Guess {
            leg: Leg {
                network,
                from,
                to: Some(to),
                start: tap.at,
                // The one tap is the departure, and a tap off the arrival too.
                end: (tap.kind == TapKind::Off).then_some(tap.at),
            },
            event,
            confidence_percent,
            evidence,
        });
    }
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.confidence_percent));
    guesses
}

/// Where the missing end of the lone `tap` probably was: the tap that says so. Only taps of the
/// same medium count, so that a further medium never changes what one medium says.
fn other_end<'p>(
    pairings: &'p [Pairing],
    place: usize,
    tap: &Tap,
    evidence: Evidence,
) -> Option<&'p Tap> {
    let own = |pairing: &&Pairing| pairing.first().holder.medium == tap.holder.medium;
    let before = || pairings.iter().take(place).filter(own);
    let after = || pairings.iter().skip(place.saturating_add(1)).filter(own);
    match (evidence, tap.kind) {
        (Evidence::NextTap, TapKind::On) => after()
            .next()
            .map(Pairing::first)
            .filter(|next| next.kind == TapKind::On),
        (Evidence::NextTap, TapKind::Off) => before().next_back().and_then(Pairing::off),
        (Evidence::DayEnds, TapKind::On) => {
            if after().next().is_some() {
                return None;
            }
            before()
                .next()
                .map(Pairing::first)
                .filter(|first| first.kind == TapKind::On)
        }
        (Evidence::DayEnds, TapKind::Off) => {
            if before().next().is_some() {
                return None;
            }
            after().next_back().and_then(Pairing::off)
        }
    }
}
