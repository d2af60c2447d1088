//! Taps into journeys (docs/FARES.md, "Pairing").

use std::collections::BTreeSet;

use units::{TapId, Timestamp};

use crate::world::World;

/// One tap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tap {
    /// When.
    pub at: Timestamp,
    /// Off rather than on: on comes first.
    pub is_off: bool,
    /// Taps with one id are one tap.
    pub id: TapId,
    /// Where.
    pub stop: String,
    /// On which route, if a vehicle says so.
    pub route: Option<String>,
    /// The number of the holder's rider category.
    pub category: u8,
    /// How many travel with the holder.
    pub companions: u8,
    /// The number of the product that the code carries.
    pub product: u16,
    /// The device or card.
    pub medium: Option<[u8; 16]>,
}

/// A journey before it has a price: one tap or two.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trip {
    pub(crate) on: Option<Tap>,
    pub(crate) off: Option<Tap>,
    pub(crate) network: Option<String>,
    /// A boarding where nobody taps off.
    pub(crate) is_boarding: bool,
}

impl Trip {
    pub(crate) fn taps(&self) -> Vec<&Tap> {
        self.on.iter().chain(&self.off).collect()
    }

    /// A tap is missing, and the fare depends on it.
    pub(crate) fn lacks_a_tap(&self) -> bool {
        self.on.is_none() || (self.off.is_none() && !self.is_boarding)
    }
}

/// The trips of the taps of one day, by their first taps.
pub(crate) fn trips(world: &World, taps: &[Tap]) -> Vec<Trip> {
    let is_boarding = |tap: &Tap| {
        let network = world.network(tap.route.as_deref());
        network.is_some_and(|network| world.settings.tap_on_only.contains(&network))
    };
    let mut taps = taps.to_vec();
    taps.sort();
    let (vehicles, gates): (Vec<Tap>, Vec<Tap>) = taps.into_iter().partition(is_boarding);
    let mut trips = boardings(world, vehicles);
    // Gates: first those of one medium, then what is left over.
    let media: BTreeSet<Option<[u8; 16]>> = gates.iter().map(|tap| tap.medium).collect();
    let mut alone: Vec<Tap> = Vec::new();
    for medium in &media {
        let own = gates.iter().filter(|tap| tap.medium == *medium);
        for trip in gate_trips(world, own.cloned().collect()) {
            if trip.lacks_a_tap() && media.len() > 1 {
                alone.extend(trip.on.into_iter().chain(trip.off));
            } else {
                trips.push(trip);
            }
        }
    }
    alone.sort();
    trips.extend(gate_trips(world, alone));
    trips.sort_by_key(|trip| {
        let first = trip.taps().first().copied();
        first.map(|tap| (tap.at, tap.is_off, tap.id))
    });
    trips
}

/// Networks where riders only tap on: each tap off goes to the last boarding of its network that
/// has none as yet, first to one of its own medium.
fn boardings(world: &World, taps: Vec<Tap>) -> Vec<Trip> {
    let (offs, ons): (Vec<Tap>, Vec<Tap>) = taps.into_iter().partition(|tap| tap.is_off);
    let trip = |on: Option<Tap>, off: Option<Tap>| {
        let tap = on.iter().chain(&off).next();
        let network = world.network(tap.and_then(|tap| tap.route.as_deref()));
        Trip {
            on,
            off,
            network,
            is_boarding: true,
        }
    };
    let mut trips: Vec<Trip> = ons.into_iter().map(|on| trip(Some(on), None)).collect();
    let alone = join(world, &mut trips, offs, true);
    let alone = join(world, &mut trips, alone, false);
    trips.extend(alone.into_iter().map(|off| trip(None, Some(off))));
    trips
}

/// Gives taps off to boardings; answers those that are left.
fn join(world: &World, trips: &mut [Trip], offs: Vec<Tap>, same_medium: bool) -> Vec<Tap> {
    let mut left = Vec::new();
    for off in offs {
        let network = world.network(off.route.as_deref());
        let boarding = trips.iter_mut().rev().find(|trip| {
            trip.off.is_none()
                && trip.network == network
                && trip.on.as_ref().is_some_and(|on| {
                    *on < off
                        && in_time(world, on, &off)
                        && (!same_medium || on.medium == off.medium)
                })
        });
        match boarding {
            Some(boarding) => boarding.off = Some(off),
            None => left.push(off),
        }
    }
    left
}

/// Whether two taps can be one journey.
fn in_time(world: &World, on: &Tap, off: &Tap) -> bool {
    off.at.since(on.at).as_micros() <= world.settings.longest * 1_000_000
}

fn gate_trips(world: &World, taps: Vec<Tap>) -> Vec<Trip> {
    let mut trips = Vec::new();
    let mut add = |on: Option<Tap>, off: Option<Tap>| {
        let route = |tap: &Option<Tap>| tap.as_ref().and_then(|tap| tap.route.clone());
        let network = world.network(route(&on).or_else(|| route(&off)).as_deref());
        trips.push(Trip {
            on,
            off,
            network,
            is_boarding: false,
        });
    };
    let mut open: Option<Tap> = None;
    let mut rest = taps;
    while let Some(now) = rest.first().map(|tap| tap.at) {
        let first = |off: bool| {
            rest.iter()
                .position(|tap| tap.at == now && tap.is_off == off)
        };
        let (on, off) = (first(false), first(true));
        let closes = open
            .as_ref()
            .zip(off)
            .is_some_and(|(open, off)| in_time(world, open, &rest[off]));
        match (on, off) {
            (_, Some(off)) if closes => add(open.take(), Some(rest.remove(off))),
            (Some(on), _) => {
                let tap = rest.remove(on);
                if let Some(before) = open.replace(tap) {
                    add(Some(before), None);
                }
            }
            (None, Some(off)) => {
                let tap = rest.remove(off);
                if let Some(before) = open.take() {
                    add(Some(before), None);
                }
                add(None, Some(tap));
            }
            (None, None) => break,
        }
    }
    if let Some(before) = open {
        add(Some(before), None);
    }
    trips
}
