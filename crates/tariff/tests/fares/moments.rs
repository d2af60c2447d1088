//! Local times of itineraries on the days when clocks change, and in a leap second. Instants are
//! worked out from the zone's rules: Berlin is an hour ahead of UTC, two from 30 March 2025 01:00
//! UTC to 26 October 2025 01:00 UTC.

use tariff::fares::Fares;

use crate::support::feed;

fn berlin() -> Fares {
    feed(&[(
        "agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\n\
         a,A,https://example.org/,Europe/Berlin\n",
    )])
}

/// Seconds since 1970.
fn secs(fares: &Fares, text: &str) -> i64 {
    fares.moment(text, None).unwrap().at.as_secs()
}

#[test]
fn a_time_that_clocks_skip_is_as_long_after_the_jump() {
    let fares = berlin();
    // 30 March 2025, 00:00 UTC.
    let midnight = 1_743_292_800;
    assert_eq!(secs(&fares, "2025-03-30T01:59:59"), midnight + 3_599);
    assert_eq!(secs(&fares, "2025-03-30T03:00:00"), midnight + 3_600);
    // 02:30 never was: it is half an hour after the jump, 03:30.
    assert_eq!(secs(&fares, "2025-03-30T02:30:00"), midnight + 5_400);
    assert_eq!(secs(&fares, "2025-03-30T03:30"), midnight + 5_400);
}

#[test]
fn a_time_that_clocks_show_twice_is_the_first() {
    let fares = berlin();
    // 26 October 2025, 00:00 UTC.
    let midnight = 1_761_436_800;
    assert_eq!(secs(&fares, "2025-10-26T02:30:00"), midnight + 1_800);
    assert_eq!(secs(&fares, "2025-10-26T03:00:00"), midnight + 7_200);
}

#[test]
fn a_leap_second_is_the_second_before_it() {
    let fares = berlin();
    // The one of 31 December 2016, 23:59:60 UTC, by Berlin's clocks.
    let leap = fares.moment("2017-01-01T00:59:60", None);
    assert_eq!(leap, fares.moment("2017-01-01T00:59:59", None));
    assert!(leap.is_ok());
    assert!(fares.moment("2017-01-01T00:59:61", None).is_err());
}
