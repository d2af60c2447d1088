//! Products that cost less than nothing: a ride never does, and what it gives back is taken from
//! the rides before it.

use tariff::{City, Fare};

use crate::support::{city, costs, held, journeys, shares, taps, with_companions};

/// North–centre 3.00 and a bus of so much; nothing prices south–south.
fn bus(amount: &str) -> City {
    let products = format!(
        "fare_product_id,fare_product_name,amount,currency\nsingle_2,Single 2,2.00,CNY\n\
         single_3,Single 3,3.00,CNY\nsingle_4,Single 4,4.00,CNY\nsingle_5,Single 5,5.00,CNY\n\
         bus_flat,Bus ride,{amount},CNY\n"
    );
    city(&[("fare_products.txt", &products)])
}

#[test]
fn it_is_taken_from_the_ride_before() {
    let metro = "7 08:00 on north; 7 08:20 off centre";
    assert_eq!(
        costs(&bus("-0.50"), &format!("{metro}; 7 09:00 bus")),
        [250, 0]
    );
    // Of two, from the later one first: 3.50 is all of it and 0.50 of the one before.
    let two = format!("{metro}; 7 09:00 on north; 7 09:20 off centre; 7 10:00 bus");
    assert_eq!(costs(&bus("-3.50"), &two), [250, 0, 0]);
}

#[test]
fn with_no_ride_before_on_the_day_it_is_lost() {
    let text = "6 08:00 on north; 6 08:20 off centre; 7 08:00 bus; 7 09:00 on north; \
                7 09:20 off centre";
    assert_eq!(costs(&bus("-0.50"), text), [300, 0, 300]);
}

#[test]
fn rides_that_nothing_prices_do_not_stop_it() {
    let text = "7 08:00 on north; 7 08:20 off centre; 7 09:00 on south; 7 09:20 off south; \
                7 10:00 bus";
    let minor = |fare: &Fare| match fare {
        Fare::Priced(amount) => Some(amount.as_minor()),
        Fare::Unpriced { .. } => None,
    };
    let journeys = journeys(&bus("-0.50"), &taps(text));
    let fares: Vec<Option<i64>> = journeys.iter().map(|one| minor(&one.fare)).collect();
    assert_eq!(fares, [Some(250), None, Some(0)]);
}

#[test]
fn each_member_of_a_party_has_their_own() {
    // The companion takes no bus.
    let mut taps = taps("7 09:00 bus");
    let mut two = held("7 08:00 on north; 7 08:20 off centre", with_companions(1));
    taps[0].id = units::TapId::from_bytes([9; 16]);
    two.extend(taps);
    assert_eq!(shares(&bus("-0.50"), &two), [vec![250, 300], vec![0]]);
}
