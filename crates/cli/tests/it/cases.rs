//! Itineraries and what they cost, each worked out by hand from a sentence of the GTFS reference
//! (`crates/tariff/tests/cases`), asked of the binary as riders' apps ask it.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::fares::quoted;

/// A leg of a case: `network from to start end`, or `@route` in place of the network, `-` for none.
fn leg(text: &str) -> Value {
    let parts: Vec<&str> = text.split(' ').collect();
    let &[line, from, to, start, end] = parts.as_slice() else {
        panic!("{text}");
    };
    let time = |time: &str| {
        if time.contains('T') {
            time.to_owned()
        } else {
            format!("2025-01-15T{time}")
        }
    };
    let mut leg = json!({
        "from_stop_id": from, "to_stop_id": to, "start": time(start), "end": time(end),
    });
    match line.strip_prefix('@') {
        Some(route) => leg["route_id"] = route.into(),
        None => leg["network_id"] = line.trim_start_matches('-').into(),
    }
    leg
}

fn itinerary(case: &Value) -> Value {
    let legs = case["legs"].as_array().unwrap();
    let legs: Vec<Value> = legs
        .iter()
        .map(|text| leg(text.as_str().unwrap()))
        .collect();
    let mut itinerary = Map::from_iter([
        ("id".to_owned(), case["id"].clone()),
        ("legs".to_owned(), legs.into()),
    ]);
    for field in ["rider_category", "fare_media"] {
        if let Some(named) = case.get(field) {
            itinerary.insert(field.to_owned(), named.clone());
        }
    }
    itinerary.into()
}

#[test]
fn itineraries_cost_what_the_reference_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tariff/tests/cases/itineraries.json");
    let all: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = all["cases"].as_array().unwrap();
    let (mut good, mut misses) = (0, Vec::new());
    for (name, files) in all["feeds"].as_object().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        for (file, lines) in files.as_object().unwrap() {
            let lines = lines.as_array().unwrap().iter();
            let text: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
            let text = format!("{}\n", text.join("\n"));
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let own = || cases.iter().filter(|case| case["feed"] == name.as_str());
        let asked: Vec<Value> = own().map(itinerary).collect();
        let seen = quoted(folder.path(), &asked.into());
        for (case, quote) in own().zip(seen.as_array().unwrap()) {
            let fields = ["id", "status", "total_minor"];
            if fields.iter().all(|field| case[field] == quote[field]) {
                good += 1;
            } else {
                misses.push(format!("{case} but {quote}"));
            }
        }
    }
    println!("{good} of {} itineraries", cases.len());
    assert!(misses.is_empty(), "{misses:#?}");
    assert_eq!(good, cases.len(), "a case names a feed that is not there");
    assert!(good >= 139, "{good} cases are left");
}
