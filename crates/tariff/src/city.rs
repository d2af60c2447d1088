//! A city: its name, money, time and fares, loaded from `city.toml` and the folders of its tariffs.

mod fare;
mod manifest;
pub(crate) mod places;
mod revenue;
mod tables;

use std::collections::BTreeMap;

use units::{
    Amount, Currency, NetworkId, OperatorId, RouteId, ServiceDay, Span, StopId, TextId, Timestamp,
};

use crate::calendar::Calendar;
use crate::ext::{CityRules, Extensions};
use crate::fares::Fares;
use crate::{LoadReport, RuleRef, ids};
use manifest::Manifest;
use tables::Tables;

pub use places::{Route, Stop};
pub use revenue::{Earned, Travelled};

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
    companions: Companions,
    incomplete: IncompletePolicy,
    incomplete_rule: RuleRef,
    default_network: Option<NetworkId>,
    tap_on_only: BTreeMap<NetworkId, u64>,
    stops: BTreeMap<StopId, Stop>,
    routes: BTreeMap<RouteId, Route>,
    agencies: BTreeMap<TextId, String>,
    rules: CityRules,
    /// The folder of the tariff, with `/`.
    folder: String,
    /// The tariffs that take over from this one, by their first service days.
    later: Vec<(ServiceDay, City)>,
    warnings: LoadReport,
}

/// Who runs the city's transit and earns its fares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// `UUIDv5` of the city's and the operator's name.
    pub id: OperatorId,
    /// As riders know it.
    pub name: String,
}

/// How gates let the party of one code through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Companions {
    /// One tap for all: a tap is of as many riders as its code has.
    #[default]
    Together,
    /// A tap for each rider.
    OneByOne,
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
        let first = Tables::read(files, tables::FIRST, &manifest, &mut report);
        let mut all = vec![first];
        for tariff in &manifest.tariffs {
            all.push(Tables::read(files, &tariff.folder, &manifest, &mut report));
        }
        tables::check_networks(&manifest, &all, &mut report);
        if !report.is_sound() {
            return Err(report);
        }
        let mut all = all.into_iter();
        let whole = all
            .next()
            .and_then(|first| Self::with(&manifest, tables::FIRST, first));
        // What is missing here is missing where a defect says why.
        let Some(mut city) = whole else {
            return Err(report);
        };
        let mut incomplete = (city.incomplete, city.incomplete_rule.row);
        for (tariff, tables) in manifest.tariffs.iter().zip(all) {
            incomplete = tariff.incomplete.unwrap_or(incomplete);
            if let Some(mut version) = Self::with(&manifest, &tariff.folder, tables) {
                (version.incomplete, version.incomplete_rule.row) = incomplete;
                city.later.push((tariff.effective, version));
            }
        }
        city.warnings = report;
        Ok(city)
    }

    fn with(manifest: &Manifest, folder: &str, tables: Tables) -> Option<Self> {
        Some(Self {
            operator: Operator {
                id: operator_id(&manifest.name, &manifest.operator_name),
                name: manifest.operator_name.clone(),
            },
            name: manifest.name.clone(),
            names: manifest.names.clone(),
            time_zone: manifest.time_zone.clone()?,
            calendar: manifest.calendar.clone()?,
            currency: manifest.currency?,
            longest_journey: manifest.longest_journey?,
            companions: manifest.companions?,
            incomplete: manifest.incomplete?,
            incomplete_rule: RuleRef {
                file: manifest::FILE.to_owned(),
                row: manifest.incomplete_row,
            },
            default_network: manifest.default_network.map(|(id, _)| id),
            tap_on_only: manifest.tap_on_only.clone(),
            stops: tables.places.stops,
            routes: tables.places.routes,
            agencies: tables.places.agencies,
            rules: tables.rules,
            folder: folder.to_owned(),
            later: Vec::new(),
            warnings: LoadReport::new(),
        })
    }

    /// What is against the reference and has one clear meaning all the same.
    #[must_use]
    pub const fn warnings(&self) -> &LoadReport {
        &self.warnings
    }

    /// The city with the tariff that is in force on a service day: that of the last `[[tariff]]`
    /// which is effective on it, else that of `gtfs/`. A tariff takes over at the very instant at
    /// which its first service day starts ([`City::day_bounds`]).
    #[must_use]
    pub fn in_force(&self, day: ServiceDay) -> &Self {
        self.tariff(self.tariff_number(day))
    }

    /// Which tariff is in force on `day`: its first service day (`None` for that of `gtfs/`, which
    /// has none) and the folder of its files, with `/` at its end.
    #[must_use]
    pub fn version(&self, day: ServiceDay) -> (Option<ServiceDay>, &str) {
        let number = self.tariff_number(day);
        let later = number.checked_sub(1).and_then(|at| self.later.get(at));
        let effective = later.map(|(effective, _)| *effective);
        (effective, &self.tariff(number).folder)
    }

    /// How many tariffs are effective on `day` or before, that of `gtfs/` not counted.
    pub(crate) fn tariff_number(&self, day: ServiceDay) -> usize {
        self.later
            .partition_point(|(effective, _)| *effective <= day)
    }

    /// The tariff of this number, 0 for that of `gtfs/`.
    pub(crate) fn tariff(&self, number: usize) -> &Self {
        let later = number.checked_sub(1).and_then(|at| self.later.get(at));
        later.map_or(self, |(_, city)| city)
    }

    /// Every tariff, in the order in which they are in force.
    pub(crate) fn tariffs(&self) -> impl Iterator<Item = &Self> + '_ {
        std::iter::once(self).chain(self.later.iter().map(|(_, city)| city))
    }

    /// The path of a file of the tariff, like `gtfs/stops.txt`.
    pub(crate) fn path(&self, name: &str) -> String {
        [self.folder.as_str(), name].concat()
    }

    /// Whether the tariff lists the stop or station.
    pub(crate) fn lists_stop(&self, id: &StopId) -> bool {
        self.stops.contains_key(id)
    }

    /// Whether the tariff lists the route.
    pub(crate) fn lists_route(&self, id: &RouteId) -> bool {
        self.routes.contains_key(id)
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

    /// How the city's gates let companions through.
    #[must_use]
    pub const fn companions(&self) -> Companions {
        self.companions
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

    /// The stop or station of this id, as the first tariff that has it describes it.
    #[must_use]
    pub fn stop(&self, id: &StopId) -> Option<&Stop> {
        self.tariffs().find_map(|tariff| tariff.stops.get(id))
    }

    /// Every stop and station of any tariff, ordered by id.
    pub fn stops(&self) -> impl Iterator<Item = &Stop> + '_ {
        let mut all: BTreeMap<&StopId, &Stop> = BTreeMap::new();
        for (id, stop) in self.tariffs().flat_map(|tariff| &tariff.stops) {
            all.entry(id).or_insert(stop);
        }
        all.into_values()
    }

    /// The route of this id, as the first tariff that has it describes it.
    #[must_use]
    pub fn route(&self, id: &RouteId) -> Option<&Route> {
        self.tariffs().find_map(|tariff| tariff.routes.get(id))
    }

    /// Every route of any tariff, ordered by id.
    pub fn routes(&self) -> impl Iterator<Item = &Route> + '_ {
        let mut all: BTreeMap<&RouteId, &Route> = BTreeMap::new();
        for (id, route) in self.tariffs().flat_map(|tariff| &tariff.routes) {
            all.entry(id).or_insert(route);
        }
        all.into_values()
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
            Some(id) => self.route(id)?.network,
            None => self.default_network,
        }
    }

    /// The rules of its feed.
    #[must_use]
    pub const fn fares(&self) -> &Fares {
        &self.rules.fares
    }

    /// The rider categories of its feed in the order of the file: taps name the n-th by n
    /// ([`Holder::category`](crate::Holder::category)).
    #[must_use]
    pub fn rider_categories(&self) -> &[TextId] {
        self.rules.categories()
    }

    /// The rules of its extension files.
    #[must_use]
    pub const fn extensions(&self) -> &Extensions {
        &self.rules.rules
    }

    pub(crate) const fn rules(&self) -> &CityRules {
        &self.rules
    }

    /// What clocks in the city show at an instant, like `2019-01-07T08:00:00`.
    #[must_use]
    pub fn wall_clock(&self, at: Timestamp) -> String {
        self.local(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// What clocks in the city show at an instant.
    pub(crate) fn local(&self, at: Timestamp) -> jiff::civil::DateTime {
        self.calendar.local(at)
    }
}

fn operator_id(city: &str, operator: &str) -> OperatorId {
    const NAMESPACE: [u8; 16] = *b"faregateoperator";
    // A line break cannot be part of a name, so no two pairs of names give one text.
    let name = [city.as_bytes(), b"\n", operator.as_bytes()];
    OperatorId::from_bytes(ids::derive(&NAMESPACE, &name))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod versions;
