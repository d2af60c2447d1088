//! Generated extension files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::city::{AREAS, CATEGORIES, Money, NETWORKS, PRODUCTS, STATIONS, TIMEFRAMES, put};
use crate::dice::Dice;

type Files = BTreeMap<String, String>;

const SCOPE: &str = "network_id,from_area_id,to_area_id,from_timeframe_group_id,fare_product_id,\
                     rider_category_id,fare_media_id";

/// A row's scope; most cells are empty.
fn scope(dice: &mut Dice, product: Option<&str>) -> String {
    let network = dice.pick_or_empty(70, &NETWORKS);
    let from = dice.pick_or_empty(85, &AREAS);
    let to = dice.pick_or_empty(90, &AREAS);
    let time = dice.pick_or_empty(80, &TIMEFRAMES);
    let own = dice.pick_or_empty(90, &PRODUCTS);
    let category = dice.pick_or_empty(88, &CATEGORIES);
    let medium = dice.pick_or_empty(99, &["card"]);
    format!(
        "{network},{from},{to},{time},{},{category},{medium}",
        product.unwrap_or(own)
    )
}

fn period(dice: &mut Dice) -> String {
    match dice.below(5) {
        0 | 1 => "day,,".to_owned(),
        2 => format!("week,{},", dice.pick(&["", "1", "4", "7"])),
        3 => "month,,".to_owned(),
        _ => format!("rolling,,{}", dice.between(2, 6)),
    }
}

pub(crate) fn generate(files: &mut Files, dice: &mut Dice, money: Money, from: Date) {
    type Make = fn(&mut Files, &mut Dice, Money);
    let all: [(usize, Make); 9] = [
        (25, distances),
        (25, matrix),
        (25, concessions),
        (60, groups),
        (20, tickets),
        (30, windows),
        (35, passes),
        (50, tiers),
        (60, caps),
    ];
    for (percent, make) in all {
        if dice.chance(percent) {
            make(files, dice, money);
        }
    }
    if dice.chance(40) {
        events(files, dice, money);
    }
    if dice.chance(25) {
        disruptions(files, dice, money, from);
    }
}

fn distances(files: &mut Files, dice: &mut Dice, money: Money) {
    let mut links = BTreeMap::new();
    for _ in 0..dice.between(2, 6) {
        let (a, b) = (dice.pick(&STATIONS), dice.pick(&STATIONS));
        if a != b {
            let network = dice.pick_or_empty(60, &["metro", "rail"]);
            let both = dice.pick(&["", "1", "0"]);
            let key = (a.min(b), a.max(b), network);
            links.insert(
                key,
                format!("{a},{b},{},{both},{network}", dice.between(300, 4_000)),
            );
        }
    }
    if links.is_empty() {
        return;
    }
    put(
        files,
        "track_links.txt",
        "from_stop_id,to_stop_id,distance_meters,both_directions,network_id",
        links.into_values(),
    );
    let mut rows = Vec::new();
    let edge = dice.between(500, 3_000);
    let ends = [
        (0, edge.to_string()),
        (edge + 1, "5000".to_owned()),
        (5_001, String::new()),
    ];
    for (start, end) in ends {
        let scope = if dice.chance(60) {
            ",,,,km,,".to_owned()
        } else {
            scope(dice, Some("km"))
        };
        let amount = money.text(dice.between(50, 600));
        let step = if dice.chance(50) {
            format!(
                "{},{}",
                dice.between(100, 900),
                money.text(dice.between(1, 60))
            )
        } else {
            ",".to_owned()
        };
        rows.push(format!("{scope},{start},{end},{amount},{step}"));
    }
    let header = format!("{SCOPE},from_meters,to_meters,amount,step_meters,step_amount");
    put(files, "fare_distance_bands.txt", &header, rows);
}

fn matrix(files: &mut Files, dice: &mut Dice, money: Money) {
    let classes = [
        ",,,,od_adult,,,full".to_owned(),
        format!("{},half", scope(dice, Some("od_less"))),
    ];
    put(
        files,
        "fare_od_classes.txt",
        &format!("{SCOPE},column"),
        classes,
    );
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for _ in 0..dice.between(2, 8) {
        let (a, b) = (dice.pick(&STATIONS), dice.pick(&STATIONS));
        if seen.insert((a.min(b), a.max(b))) {
            let mut cell = |empty| {
                if dice.chance(empty) {
                    String::new()
                } else {
                    money.text(dice.between(40, 700))
                }
            };
            let (full, half) = (cell(10), cell(20));
            rows.push(format!(
                "{a},{b},{},{full},{half}",
                dice.pick(&["", "0", "1", "1"])
            ));
        }
    }
    put(
        files,
        "fare_od_matrix.csv",
        "from_stop_id,to_stop_id,both_directions,full,half",
        rows,
    );
}

fn concessions(files: &mut Files, dice: &mut Dice, _: Money) {
    let rows: Vec<String> = (0..dice.between(1, 3))
        .map(|_| format!("{},{}", scope(dice, None), dice.between(0, 100)))
        .collect();
    put(
        files,
        "fare_concessions.txt",
        &format!("{SCOPE},pay_percent"),
        rows,
    );
}

fn groups(files: &mut Files, dice: &mut Dice, _: Money) {
    let mut rows = Vec::new();
    for _ in 0..dice.between(1, 3) {
        let holder = dice.pick_or_empty(50, &CATEGORIES);
        let from = dice.between(1, 2);
        let to = from + dice.between(0, 2);
        rows.push(format!(
            "{holder},{from},{to},{}",
            dice.pick_or_empty(20, &CATEGORIES)
        ));
    }
    let header = "rider_category_id,companion_from,companion_to,companion_category_id";
    put(files, "fare_groups.txt", header, rows);
}

fn tickets(files: &mut Files, dice: &mut Dice, money: Money) {
    let mut rows = Vec::new();
    for ticket in ["z1", "z2"] {
        let scope = if dice.chance(70) {
            format!(",,,,{ticket},,")
        } else {
            scope(dice, Some(ticket))
        };
        let areas = match dice.below(3) {
            0 => "a1 a2 a3 a4".to_owned(),
            1 => "a1 a3".to_owned(),
            _ => dice.pick(&AREAS).to_owned(),
        };
        let seconds = dice.pick(&[1_800, 3_600, 7_200, 36_000]);
        let amount = money.text(dice.between(100, 900));
        rows.push(format!("{scope},{ticket},{areas},{seconds},{amount}"));
    }
    let header = format!("{SCOPE},fare_product_name,area_ids,duration_seconds,amount");
    put(files, "fare_zone_tickets.txt", &header, rows);
}

fn windows(files: &mut Files, dice: &mut Dice, _: Money) {
    let mut rows = Vec::new();
    for window in ["w1", "w2"] {
        let (seconds, reopens) = (
            dice.pick(&[1_800, 3_600, 5_400, 14_400]),
            dice.pick(&["", "1"]),
        );
        for _ in 0..dice.between(0, 2) {
            rows.push(format!(
                "{},{window},{seconds},{reopens}",
                scope(dice, None)
            ));
        }
    }
    let header = format!("{SCOPE},window_id,duration_seconds,reopens");
    put(files, "fare_windows.txt", &header, rows);
}

fn passes(files: &mut Files, dice: &mut Dice, _: Money) {
    let mut rows = Vec::new();
    for number in 1..3 {
        if dice.chance(50) {
            rows.push(format!(
                "{},b{number},bought,{number},,,,",
                scope(dice, None)
            ));
        }
    }
    for pass in ["e1", "e2"] {
        let (rides, period) = (dice.between(1, 8), period(dice));
        for _ in 0..dice.between(0, 2) {
            rows.push(format!(
                "{},{pass},earned,,{rides},{period}",
                scope(dice, None)
            ));
        }
    }
    let header =
        format!("{SCOPE},pass_id,kind,product_number,rides,period,week_starts,period_days");
    put(files, "fare_passes.txt", &header, rows);
}

/// What one, two or three rides may cost together: an edge that spending meets to the last minor
/// unit.
fn sum_of_rides(dice: &mut Dice, prices: &[i64]) -> i64 {
    let rides = dice.pick(&[1, 1, 1, 2, 3]);
    (0..rides).map(|_| dice.pick(prices)).sum::<i64>().max(1)
}

/// The prices of what legs are priced by, minor units.
fn prices(files: &Files) -> Vec<i64> {
    let rows = |name: &str| {
        let text = files.get(name).map_or("", String::as_str);
        let rows = text.lines().skip(1);
        rows.map(|row| row.split(',').collect())
            .collect::<Vec<Vec<&str>>>()
    };
    let legs = rows("fare_leg_rules.txt");
    let sold = |product: &str| legs.iter().any(|row| row[6] == product);
    let products = rows("fare_products.txt").into_iter();
    let products = products
        .filter(|row| sold(row[0]))
        .map(|row| row[3].to_owned());
    let fares = rows("fare_attributes.txt")
        .into_iter()
        .map(|row| row[1].to_owned());
    let minor = |cell: String| cell.replace('.', "").parse().unwrap();
    products.chain(fares).map(minor).collect()
}

fn tiers(files: &mut Files, dice: &mut Dice, money: Money) {
    let mut rows = Vec::new();
    let prices = prices(files);
    for tier in ["d1", "d2"] {
        if dice.chance(35) {
            continue;
        }
        let (period, counts) = (period(dice), dice.pick(&["", "paid", "fare"]));
        let scope = if dice.chance(60) {
            ",,,,,,".to_owned()
        } else {
            scope(dice, None)
        };
        let mut from = match dice.below(4) {
            0 => 0,
            1 => dice.between(0, 1_500),
            _ => sum_of_rides(dice, &prices),
        };
        for _ in 0..dice.between(1, 3) {
            let to = if dice.chance(60) {
                from + sum_of_rides(dice, &prices)
            } else {
                from + dice.between(1, 2_000)
            };
            let end = if dice.chance(15) {
                String::new()
            } else {
                money.text(to)
            };
            let percent = dice.between(0, 100);
            let is_last = end.is_empty();
            rows.push(format!(
                "{scope},{tier},{period},{},{end},{percent},{counts}",
                money.text(from)
            ));
            from = to;
            if is_last {
                break;
            }
        }
    }
    let header = format!(
        "{SCOPE},tier_id,period,week_starts,period_days,from_amount,to_amount,pay_percent,counts"
    );
    put(files, "fare_tiers.txt", &header, rows);
}

fn caps(files: &mut Files, dice: &mut Dice, money: Money) {
    let mut rows = Vec::new();
    for cap in ["c1", "c2", "c3"] {
        let (period, counts) = (period(dice), dice.pick(&["", "1", "0"]));
        let scale = if period.starts_with("day") { 1 } else { 3 };
        for _ in 0..dice.between(0, 2) {
            let amount = money.text(dice.amount(200, 1_800) * scale);
            rows.push(format!(
                "{},{cap},{period},{amount},{counts}",
                scope(dice, None)
            ));
        }
    }
    let header = format!("{SCOPE},cap_id,period,week_starts,period_days,amount,counts_incomplete");
    put(files, "fare_caps.txt", &header, rows);
}

fn events(files: &mut Files, dice: &mut Dice, money: Money) {
    let mut rows = Vec::new();
    for _ in 0..dice.between(1, 4) {
        let network = dice.pick_or_empty(60, &["metro", "rail"]);
        rows.push(match dice.below(3) {
            0 => {
                let (minutes, amount) = (dice.between(5, 60), dice.between(0, 150));
                format!(
                    "same_station_exit,{network},{minutes},{},,",
                    money.text(amount)
                )
            }
            1 => {
                let (minutes, amount) = (dice.between(15, 90), dice.between(1, 300));
                format!("over_time,{network},{minutes},{},,", money.text(amount))
            }
            _ => {
                let evidence = dice.pick(&["next_tap", "day_ends"]);
                let minutes = dice.pick(&[120, 600, 1_440]);
                let confidence = dice.between(1, 99);
                format!("auto_completion,{network},{minutes},,{evidence},{confidence}")
            }
        });
    }
    let header = "event,network_id,minutes,amount,evidence,confidence_percent";
    put(files, "journey_events.txt", header, rows);
}

fn disruptions(files: &mut Files, dice: &mut Dice, money: Money, from: Date) {
    let mut rows = Vec::new();
    for number in 0..dice.between(1, 3) {
        let network = dice.pick_or_empty(60, &["metro", "rail"]);
        let stop = dice.pick_or_empty(60, &STATIONS);
        let start = from
            .at(0, 0, 0, 0)
            .checked_add(dice.between(0, 150).hours())
            .unwrap();
        let end = start.checked_add(dice.between(2, 60).hours()).unwrap();
        let amount = if dice.chance(40) {
            String::new()
        } else {
            money.text(dice.between(0, 400))
        };
        rows.push(format!("x{number},{network},{stop},{start},{end},{amount}"));
    }
    let header = "disruption_id,network_id,stop_id,start,end,incomplete_amount";
    put(files, "disruptions.txt", header, rows);
}
