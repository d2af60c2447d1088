//! Batches for the server, its acknowledgements, limits, and stopping.

use journal::testing::{Fault, Medium, Operation, chain_start};
use journal::{
    AcknowledgeError, AppendError, Head, Journal, Mode, OpenError, PAYLOAD_BYTES_MAX,
    PENDING_RECORDS_MAX, Position, Witness,
};

use crate::enumeration::SETTINGS;
use crate::model::DEVICE;

fn fresh() -> Journal<Medium> {
    let setting = SETTINGS[1];
    let opened = Journal::open(
        setting.medium(),
        setting.options(1),
        Witness::NONE,
        &mut |_| {},
    );
    opened.unwrap().0
}

fn with_taps(count: u8) -> Journal<Medium> {
    let mut journal = fresh();
    for number in 0..count {
        journal.append(&[number; 64]).unwrap();
        journal.sync().unwrap();
    }
    journal
}

#[test]
fn batches_follow_each_other_and_chain() {
    let mut journal = with_taps(20);
    let mut from = Position::new(1, 0);
    let mut head: Head = chain_start(DEVICE, 1);
    let mut sizes = Vec::new();
    while let Some(batch) = journal.batch(from, 7).unwrap() {
        assert_eq!((batch.first, batch.before), (from, head));
        for payload in &batch.payloads {
            head = head.after(payload);
        }
        assert_eq!(batch.after, head);
        sizes.push(batch.payloads.len());
        from = batch.last().next();
    }
    assert_eq!(sizes, [7, 7, 6]);
    assert_eq!(head, journal.head());
}

#[test]
fn what_is_not_durable_is_not_uploaded() {
    let mut journal = with_taps(2);
    journal.append(b"not synced").unwrap();
    let batch = journal.batch(Position::new(1, 0), 9).unwrap().unwrap();
    assert_eq!(batch.payloads.len(), 2);
    assert!(!journal.durable().covers(Position::new(1, 2)));
}

#[test]
fn only_whole_acknowledged_segments_go() {
    let mut journal = with_taps(20);
    let before = journal.segments();
    assert_eq!(journal.acknowledge(Position::new(1, 0)), Ok(0));
    let removed = journal.acknowledge(Position::new(1, 19)).unwrap();
    assert!(removed > 0 && removed < before);
    let setting = SETTINGS[1];
    let medium = journal.into_media();
    let (journal, report) =
        Journal::open(medium, setting.options(2), Witness::NONE, &mut |_| {}).unwrap();
    assert_eq!(report.gaps, []);
    assert_eq!(journal.acknowledged_next(), Some(Position::new(1, 20)));
    assert_eq!(journal.next(), Position::new(1, 20));
}

#[test]
fn what_must_stay_stays_although_it_is_acknowledged() {
    let mut journal = with_taps(20);
    let before = journal.segments();
    journal.keep_from(Some(Position::new(1, 0)));
    assert_eq!(journal.acknowledge(Position::new(1, 19)), Ok(0));
    assert_eq!(journal.segments(), before);
    // The acknowledgement itself holds: nothing is sent again after a restart.
    assert_eq!(journal.acknowledged_next(), Some(Position::new(1, 20)));
    journal.keep_from(Some(Position::new(1, 9)));
    let older = journal.trim().unwrap();
    assert!(older > 0);
    let batch = journal.batch(Position::new(1, 9), 1).unwrap().unwrap();
    assert_eq!(
        (batch.first, &*batch.payloads[0]),
        (Position::new(1, 9), &[9; 64][..])
    );
    journal.keep_from(None);
    assert!(journal.trim().unwrap() > 0);
    assert_eq!(journal.trim(), Ok(0));
}

#[test]
fn a_tap_that_is_not_there_cannot_be_acknowledged() {
    let mut journal = with_taps(2);
    let refused = journal.acknowledge(Position::new(1, 2));
    let durable_next = Position::new(1, 2);
    assert_eq!(
        refused,
        Err(AcknowledgeError::NotDurable {
            durable_next,
            got: durable_next
        })
    );
}

#[test]
fn limits_are_kept() {
    let setting = journal::Options::new(DEVICE, chain_start, 1);
    let (mut journal, _) =
        Journal::open(Medium::new(), setting, Witness::NONE, &mut |_| {}).unwrap();
    let long = vec![0; PAYLOAD_BYTES_MAX + 1];
    let refused = journal.append(&long);
    let (max, got) = (PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1);
    assert_eq!(refused, Err(AppendError::TooLong { max, got }));
    for _ in 0..PENDING_RECORDS_MAX {
        journal.append(&long[1..]).unwrap();
    }
    let pending = PENDING_RECORDS_MAX;
    assert_eq!(
        journal.append(b"one more"),
        Err(AppendError::PendingFull { pending })
    );
    journal.sync().unwrap();
    journal.append(b"one more").unwrap();
}

#[test]
fn a_journal_that_cannot_write_says_so_and_goes_on_reading() {
    let mut journal = with_taps(3);
    let fault = Fault {
        at: 0,
        count: 1_000,
        only: Some(Operation::Sync),
        no_space: false,
    };
    journal.media_mut().plan(Some(fault));
    let tap = journal.append(b"in memory").unwrap();
    let stopped = journal.sync().unwrap_err();
    assert_eq!(stopped.pending, 1);
    assert!(matches!(journal.mode(), Mode::Stopped(_)));
    assert!(matches!(
        journal.append(b"refused"),
        Err(AppendError::Stopped(_))
    ));
    assert_eq!(
        journal
            .batch(Position::new(1, 0), 9)
            .unwrap()
            .unwrap()
            .payloads
            .len(),
        3
    );
    journal.media_mut().plan(None);
    assert!(journal.resume().unwrap().covers(tap));
    assert_eq!(
        journal
            .batch(Position::new(1, 0), 9)
            .unwrap()
            .unwrap()
            .payloads
            .len(),
        4
    );
}

#[test]
fn a_medium_that_cannot_be_read_is_an_error() {
    let setting = SETTINGS[1];
    let mut medium = with_taps(3).into_media();
    let fault = Fault {
        at: 0,
        count: 1,
        only: Some(Operation::Read),
        no_space: false,
    };
    medium.plan(Some(fault));
    let outcome = Journal::open(medium, setting.options(2), Witness::NONE, &mut |_| {});
    assert!(matches!(outcome.map(|_| ()), Err(OpenError::Media(_))));
}

#[test]
fn a_full_medium_opens_for_reading() {
    let setting = SETTINGS[1];
    let mut medium = with_taps(20).into_media();
    let fault = Fault {
        at: 0,
        count: 100,
        only: Some(Operation::Create),
        no_space: true,
    };
    medium.plan(Some(fault));
    let (mut journal, report) =
        Journal::open(medium, setting.options(2), Witness::NONE, &mut |_| {}).unwrap();
    assert_eq!(report.taps, 20);
    assert!(matches!(journal.mode(), Mode::Stopped(_)));
    let batch = journal.batch(Position::new(1, 0), 99).unwrap().unwrap();
    assert!(!batch.payloads.is_empty() && batch.last() < journal.durable_next());
    journal.acknowledge(batch.last()).unwrap();
    journal.media_mut().plan(None);
    assert!(journal.resume().unwrap().covers(Position::new(1, 19)));
}
