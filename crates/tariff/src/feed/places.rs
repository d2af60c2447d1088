//! `agency.txt`, `stops.txt`, `routes.txt`, `networks.txt`, `route_networks.txt`, `areas.txt` and
//! `stop_areas.txt`.

use std::collections::BTreeSet;

use super::Feed;
use super::files::{FeedFile, FeedFiles};
use super::names::{AreaIx, NetworkIx, StopIx};
use super::rows::{Agency, Area, Network, RouteNetwork, RouteRow, StopArea, StopKind, StopRow};
use super::table::{Column, Row, Table};
use crate::{Defect, LoadReport};

/// Reads the places.
pub(super) fn read(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    agencies(files, feed, report);
    stops(files, feed, report);
    let named_in_routes = routes(files, feed, report);
    check_networks_once(files, named_in_routes, report);
    networks(files, feed, report);
    route_networks(files, feed, report);
    areas(files, feed, report);
    stop_areas(files, feed, report);
    inherit_areas(feed);
}

fn agencies(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::Agency, report) else {
        return;
    };
    let id = table.optional("agency_id");
    let name = table.expected("agency_name", report);
    let zone = table.required("agency_timezone", report);
    feed.ids.agencies.listed = true;
    while let Some(row) = table.next(report) {
        // One agency may have no id (`agency_id`: required where there are several).
        let text = row.text(id);
        if feed.ids.agencies.define(text).is_none() {
            report.push(row.defect(id, "an id that no earlier row has"));
            continue;
        }
        if row.text(zone).is_empty() && zone.exists() {
            report.push(row.defect(zone, "a time zone of the IANA database, like Asia/Tokyo"));
        }
        let time_zone = row.time_zone(zone, report);
        let first = feed
            .agencies
            .first()
            .and_then(|agency| agency.time_zone.clone());
        if first.is_some() && time_zone.is_some() && first != time_zone {
            let first = first.unwrap_or_default();
            report.push(row.defect(zone, format!("the time zone of all agencies, {first}")));
        }
        feed.agencies.push(Agency {
            row: row.line,
            name: row.name(name, report),
            time_zone,
        });
    }
    if feed.agencies.len() > 1 && feed.ids.agencies.find("").is_some() {
        let expected = "an agency_id in each row, because there are several agencies";
        report.push(Defect::of_file(&files.path(FeedFile::Agency), expected));
    }
}

fn stops(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::Stops, report) else {
        return;
    };
    let id = table.required("stop_id", report);
    let [name, kind, parent, zone, time_zone, lat, lon] = [
        "stop_name",
        "location_type",
        "parent_station",
        "zone_id",
        "stop_timezone",
        "stop_lat",
        "stop_lon",
    ]
    .map(|name| table.optional(name));
    feed.ids.stops.listed = true;
    // A station may come after its platforms.
    let mut parents: Vec<(StopIx, Box<str>, Defect)> = Vec::new();
    while let Some(row) = table.next(report) {
        let Some(index) = row.define(id, &mut feed.ids.stops, report) else {
            continue;
        };
        let Ok(number) = row.choice(kind, 5) else {
            report.push(row.defect(kind, "0, 1, 2, 3, 4 or nothing"));
            continue;
        };
        let kind = match number {
            None | Some(0) => StopKind::Stop,
            Some(1) => StopKind::Station,
            Some(2) => StopKind::Entrance,
            Some(3) => StopKind::Node,
            Some(_) => StopKind::BoardingArea,
        };
        if !row.text(parent).is_empty() {
            let expected = "a stop or station of stops.txt";
            parents.push((index, row.text(parent).into(), row.defect(parent, expected)));
        }
        let zone = row.text(zone);
        feed.stops.push(StopRow {
            row: row.line,
            name: row.name(name, report),
            kind,
            parent: None,
            // Of stations and entrances it is ignored (reference, `stops.zone_id`).
            zone: (!zone.is_empty() && !matches!(kind, StopKind::Station | StopKind::Entrance))
                .then(|| {
                    feed.ids
                        .zones
                        .define(zone)
                        .or_else(|| feed.ids.zones.find(zone))
                })
                .flatten(),
            time_zone: row.time_zone(time_zone, report),
            place: place(&row, lat, lon, report),
        });
    }
    for (child, station, defect) in parents {
        match feed.ids.stops.find(&station) {
            Some(station) if station != child => {
                if let Some(stop) = feed.stops.get_mut(child.index()) {
                    stop.parent = Some(station);
                }
            }
            _ => report.push(defect),
        }
    }
}

/// The coordinates, where both are there and sound. No fare of GTFS depends on them, so that what
/// is wrong with them is a warning.
fn place(row: &Row<'_>, lat: Column, lon: Column, report: &mut LoadReport) -> Option<(f64, f64)> {
    if row.text(lat).is_empty() && row.text(lon).is_empty() {
        return None;
    }
    let mut degrees = |column: Column, max: f64| match row.text(column).parse::<f64>() {
        Ok(degrees) if degrees.abs() <= max => Some(degrees),
        _ => {
            let expected = format!("degrees from -{max} to {max}");
            report.push(row.defect(column, expected).warning());
            None
        }
    };
    let lat = degrees(lat, 90.0);
    lat.zip(degrees(lon, 180.0))
}

/// Returns whether `routes.txt` names networks.
fn routes(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) -> NamedInRoutes {
    let Some(mut table) = Table::open(files, FeedFile::Routes, report) else {
        return NamedInRoutes::NoColumn;
    };
    let id = table.required("route_id", report);
    let [agency, short, long, network] = [
        "agency_id",
        "route_short_name",
        "route_long_name",
        "network_id",
    ]
    .map(|name| table.optional(name));
    feed.ids.routes.listed = true;
    let only_agency = match feed.agencies.as_slice() {
        [_] => feed.ids.agencies.iter().next().map(|(index, _)| index),
        _ => None,
    };
    while let Some(row) = table.next(report) {
        if row.define(id, &mut feed.ids.routes, report).is_none() {
            continue;
        }
        let agencies = &mut feed.ids.agencies;
        let named = row.reference(agency, agencies, "an agency of agency.txt", report);
        let short = row.name(short, report);
        let name = if short.is_empty() {
            row.name(long, report)
        } else {
            short
        };
        let network_id = if row.text(network).is_empty() {
            None
        } else {
            row.id(network, report)
        };
        if let Some(text) = network_id
            && feed.ids.networks.define(text).is_some()
        {
            feed.networks.push(Network {
                row: row.line,
                name: "".into(),
            });
        }
        feed.routes.push(RouteRow {
            row: row.line,
            name,
            agency: named.ok().flatten().or(only_agency),
            network: network_id.and_then(|text| feed.ids.networks.find(text)),
        });
    }
    match (network.exists(), feed.networks.is_empty()) {
        (false, _) => NamedInRoutes::NoColumn,
        (true, true) => NamedInRoutes::Nothing,
        (true, false) => NamedInRoutes::Some,
    }
}

/// What `routes.txt` says in its column `network_id`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedInRoutes {
    NoColumn,
    Nothing,
    Some,
}

/// Reference, `routes.network_id`: forbidden beside `networks.txt` and `route_networks.txt`. An
/// empty column contradicts nothing.
fn check_networks_once(files: &FeedFiles<'_>, named: NamedInRoutes, report: &mut LoadReport) {
    for file in [FeedFile::Networks, FeedFile::RouteNetworks] {
        if named == NamedInRoutes::NoColumn || !files.has(file.name()) {
            continue;
        }
        let expected = "no such file, because routes.txt has the column network_id";
        let defect = Defect::of_file(&files.path(file), expected);
        report.push(match named {
            NamedInRoutes::Some => defect,
            _ => defect.warning(),
        });
    }
}

fn networks(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let mut seen = BTreeSet::new();
    if let Some(mut table) = Table::open(files, FeedFile::Networks, report) {
        let id = table.required("network_id", report);
        let name = table.optional("network_name");
        while let Some(row) = table.next(report) {
            let Some(text) = row.id(id, report) else {
                continue;
            };
            if !seen.insert(text.to_owned()) {
                report.push(row.defect(id, "an id that no earlier row has"));
            } else if feed.ids.networks.define(text).is_some() {
                feed.networks.push(Network {
                    row: row.line,
                    name: row.name(name, report),
                });
            }
        }
    }
    feed.ids.networks.listed = !feed.networks.is_empty();
}

fn route_networks(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::RouteNetworks, report) else {
        return;
    };
    let network = table.required("network_id", report);
    let route = table.required("route_id", report);
    let mut seen = BTreeSet::new();
    while let Some(row) = table.next(report) {
        let Some(at) = network_of_row(&row, network, feed, report) else {
            continue;
        };
        let routes = &mut feed.ids.routes;
        let what = "a route of routes.txt";
        let Some(index) = row.required_reference(route, routes, what, report) else {
            continue;
        };
        if !seen.insert(index) {
            let expected = "a route that no earlier row has: a route is in one network";
            report.push(row.defect(route, expected));
            continue;
        }
        if let Some(found) = feed.routes.get_mut(index.index()) {
            found.network = Some(at);
        }
        feed.route_networks.push(RouteNetwork {
            row: row.line,
            network: at,
            route: index,
        });
    }
}

fn network_of_row(
    row: &Row<'_>,
    column: Column,
    feed: &mut Feed,
    report: &mut LoadReport,
) -> Option<NetworkIx> {
    let what = "a network of networks.txt";
    row.required_reference(column, &mut feed.ids.networks, what, report)
}

fn areas(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::Areas, report) else {
        return;
    };
    let id = table.required("area_id", report);
    let name = table.optional("area_name");
    while let Some(row) = table.next(report) {
        if row.define(id, &mut feed.ids.areas, report).is_some() {
            feed.areas.push(Area {
                row: row.line,
                name: row.name(name, report),
            });
        }
    }
    feed.ids.areas.listed = !feed.areas.is_empty();
}

fn stop_areas(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::StopAreas, report) else {
        return;
    };
    let area = table.required("area_id", report);
    let stop = table.required("stop_id", report);
    let mut seen = BTreeSet::new();
    while let Some(row) = table.next(report) {
        let what = "an area of areas.txt";
        let at = row.required_reference(area, &mut feed.ids.areas, what, report);
        let what = "a stop or station of stops.txt";
        let of = row.required_reference(stop, &mut feed.ids.stops, what, report);
        let (Some(at), Some(of)) = (at, of) else {
            continue;
        };
        if !seen.insert((at, of)) {
            let expected = "a pair that no earlier row has; it says nothing new";
            report.push(row.defect(stop, expected).warning());
            continue;
        }
        feed.stop_areas.push(StopArea {
            row: row.line,
            area: at,
            stop: of,
        });
    }
}

/// Reference, `stop_areas.stop_id`: the platforms of a station are in its areas, unless they are
/// assigned to others.
fn inherit_areas(feed: &mut Feed) {
    let mut areas: Vec<Vec<AreaIx>> = Vec::new();
    areas.resize_with(feed.ids.stops.len(), Vec::new);
    for row in &feed.stop_areas {
        if let Some(list) = areas.get_mut(row.stop.index()) {
            list.push(row.area);
        }
    }
    for list in &mut areas {
        list.sort_unstable();
    }
    let inherited: Vec<(usize, Vec<AreaIx>)> = feed
        .stops
        .iter()
        .enumerate()
        .filter(|(_, stop)| stop.kind == StopKind::Stop)
        .filter_map(|(index, stop)| {
            let own = areas.get(index)?;
            let station = areas.get(stop.parent?.index())?;
            (own.is_empty() && !station.is_empty()).then(|| (index, station.clone()))
        })
        .collect();
    for (index, list) in inherited {
        if let Some(own) = areas.get_mut(index) {
            *own = list;
        }
    }
    feed.areas_of_stop = areas;
}
