//! Parties on one code, and concessions.

use tariff::Holder;

use crate::support::{CATEGORIES, CHILD, SENIOR, category, city, costs, held, paid, shares};
use crate::support::{taps, with_companions};

const GROUPS: (&str, &str) = (
    "fare_groups.txt",
    "rider_category_id,companion_from,companion_to,companion_category_id\n\
     senior,1,1,senior\n,1,2,child\n,3,254,adult\n",
);
const CONCESSIONS: (&str, &str) = (
    "fare_concessions.txt",
    "rider_category_id,network_id,pay_percent\nchild,,50\nsenior,metro,0\nsenior,bus,25\n",
);
const RIDE: &str = "7 08:00 on north; 7 08:20 off centre";

#[test]
fn each_companion_pays_by_its_category() {
    let city = city(&[CATEGORIES, GROUPS, CONCESSIONS]);
    // Companions 1 and 2 are children: half of 3.00. Companion 3 is an adult.
    let party = held(RIDE, with_companions(3));
    assert_eq!(shares(&city, &party), [[300, 150, 150, 300]]);
    assert_eq!(paid(&city, &party), [900]);
    assert_eq!(shares(&city, &held(RIDE, with_companions(1))), [[300, 150]]);
    assert_eq!(shares(&city, &taps(RIDE)), [[300]]);
    // The first row that holds the companion of a senior says senior, the next one child.
    let senior = Holder {
        category: SENIOR,
        ..with_companions(2)
    };
    assert_eq!(shares(&city, &held(RIDE, senior)), [[0, 0, 150]]);
}

#[test]
fn without_a_row_companions_are_what_the_holder_is() {
    let city = city(&[CATEGORIES, CONCESSIONS]);
    let child = Holder {
        category: CHILD,
        ..with_companions(2)
    };
    assert_eq!(shares(&city, &held(RIDE, child)), [[150, 150, 150]]);
}

#[test]
fn a_missing_tap_costs_each_member_the_maximum() {
    let city = city(&[CATEGORIES, GROUPS, CONCESSIONS]);
    let lone = held("7 08:00 on north", with_companions(1));
    // Concessions are for travel that is known.
    assert_eq!(shares(&city, &lone), [[900, 900]]);
}

#[test]
fn each_member_has_sums_of_its_own() {
    let cap = ("fare_caps.txt", "cap_id,period,amount\nd,day,4.00\n");
    let city = city(&[CATEGORIES, cap]);
    // Two ride, then the holder alone, then two again. The holder has paid 3.00, so 1.00 is left,
    // then nothing; the companion has paid 3.00 before its second ride.
    let mut party = taps(
        "7 08:00 on north; 7 08:20 off centre; 7 10:00 on north; 7 10:20 off centre; \
         7 12:00 on north; 7 12:20 off centre",
    );
    for place in [0, 1, 4, 5] {
        party[place].holder.companions = 1;
    }
    let expected = [vec![300, 300], vec![100], vec![0, 100]];
    assert_eq!(shares(&city, &party), expected);
}

#[test]
fn concessions_by_category_and_network() {
    let city = city(&[CATEGORIES, CONCESSIONS]);
    let day = "7 08:00 on north; 7 08:20 off centre; 7 10:00 bus";
    let pays = |number| paid(&city, &held(day, category(number)));
    assert_eq!(pays(0), [300, 200], "0 is the default category");
    assert_eq!(pays(1), [300, 200]);
    assert_eq!(pays(CHILD), [150, 100]);
    // 25 % of 2.00.
    assert_eq!(pays(SENIOR), [0, 50]);
    assert_eq!(
        pays(200),
        [300, 200],
        "a number without a row is the default"
    );
}

#[test]
fn the_best_concession_counts_and_halves_round_up() {
    let products = "fare_product_id,fare_product_name,fare_media_id,amount,currency\n\
                    single_2,Single 2,qr,2.00,CNY\nsingle_3,Single 3,qr,3.01,CNY\n\
                    single_4,Single 4,qr,4.00,CNY\nsingle_5,Single 5,qr,5.00,CNY\n\
                    bus_flat,Bus ride,qr,0.99,CNY\n";
    let rows = "rider_category_id,network_id,pay_percent\n,metro,70\n,metro,50\n,bus,50\n";
    let city = city(&[
        CATEGORIES,
        ("fare_products.txt", products),
        ("fare_concessions.txt", rows),
    ]);
    // 50 % of 301 is 150.5 and of 99 is 49.5: halves up.
    assert_eq!(
        costs(&city, "7 08:00 on north; 7 08:20 off centre; 7 09:00 bus"),
        [151, 50]
    );
}
