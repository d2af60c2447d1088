//! Out where one came in, too long inside, missing taps completed from evidence, disruptions.

use tariff::ext::Evidence;
use tariff::{Fare, PricedBy};

use crate::support::{city, costs, journeys, taps};

const EVENTS: (&str, &str) = (
    "journey_events.txt",
    "event,network_id,minutes,amount,evidence,confidence_percent\n\
     same_station_exit,metro,15,0.00,,\nsame_station_exit,metro,20,1.00,,\n\
     over_time,metro,120,2.00,,\nover_time,,150,4.00,,\nover_time,bus,10,8.00,,\n\
     auto_completion,metro,900,,day_ends,60\nauto_completion,metro,600,,next_tap,80\n",
);

#[test]
fn out_where_one_came_in_within_minutes() {
    let city = city(&[EVENTS]);
    let out = |clock: &str| costs(&city, &format!("7 08:00 on north; 7 {clock} off north"));
    assert_eq!(out("08:00"), [0]);
    assert_eq!(out("08:15:00"), [0], "inclusive");
    assert_eq!(out("08:15:01"), [100], "the next row");
    assert_eq!(out("08:20:00"), [100]);
    assert_eq!(out("08:20:01"), [200], "the leg rule of north to north");
    // South to south has no rule: within minutes it has a price all the same.
    let south = |clock: &str| taps(&format!("7 08:00 on south; 7 {clock} off south"));
    assert_eq!(
        journeys(&city, &south("08:15"))[0].lines[0]
            .amount
            .as_minor(),
        0
    );
    let later = &journeys(&city, &south("08:21"))[0];
    assert!(matches!(later.fare, Fare::Unpriced { .. }), "{later:?}");
    assert_eq!(
        costs(&city, "7 08:00 on north; 7 08:10 off centre"),
        [300],
        "elsewhere"
    );
}

#[test]
fn platforms_of_one_station_are_one_station() {
    let stops = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n\
                 north,North Gate,30.30,120.16,1,\ncentre,Central Square,30.25,120.16,1,\n\
                 south,South Lake,30.20,120.16,1,\nmarket,Market Street,30.26,120.17,0,\n\
                 n1,North Gate 1,30.30,120.16,0,north\nn2,North Gate 2,30.30,120.16,0,north\n";
    let city = city(&[EVENTS, ("stops.txt", stops)]);
    assert_eq!(costs(&city, "7 08:00 on n1; 7 08:15 off n2"), [0]);
    assert_eq!(costs(&city, "7 08:00 on n1; 7 08:15 off north"), [0]);
}

#[test]
fn staying_too_long_costs_more() {
    let city = city(&[EVENTS]);
    let ride = |clock: &str| costs(&city, &format!("7 08:00 on north; 7 {clock} off centre"));
    assert_eq!(ride("10:00:00"), [300], "120 minutes are free of it");
    assert_eq!(ride("10:00:01"), [500]);
    assert_eq!(ride("10:30:00"), [500]);
    assert_eq!(ride("10:30:01"), [700], "the greatest amount, not the sum");
    // Also out where one came in: 2.00 by the leg rule and 2.00.
    assert_eq!(costs(&city, "7 08:00 on north; 7 10:10 off north"), [400]);
}

fn completed(city: &tariff::City, text: &str, place: usize) -> Option<(i64, i64, Evidence)> {
    let journey = &journeys(city, &taps(text))[place];
    let line = &journey.breakdown[0];
    match line.priced_by {
        PricedBy::Completed {
            confidence_percent,
            evidence,
            ..
        } => Some((line.amount.as_minor(), confidence_percent, evidence)),
        PricedBy::Maximum => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_tap_off_is_where_the_rider_tapped_on_next() {
    let city = city(&[EVENTS]);
    // In at north, next in at centre: out at centre in between, 3.00, sure at 80 %.
    let text = "7 08:00 on north; 7 18:00 on centre; 7 18:20 off south";
    let next = Some((300, 80, Evidence::NextTap));
    assert_eq!(completed(&city, text, 0), next);
    assert_eq!(costs(&city, text), [300, 400]);
    // 600 minutes are the most; then it is no longer known, for the day did not end with it.
    let late = "7 08:00 on north; 7 18:00:01 on centre; 7 18:20 off south";
    assert_eq!(completed(&city, late, 0), None);
    assert_eq!(costs(&city, late), [900, 400]);
    // Next in at the same station says nothing; a bus in between is the next tap, and no leg rule
    // prices a metro ride to its stop.
    assert_eq!(
        costs(
            &city,
            "7 08:00 on north; 7 18:00 on north; 7 18:20 off south"
        ),
        [900, 500]
    );
    assert_eq!(
        costs(
            &city,
            "7 08:00 on north; 7 09:00 bus; 7 18:00 on centre; 7 18:20 off south"
        ),
        [900, 200, 400]
    );
}

#[test]
fn a_lone_tap_off_says_nothing_of_the_tap_on_before_it() {
    // 240 minutes apart: no journey, and no evidence of one for either.
    assert_eq!(
        costs(&city(&[EVENTS]), "7 08:00 on north; 7 12:00 off south"),
        [900, 900]
    );
}

#[test]
fn the_surest_completion_counts() {
    let rows = "event,minutes,evidence,confidence_percent\n\
                auto_completion,600,next_tap,80\nauto_completion,60,next_tap,95\n";
    let city = city(&[("journey_events.txt", rows)]);
    let sure = |clock: &str| {
        let text = format!("7 08:00 on north; 7 {clock} on centre; 7 12:00 off south");
        completed(&city, &text, 0)
    };
    assert_eq!(sure("09:00:00"), Some((300, 95, Evidence::NextTap)));
    assert_eq!(sure("09:00:01"), Some((300, 80, Evidence::NextTap)));
}

#[test]
fn a_missing_tap_on_is_where_the_rider_tapped_off_before() {
    let city = city(&[EVENTS]);
    let text = "7 08:00 on north; 7 08:20 off centre; 7 18:00 off south";
    assert_eq!(
        completed(&city, text, 1),
        Some((400, 80, Evidence::NextTap))
    );
    assert_eq!(costs(&city, text), [300, 400]);
    let late = "7 08:00 on north; 7 08:20 off centre; 7 18:20:01 off south";
    assert_eq!(costs(&city, late), [300, 900]);
}

#[test]
fn a_day_ends_where_it_began() {
    let city = city(&[EVENTS]);
    // Out in the morning, back in the evening without a tap off: 60 %.
    let text = "7 08:00 on north; 7 08:20 off centre; 7 18:00 on centre";
    assert_eq!(
        completed(&city, text, 1),
        Some((300, 60, Evidence::DayEnds))
    );
    // Without a tap on in the morning: where the day's last journey ended.
    let text = "7 08:20 off centre; 7 18:00 on south; 7 18:20 off north";
    assert_eq!(
        completed(&city, text, 0),
        Some((300, 60, Evidence::DayEnds))
    );
    // More than 900 minutes apart: 08:00 to 23:00:01.
    let text = "7 08:00 on north; 7 08:20 off centre; 7 23:00:01 on centre";
    assert_eq!(completed(&city, text, 1), None);
    let text = "7 08:00 on north; 7 08:20 off centre; 7 23:00 on centre";
    assert_eq!(
        completed(&city, text, 1),
        Some((300, 60, Evidence::DayEnds))
    );
    // A single tap is its own only evidence.
    assert_eq!(costs(&city, "7 08:00 on north"), [900]);
}

#[test]
fn a_completion_never_costs_more_than_the_maximum() {
    let mut files = crate::support::files(&[EVENTS]);
    let toml = String::from_utf8(files.0["city.toml"].clone()).unwrap();
    let toml = toml.replace("maximum_minor = 900", "maximum_minor = 350");
    files.0.insert("city.toml".to_owned(), toml.into_bytes());
    let city = tariff::City::load(&files).unwrap();
    assert_eq!(
        costs(
            &city,
            "7 08:00 on north; 7 18:00 on south; 7 18:20 off centre"
        ),
        [350, 400]
    );
    assert_eq!(
        costs(
            &city,
            "7 08:00 on north; 7 18:00 on centre; 7 18:20 off south"
        ),
        [300, 400]
    );
}

const DISRUPTIONS: (&str, &str) = (
    "disruptions.txt",
    "disruption_id,network_id,stop_id,start,end,incomplete_amount\n\
     flood,metro,north,2019-01-07T08:00:00,2019-01-07T09:00:00,1.00\n\
     storm,,,2019-01-07T20:00:00,2019-01-08T01:00:00,\n",
);

#[test]
fn a_disruption_suspends_the_maximum_fare() {
    let city = city(&[DISRUPTIONS]);
    let lone = |at: &str| costs(&city, &format!("7 {at}"));
    assert_eq!(lone("07:59:59 on north"), [900]);
    assert_eq!(lone("08:00:00 on north"), [100], "the start is included");
    assert_eq!(lone("08:59:59 off north"), [100]);
    assert_eq!(lone("09:00:00 on north"), [900], "the end is not");
    assert_eq!(lone("08:30 on centre"), [900], "another stop");
    assert_eq!(lone("20:00 on centre"), [0], "an empty amount is 0");
    assert_eq!(costs(&city, "8 00:59:59 on south"), [0], "past midnight");
    assert_eq!(costs(&city, "8 01:00 on south"), [900]);
    // Travel that is known costs what it costs.
    assert_eq!(costs(&city, "7 08:10 on north; 7 08:30 off centre"), [300]);
}

#[test]
fn of_completion_and_disruption_the_least_counts() {
    let dear = DISRUPTIONS.1.replace(",1.00\n", ",4.00\n");
    let city = city(&[EVENTS, ("disruptions.txt", &dear)]);
    let to = |stop: &str| {
        costs(
            &city,
            &format!("7 08:10 on north; 7 12:00 on {stop}; 7 12:10 off {stop}"),
        )
    };
    // Completed to centre 3.00; completed to south 5.00, but 4.00 by the disruption.
    assert_eq!(to("centre"), [300, 0]);
    assert_eq!(to("south"), [400, 0]);
}
