//! Fares that count over days: a day is settled after the earlier days of its windows, and a late
//! tap reaches the later ones.
//!
//! All expected amounts are worked out by hand: north–centre 3.00, north–south 5.00, centre–north
//! 3.00, bus 2.00, a missing tap 9.00.

use std::collections::BTreeMap;

use tariff::TapKind;
use units::ServiceDay;

use super::{Bench, Factory, check_laws};
use crate::ingest::rows;
use crate::model::AccountRecord;
use crate::ports::SettlementStore as _;
use crate::testing::shuffle::HEADER;
use crate::testing::weeks::{self, Weeks};
use crate::testing::world::{Device, city_with, minutes};
use crate::{charge, dump, settle, statement};

const CAPS: &str = "cap_id,cap_name,period,amount\nd,Day cap,day,6.00\nw,Week cap,week,10.00\n";

pub(super) async fn check<F: Factory>(factory: &F) {
    a_late_tap_reaches_the_later_days_of_its_week(factory).await;
    a_late_flag_reaches_the_days_after(factory).await;
    a_rolling_window_has_two_edges(factory).await;
    a_month_begins_with_a_service_day(factory).await;
    a_year_of_weeks_and_months(factory).await;
    for seed in 0..6 {
        let expected = dump_of_dealt_weeks(factory, seed, None).await;
        for deal in 0..3 {
            let dealt = dump_of_dealt_weeks(factory, seed, Some(deal)).await;
            assert_eq!(dealt, expected, "weeks {seed}, deal {deal}");
        }
    }
}

/// The canonical dump of a fresh store after the weeks of `seed` in order, or as `deal` deals them.
///
/// # Panics
/// When the store fails or a law does not hold.
pub async fn dump_of_dealt_weeks<F: Factory>(factory: &F, seed: u64, deal: Option<u64>) -> String {
    let weeks = Weeks::new(seed);
    let store = factory.fresh().await;
    let city = weeks::city(seed % 2 == 1);
    let deliveries = deal.map_or_else(|| weeks.in_order(), |deal| weeks.dealt(deal));
    for delivery in deliveries {
        weeks.deliver(&store, &city, delivery).await;
    }
    check_laws(&store, &city, &format!("weeks {seed}, deal {deal:?}")).await;
    dump::canonical(&store).await.unwrap()
}

async fn take<F: Factory>(bench: &Bench<'_, F>, rows: &[&str]) {
    let text = format!("{HEADER}{}\n", rows.join("\n"));
    let taken = rows::store(&bench.store, &bench.city, text.as_bytes(), NOW, |_| ());
    let taken = taken.await.unwrap();
    assert_eq!(taken.rejected, 0, "{text}");
}

const NOW: units::Timestamp = units::Timestamp::from_secs(1_600_000_000);

async fn close_all<F: Factory>(bench: &Bench<'_, F>) {
    let scope = charge::through(ServiceDay::from_days(30_000));
    charge::close(&bench.store, &bench.city, &scope, NOW)
        .await
        .unwrap();
}

async fn only_account<F: Factory>(bench: &Bench<'_, F>) -> AccountRecord {
    let mut page = bench.store.accounts_page(None, 10).await.unwrap();
    assert_eq!(page.len(), 1);
    page.remove(0)
}

/// Fares by service day, `"01-07 600"`, of the only account; charges are the fares.
async fn fares<F: Factory>(bench: &Bench<'_, F>) -> Vec<String> {
    let record = only_account(bench).await;
    let mut charged: BTreeMap<ServiceDay, i64> = BTreeMap::new();
    for charge in &record.charges {
        *charged.entry(charge.day).or_default() += charge.amount.as_minor();
    }
    let of_day = record.days.iter().map(|day| {
        let minor = day.fares.as_minor();
        assert_eq!(charged.get(&day.day).copied().unwrap_or(0), minor);
        assert!(day.closed, "{day:?}");
        format!("{} {minor}", &day.day.to_string()[5..])
    });
    of_day.collect()
}

/// | day | rides | own fares | to pay |
/// |---|---|---|---|
/// | Monday 7 | north–centre, centre–north | 3 + 3 | 6.00, the cap of a day |
/// | Tuesday 8 | bus | 2 | 2.00, 8.00 in the week |
/// | Wednesday 9 | north–centre | 3 | 2.00, 10.00 in the week |
/// | Thursday 10 | bus | 2 | 0 |
/// | Monday 14 | bus | 2 | 2.00, a new week |
///
/// A second bus of Tuesday makes Tuesday 4.00 and leaves nothing for Wednesday.
async fn a_late_tap_reaches_the_later_days_of_its_week<F: Factory>(factory: &F) {
    let bench = Bench::in_city(factory, city_with(&[("fare_caps.txt", CAPS)])).await;
    take(
        &bench,
        &[
            "1,anna,2019-01-07T08:00:00+08:00,on,north,,",
            "2,anna,2019-01-07T08:20:00+08:00,off,centre,,",
            "3,anna,2019-01-07T18:00:00+08:00,on,centre,,",
            "4,anna,2019-01-07T18:20:00+08:00,off,north,,",
            "5,anna,2019-01-08T08:00:00+08:00,on,market,b1,",
            "6,anna,2019-01-09T08:00:00+08:00,on,north,,",
            "7,anna,2019-01-09T08:20:00+08:00,off,centre,,",
            "8,anna,2019-01-10T08:00:00+08:00,on,market,b1,",
            "9,anna,2019-01-14T08:00:00+08:00,on,market,b1,",
        ],
    )
    .await;
    close_all(&bench).await;
    let before = [
        "01-07 600",
        "01-08 200",
        "01-09 200",
        "01-10 0",
        "01-14 200",
    ];
    assert_eq!(fares(&bench).await, before);
    bench.check_laws("a week").await;

    take(&bench, &["10,anna,2019-01-08T09:00:00+08:00,on,market,b1,"]).await;
    assert_eq!(bench.counts().await.dirty_days, 1);
    settle::step(&bench.store, &bench.city, NOW, 1)
        .await
        .unwrap();
    assert_eq!(
        bench.counts().await.dirty_days,
        2,
        "the rest of the week, not the next one"
    );
    close_all(&bench).await;
    let after = ["01-07 600", "01-08 400", "01-09 0", "01-10 0", "01-14 200"];
    assert_eq!(fares(&bench).await, after);
    bench.check_laws("a late tap").await;

    let account = only_account(&bench).await.account;
    let wednesday = ServiceDay::parse("2019-01-09").unwrap();
    let currency = bench.city.currency();
    let seen = statement::of_day(&bench.store, account, wednesday, currency).await;
    let seen = seen.unwrap();
    let because: Vec<&str> = seen
        .charges
        .iter()
        .map(|row| row.because.as_str())
        .collect();
    assert_eq!(
        because,
        [
            "Travel on 2019-01-09: CNY 2.00.",
            "Travel on 2019-01-09 comes to CNY 0.00 and CNY 2.00 was charged: CNY -2.00 given \
             back."
        ]
    );
    assert_eq!(
        seen.journeys[0].because,
        "Travel from North Gate to Central Square costs CNY 3.00 with product \"Single 3\" \
         (gtfs/fare_leg_rules.txt row 3). The cap \"Week cap\" leaves CNY 0.00 \
         (gtfs/fare_caps.txt row 3)."
    );
    assert_eq!(seen.balance.as_minor(), 0);
}

/// One code on both sides of the end of Monday; Monday's bus is known late.
///
/// | day | before | after |
/// |---|---|---|
/// | Monday | – | bus 2.00 |
/// | Tuesday | centre–north 3.00 | the tap on is flagged; the tap off alone 9.00, capped to 6.00 |
/// | Wednesday | north–south 5.00, 8.00 in the week | 2.00, 10.00 in the week |
async fn a_late_flag_reaches_the_days_after<F: Factory>(factory: &F) {
    let city = city_with(&[("fare_caps.txt", CAPS)]);
    let mut bench = Bench::in_city(factory, city).await;
    let phone = bench.phone(1).await;
    let mut bus = Device::new(3, tariff::testing::MARKET, Some(tariff::testing::BUS));
    let mut south = Device::new(4, tariff::testing::SOUTH, None);
    for device in [&bus, &south] {
        let gate = device.registration();
        bench.store.register_gate(&gate).await.unwrap();
    }
    let (ends, second) = (minutes(24 * 60), units::Span::from_secs(1));
    let shot = phone.code(ends);
    bus.permit(ends.minus(second), TapKind::On, &shot);
    bench.centre.permit(ends.plus(second), TapKind::On, &shot);
    let tap = |device: &mut Device, minute, kind| {
        device.permit(minutes(minute), kind, &phone.code(minutes(minute)));
    };
    tap(&mut bench.north, 24 * 60 + 30, TapKind::Off);
    tap(&mut bench.north, 48 * 60 + 30, TapKind::On);
    tap(&mut south, 48 * 60 + 60, TapKind::Off);
    bench.upload_all().await;
    bench.upload(south.all()).await;
    close_all(&bench).await;
    assert_eq!(fares(&bench).await, ["01-08 300", "01-09 500"]);
    bench.upload(bus.all()).await;
    // A store may find the other day of the code while it settles this one.
    assert!(bench.counts().await.dirty_days >= 1, "the day of the tap");
    close_all(&bench).await;
    let after = ["01-07 200", "01-08 600", "01-09 200"];
    assert_eq!(fares(&bench).await, after);
    bench.check_laws("a late flag").await;
}

/// At most 5.00 in any three days, a bus each day from Monday 7 to Friday 11:
///
/// | day | bus | paid on the two days before | to pay | with a second bus on Monday |
/// |---|---|---|---|---|
/// | 7 | 2 | 0 | 2.00 | 4.00 |
/// | 8 | 2 | 2 | 2.00 | 1.00 (4 before) |
/// | 9 | 2 | 4 | 1.00 | 0.00 (5 before) |
/// | 10 | 2 | 3 | 2.00 | 2.00 (1 before) |
/// | 11 | 2 | 3 | 2.00 | 2.00 (2 before) |
async fn a_rolling_window_has_two_edges<F: Factory>(factory: &F) {
    let caps = "cap_id,period,period_days,amount\nr,rolling,3,5.00\n";
    let bench = Bench::in_city(factory, city_with(&[("fare_caps.txt", caps)])).await;
    let rows: Vec<String> = (7..12)
        .map(|day| format!("{day},anna,2019-01-{day:02}T08:00:00+08:00,on,market,b1,"))
        .collect();
    for row in &rows {
        take(&bench, &[row]).await;
        close_all(&bench).await;
    }
    let before = [
        "01-07 200",
        "01-08 200",
        "01-09 100",
        "01-10 200",
        "01-11 200",
    ];
    assert_eq!(fares(&bench).await, before);
    take(&bench, &["1,anna,2019-01-07T09:00:00+08:00,on,market,b1,"]).await;
    close_all(&bench).await;
    let after = [
        "01-07 400",
        "01-08 100",
        "01-09 0",
        "01-10 200",
        "01-11 200",
    ];
    assert_eq!(fares(&bench).await, after);
    bench.check_laws("rolling").await;
}

/// At most 3.00 in a calendar month of service days, which begin at 03:00: 1 February 02:59:59 is
/// still 31 January, 03:00:00 is February.
async fn a_month_begins_with_a_service_day<F: Factory>(factory: &F) {
    let caps = "cap_id,period,amount\nm,month,3.00\n";
    let bench = Bench::in_city(factory, city_with(&[("fare_caps.txt", caps)])).await;
    take(
        &bench,
        &[
            "1,anna,2019-01-01T08:00:00+08:00,on,market,b1,",
            "2,anna,2019-02-01T02:59:59+08:00,on,market,b1,",
            "3,anna,2019-02-01T03:00:00+08:00,on,market,b1,",
        ],
    )
    .await;
    close_all(&bench).await;
    let fares = fares(&bench).await;
    assert_eq!(fares, ["01-01 200", "01-31 100", "02-01 200"]);
    bench.check_laws("a month").await;
}

/// With weeks from Monday and months, what was paid in the last days of a month is bounded by its
/// month, and bounds the first days of the next by their week: 30 April 2019 was a Tuesday, and the
/// chain goes back to 1 April, a Monday.
///
/// | day | bus rides | month at most 5.00 | week at most 4.00 |
/// |---|---|---|---|
/// | Monday 1 April | 2 | 4.00 | 4.00 |
/// | Tuesday 30 April | 1 | 1.00 left | 1.00 |
/// | Wednesday 1 May | 2 | 4.00 | 3.00 left after 1.00 |
///
/// Without 1 April the 30th costs 2.00 and 1 May 2.00.
async fn a_year_of_weeks_and_months<F: Factory>(factory: &F) {
    let caps = "cap_id,period,amount\nm,month,5.00\nw,week,4.00\n";
    let bench = Bench::in_city(factory, city_with(&[("fare_caps.txt", caps)])).await;
    take(
        &bench,
        &[
            "3,anna,2019-04-30T08:00:00+08:00,on,market,b1,",
            "4,anna,2019-05-01T08:00:00+08:00,on,market,b1,",
            "5,anna,2019-05-01T09:00:00+08:00,on,market,b1,",
        ],
    )
    .await;
    close_all(&bench).await;
    assert_eq!(fares(&bench).await, ["04-30 200", "05-01 200"]);
    take(
        &bench,
        &[
            "1,anna,2019-04-01T08:00:00+08:00,on,market,b1,",
            "2,anna,2019-04-01T09:00:00+08:00,on,market,b1,",
        ],
    )
    .await;
    close_all(&bench).await;
    let after = ["04-01 400", "04-30 100", "05-01 300"];
    assert_eq!(fares(&bench).await, after);
    bench.check_laws("weeks and months").await;
}
