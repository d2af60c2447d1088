//! Tests: tariffs that take over from one another, and the nights when clocks change.

use units::{AccountId, Span, Timestamp};

use super::*;
use crate::testing::{self, city_files};
use crate::{DayRating, Fare, Leg, Tap, TapKind, rate_day, rate_days};

const SHANGHAI: &str = "Asia/Shanghai";

/// The test city in a time zone, with `more` at the end of its `city.toml`.
fn files(zone: &str, more: &str) -> CityFiles {
    let CityFiles(mut files) = city_files();
    for path in ["city.toml", "gtfs/agency.txt"] {
        let text = String::from_utf8(files[path].clone()).unwrap();
        files.insert(path.to_owned(), text.replace(SHANGHAI, zone).into_bytes());
    }
    files
        .get_mut("city.toml")
        .unwrap()
        .extend_from_slice(more.as_bytes());
    CityFiles(files)
}

/// A copy of `gtfs/` as `folder`, in which North to Centre is 4.00 instead of 3.00.
fn dearer(files: &mut CityFiles, folder: &str) {
    let tables: Vec<(String, Vec<u8>)> = files
        .0
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_prefix("gtfs/")?.to_owned(), bytes.clone())))
        .collect();
    for (name, bytes) in tables {
        let text = String::from_utf8(bytes).unwrap();
        let text = text.replace("single_3,Single 3,qr,3.00", "single_3,Single 3,qr,4.00");
        files
            .0
            .insert(format!("{folder}/{name}"), text.into_bytes());
    }
}

fn with_change(zone: &str, effective: &str) -> City {
    let change = format!(
        "[[tariff]]\neffective = \"{effective}\"\ngtfs = \"later\"\nmaximum_minor = 1000\n"
    );
    let mut files = files(zone, &change);
    dearer(&mut files, "later");
    City::load(&files).unwrap_or_else(|report| panic!("{report}"))
}

fn defects(files: &CityFiles) -> Vec<String> {
    match City::load(files) {
        Ok(_) => Vec::new(),
        Err(report) => report.defects().iter().map(ToString::to_string).collect(),
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// From North to Centre, ten minutes from `start`.
fn ride(number: u32, start: Timestamp) -> [Tap; 2] {
    [
        testing::tap(number, start, 0, TapKind::On, testing::NORTH, None),
        testing::tap(number + 1, start, 10, TapKind::Off, testing::CENTRE, None),
    ]
}

fn rated(city: &City, taps: &[Tap]) -> Vec<DayRating> {
    let days = rate_days(city, AccountId::from_bytes([7; 16]), taps);
    days.into_iter().map(|(_, rating)| rating).collect()
}

/// The fares of all journeys in minor units, with the file of their first line.
fn fares(city: &City, taps: &[Tap]) -> Vec<(i64, String)> {
    let journeys = rated(city, taps).into_iter().flat_map(|day| day.journeys);
    journeys
        .map(|journey| {
            let Fare::Priced(amount) = journey.fare else {
                panic!("{:?}", journey.fare)
            };
            let rule = journey.lines[0].rule.clone().unwrap();
            (amount.as_minor(), rule.file)
        })
        .collect()
}

/// Seeded bug 39: a fare table in force one second early. Shanghai: 03:00 on the 7th is 19:00 UTC
/// of the 6th. Berlin, night of the 31st of March 2024: 03:00 CEST is 01:00 UTC, the very jump;
/// night of the 27th of October: 03:00 CET is 02:00 UTC.
#[test]
fn seeded_bug_39_a_tariff_takes_over_at_its_very_second() {
    for (zone, day, start) in [
        (SHANGHAI, "2019-01-07", "2019-01-06T19:00:00Z"),
        ("Europe/Berlin", "2024-03-31", "2024-03-31T01:00:00Z"),
        ("Europe/Berlin", "2024-10-27", "2024-10-27T02:00:00Z"),
        ("America/New_York", "2024-03-10", "2024-03-10T07:00:00Z"),
        ("America/New_York", "2024-11-03", "2024-11-03T08:00:00Z"),
    ] {
        let city = with_change(zone, day);
        let start = at(start);
        let old = (300, "gtfs/fare_leg_rules.txt".to_owned());
        let new = (400, "later/fare_leg_rules.txt".to_owned());
        for (micros, expect) in [
            (0, &new),
            (1, &new),
            (-601_000_000, &old),
            (-600_000_001, &old),
        ] {
            let taps = ride(1, start.plus(Span::from_micros(micros)));
            assert_eq!(
                fares(&city, &taps),
                std::slice::from_ref(expect),
                "{zone} {day} {micros} µs"
            );
        }
        // One second before, and one microsecond: by the old table, for the tap alone.
        for micros in [-1_000_000, -1] {
            let [on, _] = ride(1, start.plus(Span::from_micros(micros)));
            let expect = (900, "city.toml".to_owned());
            assert_eq!(fares(&city, &[on]), [expect], "{zone} {day} {micros} µs");
        }
        let [on, _] = ride(1, start);
        assert_eq!(
            fares(&city, &[on]),
            [(1000, "city.toml".to_owned())],
            "{zone} {day}"
        );
    }
}

#[test]
fn the_sentence_names_the_file_of_its_own_tariff() {
    let city = with_change(SHANGHAI, "2019-01-07");
    let ratings = rated(&city, &ride(1, at("2019-01-07T00:00:00Z")));
    let because = &ratings[0].journeys[0].lines[0].because;
    let breakdown = &ratings[0].journeys[0].breakdown[0];
    let told = crate::explain::sentence(&city, breakdown, crate::explain::Language::English);
    assert_eq!(&told, because);
    assert!(
        because.contains("(later/fare_leg_rules.txt row 3)"),
        "{because}"
    );
    // The last of several tariffs on or before a day; the order in city.toml does not matter.
    let more = "[[tariff]]\neffective = \"2019-03-01\"\ngtfs = \"c\"\n\
                [[tariff]]\neffective = \"2019-02-01\"\ngtfs = \"b\"\n";
    let mut files = files(SHANGHAI, more);
    dearer(&mut files, "b");
    dearer(&mut files, "c");
    let city = City::load(&files).unwrap();
    for (day, folder) in [
        ("2019-01-31", "gtfs/"),
        ("2019-02-01", "b/"),
        ("2019-02-28", "b/"),
        ("2019-03-01", "c/"),
        ("2030-01-01", "c/"),
    ] {
        let day = ServiceDay::parse(day).unwrap();
        assert_eq!(city.in_force(day).folder, folder, "{day}");
    }
}

/// What only a later tariff lists is unknown before it, and known by name all the time.
#[test]
fn a_stop_opens_with_the_tariff_that_lists_it() {
    let change = "[[tariff]]\neffective = \"2019-01-09\"\ngtfs = \"later\"\n";
    let mut files = files(SHANGHAI, change);
    dearer(&mut files, "later");
    let mut add = |name: &str, row: &str| {
        let path = format!("later/{name}");
        files
            .0
            .get_mut(&path)
            .unwrap()
            .extend_from_slice(row.as_bytes());
    };
    add("stops.txt", "x9,New Town,30.1,120.1,1\n");
    add("stop_areas.txt", "a_centre,x9\n");
    let city = City::load(&files).unwrap_or_else(|report| panic!("{report}"));
    let opened = StopId::new("x9").unwrap();
    assert_eq!(city.stop(&opened).unwrap().name, "New Town");
    let fare = |day: &str| {
        let [on, mut off] = ride(1, at(day));
        off.stop = opened;
        rated(&city, &[on, off])[0].journeys[0].fare.clone()
    };
    let why = crate::Unpriced::UnknownStop(opened);
    assert_eq!(fare("2019-01-08T00:00:00Z"), Fare::Unpriced { why });
    assert!(matches!(fare("2019-01-09T00:00:00Z"), Fare::Priced(fare) if fare.as_minor() == 400));
}

/// A week's cap that comes later reaches back before the change: Wednesday depends on Monday.
#[test]
fn windows_are_those_of_all_tariffs() {
    let change = "[[tariff]]\neffective = \"2019-01-09\"\ngtfs = \"later\"\n";
    let mut files = files(SHANGHAI, change);
    dearer(&mut files, "later");
    let caps = b"cap_id,period,amount\nw,week,9.00\n".to_vec();
    files.0.insert("later/fare_caps.txt".to_owned(), caps);
    let city = City::load(&files).unwrap();
    let day = |text: &str| ServiceDay::parse(text).unwrap();
    let window = crate::window_start(&city, day("2019-01-09"));
    assert_eq!(window, Some(day("2019-01-07")));
}

/// Three rides a week from Monday the 7th; the tariff changes on Wednesday. What was paid before
/// goes on counting under the same `cap_id`; the limit is that of the new tariff.
#[test]
fn caps_go_on_over_a_change() {
    let week = |old: &str, new: &str| {
        let change = "[[tariff]]\neffective = \"2019-01-09\"\ngtfs = \"later\"\n";
        let mut files = files(SHANGHAI, change);
        dearer(&mut files, "later");
        for (folder, rows) in [("gtfs", old), ("later", new)] {
            let text = format!("cap_id,period,amount\n{rows}\n");
            files
                .0
                .insert(format!("{folder}/fare_caps.txt"), text.into_bytes());
        }
        let city = City::load(&files).unwrap_or_else(|report| panic!("{report}"));
        let days = (7..12).map(|day| at(&format!("2019-01-{day:02}T00:00:00Z")));
        let taps: Vec<Tap> = (0u32..)
            .zip(days)
            .flat_map(|(n, day)| ride(2 * n, day))
            .collect();
        let paid: Vec<i64> = fares(&city, &taps)
            .into_iter()
            .map(|(paid, _)| paid)
            .collect();
        paid
    };
    // 3 + 3 before; then up to 11, though a ride is 4.
    assert_eq!(week("w,week,9.00", "w,week,11.00"), [300, 300, 400, 100, 0]);
    // A lower limit than what was paid: nothing more.
    assert_eq!(week("w,week,9.00", "w,week,5.00"), [300, 300, 0, 0, 0]);
    // Another rule begins at nothing, and so does one of another period.
    assert_eq!(week("w,week,9.00", "x,week,5.00"), [300, 300, 400, 100, 0]);
    assert_eq!(week("w,month,9.00", "w,week,5.00"), [300, 300, 400, 100, 0]);
    // The place in the file does not matter.
    let (old, new) = ("a,day,8.00\nw,week,9.00", "w,week,11.00\na,day,8.00");
    assert_eq!(week(old, new), [300, 300, 400, 100, 0]);
}

/// What one medium alone has paid goes on over a change too. The week's cap is 4.00 for the bus and
/// 20.00 for the metro. The phone pays 4.00 for two buses on Monday; the card's metro ride lifts
/// the limit that both share. After the change on Wednesday the card rides the metro again and the
/// phone a bus, which costs nothing: with the phone alone the bus's cap was reached on Monday.
#[test]
fn one_medium_s_sums_go_on_over_a_change() {
    let change = "[[tariff]]\neffective = \"2019-01-09\"\ngtfs = \"later\"\n";
    let mut files = files(SHANGHAI, change);
    dearer(&mut files, "later");
    let week = "w,week,bus,4.00\nw,week,metro,20.00\n";
    // Another rule comes first in the later file.
    for (folder, rows) in [
        ("gtfs", week.to_owned()),
        ("later", format!("d,day,,90.00\n{week}")),
    ] {
        let text = format!("cap_id,period,network_id,amount\n{rows}");
        let path = format!("{folder}/fare_caps.txt");
        files.0.insert(path, text.into_bytes());
    }
    let city = City::load(&files).unwrap_or_else(|report| panic!("{report}"));
    let on = |mut tap: Tap, medium: u8| {
        tap.holder.medium = Some(crate::Medium::from_bytes([medium; 16]));
        tap
    };
    let bus = |number, start| {
        let tap = testing::tap(
            number,
            start,
            0,
            TapKind::On,
            testing::MARKET,
            Some(testing::BUS),
        );
        on(tap, 1)
    };
    let metro = |number, start| ride(number, start).map(|tap| on(tap, 2));
    let hour = |text: &str| at(&format!("2019-01-{text}:00:00Z"));
    let mut taps = vec![bus(1, hour("07T00")), bus(2, hour("07T01"))];
    taps.extend(metro(3, hour("07T02")));
    taps.extend(metro(5, hour("09T00")));
    taps.push(bus(7, hour("09T01")));
    let paid: Vec<i64> = fares(&city, &taps).into_iter().map(|fare| fare.0).collect();
    assert_eq!(paid, [200, 200, 300, 400, 0]);
}

#[test]
fn a_later_tariff_is_checked_like_the_first() {
    let more = "[[tariff]]\neffective = \"2019-02-01\"\ngtfs = \"later\"\n";
    let missing = files(SHANGHAI, more);
    assert_eq!(
        defects(&missing),
        [
            "later/stops.txt: expected the file to exist",
            "later/fare_leg_rules.txt: expected the file to exist"
        ]
    );
    let mut wrong = files(SHANGHAI, more);
    dearer(&mut wrong, "later");
    let products = String::from_utf8(wrong.0["later/fare_products.txt"].clone()).unwrap();
    let products = products.replace("4.00,CNY", "4.00,EUR").into_bytes();
    wrong
        .0
        .insert("later/fare_products.txt".to_owned(), products);
    let caps = b"cap_id,period,amount\nx,day,1\n".to_vec();
    wrong.0.insert("later/fare_caps.txt".to_owned(), caps);
    let found = defects(&wrong);
    assert!(
        found.len() == 3
            && found[0].starts_with("later/fare_products.txt, row 3, currency: ")
            && found[1].starts_with("later/fare_products.txt, row 4, currency: ")
            && found[2].starts_with("later/fare_caps.txt, row 2, amount: "),
        "{found:#?}"
    );
    for (entry, start) in [
        (
            "effective = \"1 May\"\ngtfs = \"b\"",
            "city.toml, row 21, tariff.effective: ",
        ),
        (
            "effective = \"2019-05-01\"\ngtfs = \"../b\"",
            "city.toml, row 22, tariff.gtfs: ",
        ),
        (
            "effective = \"2019-05-01\"\ngtfs = \"gtfs\"\nmaximum_minor = -1",
            "city.toml, row 23, tariff.maximum_minor: ",
        ),
    ] {
        let found = defects(&files(SHANGHAI, &format!("[[tariff]]\n{entry}\n")));
        assert!(
            found.len() == 1 && found[0].starts_with(start),
            "{found:#?}"
        );
    }
    let twice = "[[tariff]]\neffective = \"2019-05-01\"\ngtfs = \"gtfs\"\n".repeat(2);
    let found = defects(&files(SHANGHAI, &twice));
    assert!(
        found[0].starts_with("city.toml, row 24, tariff.effective: expected each day once"),
        "{found:#?}"
    );
}

/// The clocks of a zone around one change, from the rules of the tz database by hand: the instant,
/// and the seconds east of Greenwich before and after it.
const CHANGES: [(&str, &str, i64, i64); 7] = [
    ("Europe/Berlin", "2024-03-31T01:00:00Z", 3600, 7200),
    ("Europe/Berlin", "2024-10-27T01:00:00Z", 7200, 3600),
    ("America/New_York", "2024-03-10T07:00:00Z", -18_000, -14_400),
    ("America/New_York", "2024-11-03T06:00:00Z", -14_400, -18_000),
    (
        "Australia/Lord_Howe",
        "2024-04-06T15:00:00Z",
        39_600,
        37_800,
    ),
    (
        "Australia/Lord_Howe",
        "2024-10-05T15:30:00Z",
        37_800,
        39_600,
    ),
    // No change: the control.
    (SHANGHAI, "2024-03-31T01:00:00Z", 28_800, 28_800),
];

/// T34. Every minute of the day before and the day after each change, and the seconds beside it.
/// Service days start at 03:00, which no change skips or repeats, so that the day is the date three
/// hours ago by the clock on the wall. A timeframe holds by that clock too: `night` is from 01:30
/// to 02:30, hours that clocks skip, and show twice.
#[test]
fn every_minute_around_a_change_of_clocks() {
    for (zone, change, before, after) in CHANGES {
        let mut files = files(zone, "");
        let add = |files: &mut CityFiles, name: &str, text: &str| {
            files
                .0
                .insert(format!("gtfs/{name}"), text.as_bytes().to_vec());
        };
        let calendar = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,\
                        start_date,end_date\nsunday,0,0,0,0,0,0,1,20240101,20241231\n";
        add(&mut files, "calendar.txt", calendar);
        let frames = "timeframe_group_id,start_time,end_time,service_id\n\
                      night,01:30:00,02:30:00,sunday\n";
        add(&mut files, "timeframes.txt", frames);
        let rules = "network_id,from_timeframe_group_id,fare_product_id,rule_priority\n\
                     ,,single_2,\n,night,single_5,1\n";
        add(&mut files, "fare_leg_rules.txt", rules);
        let city = City::load(&files).unwrap_or_else(|report| panic!("{report}"));
        let turn = at(change).as_micros().div_euclid(1_000_000);
        let (mut dear, mut hours) = (0, BTreeMap::<String, i64>::new());
        for minute in -1440..1440 {
            for second in [-1, 0, 1] {
                let instant = turn + minute * 60 + second;
                let wall = instant + if instant < turn { before } else { after };
                let here = Timestamp::from_secs(instant);
                let expect = ServiceDay::from_days(
                    i32::try_from((wall - 10_800).div_euclid(86_400)).unwrap(),
                );
                assert_eq!(
                    city.service_day(here),
                    expect,
                    "{zone} {change} {minute} {second}"
                );

                // Day 0 was a Thursday, so that Sundays are 3 days later.
                let sunday = wall.div_euclid(86_400).rem_euclid(7) == 3;
                let night = sunday && (5400..9000).contains(&wall.rem_euclid(86_400));
                let leg = Leg {
                    network: None,
                    from: StopId::new(testing::NORTH).unwrap(),
                    to: StopId::new(testing::CENTRE).ok(),
                    start: here,
                    end: Some(here.plus(Span::from_secs(600))),
                };
                let fare = city.fare(&leg).unwrap().amount.as_minor();
                assert_eq!(
                    fare,
                    if night { 500 } else { 200 },
                    "{zone} {change} {minute} {second}"
                );
                if second == 0 {
                    dear += i64::from(night);
                    *hours.entry(expect.to_string()).or_default() += 1;
                }
            }
        }
        // By hand, minutes of `night`: Berlin and New York 30 in spring (01:30 to 02:00), 60 in
        // autumn and as many again where clocks show it twice; Lord Howe half an hour each way.
        let nights = match (zone, after - before) {
            (_, 0) => 60,
            ("Europe/Berlin" | "America/New_York", 3600) | ("Australia/Lord_Howe", 1800) => 30,
            _ => 90,
        };
        assert_eq!(dear, nights, "{zone} {change}");
    }
}

/// Seeded bug 24: service days counted in UTC. 00:30 in Shanghai is 16:30 UTC of the day before;
/// 21:00 in New York is 01:00 or 02:00 UTC of the day after.
#[test]
fn seeded_bug_24_service_days_are_those_of_the_city() {
    let check = |zone: &str, instant: &str, day: &str| {
        let city = City::load(&files(zone, "")).unwrap();
        assert_eq!(
            city.service_day(at(instant)).to_string(),
            day,
            "{zone} {instant}"
        );
    };
    check(SHANGHAI, "2019-01-07T16:30:00Z", "2019-01-07");
    check(SHANGHAI, "2019-01-07T18:59:59Z", "2019-01-07");
    check(SHANGHAI, "2019-01-07T19:00:00Z", "2019-01-08");
    check(SHANGHAI, "2019-01-07T23:30:00Z", "2019-01-08"); // 07:30 on the 8th
    check("America/New_York", "2024-01-16T02:00:00Z", "2024-01-15");
    check("America/New_York", "2024-07-16T01:00:00Z", "2024-07-15");
}

/// Seeded bug 25: the hour that clocks show twice counted twice, or not at all. From the first
/// 02:10 to the second 02:20 are 70 minutes, though the wall says 10.
#[test]
fn seeded_bug_25_the_doubled_hour_lasts_as_long_as_it_does() {
    let CityFiles(mut files) = files("Europe/Berlin", "");
    let toml = String::from_utf8(files["city.toml"].clone()).unwrap();
    let toml = toml.replace("longest_minutes = 180", "longest_minutes = 60");
    files.insert("city.toml".to_owned(), toml.into_bytes());
    let city = City::load(&CityFiles(files)).unwrap();
    let day = ServiceDay::parse("2024-10-26").unwrap();
    let (start, end) = city.day_bounds(day);
    assert_eq!(end.since(start), Span::from_secs(25 * 3600));
    let spring = city.day_bounds(ServiceDay::parse("2024-03-30").unwrap());
    assert_eq!(spring.1.since(spring.0), Span::from_secs(23 * 3600));

    let ride = |on: &str, off: &str| {
        let taps = [
            testing::tap(1, at(on), 0, TapKind::On, testing::NORTH, None),
            testing::tap(2, at(off), 0, TapKind::Off, testing::CENTRE, None),
        ];
        let rating = rate_day(&city, AccountId::from_bytes([7; 16]), day, &taps);
        rating.journeys.len()
    };
    assert_eq!(
        ride("2024-10-27T00:10:00Z", "2024-10-27T01:20:00Z"),
        2,
        "70 minutes"
    );
    assert_eq!(
        ride("2024-10-27T00:10:00Z", "2024-10-27T01:10:00Z"),
        1,
        "60 minutes"
    );
    // The wall goes back 20 minutes; the ride takes 40.
    assert_eq!(
        ride("2024-10-27T00:50:00Z", "2024-10-27T01:30:00Z"),
        1,
        "40 minutes"
    );
}
