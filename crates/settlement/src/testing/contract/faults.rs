//! Days whose money does not add up: told, kept apart, and settled again.

use tariff::{City, TapKind};
use units::ServiceDay;

use super::{Bench, Factory};
use crate::model::AccountDay;
use crate::ports::{
    Again, ChargeChange, Counts, DayChange, DayFault, DayState, MoneyFault, SettlementStore as _,
};
use crate::testing::world::{Phone, city_in, city_with, day, minutes};
use crate::{charge, settle};

pub(super) async fn check<F: Factory>(factory: &F) {
    a_day_with_a_fault_keeps_nobody_waiting(factory).await;
    a_day_that_cannot_be_charged_keeps_nobody_waiting(factory).await;
    another_currency_is_the_fault_of_its_day(factory).await;
    a_disruption_declared_afterwards_gives_the_penalty_back(factory).await;
}

fn overflow(state: &DayState) -> DayFault {
    let (account, day) = (state.account, state.day);
    let fault = MoneyFault::Overflow { account, day };
    DayFault::new(account, day, &fault, minutes(1_900))
}

/// Two riders who rode from north to centre.
async fn two_riders<F: Factory>(factory: &F) -> (Bench<'_, F>, Phone, Phone) {
    let mut bench = Bench::new(factory).await;
    let (phone, other) = (bench.phone(1).await, bench.phone(2).await);
    for (phone, minute) in [(&phone, 10), (&other, 11)] {
        let (on, off) = (minutes(minute), minutes(minute + 20));
        bench.north.permit(on, TapKind::On, &phone.code(on));
        bench.centre.permit(off, TapKind::Off, &phone.code(off));
    }
    bench.upload_all().await;
    (bench, phone, other)
}

async fn faults<F: Factory>(bench: &Bench<'_, F>) -> Vec<DayFault> {
    bench.store.day_faults(None, 10).await.unwrap()
}

/// Net charges of both riders together.
fn charged<F: Factory>(bench: &Bench<'_, F>, counts: &Counts) -> i64 {
    let sums = &counts.charged_minor;
    sums.get(&bench.city.currency()).copied().unwrap_or(0)
}

async fn a_day_with_a_fault_keeps_nobody_waiting<F: Factory>(factory: &F) {
    let (bench, _, other) = two_riders(factory).await;
    let (now, city) = (minutes(1_900), &bench.city);
    let decide = |state: &DayState| {
        if state.account != other.account {
            return settle::decide(city, state, now).unwrap();
        }
        DayChange {
            account_day: AccountDay::empty(state.account, state.day, city.currency()),
            journeys: Vec::new(),
            flags: Vec::new(),
            entries: Vec::new(),
            reaches: state.day,
            fault: Some(overflow(state)),
        }
    };
    let window = |day| settle::window(city, day);
    while bench.store.settle_dirty(10, window, decide).await.unwrap() > 0 {}
    let found = faults(&bench).await;
    assert_eq!(
        (found.len(), found[0].account, found[0].day),
        (1, other.account, day())
    );
    assert_eq!(found[0].at, minutes(1_900));
    let told = &found[0].because;
    assert!(told.contains("leave 64 bits of minor units"), "{told}");
    let counts = bench.counts().await;
    assert_eq!(
        (counts.dirty_days, counts.faulty_days, counts.journeys),
        (0, 1, 1)
    );
    let after = Some((day(), other.account));
    assert_eq!(bench.store.day_faults(after, 10).await.unwrap(), []);
    // The one is charged; the other is not, and nobody waits for it.
    assert_eq!(bench.close().await, 1);
    assert_eq!(charged(&bench, &bench.counts().await), 300);
    assert_eq!(bench.close().await, 0);
    // Mended: it is settled again, and nothing is missing.
    assert_eq!(
        settle::again(&bench.store, &Again::Faulty).await.unwrap(),
        1
    );
    assert_eq!(
        settle::again(&bench.store, &Again::Faulty).await.unwrap(),
        0
    );
    assert_eq!(bench.close().await, 1);
    assert_eq!(faults(&bench).await, []);
    assert_eq!(charged(&bench, &bench.counts().await), 600);
    bench.check_laws("mended").await;
    let (same, ..) = two_riders(factory).await;
    same.close().await;
    assert_eq!(bench.dump().await, same.dump().await);
}

async fn a_day_that_cannot_be_charged_keeps_nobody_waiting<F: Factory>(factory: &F) {
    let (bench, _, other) = two_riders(factory).await;
    bench.settle().await;
    let decide = |day: &AccountDay| {
        if day.account != other.account {
            return charge::decide(day, minutes(2_000)).unwrap();
        }
        let fault = MoneyFault::Overflow {
            account: day.account,
            day: day.day,
        };
        ChargeChange {
            account_day: day.clone(),
            charge: None,
            entries: Vec::new(),
            fault: Some(DayFault::new(day.account, day.day, &fault, minutes(2_000))),
        }
    };
    let scope = charge::day(day());
    while bench.store.charge_days(&scope, 10, decide).await.unwrap() > 0 {}
    assert_eq!(bench.counts().await.faulty_days, 1);
    assert_eq!(charged(&bench, &bench.counts().await), 300);
    settle::again(&bench.store, &Again::Faulty).await.unwrap();
    bench.close().await;
    assert_eq!(bench.counts().await.faulty_days, 0);
    assert_eq!(charged(&bench, &bench.counts().await), 600);
    bench.check_laws("charged in the end").await;
}

/// A package in another currency by mistake: who has money in the old one is told, others are
/// settled, and the right package makes good.
async fn another_currency_is_the_fault_of_its_day<F: Factory>(factory: &F) {
    let (mut bench, phone, _) = two_riders(factory).await;
    bench.close().await;
    let before = bench.dump().await;
    let on = minutes(100);
    bench.north.permit(on, TapKind::On, &phone.code(on));
    bench.upload_all().await;
    let wrong: City = city_in("EUR");
    let now = minutes(2_000);
    settle::all(&bench.store, &wrong, now).await.unwrap();
    let found = faults(&bench).await;
    assert_eq!((found.len(), found[0].account), (1, phone.account));
    assert!(
        found[0].because.ends_with("holds CNY, expected EUR"),
        "{}",
        found[0].because
    );
    assert_eq!(bench.dump().await, before, "it stands as it stood");
    settle::again(&bench.store, &Again::Faulty).await.unwrap();
    bench.close().await;
    assert_eq!(faults(&bench).await, []);
    // The ride without an end costs 9.00.
    assert_eq!(charged(&bench, &bench.counts().await), 1_500);
    bench.check_laws("the right package").await;
}

async fn a_disruption_declared_afterwards_gives_the_penalty_back<F: Factory>(factory: &F) {
    let (mut bench, phone, other) = two_riders(factory).await;
    let on = minutes(100);
    bench.north.permit(on, TapKind::On, &phone.code(on));
    bench.upload_all().await;
    bench.close().await;
    assert_eq!(charged(&bench, &bench.counts().await), 300 + 900 + 300);
    let row = "disruption_id,start,end,incomplete_amount\n\
        flood,2019-01-07T00:00:00,2019-01-08T00:00:00,1.00\n";
    bench.city = city_with(&[("disruptions.txt", row)]);
    assert_eq!(bench.close().await, 0, "nothing is dirty by itself");
    let next = ServiceDay::from_days(day().as_days() + 1);
    let others = Again::Days(next..=next);
    assert_eq!(settle::again(&bench.store, &others).await.unwrap(), 0);
    let which = Again::Days(day()..=day());
    assert_eq!(settle::again(&bench.store, &which).await.unwrap(), 2);
    bench.close().await;
    let record = bench.store.day_record(phone.account, day()).await.unwrap();
    let amounts: Vec<i64> = record
        .charges
        .iter()
        .map(|one| one.amount.as_minor())
        .collect();
    assert_eq!(amounts, [1_200, -800]);
    let because = "Travel on 2019-01-07 comes to CNY 4.00 and CNY 12.00 was charged: \
                   CNY -8.00 given back.";
    assert_eq!(record.charges[1].because, because);
    let told = &record.journeys[1].because;
    assert!(told.contains("during the declared disruption"), "{told}");
    let untouched = bench.store.day_record(other.account, day()).await.unwrap();
    assert_eq!(untouched.charges.len(), 1);
    bench.check_laws("refunded by the rules").await;
    // Again gives nothing twice; a tap off that comes late counts as ever.
    settle::again(&bench.store, &which).await.unwrap();
    bench.close().await;
    let off = minutes(130);
    bench.centre.permit(off, TapKind::Off, &phone.code(off));
    bench.upload(bench.centre.all()).await;
    bench.close().await;
    let record = bench.store.day_record(phone.account, day()).await.unwrap();
    let amounts: Vec<i64> = record
        .charges
        .iter()
        .map(|one| one.amount.as_minor())
        .collect();
    assert_eq!(amounts, [1_200, -800, 200]);
    bench.check_laws("and its end came late").await;
}
