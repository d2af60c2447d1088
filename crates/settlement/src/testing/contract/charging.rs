//! Settling and charging: every step whole or not at all, nothing charged twice.

use tariff::TapKind;
use units::{AccountId, Balance, ServiceDay};

use super::{Bench, Factory};
use crate::model::StoredCharge;
use crate::ports::{Counts, SettlementStore as _};
use crate::testing::world::{Phone, day, minutes};
use crate::{charge, statement};

pub(super) async fn check<F: Factory>(factory: &F) {
    a_journey_becomes_a_charge(factory).await;
    a_late_tap_after_the_charge_is_made_good(factory).await;
    a_charge_can_grow(factory).await;
    a_scope_charges_no_other_day_or_account(factory).await;
    dirty_days_wait(factory).await;
    a_foreign_account_looks_unknown(factory).await;
}

async fn charges<F: Factory>(bench: &Bench<'_, F>, phone: &Phone) -> Vec<StoredCharge> {
    let currency = bench.city.currency();
    let read = statement::of_day(&bench.store, phone.account, day(), currency).await;
    read.unwrap().charges
}

async fn balance<F: Factory>(bench: &Bench<'_, F>, account: AccountId) -> i64 {
    let currency = bench.city.currency();
    let read = statement::of_day(&bench.store, account, day(), currency).await;
    read.unwrap().balance.as_minor()
}

async fn a_journey_becomes_a_charge<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench
        .centre
        .permit(minutes(30), TapKind::Off, &phone.code(minutes(30)));
    bench.upload_all().await;
    assert_eq!(bench.counts().await.dirty_days, 1);
    bench.settle().await;
    assert_eq!(
        balance(&bench, phone.account).await,
        -300,
        "the rider owes the fare"
    );
    bench.check_laws("settled").await;
    assert_eq!(bench.close().await, 1);
    assert_eq!(
        balance(&bench, phone.account).await,
        0,
        "the charge pays it"
    );
    let made = charges(&bench, &phone).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].amount, Balance::new(300, bench.city.currency()));
    assert_eq!(bench.close().await, 0, "a closed day stays closed");
    assert_eq!(charges(&bench, &phone).await, made);
    let cny = bench.city.currency();
    let expected = Counts {
        riders: 1,
        permitted: 2,
        journeys: 1,
        fares_minor: [(cny, 300)].into(),
        charges: 1,
        charged_minor: [(cny, 300)].into(),
        ledger_sum_minor: [(cny, 0)].into(),
        ..Counts::default()
    };
    assert_eq!(bench.counts().await, expected);
    bench.check_laws("charged").await;
    let seen = statement::of_day(&bench.store, phone.account, day(), cny)
        .await
        .unwrap();
    assert_eq!(seen.taps.len(), 2);
    assert_eq!(seen.journeys.len(), 1);
    assert_eq!(seen.journeys[0].lines.len(), 1, "the fare is explained");
    let rule = seen.journeys[0].lines[0].rule.as_ref().unwrap();
    // Row 3 of the test city's leg rules is north to centre; row 1 is the header.
    assert_eq!(
        (rule.file.as_str(), rule.row),
        ("gtfs/fare_leg_rules.txt", 3)
    );
}

async fn a_late_tap_after_the_charge_is_made_good<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench
        .centre
        .permit(minutes(30), TapKind::Off, &phone.code(minutes(30)));
    bench.upload(bench.north.all()).await;
    bench.close().await;
    assert_eq!(
        charges(&bench, &phone).await[0].amount.as_minor(),
        900,
        "no tap off yet"
    );
    bench.upload(bench.centre.all()).await;
    bench.settle().await;
    assert_eq!(
        balance(&bench, phone.account).await,
        600,
        "paid 9.00 for a fare of 3.00"
    );
    bench.check_laws("before the credit").await;
    for round in 0..3 {
        assert_eq!(bench.close().await, u64::from(round == 0));
    }
    let made: Vec<(u32, i64)> = charges(&bench, &phone)
        .await
        .iter()
        .map(|charge| (charge.revision, charge.amount.as_minor()))
        .collect();
    assert_eq!(made, [(1, 900), (2, -600)]);
    assert_eq!(balance(&bench, phone.account).await, 0);
    bench.check_laws("after the credit").await;
    let late = bench.dump().await;
    let mut prompt = Bench::new(factory).await;
    let phone = prompt.phone(1).await;
    prompt
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    prompt
        .centre
        .permit(minutes(30), TapKind::Off, &phone.code(minutes(30)));
    prompt.upload_all().await;
    prompt.close().await;
    assert_eq!(late, prompt.dump().await, "late or prompt, the same day");
}

async fn a_charge_can_grow<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench
        .centre
        .permit(minutes(30), TapKind::Off, &phone.code(minutes(30)));
    bench.upload_all().await;
    bench.close().await;
    bench
        .north
        .permit(minutes(300), TapKind::On, &phone.code(minutes(300)));
    bench
        .centre
        .permit(minutes(310), TapKind::Off, &phone.code(minutes(310)));
    bench.upload_all().await;
    bench.close().await;
    let made = charges(&bench, &phone).await;
    let amounts: Vec<i64> = made.iter().map(|charge| charge.amount.as_minor()).collect();
    assert_eq!(amounts, [300, 300]);
    assert_ne!(made[0].id, made[1].id);
    bench.check_laws("grown").await;
}

async fn a_scope_charges_no_other_day_or_account<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let (phone, other) = (bench.phone(1).await, bench.phone(2).await);
    let tomorrow = 24 * 60;
    for minute in [10, tomorrow + 10] {
        bench
            .north
            .permit(minutes(minute), TapKind::On, &phone.code(minutes(minute)));
        bench.north.permit(
            minutes(minute + 1),
            TapKind::On,
            &other.code(minutes(minute + 1)),
        );
    }
    bench.upload_all().await;
    let now = minutes(3_000);
    let own = charge::account_day(phone.account, day());
    let closed = charge::close(&bench.store, &bench.city, &own, now)
        .await
        .unwrap();
    assert_eq!(closed, 1);
    assert_eq!(bench.counts().await.charges, 1);
    assert_eq!(bench.close().await, 1, "the other account's day");
    assert_eq!(bench.counts().await.charges, 2);
    let next = ServiceDay::from_days(day().as_days() + 1);
    let rest = charge::through(next);
    let closed = charge::close(&bench.store, &bench.city, &rest, now)
        .await
        .unwrap();
    assert_eq!((closed, bench.counts().await.charges), (2, 4));
    let page = bench.store.accounts_page(None, 1).await.unwrap();
    assert_eq!(page.len(), 1, "pages keep their limit");
    assert_eq!(page[0].account, phone.account);
    let page = bench
        .store
        .accounts_page(Some(phone.account), 10)
        .await
        .unwrap();
    let accounts: Vec<AccountId> = page.iter().map(|record| record.account).collect();
    assert_eq!(accounts, [other.account]);
    bench.check_laws("scopes").await;
}

async fn dirty_days_wait<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench.upload_all().await;
    bench.settle().await;
    bench
        .centre
        .permit(minutes(30), TapKind::Off, &phone.code(minutes(30)));
    bench.upload(bench.centre.all()).await;
    let taken = charge::step(&bench.store, &charge::day(day()), minutes(2_000), 10).await;
    assert_eq!(
        taken.unwrap(),
        0,
        "a dirty day is not charged before it is settled"
    );
    bench.close().await;
    assert_eq!(
        bench.counts().await.charged_minor[&bench.city.currency()],
        300
    );
}

async fn a_foreign_account_looks_unknown<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench.upload_all().await;
    bench.close().await;
    let unknown = AccountId::from_bytes([0xee; 16]);
    let currency = bench.city.currency();
    let seen = statement::of_day(&bench.store, unknown, day(), currency)
        .await
        .unwrap();
    assert!(seen.taps.is_empty() && seen.journeys.is_empty() && seen.charges.is_empty());
    assert_eq!(seen.balance, Balance::zero(currency));
}
