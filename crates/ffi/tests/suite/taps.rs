//! Tap records and chain through the C interface give the bytes of `proto/vectors/taps.json`.

use std::path::Path;
use std::ptr;

use faregate_reader::{
    FG_BATCH_MESSAGE_BYTES, FG_CODE_BYTES_MAX, FG_NOTE_BYTES_MAX, FG_OUTCOME_DID_NOT_OPEN,
    FG_OUTCOME_NOBODY_PASSED, FG_OUTCOME_OPENED, FG_TAP_OFF, FG_TAP_ON, FG_TAP_RECORD_BYTES_MAX,
    FgChainHead, FgDeviceId, FgNote, FgStatus, FgTapRecord, fg_batch_message, fg_chain_after,
    fg_chain_start, fg_evidence, fg_note_encode, fg_tap_record_encode,
};
use serde::Deserialize;

use crate::objects::presentation;

#[derive(Deserialize)]
struct TapFile {
    device: String,
    epoch: u32,
    first_seq: u64,
    chain_before: String,
    records: Vec<Record>,
    notes: Vec<Note>,
    chain_after: String,
    batch_message: String,
}

#[derive(Deserialize)]
struct Record {
    hex: String,
    seq: u64,
    at: i64,
    kind: String,
    gate: String,
    stop: String,
    route: Option<String>,
    decision: u16,
    evidence: String,
    lists: Option<[u32; 5]>,
    clock_proven: bool,
    chain: String,
}

#[derive(Deserialize)]
struct Note {
    hex: String,
    seq: u64,
    at: i64,
    tap_epoch: u32,
    tap_seq: u64,
    outcome: String,
    chain: String,
}

fn encode(record: &FgTapRecord) -> Result<Vec<u8>, FgStatus> {
    let mut buffer = [0; FG_TAP_RECORD_BYTES_MAX];
    let mut written = 0;
    // SAFETY: the caller's record points at texts of the lengths it says; buffer and `written`
    // live through the call.
    let status = unsafe {
        fg_tap_record_encode(record, buffer.as_mut_ptr(), buffer.len(), &raw mut written)
    };
    if status == FgStatus::Ok {
        Ok(buffer[..written].to_vec())
    } else {
        Err(status)
    }
}

fn plain<'a>(stop: &'a str, route: Option<&'a str>, evidence: &'a [u8]) -> FgTapRecord {
    FgTapRecord {
        seq: 0,
        at_micros: 0,
        gate: 0,
        decision: 0,
        kind: FG_TAP_ON,
        stop: stop.as_ptr().cast(),
        stop_length: stop.len(),
        route: route.map_or(ptr::null(), |route| route.as_ptr().cast()),
        route_length: route.map_or(0, str::len),
        evidence: evidence.as_ptr(),
        evidence_length: evidence.len(),
        bundle_version: 0,
        deny_version: 0,
        policy_version: 0,
        tariff_version: 0,
        list_age_s: u32::MAX,
        clock_proven: 0,
    }
}

fn after(head: &mut FgChainHead, record: &[u8]) {
    // SAFETY: head and record live through the call.
    let status = unsafe { fg_chain_after(head, record.as_ptr(), record.len()) };
    assert_eq!(status, FgStatus::Ok);
}

#[test]
fn records_and_chain_are_those_of_the_vectors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/vectors/taps.json");
    let file: TapFile = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let device = FgDeviceId {
        bytes: hex::decode(&file.device).unwrap().try_into().unwrap(),
    };
    let mut head = FgChainHead::default();
    // SAFETY: device and head live through the call.
    let status = unsafe { fg_chain_start(&raw const device, file.epoch, &raw mut head) };
    assert_eq!(status, FgStatus::Ok);
    assert_eq!(hex::encode(head.bytes), file.chain_before);
    let before = head;
    for record in &file.records {
        let evidence = hex::decode(&record.evidence).unwrap();
        let [bundle, deny, policy, tariff, age] = record.lists.unwrap_or([0, 0, 0, 0, u32::MAX]);
        let bytes = encode(&FgTapRecord {
            seq: record.seq,
            bundle_version: bundle,
            deny_version: deny,
            policy_version: policy,
            tariff_version: tariff,
            list_age_s: age,
            clock_proven: u8::from(record.clock_proven),
            at_micros: record.at,
            gate: u32::from_str_radix(&record.gate, 16).unwrap(),
            decision: record.decision,
            kind: if record.kind == "on" {
                FG_TAP_ON
            } else {
                FG_TAP_OFF
            },
            ..plain(&record.stop, record.route.as_deref(), &evidence)
        });
        let bytes = bytes.unwrap();
        assert_eq!(hex::encode(&bytes), record.hex);
        after(&mut head, &bytes);
        assert_eq!(hex::encode(head.bytes), record.chain);
    }
    for note in &file.notes {
        let plain = FgNote {
            seq: note.seq,
            at_micros: note.at,
            tap_seq: note.tap_seq,
            tap_epoch: note.tap_epoch,
            outcome: match note.outcome.as_str() {
                "opened" => FG_OUTCOME_OPENED,
                "did_not_open" => FG_OUTCOME_DID_NOT_OPEN,
                _ => FG_OUTCOME_NOBODY_PASSED,
            },
        };
        let bytes = encode_note(&plain, FG_NOTE_BYTES_MAX).unwrap();
        assert_eq!(hex::encode(&bytes), note.hex);
        after(&mut head, &bytes);
        assert_eq!(hex::encode(head.bytes), note.chain);
    }
    assert_eq!(hex::encode(head.bytes), file.chain_after);
    let mut message = [0; FG_BATCH_MESSAGE_BYTES];
    // SAFETY: device, heads and the buffer live through the call.
    let status = unsafe {
        fg_batch_message(
            &raw const device,
            file.epoch,
            file.first_seq,
            u32::try_from(file.records.len() + file.notes.len()).unwrap(),
            &raw const before,
            &raw const head,
            message.as_mut_ptr(),
        )
    };
    assert_eq!(status, FgStatus::Ok);
    assert_eq!(hex::encode(message), file.batch_message);
}

#[test]
fn bad_records_are_refused() {
    let good = plain("7", Some("B7"), b"");
    assert!(encode(&good).is_ok());
    let cases = [
        (FgStatus::BadKind, FgTapRecord { kind: 3, ..good }),
        (
            FgStatus::BadTime,
            FgTapRecord {
                at_micros: -1,
                ..good
            },
        ),
        (FgStatus::BadId, plain("", None, b"")),
        (FgStatus::BadId, plain("a\nb", None, b"")),
        (FgStatus::BadId, plain("7", Some(""), b"")),
        (
            FgStatus::TooLarge,
            plain("7", None, &[0; FG_CODE_BYTES_MAX + 1]),
        ),
        (
            FgStatus::TooLarge,
            FgTapRecord {
                evidence_length: usize::MAX,
                ..good
            },
        ),
        (
            FgStatus::Null,
            FgTapRecord {
                stop: ptr::null(),
                ..good
            },
        ),
        (
            FgStatus::BadId,
            FgTapRecord {
                stop: [0xffu8].as_ptr().cast(),
                ..good
            },
        ),
    ];
    for (expected, record) in cases {
        assert_eq!(encode(&record), Err(expected), "{record:?}");
    }
    let long = "x".repeat(65);
    assert_eq!(encode(&plain(&long, None, b"")), Err(FgStatus::BadId));
    let widest = FgTapRecord {
        seq: u64::MAX,
        at_micros: i64::MAX,
        gate: u32::MAX,
        decision: u16::MAX,
        bundle_version: u32::MAX,
        deny_version: u32::MAX,
        policy_version: u32::MAX,
        tariff_version: u32::MAX,
        clock_proven: 1,
        ..plain(&long[1..], Some(&long[1..]), &[0xff; FG_CODE_BYTES_MAX])
    };
    assert_eq!(encode(&widest).unwrap().len(), FG_TAP_RECORD_BYTES_MAX);
}

#[test]
fn evidence_is_the_bytes_of_the_text() {
    let bytes = presentation(None);
    let text = wire::text::encode(&bytes).unwrap();
    let mut buffer = [0; FG_CODE_BYTES_MAX];
    for (text, expected) in [(text.as_str(), &bytes[..]), ("FG1", b""), ("", b"")] {
        let mut written = 9;
        // SAFETY: text, buffer and `written` live through the call.
        let status = unsafe {
            let (size, written) = (buffer.len(), &raw mut written);
            fg_evidence(
                text.as_ptr().cast(),
                text.len(),
                buffer.as_mut_ptr(),
                size,
                written,
            )
        };
        assert_eq!((status, &buffer[..written]), (FgStatus::Ok, expected));
    }
}

fn encode_note(note: &FgNote, size: usize) -> Result<Vec<u8>, FgStatus> {
    let (mut buffer, mut written) = ([0; FG_NOTE_BYTES_MAX], 0);
    // SAFETY: note, buffer, which is no smaller than `size`, and `written` live through the call.
    let status = unsafe { fg_note_encode(note, buffer.as_mut_ptr(), size, &raw mut written) };
    if status == FgStatus::Ok {
        Ok(buffer[..written].to_vec())
    } else {
        Err(status)
    }
}

/// A map of 5: keys 1, 2, 11, 12, 13 (docs/WIRE.md), by hand.
#[test]
fn notes_are_as_specified() {
    let note = FgNote {
        seq: 3,
        at_micros: 1_546_819_200_000_000,
        tap_seq: 24,
        tap_epoch: 256,
        outcome: FG_OUTCOME_NOBODY_PASSED,
    };
    let bytes = encode_note(&note, FG_NOTE_BYTES_MAX).unwrap();
    let by_hand = "a5 01 03 02 1b 00 05 7e d2 e8 f2 a0 00 0b 19 01 00 0c 18 18 0d 03";
    assert_eq!(hex::encode(bytes), by_hand.replace(' ', ""));
    for outcome in 0..=u8::MAX {
        let got = encode_note(&FgNote { outcome, ..note }, FG_NOTE_BYTES_MAX);
        let known = [
            FG_OUTCOME_OPENED,
            FG_OUTCOME_DID_NOT_OPEN,
            FG_OUTCOME_NOBODY_PASSED,
        ];
        if known.contains(&outcome) {
            assert_eq!(got.unwrap().last(), Some(&outcome));
        } else {
            assert_eq!(got, Err(FgStatus::BadOutcome));
        }
    }
    let early = FgNote {
        at_micros: -1,
        ..note
    };
    assert_eq!(
        encode_note(&early, FG_NOTE_BYTES_MAX),
        Err(FgStatus::BadTime)
    );
    let widest = FgNote {
        seq: u64::MAX,
        at_micros: i64::MAX,
        tap_seq: u64::MAX,
        tap_epoch: u32::MAX,
        outcome: 1,
    };
    let bytes = encode_note(&widest, FG_NOTE_BYTES_MAX).unwrap();
    assert_eq!(bytes.len(), FG_NOTE_BYTES_MAX);
    assert_eq!(
        encode_note(&widest, FG_NOTE_BYTES_MAX - 1),
        Err(FgStatus::TooSmall)
    );
    // SAFETY: nothing is behind the pointer, which the function finds out by itself.
    let status = unsafe { fg_note_encode(ptr::null(), ptr::null_mut(), 0, ptr::null_mut()) };
    assert_eq!(status, FgStatus::Null);
}
