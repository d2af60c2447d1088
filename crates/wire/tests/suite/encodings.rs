//! One accepted encoding per object: everything near a good object is refused.

use std::collections::{BTreeMap, BTreeSet};

use wire::{DecodeError, ParsedCredential, VerifyError};

use crate::hostile;
use crate::objects::{codes, credential, issuer_key};

/// Why a code is refused, by the names of the variants; `None` when it is good.
fn refusal(bytes: &[u8]) -> Option<String> {
    match wire::parse(bytes) {
        Err(error) => Some(variant(&error)),
        Ok(code) => code
            .verify(&issuer_key())
            .err()
            .map(|error| variant(&error)),
    }
}

/// Why a credential by itself is refused.
fn credential_refusal(bytes: &[u8]) -> Option<String> {
    match ParsedCredential::parse(bytes) {
        Err(error) => Some(variant(&error)),
        Ok(parsed) => parsed
            .verify(&issuer_key())
            .err()
            .map(|error| variant(&error)),
    }
}

fn variant(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

type Check = fn(&[u8]) -> Option<String>;

fn every_object() -> Vec<(&'static str, Vec<u8>, Check)> {
    let mut objects: Vec<(&str, Vec<u8>, Check)> =
        vec![("credential", credential(), credential_refusal)];
    objects.extend(codes().map(|(name, bytes)| (name, bytes, refusal as Check)));
    objects
}

#[test]
fn good_objects_are_good() {
    for (name, bytes, check) in every_object() {
        assert_eq!(check(&bytes), None, "{name}");
    }
}

#[test]
fn every_single_bit_change_is_refused() {
    for (name, bytes, check) in every_object() {
        let mut reasons = BTreeMap::<String, usize>::new();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let reason = check(&changed);
            assert!(reason.is_some(), "{name}: accepted with bit {bit} changed");
            *reasons.entry(reason.unwrap()).or_default() += 1;
        }
        println!("{name}: {} bits, {reasons:?}", bytes.len() * 8);
    }
}

#[test]
fn every_truncation_is_refused_as_one() {
    for (name, bytes, check) in every_object() {
        for length in 0..bytes.len() {
            assert_eq!(
                check(&bytes[..length]).as_deref(),
                Some("Truncated"),
                "{name}, {length}"
            );
            let got = wire::parse(&bytes[..length]).unwrap_err();
            assert_eq!(got, DecodeError::Truncated { at: length }, "{name}");
        }
    }
}

#[test]
fn every_byte_after_the_object_is_refused() {
    for (name, bytes, check) in every_object() {
        for extra in 0..=255u8 {
            let longer = [&bytes[..], &[extra]].concat();
            assert_eq!(
                check(&longer).as_deref(),
                Some("TrailingBytes"),
                "{name}, {extra}"
            );
        }
    }
}

#[test]
fn more_bytes_than_a_code_has_are_not_read() {
    let bytes = vec![0x84; wire::CODE_BYTES_MAX + 1];
    assert_eq!(
        wire::parse(&bytes).unwrap_err(),
        DecodeError::TooLong { max: 320, got: 321 }
    );
}

#[test]
fn hostile_objects_without_their_change_are_good() {
    for bytes in hostile::unchanged() {
        assert_eq!(refusal(&bytes), None);
    }
    let [ticket, presentation] = hostile::unchanged();
    let [(_, one_way), _, (_, good_ticket)] = codes();
    assert_eq!((ticket, presentation), (good_ticket, one_way));
}

#[test]
fn every_hostile_object_gets_its_own_error() {
    let mut seen = BTreeSet::new();
    for hostile in hostile::all() {
        let got = refusal(&hostile.bytes);
        assert_eq!(got.as_deref(), Some(hostile.error), "{}", hostile.name);
        seen.insert(hostile.error);
    }
    // Every variant of DecodeError that a code can get; TooLong has its own test above, NotAnId
    // belongs to tap records.
    let expected = [
        "CredentialAlone",
        "CriticalHeader",
        "ExtraKey",
        "FloatOrSimple",
        "Indefinite",
        "KeyOrder",
        "MissingKey",
        "NotAGate",
        "NotShortest",
        "NotUtf8",
        "OutOfRange",
        "RepeatedKey",
        "Reserved",
        "Tagged",
        "TooDeep",
        "TrailingBytes",
        "Truncated",
        "UnexpectedKey",
        "UnprotectedHeader",
        "WrongAlgorithm",
        "WrongCurve",
        "WrongKeyType",
        "WrongLength",
        "WrongType",
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}

#[test]
fn errors_say_where() {
    let ticket = &codes()[2].1;
    // Offset 2 is the header map, 3 its label `alg`, 4 the value −19; see docs/WIRE.md.
    let mut other = ticket.clone();
    other[4] = 0x27;
    assert_eq!(
        wire::parse(&other).unwrap_err(),
        DecodeError::WrongAlgorithm { at: 4, got: -8 }
    );
    // In a presentation the credential starts at offset 7, its own `alg` value is at 11.
    let mut other = codes()[0].1.clone();
    other[11] = 0x26;
    assert_eq!(
        wire::parse(&other).unwrap_err(),
        DecodeError::WrongAlgorithm { at: 11, got: -7 }
    );
}

#[test]
fn a_code_under_another_key_name_is_refused_before_any_signature() {
    let mut ticket = codes()[2].1.clone();
    // The last byte of `kid`: offset 1 + 1 + 9 − 1.
    ticket[10] ^= 1;
    let parsed = wire::parse(&ticket).unwrap();
    assert!(matches!(
        parsed.verify(&issuer_key()),
        Err(VerifyError::OtherKey { .. })
    ));
}
