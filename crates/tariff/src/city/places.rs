//! The stops, routes, networks and areas of a feed under the ids that taps and books use.

use std::collections::{BTreeMap, BTreeSet};

use units::{AreaId, NetworkId, RouteId, StopId, TextId};

use crate::feed::{Feed, FeedFile, FeedFiles, Names, StopKind};
use crate::{Defect, LoadReport};

/// A stop, platform or station where taps happen (`stops.txt`, `location_type` 0 or 1).
#[derive(Clone, PartialEq, Debug)]
pub struct Stop {
    /// `stop_id`.
    pub id: StopId,
    /// `stop_name`; the id where there is none.
    pub name: String,
    /// `stop_lat` and `stop_lon`, WGS 84 degrees.
    pub degrees: Option<(f64, f64)>,
}

/// A route (`routes.txt`) and its network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// `route_id`.
    pub id: RouteId,
    /// `route_short_name`, the long name where that is empty, the id where both are.
    pub name: String,
    /// From `route_networks.txt` or `routes.network_id`.
    pub network: Option<NetworkId>,
    /// `agency_id`, or the only agency of the feed where it is empty.
    pub agency: Option<TextId>,
}

/// The places of a feed.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) stops: BTreeMap<StopId, Stop>,
    pub(crate) routes: BTreeMap<RouteId, Route>,
    pub(crate) networks: BTreeSet<NetworkId>,
    pub(crate) areas: BTreeSet<AreaId>,
    /// The areas of each stop that has any, its station's included.
    pub(crate) areas_of_stop: BTreeMap<StopId, BTreeSet<AreaId>>,
    /// The station of each platform.
    pub(crate) stations: BTreeMap<StopId, StopId>,
    /// Names by `agency_id`; an agency without one is not here.
    pub(crate) agencies: BTreeMap<TextId, String>,
}

impl Places {
    /// Takes the places of `feed` over. Ids that are too long for taps have been told by
    /// [`check_ids`].
    pub(crate) fn of(feed: &Feed) -> Self {
        let ids = &feed.ids;
        let network = |index| NetworkId::new(ids.networks.text(index)).ok();
        let agency = |index| TextId::new(ids.agencies.text(index)).ok();
        let mut places = Self {
            networks: ids
                .networks
                .iter()
                .filter_map(|(_, text)| NetworkId::new(text).ok())
                .collect(),
            areas: ids
                .areas
                .iter()
                .filter_map(|(_, text)| AreaId::new(text).ok())
                .collect(),
            ..Self::default()
        };
        for ((_, text), row) in ids.agencies.iter().zip(&feed.agencies) {
            if let Ok(id) = TextId::new(text) {
                places.agencies.insert(id, row.name.to_string());
            }
        }
        for ((index, text), row) in ids.stops.iter().zip(&feed.stops) {
            // Entrances, generic nodes and boarding areas have no gates of their own.
            if !matches!(row.kind, StopKind::Stop | StopKind::Station) {
                continue;
            }
            let Ok(id) = StopId::new(text) else { continue };
            let name = if row.name.is_empty() { text } else { &row.name };
            let stop = Stop {
                id,
                name: name.to_owned(),
                degrees: row.place,
            };
            places.stops.insert(id, stop);
            let station = row.parent.map(|station| ids.stops.text(station));
            if let Some(Ok(station)) = station.map(StopId::new) {
                places.stations.insert(id, station);
            }
            let areas: BTreeSet<AreaId> = feed
                .areas_of(index)
                .iter()
                .filter_map(|area| AreaId::new(ids.areas.text(*area)).ok())
                .collect();
            if !areas.is_empty() {
                places.areas_of_stop.insert(id, areas);
            }
        }
        for ((_, text), row) in ids.routes.iter().zip(&feed.routes) {
            let Ok(id) = RouteId::new(text) else { continue };
            let name = if row.name.is_empty() { text } else { &row.name };
            let route = Route {
                id,
                name: name.to_owned(),
                network: row.network.and_then(network),
                agency: row.agency.and_then(agency),
            };
            places.routes.insert(id, route);
        }
        places
    }
}

/// Taps and books hold ids of at most [`TextId::BYTES_MAX`] bytes; feeds may have longer ones.
pub(super) fn check_ids(feed: &Feed, files: &FeedFiles<'_>, report: &mut LoadReport) {
    let ids = &feed.ids;
    let rows = feed.stops.iter().map(|row| row.row);
    short(
        &ids.stops,
        rows,
        files,
        (FeedFile::Stops, "stop_id"),
        report,
    );
    let rows = feed.routes.iter().map(|row| row.row);
    short(
        &ids.routes,
        rows,
        files,
        (FeedFile::Routes, "route_id"),
        report,
    );
    let rows = feed.networks.iter().map(|row| row.row);
    short(
        &ids.networks,
        rows,
        files,
        (FeedFile::Networks, "network_id"),
        report,
    );
    let rows = feed.areas.iter().map(|row| row.row);
    short(
        &ids.areas,
        rows,
        files,
        (FeedFile::Areas, "area_id"),
        report,
    );
    let rows = feed.media.iter().map(|row| row.row);
    short(
        &ids.media,
        rows,
        files,
        (FeedFile::FareMedia, "fare_media_id"),
        report,
    );
    let place = (FeedFile::RiderCategories, "rider_category_id");
    let rows = feed.categories.iter().map(|row| row.row);
    short(&ids.categories, rows, files, place, report);
    let rows = feed.fare_attributes.iter().map(|row| row.row);
    short(
        &ids.fares,
        rows,
        files,
        (FeedFile::FareAttributes, "fare_id"),
        report,
    );
    for row in &feed.products {
        let text = ids.products.text(row.product);
        one(
            text,
            row.row,
            files,
            (FeedFile::FareProducts, "fare_product_id"),
            report,
        );
    }
    for row in &feed.timeframes {
        let text = ids.timeframes.text(row.group);
        one(
            text,
            row.row,
            files,
            (FeedFile::Timeframes, "timeframe_group_id"),
            report,
        );
    }
}

fn short<T>(
    names: &Names<T>,
    rows: impl Iterator<Item = u32>,
    files: &FeedFiles<'_>,
    place: (FeedFile, &str),
    report: &mut LoadReport,
) {
    for ((_, text), row) in names.iter().zip(rows) {
        one(text, row, files, place, report);
    }
}

fn one(
    text: &str,
    row: u32,
    files: &FeedFiles<'_>,
    (file, field): (FeedFile, &str),
    report: &mut LoadReport,
) {
    if text.len() > TextId::BYTES_MAX {
        let expected = format!("an id of at most {} bytes", TextId::BYTES_MAX);
        let (file, row) = (files.path(file), u64::from(row));
        report.push(Defect::of_field(&file, row, field, text, expected));
    }
}
