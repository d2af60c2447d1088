//! The bugs that a list updater is known to have, each caught by name.

use units::{KeyId, NetworkId, Span};
use validator::update::{Freshness, Held, Refused, StaleRule, rules_of};
use validator::{Kinds, Policy};
use wire::IssuerCode;
use wire::lists::{
    Bundle, BundleWriter, DenyDelta, GatePolicy, ListError, ListRef, ListSignature, Networks, Root,
    Signed, SignedKind, Snapshot, TrustedKey, assemble, key_id, list_message,
};

use ed25519_dalek::Signer as _;

use crate::world::{
    DAY, Lists, NOW, at, at_five, city, deny_list, first, first_root, gate_policy, key, offer,
    root, sign, signed_root, signed_snapshot,
};

/// Bug 13: an older version is accepted.
#[test]
fn bug_13_an_older_deny_version_is_refused() {
    let (held, lists) = at_five();
    let old = Lists {
        deny: deny_list(4, &[10]),
        ..lists.clone()
    };
    let signed = signed_snapshot(&old.snapshot(0, 6, [5, 4, 5, 5]), &[11]);
    let refused = offer(&held, &signed, &old, at(NOW)).unwrap_err();
    assert_eq!((refused.code(), refused.name()), (210, "went_back"));

    let before = signed_snapshot(&lists.snapshot(0, 4, [5; 4]), &[11]);
    let refused = offer(&held, &before, &lists, at(NOW)).unwrap_err();
    assert_eq!(refused.name(), "went_back");

    let other = Lists {
        deny: deny_list(5, &[10]),
        ..lists
    };
    let signed = signed_snapshot(&other.snapshot(0, 6, [5; 4]), &[11]);
    let refused = offer(&held, &signed, &other, at(NOW)).unwrap_err();
    assert_eq!(refused.name(), "same_version");
}

/// Bug 14: a delta is applied to another base than its own.
#[test]
fn bug_14_a_delta_on_the_wrong_base_is_refused() {
    let (base, other) = (deny_list(1, &[1, 2]), deny_list(1, &[1, 3]));
    let result = deny_list(2, &[1, 2, 9]);
    let bytes = crate::delta::delta(&base, (2, &result), &[], &[9]);
    let result = ListRef::to(2, &result);
    assert!(DenyDelta::read(&bytes, &ListRef::to(1, &base), &result).is_ok());
    let refused = DenyDelta::read(&bytes, &ListRef::to(1, &other), &result).unwrap_err();
    assert_eq!(refused, ListError::DeltaMismatch);
}

/// Bug 15: what is over is accepted.
#[test]
fn bug_15_an_expired_bundle_is_refused_and_leads_to_the_stated_policy() {
    let lists = Lists::new([1; 4], &[]);
    let snapshot = lists.snapshot(0, 1, [1; 4]);
    let signed = signed_snapshot(&snapshot, &[11]);
    let last = at(NOW + DAY - 1);
    let held = offer(&first(), &signed, &lists, last).unwrap();
    let over = offer(&first(), &signed, &lists, at(NOW + DAY)).unwrap_err();
    assert_eq!((over.code(), over.name()), (209, "over"));

    // The delegation ends after 30 days, whatever the snapshot says of itself.
    let long = Snapshot {
        expires: at(NOW + 300 * DAY),
        ..snapshot
    };
    let signed = signed_snapshot(&long, &[11]);
    assert!(offer(&first(), &signed, &lists, at(NOW + 30 * DAY - 1)).is_ok());
    let over = offer(&first(), &signed, &lists, at(NOW + 30 * DAY)).unwrap_err();
    assert_eq!(over.name(), "over");

    let policy = GatePolicy::read(&lists.policy, &snapshot).unwrap();
    let rule = StaleRule::of(&policy);
    let end = at(NOW + DAY);
    assert_eq!(held.freshness(last, rule, 0), Freshness::Fresh);
    let stale = Freshness::Stale { since: end };
    assert_eq!(held.freshness(end, rule, 2), stale);
    assert_eq!(
        held.freshness(end, rule, 3),
        Freshness::Closed,
        "three riders passed"
    );
    assert_eq!(held.freshness(at(NOW + 3 * DAY - 1), rule, 0), stale);
    assert_eq!(
        held.freshness(at(NOW + 3 * DAY), rule, 0),
        Freshness::Closed
    );
    assert_eq!(
        first().freshness(at(NOW), rule, 0),
        Freshness::Closed,
        "no lists at all"
    );
}

/// Bug 16: one key that signs three times fills a threshold of two.
#[test]
fn bug_16_a_threshold_counts_distinct_keys() {
    let next = root((2, 0), (&[1, 2, 3], 2), (&[12], 1));
    let payload = next.payload().unwrap();
    let kid = key_id(&key(1).verifying_key().to_bytes());
    let message = list_message(SignedKind::Root, kid, &payload).unwrap();
    let signature = ListSignature {
        kid,
        signature: key(1).sign(&message).to_bytes(),
    };
    let thrice = assemble(SignedKind::Root, &payload, &[signature; 3]);
    assert_eq!(thrice.unwrap_err(), ListError::SignerOrder { index: 1 });

    // The same by hand: the one signature is written three times.
    let once = signed_root(&next, &[1]);
    let (start, entry) = once.split_at(once.len() - 78);
    let mut bytes = start.to_vec();
    let count = bytes.last_mut().unwrap();
    assert_eq!(*count, 0x81, "an array of one signature");
    *count = 0x83;
    bytes.extend(entry.iter().chain(entry).chain(entry));
    let refused = Signed::read(SignedKind::Root, &bytes).unwrap_err();
    assert_eq!(refused, ListError::SignerOrder { index: 1 });
    assert!(first().offer_root(&bytes).is_err());

    let refused = first().offer_root(&once).unwrap_err();
    assert_eq!(refused.name(), "too_few_signatures");
    assert!(first().offer_root(&signed_root(&next, &[1, 3])).is_ok());

    // Nor does the same key twice in the root make two.
    let mut twice = first_root();
    let again = twice.keys[0];
    twice.keys.insert(0, again);
    assert!(matches!(twice.payload(), Err(ListError::KeyOrder { .. })));
}

/// Bug 17: of two keys of one name, only the first is there.
#[test]
fn bug_17_a_kid_collision_keeps_both_keys() {
    let publics = [201, 202].map(|seed| key(seed).verifying_key().to_bytes());
    let kid = KeyId::from_bytes(*b"same");
    let mut keys = publics.each_ref().map(|public_key| TrustedKey {
        kid,
        public_key,
        not_before: at(NOW),
        not_after: at(NOW + DAY),
        issuer: IssuerCode::OWN,
        city: city(),
        networks: Networks::new(&[]),
    });
    keys.sort_by_key(|key| *key.public_key);
    let writer = BundleWriter {
        city: city(),
        version: 1,
        issued: at(NOW),
        keys: &keys,
    };
    let bundle = writer.encode().unwrap();
    let snapshot = Snapshot {
        bundle: ListRef::to(1, &bundle),
        ..Lists::new([1; 4], &[]).snapshot(0, 1, [1; 4])
    };
    let read = Bundle::read(&bundle, &snapshot).unwrap();
    let mut found: Vec<_> = read.keys().map(|key| *key.public_key).collect();
    found.sort_unstable();
    let mut expected = publics.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// Bug 18: another city's lists, or a neighbour's key where it is not trusted.
#[test]
fn bug_18_another_city_is_refused() {
    let lists = Lists::new([1; 4], &[]);
    let foreign = Snapshot {
        city: units::TextId::new("suzhou").unwrap(),
        ..lists.snapshot(0, 1, [1; 4])
    };
    let signed = signed_snapshot(&foreign, &[11]);
    let refused = first().offer_snapshot(&signed, at(NOW)).unwrap_err();
    assert_eq!(refused, Refused::OtherCity);

    let public_key = key(203).verifying_key().to_bytes();
    let metro = [NetworkId::new("metro").unwrap()];
    let neighbour = TrustedKey {
        kid: KeyId::from_bytes(*b"sz01"),
        public_key: &public_key,
        not_before: at(NOW),
        not_after: at(NOW + DAY),
        issuer: IssuerCode::from_number(1),
        city: units::TextId::new("suzhou").unwrap(),
        networks: Networks::new(&metro),
    };
    let keys = [neighbour];
    let writer = BundleWriter {
        city: city(),
        version: 1,
        issued: at(NOW),
        keys: &keys,
    };
    let bundle = writer.encode().unwrap();
    let snapshot = Snapshot {
        bundle: ListRef::to(1, &bundle),
        ..lists.snapshot(0, 1, [1; 4])
    };
    let read = Bundle::read(&bundle, &snapshot).unwrap();
    let trusted = read.keys().next().unwrap();
    assert!(trusted.is_trusted_in(NetworkId::new("metro").ok()));
    assert!(!trusted.is_trusted_in(NetworkId::new("bus").ok()));
    assert!(!trusted.is_trusted_in(None));
    assert_eq!(trusted.to_issuer_key().unwrap().issuer().as_number(), 1);
}

/// The signed policy is the one source of tolerances and kinds, whatever the reader was set to.
#[test]
fn the_signed_policy_overrules_what_a_reader_was_set_to() {
    let signed = GatePolicy {
        code_life: Span::from_secs(1),
        phone_slow_max: Span::from_secs(2),
        phone_fast_max: Span::from_secs(3),
        not_before_tolerance: Span::from_secs(4),
        expiry_tolerance: Span::from_secs(5),
        modes: GatePolicy::GATE_BOUND,
        ..gate_policy(1)
    };
    let base = Policy {
        passback: Span::from_secs(6),
        ..Policy::default()
    };
    let rules = rules_of(&signed, base);
    let expected = Policy {
        code_life: Span::from_secs(1),
        phone_slow_max: Span::from_secs(2),
        phone_fast_max: Span::from_secs(3),
        not_before_tolerance: Span::from_secs(4),
        expiry_tolerance: Span::from_secs(5),
        kinds: Kinds::from_modes(2).unwrap(),
        passback: Span::from_secs(6),
        ..Policy::default()
    };
    assert_eq!(rules, expected);
}

/// Threat T16: lists of two snapshots never come into force together.
#[test]
fn lists_of_two_snapshots_do_not_mix() {
    let (held, lists) = at_five();
    let next = Lists::new([6; 4], &[10, 20, 30]);
    let signed = signed_snapshot(&next.snapshot(0, 6, [6; 4]), &[11]);
    let mixed = Lists {
        deny: lists.deny,
        ..next.clone()
    };
    let refused = offer(&held, &signed, &mixed, at(NOW)).unwrap_err();
    assert_eq!(refused.name(), "not_in_snapshot");
    assert!(offer(&held, &signed, &next, at(NOW)).is_ok());
}

/// Threat T16: a thief of the online key signs the last version there is; a root of a new era
/// with another online key leads out of it, and what the thief signed stays refused.
#[test]
fn a_new_era_recovers_from_the_last_version_there_is() {
    let last = Lists::new([u64::MAX; 4], &[]);
    let theirs = signed_snapshot(&last.snapshot(0, u64::MAX, [u64::MAX; 4]), &[11]);
    let held = offer(&first(), &theirs, &last, at(NOW)).unwrap();
    let lists = Lists::new([1; 4], &[10]);
    let refused = |held: &Held, signed: &[u8]| offer(held, signed, &lists, at(NOW)).unwrap_err();
    let honest = signed_snapshot(&lists.snapshot(0, 1, [1; 4]), &[11]);
    assert_eq!(refused(&held, &honest).name(), "went_back");

    let next = root((2, 1), (&[1, 2, 3], 2), (&[12], 1));
    let held = held.offer_root(&signed_root(&next, &[2, 3])).unwrap();
    let honest = signed_snapshot(&lists.snapshot(1, 1, [1; 4]), &[12]);
    let recovered = offer(&held, &honest, &lists, at(NOW)).unwrap();
    assert_eq!(recovered.snapshot().unwrap().version, 1);
    assert_eq!(refused(&recovered, &theirs).name(), "bad_signature");
    let old_era = signed_snapshot(&last.snapshot(0, u64::MAX, [u64::MAX; 4]), &[12]);
    assert_eq!(refused(&recovered, &old_era).name(), "other_era");
}

/// The old root's threshold and the new root's must both be met, and versions have no gaps.
#[test]
fn a_root_needs_the_old_keys_and_the_new_ones() {
    let next = root((2, 0), (&[3, 4, 5], 2), (&[11], 1));
    let name = |bytes: &[u8]| first().offer_root(bytes).map_err(|refused| refused.name());
    let check = |seeds: &[u8], expected: &str| {
        assert_eq!(
            name(&signed_root(&next, seeds)).unwrap_err(),
            expected,
            "{seeds:?}"
        );
    };
    check(&[4, 5], "too_few_signatures");
    check(&[1, 2], "too_few_signatures");
    check(&[1, 3], "too_few_signatures");
    check(&[1, 2, 4, 5, 6], "bad_signature");
    assert!(name(&signed_root(&next, &[1, 2, 4, 5])).is_ok());
    assert!(name(&signed_root(&next, &[1, 3, 4])).is_ok());
    let skipped = root((3, 0), (&[1, 2, 3], 2), (&[11], 1));
    assert_eq!(
        name(&signed_root(&skipped, &[1, 2])).unwrap_err(),
        "not_the_next_root"
    );
    let snapshot_as_root = sign(
        SignedKind::Snapshot,
        &next.payload().unwrap(),
        &[1, 2, 4, 5],
    );
    assert_eq!(name(&snapshot_as_root).unwrap_err(), "not_a_list");
    assert!(Root::read_pinned(&signed_root(&next, &[1, 2, 4, 5])).is_ok());
}
