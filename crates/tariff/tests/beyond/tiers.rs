//! Discounts for money spent in a month, as Beijing has them: over CNY 100 80 %, over CNY 150 half,
//! until CNY 400. Each number is an edge of its own.

use tariff::City;

use crate::support::{city, costs};

fn beijing(counts: &str) -> City {
    let tiers = format!(
        "tier_id,tier_name,period,from_amount,to_amount,pay_percent,counts\n\
         b,Month discount,month,100.00,150.00,80,{counts}\n\
         b,Month discount,month,150.00,400.00,50,{counts}\n"
    );
    city(&[("fare_tiers.txt", &tiers)])
}

/// `rides` of north–south, 5.00 each, five a day from 1 January on.
fn long_rides(rides: usize) -> String {
    let ride = |number: usize| {
        let (day, hour) = (1 + number / 5, 8 + number % 5 * 2);
        format!("{day} {hour}:00 on north; {day} {hour}:30 off south")
    };
    (0..rides).map(ride).collect::<Vec<_>>().join("; ")
}

fn runs(runs: &[(usize, i64)]) -> Vec<i64> {
    let one = |(count, minor): &(usize, i64)| vec![*minor; *count];
    runs.iter().flat_map(one).collect()
}

#[test]
fn spending_crosses_100_150_and_400() {
    // 20 rides make 100.00 exactly: the 21st costs 80 %, 4.00. 12 of these make 148.00, still
    // below: the 33rd costs 4.00 too and makes 152.00. From the 34th on half, 2.50: 99 of them
    // make 399.50, still below: the 133rd costs 2.50 and makes 402.00. The 134th costs 5.00.
    let expected = runs(&[(20, 500), (13, 400), (100, 250), (2, 500)]);
    assert_eq!(costs(&beijing(""), &long_rides(135)), expected);
    assert_eq!(costs(&beijing("paid"), &long_rides(135)), expected);
}

#[test]
fn full_fares_cross_the_edges_sooner() {
    // 100.00 after 20 rides, 150.00 after 30, 400.00 after 80, whatever was paid.
    let expected = runs(&[(20, 500), (10, 400), (50, 250), (3, 500)]);
    assert_eq!(costs(&beijing("fare"), &long_rides(83)), expected);
}

#[test]
fn the_ride_that_crosses_pays_by_the_old_row() {
    // 19 rides of 5.00 and one of 3.00 are 98.00: the next one costs 5.00 and makes 103.00, the one
    // after it 4.00.
    let text = format!(
        "{}; 20 08:00 on north; 20 08:30 off centre; 21 08:00 on north; 21 08:30 off south; \
         22 08:00 on north; 22 08:30 off south",
        long_rides(19)
    );
    assert_eq!(
        costs(&beijing(""), &text),
        runs(&[(19, 500), (1, 300), (1, 500), (1, 400)])
    );
}

#[test]
fn a_month_is_one_of_service_days() {
    // 20 rides make 100.00. 1 February 02:59:59 is 31 January still.
    let text = format!(
        "{}; 32 02:40 on north; 32 02:59:59 off south; 32 03:00 on north; 32 03:30 off south",
        long_rides(20)
    );
    assert_eq!(
        costs(&beijing(""), &text),
        runs(&[(20, 500), (1, 400), (1, 500)])
    );
}

#[test]
fn of_several_rows_the_least_result_counts() {
    let tiers = "tier_id,period,from_amount,to_amount,pay_percent,network_id\n\
                 a,day,2.00,,90,\na,day,2.00,,60,bus\nb,day,4.00,,70,\n";
    let city = city(&[("fare_tiers.txt", tiers)]);
    // The second bus: 2.00 spent, 60 % is 1.20. The metro: 3.20 spent, 90 % of 3.00 is 2.70. The
    // next metro: 5.90 spent, 70 % is 2.10.
    assert_eq!(
        costs(
            &city,
            "7 08:00 bus; 7 09:00 bus; 7 10:00 on north; 7 10:20 off centre; 7 11:00 on north; \
             7 11:20 off centre"
        ),
        [200, 120, 270, 210]
    );
}
