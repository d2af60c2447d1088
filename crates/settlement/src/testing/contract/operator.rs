//! What an operator's page asks, and who may sign in to it.

use tariff::TapKind;
use units::{AccountId, ServiceDay, Timestamp};

use super::{Bench, Factory};
use crate::charge;
use crate::corrections::{AuditLine, CorrectionStore as _};
use crate::model::{Actor, StaffName, StoredCharge};
use crate::operator::{ChargeFilter, ChargeKey, DaySummary, Gap, OperatorStore as _};
use crate::staff::{Role, Staff, StaffStore as _};
use crate::testing::world::{day, minutes};

pub(super) async fn check<F: Factory>(factory: &F) {
    days_and_their_exceptions(factory).await;
    charges_go_on_where_they_stopped(factory).await;
    a_missing_record_is_a_gap(factory).await;
    staff_sign_in_until_they_are_removed(factory).await;
}

/// Phone 1 rides today (3.00) and forgets to tap off tomorrow (9.00); phone 2 forgets today (9.00).
async fn two_days<F: Factory>(factory: &F) -> (Bench<'_, F>, [AccountId; 2]) {
    let mut bench = Bench::new(factory).await;
    let (phone, other) = (bench.phone(1).await, bench.phone(2).await);
    let tomorrow = 24 * 60 + 10;
    for (minute, phone) in [(10, &phone), (11, &other), (tomorrow, &phone)] {
        let at = minutes(minute);
        bench.north.permit(at, TapKind::On, &phone.code(at));
    }
    let off = minutes(30);
    bench.centre.permit(off, TapKind::Off, &phone.code(off));
    bench.upload_all().await;
    bench.close().await;
    (bench, [phone.account, other.account])
}

async fn days_and_their_exceptions<F: Factory>(factory: &F) {
    let (bench, [phone, other]) = two_days(factory).await;
    let next = ServiceDay::from_days(day().as_days() + 1);
    let today = DaySummary {
        day: day(),
        currency: bench.city.currency(),
        riders: 2,
        taps: 3,
        journeys: 2,
        incomplete: 1,
        unpriced: 0,
        fares_minor: 1_200,
        charged_minor: 1_200,
        credited_minor: 0,
        open: 0,
    };
    let tomorrow = DaySummary {
        day: next,
        riders: 1,
        taps: 1,
        journeys: 1,
        fares_minor: 900,
        charged_minor: 0,
        open: 1,
        ..today
    };
    let newest = bench.store.days(None, 1).await.unwrap();
    assert_eq!(newest, [tomorrow]);
    let older = bench.store.days(Some(next), 10).await.unwrap();
    assert_eq!(older, [today]);
    assert_eq!(bench.store.days(Some(day()), 10).await.unwrap(), []);
    let store = &bench.store;
    assert_eq!(store.exceptions(day(), None, 10).await.unwrap(), [other]);
    assert_eq!(store.exceptions(next, None, 10).await.unwrap(), [phone]);
    assert_eq!(store.exceptions(next, Some(phone), 10).await.unwrap(), []);
}

async fn charges_go_on_where_they_stopped<F: Factory>(factory: &F) {
    let (bench, [phone, other]) = two_days(factory).await;
    let next = ServiceDay::from_days(day().as_days() + 1);
    let all = charge::through(next);
    let now = minutes(3_000);
    let closed = charge::close(&bench.store, &bench.city, &all, now).await;
    assert_eq!(closed.unwrap(), 1);
    let list = async |filter: ChargeFilter| {
        let mut found: Vec<StoredCharge> = Vec::new();
        loop {
            let after = found.last().map(ChargeKey::of);
            let page = bench.store.charges(&filter, after, 1).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        let key = |one: &StoredCharge| (one.day, one.account, one.amount.as_minor());
        found.iter().map(key).collect::<Vec<_>>()
    };
    let (first, second, third) = ((day(), phone, 300), (day(), other, 900), (next, phone, 900));
    let filter = ChargeFilter::default();
    assert_eq!(list(filter).await, [first, second, third]);
    let of_account = ChargeFilter {
        account: Some(phone),
        ..filter
    };
    assert_eq!(list(of_account).await, [first, third]);
    let of_day = ChargeFilter {
        day: Some(day()),
        ..filter
    };
    assert_eq!(list(of_day).await, [first, second]);
    let nobody = ChargeFilter {
        account: Some(AccountId::from_bytes([0xee; 16])),
        ..filter
    };
    assert_eq!(list(nobody).await, []);
}

async fn a_missing_record_is_a_gap<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    for minute in [10, 20, 30, 40] {
        let at = minutes(minute);
        bench.north.permit(at, TapKind::On, &phone.code(at));
    }
    bench.upload(bench.north.batch(0, 1)).await;
    assert_eq!(bench.store.gaps(10).await.unwrap(), []);
    bench.upload(bench.north.batch(3, 4)).await;
    let gap = Gap {
        device: bench.north.id,
        epoch: 1,
        first_missing: 1,
        stored_beyond: 3,
    };
    assert_eq!(bench.store.gaps(10).await.unwrap(), [gap]);
    bench.upload_all().await;
    assert_eq!(bench.store.gaps(10).await.unwrap(), []);
}

fn line(at: Timestamp, action: &str) -> AuditLine {
    AuditLine {
        at,
        who: Actor::Console,
        action: action.to_owned(),
        subject: "anna".to_owned(),
        detail: String::new(),
    }
}

async fn staff_sign_in_until_they_are_removed<F: Factory>(factory: &F) {
    let store = factory.fresh().await;
    let named = |name: &str, role| Staff {
        name: StaffName::parse(name).unwrap(),
        role,
        added_at: minutes(0),
    };
    let (anna, bert) = (named("anna", Role::Agent), named("bert", Role::Approver));
    let (token, other, session, old) = ([1; 32], [2; 32], [3; 32], [4; 32]);
    let added = line(minutes(0), "staff.add");
    assert!(store.add_staff(&anna, &token, &added).await.unwrap());
    assert!(store.add_staff(&bert, &other, &added).await.unwrap());
    assert!(!store.add_staff(&anna, &other, &added).await.unwrap());
    assert_eq!(store.staff().await.unwrap(), [anna.clone(), bert.clone()]);
    let of_token = store.staff_of_token(&token).await.unwrap();
    assert_eq!(of_token.as_ref(), Some(&anna));
    assert_eq!(store.staff_of_token(&session).await.unwrap(), None);

    let (at, ends) = (minutes(10), minutes(610));
    let opened = line(at, "session.open");
    for hash in [session, old] {
        let open = store.open_session(&hash, &anna.name, ends, &opened);
        open.await.unwrap();
    }
    let who = async |hash, now| store.staff_of_session(&hash, now).await.unwrap();
    assert_eq!(who(session, minutes(609)).await.as_ref(), Some(&anna));
    assert_eq!(who(session, ends).await, None, "over");
    assert_eq!(who(token, at).await, None, "a token is no session");
    store.close_session(&old).await.unwrap();
    assert_eq!(who(old, at).await, None, "signed out");

    let removed = line(minutes(20), "staff.remove");
    assert!(store.remove_staff(&anna.name, &removed).await.unwrap());
    assert!(!store.remove_staff(&anna.name, &removed).await.unwrap());
    assert_eq!(who(session, at).await, None, "gone with her sessions");
    assert_eq!(store.staff_of_token(&token).await.unwrap(), None);
    assert_eq!(store.staff().await.unwrap(), [bert]);
    let trail = store.audit_trail(None, 10).await.unwrap();
    // Two added, two signed in, one removed; what was refused left no line.
    assert_eq!(trail.len(), 5);
}
