//! `journeys-N.csv`: what the numbers of a statement follow from.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use settlement::apportion::published::{Published, PublishedJourney, RiderDay};
use tariff::Travelled;
use units::{JourneyId, NetworkId, PlaceError, RouteId, ServiceDay, StopId};

/// A row of the file; empty cells are what no tap says.
#[derive(Serialize, Deserialize)]
struct Row {
    service_day: String,
    /// Journeys of one day with one number are one rider's. The numbers of two days have nothing
    /// to do with each other.
    rider_day: u64,
    journey_id: String,
    network_id: String,
    route_id: String,
    from_stop_id: String,
    to_stop_id: String,
    alone_minor: i64,
    fare_minor: i64,
}

/// The journeys as CSV.
///
/// # Errors
/// Never for what settlement publishes; the writer's own all the same.
pub(super) fn write(published: &Published) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (day, riders) in published {
        for (rider_day, rides) in (1..).zip(riders) {
            for ride in rides {
                writer.serialize(row(*day, rider_day, ride))?;
            }
        }
    }
    Ok(writer.into_inner()?)
}

fn row(day: ServiceDay, rider_day: u64, ride: &PublishedJourney) -> Row {
    let Travelled {
        network,
        route,
        from,
        to,
    } = &ride.travelled;
    Row {
        service_day: day.to_string(),
        rider_day,
        journey_id: ride.id.to_string(),
        network_id: network.as_ref().map_or("", NetworkId::as_str).to_owned(),
        route_id: route.as_ref().map_or("", RouteId::as_str).to_owned(),
        from_stop_id: from.as_ref().map_or("", StopId::as_str).to_owned(),
        to_stop_id: to.as_ref().map_or("", StopId::as_str).to_owned(),
        alone_minor: ride.alone_minor,
        fare_minor: ride.fare_minor,
    }
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// With file, row and field.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Published> {
    let mut published = Published::new();
    let mut last: Option<(ServiceDay, u64)> = None;
    for (number, row) in (2_u64..).zip(csv::Reader::from_reader(bytes).deserialize::<Row>()) {
        let place = || format!("{}, row {number}", path.display());
        let row = row.with_context(place)?;
        let day = ServiceDay::parse(&row.service_day)
            .context("service_day")
            .with_context(place)?;
        let ride = ride(&row).with_context(place)?;
        let of_day = published.entry(day).or_default();
        match of_day
            .last_mut()
            .filter(|_| last == Some((day, row.rider_day)))
        {
            Some(rides) => rides.push(ride),
            None => of_day.push(RiderDay::from([ride])),
        }
        last = Some((day, row.rider_day));
    }
    Ok(published)
}

fn ride(row: &Row) -> Result<PublishedJourney> {
    Ok(PublishedJourney {
        id: JourneyId::parse(&row.journey_id).context("journey_id")?,
        travelled: Travelled {
            network: place(&row.network_id, NetworkId::new).context("network_id")?,
            route: place(&row.route_id, RouteId::new).context("route_id")?,
            from: place(&row.from_stop_id, StopId::new).context("from_stop_id")?,
            to: place(&row.to_stop_id, StopId::new).context("to_stop_id")?,
        },
        alone_minor: row.alone_minor,
        fare_minor: row.fare_minor,
    })
}

fn place<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, PlaceError>,
) -> Result<Option<T>, PlaceError> {
    (!text.is_empty()).then(|| parse(text)).transpose()
}
