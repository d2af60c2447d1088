//! Tap records and notes, the hash chain over them, and the signed batch.

use ed25519_dalek::{Signer as _, SigningKey};
use units::{DeviceId, GateId, RouteId, StopId, Timestamp};
use wire::chain::{ChainHead, batch_message};
use wire::note::{NoteRecord, TapOutcome};
use wire::tap::{TapKind, TapRecord};
use wire::{ClockState, ListVersions};

use crate::hostile::{bstr, int, map, tstr};
use crate::model::{NoteVector, RefusedRecord, TapFile, TapVector};
use crate::objects::{GATE, NOW_SECS, presentation};

const DEVICE: DeviceId = DeviceId::from_bytes(*b"device-000000001");
const EPOCH: u32 = 3;
const FIRST_SEQ: u64 = 100;

pub(crate) fn file() -> TapFile {
    let secret = SigningKey::from_bytes(&[0x44; 32]);
    let code = presentation(None);
    let first = TapRecord {
        seq: FIRST_SEQ,
        at: Timestamp::from_micros(NOW_SECS * 1_000_000 + 250_000),
        kind: TapKind::On,
        gate: GATE,
        stop: StopId::new("凤起路").unwrap(),
        route: None,
        decision: 0,
        evidence: &code,
        lists: ListVersions {
            bundle: 3,
            deny: 1_000,
            policy: 2,
            tariff: 7,
            age_s: 41,
        },
        clock: ClockState::Proven,
    };
    let again = TapRecord {
        seq: FIRST_SEQ + 1,
        at: first.at.plus(units::Span::from_secs(2)),
        decision: 150,
        ..first
    };
    let on_a_bus = TapRecord {
        seq: FIRST_SEQ + 2,
        at: Timestamp::from_micros(0),
        kind: TapKind::Off,
        gate: GateId::from_number(0),
        stop: StopId::new("7").unwrap(),
        route: Some(RouteId::new("B7").unwrap()),
        decision: 101,
        evidence: b"",
        lists: ListVersions::UNKNOWN,
        clock: ClockState::Unproven,
    };
    let before = ChainHead::start(DEVICE, EPOCH);
    let mut head = before;
    let mut records = Vec::new();
    for record in [first, again, on_a_bus] {
        let bytes = record.encode().unwrap();
        head = head.after(&bytes);
        records.push(row(&record, &bytes, head));
    }
    let mut notes = Vec::new();
    let all_notes = all_notes();
    for note in &all_notes {
        let bytes = note.encode().unwrap();
        head = head.after(&bytes);
        notes.push(note_row(note, &bytes, head));
    }
    let message = batch_message(DEVICE, EPOCH, FIRST_SEQ, 7, before, head);
    TapFile {
        about:
            "Tap records and notes of one device, the hash chain over them and its signed batch."
                .to_owned(),
        device: hex::encode(DEVICE.as_bytes()),
        device_public_key: hex::encode(secret.verifying_key().to_bytes()),
        epoch: EPOCH,
        first_seq: FIRST_SEQ,
        chain_before: hex::encode(before.as_bytes()),
        records,
        notes,
        chain_after: hex::encode(head.as_bytes()),
        batch_message: hex::encode(message),
        batch_signature: hex::encode(secret.sign(&message).to_bytes()),
        refused_records: refused(&on_a_bus.encode().unwrap()),
        refused_notes: refused_notes(&all_notes[0].encode().unwrap()),
    }
}

/// One of each outcome, one of them about a tap of the epoch before; and the largest numbers.
fn all_notes() -> [NoteRecord; 4] {
    let first = NoteRecord {
        seq: FIRST_SEQ + 3,
        at: Timestamp::from_micros(NOW_SECS * 1_000_000 + 3_000_000),
        tap_epoch: EPOCH,
        tap_seq: FIRST_SEQ,
        outcome: TapOutcome::Opened,
    };
    [
        first,
        NoteRecord {
            seq: FIRST_SEQ + 4,
            tap_epoch: EPOCH - 1,
            tap_seq: 70_000,
            outcome: TapOutcome::DidNotOpen,
            ..first
        },
        NoteRecord {
            seq: FIRST_SEQ + 5,
            at: Timestamp::from_micros(0),
            tap_epoch: 0,
            tap_seq: 0,
            outcome: TapOutcome::NobodyPassed,
        },
        NoteRecord {
            seq: FIRST_SEQ + 6,
            at: Timestamp::from_micros(i64::MAX),
            tap_epoch: u32::MAX,
            tap_seq: u64::MAX,
            ..first
        },
    ]
}

fn note_row(note: &NoteRecord, bytes: &[u8], head: ChainHead) -> NoteVector {
    let outcome = match note.outcome {
        TapOutcome::Opened => "opened",
        TapOutcome::DidNotOpen => "did_not_open",
        TapOutcome::NobodyPassed => "nobody_passed",
    };
    NoteVector {
        hex: hex::encode(bytes),
        seq: note.seq,
        at: note.at.as_micros(),
        tap_epoch: note.tap_epoch,
        tap_seq: note.tap_seq,
        outcome: outcome.to_owned(),
        chain: hex::encode(head.as_bytes()),
    }
}

fn row(record: &TapRecord<'_>, bytes: &[u8], head: ChainHead) -> TapVector {
    TapVector {
        hex: hex::encode(bytes),
        seq: record.seq,
        at: record.at.as_micros(),
        kind: match record.kind {
            TapKind::On => "on".to_owned(),
            TapKind::Off => "off".to_owned(),
        },
        gate: record.gate.to_string(),
        stop: record.stop.to_string(),
        route: record.route.map(|route| route.to_string()),
        decision: record.decision,
        evidence: hex::encode(record.evidence),
        lists: (record.lists != ListVersions::UNKNOWN).then(|| {
            let lists = record.lists;
            [
                lists.bundle,
                lists.deny,
                lists.policy,
                lists.tariff,
                lists.age_s,
            ]
        }),
        clock_proven: record.clock == ClockState::Proven,
        chain: hex::encode(head.as_bytes()),
    }
}

fn refused(good: &[u8]) -> Vec<RefusedRecord> {
    let entries = |kind: Vec<u8>, stop: Vec<u8>| {
        map(&[
            (1, int(0)),
            (2, int(0)),
            (3, kind),
            (4, int(0)),
            (5, stop),
            (7, int(0)),
            (8, bstr(b"")),
        ])
    };
    let stop = || tstr(b"7");
    let rows = [
        (
            "last_byte_cut",
            "Truncated",
            good[..good.len() - 1].to_vec(),
        ),
        ("a_byte_after_it", "TrailingBytes", [good, &[0]].concat()),
        ("seq_in_two_bytes", "NotShortest", {
            let shorter = entries(int(1), stop());
            [&shorter[..2], &[0x18, 0x00], &shorter[3..]].concat()
        }),
        ("kind_unknown", "OutOfRange", entries(int(3), stop())),
        ("lists_that_say_nothing", "NotShortest", {
            let array = [0x85, 0, 0, 0, 0, 0x1a, 0xff, 0xff, 0xff, 0xff];
            let plain = entries(int(1), stop());
            [&[0xa8], &plain[1..], &[9], &array].concat()
        }),
        ("clock_that_says_nothing", "OutOfRange", {
            let plain = entries(int(1), stop());
            [&[0xa8], &plain[1..], &[10, 1]].concat()
        }),
        ("stop_empty", "NotAnId", entries(int(1), tstr(b""))),
        (
            "stop_missing",
            "UnexpectedKey",
            map(&[
                (1, int(0)),
                (2, int(0)),
                (3, int(1)),
                (4, int(0)),
                (7, int(0)),
                (8, bstr(b"")),
            ]),
        ),
    ];
    let row = |(name, error, bytes): (&str, &str, Vec<u8>)| RefusedRecord {
        name: name.to_owned(),
        hex: hex::encode(bytes),
        error: error.to_owned(),
    };
    rows.into_iter().map(row).collect()
}

fn refused_notes(good: &[u8]) -> Vec<RefusedRecord> {
    let note = |outcome: i64| {
        map(&[
            (1, int(0)),
            (2, int(0)),
            (11, int(0)),
            (12, int(0)),
            (13, int(outcome)),
        ])
    };
    let missing = map(&[(1, int(0)), (2, int(0)), (11, int(0)), (13, int(1))]);
    let rows = [
        (
            "last_byte_cut",
            "Truncated",
            good[..good.len() - 1].to_vec(),
        ),
        ("a_byte_after_it", "TrailingBytes", [good, &[0]].concat()),
        ("no_outcome", "OutOfRange", note(0)),
        ("outcome_unknown", "OutOfRange", note(4)),
        ("tap_seq_missing", "UnexpectedKey", missing),
    ];
    let row = |(name, error, bytes): (&str, &str, Vec<u8>)| RefusedRecord {
        name: name.to_owned(),
        hex: hex::encode(bytes),
        error: error.to_owned(),
    };
    rows.into_iter().map(row).collect()
}
