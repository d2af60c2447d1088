//! Cases for Fares v1, and for policies that extend it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use units::ServiceDay;

use tariff::fares::{Fares, Moment};

use crate::support::{
    Ride, Score, at, cents, data, feed, json as read, load, minor, price, table, unzip,
};

const DAY: &str = "2025-01-15";

/// A feed of Fares v1 with these rows, a stop per zone (named like it), and a stop in no zone.
fn version_1(attributes: &[Value], rules: &[Value], zones: &[&str]) -> Fares {
    let mut files = BTreeMap::from([
        (
            "fare_attributes.txt".to_owned(),
            table(attributes).into_bytes(),
        ),
        (
            "stops.txt".to_owned(),
            zones
                .iter()
                .fold(
                    "stop_id,stop_name,stop_lat,stop_lon,zone_id\nnowhere,Nowhere,0,0,\n"
                        .to_owned(),
                    |stops, zone| stops + zone + "," + zone + ",0,0," + zone + "\n",
                )
                .into_bytes(),
        ),
        (
            "routes.txt".to_owned(),
            b"route_id,route_short_name,route_type\n1,1,3\n".to_vec(),
        ),
    ]);
    if !rules.is_empty() {
        files.insert("fare_rules.txt".to_owned(), table(rules).into_bytes());
    }
    load(&files)
}

fn ride(leg: &Value) -> Ride {
    let text = |field: &str| leg[field].as_str().map(str::to_owned);
    Ride {
        route: text("route_id"),
        from: text("from_zone").unwrap_or_else(|| "nowhere".to_owned()),
        to: text("to_zone").unwrap_or_else(|| "nowhere".to_owned()),
        start: Some(at(DAY, leg["departure"].as_str().unwrap())),
        end: Some(at(DAY, leg["arrival"].as_str().unwrap())),
        ..Ride::default()
    }
}

#[test]
fn open_trip_planner_s_default_fares() {
    let Some(file) = read("fares/otp_fares_v1_default_cases.json") else {
        return;
    };
    // The file's `transfers` is a test value of 10; GTFS has empty for any number.
    let mut attributes = file["feed"]["fare_attributes.txt"]
        .as_array()
        .unwrap()
        .clone();
    for row in &mut attributes {
        if row["transfers"].as_str().unwrap().starts_with("10") {
            row["transfers"] = "".into();
        }
    }
    let mut score = Score::default();
    for case in file["cases"].as_array().unwrap() {
        let rules = case["fare_rules"].as_array().unwrap();
        let fares = version_1(&attributes, rules, &["airport-zone", "city-center"]);
        let rides: Vec<Ride> = case["legs"].as_array().unwrap().iter().map(ride).collect();
        let want = case["total"].as_str().map(cents);
        let got = minor(&price(&fares, &rides, (None, None)));
        score.case(case["id"].as_str().unwrap(), &got, &want);
    }
    score.all("OpenTripPlanner, Fares v1", 3);
}

/// Helsinki's tickets are sets of zones. As pairs of zones that a ticket joins, they are plain
/// Fares v1 (for itineraries that stay within the zones of their ends).
#[test]
fn helsinki_s_zone_tickets() {
    let Some(file) = read("fares/otp_hsl_zone_tickets.json") else {
        return;
    };
    let (mut attributes, mut rules) = (Vec::new(), Vec::new());
    for (ticket, amount) in file["tickets_eur"].as_object().unwrap() {
        attributes.push(
            json!({"fare_id": ticket, "price": amount, "currency_type": "EUR",
            "payment_method": "1", "transfers": "", "transfer_duration": "300"}),
        );
        for from in ticket.chars() {
            for to in ticket.chars() {
                rules.push(json!({"fare_id": ticket, "origin_id": from.to_string(),
                    "destination_id": to.to_string()}));
            }
        }
    }
    let fares = version_1(&attributes, &rules, &["A", "B", "C", "D"]);
    let mut score = Score::default();
    for case in file["cases"].as_array().unwrap() {
        let rides: Vec<Ride> = case["legs"].as_array().unwrap().iter().map(ride).collect();
        let want = case["expected_total"].as_str().map(cents);
        let got = minor(&price(&fares, &rides, (None, None)));
        score.case(case["id"].as_str().unwrap(), &got, &want);
    }
    score.all("Helsinki's zones", 6);
}

/// A ride `seconds` after midnight.
fn at_second(network: &str, start: u64) -> Ride {
    let day = ServiceDay::parse(DAY).unwrap();
    let moment = Moment::civil(day, u32::try_from(start).unwrap());
    Ride {
        network: Some(network.to_owned()),
        from: "x".to_owned(),
        to: "y".to_owned(),
        start: Some(moment),
        end: Some(moment),
        ..Ride::default()
    }
}

/// The dearest fare of a window of 150 minutes, for windows of two rides: transfer rules that ask
/// for the difference. Longer windows need the extension of `docs/FARES.md` (a rule between two
/// groups measures from the leg before, and knows nothing of dearer legs before that).
#[test]
fn the_highest_fare_of_a_window() {
    let Some(file) = read("fares/otp_highest_fare_in_window.json") else {
        return;
    };
    let fares = feed(&[
        (
            "fare_products.txt",
            "fare_product_id,amount,currency\n\
             A,1.00,USD\nB,1.00,USD\nC,2.00,USD\ndearer,1.00,USD\n",
        ),
        (
            "fare_leg_rules.txt",
            "leg_group_id,network_id,fare_product_id\nA,A,A\nB,B,B\nC,C,C\n",
        ),
        ("networks.txt", "network_id\nA\nB\nC\n"),
        (
            "fare_transfer_rules.txt",
            "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,\
             duration_limit_type,fare_transfer_type,fare_product_id\n\
             A,B,,9000,1,0,\nB,A,,9000,1,0,\nC,A,,9000,1,0,\nC,B,,9000,1,0,\n\
             A,C,,9000,1,0,dearer\nB,C,,9000,1,0,dearer\n\
             A,A,-1,9000,1,0,\nB,B,-1,9000,1,0,\nC,C,-1,9000,1,0,\n",
        ),
    ]);
    let mut score = Score::default();
    for case in file["cases"].as_array().unwrap() {
        let rides: Vec<Ride> = case["legs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|leg| {
                let route = leg["route_id"].as_str().unwrap();
                at_second(route, leg["departure_s"].as_u64().unwrap())
            })
            .collect();
        let want = case["expected_total"].as_str().map(cents);
        let got = minor(&price(&fares, &rides, (None, None)));
        score.case(case["id"].as_str().unwrap(), &got, &want);
    }
    score.all("the highest fare of a window", 5);
}

/// Seattle: the cases that transfer rules can say. The ferry that neither opens nor ends a window
/// needs the extension of `docs/FARES.md`, since GTFS transfers are between consecutive legs;
/// riders with other prices need rider categories, and the case without prices gives none.
#[test]
fn seattle_s_windows() {
    let Some(file) = read("fares/otp_orca_windows.json") else {
        return;
    };
    let fares = feed(&[
        (
            "fare_products.txt",
            "fare_product_id,amount,currency\nkitsap,3.49,USD\ncomm_trans,2.50,USD\n",
        ),
        (
            "fare_leg_rules.txt",
            "leg_group_id,network_id,fare_product_id\n\
             kitsap,kitsap,kitsap\nct,comm_trans,comm_trans\nct,comm_trans_flex,comm_trans\n",
        ),
        (
            "networks.txt",
            "network_id\nkitsap\ncomm_trans\ncomm_trans_flex\n",
        ),
        (
            "fare_transfer_rules.txt",
            "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,\
             duration_limit_type,fare_transfer_type,fare_product_id\n\
             kitsap,kitsap,-1,7200,1,0,\nct,ct,-1,7200,1,0,\nkitsap,ct,,7200,1,0,\n",
        ),
    ]);
    let mut score = Score::default();
    for case in file["cases"].as_array().unwrap() {
        let legs = case["legs"].as_array().unwrap();
        let id = case["id"].as_str().unwrap();
        if legs.iter().any(|leg| leg["transfers"] == json!(false)) {
            println!("{id}: needs the extension for windows");
            continue;
        }
        let rides: Vec<Ride> = legs
            .iter()
            .map(|leg| {
                let minute = leg["departure_min"].as_u64().unwrap();
                at_second(leg["agency"].as_str().unwrap(), minute * 60)
            })
            .collect();
        let want = case["expected"]["electronicRegular"].as_str().map(cents);
        score.case(id, &minor(&price(&fares, &rides, (None, None))), &want);
    }
    score.all("Seattle's windows", 2);
}

/// Caltrain 2009: 2.50 and 1.75 for each zone that is entered, between all pairs of its stations.
#[test]
fn caltrain_s_zones() {
    let Some(archive) = data("gtfs/caltrain_2009_fares_v1_zones.zip") else {
        return;
    };
    let fares = load(&unzip(&archive));
    let feed = fares.feed();
    let zone = |stop: usize| -> Option<i64> {
        let zone = feed.stops[stop].zone?;
        feed.ids.zones.text(zone).parse().ok()
    };
    let names: Vec<&str> = feed.ids.stops.iter().map(|(_, text)| text).collect();
    let mut score = Score::default();
    for (from, from_name) in names.iter().enumerate() {
        for (to, to_name) in names.iter().enumerate() {
            let want = zone(from)
                .zip(zone(to))
                .map(|(from, to)| 250 + 175 * (from - to).abs());
            let rides = [Ride {
                route: Some("ct_local".to_owned()),
                from: (*from_name).to_owned(),
                to: (*to_name).to_owned(),
                start: Some(at(DAY, "09:00:00")),
                end: Some(at(DAY, "10:00:00")),
                ..Ride::default()
            }];
            let got = minor(&price(&fares, &rides, (None, None)));
            score.case(&format!("{from_name} to {to_name}"), &got, &want);
        }
    }
    score.all("Caltrain", 900);
}
