//! Transfer windows and zone tickets: the edges of their time.

use crate::support::{city, costs};

/// North–centre 3.00, centre–south 4.00, north–south 5.00, bus 2.00.
fn hour(reopens: &str) -> tariff::City {
    let windows = format!("window_id,duration_seconds,reopens\nh,3600,{reopens}\n");
    city(&[("fare_windows.txt", &windows)])
}

#[test]
fn a_window_ends_with_its_last_second() {
    assert_eq!(costs(&hour(""), "7 08:00 bus; 7 09:00:00 bus"), [200, 0]);
    assert_eq!(costs(&hour(""), "7 08:00 bus; 7 09:00:01 bus"), [200, 200]);
    // The next window opens with the ride after it.
    assert_eq!(
        costs(&hour(""), "7 08:00 bus; 7 09:00:01 bus; 7 10:00:01 bus"),
        [200, 200, 0]
    );
}

#[test]
fn only_the_dearest_ride_of_a_window_is_paid() {
    // 2.00; 3.00 is 1.00 more; 5.00 is 2.00 more than 3.00; a bus is nothing more.
    let text = "7 08:00 bus; 7 08:10 on north; 7 08:20 off centre; 7 08:30 on north; \
                7 08:40 off south; 7 08:50 bus";
    assert_eq!(costs(&hour(""), text), [200, 100, 200, 0]);
}

#[test]
fn a_dearer_ride_opens_it_anew_where_the_file_says_so() {
    let text = "7 08:00 bus; 7 08:30 on north; 7 08:40 off centre; 7 09:30 bus; 7 09:30:01 bus";
    // From 08:30 on until 09:30:00 inclusive.
    assert_eq!(costs(&hour("1"), text), [200, 100, 0, 200]);
    // From 08:00 on until 09:00: the bus at 09:30 opens the next one.
    assert_eq!(costs(&hour(""), text), [200, 100, 200, 0]);
}

#[test]
fn a_window_ends_with_the_service_day() {
    assert_eq!(costs(&hour(""), "8 02:59 bus; 8 03:01 bus"), [200, 200]);
    assert_eq!(costs(&hour(""), "8 02:57 bus; 8 02:59 bus"), [200, 0]);
}

#[test]
fn a_zone_ticket_ends_with_its_last_second() {
    let tickets = "fare_product_id,area_ids,duration_seconds,amount\n\
                   t,a_north a_centre,3600,3.50\n";
    let city = city(&[("fare_zone_tickets.txt", tickets)]);
    let back = |clock: &str| {
        let text =
            format!("7 08:00 on north; 7 08:20 off centre; 7 {clock} on centre; 7 09:30 off north");
        costs(&city, &text)
    };
    // One ticket for both, or 3.00 twice.
    assert_eq!(back("09:00:00"), [350, 0]);
    assert_eq!(back("09:00:01"), [300, 300]);
    // South is in none of its areas.
    assert_eq!(
        costs(
            &city,
            "7 08:00 on north; 7 08:20 off centre; 7 08:30 on centre; 7 08:50 off south"
        ),
        [300, 400]
    );
}
