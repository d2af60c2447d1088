//! Clipper's 79 transfer windows (San Francisco Bay Area), each on both sides of its edge.
//!
//! Each agency is a network whose riders only tap on, at 2.50; each published window is a row of
//! `fare_transfer_rules.txt` with a free transfer (type 0 without a product), counted from tag to
//! tag (`duration_limit_type` 1). Two taps: within the window the second costs nothing, one second
//! later, or where no window is published for that direction, it costs 2.50.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use tariff::{City, CityFiles, Tap, TapKind, testing};
use units::{Span, Timestamp};

use crate::support::paid;

fn windows() -> Option<Vec<(String, String, i64)>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fares");
    let path = root.join("clipper_transfer_windows.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("absent, nothing checked: {}", path.display());
        return None;
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (
            cells[0].to_owned(),
            cells[1].to_owned(),
            cells[2].trim().parse().unwrap(),
        )
    };
    Some(text.lines().skip(1).map(row).collect())
}

fn clipper(agencies: &[String], windows: &[(String, String, i64)]) -> City {
    let mut toml = "name = \"Bay\"\ntime_zone = \"America/Los_Angeles\"\ncurrency = \"USD\"\n\
                    service_day_starts = \"03:00\"\n[journey]\nlongest_minutes = 300\n\
                    [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 900\n\
                    [operator]\nname = \"Bay\"\n"
        .to_owned();
    let mut networks = "network_id\n".to_owned();
    let mut routes = "route_id,route_short_name,route_type\n".to_owned();
    let mut of_route = "network_id,route_id\n".to_owned();
    let mut legs = "leg_group_id,network_id,fare_product_id\n".to_owned();
    for agency in agencies {
        write!(toml, "[[tap_on_only]]\nnetwork = \"{agency}\"\n").unwrap();
        writeln!(networks, "{agency}").unwrap();
        writeln!(routes, "r {agency},{agency},3").unwrap();
        writeln!(of_route, "{agency},r {agency}").unwrap();
        writeln!(legs, "{agency},{agency},single").unwrap();
    }
    let mut transfers = "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,\
                         duration_limit_type,fare_transfer_type,fare_product_id\n"
        .to_owned();
    for (from, to, minutes) in windows {
        let count = if from == to { "1" } else { "" };
        writeln!(transfers, "{from},{to},{count},{},1,0,", minutes * 60).unwrap();
    }
    let agency = "agency_name,agency_url,agency_timezone\n\
                  Bay,https://example.org/,America/Los_Angeles\n";
    let mut files = CityFiles(BTreeMap::from([(
        "city.toml".to_owned(),
        toml.into_bytes(),
    )]));
    for (name, text) in [
        ("agency.txt", agency.to_owned()),
        (
            "stops.txt",
            "stop_id,stop_name,stop_lat,stop_lon\ns,Stop,37.0,-122.0\n".to_owned(),
        ),
        ("routes.txt", routes),
        ("networks.txt", networks),
        ("route_networks.txt", of_route),
        (
            "fare_products.txt",
            "fare_product_id,amount,currency\nsingle,2.50,USD\n".to_owned(),
        ),
        ("fare_leg_rules.txt", legs),
        ("fare_transfer_rules.txt", transfers),
    ] {
        files.0.insert(format!("gtfs/{name}"), text.into_bytes());
    }
    City::load(&files).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn both_sides_of_every_window() {
    let Some(windows) = windows() else { return };
    assert_eq!(windows.len(), 79);
    let mut agencies: Vec<String> = windows.iter().map(|row| row.0.clone()).collect();
    agencies.sort();
    agencies.dedup();
    assert_eq!(agencies.len(), 9);
    let city = clipper(&agencies, &windows);
    // 2024-01-10T18:00:00Z, ten in the morning.
    let start = Timestamp::from_secs(1_704_909_600);
    let after = |from: &str, to: &str, seconds: i64| {
        let tap = |id, agency: &str| {
            testing::tap(id, start, 0, TapKind::On, "s", Some(&format!("r {agency}")))
        };
        let (first, second) = (tap(1, from), tap(2, to));
        let second = Tap {
            at: start.plus(Span::from_secs(seconds)),
            ..second
        };
        paid(&city, &[first, second])
    };
    let mut right = 0;
    for from in &agencies {
        for to in &agencies {
            let row = windows.iter().find(|row| (&row.0, &row.1) == (from, to));
            let Some((_, _, minutes)) = row else {
                assert_eq!(after(from, to, 60), [250, 250], "{from} to {to}: no window");
                continue;
            };
            let edge = minutes * 60;
            assert_eq!(
                after(from, to, edge),
                [250, 0],
                "{from} to {to} at {edge} s"
            );
            assert_eq!(
                after(from, to, edge + 1),
                [250, 250],
                "{from} to {to} after {edge} s"
            );
            right += 1;
        }
    }
    println!("Clipper: {right} of {}", windows.len());
    assert_eq!(right, windows.len());
}
