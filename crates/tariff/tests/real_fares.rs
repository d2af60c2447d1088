//! Published fares of real systems, read from a folder beside the repository. Where it is absent
//! these tests say so and check nothing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests stop at what should not happen and say what is absent"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

use serde_json::Value;
use tariff::{City, CityFiles, Leg, Unpriced};
use units::{NetworkId, StopId, Timestamp};

fn data(name: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fares");
    let path = root.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("absent, nothing checked: {}", path.display());
    }
    bytes
}

fn city_toml(time_zone: &str, currency: &str) -> String {
    format!(
        "name = \"Real\"\ntime_zone = \"{time_zone}\"\ncurrency = \"{currency}\"\n\
         service_day_starts = \"03:00\"\n[journey]\nlongest_minutes = 180\n\
         [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 0\n[operator]\nname = \"R\"\n"
    )
}

fn load(files: BTreeMap<String, String>) -> City {
    let files = files
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect();
    City::load(&CityFiles(files)).unwrap_or_else(|report| panic!("{report}"))
}

fn leg(network: Option<&str>, from: &str, to: &str) -> Leg {
    Leg {
        network: network.map(|id| NetworkId::new(id).unwrap()),
        from: StopId::new(from).unwrap(),
        to: Some(StopId::new(to).unwrap()),
        start: Timestamp::from_secs(0),
        end: None,
    }
}

/// The files that a city must have, for these stops, in this time zone and currency.
fn base(time_zone: &str, currency: &str, stops: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut stops_txt = "stop_id,stop_name,stop_lat,stop_lon\n".to_owned();
    stops_txt.extend(
        stops
            .iter()
            .map(|stop| format!("{stop},Stop {stop},22.3,114.2\n")),
    );
    BTreeMap::from([
        ("city.toml".to_owned(), city_toml(time_zone, currency)),
        (
            "gtfs/agency.txt".to_owned(),
            format!("agency_name,agency_url,agency_timezone\nR,https://example.org/,{time_zone}\n"),
        ),
        ("gtfs/stops.txt".to_owned(), stops_txt),
        (
            "gtfs/routes.txt".to_owned(),
            "route_id,route_short_name,route_type\nr,R,1\n".to_owned(),
        ),
    ])
}

/// Hong Kong's MTR: its published adult fares as area pairs, each of them queried back, and the
/// pairs that are not in the file queried too.
#[test]
fn hong_kong_s_matrix_comes_back() {
    let Some(packed) = data("mtr_hongkong_od_fares_2024.csv.gz") else {
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    // Names hold no commas in this file: the columns are name, id, name, id, adult fare, ...
    let mut fares = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        fares.insert(
            (cells[1].to_owned(), cells[3].to_owned()),
            cells[4].to_owned(),
        );
    }
    assert!(fares.len() > 4000, "{}", fares.len());
    let stations: BTreeSet<String> = fares
        .keys()
        .flat_map(|(from, to)| [from.clone(), to.clone()])
        .collect();

    let mut files = base("Asia/Hong_Kong", "HKD", &stations);
    let amounts: BTreeSet<&String> = fares.values().collect();
    let mut products = "fare_product_id,amount,currency\n".to_owned();
    products.extend(
        amounts
            .iter()
            .map(|amount| format!("adult_{amount},{amount},HKD\n")),
    );
    let mut areas = "area_id\n".to_owned();
    areas.extend(stations.iter().map(|id| format!("area_{id}\n")));
    let mut stop_areas = "area_id,stop_id\n".to_owned();
    stop_areas.extend(stations.iter().map(|id| format!("area_{id},{id}\n")));
    let mut rules = "from_area_id,to_area_id,fare_product_id\n".to_owned();
    rules.extend(
        fares
            .iter()
            .map(|((from, to), fare)| format!("area_{from},area_{to},adult_{fare}\n")),
    );
    for (path, text) in [
        ("gtfs/fare_products.txt", products),
        ("gtfs/areas.txt", areas),
        ("gtfs/stop_areas.txt", stop_areas),
        ("gtfs/fare_leg_rules.txt", rules),
    ] {
        files.insert(path.to_owned(), text);
    }
    let city = load(files);

    let mut unpriced = 0;
    for from in &stations {
        for to in &stations {
            let got = city.fare(&leg(None, from, to));
            if let Some(fare) = fares.get(&(from.clone(), to.clone())) {
                assert_eq!(got.unwrap().amount.to_string(), format!("HKD {fare}"));
            } else {
                assert!(matches!(got, Err(Unpriced::NoRule { .. })), "{from} {to}");
                unpriced += 1;
            }
        }
    }
    assert_eq!(unpriced + fares.len(), stations.len() * stations.len());
    println!(
        "{} fares of {} stations came back",
        fares.len(),
        stations.len()
    );
}

/// Cases of `OpenTripPlanner` and of the GTFS guide that need areas, networks and priorities only.
#[test]
fn guide_cases_of_single_legs() {
    let mut checked = Vec::new();
    for (file, total) in [
        ("otp_fares_v2_cases.json", "spec_total_minor"),
        ("gtfs_org_guide_cases.json", "expected_total_minor"),
    ] {
        let Some(bytes) = data(file) else { return };
        let cases: Value = serde_json::from_slice(&bytes).unwrap();
        for case in cases["cases"].as_array().unwrap() {
            let legs = case["legs"].as_array().unwrap();
            let feed = &cases["feeds"][case["feed"].as_str().unwrap()];
            if legs.len() != 1 || needs_more(feed) {
                continue;
            }
            let expect = match case["unpriced_legs"].as_array() {
                Some(unpriced) if !unpriced.is_empty() => None,
                _ => case[total].as_i64(),
            };
            let text = |field: &str| legs[0][field].as_str().unwrap_or_default();
            let city = load(files_of(feed, [text("from_stop_id"), text("to_stop_id")]));
            let network = Some(text("network_id")).filter(|id| !id.is_empty());
            let got = city.fare(&leg(network, text("from_stop_id"), text("to_stop_id")));
            let id = case["id"].as_str().unwrap();
            assert_eq!(got.ok().map(|fare| fare.amount.as_minor()), expect, "{id}");
            checked.push(id.to_owned());
        }
    }
    println!("cases that agree: {checked:?}");
    assert!(checked.len() >= 8, "{checked:?}");
}

/// Whether a feed has rules that are not rated here, or prices of several media.
fn needs_more(feed: &Value) -> bool {
    [
        "fare_transfer_rules.txt",
        "fare_leg_join_rules.txt",
        "timeframes.txt",
        "fare_media.txt",
    ]
    .iter()
    .any(|file| feed[file].as_array().is_some_and(|rows| !rows.is_empty()))
}

/// The files of a feed given as JSON, with the stops of a leg added.
fn files_of(feed: &Value, stops: [&str; 2]) -> BTreeMap<String, String> {
    let mut ids: BTreeSet<String> = stops.iter().map(|id| (*id).to_owned()).collect();
    for row in feed["stop_areas.txt"].as_array().into_iter().flatten() {
        ids.insert(row["stop_id"].as_str().unwrap().to_owned());
    }
    let currency = feed["fare_products.txt"][0]["currency"].as_str().unwrap();
    let mut files = base("Europe/Berlin", currency, &ids);
    for (name, rows) in feed.as_object().unwrap() {
        let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) else {
            continue;
        };
        if matches!(
            name.as_str(),
            "stops.txt" | "calendar.txt" | "calendar_dates.txt"
        ) {
            continue;
        }
        let columns: BTreeSet<&String> = rows
            .iter()
            .flat_map(|row| row.as_object().unwrap().keys())
            .collect();
        let line = |cells: Vec<&str>| cells.join(",") + "\n";
        let mut table = line(columns.iter().map(|column| column.as_str()).collect());
        for row in rows {
            let cells = columns
                .iter()
                .map(|column| row[column.as_str()].as_str().unwrap_or(""));
            table += &line(cells.collect());
        }
        files.insert(format!("gtfs/{name}"), table);
    }
    files
}
