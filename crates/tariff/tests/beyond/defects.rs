//! Every extension file with something wrong in each way it can be: all defects in one run, each
//! with file, row, field, value and what was expected.

use tariff::{City, Defect};

use crate::support::{CATEGORIES, files};

/// File, text, and its defects: row, field, value, words of what was expected.
type Case = (
    &'static str,
    &'static str,
    &'static [(u64, &'static str, &'static str, &'static str)],
);

const AMOUNT: &str = "2 decimals (CNY)";

const CASES: &[Case] = &[
    (
        "track_links.txt",
        "from_stop_id,to_stop_id,distance_meters,both_directions,network_id\n\
         nowhere,centre,100,1,\nnorth,,100,1,\nnorth,centre,-1,1,\nnorth,centre,100,2,\n\
         north,centre,100,1,tram\nnorth,centre,100,,\n",
        &[
            (2, "from_stop_id", "nowhere", "stops.txt"),
            (3, "to_stop_id", "", "stops.txt"),
            (4, "distance_meters", "-1", "from 0 to 20000000"),
            (5, "both_directions", "2", "from 0 to 1"),
            (6, "network_id", "tram", "network"),
        ],
    ),
    (
        "fare_distance_bands.txt",
        "from_meters,to_meters,amount,step_meters,step_amount\n\
         x,100,1.00,,\n500,400,1.00,,\n0,400,1.0,,\n0,400,1.00,0,1.00\n0,400,1.00,10,\n",
        &[
            (2, "from_meters", "x", "whole number"),
            (3, "to_meters", "400", "from 500"),
            (4, "amount", "1.0", AMOUNT),
            (5, "step_meters", "0", "from 1"),
            (6, "step_amount", "", AMOUNT),
        ],
    ),
    (
        "fare_od_classes.txt",
        "column,rider_category_id\nadult,\nboth_directions,\n,child\n child,baby\n",
        &[
            (3, "column", "both_directions", "a column with fares"),
            (4, "column", "", "an id"),
            (5, "rider_category_id", "baby", "rider_categories.txt"),
        ],
    ),
    (
        "fare_od_matrix.csv",
        "from_stop_id,to_stop_id,both_directions,adult,child\n\
         north,centre,1,3.00,1.00\ncentre,north,,3.00,\nnorth,south,,3.001,\n",
        &[
            (3, "to_stop_id", "north", "once"),
            (4, "adult", "3.001", AMOUNT),
        ],
    ),
    (
        "fare_concessions.txt",
        "pay_percent,network_id,from_area_id,to_area_id,from_timeframe_group_id,\
         rider_category_id,fare_media_id\n\
         101,,,,,,\n50,tram,,,,,\n50,,a_west,,,,\n50,,,a_east,,,\n50,,,,noon,,\n50,,,,,baby,\n\
         50,,,,,,coin\n,,,,,child,\n",
        &[
            (2, "pay_percent", "101", "from 0 to 100"),
            (3, "network_id", "tram", "network"),
            (4, "from_area_id", "a_west", "areas.txt"),
            (5, "to_area_id", "a_east", "areas.txt"),
            (6, "from_timeframe_group_id", "noon", "timeframes.txt"),
            (7, "rider_category_id", "baby", "rider_categories.txt"),
            (8, "fare_media_id", "coin", "fare_media.txt"),
            (9, "pay_percent", "", "from 0 to 100"),
        ],
    ),
    (
        "fare_groups.txt",
        "rider_category_id,companion_from,companion_to,companion_category_id\n\
         baby,1,2,\n,0,2,\n,3,2,\n,1,255,\n,1,1,baby\n",
        &[
            (2, "rider_category_id", "baby", "rider_categories.txt"),
            (3, "companion_from", "0", "from 1 to 254"),
            (4, "companion_to", "2", "from 3 to 254"),
            (5, "companion_to", "255", "from 1 to 254"),
            (6, "companion_category_id", "baby", "rider_categories.txt"),
        ],
    ),
    (
        "fare_zone_tickets.txt",
        "fare_product_id,area_ids,duration_seconds,amount\n\
         z,a_north a_west,600,1.00\nz,a_north,86401,1.00\nz,a_north,600,-1.00\n,a_north,600,1.00\n",
        &[
            (2, "area_ids", "a_north a_west", "areas.txt"),
            (3, "duration_seconds", "86401", "from 0 to 86400"),
            (4, "amount", "-1.00", AMOUNT),
            (5, "fare_product_id", "", "an id"),
        ],
    ),
    (
        "fare_windows.txt",
        "window_id,duration_seconds,reopens\n,600,\nw,0,\nw,600,maybe\nv,600,1\nv,601,1\n",
        &[
            (2, "window_id", "", "an id"),
            (3, "duration_seconds", "0", "from 1 to 86400"),
            (4, "reopens", "maybe", "from 0 to 1"),
            (
                6,
                "duration_seconds",
                "601",
                "the earlier rows of this window_id",
            ),
        ],
    ),
    (
        "fare_passes.txt",
        "pass_id,kind,rides,period,product_number\n\
         p,found,,,\np,earned,0,week,\np,earned,3,year,\np,bought,,,65536\nq,earned,3,week,\n\
         q,earned,4,week,\n",
        &[
            (2, "kind", "found", "earned or bought"),
            (3, "rides", "0", "from 1 to 10000"),
            (4, "period", "year", "day, week, month or rolling"),
            (5, "product_number", "65536", "from 1 to 65535"),
            (7, "kind", "earned", "the earlier rows of this pass_id"),
        ],
    ),
    (
        "fare_tiers.txt",
        "tier_id,period,from_amount,to_amount,pay_percent,counts\n\
         t,month,1,2.00,80,\nt,month,2.00,2.00,80,\nt,month,1.00,2.00,eighty,\n\
         t,month,1.00,2.00,80,taps\nu,month,1.00,,80,\nu,week,2.00,,50,\nu,month,2.00,,50,fare\n",
        &[
            (2, "from_amount", "1", AMOUNT),
            (3, "to_amount", "2.00", "above from_amount"),
            (4, "pay_percent", "eighty", "from 0 to 100"),
            (5, "counts", "taps", "paid or fare"),
            (7, "period", "week", "the earlier rows of this tier_id"),
            (8, "counts", "fare", "the earlier rows of this tier_id"),
        ],
    ),
    (
        "fare_caps.txt",
        "cap_id,period,week_starts,period_days,amount,counts_incomplete\n\
         c,week,8,,1.00,\nc,rolling,,1,1.00,\nc,rolling,,367,1.00,\nc,day,,,1.000,\n\
         d,day,,,1.00,\nd,month,,,1.00,\nd,day,,,1.00,0\nd,day,,,10000000000.01,\n",
        &[
            (2, "week_starts", "8", "from 1 to 7"),
            (3, "period_days", "1", "from 2 to 366"),
            (4, "period_days", "367", "from 2 to 366"),
            (5, "amount", "1.000", AMOUNT),
            (7, "period", "month", "the earlier rows of this cap_id"),
            (
                8,
                "counts_incomplete",
                "0",
                "the earlier rows of this cap_id",
            ),
            (9, "amount", "10000000000.01", "at most 1000000000000"),
        ],
    ),
    (
        "journey_events.txt",
        "event,network_id,minutes,amount,evidence,confidence_percent\n\
         late,,5,1.00,,\nover_time,,1441,1.00,,\nover_time,,5,,,\n\
         auto_completion,,5,,guess,50\nauto_completion,,5,,next_tap,0\n\
         same_station_exit,tram,5,1.00,,\n",
        &[
            (
                2,
                "event",
                "late",
                "same_station_exit, over_time or auto_completion",
            ),
            (3, "minutes", "1441", "from 0 to 1440"),
            (4, "amount", "", AMOUNT),
            (5, "evidence", "guess", "next_tap or day_ends"),
            (6, "confidence_percent", "0", "from 1 to 100"),
            (7, "network_id", "tram", "network"),
        ],
    ),
    (
        "disruptions.txt",
        "disruption_id,network_id,stop_id,start,end,incomplete_amount\n\
         ,,,2024-01-01T00:00:00,2024-01-02T00:00:00,\n\
         d,,x,2024-01-01T00:00:00,2024-01-02T00:00:00,\n\
         d,,,2024-01-01,2024-01-02T00:00:00,\nd,,,2024-01-02T00:00:00,2024-01-02T00:00:00,\n\
         d,,,2024-01-01T00:00:00,2024-01-32T00:00:00,\n\
         d,,,2024-01-01T00:00:00,2024-01-02T00:00:00,1\n",
        &[
            (2, "disruption_id", "", "an id"),
            (3, "stop_id", "x", "stops.txt"),
            (4, "start", "2024-01-01", "local date and time"),
            (5, "end", "2024-01-02T00:00:00", "after start"),
            (6, "end", "2024-01-32T00:00:00", "local date and time"),
            (7, "incomplete_amount", "1", AMOUNT),
        ],
    ),
];

#[test]
fn every_defect_of_every_file_in_one_run() {
    let mut all = vec![CATEGORIES];
    all.extend(CASES.iter().map(|(file, text, _)| (*file, *text)));
    let report = City::load(&files(&all)).unwrap_err();
    for (file, _, expected) in CASES {
        let path = format!("gtfs/{file}");
        let found: Vec<&Defect> = report
            .defects()
            .iter()
            .filter(|defect| defect.file == path)
            .collect();
        for (row, field, value, words) in *expected {
            let is_it = |defect: &&&Defect| {
                (defect.row, defect.field.as_deref()) == (Some(*row), Some(*field))
                    && defect.value.as_deref() == Some(*value)
                    && defect.expected.contains(words)
            };
            assert_eq!(
                found.iter().filter(is_it).count(),
                1,
                "{file} row {row} {field} {value:?} {words:?}: {found:#?}"
            );
        }
        assert_eq!(found.len(), expected.len(), "{file}: {found:#?}");
    }
}

#[test]
fn a_missing_column_is_one_defect_of_the_header() {
    let rows = "from_stop_id,distance_meters\nnorth,1\ncentre,2\n";
    let caps = "cap_id,period\nc,day\n";
    let report = City::load(&files(&[
        ("track_links.txt", rows),
        ("fare_caps.txt", caps),
    ]));
    let report = report.unwrap_err();
    let told: Vec<(&str, Option<u64>)> = report
        .defects()
        .iter()
        .map(|defect| (defect.file.as_str(), defect.row))
        .collect();
    let header = Some(1);
    assert_eq!(
        told,
        [
            ("gtfs/fare_caps.txt", header),
            ("gtfs/track_links.txt", header)
        ]
    );
    let named = ["amount", "to_stop_id"];
    for (defect, column) in report.defects().iter().zip(named) {
        assert!(defect.to_string().contains(column), "{defect}");
    }
}

#[test]
fn files_that_need_another_say_so() {
    let bands = "from_meters,amount\n0,1.00\n";
    let matrix = "from_stop_id,to_stop_id,adult\nnorth,south,1.00\n";
    let alone = [
        ("fare_distance_bands.txt", bands),
        ("fare_od_matrix.csv", matrix),
    ];
    let report = City::load(&files(&alone)).unwrap_err();
    let mut told: Vec<&str> = report
        .defects()
        .iter()
        .map(|defect| defect.file.as_str())
        .collect();
    told.sort_unstable();
    assert_eq!(told, ["gtfs/fare_od_classes.txt", "gtfs/track_links.txt"]);
}

#[test]
fn amounts_have_the_decimals_of_the_currency() {
    let load = |amount: &str| {
        let caps = format!("cap_id,period,amount,currency\nc,day,{amount},CNY\n");
        City::load(&files(&[("fare_caps.txt", &caps)])).is_ok()
    };
    for good in ["0.00", "1.00", "10000000000.00"] {
        assert!(load(good), "{good}");
    }
    for bad in [
        "", "1", "1.0", "1.000", "+1.00", "-0.00", "1,00", "1.00 CNY", "0x1.00", "1e2",
    ] {
        assert!(!load(bad), "{bad}");
    }
    let foreign = "cap_id,period,amount,currency\nc,day,1.00,EUR\n";
    let report = City::load(&files(&[("fare_caps.txt", foreign)])).unwrap_err();
    assert_eq!(report.defects()[0].field.as_deref(), Some("currency"));
    assert_eq!(report.defects()[0].value.as_deref(), Some("EUR"));
}
