//! Real feeds, read from a folder beside the repository. Where it is absent these tests say so.

use std::io::Read as _;
use std::path::PathBuf;

use serde_json::Value;
use tariff::Feed;

use super::{Files, read};

fn data(name: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = root.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("absent, nothing checked: {}", path.display());
    }
    bytes
}

/// The `.txt` files of a small zip archive, by its central directory.
fn unzip(bytes: &[u8]) -> Files {
    let number = |at: usize, size: usize| {
        let little = bytes[at..at + size].iter().rev();
        little.fold(0usize, |sum, byte| sum * 256 + usize::from(*byte))
    };
    let end = bytes
        .windows(4)
        .rposition(|four| four == b"PK\x05\x06")
        .unwrap();
    let mut at = number(end + 16, 4);
    let mut files = Files::new();
    for _ in 0..number(end + 10, 2) {
        let (method, packed) = (number(at + 10, 2), number(at + 20, 4));
        let (name, extra, comment) = (number(at + 28, 2), number(at + 30, 2), number(at + 32, 2));
        let local = number(at + 42, 4);
        let from = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        let source = &bytes[from..from + packed];
        let mut text = Vec::new();
        match method {
            0 => text.extend_from_slice(source),
            _ => {
                flate2::read::DeflateDecoder::new(source)
                    .read_to_end(&mut text)
                    .unwrap();
            }
        }
        let path = String::from_utf8(bytes[at + 46..at + 46 + name].to_vec()).unwrap();
        files.insert(path, text);
        at += 46 + name + extra + comment;
    }
    files
}

fn load(name: &str) -> Option<Feed> {
    let files = unzip(&data(name)?);
    Some(read(&files).unwrap_or_else(|report| panic!("{name}: {report}")))
}

/// Counts taken from the files with `wc` and `cut`, not from the reader.
#[test]
fn real_feeds_load() {
    if let Some(mbta) = load("gtfs/mbta_2024-09_fares_v2.zip") {
        assert_eq!(mbta.stops.len(), 10_205);
        assert_eq!((mbta.leg_rules.len(), mbta.transfer_rules.len()), (677, 37));
        assert_eq!((mbta.products.len(), mbta.agencies.len()), (96, 2));
        assert_eq!(mbta.time_zone(), Some("America/New_York"));
        assert!(!mbta.has_rule_priority && mbta.is_v2());
        let red = mbta
            .ids
            .routes
            .find("Red")
            .and_then(|route| mbta.network_of(route));
        assert_eq!(red, mbta.ids.networks.find("rapid_transit"));
        // Its rules name one timeframe group that timeframes.txt does not have.
        let warning = mbta.warnings().warnings()[0].to_string();
        assert!(warning.contains("timeframe_systemwide_free"), "{warning}");
        assert_eq!(mbta.warnings().warnings().len(), 1);
    }
    if let Some(svrta) = load("gtfs/svrta_2024-10_fares_v2_transfer.zip") {
        // networks.txt is absent: the networks are those of routes.txt.
        assert_eq!(svrta.leg_rules.len(), 3);
        let named: Vec<&str> = svrta.ids.networks.iter().map(|(_, text)| text).collect();
        assert!(
            ["local", "rayland", "robinson"]
                .iter()
                .all(|id| named.contains(id))
        );
        assert!(svrta.warnings().warnings().is_empty());
    }
    if let Some(caltrain) = load("gtfs/caltrain_2009_fares_v1_zones.zip") {
        assert!(!caltrain.is_v2());
        // 2.50 for one zone and 1.75 for each more, six zones.
        let prices: Vec<i64> = caltrain
            .fare_attributes
            .iter()
            .map(|row| row.price.as_minor())
            .collect();
        assert_eq!(prices, [250, 425, 600, 775, 950, 1125]);
        assert_eq!(caltrain.fare_rules.len(), 36);
    }
    if let Some(google) = load("gtfs/google_sample-feed-1.zip") {
        assert_eq!(
            (google.fare_attributes.len(), google.fare_rules.len()),
            (2, 4)
        );
        assert_eq!(google.fare_attributes[0].transfers, Some(0));
    }
    if let Some(nigiri) = load("gtfs/nigiri_core_airport.zip") {
        assert_eq!(
            (nigiri.join_rules.len(), nigiri.transfer_rules.len()),
            (2, 1)
        );
        assert!(nigiri.has_rule_priority);
    }
}

/// Folders of fare files alone, as written for quoting: also with tables that have no header.
#[test]
fn the_feeds_of_fare_cases_load() {
    for name in [
        "fares/otp_fares_v2_cases.json",
        "fares/gtfs_org_guide_cases.json",
    ] {
        let Some(bytes) = data(name) else { continue };
        let cases: Value = serde_json::from_slice(&bytes).unwrap();
        let feeds = cases["feeds"].as_object().unwrap();
        assert!(feeds.len() >= 4);
        for (feed, tables) in feeds {
            let tables = tables.as_object().unwrap().iter();
            let texts =
                tables.filter_map(|(name, rows)| Some((name.clone(), csv(rows.as_array()?))));
            let loaded = read(&texts.collect()).unwrap_or_else(|report| panic!("{feed}: {report}"));
            assert!(loaded.is_v2(), "{feed}");
        }
    }
}

fn csv(rows: &[Value]) -> Vec<u8> {
    let mut columns: Vec<&str> = Vec::new();
    for row in rows {
        for column in row.as_object().unwrap().keys() {
            if !columns.contains(&column.as_str()) {
                columns.push(column);
            }
        }
    }
    let mut text = columns.join(",") + "\r\n";
    for row in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| match &row[*column] {
                Value::String(text) => format!("\"{text}\""),
                Value::Null => String::new(),
                other => other.to_string(),
            })
            .collect();
        text += &(cells.join(",") + "\r\n");
    }
    text.into_bytes()
}
