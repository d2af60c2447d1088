//! Lists made, kept in a folder, found again, and changed.

use std::collections::BTreeSet;

use units::{CredentialId, ServiceDay, Span, TextId, Timestamp};
use wire::IssuerCode;
use wire::lists::{DenyDelta, DenyStream, GatePolicy, Tariff};

use super::*;
use crate::keyfile::{FileKey, KeyFile, KeyLives};

const NOW: i64 = 1_546_819_200;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn keys(seed: u8) -> KeyFile {
    let chance = move |bytes: &mut [u8]| bytes.fill(seed);
    KeyFile::create(at(NOW), &KeyLives::default(), &chance).unwrap()
}

fn public(file: &KeyFile) -> RootKeys {
    RootKeys {
        keys: file.keys().iter().map(FileKey::public_key).collect(),
        threshold: 1,
    }
}

fn wanted(denied: &[u8]) -> Wanted {
    let (city, issued) = (TextId::new("hangzhou").unwrap(), at(NOW));
    let ring = keys(9).to_ring().unwrap();
    Wanted {
        issuers: vec![Issuers {
            city,
            number: IssuerCode::OWN,
            keys: ring.keys().copied().collect(),
            networks: Vec::new(),
        }],
        denied: Some(
            denied
                .iter()
                .map(|id| CredentialId::from_bytes([*id; 16]))
                .collect::<BTreeSet<_>>(),
        ),
        policy: GatePolicy {
            city,
            version: 0,
            issued,
            code_life: Span::from_secs(15),
            phone_slow_max: Span::from_secs(30),
            phone_fast_max: Span::from_secs(30),
            not_before_tolerance: Span::from_secs(30),
            expiry_tolerance: Span::ZERO,
            modes: 7,
            stale_for: Span::from_secs(3_600),
            stale_taps: 100,
        },
        rules: None,
        tariff: Tariff {
            city,
            version: 0,
            issued,
            effective: ServiceDay::from_days(17_903),
            length: 1,
            hash: [0; 32],
        },
        life: Span::from_secs(1_000),
    }
}

#[test]
fn lists_are_kept_found_again_and_changed_by_a_delta() {
    let (offline, online) = (keys(1), keys(2));
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path());
    let delegation = Delegation {
        signers: public(&online),
        until: at(NOW + 86_400),
    };
    let named = (TextId::new("hangzhou").unwrap(), 1, 0);
    let times = (at(NOW), at(NOW + 864_000));
    let planned = plan_root(named, times, &public(&offline), &delegation).unwrap();
    let signed = add_signatures(&planned.payload().unwrap(), &[], &[&offline]).unwrap();
    crate::keyfile::store(&folder.root_path(1), &signed).unwrap();
    let (roots, root) = folder.roots().unwrap();
    assert_eq!(root, planned);
    assert!(folder.published(&roots).unwrap().is_none());

    let many: Vec<u8> = (10..60).collect();
    let first = make(None, &root, &online, &wanted(&many), at(NOW))
        .unwrap()
        .unwrap();
    folder.publish(&first).unwrap();
    let found = folder.published(&roots).unwrap().unwrap();
    assert_eq!(found, first);

    // Nothing to say; then half of its life is over: the same lists under a new snapshot.
    let again = |now| make(Some(&found), &root, &online, &wanted(&many), at(now)).unwrap();
    assert!(again(NOW + 499).is_none());
    let renewed = again(NOW + 500).unwrap();
    assert_eq!(
        (renewed.snapshot.version, renewed.snapshot.deny.version),
        (2, 1)
    );
    assert_eq!(renewed.snapshot.bundle, first.snapshot.bundle);

    let fewer: Vec<u8> = (11..61).collect();
    let changed = make(Some(&found), &root, &online, &wanted(&fewer), at(NOW + 1));
    let changed = changed.unwrap().unwrap();
    assert_eq!(
        (changed.snapshot.version, changed.snapshot.deny.version),
        (2, 2)
    );
    let bytes = changed.deltas[0].bytes.as_ref().unwrap();
    let (base, result) = (&first.snapshot.deny, &changed.snapshot.deny);
    let delta = DenyDelta::read(bytes, base, result).unwrap();
    assert_eq!(delta.removed(), &[[10; 16]]);
    assert_eq!(delta.added(), &[[60; 16]]);
    let mut stream = DenyStream::new(*result);
    stream.push(&changed.deny, |_| {}).unwrap();
    assert_eq!(stream.finish().unwrap().count, 50);
    folder.publish(&changed).unwrap();
    assert_eq!(folder.published(&roots).unwrap().unwrap(), changed);

    let over = make(
        Some(&found),
        &root,
        &online,
        &wanted(&many),
        at(NOW + 86_400),
    );
    assert_eq!(over.unwrap_err(), MakeError::RootOver);
}
