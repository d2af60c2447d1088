//! Replaying recorded taps: the same tariff changes nothing, another price changes exactly the
//! journeys that it prices, and what no tariff explains is told apart.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use settlement::model::{AccountRecord, StoredFare};
use settlement::ports::SettlementStore as _;
use settlement::shadow::{Replayed, replay};
use settlement::testing::MemoryStore;
use settlement::testing::shuffle::HEADER;
use settlement::testing::world::{city, city_with, day, minutes};
use settlement::{charge, ids, ingest, settle};
use tariff::City;
use units::ServiceDay;

/// Anna: 3.00 and 9.00 (no tap off); Ben: 4.00; Carl: the bus, 2.00.
const ROWS: &str = "1,anna,2019-01-07T08:00:00+08:00,on,north,,\n\
    2,anna,2019-01-07T08:20:00+08:00,off,centre,,\n\
    3,anna,2019-01-07T18:00:00+08:00,on,south,,\n\
    4,ben,2019-01-07T09:00:00+08:00,on,centre,,\n\
    5,ben,2019-01-07T09:30:00+08:00,off,south,,\n\
    6,carl,2019-01-08T09:30:00+08:00,on,market,b1,\n";

/// The test city, in which North to Centre and Centre to South cost so much.
fn priced(three: &str, four: &str) -> City {
    let products = format!(
        "fare_product_id,fare_product_name,fare_media_id,amount,currency\n\
         single_2,Single 2,qr,2.00,CNY\nsingle_3,Single 3,qr,{three},CNY\n\
         single_4,Single 4,qr,{four},CNY\nsingle_5,Single 5,qr,5.00,CNY\n\
         bus_flat,Bus ride,qr,2.00,CNY\n"
    );
    city_with(&[("fare_products.txt", &products)])
}

/// The books of riders who were charged by `city`.
async fn charged_by(city: &City) -> MemoryStore {
    let store = MemoryStore::default();
    let now = minutes(3_000);
    let file = format!("{HEADER}{ROWS}");
    ingest::rows::store(&store, city, file.as_bytes(), now, |_| ())
        .await
        .unwrap();
    settle::all(&store, city, now).await.unwrap();
    let scope = charge::through(ServiceDay::from_days(day().as_days() + 1));
    charge::close(&store, city, &scope, now).await.unwrap();
    store
}

async fn record(store: &MemoryStore, rider: &str) -> AccountRecord {
    let account = ids::account_of_text(rider);
    let page = store.accounts_page(None, 10).await.unwrap();
    page.into_iter()
        .find(|record| record.account == account)
        .unwrap()
}

async fn replayed(store: &MemoryStore, rider: &str, old: &City, new: &City) -> Replayed {
    replay(old, new, &record(store, rider).await)
}

#[tokio::test]
async fn the_same_tariff_changes_nothing() {
    let store = charged_by(&city()).await;
    for rider in ["anna", "ben", "carl"] {
        let replayed = replayed(&store, rider, &city(), &city()).await;
        assert_eq!((replayed.days, replayed.changed.as_slice()), (1, &[][..]));
    }
}

#[tokio::test]
async fn another_price_changes_the_journeys_that_it_prices() {
    let store = charged_by(&city()).await;
    let dearer = priced("3.50", "4.00");
    let anna = replayed(&store, "anna", &city(), &dearer).await;
    let [changed] = anna.changed.as_slice() else {
        panic!("{anna:#?}");
    };
    assert_eq!(
        (changed.day, changed.old_minor, changed.new_minor),
        (day(), 1200, 1250)
    );
    assert!(changed.is_reproduced());
    // Of her two journeys the one with the other price alone.
    let [journey] = changed.journeys.as_slice() else {
        panic!("{changed:#?}");
    };
    let minor = |of: &Option<settlement::model::StoredJourney>| {
        of.as_ref().map(|journey| journey.fare.as_minor())
    };
    assert_eq!(
        (minor(&journey.old), minor(&journey.new)),
        (Some(300), Some(350))
    );
    for rider in ["ben", "carl"] {
        let other = replayed(&store, rider, &city(), &dearer).await;
        assert_eq!(other.changed, [], "{rider}");
    }
}

/// What an earlier release charged wrongly no tariff explains, whether or not the tariff changes
/// too: this release cannot reproduce it.
#[tokio::test]
async fn a_release_that_charged_wrongly_is_not_reproduced() {
    let store = charged_by(&priced("3.00", "4.10")).await;
    let ben = replayed(&store, "ben", &city(), &city()).await;
    let of = |replayed: &Replayed| {
        let days = replayed.changed.iter();
        days.map(|day| (day.old_minor, day.reproduced_minor, day.new_minor))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&ben), [(410, 400, 400)]);
    assert!(!ben.changed[0].is_reproduced());
    // Even where the other tariff happens to give what is posted.
    let ben = replayed(&store, "ben", &city(), &priced("3.00", "4.10")).await;
    assert_eq!(of(&ben), [(410, 400, 410)]);
    assert_eq!(replayed(&store, "anna", &city(), &city()).await.changed, []);
}

/// A day whose taps wait to be settled has no posted fares to compare with: both sides are
/// computed.
#[tokio::test]
async fn days_that_are_not_settled_are_computed() {
    let store = MemoryStore::default();
    let file = format!("{HEADER}{ROWS}");
    ingest::rows::store(&store, &city(), file.as_bytes(), minutes(3_000), |_| ())
        .await
        .unwrap();
    let same = replayed(&store, "anna", &city(), &city()).await;
    assert_eq!(
        (same.unsettled, same.old_minor, same.changed.len()),
        (1, 1200, 0)
    );
    let dearer = replayed(&store, "anna", &city(), &priced("3.50", "4.00")).await;
    let old = dearer.changed[0].journeys[0].old.as_ref().unwrap();
    assert_eq!((dearer.new_minor, dearer.changed.len()), (1250, 1));
    assert!(matches!(old.fare, StoredFare::Priced(fare) if fare.as_minor() == 300));
}
