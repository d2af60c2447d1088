//! Bought and earned passes.

use tariff::Holder;

use crate::support::{city, costs, held, paid};

fn with_product(product: u16) -> Holder {
    Holder {
        product,
        ..Holder::default()
    }
}

const BOUGHT: &str =
    "pass_id,pass_name,kind,product_number,network_id\nm,Metro pass,bought,7,metro\n";

#[test]
fn a_bought_pass_covers_what_it_holds() {
    let caps = "cap_id,period,amount\nd,day,4.00\n";
    let city = city(&[("fare_passes.txt", BOUGHT), ("fare_caps.txt", caps)]);
    let day = "7 08:00 on north; 7 08:20 off south; 7 09:00 bus; 7 10:00 bus; 7 11:00 bus";
    // Covered rides count towards no cap: two buses of 2.00 fill it.
    assert_eq!(paid(&city, &held(day, with_product(7))), [0, 200, 200, 0]);
    // Another product is no pass: 5.00 is capped to 4.00, and nothing is left.
    assert_eq!(paid(&city, &held(day, with_product(8))), [400, 0, 0, 0]);
    assert_eq!(paid(&city, &held(day, with_product(0))), [400, 0, 0, 0]);
}

#[test]
fn a_missing_tap_is_not_covered() {
    let city = city(&[("fare_passes.txt", BOUGHT)]);
    assert_eq!(
        paid(&city, &held("7 08:00 on north", with_product(7))),
        [900]
    );
}

#[test]
fn the_rides_of_a_week_earn_the_rest_of_it() {
    let passes = "pass_id,kind,rides,period,network_id\nb,earned,3,week,bus\n";
    let caps = "cap_id,period,amount,network_id\nw,week,6.50,bus\n";
    let city = city(&[("fare_passes.txt", passes), ("fare_caps.txt", caps)]);
    // Monday 7 to Sunday 13: three rides of 2.00, then free, the metro not; the free ones count
    // towards no cap, of which 0.50 is left all week. Monday 14 begins anew.
    assert_eq!(
        costs(
            &city,
            "7 08:00 bus; 8 08:00 bus; 9 08:00 bus; 10 08:00 bus; 10 09:00 on north; \
             10 09:20 off centre; 13 23:00 bus; 14 02:59:59 bus; 14 03:00 bus; 15 08:00 bus; \
             16 08:00 bus; 17 08:00 bus"
        ),
        [200, 200, 200, 0, 300, 0, 0, 200, 200, 200, 0]
    );
}

#[test]
fn a_free_ride_counts_towards_the_next_pass() {
    // After one bus of a day buses are free; after two buses of a week everything is.
    let passes = "pass_id,kind,rides,period,network_id,week_starts\n\
                  d,earned,1,day,bus,\nw,earned,2,week,bus,1\nw,earned,2,week,metro,1\n";
    let city = city(&[("fare_passes.txt", passes)]);
    assert_eq!(
        costs(
            &city,
            "7 08:00 bus; 7 09:00 bus; 7 10:00 on north; 7 10:20 off south; 8 08:00 bus"
        ),
        [200, 0, 0, 0]
    );
}

#[test]
fn rides_are_counted_over_a_rolling_window() {
    let passes = "pass_id,kind,rides,period,period_days\nr,earned,2,rolling,3\n";
    let city = city(&[("fare_passes.txt", passes)]);
    // 9: two rides on 7 and 8. 10: on 8 and 9. 13: none since 10.
    assert_eq!(
        costs(
            &city,
            "7 08:00 bus; 8 08:00 bus; 9 08:00 bus; 10 08:00 bus; 13 08:00 bus"
        ),
        [200, 200, 0, 0, 200]
    );
    // 10: only the one of 8 or 9 and none of 7.
    assert_eq!(
        costs(&city, "7 08:00 bus; 9 08:00 bus; 10 08:00 bus"),
        [200, 200, 200]
    );
}
