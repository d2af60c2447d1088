//! Agencies, stops, routes, networks and areas.

use std::collections::{BTreeMap, BTreeSet};

use units::{AreaId, NetworkId, RouteId, StopId};

use super::table::{Presence, Row, Table};
use super::{Route, Stop};
use crate::{CityFiles, LoadReport};

/// What the files say about places.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) stops: BTreeMap<StopId, Stop>,
    pub(crate) routes: BTreeMap<RouteId, Route>,
    pub(crate) networks: BTreeSet<NetworkId>,
    pub(crate) areas: BTreeSet<AreaId>,
    /// The areas of each stop that has any, its station's included.
    pub(crate) areas_of_stop: BTreeMap<StopId, BTreeSet<AreaId>>,
}

const NETWORK_ID: &str = "network_id";

/// Reads the places of a feed whose agencies must be in `time_zone`.
pub(crate) fn read(files: &CityFiles, time_zone: Option<&str>, report: &mut LoadReport) -> Places {
    let agencies = read_agencies(files, time_zone, report);
    let mut places = Places::default();
    let parents = read_stops(files, &mut places, report);
    read_routes(files, &agencies, &mut places, report);
    read_networks(files, &mut places, report);
    read_areas(files, &parents, &mut places, report);
    places
}

fn read_agencies(
    files: &CityFiles,
    time_zone: Option<&str>,
    report: &mut LoadReport,
) -> BTreeSet<String> {
    let columns = ["agency_name", "agency_timezone"];
    let table = Table::read(
        files,
        "gtfs/agency.txt",
        Presence::Required,
        &columns,
        report,
    );
    let mut ids = BTreeSet::new();
    for row in &table.rows {
        let zone = table.text(row, "agency_timezone");
        if table.has_column("agency_timezone") && time_zone.is_some_and(|city| city != zone) {
            let expected = format!("the city's time zone {}", time_zone.unwrap_or_default());
            table.defect(row, "agency_timezone", expected, report);
        }
        if !ids.insert(table.text(row, "agency_id").to_owned()) {
            table.defect(row, "agency_id", "an id that no earlier row has", report);
        }
    }
    ids
}

/// Fills in the stops; returns the station of each platform.
fn read_stops(
    files: &CityFiles,
    places: &mut Places,
    report: &mut LoadReport,
) -> BTreeMap<StopId, StopId> {
    let columns = ["stop_id"];
    let table = Table::read(
        files,
        "gtfs/stops.txt",
        Presence::Required,
        &columns,
        report,
    );
    let mut parents = BTreeMap::new();
    let mut children: Vec<(&Row, StopId)> = Vec::new();
    for row in &table.rows {
        // Entrances (2), generic nodes (3) and boarding areas (4) have no gates of their own.
        match table.text(row, "location_type") {
            "" | "0" | "1" => {}
            "2" | "3" | "4" => continue,
            _ => {
                table.defect(row, "location_type", "0, 1, 2, 3, 4 or nothing", report);
                continue;
            }
        }
        let Some(id) = table.id(row, "stop_id", StopId::new, report) else {
            continue;
        };
        let name = table.name(row, "stop_name", report);
        if name.is_empty() {
            table.defect(row, "stop_name", "a name", report);
        }
        let stop = Stop {
            id,
            name,
            lat_degrees: degrees(&table, row, "stop_lat", 90.0, report),
            lon_degrees: degrees(&table, row, "stop_lon", 180.0, report),
        };
        if places.stops.insert(id, stop).is_some() {
            table.defect(row, "stop_id", "an id that no earlier row has", report);
        }
        if let Ok(Some(parent)) = table.optional_id(row, "parent_station", StopId::new, report) {
            parents.insert(id, parent);
            children.push((row, parent));
        }
    }
    for (row, parent) in children {
        if !places.stops.contains_key(&parent) {
            table.defect(row, "parent_station", "a station of this file", report);
        }
    }
    parents
}

fn degrees(table: &Table, row: &Row, field: &str, max: f64, report: &mut LoadReport) -> f64 {
    match table.text(row, field).parse::<f64>() {
        Ok(degrees) if degrees.abs() <= max => degrees,
        _ => {
            let expected = format!("degrees from -{max} to {max}");
            table.defect(row, field, expected, report);
            0.0
        }
    }
}

fn read_routes(
    files: &CityFiles,
    agencies: &BTreeSet<String>,
    places: &mut Places,
    report: &mut LoadReport,
) {
    let columns = ["route_id"];
    let table = Table::read(
        files,
        "gtfs/routes.txt",
        Presence::Required,
        &columns,
        report,
    );
    for row in &table.rows {
        let Some(id) = table.id(row, "route_id", RouteId::new, report) else {
            continue;
        };
        let agency = table.text(row, "agency_id");
        if !agency.is_empty() && !agencies.contains(agency) {
            table.defect(row, "agency_id", "an agency of agency.txt", report);
        }
        let short = table.name(row, "route_short_name", report);
        let long = table.name(row, "route_long_name", report);
        let name = if short.is_empty() { long } else { short };
        if name.is_empty() {
            table.defect(row, "route_short_name", "a short or a long name", report);
        }
        let network = table
            .optional_id(row, NETWORK_ID, NetworkId::new, report)
            .ok()
            .flatten();
        places.networks.extend(network);
        if places
            .routes
            .insert(id, Route { id, name, network })
            .is_some()
        {
            table.defect(row, "route_id", "an id that no earlier row has", report);
        }
    }
    // GTFS "Dataset Files": forbidden beside routes.network_id.
    if table.has_column(NETWORK_ID) {
        for file in ["gtfs/networks.txt", "gtfs/route_networks.txt"] {
            if files.0.contains_key(file) {
                let expected = "no such file, because routes.txt has the column network_id";
                report.push(crate::Defect::of_file(file, expected));
            }
        }
    }
}

fn read_networks(files: &CityFiles, places: &mut Places, report: &mut LoadReport) {
    let columns = [NETWORK_ID];
    let table = Table::read(
        files,
        "gtfs/networks.txt",
        Presence::Optional,
        &columns,
        report,
    );
    for row in &table.rows {
        let Some(id) = table.id(row, NETWORK_ID, NetworkId::new, report) else {
            continue;
        };
        if !places.networks.insert(id) {
            table.defect(row, NETWORK_ID, "an id that no earlier row has", report);
        }
    }
    let columns = [NETWORK_ID, "route_id"];
    let table = Table::read(
        files,
        "gtfs/route_networks.txt",
        Presence::Optional,
        &columns,
        report,
    );
    for row in &table.rows {
        let network = table.id(row, NETWORK_ID, NetworkId::new, report);
        let route = table.id(row, "route_id", RouteId::new, report);
        let (Some(network), Some(route)) = (network, route) else {
            continue;
        };
        if !places.networks.contains(&network) {
            table.defect(row, NETWORK_ID, "a network of networks.txt", report);
        }
        match places.routes.get_mut(&route) {
            None => table.defect(row, "route_id", "a route of routes.txt", report),
            Some(found) if found.network.is_some() => {
                table.defect(row, "route_id", "a route that no earlier row has", report);
            }
            Some(found) => found.network = Some(network),
        }
    }
}

fn read_areas(
    files: &CityFiles,
    parents: &BTreeMap<StopId, StopId>,
    places: &mut Places,
    report: &mut LoadReport,
) {
    let columns = ["area_id"];
    let table = Table::read(
        files,
        "gtfs/areas.txt",
        Presence::Optional,
        &columns,
        report,
    );
    for row in &table.rows {
        let Some(id) = table.id(row, "area_id", AreaId::new, report) else {
            continue;
        };
        if !places.areas.insert(id) {
            table.defect(row, "area_id", "an id that no earlier row has", report);
        }
    }
    let columns = ["area_id", "stop_id"];
    let table = Table::read(
        files,
        "gtfs/stop_areas.txt",
        Presence::Optional,
        &columns,
        report,
    );
    for row in &table.rows {
        let area = table.id(row, "area_id", AreaId::new, report);
        let stop = table.id(row, "stop_id", StopId::new, report);
        let (Some(area), Some(stop)) = (area, stop) else {
            continue;
        };
        if !places.areas.contains(&area) {
            table.defect(row, "area_id", "an area of areas.txt", report);
        }
        if !places.stops.contains_key(&stop) {
            table.defect(row, "stop_id", "a stop or station of stops.txt", report);
        }
        if !places.areas_of_stop.entry(stop).or_default().insert(area) {
            table.defect(row, "stop_id", "a pair that no earlier row has", report);
        }
    }
    // GTFS stop_areas.stop_id: the platforms of a station are in its areas, unless they are
    // assigned to others.
    let mut inherited = Vec::new();
    for (platform, station) in parents {
        if !places.areas_of_stop.contains_key(platform)
            && let Some(areas) = places.areas_of_stop.get(station)
        {
            inherited.push((*platform, areas.clone()));
        }
    }
    places.areas_of_stop.extend(inherited);
}
