//! Seeded bugs of the reliability plan that settlement can have, each with the test that sees it;
//! those of charging are in `charging.rs`, the whole list is `docs/SEEDED_BUGS.md`.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use settlement::ports::{DayFault, MoneyFault, SettlementStore as _};
use settlement::testing::MemoryStore;
use settlement::testing::shuffle::HEADER;
use settlement::testing::world::{city, city_with, day, minutes};
use settlement::{charge, ingest, settle};
use tariff::City;
use units::ServiceDay;

async fn take(store: &MemoryStore, city: &City, rows: &str) {
    let file = format!("{HEADER}{rows}");
    let taken = ingest::rows::store(store, city, file.as_bytes(), minutes(3_000), |_| ());
    assert_eq!(taken.await.unwrap().rejected, 0);
}

async fn close(store: &MemoryStore, city: &City) {
    let scope = charge::through(ServiceDay::from_days(day().as_days() + 1));
    let closed = charge::close(store, city, &scope, minutes(3_000));
    closed.await.unwrap();
}

/// The amounts of all charges, in order of day and revision.
async fn charges(store: &MemoryStore) -> Vec<i64> {
    let page = store.accounts_page(None, 10).await.unwrap();
    let charges = page.iter().flat_map(|record| &record.charges);
    charges.map(|charge| charge.amount.as_minor()).collect()
}

/// The test city, where the bus costs `bus` and a cap of so much holds for a day.
fn city_of_bus(bus: &str, cap: &str) -> City {
    let products = format!(
        "fare_product_id,fare_product_name,fare_media_id,amount,currency\n\
         single_2,Single 2,qr,2.00,CNY\nsingle_3,Single 3,qr,3.00,CNY\n\
         single_4,Single 4,qr,4.00,CNY\nsingle_5,Single 5,qr,5.00,CNY\n\
         bus_flat,Bus ride,qr,{bus},CNY\n"
    );
    let caps = format!("cap_id,period,amount\nd,day,{cap}\n");
    let caps = if cap.is_empty() {
        "cap_id,period,amount\n"
    } else {
        &caps
    };
    city_with(&[("fare_products.txt", &products), ("fare_caps.txt", caps)])
}

/// Two riders of one account get on at one door in the same second: two taps that look alike.
#[tokio::test]
async fn seeded_bug_22_taps_that_look_alike_are_two() {
    let store = MemoryStore::default();
    let row = "ann,2019-01-07T09:00:00+08:00,on,market,b1,";
    take(&store, &city(), &format!("1,{row}\n2,{row}\n1,{row}\n")).await;
    close(&store, &city()).await;
    // The bus costs 2.00; the row that repeats tap 1 is no third ride.
    assert_eq!(charges(&store).await, [400]);
}

#[tokio::test]
async fn seeded_bug_27_a_tap_after_the_day_was_closed_is_charged() {
    let store = MemoryStore::default();
    take(
        &store,
        &city(),
        "1,ann,2019-01-07T09:00:00+08:00,on,market,b1,\n",
    )
    .await;
    close(&store, &city()).await;
    take(
        &store,
        &city(),
        "2,ann,2019-01-07T08:00:00+08:00,on,market,b1,\n",
    )
    .await;
    close(&store, &city()).await;
    assert_eq!(charges(&store).await.iter().sum::<i64>(), 400);
}

#[tokio::test]
async fn seeded_bug_28_a_late_tap_is_charged_by_the_difference() {
    let store = MemoryStore::default();
    // Without its tap off 9.00; with it North to Centre is 3.00.
    take(
        &store,
        &city(),
        "1,ann,2019-01-07T09:00:00+08:00,on,north,,\n",
    )
    .await;
    close(&store, &city()).await;
    take(
        &store,
        &city(),
        "2,ann,2019-01-07T09:20:00+08:00,off,centre,,\n",
    )
    .await;
    close(&store, &city()).await;
    assert_eq!(charges(&store).await, [900, -600]);
}

/// 0.10 three times is more than 0.30 in doubles, and 0.30 less 0.20 is less than 0.10; singles do
/// not know the largest cap there is from a cent below it.
#[tokio::test]
async fn seeded_bug_35_a_cap_is_exact_where_a_float_is_not() {
    let cases = [
        ("0.10", "0.30", 3, 30),
        ("5000000000.00", "9999999999.99", 2, 999_999_999_999),
    ];
    for (bus, cap, rides, paid) in cases {
        let store = MemoryStore::default();
        let city = city_of_bus(bus, cap);
        let row = |ride| format!("{ride},ann,2019-01-07T0{ride}:00:00Z,on,market,b1,\n");
        let rows: String = (1..=rides).map(row).collect();
        take(&store, &city, &rows).await;
        close(&store, &city).await;
        assert_eq!(charges(&store).await, [paid], "{bus} up to {cap}");
    }
}

/// Two rides of the greatest amount there is: no sum, no wrapping, nothing charged; the day is
/// listed with its fault.
#[tokio::test]
async fn seeded_bug_36_a_sum_that_does_not_fit_is_refused() {
    let store = MemoryStore::default();
    let city = city_of_bus("92233720368547758.07", "");
    let rows = "1,ann,2019-01-07T09:00:00+08:00,on,market,b1,\n\
        2,ann,2019-01-07T10:00:00+08:00,on,market,b1,\n";
    take(&store, &city, rows).await;
    settle::all(&store, &city, minutes(3_000)).await.unwrap();
    let account = settlement::ids::account_of_text("ann");
    let overflow = MoneyFault::Overflow {
        account,
        day: day(),
    };
    let fault = DayFault::new(account, day(), &overflow, minutes(3_000));
    assert_eq!(store.day_faults(None, 10).await.unwrap(), [fault]);
    close(&store, &city).await;
    assert_eq!(charges(&store).await, []);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.journeys, counts.faulty_days), (0, 1));
}
