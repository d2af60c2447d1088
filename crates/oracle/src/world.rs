//! A city's files as values: places, calendars, timeframes, riders, and the tables of rules.

use std::collections::{BTreeMap, BTreeSet};

use units::ServiceDay;

use crate::clock::{Clock, Moment};
use crate::csv::{self, Row, Table};

/// What `city.toml` says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The clock of the city.
    pub clock: Clock,
    /// The network of taps that name no route.
    pub default_network: Option<String>,
    /// Networks whose riders only tap on.
    pub tap_on_only: Vec<String>,
    /// Seconds of the longest journey, inclusive.
    pub longest: i64,
    /// Minor units of the maximum fare.
    pub maximum: i64,
}

/// The cells that say which rides a row holds (docs/FARES.md, "Scope columns"); empty: any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) network: String,
    pub(crate) from_area: String,
    pub(crate) to_area: String,
    pub(crate) timeframe: String,
    pub(crate) product: String,
    pub(crate) category: String,
    pub(crate) medium: String,
}

impl Scope {
    pub(crate) fn read(row: &Row) -> Self {
        let text = |column| row.text(column).to_owned();
        Self {
            network: text("network_id"),
            from_area: text("from_area_id"),
            to_area: text("to_area_id"),
            timeframe: text("from_timeframe_group_id"),
            product: text("fare_product_id"),
            category: text("rider_category_id"),
            medium: text("fare_media_id"),
        }
    }

    /// The same scope in files where `fare_product_id` is what is sold.
    pub(crate) fn of_sale(row: &Row) -> Self {
        Self {
            product: String::new(),
            ..Self::read(row)
        }
    }
}

/// The city.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) settings: Settings,
    pub(crate) tables: BTreeMap<String, Table>,
    parents: BTreeMap<String, String>,
    areas: BTreeMap<String, BTreeSet<String>>,
    networks: BTreeMap<String, String>,
    timeframes: Vec<(String, i64, i64, String)>,
    /// The ids of rider categories in the order of the file.
    categories: Vec<String>,
    pub(crate) default_category: Option<String>,
    /// Later tariffs by their first service days, in order.
    later: Vec<(ServiceDay, World)>,
}

impl World {
    /// Reads the files of `gtfs/`, each by its name.
    ///
    /// # Errors
    /// Says which cell cannot be read.
    pub fn read(settings: Settings, files: &BTreeMap<String, String>) -> Result<Self, String> {
        let tables: BTreeMap<String, Table> = files
            .iter()
            .map(|(name, text)| (name.clone(), csv::read(text)))
            .collect();
        let mut world = Self {
            settings,
            tables,
            parents: BTreeMap::new(),
            areas: BTreeMap::new(),
            networks: BTreeMap::new(),
            timeframes: Vec::new(),
            categories: Vec::new(),
            default_category: None,
            later: Vec::new(),
        };
        for row in world.rows("stops.txt").to_vec() {
            let parent = row.text("parent_station").to_owned();
            world.parents.insert(row.text("stop_id").to_owned(), parent);
        }
        for row in world.rows("stop_areas.txt").to_vec() {
            let areas = world.areas.entry(row.text("stop_id").to_owned());
            areas.or_default().insert(row.text("area_id").to_owned());
        }
        for row in world.rows("route_networks.txt").to_vec() {
            let route = row.text("route_id").to_owned();
            world
                .networks
                .insert(route, row.text("network_id").to_owned());
        }
        for row in world.rows("timeframes.txt").to_vec() {
            let time = |column, default| clock_time(row.text(column), default);
            world.timeframes.push((
                row.text("timeframe_group_id").to_owned(),
                time("start_time", 0)?,
                time("end_time", 86_400)?,
                row.text("service_id").to_owned(),
            ));
        }
        for row in world.rows("rider_categories.txt").to_vec() {
            let id = row.text("rider_category_id").to_owned();
            if row.text("is_default_fare_category") == "1" && world.default_category.is_none() {
                world.default_category = Some(id.clone());
            }
            world.categories.push(id);
        }
        Ok(world)
    }

    /// Adds a tariff that is in force from a service day on; they come in order.
    pub fn add_tariff(&mut self, effective: ServiceDay, tariff: Self) {
        self.later.push((effective, tariff));
    }

    /// The number of the tariff in force on a day: 0 is the first.
    pub(crate) fn number(&self, day: ServiceDay) -> usize {
        let begun = self.later.iter().filter(|(effective, _)| *effective <= day);
        begun.count()
    }

    /// The tariff of a number.
    pub(crate) fn tariff(&self, number: usize) -> &Self {
        match number {
            0 => self,
            _ => &self.later[number - 1].1,
        }
    }

    /// The rows of a file; none where there is no such file.
    pub(crate) fn rows(&self, file: &str) -> &[Row] {
        self.tables.get(file).map_or(&[], |table| &table.rows)
    }

    /// The station of a stop: itself where it has none above.
    pub(crate) fn station<'a>(&'a self, stop: &'a str) -> &'a str {
        match self.parents.get(stop) {
            Some(parent) if !parent.is_empty() => parent,
            _ => stop,
        }
    }

    pub(crate) fn has_stop(&self, stop: &str) -> bool {
        self.parents.contains_key(stop)
    }

    /// The areas of a stop; a platform named nowhere has those of its station.
    pub(crate) fn areas_of(&self, stop: &str) -> BTreeSet<String> {
        let of = |stop: &str| self.areas.get(stop).cloned();
        of(stop)
            .or_else(|| of(self.station(stop)))
            .unwrap_or_default()
    }

    pub(crate) fn is_in(&self, stop: &str, area: &str) -> bool {
        self.areas_of(stop).contains(area)
    }

    /// The network of a tap; a route in none has none.
    pub(crate) fn network(&self, route: Option<&str>) -> Option<String> {
        match route {
            Some(route) => self.networks.get(route).cloned(),
            None => self.settings.default_network.clone(),
        }
    }

    /// Whether a timeframe group holds at a moment (reference, `timeframes.txt`).
    pub(crate) fn in_timeframe(&self, group: &str, moment: Moment) -> bool {
        self.timeframes.iter().any(|(id, start, end, service)| {
            id == group
                && (*start..*end).contains(&moment.second)
                && self.runs(service, moment.date)
        })
    }

    /// Whether a service is there on a date (reference, `calendar.txt`, `calendar_dates.txt`).
    fn runs(&self, service: &str, date: ServiceDay) -> bool {
        let (year, month, day) = date.to_date();
        let text = format!("{year:04}{month:02}{day:02}");
        let exception = self
            .rows("calendar_dates.txt")
            .iter()
            .find(|row| row.text("service_id") == service && row.text("date") == text);
        if let Some(row) = exception {
            return row.text("exception_type") == "1";
        }
        let weekday = match (date.as_days() + 3).rem_euclid(7) {
            0 => "monday",
            1 => "tuesday",
            2 => "wednesday",
            3 => "thursday",
            4 => "friday",
            5 => "saturday",
            _ => "sunday",
        };
        self.rows("calendar.txt").iter().any(|row| {
            row.text("service_id") == service
                && row.text(weekday) == "1"
                && row.text("start_date") <= text.as_str()
                && text.as_str() <= row.text("end_date")
        })
    }

    /// The rider category that a code's number means.
    pub(crate) fn category(&self, number: u8) -> Option<String> {
        let row = usize::from(number).checked_sub(1);
        row.and_then(|row| self.categories.get(row))
            .or(self.default_category.as_ref())
            .cloned()
    }
}

fn clock_time(text: &str, default: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(default);
    }
    let mut seconds = 0;
    for part in text.split(':') {
        let part: i64 = part.parse().map_err(|_| text.to_owned())?;
        seconds = seconds * 60 + part;
    }
    Ok(seconds)
}
