//! The GTFS files of a network: stops, lines, hours and the fare of every pair of stations.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use super::fares::{distances, yuan};
use super::hours::hours;
use super::network::Network;

/// The network whose fares go by distance; every stop of it is its own fare area.
const METRO: &str = "metro";

/// The network with one fare for every ride.
pub(crate) const BUS: &str = "bus";

/// Yuan of a ride on [`BUS`].
const BUS_YUAN: u32 = 2;

/// The days that the feed describes.
pub(crate) const FIRST_DAY: &str = "20190101";
pub(crate) const LAST_DAY: &str = "20190131";

/// The files of `gtfs/` by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Writes the feed.
///
/// # Errors
/// When a station cannot reach another one, or a table cannot be written.
pub(crate) fn write(network: &Network) -> Result<Files> {
    let mut files = Files::new();
    places(network, &mut files)?;
    fares(network, &mut files)?;
    hours(network, &mut files)?;
    about(network, &mut files)?;
    Ok(files)
}

/// Adds a file: header and rows of texts.
pub(crate) fn add<R, C>(files: &mut Files, name: &str, header: &[&str], rows: R) -> Result<()>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator,
    C::Item: AsRef<[u8]>,
{
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer
            .write_record(row)
            .with_context(|| format!("cannot write a row of {name}"))?;
    }
    files.insert(
        name.to_owned(),
        writer.into_inner().context("a buffer did not flush")?,
    );
    Ok(())
}

/// `agency.txt`, `stops.txt`, `routes.txt`, `networks.txt`, `route_networks.txt`.
fn places(network: &Network, files: &mut Files) -> Result<()> {
    add(
        files,
        "agency.txt",
        &[
            "agency_id",
            "agency_name",
            "agency_url",
            "agency_timezone",
            "agency_lang",
        ],
        network.agencies.iter().map(|agency| {
            [
                agency.id.as_str(),
                &agency.name_en,
                &agency.url,
                "Asia/Shanghai",
                "en",
            ]
        }),
    )?;
    add(
        files,
        "stops.txt",
        &[
            "stop_id",
            "stop_name",
            "stop_lat",
            "stop_lon",
            "location_type",
        ],
        network
            .stops
            .iter()
            .map(|(id, stop)| [id.as_str(), &stop.name_en, &stop.lat, &stop.lon, "0"]),
    )?;
    add(
        files,
        "routes.txt",
        &[
            "route_id",
            "agency_id",
            "route_short_name",
            "route_type",
            "route_color",
            "route_text_color",
        ],
        network.lines.iter().map(|line| {
            [
                line.route_id.clone(),
                line.agency_id.clone(),
                line.name_en.clone(),
                line.route_type.to_string(),
                line.colour.clone(),
                line.text_colour.clone(),
            ]
        }),
    )?;
    let networks: BTreeSet<&str> = network
        .lines
        .iter()
        .map(|line| line.network.as_str())
        .collect();
    add(
        files,
        "networks.txt",
        &["network_id", "network_name"],
        networks.iter().map(|id| {
            [
                *id,
                if *id == BUS {
                    "City bus"
                } else {
                    "Hangzhou Metro"
                },
            ]
        }),
    )?;
    add(
        files,
        "route_networks.txt",
        &["network_id", "route_id"],
        network
            .lines
            .iter()
            .map(|line| [&line.network, &line.route_id]),
    )
}

/// Areas, products, and the leg rule of every pair of stations.
fn fares(network: &Network, files: &mut Files) -> Result<()> {
    let distances = distances(network, METRO);
    let stations: Vec<&String> = distances.keys().collect();
    add(
        files,
        "areas.txt",
        &["area_id", "area_name"],
        stations.iter().map(|id| {
            let name = network
                .stops
                .get(*id)
                .map_or("", |stop| stop.name_en.as_str());
            [id.as_str(), name]
        }),
    )?;
    add(
        files,
        "stop_areas.txt",
        &["area_id", "stop_id"],
        stations.iter().map(|id| [id, id]),
    )?;

    let mut rules = Vec::new();
    let mut products = BTreeSet::new();
    for (from, to_metres) in &distances {
        ensure!(
            to_metres.len() == distances.len(),
            "{from} reaches {} of {} stations",
            to_metres.len(),
            distances.len()
        );
        for (to, metres) in to_metres {
            let fare = yuan(*metres);
            products.insert(fare);
            rules.push([
                METRO.to_owned(),
                from.clone(),
                to.clone(),
                metro_product(fare),
            ]);
        }
    }
    let bus_product = format!("bus-{BUS_YUAN}");
    rules.push([
        BUS.to_owned(),
        String::new(),
        String::new(),
        bus_product.clone(),
    ]);
    add(
        files,
        "fare_leg_rules.txt",
        &[
            "network_id",
            "from_area_id",
            "to_area_id",
            "fare_product_id",
        ],
        rules,
    )?;
    add(
        files,
        "fare_media.txt",
        &["fare_media_id", "fare_media_name", "fare_media_type"],
        [["app", "Faregate wallet", "4"]],
    )?;
    let mut rows = vec![[bus_product, "Bus ride".to_owned(), price(BUS_YUAN)]];
    rows.extend(products.iter().map(|fare| {
        [
            metro_product(*fare),
            format!("Metro single ¥{fare}"),
            price(*fare),
        ]
    }));
    let header = [
        "fare_product_id",
        "fare_product_name",
        "fare_media_id",
        "amount",
        "currency",
    ];
    add(
        files,
        "fare_products.txt",
        &header,
        rows.iter()
            .map(|[id, name, amount]| [id.as_str(), name, "app", amount, "CNY"]),
    )
}

fn metro_product(yuan: u32) -> String {
    format!("metro-{yuan}")
}

fn price(yuan: u32) -> String {
    format!("{yuan}.00")
}

/// `feed_info.txt` and the Chinese names in `translations.txt`.
fn about(network: &Network, files: &mut Files) -> Result<()> {
    let mut rows = Vec::new();
    let mut translate = |table: &str, field: &str, id: &str, text: &str| {
        let row = [table, field, "zh", text, id];
        rows.push(row.map(str::to_owned));
    };
    for agency in &network.agencies {
        translate("agency", "agency_name", &agency.id, &agency.name_zh);
    }
    for line in &network.lines {
        translate("routes", "route_short_name", &line.route_id, &line.name_zh);
    }
    for (id, stop) in &network.stops {
        translate("stops", "stop_name", id, &stop.name_zh);
    }
    let header = [
        "table_name",
        "field_name",
        "language",
        "translation",
        "record_id",
    ];
    add(files, "translations.txt", &header, rows)?;
    add(
        files,
        "feed_info.txt",
        &[
            "feed_publisher_name",
            "feed_publisher_url",
            "feed_lang",
            "feed_start_date",
            "feed_end_date",
            "feed_version",
        ],
        [[
            "Faregate",
            "https://github.com/faregate/faregate",
            "en",
            FIRST_DAY,
            LAST_DAY,
            "2019-01",
        ]],
    )
}
