//! Published fares and exercises that need more than GTFS has files for: distance bands, matrices,
//! caps, windows and zone tickets, rated from taps. Read from a folder beside the repository; where
//! it is absent these tests say so and check nothing.

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
use tariff::{City, CityFiles, Fare, Holder, Tap, TapKind, rate_days};
use units::{AccountId, RouteId, StopId, TapId, Timestamp};

fn data(name: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fares");
    let path = root.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("absent, nothing checked: {}", path.display());
    }
    bytes
}

fn json(name: &str) -> Option<Value> {
    data(name).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

/// A city of these stops, whose network of the same name as its only route is `n`, with `files`
/// (names inside `gtfs/`) besides.
fn city(currency: &str, stops: &BTreeSet<String>, boards: bool, files: &[(&str, String)]) -> City {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let tap_on_only = if boards {
        "[[tap_on_only]]\nnetwork = \"n\"\n"
    } else {
        ""
    };
    all.insert(
        "city.toml".to_owned(),
        format!(
            "name = \"Real\"\ntime_zone = \"Etc/UTC\"\ncurrency = \"{currency}\"\n\
             service_day_starts = \"00:00\"\ndefault_network = \"n\"\n\
             [journey]\nlongest_minutes = 300\n\
             [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 0\n\
             [operator]\nname = \"R\"\n{tap_on_only}"
        ),
    );
    let mut stops_txt = "stop_id,stop_name,stop_lat,stop_lon\n".to_owned();
    let mut areas = "area_id\n".to_owned();
    let mut stop_areas = "area_id,stop_id\n".to_owned();
    for stop in stops {
        stops_txt.push_str(&format!("{stop},{stop},1.0,1.0\n"));
        areas.push_str(&format!("at {stop}\n"));
        stop_areas.push_str(&format!("at {stop},{stop}\n"));
    }
    for (name, text) in [
        (
            "agency.txt",
            "agency_name,agency_url,agency_timezone\nR,https://example.org/,Etc/UTC\n".to_owned(),
        ),
        ("stops.txt", stops_txt),
        (
            "routes.txt",
            "route_id,route_short_name,route_type\nr,R,1\n".to_owned(),
        ),
        ("networks.txt", "network_id\nn\n".to_owned()),
        (
            "route_networks.txt",
            "network_id,route_id\nn,r\n".to_owned(),
        ),
        ("areas.txt", areas),
        ("stop_areas.txt", stop_areas),
        (
            "fare_products.txt",
            "fare_product_id,amount,currency\n".to_owned(),
        ),
        ("fare_leg_rules.txt", "fare_product_id\n".to_owned()),
    ] {
        all.insert(format!("gtfs/{name}"), text);
    }
    for (name, text) in files {
        all.insert(format!("gtfs/{name}"), text.clone());
    }
    let files = all
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect();
    City::load(&CityFiles(files)).unwrap_or_else(|report| panic!("{report}"))
}

fn tap(id: usize, secs: i64, kind: TapKind, stop: &str, route: Option<&str>) -> Tap {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(id as u64).to_be_bytes());
    Tap {
        at: Timestamp::from_secs(secs),
        kind,
        id: TapId::from_bytes(bytes),
        stop: StopId::new(stop).unwrap(),
        route: route.map(|id| RouteId::new(id).unwrap()),
        holder: Holder::default(),
    }
}

/// What each journey costs in minor units, in order of time.
fn charges(city: &City, taps: &[Tap]) -> Vec<i64> {
    let account = AccountId::from_bytes([1; 16]);
    let days = rate_days(city, account, taps);
    let journeys = days.iter().flat_map(|(_, rating)| &rating.journeys);
    journeys
        .map(|journey| match &journey.fare {
            Fare::Priced(amount) => amount.as_minor(),
            Fare::Unpriced { why } => panic!("{why}"),
        })
        .collect()
}

/// `"2.50"` to 250.
fn minor(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

fn report(name: &str, right: usize, all: usize) {
    println!("{name}: {right} of {all}");
    assert_eq!(right, all, "{name}");
}

/// Hong Kong: every published fare of every class, queried back by taps of that class's riders.
#[test]
fn hong_kong_all_classes() {
    let Some(packed) = data("mtr_hongkong_od_fares_2024.csv.gz") else {
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let classes: Vec<&str> = header[4..]
        .iter()
        .map(|name| name.trim_matches('"'))
        .collect();
    assert_eq!(classes.len(), 9);
    let rows: Vec<Vec<&str>> = lines
        .map(|line| line.split(',').map(|cell| cell.trim_matches('"')).collect())
        .collect();
    let mut stops = BTreeSet::new();
    let mut matrix = format!("from_stop_id,to_stop_id,{}\n", classes.join(","));
    for row in &rows {
        stops.extend([row[1].to_owned(), row[3].to_owned()]);
        matrix.push_str(&format!("{},{},{}\n", row[1], row[3], row[4..].join(",")));
    }
    let mut categories =
        "rider_category_id,rider_category_name,is_default_fare_category\n".to_owned();
    let mut od = "column,rider_category_id\n".to_owned();
    for (place, class) in classes.iter().enumerate() {
        categories.push_str(&format!("{class},{class},{}\n", u8::from(place == 0)));
        od.push_str(&format!("{class},{class}\n"));
    }
    let files = [
        ("rider_categories.txt", categories),
        ("fare_od_classes.txt", od),
        ("fare_od_matrix.csv", matrix),
    ];
    let city = city("HKD", &stops, false, &files);
    assert_eq!(city.extensions().matrix.pairs(), rows.len());
    let (mut right, mut all) = (0, 0);
    for (place, _) in classes.iter().enumerate() {
        for (number, row) in rows.iter().enumerate() {
            // Each pair on a day of its own.
            let start = i64::try_from(number).unwrap() * 86_400 + 36_000;
            let mut taps = [
                tap(1, start, TapKind::On, row[1], None),
                tap(2, start + 600, TapKind::Off, row[3], None),
            ];
            for tap in &mut taps {
                tap.holder.category = u8::try_from(place + 1).unwrap();
            }
            all += 1;
            right += usize::from(charges(&city, &taps) == [minor(row[4 + place])]);
        }
    }
    report("MTR Hong Kong, pairs and classes", right, all);
}

/// Beijing: shortest way over the published metres, then the band.
#[test]
fn beijing_distances() {
    let (Some(rules), Some(sample)) = (
        json("metro_beijing_distances_and_rules.json"),
        data("metro_beijing_derived_od_sample.csv"),
    ) else {
        return;
    };
    let mut stops = BTreeSet::new();
    let mut links = "from_stop_id,to_stop_id,distance_meters\n".to_owned();
    for line in rules["lines"].as_array().unwrap() {
        // The airport lines have fares of their own: no part of the network of the bands.
        if line["line"].as_str().unwrap().ends_with("机场线") {
            continue;
        }
        let names: Vec<&str> = line["stations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        stops.extend(names.iter().map(|name| (*name).to_owned()));
        let metres = line["segment_m"].as_array().unwrap();
        for (pair, metres) in names.windows(2).zip(metres) {
            links.push_str(&format!("{},{},{metres}\n", pair[0], pair[1]));
        }
        if let Some(closing) = line["loop_closing_m"].as_i64() {
            links.push_str(&format!(
                "{},{},{closing}\n",
                names[names.len() - 1],
                names[0]
            ));
        }
    }
    let mut bands = "from_meters,to_meters,amount\n".to_owned();
    for band in rules["fare_rules"]["rule_groups"][0]["rules"]
        .as_array()
        .unwrap()
    {
        let end = band["end"]
            .as_i64()
            .map(|end| end.to_string())
            .unwrap_or_default();
        let start = band["start"].as_i64().unwrap_or(0);
        bands.push_str(&format!("{start},{end},{}.00\n", band["fare"]));
    }
    let files = [
        ("track_links.txt", links),
        ("fare_distance_bands.txt", bands),
    ];
    let city = city("CNY", &stops, false, &files);
    let text = String::from_utf8(sample).unwrap();
    let (mut right, mut all, mut skipped, mut same_metres) = (0, 0, 0, 0);
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.trim_start_matches('\u{feff}').split(',').collect();
        let (from, to) = (
            StopId::new(cells[0]).unwrap(),
            StopId::new(cells[1]).unwrap(),
        );
        let metres = city.extensions().distances.metres(None, &from, &to);
        same_metres += usize::from(metres.map(|m| m.to_string()).as_deref() == Some(cells[2]));
        // The rule of the data: near the edge of a band only where the model is the same.
        if cells[4].parse::<i64>().unwrap() < 150 {
            skipped += 1;
            continue;
        }
        let taps = [
            tap(1, 36_000, TapKind::On, cells[0], None),
            tap(2, 40_000, TapKind::Off, cells[1], None),
        ];
        all += 1;
        right += usize::from(charges(&city, &taps) == [minor(cells[3]) * 100]);
    }
    println!("the same metres: {same_metres}; skipped near an edge: {skipped}");
    report("Metro Beijing", right, all);
}

#[test]
fn clamcard_caps() {
    let Some(file) = json("capping_clamcard.json") else {
        return;
    };
    let mut stops = BTreeSet::new();
    let (mut areas, mut stop_areas) =
        ("area_id\nA\nB\n".to_owned(), "area_id,stop_id\n".to_owned());
    for zone in ["A", "B"] {
        for stop in file["rules"]["zones"][zone].as_array().unwrap() {
            let stop = stop.as_str().unwrap();
            stops.insert(stop.to_owned());
            stop_areas.push_str(&format!("{zone},{stop}\n"));
        }
    }
    areas.push('\n');
    let fare = |zone: &str, what: &str| {
        file["rules"]["fares_gbp"][zone][what]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (a, b) = (fare("A", "single"), fare("B", "single"));
    let products = format!("fare_product_id,amount,currency\nA,{a},GBP\nB,{b},GBP\n");
    let rules = "from_area_id,to_area_id,fare_product_id\nA,A,A\nA,B,B\nB,A,B\nB,B,B\n".to_owned();
    let mut caps = "cap_id,period,amount,from_area_id,to_area_id\n".to_owned();
    for period in ["day", "week", "month"] {
        let (a, b) = (fare("A", period), fare("B", period));
        caps.push_str(&format!(
            "{period},{period},{a},A,A\n{period},{period},{b},B,\n{period},{period},{b},,B\n"
        ));
    }
    let files = [
        ("areas.txt", areas.trim_end().to_owned() + "\n"),
        ("stop_areas.txt", stop_areas),
        ("fare_products.txt", products),
        ("fare_leg_rules.txt", rules),
        ("fare_caps.txt", caps),
    ];
    let city = city("GBP", &stops, false, &files);
    let (mut right, mut all) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let mut taps = Vec::new();
        for (place, journey) in case["journeys"].as_array().unwrap().iter().enumerate() {
            let start = 36_000 + i64::try_from(place).unwrap() * 3_600;
            let stop = |end: usize| journey[end].as_str().unwrap();
            taps.push(tap(place * 2 + 1, start, TapKind::On, stop(0), None));
            taps.push(tap(
                place * 2 + 2,
                start + 1_200,
                TapKind::Off,
                stop(1),
                None,
            ));
        }
        let expected: Vec<i64> = case["charges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| minor(c.as_str().unwrap()))
            .collect();
        all += 1;
        right += usize::from(charges(&city, &taps) == expected);
    }
    report("ClamCard", right, all);
}

#[test]
fn tigercard_peaks_and_caps() {
    let Some(file) = json("capping_tigercard.json") else {
        return;
    };
    let stops: BTreeSet<String> = ["z1", "z2"].iter().map(|id| (*id).to_owned()).collect();
    let rules = &file["rules"];
    let mut matrix = "from_stop_id,to_stop_id,peak,off\n".to_owned();
    for pair in ["1-1", "1-2", "2-1", "2-2"] {
        let (from, to) = pair.split_once('-').unwrap();
        let fare = &rules["fares"][pair];
        let (peak, off) = (&fare["peak"], &fare["off"]);
        matrix.push_str(&format!("z{from},z{to},{peak}.00,{off}.00\n"));
    }
    let classes = "column,from_timeframe_group_id\npeak,peak\noff,off\n".to_owned();
    // Both ends of a peak are included: it ends a second after the printed minute.
    let mut frames = "timeframe_group_id,start_time,end_time,service_id\n".to_owned();
    for (days, service) in [("Mon-Fri", "weekdays"), ("Sat-Sun", "weekend")] {
        let mut from = "00:00:00".to_owned();
        for peak in rules["peak"][days].as_array().unwrap() {
            let (start, end) = peak.as_str().unwrap().split_once('-').unwrap();
            frames.push_str(&format!("peak,{start}:00,{end}:01,{service}\n"));
            frames.push_str(&format!("off,{from},{start}:00,{service}\n"));
            from = format!("{end}:01");
        }
        frames.push_str(&format!("off,{from},24:00:00,{service}\n"));
    }
    let calendar = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,\
                    start_date,end_date\nweekdays,1,1,1,1,1,0,0,20200101,20301231\n\
                    weekend,0,0,0,0,0,1,1,20200101,20301231\n";
    let mut caps = "cap_id,period,amount,from_area_id,to_area_id\n".to_owned();
    for (pair, cap) in rules["caps"].as_object().unwrap() {
        let (from, to) = pair.split_once('-').unwrap();
        let mut ways = vec![(from, to)];
        if from != to {
            ways.push((to, from));
        }
        for period in ["day", "week"] {
            for (from, to) in &ways {
                let amount = &cap[period];
                caps.push_str(&format!(
                    "{period},{period},{amount}.00,at z{from},at z{to}\n"
                ));
            }
        }
    }
    let files = [
        ("fare_od_classes.txt", classes),
        ("fare_od_matrix.csv", matrix),
        ("timeframes.txt", frames),
        ("calendar.txt", calendar.to_owned()),
        ("fare_caps.txt", caps),
    ];
    let city = city("INR", &stops, false, &files);
    let (mut right, mut all) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let mut taps = Vec::new();
        for (place, journey) in case["journeys"].as_array().unwrap().iter().enumerate() {
            let at = journey[0].as_str().unwrap();
            let at: jiff::civil::DateTime = at.parse().unwrap();
            let start = at
                .to_zoned(jiff::tz::TimeZone::UTC)
                .unwrap()
                .timestamp()
                .as_second();
            let stop = |end: usize| format!("z{}", journey[end]);
            taps.push(tap(place * 2 + 1, start, TapKind::On, &stop(1), None));
            taps.push(tap(
                place * 2 + 2,
                start + 1_200,
                TapKind::Off,
                &stop(2),
                None,
            ));
        }
        all += 1;
        let total: i64 = charges(&city, &taps).iter().sum();
        right += usize::from(total == case["total"].as_i64().unwrap() * 100);
    }
    report("TigerCard", right, all);
}

/// A city where riders only tap on, each route its own network, and what boarding them costs.
fn boarding_city(fares: &BTreeMap<String, i64>, more: &[(&str, String)]) -> City {
    let stops = BTreeSet::from(["s".to_owned()]);
    let mut routes = "route_id,route_short_name,route_type,network_id\nr,R,3,n\n".to_owned();
    let mut products = "fare_product_id,rider_category_id,amount,currency\n".to_owned();
    let mut rules = "network_id,fare_product_id\n".to_owned();
    for (id, price) in fares {
        routes.push_str(&format!("{id},{id},3,net {id}\n"));
        let (whole, part) = (price / 100, price % 100);
        products.push_str(&format!("p {id},regular,{whole}.{part:02},USD\n"));
        products.push_str(&format!("p {id},senior,1.00,USD\np {id},youth,0.00,USD\n"));
        rules.push_str(&format!("net {id},p {id}\n"));
    }
    let categories = "rider_category_id,rider_category_name,is_default_fare_category\n\
                      regular,Regular,1\nsenior,Senior,0\nyouth,Youth,0\n";
    let mut files = vec![
        ("routes.txt", routes),
        ("fare_products.txt", products),
        ("fare_leg_rules.txt", rules),
        ("rider_categories.txt", categories.to_owned()),
    ];
    files.extend(more.iter().map(|(name, text)| (*name, text.clone())));
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut toml = String::new();
    for id in fares.keys() {
        toml.push_str(&format!("[[tap_on_only]]\nnetwork = \"net {id}\"\n"));
    }
    all.insert(
        "city.toml".to_owned(),
        format!(
            "name = \"Real\"\ntime_zone = \"Etc/UTC\"\ncurrency = \"USD\"\n\
             service_day_starts = \"00:00\"\n[journey]\nlongest_minutes = 300\n\
             [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 0\n\
             [operator]\nname = \"R\"\n{toml}"
        )
        .into_bytes(),
    );
    let mut stops_txt = "stop_id,stop_name,stop_lat,stop_lon\n".to_owned();
    stops_txt.extend(stops.iter().map(|stop| format!("{stop},{stop},1.0,1.0\n")));
    files.push(("stops.txt", stops_txt));
    let agency = "agency_name,agency_url,agency_timezone\nR,https://example.org/,Etc/UTC\n";
    files.push(("agency.txt", agency.to_owned()));
    for (name, text) in files {
        all.insert(format!("gtfs/{name}"), text.into_bytes());
    }
    City::load(&CityFiles(all)).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn highest_fare_in_a_window() {
    let Some(file) = json("otp_highest_fare_in_window.json") else {
        return;
    };
    let fares: BTreeMap<String, i64> = file["route_fares_usd"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, fare)| (id.clone(), minor(fare.as_str().unwrap())))
        .collect();
    let windows = "window_id,duration_seconds\nfree,9000\n".to_owned();
    let city = boarding_city(&fares, &[("fare_windows.txt", windows)]);
    let (mut right, mut all) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let taps: Vec<Tap> = case["legs"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(place, leg)| {
                let at = leg["departure_s"].as_i64().unwrap();
                tap(place, at, TapKind::On, "s", leg["route_id"].as_str())
            })
            .collect();
        all += 1;
        let total: i64 = charges(&city, &taps).iter().sum();
        right += usize::from(total == minor(case["expected_total"].as_str().unwrap()));
    }
    report("highest fare in a window", right, all);
}

#[test]
fn orca_windows() {
    let Some(file) = json("otp_orca_windows.json") else {
        return;
    };
    let (mut right, mut all) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let legs = case["legs"].as_array().unwrap();
        let mut fares = BTreeMap::new();
        let mut windows = "window_id,duration_seconds,reopens,network_id\n".to_owned();
        for leg in legs {
            let id = leg["agency"].as_str().unwrap().to_owned();
            let price = minor(leg["ride_price"].as_str().unwrap());
            if fares.insert(id.clone(), price).is_none() && leg["transfers"] != false {
                windows.push_str(&format!("orca,7200,1,net {id}\n"));
            }
        }
        let city = boarding_city(&fares, &[("fare_windows.txt", windows)]);
        for (name, category) in [
            ("electronicRegular", 1),
            ("electronicSenior", 2),
            ("electronicYouth", 3),
        ] {
            let Some(expected) = case["expected"][name].as_str() else {
                continue;
            };
            let taps: Vec<Tap> = legs
                .iter()
                .enumerate()
                .map(|(place, leg)| {
                    let at = leg["departure_min"].as_i64().unwrap() * 60;
                    let mut tap = tap(place, at, TapKind::On, "s", leg["agency"].as_str());
                    tap.holder.category = category;
                    tap
                })
                .collect();
            let got = charges(&city, &taps);
            all += 1;
            let by_leg = case["expected_charge_per_leg"].as_array();
            let legs_right = by_leg.is_none_or(|by_leg| {
                got.iter().eq(by_leg
                    .iter()
                    .map(|c| minor(c.as_str().unwrap()))
                    .collect::<Vec<_>>()
                    .iter())
            });
            right += usize::from(got.iter().sum::<i64>() == minor(expected) && legs_right);
        }
    }
    report("ORCA windows", right, all);
}

#[test]
fn helsinki_zone_tickets() {
    let Some(file) = json("otp_hsl_zone_tickets.json") else {
        return;
    };
    let stops: BTreeSet<String> = ["A", "B", "C", "D"]
        .iter()
        .map(|id| (*id).to_owned())
        .collect();
    let mut tickets = "fare_product_id,area_ids,duration_seconds,amount\n".to_owned();
    for (zones, price) in file["tickets_eur"].as_object().unwrap() {
        let areas: Vec<String> = zones.chars().map(|zone| format!("zone{zone}")).collect();
        let price = price.as_str().unwrap();
        tickets.push_str(&format!("{zones},{},300,{price}\n", areas.join(" ")));
    }
    let areas = "area_id\nzoneA\nzoneB\nzoneC\nzoneD\n".to_owned();
    let stop_areas = "area_id,stop_id\nzoneA,A\nzoneB,B\nzoneC,C\nzoneD,D\n".to_owned();
    let files = [
        ("areas.txt", areas),
        ("stop_areas.txt", stop_areas),
        ("fare_zone_tickets.txt", tickets),
    ];
    let city = city("EUR", &stops, false, &files);
    let (mut right, mut all) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let mut taps = Vec::new();
        for (place, leg) in case["legs"].as_array().unwrap().iter().enumerate() {
            let secs = |field: &str| {
                let parts: Vec<i64> = leg[field]
                    .as_str()
                    .unwrap()
                    .split(':')
                    .map(|p| p.parse().unwrap())
                    .collect();
                parts[0] * 3600 + parts[1] * 60 + parts[2]
            };
            let zone = |field: &str| leg[field].as_str().unwrap();
            taps.push(tap(
                place * 2,
                secs("departure"),
                TapKind::On,
                zone("from_zone"),
                None,
            ));
            taps.push(tap(
                place * 2 + 1,
                secs("arrival"),
                TapKind::Off,
                zone("to_zone"),
                None,
            ));
        }
        all += 1;
        let total: i64 = charges(&city, &taps).iter().sum();
        right += usize::from(total == minor(case["expected_total"].as_str().unwrap()));
    }
    report("HSL zone tickets", right, all);
}
