//! The tap record.

use proptest::prelude::*;
use units::{GateId, RouteId, StopId, Timestamp};
use wire::tap::{EVIDENCE_BYTES_MAX, RECORD_BYTES_MAX, TapKind, TapRecord};
use wire::{ClockState, DecodeError, EncodeError, ListVersions};

use crate::hostile::{bstr, int, map, tstr};

fn record(evidence: &[u8]) -> TapRecord<'_> {
    let Ok(stop) = StopId::new("凤起路") else {
        unreachable!("nine bytes are an id")
    };
    TapRecord {
        seq: 7,
        at: Timestamp::from_micros(1_546_819_200_000_001),
        kind: TapKind::Off,
        gate: GateId::from_number(42),
        stop,
        route: None,
        decision: 150,
        evidence,
        lists: ListVersions::UNKNOWN,
        clock: ClockState::Unproven,
    }
}

#[test]
fn the_layout_is_the_documented_one() {
    // Written by hand from docs/WIRE.md.
    let expected =
        "a7 01 07 02 1b 00057ed2e8f2a001 03 02 04 182a 05 69 e587a4e8b5b7e8b7af 07 1896 \
                    08 43 c0ffee"
            .replace(' ', "");
    assert_eq!(
        hex::encode(record(b"\xc0\xff\xee").encode().unwrap()),
        expected
    );
}

#[test]
fn limits() {
    let longest = TapRecord {
        seq: u64::MAX,
        at: Timestamp::from_micros(i64::MAX),
        kind: TapKind::On,
        gate: GateId::from_number(u32::MAX),
        stop: StopId::new(&"s".repeat(64)).unwrap(),
        route: Some(RouteId::new(&"r".repeat(64)).unwrap()),
        decision: u16::MAX,
        evidence: &[0xff; EVIDENCE_BYTES_MAX],
        lists: ListVersions {
            bundle: u32::MAX,
            deny: u32::MAX,
            policy: u32::MAX,
            tariff: u32::MAX,
            age_s: u32::MAX,
        },
        clock: ClockState::Proven,
    };
    let bytes = longest.encode().unwrap();
    assert_eq!(bytes.len(), RECORD_BYTES_MAX);
    assert_eq!(TapRecord::decode(&bytes).unwrap(), longest);
    let too_long = EncodeError::TooLong {
        field: "evidence",
        max: 320,
        got: 321,
    };
    assert_eq!(record(&[0; 321]).encode(), Err(too_long));
    let early = TapRecord {
        at: Timestamp::from_micros(-1),
        ..record(b"")
    };
    assert_eq!(
        early.encode(),
        Err(EncodeError::TimeOutOfRange {
            field: "at",
            got: -1
        })
    );
    let max = RECORD_BYTES_MAX;
    let refused = TapRecord::decode(&vec![0; max + 1]).unwrap_err();
    assert_eq!(refused, DecodeError::TooLong { max, got: max + 1 });
}

#[test]
fn truncations_and_trailing_bytes_are_refused() {
    let evidence = [1, 2, 3];
    let bytes = record(&evidence).encode().unwrap();
    for length in 0..bytes.len() {
        let refused = TapRecord::decode(&bytes[..length]).unwrap_err();
        assert_eq!(refused, DecodeError::Truncated { at: length });
    }
    let refused = TapRecord::decode(&[&bytes[..], &[0]].concat()).unwrap_err();
    assert_eq!(
        refused,
        DecodeError::TrailingBytes {
            at: bytes.len(),
            extra: 1
        }
    );
}

#[test]
fn values_out_of_range_are_refused() {
    let good = || {
        vec![
            (1, int(7)),
            (2, int(1)),
            (3, int(1)),
            (4, int(42)),
            (5, tstr(b"s")),
            (7, int(0)),
            (8, bstr(b"")),
        ]
    };
    assert!(TapRecord::decode(&map(&good())).is_ok());
    let check = |index: usize, value: Vec<u8>, expected: &str| {
        let mut entries = good();
        entries[index].1 = value;
        let refused = TapRecord::decode(&map(&entries)).unwrap_err();
        assert!(format!("{refused:?}").starts_with(expected), "{refused:?}");
    };
    check(0, int(-1), "WrongType");
    check(1, [vec![0x1b], vec![0xff; 8]].concat(), "OutOfRange");
    check(2, int(0), "OutOfRange");
    check(2, int(3), "OutOfRange");
    check(3, int(1 << 32), "OutOfRange");
    check(4, tstr(b""), "NotAnId");
    check(4, tstr(b"a\nb"), "NotAnId");
    check(4, tstr(&[b's'; 65]), "NotAnId");
    check(5, int(65_536), "OutOfRange");
    check(6, bstr(&[0; 321]), "WrongLength");
    let mut extra = good();
    extra.push((11, int(0)));
    let refused = TapRecord::decode(&map(&extra)).unwrap_err();
    assert!(matches!(refused, DecodeError::ExtraKey { got: 11, .. }));
}

#[test]
fn lists_and_clock_stand_behind_the_evidence() {
    // Written by hand from docs/WIRE.md: 9 = [bundle, deny, policy, tariff, age], 10 = 0.
    let said = TapRecord {
        lists: ListVersions {
            bundle: 3,
            deny: 300,
            policy: 2,
            tariff: 1,
            age_s: 60,
        },
        clock: ClockState::Proven,
        ..record(b"\xc0\xff\xee")
    };
    let bytes = said.encode().unwrap();
    let silent = record(b"\xc0\xff\xee").encode().unwrap();
    assert_eq!(bytes[0], 0xa9, "two entries more than without");
    assert_eq!(bytes[1..silent.len()], silent[1..]);
    let tail = hex::encode(&bytes[silent.len()..]);
    assert_eq!(tail, "09 85 03 19012c 02 01 183c 0a 00".replace(' ', ""));
    assert_eq!(TapRecord::decode(&bytes).unwrap(), said);
}

#[test]
fn lists_and_clock_that_say_nothing_are_left_out() {
    let good = || {
        vec![
            (1, int(7)),
            (2, int(1)),
            (3, int(1)),
            (4, int(42)),
            (5, tstr(b"s")),
            (7, int(0)),
            (8, bstr(b"")),
        ]
    };
    let with = |key: i64, value: Vec<u8>| {
        let mut entries = good();
        entries.push((key, value));
        TapRecord::decode(&map(&entries)).map(|record| record.clock)
    };
    let numbers = |numbers: &[i64]| {
        let head = 0x80 | u8::try_from(numbers.len()).unwrap();
        [vec![head], numbers.iter().flat_map(|n| int(*n)).collect()].concat()
    };
    assert!(with(9, numbers(&[1, 1, 1, 1, 1])).is_ok());
    assert!(with(9, numbers(&[0, 0, 0, 0, 0])).is_ok());
    let unknown = numbers(&[0, 0, 0, 0, i64::from(u32::MAX)]);
    let refused = with(9, unknown).unwrap_err();
    assert!(matches!(refused, DecodeError::NotShortest { .. }));
    let short = with(9, numbers(&[1, 1, 1, 1])).unwrap_err();
    assert!(matches!(short, DecodeError::WrongLength { got: 4, .. }));
    let wide = with(9, numbers(&[1 << 32, 1, 1, 1, 1])).unwrap_err();
    assert!(matches!(
        wide,
        DecodeError::OutOfRange {
            field: "bundle",
            ..
        }
    ));
    assert_eq!(with(10, int(0)), Ok(ClockState::Proven));
    let one = with(10, int(1)).unwrap_err();
    assert!(matches!(
        one,
        DecodeError::OutOfRange { field: "clock", .. }
    ));
}

fn arb_lists() -> impl Strategy<Value = ListVersions> {
    let version = || prop_oneof![Just(0), any::<u32>()];
    let age = prop_oneof![Just(u32::MAX), any::<u32>()];
    let all = (version(), version(), version(), version(), age);
    all.prop_map(|(bundle, deny, policy, tariff, age_s)| ListVersions {
        bundle,
        deny,
        policy,
        tariff,
        age_s,
    })
}

fn arb_clock() -> impl Strategy<Value = ClockState> {
    prop_oneof![Just(ClockState::Proven), Just(ClockState::Unproven)]
}

fn arb_kind() -> impl Strategy<Value = TapKind> {
    prop_oneof![Just(TapKind::On), Just(TapKind::Off)]
}

proptest! {
    #[test]
    fn records_come_back_and_are_the_one_encoding(
        (seq, micros, kind) in (any::<u64>(), 0..i64::MAX, arb_kind()),
        (gate, decision) in (any::<u32>(), any::<u16>()),
        stop in "[^\\p{Cc}]{1,16}",
        route in proptest::option::of("[A-Za-z0-9]{1,64}"),
        evidence in proptest::collection::vec(any::<u8>(), 0..=EVIDENCE_BYTES_MAX),
        (lists, clock) in (arb_lists(), arb_clock()),
        flip in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let record = TapRecord {
            seq,
            at: Timestamp::from_micros(micros),
            kind,
            gate: GateId::from_number(gate),
            stop: StopId::new(&stop).unwrap(),
            route: route.map(|route| RouteId::new(&route).unwrap()),
            decision,
            evidence: &evidence,
            lists,
            clock,
        };
        let bytes = record.encode().unwrap();
        prop_assert_eq!(TapRecord::decode(&bytes).unwrap(), record);
        // A changed bit is an error or another record that encodes to the changed bytes.
        let mut changed = bytes.clone();
        changed[flip.index(bytes.len())] ^= 1 << bit;
        if let Ok(other) = TapRecord::decode(&changed) {
            prop_assert_ne!(other, record);
            prop_assert_eq!(other.encode().unwrap(), changed);
        }
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        if let Ok(record) = TapRecord::decode(&bytes) {
            prop_assert_eq!(&record.encode().unwrap()[..], &bytes[..]);
        }
    }
}
