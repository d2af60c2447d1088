//! Sentences of the GTFS reference, each as a case by hand.

use tariff::fares::Status;

use crate::support::{Ride, at, feed, minor, price};

const PRODUCTS: &str = "fare_product_id,amount,currency\n\
    one,1.00,EUR\ntwo,2.00,EUR\nthree,3.00,EUR\nfive,5.00,EUR\nfree,0.00,EUR\noff,-0.50,EUR\n";
const NETWORKS: &str = "network_id\nA\nB\nC\n";
const AREAS: &str = "area_id\ninner\nouter\nfar\n";
const STOPS: &str = "area_id,stop_id\ninner,i\nouter,o\nfar,f\ninner,io\nouter,io\n";
const TRANSFERS: &str = "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,\
    duration_limit_type,fare_transfer_type,fare_product_id\n";

/// One leg: `network from>to start-end`, the network `-` for none.
fn ride(text: &str) -> Ride {
    let [network, way, times] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    let (from, to) = way.split_once('>').unwrap();
    let (start, end) = times.split_once('-').unwrap();
    Ride {
        network: (network != "-").then(|| network.to_owned()),
        from: from.to_owned(),
        to: to.to_owned(),
        start: Some(at("2025-01-15", start)), // a Wednesday
        end: Some(at("2025-01-15", end)),
        ..Ride::default()
    }
}

/// Prices `legs` by `tables` and checks `want`: the status, the total, and the unpriced legs, like
/// `priced 500`, `partial 500 [1]`, `unpriced`.
fn check(case: &str, tables: &[(&str, &str)], legs: &[&str], want: &str) {
    check_for((None, None), case, tables, legs, want);
}

fn check_for(
    who: (Option<&str>, Option<&str>),
    case: &str,
    tables: &[(&str, &str)],
    legs: &[&str],
    want: &str,
) {
    let mut all = tables.to_vec();
    for (name, text) in [
        ("fare_products.txt", PRODUCTS),
        ("networks.txt", NETWORKS),
        ("areas.txt", AREAS),
        ("stop_areas.txt", STOPS),
    ] {
        if !all.iter().any(|(known, _)| *known == name) {
            all.push((name, text));
        }
    }
    let rides: Vec<Ride> = legs.iter().map(|leg| ride(leg)).collect();
    let priced = price(&feed(&all), &rides, who);
    let mut got = priced.status.word().to_owned();
    if let Some(total) = minor(&priced) {
        got = format!("{got} {total}");
    }
    if priced.status == Status::Partial {
        got = format!("{got} {:?}", priced.unpriced);
    }
    assert_eq!(got, want, "{case}: {priced:#?}");
    let sum: i64 = priced.lines.iter().map(|l| l.amount.as_minor()).sum();
    if let Some(total) = minor(&priced) {
        assert_eq!(sum, total, "{case}: the lines sum to the total");
    }
}

fn leg_rules(rows: &str) -> String {
    format!("leg_group_id,network_id,from_area_id,to_area_id,fare_product_id\n{rows}")
}

fn prioritized(rows: &str) -> String {
    format!("leg_group_id,network_id,from_area_id,to_area_id,fare_product_id,rule_priority\n{rows}")
}

/// Step 3: without `rule_priority` an empty cell is all that the column does not list.
#[test]
fn empty_cells_without_priority_are_all_others() {
    let rules = leg_rules("g,A,,,one\ng,,,,two\ng,,inner,,five\n");
    let tables = [("fare_leg_rules.txt", rules.as_str())];
    for (case, leg, want) in [
        ("a listed network", "A x>y 10:00-10:10", "priced 100"),
        ("another network", "B x>y 10:00-10:10", "priced 200"),
        ("no network", "- x>y 10:00-10:10", "priced 200"),
        (
            "a network nobody defines",
            "Z x>y 10:00-10:10",
            "priced 200",
        ),
        (
            "a listed area takes the empty ones away",
            "B i>y 10:00-10:10",
            "priced 500",
        ),
        (
            "area and network listed in different rows",
            "A i>y 10:00-10:10",
            "unpriced",
        ),
        (
            "an area that only the other column could list",
            "B x>i 10:00-10:10",
            "priced 200",
        ),
    ] {
        check(case, &tables, &[leg], want);
    }
}

/// Step 4 and field `rule_priority`: with the column, empty cells do not affect matching, the
/// highest priority wins, an empty priority is zero.
#[test]
fn empty_cells_with_priority_are_wildcards() {
    let rules = prioritized("g,A,,,one,\ng,,inner,,five,2\ng,,,outer,two,1\ng,,,,three,0\n");
    let tables = [("fare_leg_rules.txt", rules.as_str())];
    for (case, leg, want) in [
        ("both at priority 0", "A x>y 10:00-10:10", "priced 100"),
        ("the wildcard alone", "B x>y 10:00-10:10", "priced 300"),
        ("departure area at 2", "A i>o 10:00-10:10", "priced 500"),
        ("arrival area at 1", "A x>o 10:00-10:10", "priced 200"),
        ("a stop in two areas", "B io>y 10:00-10:10", "priced 500"),
    ] {
        check(case, &tables, &[leg], want);
    }
    let high = prioritized("g,A,,,five,7\ng,A,,,one,\n");
    let tables = [("fare_leg_rules.txt", high.as_str())];
    check(
        "dear but first",
        &tables,
        &["A x>y 10:00-10:10"],
        "priced 500",
    );
}

/// A stop may be in several areas (`stop_areas.area_id`); platforms have those of their station
/// (`stop_areas.stop_id`).
#[test]
fn areas_of_stops() {
    let rules = leg_rules("g,,inner,outer,one\ng,,outer,inner,two\ng,,inner,inner,five\n");
    let stops = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n\
        st,Station,0,0,1,\np1,Platform,0,0,0,st\no,O,0,0,0,\n";
    let areas = "area_id,stop_id\ninner,st\nouter,o\n";
    let station = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("stops.txt", stops),
        ("stop_areas.txt", areas),
    ];
    check(
        "from a platform",
        &station,
        &["- p1>o 10:00-10:10"],
        "priced 100",
    );
    check(
        "to a platform",
        &station,
        &["- o>p1 10:00-10:10"],
        "priced 200",
    );
    check(
        "from the station",
        &station,
        &["- st>o 10:00-10:10"],
        "priced 100",
    );
    let plain = [("fare_leg_rules.txt", rules.as_str())];
    check(
        "least over areas",
        &plain,
        &["- io>i 10:00-10:10"],
        "priced 200",
    );
    check("not in reverse", &plain, &["- f>i 10:00-10:10"], "unpriced");
}

/// Sections `timeframes.txt` and the two timeframe fields: wall clock and calendar day of the
/// event, the end not included, departure and arrival apart.
#[test]
fn timeframes() {
    let rules = "leg_group_id,from_timeframe_group_id,to_timeframe_group_id,fare_product_id\n\
        g,peak,,five\ng,off,,three\ng,night,,two\ng,,late,free\ng,nobody,,free\n";
    let frames = "timeframe_group_id,start_time,end_time,service_id\n\
        peak,07:00:00,09:00:00,week\noff,09:00:00,22:00:00,week\n\
        night,22:00:00,24:00:00,week\nnight,00:00:00,05:00:00,week\n\
        off,,,end\nlate,23:30:00,24:00:00,week\nnobody,,,never\n";
    let calendar = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,\
        start_date,end_date\n\
        week,1,1,1,1,1,0,0,20250101,20251231\nend,0,0,0,0,0,1,1,20250101,20251231\n\
        never,0,0,0,0,0,0,0,20250101,20251231\n";
    let dates = "service_id,date,exception_type\nweek,20250116,2\nend,20250116,1\n";
    let tables = [
        ("fare_leg_rules.txt", rules),
        ("timeframes.txt", frames),
        ("calendar.txt", calendar),
        ("calendar_dates.txt", dates),
    ];
    for (case, leg, want) in [
        (
            "the start is included",
            "- x>y 07:00:00-07:10:00",
            "priced 500",
        ),
        ("the end is not", "- x>y 09:00:00-09:10:00", "priced 300"),
        ("a second before", "- x>y 08:59:59-09:10:00", "priced 500"),
        ("between groups", "- x>y 06:00:00-06:10:00", "unpriced"),
        ("before midnight", "- x>y 23:00:00-23:10:00", "priced 200"),
        ("arrival decides", "- x>y 23:00:00-23:30:00", "priced 0"),
        // 24:30 is 00:30 on Thursday 16 January, when `week` is removed and `end` added.
        (
            "the current day, not the service day",
            "- x>y 24:30:00-24:40:00",
            "priced 300",
        ),
        ("Friday again", "- x>y 48:30:00-48:40:00", "priced 200"),
        ("Saturday", "- x>y 80:30:00-80:40:00", "priced 300"),
    ] {
        check(case, &tables, &[leg], want);
    }
}

/// Field `fare_transfer_type` and its table of what two and three legs cost.
#[test]
fn transfer_types() {
    let rules = leg_rules("a,A,,,five\nb,B,,,three\nc,C,,,two\n");
    let legs = [
        "A x>y 10:00-10:10",
        "B y>z 10:20-10:30",
        "C z>w 10:40-10:50",
    ];
    for (ab, bc, two, three) in [
        // A + AB = 5 + 1, then S + BC = 6 + 0.
        ("0,one", "0,", "priced 600", "priced 600"),
        // A + AB + B = 5 - 0.5 + 3, then S + BC + C = 7.5 - 0.5 + 2.
        ("1,off", "1,off", "priced 750", "priced 900"),
        // AB = 2 in place of A, then S + BC = 2 + 1.
        ("2,two", "2,one", "priced 200", "priced 300"),
        // AB = 2, then S + BC + C = 2 - 0.5 + 2.
        ("2,two", "1,off", "priced 200", "priced 350"),
        // A + AB + B = 5 - 0.5 + 3; for three S + BC = 7.5 + 1 is not the least: A alone is 5, and
        // BC in place of B, as the first transfer of its own chain, 1.
        ("1,off", "2,one", "priced 750", "priced 600"),
        // A surcharge is due: A + AB + B = 5 + 1 + 3, then S + BC = 9 + 0.
        ("1,one", "0,", "priced 900", "priced 900"),
        // A transfer for 5 is dearer than a ticket for 3: the rider buys the ticket.
        ("0,five", "0,", "priced 800", "priced 800"),
        // An empty product costs 0: AB = 0.
        ("2,", "2,", "priced 0", "priced 0"),
        ("1,", "1,", "priced 800", "priced 1000"),
    ] {
        let (ab_type, ab_product) = ab.split_once(',').unwrap();
        let (bc_type, bc_product) = bc.split_once(',').unwrap();
        let transfers =
            format!("{TRANSFERS}a,b,,,,{ab_type},{ab_product}\nb,c,,,,{bc_type},{bc_product}\n");
        let tables = [
            ("fare_leg_rules.txt", rules.as_str()),
            ("fare_transfer_rules.txt", transfers.as_str()),
        ];
        check(&format!("{ab} of two"), &tables, &legs[..2], two);
        check(&format!("{ab}, {bc}"), &tables, &legs, three);
    }
}

/// "Does not apply in the reverse direction", and exact groups before empty ones.
#[test]
fn transfers_between_groups() {
    let rules = leg_rules("a,A,,,five\nb,B,,,three\nc,C,,,two\n");
    let transfers = format!("{TRANSFERS}a,b,,,,0,\n,c,,,,0,one\nc,,,,,0,free\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
    ];
    let [a, b, c] = [
        "A x>y 10:00-10:10",
        "B x>y 10:20-10:30",
        "C x>y 10:40-10:50",
    ];
    check("a to b", &tables, &[a, b], "priced 500");
    check("not in reverse", &tables, &[b, a], "priced 800");
    check(
        "empty from: b is not listed",
        &tables,
        &[b, c],
        "priced 400",
    );
    check("empty from: a is listed", &tables, &[a, c], "priced 700");
    check("empty to: a is not listed", &tables, &[c, a], "priced 200");
    check("empty to: b is listed", &tables, &[c, b], "priced 500");
    check("a chain", &tables, &[a, b, c], "priced 600");
}

/// Field `transfer_count`: how many consecutive transfers, and the least count that allows them.
#[test]
fn transfer_counts() {
    let rules = leg_rules("a,A,,,five\nb,B,,,three\n");
    let legs = ["A x>y 10:00-10:10"; 5];
    for (rows, wants) in [
        ("a,a,1,,,0,\n", [500, 500, 1000, 1000, 1500]),
        ("a,a,2,,,0,\n", [500, 500, 500, 1000, 1000]),
        ("a,a,-1,,,0,one\n", [500, 600, 700, 800, 900]),
        // The first transfer is the rule of 1, the second and third that of 3, then no limit.
        (
            "a,a,1,,,0,one\na,a,3,,,0,two\na,a,-1,,,0,free\n",
            [500, 600, 800, 1000, 1000],
        ),
    ] {
        let transfers = format!("{TRANSFERS}{rows}");
        let tables = [
            ("fare_leg_rules.txt", rules.as_str()),
            ("fare_transfer_rules.txt", transfers.as_str()),
        ];
        for (count, want) in (1..).zip(wants) {
            let want = format!("priced {want}");
            check(
                &format!("{rows} {count} legs"),
                &tables,
                &legs[..count],
                &want,
            );
        }
    }
    let transfers = format!("{TRANSFERS}a,a,1,,,0,\na,b,,,,0,\nb,a,,,,0,\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
    ];
    let (a, b) = ("A x>y 10:00-10:10", "B x>y 10:20-10:30");
    check(
        "another group between begins anew",
        &tables,
        &[a, a, b, a, a],
        "priced 500",
    );
    check(
        "the third in a row does not",
        &tables,
        &[a, b, a, a, a],
        "priced 1000",
    );
}

/// Field `duration_limit_type`: from the first leg 10:00 to 10:10, to the second 10:20 to 10:40.
#[test]
fn duration_limits() {
    let rules = leg_rules("a,A,,,five\nb,B,,,three\n");
    let legs = ["A x>y 10:00-10:10", "B y>z 10:20-10:40"];
    for (kind, seconds) in [(0, 2400), (1, 1200), (2, 600), (3, 1800)] {
        for (limit, want) in [(seconds, "priced 500"), (seconds - 1, "priced 800")] {
            let transfers = format!("{TRANSFERS}a,b,,{limit},{kind},0,\n");
            let tables = [
                ("fare_leg_rules.txt", rules.as_str()),
                ("fare_transfer_rules.txt", transfers.as_str()),
            ];
            check(&format!("type {kind}, {limit} s"), &tables, &legs, want);
        }
    }
    // Equal groups: measured from the first matched leg. Others: from the leg before.
    let transfers = format!("{TRANSFERS}a,a,-1,1800,1,0,\na,b,,1800,1,0,\nb,a,,1800,1,0,\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
    ];
    let [a1, a2, a3] = [
        "A x>y 10:00-10:01",
        "A x>y 10:20-10:21",
        "A x>y 10:40-10:41",
    ];
    check(
        "not from the leg before",
        &tables,
        &[a1, a2, a3],
        "priced 1000",
    );
    let b2 = "B x>y 10:20-10:21";
    check("from the leg before", &tables, &[a1, b2, a3], "priced 500");
    // Rules of one count and several limits: those in time compete.
    let transfers = format!("{TRANSFERS}a,a,1,600,1,0,\na,a,1,1800,1,0,one\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
    ];
    check("soon", &tables, &[a1, "A x>y 10:10-10:11"], "priced 500");
    check("later", &tables, &[a1, a2], "priced 600");
    check("too late", &tables, &[a1, a3], "priced 1000");
}

/// Of all chains the cheapest: here the first leg stays alone so that the dear one carries the
/// transfer.
#[test]
fn the_cheapest_chain() {
    let rules = leg_rules("a,A,i,,one\na,A,o,,five\n")
        .replace(",i,", ",inner,")
        .replace(",o,", ",outer,");
    let transfers = format!("{TRANSFERS}a,a,1,,,0,\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
    ];
    let (cheap, dear) = ("A i>x 10:00-10:10", "A o>x 10:20-10:30");
    check("dear first", &tables, &[dear, cheap, dear], "priced 600");
    check("cheap first", &tables, &[cheap, dear, dear], "priced 600");
    // One leg, two groups: the dearer group has the free transfer.
    let rules = leg_rules("plain,A,,,two\nthrough,A,,,three\nb,B,,,five\n");
    let transfers = format!("{TRANSFERS}through,b,,,,0,\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
    ];
    check("alone", &tables, &["A x>y 10:00-10:10"], "priced 200");
    check(
        "with a transfer",
        &tables,
        &["A x>y 10:00-10:10", "B x>y 10:20-10:30"],
        "priced 300",
    );
}

/// Section `fare_leg_join_rules.txt`.
#[test]
fn effective_legs() {
    let rules = prioritized("g,A,inner,outer,one,1\ng,B,inner,far,two,1\ng,,inner,far,three,\n")
        + "g,,,,five,\n";
    let stops = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n\
        st,Station,0,0,1,\np1,One,0,0,0,st\np2,Two,0,0,0,st\nq,Q,0,0,0,\n\
        i,I,0,0,0,\no,O,0,0,0,\nf,F,0,0,0,\n";
    let areas = "area_id,stop_id\ninner,i\nouter,o\nfar,f\n";
    let joins = "from_network_id,to_network_id,from_stop_id,to_stop_id\nA,A,,\nA,B,,\nB,C,p1,q\n";
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_leg_join_rules.txt", joins),
        ("stops.txt", stops),
        ("stop_areas.txt", areas),
    ];
    for (case, legs, want) in [
        (
            "platforms of one station",
            &["A i>p1 10:00-10:10", "A p2>o 10:20-10:30"][..],
            "priced 100",
        ),
        (
            "three legs, two networks: rules that name none",
            &[
                "A i>q 10:00-10:10",
                "A q>p1 10:20-10:30",
                "B p2>f 10:40-10:50",
            ],
            "priced 300",
        ),
        (
            "another station",
            &["A i>q 10:00-10:10", "A p2>o 10:20-10:30"],
            "priced 1000",
        ),
        (
            "not in reverse",
            &["B i>q 10:00-10:10", "A q>f 10:20-10:30"],
            "priced 1000",
        ),
        (
            "stops that the rule names",
            &["B i>p1 10:00-10:10", "C q>f 10:20-10:30"],
            "priced 300",
        ),
        (
            "a platform that it does not",
            &["B i>p2 10:00-10:10", "C q>f 10:20-10:30"],
            "priced 1000",
        ),
        (
            "stops that no file lists meet too",
            &["A i>nowhere 10:00-10:10", "A nowhere>o 10:20-10:30"],
            "priced 100",
        ),
    ] {
        check(case, &tables, legs, want);
    }
    // Without priorities: no rule that names a network matches legs of two.
    let rules = leg_rules("g,A,,,one\ng,B,,,two\ng,,,,five\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_leg_join_rules.txt", joins),
        ("stops.txt", stops),
        ("stop_areas.txt", areas),
    ];
    check(
        "two networks, both listed",
        &tables,
        &["A i>q 10:00-10:10", "B q>f 10:20-10:30"],
        "unpriced",
    );
}

/// Nothing is guessed: what nothing prices is unpriced, and ends the chain.
#[test]
fn unpriced_legs() {
    let rules = leg_rules("a,A,,,five\n");
    let transfers = format!("{TRANSFERS}a,a,-1,,,0,\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
    ];
    let (a, b) = ("A x>y 10:00-10:10", "B x>y 10:20-10:30");
    check("one", &tables, &[b], "unpriced");
    check("the second", &tables, &[a, b], "partial 500 [1]");
    check("between", &tables, &[a, b, a], "partial 1000 [1]");
    check("first", &tables, &[b, a, a], "partial 500 [0]");
}

/// Product key: product, rider category, media.
#[test]
fn categories_and_media() {
    let products = "fare_product_id,amount,currency,rider_category_id,fare_media_id\n\
        p,3.00,EUR,adult,cash\np,2.50,EUR,adult,card\np,1.00,EUR,child,card\n\
        t,0.00,EUR,,card\nany,2.00,EUR,,\nsenior,1.00,EUR,senior,\n";
    let categories = "rider_category_id,rider_category_name,is_default_fare_category\n\
        adult,Adult,1\nchild,Child,0\nsenior,Senior,\n";
    let media = "fare_media_id,fare_media_name,fare_media_type\ncash,Cash,0\ncard,Card,2\n";
    let rules = leg_rules("a,A,,,p\nb,B,,,any\nc,C,,,senior\n");
    let transfers = format!("{TRANSFERS}a,a,-1,,,0,t\n");
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_transfer_rules.txt", transfers.as_str()),
        ("fare_products.txt", products),
        ("rider_categories.txt", categories),
        ("fare_media.txt", media),
    ];
    let (a, b, c) = (
        "A x>y 10:00-10:10",
        "B x>y 10:20-10:30",
        "C x>y 10:40-10:50",
    );
    let child = Some("child");
    let cash = Some("cash");
    for (who, legs, want) in [
        ((None, None), &[a][..], "priced 250"),
        ((Some("adult"), cash), &[a], "priced 300"),
        ((child, None), &[a], "priced 100"),
        ((child, cash), &[a], "unpriced"),
        ((Some("senior"), None), &[a], "unpriced"),
        ((Some("senior"), None), &[c], "priced 100"),
        // The default category is not the product's.
        ((None, None), &[c], "unpriced"),
        ((child, cash), &[b], "priced 200"),
        ((Some("alien"), None), &[b], "priced 200"),
        ((Some("alien"), None), &[a], "ambiguous"),
        ((None, Some("phone")), &[a], "unpriced"),
        // The transfer is on the card only: two cash tickets have none.
        ((None, cash), &[a, a], "priced 600"),
        ((None, None), &[a, a], "priced 250"),
    ] {
        check_for(who, &format!("{who:?}"), &tables, legs, want);
    }
    // One ticket and its transfer are on one medium.
    let split = products.replace("p,2.50,EUR,adult,card", "p,4.00,EUR,adult,card");
    let mut tables = tables;
    tables[2].1 = &split;
    check("cash is cheapest alone", &tables, &[a], "priced 300");
    check("the card for two", &tables, &[a, a], "priced 400");
}

/// Currencies are never mixed, and have their own decimals.
#[test]
fn currencies() {
    let rules = leg_rules("a,A,,,yen\nb,B,,,dinar\nc,C,,,euro\n");
    let products = "fare_product_id,amount,currency\nyen,210,JPY\ndinar,1.250,KWD\neuro,2.00,EUR\n";
    let tables = [
        ("fare_leg_rules.txt", rules.as_str()),
        ("fare_products.txt", products),
    ];
    let (a, b) = ("A x>y 10:00-10:10", "B x>y 10:20-10:30");
    check("no decimals", &tables, &[a, a], "priced 420");
    check("three", &tables, &[b], "priced 1250");
    check("two currencies", &tables, &[a, b], "ambiguous");
}

/// Fares v1: fields of `fare_attributes.txt` and `fare_rules.txt`.
#[test]
fn version_1() {
    let stops = "stop_id,stop_name,stop_lat,stop_lon,zone_id\n\
        x,X,0,0,1\ny,Y,0,0,2\nz,Z,0,0,3\n";
    let routes = "route_id,agency_id,route_short_name,route_type\nr,m,R,3\ns,m,S,3\nt,n,T,3\n";
    let agencies = "agency_id,agency_name,agency_url,agency_timezone\n\
        m,M,https://example.org/,Europe/Berlin\nn,N,https://example.org/,Europe/Berlin\n";
    let attributes = "fare_id,price,currency_type,payment_method,transfers,transfer_duration,\
        agency_id\n\
        plain,2.00,EUR,0,0,,m\nlong,3.00,EUR,0,1,3600,m\nzones,4.00,EUR,0,,,m\n\
        other,9.00,EUR,0,,,n\n";
    let rules = "fare_id,route_id,origin_id,destination_id,contains_id\n\
        plain,r,,,\nlong,r,,,\nlong,s,,,\nother,t,,,\n\
        zones,,1,3,1\nzones,,1,3,2\nzones,,1,3,3\n";
    let tables = [
        ("stops.txt", stops),
        ("routes.txt", routes),
        ("agency.txt", agencies),
        ("fare_attributes.txt", attributes),
        ("fare_rules.txt", rules),
    ];
    let fares = feed(&tables);
    let ride = |text: &str| Ride {
        route: Some(text[..1].to_owned()),
        network: None,
        ..self::ride(text)
    };
    for (case, legs, want) in [
        ("a route", &["r x>y 10:00-10:10"][..], Some(200)),
        (
            "a route of the other fare only",
            &["s x>y 10:00-10:10"],
            Some(300),
        ),
        (
            "one transfer within the hour",
            &["r x>y 10:00-10:10", "s y>x 11:00-11:10"],
            Some(300),
        ),
        (
            "a second too late",
            &["r x>y 10:00:00-10:10:00", "s y>x 11:00:01-11:10:00"],
            Some(500),
        ),
        (
            "two transfers: 2 + 3",
            &[
                "r x>y 10:00-10:10",
                "s y>x 10:20-10:30",
                "s x>y 10:40-10:50",
            ],
            Some(500),
        ),
        ("another agency's route", &["t x>y 10:00-10:10"], Some(900)),
        // Zones 1, 2 and 3, on routes that have no fare of their own.
        (
            "all zones",
            &["q x>y 10:00-10:10", "q y>z 10:20-10:30"],
            Some(400),
        ),
        ("a zone is missing", &["q x>z 10:00-10:10"], None),
    ] {
        let rides: Vec<Ride> = legs.iter().map(|leg| ride(leg)).collect();
        let priced = price(&fares, &rides, (None, None));
        assert_eq!(minor(&priced), want, "{case}: {priced:#?}");
    }
}
