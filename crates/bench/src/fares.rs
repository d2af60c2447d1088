//! Pricing in memory: legs, and riders' taps; a flat city with free transfers, and the MBTA's
//! rules.

mod taps;

pub(crate) use taps::peak_mb;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use tariff::fares::{Fares, Leg, Moment, Place, Work};
use tariff::feed::AreaIx;
use tariff::{Feed, FeedFiles};
use units::ServiceDay;

use crate::measure::once;
use crate::report::Row;

/// Legs of one rider's day.
const DAY_LEGS: usize = 4;

/// A flat fare, transfers free for 90 minutes.
const FLAT: [(&str, &str); 4] = [
    ("networks.txt", "network_id\nbus\n"),
    (
        "fare_products.txt",
        "fare_product_id,amount,currency\nflat,2.00,EUR\n",
    ),
    (
        "fare_leg_rules.txt",
        "leg_group_id,network_id,fare_product_id\nflat,bus,flat\n",
    ),
    (
        "fare_transfer_rules.txt",
        "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,\
         fare_transfer_type,fare_product_id\nflat,flat,-1,5400,1,0,\n",
    ),
];

/// A leg with what it borrows.
struct Ride {
    network: Option<tariff::feed::NetworkIx>,
    from: Vec<AreaIx>,
    to: Vec<AreaIx>,
    start: Moment,
    end: Moment,
}

/// Days of riders over the leg rules of a feed: what they price, four legs a day.
fn days(fares: &Fares, riders: usize) -> Vec<Ride> {
    let day = ServiceDay::parse("2024-10-15").unwrap_or(ServiceDay::from_days(20_000));
    let priced = &fares.feed().leg_rules;
    let every_seventh = priced.iter().cycle().step_by(7);
    every_seventh
        .take(riders * DAY_LEGS)
        .enumerate()
        .map(|(at, rule)| {
            let minutes = u32::try_from(at % DAY_LEGS).unwrap_or(0) * 45;
            Ride {
                network: rule.network,
                from: rule.from_area.into_iter().collect(),
                to: rule.to_area.into_iter().collect(),
                start: Moment::civil(day, 28_800 + minutes * 60),
                end: Moment::civil(day, 29_400 + minutes * 60),
            }
        })
        .collect()
}

/// Legs per second over `riders` days, one core; the best of five runs.
#[expect(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "measuring time is what this is for"
)]
fn legs_per_s(fares: &Fares, riders: usize) -> f64 {
    let travelled = days(fares, riders);
    let legs: Vec<Leg<'_>> = travelled
        .iter()
        .map(|ride| {
            let place = |areas| Place {
                stop: None,
                areas: Some(areas),
            };
            Leg {
                network: ride.network,
                route: None,
                from: place(ride.from.as_slice()),
                to: Some(place(&ride.to)),
                start: ride.start,
                end: Some(ride.end),
            }
        })
        .collect();
    let rider = fares.rider(None, None);
    let mut work = Work::default();
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let begin = Instant::now();
        for day in legs.chunks(DAY_LEGS) {
            black_box(fares.price(&rider, black_box(day), &mut work));
        }
        best = best.max(legs.len() as f64 / begin.elapsed().as_secs_f64());
    }
    best
}

/// Legs per second, and how the time of ten times the legs compares.
fn of(fares: &Fares, ids: [&'static str; 2], what: &str, least: f64) -> Vec<Row> {
    let (few, many) = (legs_per_s(fares, 25_000), legs_per_s(fares, 250_000));
    let name = format!("{what}: legs priced, one core");
    let growth = format!("{what}: time of ten times the legs");
    vec![
        Row::plain(ids[0], &name, many, "legs/s").at_least(least),
        Row::plain(ids[1], &growth, 10.0 * few / many, "×").at_most(11.0),
    ]
}

/// Both cities; the MBTA's where its files are beside the repository, unpacked or not.
///
/// # Errors
/// When a feed does not load.
pub(crate) fn rows() -> anyhow::Result<Vec<Row>> {
    let unpacked = mbta()?;
    let mut rows = Vec::new();
    if let Some(unpacked) = &unpacked {
        // First of all, so that the peak of memory is that of loading.
        let mut files = FeedFiles::new("");
        for (name, bytes) in unpacked {
            files.insert(name, bytes);
        }
        let mut read = Err(anyhow::anyhow!("not read"));
        let seconds = once(|| read = Feed::read(&files).map(Fares::new).map_err(Into::into));
        let fares = read?;
        let load = Row::plain(
            "mbta_load",
            "MBTA: the feed loads and compiles in",
            seconds,
            "s",
        );
        rows.push(load.at_most(1.0));
        if let Some(peak) = peak_mb()? {
            let row = Row::plain("mbta_memory", "MBTA: peak memory of loading", peak, "MB");
            rows.push(row.at_most(200.0));
        }
        rows.extend(of(&fares, ["fares_mbta", "fares_mbta_growth"], "MBTA", 3e5));
    } else {
        eprintln!("absent, not measured: the MBTA's feed in ../shared/data/gtfs");
    }
    let mut files = FeedFiles::new("");
    for (name, text) in FLAT {
        files.insert(name, text.as_bytes());
    }
    let flat = Fares::new(Feed::read(&files)?);
    let ids = ["fares_flat", "fares_flat_growth"];
    rows.extend(of(&flat, ids, "flat + transfer", 1e6));
    rows.extend(taps::rows(unpacked.as_ref())?);
    Ok(rows)
}

/// The MBTA's files by name.
fn mbta() -> anyhow::Result<Option<BTreeMap<String, Vec<u8>>>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/gtfs");
    let Ok(file) = std::fs::File::open(root.join("mbta_2024-09_fares_v2.zip")) else {
        return Ok(None);
    };
    let mut archive = zip::ZipArchive::new(file)?;
    let mut unpacked = BTreeMap::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at)?;
        let mut bytes = Vec::new();
        std::io::copy(&mut entry, &mut bytes).context("the MBTA's feed")?;
        let name = entry.name()?.into_owned();
        unpacked.insert(name.rsplit('/').next().unwrap_or(&name).to_owned(), bytes);
    }
    Ok(Some(unpacked))
}
