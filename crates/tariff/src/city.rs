//! A city: its name, money, time and fares, loaded from `city.toml` and `gtfs/`.

use std::collections::BTreeMap;

use units::{
    Amount, Currency, NetworkId, OperatorId, RouteId, ServiceDay, Span, StopId, Timestamp,
};

use crate::{Leg, LegFare, LoadReport, Route, Stop, Unpriced};

/// The files of a city's folder: path relative to it with `/` (`city.toml`, `gtfs/stops.txt`) to
/// bytes. Files that are not read here do no harm.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CityFiles(pub BTreeMap<String, Vec<u8>>);

/// A city that loaded without a defect.
#[derive(Clone, Debug)]
pub struct City {}

/// Who runs the city's transit and earns its fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// UUIDv5 of the city's and the operator's name.
    pub id: OperatorId,
    /// As riders know it.
    pub name: String,
}

/// What a journey with a missing tap costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IncompletePolicy {
    /// This much, whatever was travelled.
    MaximumFare(Amount),
}

impl City {
    /// Reads a city.
    ///
    /// # Errors
    /// [`LoadReport`] with every defect of every file.
    pub fn load(files: &CityFiles) -> Result<Self, LoadReport> {
        todo!()
    }

    /// The name in English or the city's own language (`name`).
    #[must_use]
    pub fn name(&self) -> &str {
        todo!()
    }

    /// The name by language (IETF BCP 47 tag to text, `names`).
    #[must_use]
    pub const fn names(&self) -> &BTreeMap<String, String> {
        todo!()
    }

    /// Who runs it.
    #[must_use]
    pub const fn operator(&self) -> &Operator {
        todo!()
    }

    /// The IANA name of its time zone, like `Asia/Shanghai`.
    #[must_use]
    pub fn time_zone(&self) -> &str {
        todo!()
    }

    /// The currency of all its fares.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        todo!()
    }

    /// The longest time from tap on to tap off that is one journey.
    #[must_use]
    pub const fn longest_journey(&self) -> Span {
        todo!()
    }

    /// What a journey with a missing tap costs.
    #[must_use]
    pub const fn incomplete_policy(&self) -> IncompletePolicy {
        todo!()
    }

    /// The service day that an instant belongs to.
    #[must_use]
    pub fn service_day(&self, at: Timestamp) -> ServiceDay {
        todo!()
    }

    /// When a service day starts (inclusive) and ends (exclusive).
    #[must_use]
    pub fn day_bounds(&self, day: ServiceDay) -> (Timestamp, Timestamp) {
        todo!()
    }

    /// The stop or station of this id.
    #[must_use]
    pub fn stop(&self, id: &StopId) -> Option<&Stop> {
        todo!()
    }

    /// Every stop and station, ordered by id.
    pub fn stops(&self) -> impl Iterator<Item = &Stop> + '_ {
        std::iter::empty()
    }

    /// The route of this id.
    #[must_use]
    pub fn route(&self, id: &RouteId) -> Option<&Route> {
        todo!()
    }

    /// Every route, ordered by id.
    pub fn routes(&self) -> impl Iterator<Item = &Route> + '_ {
        std::iter::empty()
    }

    /// Whether riders of this network only tap on: one tap is a whole journey.
    #[must_use]
    pub fn is_tap_on_only(&self, network: &NetworkId) -> bool {
        todo!()
    }

    /// The network of a tap: that of its route, or the city's `default_network` where the tap
    /// names none.
    #[must_use]
    pub fn network(&self, route: Option<&RouteId>) -> Option<NetworkId> {
        todo!()
    }

    /// The cheapest fare product that the leg rules allow for `leg`.
    ///
    /// # Errors
    /// [`Unpriced`] when a stop is unknown, no rule matches, or none that matches has a price.
    pub fn fare(&self, leg: &Leg) -> Result<LegFare, Unpriced> {
        todo!()
    }
}
