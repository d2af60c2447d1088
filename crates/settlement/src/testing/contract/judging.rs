//! Evidence: judged after the answer and before money moves, each record once.

use tariff::TapKind;
use tariff::testing::NORTH;
use wire::PartySize;
use wire::note::TapOutcome;

use super::{Bench, Factory};
use crate::ingest::batch;
use crate::ingest::judge::{self, IssuerKeys, OneCore};
use crate::ports::{SettlementStore as _, StoreError};
use crate::testing::world::{Device, Issuer, minutes};

pub(super) async fn check<F: Factory>(factory: &F) {
    no_money_moves_before_the_evidence_is_judged(factory).await;
    what_comes_again_is_judged_once(factory).await;
    a_judgement_that_fails_loses_nothing(factory).await;
    the_issuance_log_has_the_last_word(factory).await;
    the_size_of_the_steps_changes_nothing(factory).await;
    what_lacked_a_key_is_judged_when_it_is_known(factory).await;
    gates_upload_while_others_are_judged(factory).await;
}

/// The answer needs the device's signature alone; a code that nobody signed is found later.
async fn no_money_moves_before_the_evidence_is_judged<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let (on, off) = (TapKind::On, TapKind::Off);
    bench
        .north
        .permit(minutes(10), on, &phone.code(minutes(10)));
    bench.north.permit(minutes(11), on, b"no code");
    bench.north.refuse(minutes(12), on, b"no code", 101);
    bench
        .centre
        .permit(minutes(30), off, &phone.code(minutes(30)));
    let receipt = bench.try_upload(bench.north.all()).await.unwrap();
    assert_eq!((receipt.stored, receipt.cursor.next_seq), (3, 3));
    bench.try_upload(bench.centre.all()).await.unwrap();

    bench.settle().await;
    assert_eq!(bench.close().await, 0, "nothing is known to be anybody's");
    let waiting = crate::ports::Counts {
        unjudged: 4,
        ..Default::default()
    };
    assert_eq!(bench.counts().await, waiting);
    assert!(bench.store.quarantine(10).await.unwrap().is_empty());

    assert_eq!(bench.judge().await, 4);
    let counts = bench.counts().await;
    assert_eq!((counts.unjudged, counts.permitted), (0, 2));
    assert_eq!(counts.refused.into_iter().collect::<Vec<_>>(), [(101, 1)]);
    let set_aside = bench.store.quarantine(10).await.unwrap();
    assert_eq!(set_aside.len(), 1);
    assert_eq!(
        (set_aside[0].seq, &*set_aside[0].reason),
        (1, "malformed_evidence")
    );
    assert_eq!(set_aside[0].bytes, bench.north.all().records[1]);
    assert_eq!(bench.judge().await, 0);
    bench.close().await;
    // One ride from north to centre.
    let charged = bench.counts().await.charged_minor;
    assert_eq!(charged[&bench.city.currency()], 300);
    bench.check_laws("judged").await;
}

async fn what_comes_again_is_judged_once<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    for minute in [10, 100, 200, 300] {
        let code = phone.code(minutes(minute));
        bench.north.permit(minutes(minute), TapKind::On, &code);
    }
    // Twice before it is judged, overlapping, with a gap that is filled last, and once more after.
    for (from, to) in [(0, 2), (0, 2), (3, 4), (1, 4)] {
        bench.try_upload(bench.north.batch(from, to)).await.unwrap();
    }
    let first = bench.north.batch(0, 1);
    bench.north.truncate(0);
    let code = phone.code(minutes(50));
    bench.north.permit(minutes(50), TapKind::On, &code);
    let other = bench.try_upload(bench.north.all()).await.unwrap();
    assert_eq!((other.stored, other.conflicts), (0, 1));
    assert_eq!(bench.judge().await, 4);
    let again = bench.try_upload(first).await.unwrap();
    assert_eq!((again.stored, again.duplicates), (0, 1));
    assert_eq!(bench.judge().await, 0);
    assert_eq!(bench.counts().await.permitted, 4);
    bench.settle().await;
    bench.check_laws("judged once").await;
}

async fn a_judgement_that_fails_loses_nothing<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    for minute in [10, 100] {
        let code = phone.code(minutes(minute));
        bench.north.permit(minutes(minute), TapKind::On, &code);
    }
    bench.try_upload(bench.north.all()).await.unwrap();
    let fail = |_runs| async { Err(StoreError::out_of_range("the log", "an answer", 0)) };
    assert!(bench.store.judge_records(10, fail).await.is_err());
    assert_eq!(bench.counts().await.unjudged, 2);
    assert_eq!(bench.judge().await, 2);
    assert_eq!(bench.counts().await.permitted, 2);
}

/// A signature of the issuer is not enough: what it signed must be what its log says it signed.
async fn the_issuance_log_has_the_last_word<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let party = PartySize::new(2).unwrap();
    // The same id, phone and issuer's key, for two riders: never issued.
    let inflated = bench.issuer.phone_of_party(1, party);
    let unlogged = bench.issuer.phone(77);
    let at = minutes(100);
    bench.north.permit(at, TapKind::On, &inflated.code(at));
    bench.north.permit(at, TapKind::On, &unlogged.code(at));
    bench.north.permit(at, TapKind::On, &phone.code(at));
    bench.north.refuse(at, TapKind::On, &inflated.code(at), 122);
    bench.upload_all().await;
    let mut set_aside = bench.store.quarantine(10).await.unwrap();
    set_aside.sort_by_key(|record| record.seq);
    let reasons: Vec<&str> = set_aside.iter().map(|record| &*record.reason).collect();
    assert_eq!(
        reasons,
        ["differs_from_issuance_log", "not_in_issuance_log"]
    );
    let counts = bench.counts().await;
    assert_eq!((counts.permitted, counts.riders), (1, 1));
    let day = bench.city.service_day(at);
    let own = bench.store.day_record(phone.account, day).await.unwrap();
    assert!(own.refused.is_empty(), "nor is a refusal hers");
}

/// Notes before and after their taps, gates in turn: one record at a time comes to the same as all.
async fn the_size_of_the_steps_changes_nothing<F: Factory>(factory: &F) {
    let mut dumps = Vec::new();
    for limit in [1, 2, 1_000] {
        let mut bench = Bench::new(factory).await;
        let mut south = Device::new(3, NORTH, None);
        bench
            .store
            .register_gate(&south.registration())
            .await
            .unwrap();
        let phone = bench.phone(1).await;
        let (on, off) = (TapKind::On, TapKind::Off);
        let opened = bench
            .north
            .permit(minutes(10), on, &phone.code(minutes(10)));
        bench.north.note(minutes(10), opened, TapOutcome::Opened);
        let shut = bench
            .north
            .permit(minutes(40), on, &phone.code(minutes(40)));
        bench.north.note(minutes(40), shut, TapOutcome::DidNotOpen);
        // The same code at another gate, and the ride's end.
        south.permit(minutes(40), on, &phone.code(minutes(40)));
        bench
            .centre
            .permit(minutes(70), off, &phone.code(minutes(70)));
        // The notes are here before their taps.
        for (from, to) in [(3, 4), (1, 2), (2, 3), (0, 1)] {
            bench.try_upload(bench.north.batch(from, to)).await.unwrap();
            if limit < 1_000 {
                bench.judge_some(limit).await;
            }
            bench.settle().await;
        }
        bench.try_upload(south.all()).await.unwrap();
        bench.try_upload(bench.centre.all()).await.unwrap();
        while bench.judge_some(limit).await > 0 {
            bench.settle().await;
        }
        bench.close().await;
        bench.check_laws(&format!("steps of {limit}")).await;
        dumps.push(bench.dump().await);
    }
    assert_eq!(dumps[0], dumps[1]);
    assert_eq!(dumps[1], dumps[2]);
    assert!(dumps[0].contains("door_did_not_open"), "{}", dumps[0]);
}

/// Whoever judges keeps no gate waiting, and judges nothing that came meanwhile.
async fn gates_upload_while_others_are_judged<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    for minute in [10, 100, 200] {
        let code = phone.code(minutes(minute));
        bench.north.permit(minutes(minute), TapKind::On, &code);
    }
    bench.try_upload(bench.north.batch(0, 1)).await.unwrap();
    let (batch, store) = (bench.north.batch(1, 3), &bench.store);
    let meanwhile = |runs: Vec<_>| {
        let batch = batch.clone();
        async move {
            let receipt = batch::store(store, batch, minutes(2_000)).await.unwrap();
            assert_eq!((receipt.stored, receipt.cursor.next_seq), (2, 3));
            assert_eq!(runs.len(), 1);
            Err(StoreError::out_of_range("a judge", "time to end", 0))
        }
    };
    assert!(bench.store.judge_records(10, meanwhile).await.is_err());
    assert_eq!(bench.counts().await.unjudged, 3);
    assert_eq!(bench.judge().await, 3);
    bench.settle().await;
    bench.check_laws("meanwhile").await;
}

/// A server that was started with another city's key file sets everything aside; with the right one
/// it is judged again, also what gates noted meanwhile.
async fn what_lacked_a_key_is_judged_when_it_is_known<F: Factory>(factory: &F) {
    let (on, off) = (TapKind::On, TapKind::Off);
    let story = async |bench: &mut Bench<'_, F>, wrong: &[IssuerKeys]| {
        let phone = bench.phone(1).await;
        bench
            .north
            .permit(minutes(10), on, &phone.code(minutes(10)));
        bench.north.permit(minutes(11), on, b"no code");
        let shut = bench
            .north
            .permit(minutes(100), on, &phone.code(minutes(100)));
        bench
            .centre
            .permit(minutes(30), off, &phone.code(minutes(30)));
        for device in [bench.north.all(), bench.centre.all()] {
            bench.try_upload(device).await.unwrap();
        }
        for keys in wrong {
            judge::all(&bench.store, &bench.city, keys, &OneCore)
                .await
                .unwrap();
        }
        let from = bench.north.len();
        bench.north.note(minutes(101), shut, TapOutcome::DidNotOpen);
        bench
            .try_upload(bench.north.batch(from, from + 1))
            .await
            .unwrap();
        for keys in wrong {
            judge::all(&bench.store, &bench.city, keys, &OneCore)
                .await
                .unwrap();
        }
    };
    let again = async |bench: &Bench<'_, F>, keys: &IssuerKeys| {
        let judged = judge::again(&bench.store, &bench.city, keys, &OneCore);
        judged.await.unwrap()
    };
    let wrong = Issuer::new(2).keys();
    let mut bench = Bench::new(factory).await;
    story(&mut bench, std::slice::from_ref(&wrong)).await;
    let counts = bench.counts().await;
    let set_aside: u64 = counts.quarantined.values().sum();
    assert_eq!((counts.permitted, set_aside), (0, 4), "{counts:?}");
    assert_eq!(again(&bench, &wrong).await, 0, "the keys are still wrong");
    let same: u64 = bench.counts().await.quarantined.values().sum();
    assert_eq!(same, 4);
    let right = bench.issuer.keys();
    assert_eq!(again(&bench, &right).await, 3);
    assert_eq!(again(&bench, &right).await, 0);
    let counts = bench.counts().await;
    let left: Vec<_> = counts.quarantined.into_iter().collect();
    assert_eq!(
        left,
        [("malformed_evidence".to_owned(), 1)],
        "which no key mends"
    );
    assert_eq!(counts.permitted, 3);
    // A note that comes after finds its tap too.
    let last = bench.north.len();
    bench.north.note(minutes(102), 0, TapOutcome::NobodyPassed);
    bench.upload(bench.north.batch(last, last + 1)).await;
    bench.close().await;
    bench.check_laws("judged again").await;
    let mut other = Bench::new(factory).await;
    story(&mut other, &[]).await;
    other.judge().await;
    let last = other.north.len();
    other.north.note(minutes(102), 0, TapOutcome::NobodyPassed);
    other.upload(other.north.batch(last, last + 1)).await;
    other.close().await;
    assert_eq!(bench.dump().await, other.dump().await);
}
