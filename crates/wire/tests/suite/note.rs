//! Notes about taps.

use proptest::prelude::*;
use units::Timestamp;
use wire::DecodeError;
use wire::note::{NOTE_BYTES_MAX, NoteRecord, Record, TapOutcome};

use crate::hostile::{int, map};

fn note() -> NoteRecord {
    NoteRecord {
        seq: 8,
        at: Timestamp::from_micros(1_546_819_200_000_001),
        tap_epoch: 1,
        tap_seq: 7,
        outcome: TapOutcome::DidNotOpen,
    }
}

#[test]
fn the_layout_is_the_documented_one() {
    // Written by hand from docs/WIRE.md.
    let expected = "a5 01 08 02 1b 00057ed2e8f2a001 0b 01 0c 07 0d 02".replace(' ', "");
    let bytes = note().encode().unwrap();
    assert_eq!(hex::encode(&bytes), expected);
    assert_eq!(Record::decode(&bytes), Ok(Record::Note(note())));
}

#[test]
fn limits_and_ranges() {
    let longest = NoteRecord {
        seq: u64::MAX,
        at: Timestamp::from_micros(i64::MAX),
        tap_epoch: u32::MAX,
        tap_seq: u64::MAX,
        outcome: TapOutcome::NobodyPassed,
    };
    let bytes = longest.encode().unwrap();
    assert_eq!(bytes.len(), NOTE_BYTES_MAX);
    assert_eq!(NoteRecord::decode(&bytes), Ok(longest));
    let with = |outcome: i64| {
        let entries = [(1, 8), (2, 1), (11, 1), (12, 7), (13, outcome)];
        let entries = entries.map(|(key, value)| (key, int(value)));
        NoteRecord::decode(&map(&entries))
    };
    assert!(with(1).is_ok());
    for outcome in [0, 4] {
        let refused = with(outcome).unwrap_err();
        assert!(matches!(
            refused,
            DecodeError::OutOfRange {
                field: "outcome",
                ..
            }
        ));
    }
    let bytes = note().encode().unwrap();
    for length in 0..bytes.len() {
        assert!(Record::decode(&bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(Record::decode(&[&bytes[..], &[0]].concat()).is_err());
}

proptest! {
    #[test]
    fn notes_come_back_and_are_the_one_encoding(
        (seq, micros) in (any::<u64>(), 0..i64::MAX),
        (tap_epoch, tap_seq) in (any::<u32>(), any::<u64>()),
        number in 1..=3u8,
        flip in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let outcome = TapOutcome::from_number(number).unwrap();
        let at = Timestamp::from_micros(micros);
        let note = NoteRecord { seq, at, tap_epoch, tap_seq, outcome };
        let bytes = note.encode().unwrap();
        prop_assert_eq!(Record::decode(&bytes).unwrap(), Record::Note(note));
        let mut changed = bytes.clone();
        changed[flip.index(bytes.len())] ^= 1 << bit;
        if let Ok(Record::Note(other)) = Record::decode(&changed) {
            prop_assert_ne!(other, note);
            prop_assert_eq!(other.encode().unwrap(), changed);
        }
    }
}
