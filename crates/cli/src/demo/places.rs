//! Where riders can go: stations, bus stops, and how long a ride takes.

use std::collections::BTreeMap;
use std::time::Duration;

use tariff::{City, Leg};
use units::{RouteId, Span, StopId, Timestamp};

use super::dice::Dice;

/// Where one can go, and how long it takes.
pub(super) struct Places {
    /// Stations where riders tap on and off.
    pub(super) metro: Vec<StopId>,
    /// Bus routes, where riders only tap on, each with its stops.
    pub(super) bus: Vec<(RouteId, StopId)>,
    /// Latitude and longitude in degrees.
    at: BTreeMap<StopId, (f64, f64)>,
}

impl Places {
    /// The places of `city`.
    pub(super) fn new(city: &City) -> Self {
        let mut places = Self {
            metro: Vec::new(),
            bus: Vec::new(),
            at: BTreeMap::new(),
        };
        // A stop where riders tap on and off has a fare to itself; the others are bus stops.
        let mut bus_stops = Vec::new();
        for stop in city.stops() {
            let leg = Leg {
                network: city.network(None),
                from: stop.id,
                to: Some(stop.id),
                start: Timestamp::from_secs(0),
                end: None,
            };
            if city.fare(&leg).is_ok() {
                places.metro.push(stop.id);
                places
                    .at
                    .extend(stop.degrees.map(|degrees| (stop.id, degrees)));
            } else {
                bus_stops.push(stop.id);
            }
        }
        for route in city.routes() {
            let network = city.network(Some(&route.id));
            if network.is_some_and(|network| city.is_tap_on_only(&network)) {
                places
                    .bus
                    .extend(bus_stops.iter().map(|&stop| (route.id, stop)));
            }
        }
        places
    }

    /// Two different metro stations.
    pub(super) fn pair(&self, dice: &mut Dice) -> Option<(StopId, StopId)> {
        let from = *dice.pick(&self.metro)?;
        for _ in 0..8 {
            let to = *dice.pick(&self.metro)?;
            if to != from {
                return Some((from, to));
            }
        }
        None
    }

    /// Time from gate to gate: four minutes on foot, the rest at metro speed by the compass.
    pub(super) fn ride(&self, from: StopId, to: StopId) -> Span {
        let (Some(a), Some(b)) = (self.at.get(&from), self.at.get(&to)) else {
            return Span::from_secs(1_200);
        };
        // Along the streets of a grid, at 30 km/h with stops.
        let metres = (a.0 - b.0).abs() * METRES_PER_DEGREE + (a.1 - b.1).abs() * METRES_PER_DEGREE;
        let ride = Duration::try_from_secs_f64(240.0 + metres / 8.3).unwrap_or_default();
        Span::from_secs(i64::try_from(ride.as_secs()).unwrap_or(3_600))
    }
}

/// Length of a degree of latitude; of longitude it is less, and trains are no faster for it.
const METRES_PER_DEGREE: f64 = 111_000.0;
