//! Notes: a tap whose door did not open, or where nobody passed, is no ride, whenever its gate says
//! so.

use tariff::TapKind;
use units::Span;
use wire::note::TapOutcome;

use super::{Bench, Factory};
use crate::ingest::batch::SignedBatch;
use crate::model::TapFlag;
use crate::statement;
use crate::testing::shuffle::Dealer;
use crate::testing::world::{Phone, day, minutes};

/// In how many orders the records of a morning are dealt out.
const DEALS: u64 = 12;

pub(super) async fn check<F: Factory>(factory: &F) {
    a_shut_door_is_no_ride_and_its_rider_is_told(factory).await;
    a_late_note_gives_the_money_back(factory).await;
    a_tap_again_after_a_crash_is_one_charge(factory).await;
    no_gate_speaks_of_anothers_taps(factory).await;
    order_and_repetition_change_nothing(factory).await;
}

async fn flags_of<F: Factory>(bench: &Bench<'_, F>, phone: &Phone) -> Vec<Option<TapFlag>> {
    let currency = bench.city.currency();
    let seen = statement::of_day(&bench.store, phone.account, day(), currency).await;
    seen.unwrap().taps.iter().map(|tap| tap.flag).collect()
}

/// The same ticket-like use of one code: shut, nobody passed, then through; then off elsewhere.
async fn a_shut_door_is_no_ride_and_its_rider_is_told<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let code = phone.code(minutes(100));
    for (second, outcome) in [
        TapOutcome::DidNotOpen,
        TapOutcome::NobodyPassed,
        TapOutcome::Opened,
    ]
    .into_iter()
    .enumerate()
    {
        let at = minutes(100).plus(Span::from_secs(i64::try_from(second).unwrap()));
        let tap = bench.north.permit(at, TapKind::On, &code);
        bench.north.note(at, tap, outcome);
    }
    let off = phone.code(minutes(120));
    let tap = bench.centre.permit(minutes(120), TapKind::Off, &off);
    bench.centre.note(minutes(120), tap, TapOutcome::Opened);
    bench.upload_all().await;
    bench.close().await;
    let counts = bench.counts().await;
    assert_eq!((counts.journeys, counts.incomplete), (1, 0));
    assert_eq!(counts.charged_minor[&bench.city.currency()], 300);
    let shut = Some(TapFlag::DoorDidNotOpen);
    let nobody = Some(TapFlag::NobodyPassed);
    assert_eq!(flags_of(&bench, &phone).await, [shut, nobody, None, None]);
    bench.check_laws("a shut door").await;
}

async fn a_late_note_gives_the_money_back<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let code = phone.code(minutes(100));
    let tap = bench.north.permit(minutes(100), TapKind::On, &code);
    bench.upload_all().await;
    bench.close().await;
    let currency = bench.city.currency();
    assert_eq!(bench.counts().await.charged_minor[&currency], 900);
    bench.north.note(minutes(101), tap, TapOutcome::DidNotOpen);
    bench.upload(bench.north.batch(1, 2)).await;
    assert_eq!(bench.counts().await.dirty_days, 1, "the day is open again");
    bench.close().await;
    let counts = bench.counts().await;
    assert_eq!((counts.journeys, counts.charges), (0, 2));
    assert_eq!(counts.charged_minor[&currency], 0);
    bench.check_laws("a late note").await;
}

/// Invariant J3, seeded bug 9: the gate lost its power between the record and the door.
async fn a_tap_again_after_a_crash_is_one_charge<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(100), TapKind::On, &phone.code(minutes(100)));
    let again = phone.code(minutes(102));
    let tap = bench.north.permit(minutes(102), TapKind::On, &again);
    bench.north.note(minutes(102), tap, TapOutcome::Opened);
    bench.upload_all().await;
    bench.close().await;
    let counts = bench.counts().await;
    assert_eq!(counts.charged_minor[&bench.city.currency()], 900);
    let again = Some(TapFlag::TappedAgain);
    assert_eq!(flags_of(&bench, &phone).await, [again, None]);
    bench.check_laws("a tap again").await;
}

async fn no_gate_speaks_of_anothers_taps<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let code = phone.code(minutes(100));
    let tap = bench.north.permit(minutes(100), TapKind::On, &code);
    bench.centre.note(minutes(100), tap, TapOutcome::DidNotOpen);
    bench.upload_all().await;
    bench.close().await;
    let counts = bench.counts().await;
    assert_eq!(counts.charged_minor[&bench.city.currency()], 900);
    assert!(counts.quarantined.is_empty(), "a note is no fault");
    bench.check_laws("a note of another gate").await;
}

async fn order_and_repetition_change_nothing<F: Factory>(factory: &F) {
    let mut dumps = Vec::new();
    for seed in 0..DEALS {
        let mut bench = Bench::new(factory).await;
        let phone = bench.phone(1).await;
        let code = phone.code(minutes(100));
        let shut = bench.north.permit(minutes(100), TapKind::On, &code);
        bench.north.note(minutes(100), shut, TapOutcome::Opened);
        bench
            .north
            .note(minutes(101), shut, TapOutcome::NobodyPassed);
        let rides = bench.centre.permit(minutes(101), TapKind::On, &code);
        bench.centre.note(minutes(101), rides, TapOutcome::Opened);
        bench
            .north
            .permit(minutes(130), TapKind::On, &phone.code(minutes(130)));
        let last = bench
            .north
            .permit(minutes(131), TapKind::On, &phone.code(minutes(131)));
        bench.north.note(minutes(131), last, TapOutcome::Opened);
        let mut batches: Vec<SignedBatch> = Vec::new();
        for device in [&bench.north, &bench.centre] {
            for seq in 0..device.len() {
                batches.push(device.batch(seq, seq + 1));
                batches.push(device.batch(seq, device.len()));
            }
        }
        let mut dealer = Dealer::new(seed);
        dealer.shuffle(&mut batches);
        for batch in batches {
            bench.upload(batch).await;
            if dealer.below(3) == 0 {
                bench.settle().await;
            }
        }
        bench.close().await;
        bench.check_laws("dealt notes").await;
        dumps.push(bench.dump().await);
    }
    let expected = &dumps[0];
    let flags = expected.lines().filter(|line| line.starts_with("flag "));
    assert_eq!(flags.count(), 2, "{expected}");
    for (seed, dump) in dumps.iter().enumerate() {
        assert_eq!(dump, expected, "seed {seed}");
    }
}
