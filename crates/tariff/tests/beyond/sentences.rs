//! One sentence for each kind of line, in English, Chinese and Korean: `sentences.txt` was read
//! over by hand and is compared to the letter.

use std::fmt::Write as _;

use tariff::explain::{Language, sentence};
use tariff::{City, Holder, Journey, Medium, Tap};

use crate::support::{CATEGORIES, city, held, journeys, taps, with_companions};

/// The sentences of the last journey's last line.
fn last(story: &mut String, title: &str, city: &City, taps: &[Tap]) {
    let journeys = journeys(city, taps);
    tell(story, title, city, journeys.last().unwrap());
}

/// The sentences of the last line of the first journey, which a later one changed.
fn first(story: &mut String, title: &str, city: &City, taps: &[Tap]) {
    let journeys = journeys(city, taps);
    tell(story, title, city, journeys.first().unwrap());
}

fn tell(story: &mut String, title: &str, city: &City, journey: &Journey) {
    let line = journey.breakdown.last().unwrap();
    writeln!(story, "# {title}").unwrap();
    for language in [Language::English, Language::Chinese, Language::Korean] {
        writeln!(story, "{}", sentence(city, line, language)).unwrap();
    }
}

const EVENTS: &str = "event,network_id,minutes,amount,evidence,confidence_percent\n\
                      same_station_exit,metro,15,0.00,,\nover_time,metro,120,2.00,,\n\
                      auto_completion,metro,600,,next_tap,80\n\
                      auto_completion,metro,900,,day_ends,60\n";

fn of_riders(story: &mut String) {
    let groups = "companion_from,companion_to,companion_category_id\n1,2,child\n";
    let rows = "rider_category_id,pay_percent\nchild,50\n";
    let party = city(&[
        CATEGORIES,
        ("fare_groups.txt", groups),
        ("fare_concessions.txt", rows),
    ]);
    let ride = "7 08:00 on north; 7 08:20 off centre";
    last(
        story,
        "companion with a concession",
        &party,
        &held(ride, with_companions(1)),
    );
    let passes = "pass_id,pass_name,kind,rides,period,product_number,network_id\n\
                  m,Metro month,bought,,,7,metro\nb,Two buses,earned,2,week,,bus\n";
    let pass = city(&[("fare_passes.txt", passes)]);
    let holder = Holder {
        product: 7,
        ..Holder::default()
    };
    last(story, "bought pass", &pass, &held(ride, holder));
    last(
        story,
        "earned pass",
        &pass,
        &taps("7 08:00 bus; 7 09:00 bus; 8 08:00 bus"),
    );
    let caps = "cap_id,period,amount,network_id\nd,day,3.50,metro\n";
    let windows = "window_id,duration_seconds,network_id\nh,3600,bus\n";
    let linked = city(&[("fare_caps.txt", caps), ("fare_windows.txt", windows)]);
    // Two phones: linked, the second phone's bus at 08:50 is the dear end of no window, but the
    // bus at 09:30 opens a new one, and alone it would still be inside the second phone's own.
    let mut two = taps("7 08:00 bus; 7 08:50 bus; 7 09:30 bus");
    for (tap, phone) in two.iter_mut().zip([1u8, 2, 2]) {
        tap.holder.medium = Some(Medium::from_bytes([phone; 16]));
    }
    last(story, "cheaper without the other phone", &linked, &two);
}

fn of_money(story: &mut String) {
    let tiers = "tier_id,tier_name,period,from_amount,to_amount,pay_percent\n\
                 t,Money spent,month,3.00,,80\n";
    let two = "7 08:00 on north; 7 08:20 off centre; 7 10:00 on centre; 7 10:20 off south";
    last(
        story,
        "discount for money spent",
        &city(&[("fare_tiers.txt", tiers)]),
        &taps(two),
    );
    let caps = "cap_id,cap_name,period,amount\nw,Week cap,week,5.00\n";
    last(story, "cap", &city(&[("fare_caps.txt", caps)]), &taps(two));
    let windows = "window_id,window_name,duration_seconds\nh,Two hours,7200\n";
    last(
        story,
        "window",
        &city(&[("fare_windows.txt", windows)]),
        &taps(two),
    );
    let tickets = "fare_product_id,fare_product_name,area_ids,duration_seconds,amount\n\
                   all,All zones,a_north a_centre a_south,9000,5.00\n";
    last(
        story,
        "zone ticket",
        &city(&[("fare_zone_tickets.txt", tickets)]),
        &taps(two),
    );
    let links = "from_stop_id,to_stop_id,distance_meters\nnorth,centre,1500\ncentre,south,2500\n";
    let bands = "from_meters,amount\n0,1.00\n";
    let far = city(&[
        ("track_links.txt", links),
        ("fare_distance_bands.txt", bands),
    ]);
    last(
        story,
        "distance",
        &far,
        &taps("7 08:00 on north; 7 08:30 off south"),
    );
    let classes = "column\nadult\n";
    let matrix = "from_stop_id,to_stop_id,adult\nnorth,south,1.50\n";
    let od = city(&[
        ("fare_od_classes.txt", classes),
        ("fare_od_matrix.csv", matrix),
    ]);
    last(
        story,
        "matrix",
        &od,
        &taps("7 08:00 on north; 7 08:30 off south"),
    );
}

fn of_events(story: &mut String) {
    let city_of_events = city(&[("journey_events.txt", EVENTS)]);
    let mut tell = |title: &str, text: &str| last(story, title, &city_of_events, &taps(text));
    tell(
        "out where one came in",
        "7 08:00 on north; 7 08:10 off north",
    );
    tell("too long", "7 08:00 on north; 7 10:10 off centre");
    tell(
        "missing tap on, from the tap before",
        "7 08:00 on north; 7 08:20 off centre; 7 12:00 off south",
    );
    tell(
        "missing tap off, from where the day began",
        "7 08:00 on north; 7 08:20 off centre; 7 18:00 on centre",
    );
    tell("missing tap off", "7 08:00 on north");
    tell("missing tap on", "7 08:00 off north");
    tell("bus", "7 08:00 bus");
    let rows = "disruption_id,start,end,incomplete_amount\n\
                f,2019-01-07T08:00:00,2019-01-07T09:00:00,1.00\n";
    let flood = city(&[("disruptions.txt", rows)]);
    last(story, "disruption", &flood, &taps("7 08:00 on north"));
    let legs = "leg_group_id,network_id,from_area_id,to_area_id,fare_product_id\n\
                metro,metro,a_north,a_centre,single_3\nbus,bus,,,bus_flat\n";
    let transfers = "from_leg_group_id,to_leg_group_id,duration_limit,duration_limit_type,\
                     fare_transfer_type\nmetro,bus,3600,1,0\n";
    let changes = city(&[
        ("fare_leg_rules.txt", legs),
        ("fare_transfer_rules.txt", transfers),
    ]);
    let text = "7 08:00 on north; 7 08:20 off centre; 7 08:30 bus";
    last(story, "transfer", &changes, &taps(text));
    of_credits(story, legs, text);
}

fn of_credits(story: &mut String, legs: &str, text: &str) {
    let products = "fare_product_id,fare_product_name,amount,currency\n\
                    single_3,Single 3,3.00,CNY\nbus_flat,Bus ride,-0.50,CNY\n\
                    less,Transfer discount,-1.00,CNY\n";
    let transfers = "from_leg_group_id,to_leg_group_id,fare_transfer_type,fare_product_id\n\
                     metro,bus,0,less\n";
    let rows = [
        ("fare_leg_rules.txt", legs),
        ("fare_products.txt", products),
    ];
    first(story, "credit of a later ride", &city(&rows), &taps(text));
    let with_transfer = [rows[0], rows[1], ("fare_transfer_rules.txt", transfers)];
    first(
        story,
        "credit of a later transfer",
        &city(&with_transfer),
        &taps(text),
    );
}

#[test]
fn every_kind_of_line_in_three_languages() {
    let mut story = String::new();
    of_riders(&mut story);
    of_money(&mut story);
    of_events(&mut story);
    let expected = include_str!("sentences.txt");
    assert!(
        story == expected,
        "sentences differ from sentences.txt:\n{story}"
    );
}
