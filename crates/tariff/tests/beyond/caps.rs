//! Caps: peak and off-peak, over operators, at the edges of windows.

use crate::support::{city, costs};

const FRAMES: (&str, &str) = (
    "timeframes.txt",
    "timeframe_group_id,start_time,end_time,service_id\n\
     peak,07:00:00,09:30:00,work\npeak,17:00:00,19:00:00,work\n\
     off,00:00:00,07:00:00,work\noff,09:30:00,17:00:00,work\noff,19:00:00,24:00:00,work\n",
);
const CALENDAR: (&str, &str) = (
    "calendar.txt",
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n\
     work,1,1,1,1,1,0,0,20180101,20291231\n",
);

#[test]
fn peak_and_off_peak_have_caps_of_their_own() {
    let caps = "cap_id,period,from_timeframe_group_id,amount\np,day,peak,5.00\no,day,off,3.00\n";
    let city = city(&[FRAMES, CALENDAR, ("fare_caps.txt", caps)]);
    // Off-peak: 2.00 at 06:59:59, then 1.00 is left. Peak from 07:00:00 to 09:29:59: 2, 2, 1.
    assert_eq!(
        costs(
            &city,
            "7 06:59:59 bus; 7 07:00:00 bus; 7 08:00 bus; 7 09:29:59 bus; 7 09:30:00 bus; \
             7 10:00 bus; 7 17:00 bus; 7 19:00 bus"
        ),
        [200, 200, 200, 100, 100, 0, 0, 0]
    );
    // Saturday 12 is in no timeframe, so nothing caps it.
    assert_eq!(
        costs(&city, "12 08:00 bus; 12 09:00 bus; 12 10:00 bus"),
        [200, 200, 200]
    );
}

#[test]
fn one_peak_ride_lifts_the_cap_of_the_day() {
    let caps = "cap_id,period,from_timeframe_group_id,amount\nd,day,peak,6.00\nd,day,off,4.00\n";
    let city = city(&[FRAMES, CALENDAR, ("fare_caps.txt", caps)]);
    assert_eq!(
        costs(
            &city,
            "7 10:00 bus; 7 11:00 bus; 7 12:00 bus; 7 17:00 bus; 7 18:00 bus; 7 20:00 bus"
        ),
        [200, 200, 0, 200, 0, 0]
    );
    // The limit stays lifted for the off-peak ride after it: 6.00 less 4.00.
    assert_eq!(
        costs(&city, "7 10:00 bus; 7 17:00 bus; 7 20:00 bus; 7 21:00 bus"),
        [200, 200, 200, 0]
    );
}

#[test]
fn a_cap_over_operators_counts_them_together() {
    let ride = |hour: u32| format!("7 {hour}:00 on north; 7 {hour}:20 off centre");
    let day = format!(
        "7 08:00 bus; 7 09:00 bus; {}; {}; 7 20:00 bus",
        ride(10),
        ride(12)
    );
    let both = [
        "cap_id,period,network_id,amount\nb,day,bus,3.00\nall,day,,7.00\n",
        "cap_id,period,network_id,amount\nb,day,bus,3.00\nall,day,bus,7.00\nall,day,metro,7.00\n",
    ];
    for caps in both {
        let city = city(&[("fare_caps.txt", caps)]);
        // The bus's own cap: 2, 1, then nothing. Of 7.00 over both 3.00 and 1.00 are left.
        assert_eq!(costs(&city, &day), [200, 100, 300, 100, 0], "{caps}");
    }
    let apart = "cap_id,period,network_id,amount\nb,day,bus,3.00\nm,day,metro,7.00\n";
    let city = city(&[("fare_caps.txt", apart)]);
    assert_eq!(costs(&city, &day), [200, 100, 300, 300, 0]);
}

#[test]
fn by_area_and_product() {
    let caps = "cap_id,period,from_area_id,to_area_id,fare_product_id,amount\n\
                a,day,a_north,,,4.00\np,day,,,bus_flat,3.00\n";
    let city = city(&[("fare_caps.txt", caps)]);
    // From north 3, then 1 left; from centre uncapped. Buses 2, 1.
    assert_eq!(
        costs(
            &city,
            "7 08:00 on north; 7 08:20 off centre; 7 09:00 on centre; 7 09:20 off north; \
             7 10:00 on north; 7 10:20 off south; 7 11:00 bus; 7 12:00 bus"
        ),
        [300, 300, 100, 200, 100]
    );
}

#[test]
fn a_lone_tap_is_at_one_end_of_a_journey() {
    let cap = |from: &str, to: &str| {
        let caps =
            format!("cap_id,period,from_area_id,to_area_id,amount\na,day,{from},{to},5.00\n");
        city(&[("fare_caps.txt", &caps)])
    };
    for (tap, begins, ends) in [("on", 500, 900), ("off", 900, 500)] {
        let lone = format!("7 08:00 {tap} north");
        assert_eq!(costs(&cap("a_north", ""), &lone), [begins], "{tap}");
        assert_eq!(costs(&cap("", "a_north"), &lone), [ends], "{tap}");
    }
}

#[test]
fn a_missing_tap_counts_where_the_cap_says_so() {
    let cap = |counts: &str| {
        let caps = format!("cap_id,period,amount,counts_incomplete\nd,day,5.00,{counts}\n");
        city(&[("fare_caps.txt", &caps)])
    };
    let day = "7 08:00 on north; 7 12:00 bus";
    assert_eq!(
        costs(&cap(""), day),
        [500, 0],
        "1 is what an empty cell means"
    );
    assert_eq!(costs(&cap("1"), day), [500, 0]);
    assert_eq!(costs(&cap("0"), day), [900, 200]);
}

#[test]
fn a_rolling_window_forgets_its_eighth_day() {
    let city = city(&[(
        "fare_caps.txt",
        "cap_id,period,period_days,amount\nr,rolling,7,5.00\n",
    )]);
    // 13: 2.00 on 7 are in the window, 7 to 13, so 2.00 and 1.00. 14: the window is 8 to 14 with
    // 3.00 in it, so 2.00, then nothing. 20: 14 to 20 has 2.00, so 2.00 and 1.00.
    assert_eq!(
        costs(
            &city,
            "7 08:00 bus; 13 08:00 bus; 13 09:00 bus; 14 02:59:59 bus; 14 03:00 bus; 14 09:00 bus; \
             20 08:00 bus; 20 09:00 bus"
        ),
        [200, 200, 100, 0, 200, 0, 200, 100]
    );
}

#[test]
fn months_and_weeks_begin_with_a_service_day() {
    let month = city(&[("fare_caps.txt", "cap_id,period,amount\nm,month,3.00\n")]);
    // 1 February 2019 02:59:59 is 31 January.
    let edge = "1 08:00 bus; 31 08:00 bus; 32 02:59:59 bus; 32 03:00 bus; 33 08:00 bus";
    assert_eq!(costs(&month, edge), [200, 100, 0, 200, 100]);
    let fridays = "cap_id,period,week_starts,amount\nw,week,5,3.00\n";
    let week = city(&[("fare_caps.txt", fridays)]);
    // 11 January 2019 was a Friday.
    let edge = "4 03:00 bus; 11 02:59:59 bus; 11 03:00 bus; 17 08:00 bus; 18 08:00 bus";
    assert_eq!(costs(&week, edge), [200, 100, 200, 100, 200]);
    let days = city(&[("fare_caps.txt", "cap_id,period,amount\nd,day,3.00\n")]);
    let edge = "7 08:00 bus; 8 02:59:59 bus; 8 03:00 bus";
    assert_eq!(costs(&days, edge), [200, 100, 200]);
}
