//! Batches: once each, in any pieces, nothing lost.

use tariff::TapKind;
use tariff::testing::{BUS, CENTRE, NORTH};
use units::{DeviceId, Span};

use super::{Bench, Factory};
use crate::ingest::batch::{self, BatchError};
use crate::model::{GateState, Registered};
use crate::ports::{Cursor, SettlementStore as _};
use crate::statement;
use crate::testing::world::{Device, Issuer, day, minutes};

pub(super) async fn check<F: Factory>(factory: &F) {
    gates_keep_their_key(factory).await;
    a_lost_answer_changes_nothing(factory).await;
    gaps_hold_the_cursor_back(factory).await;
    other_bytes_under_a_number_are_a_conflict(factory).await;
    a_device_that_goes_on_contradicting_itself_is_counted(factory).await;
    a_broken_chain_is_counted(factory).await;
    what_cannot_be_charged_is_set_aside(factory).await;
    refusals_are_counted_and_shown(factory).await;
    batches_of_strangers_are_refused(factory).await;
    many_uploads_are_one_transaction(factory).await;
}

async fn gates_keep_their_key<F: Factory>(factory: &F) {
    let store = factory.fresh().await;
    let bus = Device::new(9, NORTH, Some(BUS)).registration();
    assert_eq!(store.gate(bus.device).await.unwrap(), None);
    assert_eq!(store.register_gate(&bus).await.unwrap(), Registered::New);
    let mut moved = bus.clone();
    moved.stop = None;
    moved.state = GateState::Retired;
    assert_eq!(
        store.register_gate(&moved).await.unwrap(),
        Registered::Updated
    );
    let mut stolen = moved.clone();
    stolen.public_key = [1; 32];
    let registered = store.register_gate(&stolen).await.unwrap();
    assert_eq!(registered, Registered::KeyDiffers);
    assert_eq!(store.gates().await.unwrap(), vec![moved]);
}

async fn a_lost_answer_changes_nothing<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    for minute in [10, 100, 200] {
        bench
            .north
            .permit(minutes(minute), TapKind::On, &phone.code(minutes(minute)));
    }
    let first = bench.upload(bench.north.batch(0, 2)).await;
    assert_eq!((first.stored, first.duplicates, first.conflicts), (2, 0, 0));
    assert_eq!(first.cursor.acked_through_seq(), Some(1));
    bench.settle().await;
    let before = bench.counts().await;
    let again = bench.upload(bench.north.batch(0, 2)).await;
    assert_eq!((again.stored, again.duplicates, again.conflicts), (0, 2, 0));
    assert_eq!(again.cursor, first.cursor);
    assert_eq!(
        bench.counts().await,
        before,
        "a repeated batch changes nothing"
    );
    let rest = bench.upload(bench.north.all()).await;
    assert_eq!((rest.stored, rest.duplicates), (1, 2));
    assert_eq!(rest.cursor.acked_through_seq(), Some(2));
    assert_eq!(bench.counts().await.permitted, 3);
    bench.settle().await;
    bench.check_laws("lost answer").await;
}

async fn gaps_hold_the_cursor_back<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    for minute in 0..6 {
        bench.north.permit(
            minutes(minute * 10),
            TapKind::On,
            &phone.code(minutes(minute * 10)),
        );
    }
    let cursor = |next_seq, stored_beyond| Cursor {
        next_seq,
        stored_beyond,
    };
    let beyond = bench.upload(bench.north.batch(2, 4)).await.cursor;
    assert_eq!(beyond, cursor(0, Some(2)));
    assert_eq!(beyond.acked_through_seq(), None, "record 0 is missing");
    let first = bench.upload(bench.north.batch(0, 1)).await.cursor;
    assert_eq!(first, cursor(1, Some(2)));
    assert_eq!(
        bench.upload(bench.north.batch(5, 6)).await.cursor,
        cursor(1, Some(2))
    );
    assert_eq!(
        bench.upload(bench.north.batch(1, 2)).await.cursor,
        cursor(4, Some(5))
    );
    assert_eq!(
        bench.upload(bench.north.batch(4, 5)).await.cursor,
        cursor(6, None)
    );
    let device = bench.north.id;
    assert_eq!(
        bench.store.cursor(device, 1).await.unwrap(),
        cursor(6, None)
    );
    assert_eq!(
        bench.store.cursor(device, 2).await.unwrap(),
        cursor(0, None)
    );
}

/// A thousand conflicts of a device are kept; what comes beyond them is counted.
async fn a_device_that_goes_on_contradicting_itself_is_counted<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    for story in ["one", "another"] {
        bench.north.truncate(0);
        for number in 0..1_020 {
            bench.north.scribble(format!("{story} {number}").as_bytes());
        }
        bench.try_upload(bench.north.all()).await.unwrap();
    }
    assert_eq!(bench.counts().await.conflicts, 1_020);
    // The same again: what is kept is known, the twenty beyond it are not.
    let again = bench.try_upload(bench.north.all()).await.unwrap();
    assert_eq!((again.stored, again.conflicts), (0, 1_020));
    assert_eq!(bench.counts().await.conflicts, 1_040);
    // Another device has its own thousand.
    for story in ["one", "another"] {
        bench.centre.truncate(0);
        bench.centre.scribble(story.as_bytes());
        bench.try_upload(bench.centre.all()).await.unwrap();
    }
    bench.try_upload(bench.centre.all()).await.unwrap();
    assert_eq!(bench.counts().await.conflicts, 1_041);
}

async fn other_bytes_under_a_number_are_a_conflict<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench.upload(bench.north.all()).await;
    bench.settle().await;
    let before = bench.dump().await;
    bench.north.truncate(0);
    bench
        .north
        .permit(minutes(50), TapKind::On, &phone.code(minutes(50)));
    bench
        .north
        .permit(minutes(400), TapKind::On, &phone.code(minutes(400)));
    for round in 1..=2 {
        let receipt = bench.upload(bench.north.batch(0, 1)).await;
        assert_eq!(
            (receipt.stored, receipt.duplicates, receipt.conflicts),
            (0, 0, 1),
            "{round}"
        );
    }
    bench.settle().await;
    assert_eq!(bench.dump().await, before, "the first record stays");
    let receipt = bench.upload(bench.north.all()).await;
    assert_eq!(
        (receipt.stored, receipt.conflicts),
        (1, 1),
        "the new one is not lost"
    );
    assert_eq!(bench.counts().await.conflicts, 1, "one record, kept once");
    assert_eq!(bench.counts().await.permitted, 2);
}

async fn a_broken_chain_is_counted<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench.upload(bench.north.all()).await;
    bench
        .north
        .permit(minutes(50), TapKind::On, &phone.code(minutes(50)));
    bench.upload(bench.north.batch(1, 2)).await;
    assert_eq!(bench.counts().await.chain_breaks, 0, "an honest device");
    bench.north.truncate(0);
    bench
        .north
        .permit(minutes(11), TapKind::On, &phone.code(minutes(11)));
    bench
        .north
        .permit(minutes(51), TapKind::On, &phone.code(minutes(51)));
    bench
        .north
        .permit(minutes(90), TapKind::On, &phone.code(minutes(90)));
    for _ in 0..2 {
        bench.upload(bench.north.batch(2, 3)).await;
    }
    assert_eq!(
        bench.counts().await.chain_breaks,
        1,
        "two histories, seen once"
    );
    assert_eq!(
        bench.counts().await.permitted,
        3,
        "what the device signed is not lost"
    );
}

async fn what_cannot_be_charged_is_set_aside<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let at = minutes(100);
    let good = phone.code(at);
    let mut tampered = good.clone();
    *tampered.last_mut().unwrap() ^= 1;
    let far = |secs| at.plus(Span::from_secs(secs));
    let foreign = Issuer::new(2).phone(1).code(at);
    let unlogged = bench.issuer.phone(77).code(at);
    let mut expected: Vec<(u64, &str)> = vec![
        (bench.north.scribble(b"\xa0"), "malformed_record"),
        (
            bench.north.permit_elsewhere(at, &good, CENTRE),
            "wrong_place",
        ),
        (
            bench.north.permit(at, TapKind::On, b"no code"),
            "malformed_evidence",
        ),
        (
            bench.north.permit(at, TapKind::On, &foreign),
            "unknown_issuer",
        ),
        (
            bench.north.permit(at, TapKind::On, &tampered),
            "bad_signature",
        ),
        (
            bench.north.permit(at, TapKind::On, &unlogged),
            "not_in_issuance_log",
        ),
        (
            bench.north.permit(far(121), TapKind::On, &good),
            "inconsistent_time",
        ),
        (
            bench.north.permit(far(-121), TapKind::On, &good),
            "inconsistent_time",
        ),
    ];
    let bound = phone.bound_code(at, bench.centre.gate());
    expected.push((bench.north.permit(at, TapKind::On, &bound), "other_gate"));
    let expired = phone.code(minutes(8 * 24 * 60));
    let late = minutes(8 * 24 * 60);
    expected.push((
        bench.north.permit(late, TapKind::On, &expired),
        "inconsistent_time",
    ));
    // A record in another's place.
    let misplaced = bench.centre.permit(at, TapKind::On, &good);
    assert_eq!(misplaced, 0);
    let seq = bench.north.scribble(&bench.centre.all().records[0]);
    expected.push((seq, "wrong_sequence"));
    // And three that are good: at the bound of time, bound to this gate, plain.
    let good_ones = [
        bench.north.permit(far(120), TapKind::On, &good),
        bench.north.permit(
            at,
            TapKind::On,
            &phone.bound_code(far(7), bench.north.gate()),
        ),
        bench.north.permit(at, TapKind::On, &phone.code(far(9))),
    ];
    let receipt = bench.upload(bench.north.all()).await;
    assert_eq!(
        u64::from(receipt.stored),
        bench.north.len(),
        "all are stored"
    );
    assert_eq!(
        receipt.cursor.next_seq,
        bench.north.len(),
        "none blocks the gate"
    );
    let set_aside = bench.store.quarantine(100).await.unwrap();
    let mut got: Vec<(u64, &str)> = set_aside
        .iter()
        .map(|record| (record.seq, record.reason.as_str()))
        .collect();
    got.sort_unstable();
    expected.sort_unstable();
    assert_eq!(got, expected, "{set_aside:#?}");
    let records = bench.north.all().records;
    for record in &set_aside {
        let place = usize::try_from(record.seq).unwrap();
        assert_eq!(record.bytes, records[place], "the bytes are kept");
        assert!(!record.detail.is_empty());
    }
    let kept = u64::try_from(good_ones.len()).unwrap();
    assert_eq!(bench.counts().await.permitted, kept);
}

async fn refusals_are_counted_and_shown<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let stale = phone.code(minutes(10));
    bench.north.refuse(minutes(20), TapKind::On, &stale, 122);
    bench.north.refuse(minutes(21), TapKind::On, b"", 101);
    let foreign = Issuer::new(2).phone(1).code(minutes(22));
    bench.north.refuse(minutes(22), TapKind::On, &foreign, 110);
    bench.upload_all().await;
    assert_eq!(
        bench.counts().await.dirty_days,
        0,
        "a refusal is never priced"
    );
    bench.settle().await;
    let counts = bench.counts().await;
    assert_eq!(
        counts.refused.into_iter().collect::<Vec<_>>(),
        [(101, 1), (110, 1), (122, 1)]
    );
    assert_eq!((counts.permitted, counts.journeys), (0, 0));
    let currency = bench.city.currency();
    let own = statement::of_day(&bench.store, phone.account, day(), currency)
        .await
        .unwrap();
    let shown: Vec<u16> = own.taps.iter().map(|tap| tap.decision).collect();
    assert_eq!(
        shown,
        [122],
        "only what the rider's code proves is the rider's"
    );
}

async fn batches_of_strangers_are_refused<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    let good = bench.north.all();
    let empty = bench.north.batch(0, 0);

    let mut stranger = good.clone();
    stranger.device = DeviceId::from_bytes([9; 16]);
    let mut damaged = good.clone();
    damaged.records[0][3] ^= 1;
    let mut forged = good.clone();
    forged.signature[0] ^= 1;
    let mut other_chain = good.clone();
    other_chain.chain_before = [0; 32];
    let mut moved = good.clone();
    moved.first_seq = 1;
    let mut too_many = good.clone();
    too_many.records = vec![too_many.records[0].clone(); 1025];
    let mut too_high = good.clone();
    too_high.first_seq = u64::MAX;

    let refused = |batch| bench.try_upload(batch);
    assert!(matches!(
        refused(stranger).await,
        Err(BatchError::UnknownDevice { .. })
    ));
    for batch in [damaged, forged, other_chain, moved] {
        assert!(matches!(
            refused(batch).await,
            Err(BatchError::Signature(_))
        ));
    }
    assert!(matches!(refused(empty).await, Err(BatchError::Empty)));
    assert!(matches!(
        refused(too_many).await,
        Err(BatchError::TooMany { got: 1025, .. })
    ));
    assert!(matches!(
        refused(too_high).await,
        Err(BatchError::SequenceTooHigh { .. })
    ));
    let mut retired = bench.north.registration();
    retired.state = GateState::Retired;
    bench.store.register_gate(&retired).await.unwrap();
    assert!(matches!(
        refused(good).await,
        Err(BatchError::Retired { .. })
    ));
    assert_eq!(
        bench.counts().await,
        crate::ports::Counts::default(),
        "nothing was stored"
    );
}

/// What came together is stored as what came one by one, and one bad upload costs no other.
async fn many_uploads_are_one_transaction<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    for minute in [10, 100, 200] {
        let code = phone.code(minutes(minute));
        bench.north.permit(minutes(minute), TapKind::On, &code);
        let code = phone.code(minutes(minute + 20));
        bench
            .centre
            .permit(minutes(minute + 20), TapKind::Off, &code);
    }
    let mut forged = bench.centre.batch(0, 1);
    forged.signature[0] ^= 1;
    let uploads = vec![
        bench.north.batch(0, 2),
        forged,
        bench.centre.all(),
        bench.north.batch(2, 3),
        bench.north.batch(0, 2),
    ];
    let answers = batch::store_all(&bench.store, uploads, minutes(2_000));
    let answers = answers.await.unwrap();
    let told: Vec<_> = answers
        .iter()
        .map(|answer| answer.as_ref().map(|got| (got.stored, got.duplicates)).ok())
        .collect();
    assert_eq!(
        told,
        [Some((2, 0)), None, Some((3, 0)), Some((1, 0)), Some((0, 2))]
    );
    assert!(matches!(answers[1], Err(BatchError::Signature(_))));
    // The second batch of one gate goes on where the first of the same transaction ended.
    assert_eq!(bench.counts().await.chain_breaks, 0);
    bench.judge().await;
    bench.settle().await;
    // Three rides from north to centre at 3.00.
    assert_eq!(bench.counts().await.journeys, 3);
    bench.check_laws("many uploads").await;
    let alone = Bench::new(factory).await;
    alone.phone(1).await;
    for batch in [bench.north.all(), bench.centre.all()] {
        alone.upload(batch).await;
    }
    alone.settle().await;
    assert_eq!(bench.dump().await, alone.dump().await);
}
