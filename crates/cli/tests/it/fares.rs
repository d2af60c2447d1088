//! `faregate fares`: quotes, explanations, comparisons and maps, from real processes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{HEADER, failure, faregate, json, text, write_city};

/// Fare files alone: a metro and a bus, transfers to the bus free for 90 minutes.
const FEED: [(&str, &str); 4] = [
    (
        "fare_products.txt",
        "fare_product_id,fare_product_name,amount,currency\nm,Metro single,3.00,EUR\n\
         b,Bus single,2.00,EUR\n",
    ),
    (
        "fare_leg_rules.txt",
        "leg_group_id,network_id,from_area_id,to_area_id,fare_product_id,rule_priority\n\
         metro,metro,,,m,1\nbus,bus,,,b,1\n",
    ),
    (
        "fare_transfer_rules.txt",
        "from_leg_group_id,to_leg_group_id,duration_limit,duration_limit_type,fare_transfer_type\n\
         metro,bus,5400,1,0\n",
    ),
    ("networks.txt", "network_id\nmetro\nbus\n"),
];

fn write_feed(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, text) in FEED {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn write_zip(path: &Path, files: &[(&str, &[u8])]) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

fn leg(network: &str, start: &str, end: &str) -> Value {
    json!({"network_id": network, "from_stop_id": "a", "to_stop_id": "b", "trip_id": "t1",
           "start": format!("2026-01-31T{start}"), "end": format!("2026-01-31T{end}")})
}

fn itinerary(id: &str) -> Value {
    json!({"id": id, "legs": [leg("metro", "08:00:00", "08:20:00"), leg("bus", "08:30", "08:40")]})
}

fn ask(what: &str, city: &Path, legs: &str) -> Command {
    let mut command = faregate();
    command.args(["fares", what, "--city"]).arg(city);
    command.args(["--legs", legs]);
    command
}

/// Runs with `input` on standard input.
fn with_input(command: &mut Command, input: impl AsRef<[u8]>) -> std::process::Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

pub(crate) fn quoted(city: &Path, itineraries: &Value) -> Value {
    let mut command = ask("quote", city, "-");
    let output = with_input(command.arg("--json"), itineraries.to_string());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_quote_has_exactly_the_promised_fields() {
    let folder = tempfile::tempdir().unwrap();
    write_feed(folder.path());
    let mut seen = quoted(folder.path(), &json!([itinerary("x")]));
    let lines = seen[0]["lines"].as_array_mut().unwrap();
    for line in lines {
        assert!(
            line["because"].as_str().unwrap().contains("row 2"),
            "{line}"
        );
        line["because"] = Value::Null;
    }
    // Type 0 without a product: the transfer costs nothing, nor does the leg after it.
    let expected = json!([{
        "id": "x", "status": "priced", "total_minor": 300, "currency": "EUR", "unpriced_legs": [],
        "lines": [
            {"legs": [0], "product_id": "m", "amount_minor": 300,
             "rule": {"file": "fare_leg_rules.txt", "row": 2}, "because": null},
            {"legs": [1], "product_id": null, "amount_minor": 0,
             "rule": {"file": "fare_transfer_rules.txt", "row": 2}, "because": null}]}]);
    assert_eq!(seen, expected);
}

#[test]
fn what_nothing_prices_is_unpriced_and_never_free() {
    let folder = tempfile::tempdir().unwrap();
    write_feed(folder.path());
    let tram = json!([
        {"id": 7, "legs": [leg("tram", "08:00", "08:10")]},
        {"id": "part", "legs": [leg("", "08:00", "08:10"), leg("bus", "12:00", "12:10")]},
    ]);
    let seen = quoted(folder.path(), &tram);
    assert_eq!(seen[0]["id"], 7);
    assert_eq!(seen[0]["status"], "unpriced");
    assert_eq!(
        (&seen[0]["total_minor"], &seen[0]["currency"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        seen[1]["status"], "partial",
        "\"\" is in no network: {seen:#}"
    );
    assert_eq!(
        (&seen[1]["total_minor"], &seen[1]["unpriced_legs"]),
        (&json!(200), &json!([0]))
    );
}

#[test]
fn files_zips_and_folders_around_the_files_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let feed = folder.path().join("feed");
    write_feed(&feed);
    let legs = folder.path().join("legs.json");
    std::fs::write(&legs, json!([itinerary("x")]).to_string()).unwrap();
    let plain: Vec<(&str, &[u8])> = FEED.iter().map(|(n, t)| (*n, t.as_bytes())).collect();
    let inside: Vec<String> = FEED
        .iter()
        .map(|(name, _)| format!("some/{name}"))
        .collect();
    let around = inside
        .iter()
        .zip(&plain)
        .map(|(n, (_, t))| (n.as_str(), *t));
    write_zip(&folder.path().join("feed.zip"), &plain);
    write_zip(
        &folder.path().join("around.zip"),
        &around.collect::<Vec<_>>(),
    );
    for name in ["feed", "feed.zip", "around.zip"] {
        let mut command = ask("quote", &folder.path().join(name), legs.to_str().unwrap());
        assert_eq!(json(command.arg("--json"))[0]["total_minor"], 300, "{name}");
    }
    let lines = ask("quote", &feed, legs.to_str().unwrap())
        .output()
        .unwrap();
    assert!(
        text(&lines.stdout).contains("EUR 3.00"),
        "{}",
        text(&lines.stdout)
    );
}

#[test]
fn an_empty_array_is_answered_with_one_and_ten_thousand_in_order() {
    let folder = tempfile::tempdir().unwrap();
    write_feed(folder.path());
    assert_eq!(quoted(folder.path(), &json!([])), json!([]));
    let many: Vec<Value> = (0..10_000).map(|at| itinerary(&format!("i{at}"))).collect();
    let seen = quoted(folder.path(), &json!(many));
    let seen = seen.as_array().unwrap();
    assert_eq!(seen.len(), 10_000);
    for (at, quote) in seen.iter().enumerate() {
        assert_eq!(
            (&quote["id"], &quote["total_minor"]),
            (&json!(format!("i{at}")), &json!(300))
        );
    }
}

#[test]
fn what_is_no_array_of_itineraries_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_feed(folder.path());
    let check = |input: &[u8], expected: &[&str]| {
        let output = with_input(ask("quote", folder.path(), "-").arg("--json"), input);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(output.stdout.is_empty(), "nothing half-said");
        assert!(!said.contains("panicked"), "{said}");
        for part in expected {
            assert!(said.contains(part), "{said:?} lacks {part:?}");
        }
    };
    check(b"[{\"id\": \"1\", \"legs\"", &["line 1 column 19"]);
    check(b"{}", &["array of itineraries", "expected an array"]);
    check(b"[] []", &["trailing characters"]);
    check(b"", &["array of itineraries"]);
    check(b"[\"\xff\"]", &["expected UTF-8, the byte at 2 is not"]);
    // UTF-16, little endian.
    check(b"\xff\xfe[\0]\0", &["expected UTF-8, the byte at 0 is not"]);
    let deep = "[".repeat(100_000);
    check(deep.as_bytes(), &["array of itineraries"]);
    let said = failure(&mut ask("quote", &folder.path().join("none"), "-"));
    assert!(said.contains("none"), "{said}");
}

#[test]
fn a_mistake_is_told_with_its_place_and_keeps_nothing_else_from_its_price() {
    let folder = tempfile::tempdir().unwrap();
    write_feed(folder.path());
    let changed = |field: &str, value: Value| {
        let mut changed = itinerary("bad");
        changed["legs"][1][field] = value;
        changed
    };
    for (bad, expected) in [
        (
            changed("colour", json!("red")),
            "leg 1: field colour is not known; known are",
        ),
        (
            changed("end", json!("2026-01-31T08:00")),
            "leg 1: field end: it is before the start",
        ),
        (
            changed("start", json!("2026-01-31T07:00:00+01:00")),
            "leg 1: field start: ",
        ),
        (changed("start", json!("08:30:00")), "leg 1: field start: "),
        (
            changed("start", json!("2026-02-29T08:30")),
            "leg 1: field start: ",
        ),
        (
            changed("start", Value::Null),
            "leg 1: field start is missing",
        ),
        (
            changed("from_stop_id", json!(7)),
            "leg 1: field from_stop_id: a text is wanted",
        ),
        (json!({"id": "bad", "legs": []}), "field legs: 1 to"),
        (json!({"id": "bad"}), "field legs is missing"),
    ] {
        let input = json!([itinerary("x"), bad, itinerary("y")]).to_string();
        let output = with_input(ask("quote", folder.path(), "-").arg("--json"), input);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("itinerary 1 (id \"bad\")"), "{said}");
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        let totals = [0, 1, 2].map(|at| seen[at]["total_minor"].clone());
        assert_eq!(totals, [json!(300), Value::Null, json!(300)]);
        let bad_one = &seen[1];
        assert_eq!(
            (&bad_one["id"], &bad_one["status"]),
            (&json!("bad"), &json!("unpriced"))
        );
        assert_eq!(
            bad_one["unpriced_legs"].as_array().unwrap().len(),
            legs_of(&bad)
        );
        assert!(
            bad_one["because"][0].as_str().unwrap().contains(expected),
            "{seen}"
        );
    }
    let none = json!([{"legs": []}, 7]).to_string();
    let output = with_input(ask("quote", folder.path(), "-").arg("--json"), none);
    assert_eq!(output.status.code(), Some(1), "not one can be read");
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen.as_array().unwrap().len(), 2, "each has its answer");
}

fn legs_of(itinerary: &Value) -> usize {
    itinerary["legs"].as_array().map_or(0, Vec::len)
}

#[test]
fn names_that_the_feed_does_not_have_and_ids_that_come_twice_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    write_feed(folder.path());
    std::fs::write(folder.path().join("stops.txt"), "stop_id\na\nb\n").unwrap();
    let mut strange = itinerary("x");
    strange["rider_category"] = json!("pirate");
    strange["fare_media"] = json!("shell");
    strange["legs"][0]["from_stop_id"] = json!("nowhere");
    strange["legs"][1]["network_id"] = json!("tram");
    let input = format!("\u{feff}{}\r\n", json!([itinerary("x"), strange]));
    let output = with_input(ask("quote", folder.path(), "-").arg("--json"), input);
    let said = text(&output.stderr);
    for part in [
        "itinerary 1 (id \"x\"): an earlier one has this id",
        "itinerary 1 (id \"x\"): the feed has no rider category \"pirate\"",
        "itinerary 1 (id \"x\"): the feed has no fare medium \"shell\"",
        "itinerary 1 (id \"x\"): leg 0: from_stop_id: the feed has no stop \"nowhere\"",
        "itinerary 1 (id \"x\"): leg 1: network_id: the feed has no network \"tram\"",
    ] {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
    assert_eq!(said.lines().count(), 5, "{said}");
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&seen[0]["total_minor"], &seen[1]["status"]),
        (&json!(300), &json!("partial"))
    );
}

#[test]
fn an_itinerary_is_explained_in_three_languages() {
    let folder = tempfile::tempdir().unwrap();
    write_feed(folder.path());
    let input = json!([itinerary("x")]).to_string();
    let explained = |language: &str| -> Value {
        let mut command = ask("explain", folder.path(), "-");
        let output = with_input(command.args(["--json", "--language", language]), &input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let seen = explained("en");
    let lines = &seen[0]["lines"];
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["matching_rows"]),
        (&json!("leg"), &json!([2]))
    );
    assert_eq!(
        (&lines[1]["kind"], &lines[1]["transfer_type"]),
        (&json!("transfer"), &json!(0))
    );
    assert_eq!(
        lines[1]["rule"],
        json!({"file": "fare_transfer_rules.txt", "row": 2})
    );
    let has = |value: &Value, letters: std::ops::RangeInclusive<char>| {
        let text = value[0]["lines"][0]["because"].as_str().unwrap().to_owned();
        text.chars().any(|letter| letters.contains(&letter))
    };
    assert!(has(&explained("zh-CN"), '\u{4e00}'..='\u{9fff}'));
    assert!(has(&explained("ko"), '\u{ac00}'..='\u{d7a3}'));
    let said = failure(ask("explain", folder.path(), "-").args(["--language", "xx"]));
    assert!(said.contains("en, zh or ko"), "{said}");
}

/// Two riders of a day: ann goes a → c (¥3) and back, bob forgets to tap off (¥9).
fn write_taps(path: &Path) {
    let rows = [
        "1,ann,2019-01-07T08:00:00+08:00,on,a,,g",
        "2,ann,2019-01-07T08:20:00+08:00,off,c,,g",
        "4,ann,2019-01-07T18:20:00+08:00,off,a,,g",
        "3,ann,2019-01-07T18:00:00+08:00,on,c,,g",
        "5,bob,2019-01-07T09:00:00+08:00,on,b,,g",
        "5,bob,2019-01-07T09:00:00+08:00,on,b,,g",
        "6,bob,2019-01-07T09:00:00+08:00,on,nowhere,,g",
    ];
    std::fs::write(path, format!("{HEADER}{}\n", rows.join("\n"))).unwrap();
}

fn write_cap(city: &Path, amount: &str) {
    let cap = format!("cap_id,cap_name,period,amount\nday,Day cap,day,{amount}\n");
    std::fs::write(city.join("gtfs/fare_caps.txt"), cap).unwrap();
}

#[test]
fn taps_are_explained_from_tap_to_cap() {
    let folder = tempfile::tempdir().unwrap();
    let (city, taps) = (folder.path().join("city"), folder.path().join("taps.csv"));
    write_city(&city);
    write_cap(&city, "5.00");
    write_taps(&taps);
    let explain = || {
        let mut command = faregate();
        command.args(["fares", "explain", "--city"]).arg(&city);
        command.arg("--taps").arg(&taps);
        command
    };
    let seen = json(explain().args(["--json", "--account", "ann"]));
    assert_eq!(seen.as_array().unwrap().len(), 2, "{seen:#}");
    let back = &seen[1]["lines"][0];
    assert_eq!(back["taps"], json!(["3", "4"]), "{seen:#}");
    assert_eq!(back["leg"]["from_stop_id"], "c");
    assert_eq!(back["leg"]["start"], "2019-01-07T18:00:00");
    // a → c and c → a are rows 9 and 10 of the rules: 2 + 7 and 2 + 8.
    assert_eq!(
        back["rule"],
        json!({"file": "gtfs/fare_leg_rules.txt", "row": 10})
    );
    assert_eq!(
        (&back["product_id"], &back["price_minor"]),
        (&json!("three"), &json!(300))
    );
    assert_eq!(
        back["adjustments"],
        json!([{"kind": "cap", "name": "Day cap", "before_minor": 300, "after_minor": 200,
                "rule": {"file": "gtfs/fare_caps.txt", "row": 2}}])
    );
    assert_eq!(back["amount_minor"], 200, "5.00 a day: 3.00 and 2.00");
    let told = text(&explain().output().unwrap().stdout);
    assert!(
        told.contains("Day cap") && told.contains("maximum fare"),
        "{told}"
    );
    let told = text(
        &explain()
            .args(["--language", "ko"])
            .output()
            .unwrap()
            .stdout,
    );
    assert!(told.contains("최고 운임"), "{told}");
}

#[test]
fn a_comparison_counts_riders_categories_and_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for city in ["old", "new"] {
        write_city(&at(city));
        let categories = "rider_category_id,rider_category_name,is_default_fare_category\n\
                          adult,Adult,1\nchild,Child,0\n";
        std::fs::write(at(city).join("gtfs/rider_categories.txt"), categories).unwrap();
    }
    write_cap(&at("new"), "5.00");
    write_taps(&at("taps.csv"));
    std::fs::write(
        at("riders.csv"),
        "account_id,rider_category_id\nbob,child\n",
    )
    .unwrap();
    let diff = || {
        let mut command = faregate();
        command
            .args(["fares", "diff"])
            .arg(at("old"))
            .arg(at("new"));
        command.arg("--taps").arg(at("taps.csv"));
        command.arg("--riders").arg(at("riders.csv"));
        command
    };
    let seen = json(diff().arg("--json").arg("--html").arg(at("page.html")));
    // ann: 3 + 3 = 6, capped 5. bob: 9, capped 5.
    let all = &seen["all"];
    assert_eq!(
        (&all["before_minor"], &all["after_minor"]),
        (&json!(1500), &json!(1000))
    );
    assert_eq!(
        (&all["pay_less"], &all["pay_more"], &all["riders"]),
        (&json!(2), &json!(0), &json!(2))
    );
    assert_eq!(
        (&seen["taps"], &seen["repeated"], &seen["rejected"]),
        (&json!(5), &json!(1), &json!(1))
    );
    let child = &seen["by_category"][1];
    assert_eq!(child["rider_category_id"], "child", "{seen:#}");
    // ann is in no category of the file: the default one is hers.
    let default = &seen["by_category"][0];
    assert_eq!(
        (
            &default["rider_category_id"],
            &default["rider_category_name"]
        ),
        (&json!("adult"), &json!("Adult"))
    );
    assert_eq!(child["change_minor"], -400);
    let least = &seen["pay_most_less"][0];
    assert_eq!(
        (&least["account_id"], &least["change_minor"]),
        (&json!("bob"), &json!(-400))
    );
    let because = least["journeys"][0]["because_after"][0].as_str().unwrap();
    assert!(because.contains("gtfs/fare_caps.txt row 2"), "{because}");
    let riders: u64 = seen["histogram"]["bars"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bar| bar["riders"].as_u64().unwrap())
        .sum();
    assert_eq!(riders, 2);
    let page = std::fs::read_to_string(at("page.html")).unwrap();
    for part in [
        "prefers-color-scheme: dark",
        "class=\"bars\"",
        "role=\"rowheader\">Child",
        "default-src 'none'",
        "width=device-width",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(
            !page.contains(outside),
            "the page asks for nothing: {outside}"
        );
    }
    let told = text(&diff().output().unwrap().stdout);
    assert!(
        told.contains('█') && told.contains("CNY 15.00 → CNY 10.00"),
        "{told}"
    );
    let same = json(
        faregate()
            .args(["fares", "diff", "--json"])
            .arg(at("old"))
            .arg(at("old"))
            .arg("--taps")
            .arg(at("taps.csv")),
    );
    assert_eq!(
        (&same["all"]["pay_the_same"], &same["all"]["change_minor"]),
        (&json!(2), &json!(0))
    );
}

#[test]
fn a_comparison_says_what_it_cannot_compare() {
    let folder = tempfile::tempdir().unwrap();
    let city = folder.path().join("city");
    write_city(&city);
    let mut command = faregate();
    command
        .args(["fares", "diff"])
        .arg(&city)
        .arg(folder.path().join("none"));
    let said = failure(command.arg("--taps").arg("taps.csv"));
    assert!(said.contains("none"), "{said}");
    std::fs::write(folder.path().join("taps.csv"), "tap,account\n1,2\n").unwrap();
    let mut command = faregate();
    command.args(["fares", "diff"]).arg(&city).arg(&city);
    let said = failure(command.arg("--taps").arg(folder.path().join("taps.csv")));
    assert!(said.contains("tap_id"), "{said}");
}

#[test]
fn a_map_has_every_stop_its_fare_and_a_legend() {
    let folder = tempfile::tempdir().unwrap();
    let city = folder.path().join("city");
    write_city(&city);
    let map = |out: &str| {
        let mut command = faregate();
        command.args([
            "fares",
            "map",
            "--from",
            "a",
            "--at",
            "2019-01-07T08:00",
            "--json",
        ]);
        command.arg("--city").arg(&city);
        command.arg("--out").arg(folder.path().join(out));
        command
    };
    let seen = json(&mut map("map.svg"));
    let fare = |id: &str| {
        let stops = seen["stops"].as_array().unwrap();
        stops.iter().find(|stop| stop["stop_id"] == id).unwrap()["fare_minor"].clone()
    };
    // q is a bus stop in no area: no rule of the metro goes there.
    assert_eq!(
        [fare("a"), fare("b"), fare("c"), fare("q")],
        [json!(200), json!(200), json!(300), Value::Null]
    );
    let svg = std::fs::read_to_string(folder.path().join("map.svg")).unwrap();
    assert!(
        svg.starts_with("<svg") && svg.contains("Cedar: CNY 3.00"),
        "{svg}"
    );
    assert!(
        svg.contains("CNY 2.00<") && svg.contains("no fare"),
        "a legend: {svg}"
    );
    json(&mut map("map.html"));
    let page = std::fs::read_to_string(folder.path().join("map.html")).unwrap();
    assert!(
        page.contains("role=\"rowheader\">Cedar</th>") && page.contains("</i>CNY 3.00</td>"),
        "a table too"
    );
    json(&mut map("map.png"));
    let png = std::fs::read(folder.path().join("map.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 5_000);
    assert!(failure(&mut map("map.gif")).contains(".svg, .png or .html"));
    let said = failure(map("x.svg").args(["--category", "cat"]));
    assert!(said.contains("no category cat"), "{said}");
}
