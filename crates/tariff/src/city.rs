//! A city: its name, money, time and fares, loaded from `city.toml` and `gtfs/`.

mod manifest;

use std::collections::BTreeMap;

use units::{
    Amount, Currency, NetworkId, OperatorId, RouteId, ServiceDay, Span, StopId, Timestamp,
};
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::ext::{CityRules, Extensions};
use crate::fare_table::FareTable;
use crate::gtfs::{fares, places};
use crate::{Defect, Leg, LegFare, LoadReport, Route, RuleRef, Stop, Unpriced, explain};
use manifest::Manifest;

/// The files of a city's folder: path relative to it with `/` (`city.toml`, `gtfs/stops.txt`) to
/// bytes. Files that are not read here do no harm.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CityFiles(pub BTreeMap<String, Vec<u8>>);

/// A city that loaded without a defect.
#[derive(Clone, Debug)]
pub struct City {
    name: String,
    names: BTreeMap<String, String>,
    operator: Operator,
    time_zone: String,
    calendar: Calendar,
    currency: Currency,
    longest_journey: Span,
    incomplete: IncompletePolicy,
    incomplete_rule: RuleRef,
    default_network: Option<NetworkId>,
    tap_on_only: BTreeMap<NetworkId, u64>,
    stops: BTreeMap<StopId, Stop>,
    routes: BTreeMap<RouteId, Route>,
    fares: FareTable,
    rules: CityRules,
}

/// Who runs the city's transit and earns its fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// `UUIDv5` of the city's and the operator's name.
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
        let mut report = LoadReport::new();
        let manifest = manifest::read(files, &mut report).unwrap_or_default();
        let places = places::read(files, manifest.time_zone.as_deref(), &mut report);
        let rows = fares::read(files, &places, manifest.currency, &mut report);
        let fares = FareTable::new(rows, &places);
        let rules = CityRules::read(files, &places, manifest.currency, &mut report);
        check_networks(&manifest, &places, &fares, &mut report);

        // Each of these is missing only where a defect says why.
        let parts = manifest
            .calendar
            .zip(manifest.currency)
            .zip(manifest.longest_journey)
            .zip(manifest.incomplete);
        let Some((((calendar, currency), longest_journey), incomplete)) = parts else {
            return Err(report);
        };
        if !report.is_sound() {
            return Err(report);
        }
        Ok(Self {
            operator: Operator {
                id: operator_id(&manifest.name, &manifest.operator_name),
                name: manifest.operator_name,
            },
            name: manifest.name,
            names: manifest.names,
            time_zone: manifest.time_zone.unwrap_or_default(),
            calendar,
            currency,
            longest_journey,
            incomplete,
            incomplete_rule: RuleRef {
                file: manifest::FILE.to_owned(),
                row: manifest.incomplete_row,
            },
            default_network: manifest.default_network.map(|(id, _)| id),
            tap_on_only: manifest.tap_on_only,
            stops: places.stops,
            routes: places.routes,
            fares,
            rules,
        })
    }

    /// The name in the language of the city's choice (`name`).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name by language (IETF BCP 47 tag to text, `names`).
    #[must_use]
    pub const fn names(&self) -> &BTreeMap<String, String> {
        &self.names
    }

    /// Who runs it.
    #[must_use]
    pub const fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The IANA name of its time zone, like `Asia/Shanghai`.
    #[must_use]
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }

    /// The currency of all its fares.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The longest time from tap on to tap off that is one journey, itself included.
    #[must_use]
    pub const fn longest_journey(&self) -> Span {
        self.longest_journey
    }

    /// What a journey with a missing tap costs.
    #[must_use]
    pub const fn incomplete_policy(&self) -> IncompletePolicy {
        self.incomplete
    }

    /// The line of `city.toml` that sets it.
    pub(crate) const fn incomplete_rule(&self) -> &RuleRef {
        &self.incomplete_rule
    }

    /// The service day that an instant belongs to.
    #[must_use]
    pub fn service_day(&self, at: Timestamp) -> ServiceDay {
        self.calendar.day(at)
    }

    /// When a service day starts (inclusive) and ends (exclusive). A day has 23 or 25 hours where
    /// the city changes its clocks.
    #[must_use]
    pub fn day_bounds(&self, day: ServiceDay) -> (Timestamp, Timestamp) {
        self.calendar.bounds(day)
    }

    /// The stop or station of this id.
    #[must_use]
    pub fn stop(&self, id: &StopId) -> Option<&Stop> {
        self.stops.get(id)
    }

    /// Every stop and station, ordered by id.
    pub fn stops(&self) -> impl Iterator<Item = &Stop> + '_ {
        self.stops.values()
    }

    /// The route of this id.
    #[must_use]
    pub fn route(&self, id: &RouteId) -> Option<&Route> {
        self.routes.get(id)
    }

    /// Every route, ordered by id.
    pub fn routes(&self) -> impl Iterator<Item = &Route> + '_ {
        self.routes.values()
    }

    /// Whether riders of this network only tap on: one tap is a whole journey.
    #[must_use]
    pub fn is_tap_on_only(&self, network: &NetworkId) -> bool {
        self.tap_on_only.contains_key(network)
    }

    /// The network of a tap: that of its route, or the city's `default_network` where the tap
    /// names no route. `None` where the route is unknown or in no network.
    #[must_use]
    pub fn network(&self, route: Option<&RouteId>) -> Option<NetworkId> {
        match route {
            Some(id) => self.routes.get(id)?.network,
            None => self.default_network,
        }
    }

    /// The rules of its extension files.
    #[must_use]
    pub const fn extensions(&self) -> &Extensions {
        &self.rules.rules
    }

    pub(crate) const fn rules(&self) -> &CityRules {
        &self.rules
    }

    /// What clocks in the city show at an instant.
    pub(crate) fn local(&self, at: Timestamp) -> jiff::civil::DateTime {
        self.calendar.local(at)
    }

    /// The fare of `leg`: of the leg rules that match it, those with the highest priority; of
    /// their products the cheapest, and of equal prices the first product id.
    ///
    /// # Errors
    /// [`Unpriced`] when a stop is unknown, no rule matches, or none that matches has a price.
    pub fn fare(&self, leg: &Leg) -> Result<LegFare, Unpriced> {
        self.fares.fare(leg)?.ok_or_else(|| Unpriced::NoRule {
            sentence: explain::no_rule(self, leg),
        })
    }
}

fn operator_id(city: &str, operator: &str) -> OperatorId {
    const NAMESPACE: Uuid = Uuid::from_bytes(*b"faregateoperator");
    // A line break cannot be part of a name, so no two pairs of names give one text.
    let name = format!("{city}\n{operator}");
    OperatorId::from_bytes(Uuid::new_v5(&NAMESPACE, name.as_bytes()).into_bytes())
}

/// The networks that `city.toml` names must be there, and those without tap off must have a fare
/// that needs no destination.
fn check_networks(
    manifest: &Manifest,
    places: &places::Places,
    fares: &FareTable,
    report: &mut LoadReport,
) {
    let mut check = |field: &str, id: &NetworkId, row: u64, good: bool, expected: &str| {
        if !good {
            report.push(Defect::of_field(
                manifest::FILE,
                row,
                field,
                id.as_str(),
                expected,
            ));
        }
    };
    let exists = |id: &NetworkId| places.networks.contains(id);
    let expected = "a network of gtfs/networks.txt or gtfs/routes.txt";
    if let Some((id, row)) = &manifest.default_network {
        check("default_network", id, *row, exists(id), expected);
    }
    for (id, row) in &manifest.tap_on_only {
        check("tap_on_only.network", id, *row, exists(id), expected);
        let priced = !exists(id) || fares.prices_tap_on_only(id);
        let expected = "a network that has a leg rule with empty to_area_id";
        check("tap_on_only.network", id, *row, priced, expected);
    }
}

#[cfg(test)]
mod tests;
