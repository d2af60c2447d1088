//! At least 100,000 damaged forms of every list, a verdict on each: every truncation, every byte
//! substitution (so every bit flip) and more bytes at the end, of lists of several sizes.
//!
//! Two verdicts are checked. Under the snapshot that names the good list every damaged one is
//! refused. And by its form alone, as if a snapshot named the damaged bytes: it is refused, or it
//! is another list, of which these bytes are the one encoding.

use units::{KeyId, NetworkId, TextId};
use validator::update::Offer;
use wire::lists::{
    Bundle, BundleWriter, DeltaHeader, DenyDelta, DenyStream, GatePolicy, ListRef, Networks,
    PolicyRule, Root, Signed, SignedKind, Snapshot, Tariff, TrustedKey, assemble,
};
use wire::{IssuerCode, PartySize};

use crate::delta::delta;
use crate::world::{
    DAY, Lists, NOW, at, city, deny_list, first, first_root, gate_policy, key, offer, root,
    signed_root, signed_snapshot,
};

/// Damaged forms that each parser is to judge.
const FORMS: u32 = 100_000;

/// Calls `judge` with each damaged form of `good`; gives back how many there were.
fn damage(good: &[u8], judge: impl Fn(&[u8])) -> u32 {
    let mut tried = 0;
    let mut each = |bytes: &[u8]| {
        judge(bytes);
        tried += 1;
    };
    for length in 0..good.len() {
        each(&good[..length]);
    }
    let mut bytes = good.to_vec();
    for index in 0..good.len() {
        for other in (0..=255).filter(|byte| *byte != good[index]) {
            bytes[index] = other;
            each(&bytes);
        }
        bytes[index] = good[index];
    }
    for more in 0..=255 {
        bytes.push(more);
        each(&bytes);
        bytes.pop();
    }
    tried
}

/// A snapshot of lists of version 1 that names these bytes for each of them.
fn naming(bytes: &[u8]) -> Snapshot {
    let list = ListRef::to(1, bytes);
    Snapshot {
        bundle: list,
        deny: list,
        policy: list,
        tariff: list,
        ..Lists::new([1; 4], &[]).snapshot(0, 1, [1; 4])
    }
}

/// Damages `good`: under its own snapshot nothing else is read, and what is read by its form
/// alone is written back to the same bytes.
fn judge(good: &[u8], read: impl Fn(&[u8], &Snapshot) -> Option<Vec<u8>>) -> u32 {
    let named = naming(good);
    assert_eq!(read(good, &named).as_deref(), Some(good));
    damage(good, |bytes| {
        assert_eq!(read(bytes, &named), None);
        let list = ListRef::to(1, bytes);
        let (bundle, deny, policy, tariff) = (list, list, list, list);
        let names_damaged = Snapshot {
            bundle,
            deny,
            policy,
            tariff,
            ..named
        };
        if let Some(written) = read(bytes, &names_damaged) {
            assert_eq!(written, bytes, "two encodings of one list");
        }
    })
}

/// Sizes of lists: of each until there are forms enough.
fn all_sizes(mut judge_size: impl FnMut(u8) -> u32) {
    let (mut tried, mut size) = (0, 0);
    while tried < FORMS {
        tried += judge_size(size);
        size += 1;
    }
}

#[test]
fn damaged_policies_get_their_verdict() {
    all_sizes(|size| {
        let policy = GatePolicy {
            modes: 1 + size % 7,
            stale_taps: [3, 300, 70_000, u32::MAX][usize::from(size % 4)],
            ..gate_policy(1)
        };
        let rule = PolicyRule {
            network: Some(u16::from(size)),
            party_max: PartySize::new(1 + size),
            ..PolicyRule::default()
        };
        let rules = [PolicyRule::default(), rule];
        let rules = (size > 0).then(|| &rules[..usize::from(size % 3)]);
        let good = policy.encode_with_rules(rules).unwrap();
        judge(&good, |bytes, snapshot| {
            let (read, rules) = GatePolicy::read_with_rules(bytes, snapshot).ok()?;
            let rules: Option<Vec<_>> = rules.map(|rules| rules.iter().collect());
            Some(read.encode_with_rules(rules.as_deref()).unwrap().to_vec())
        })
    });
}

#[test]
fn damaged_tariffs_get_their_verdict() {
    all_sizes(|size| {
        let tariff = Tariff {
            city: city(),
            version: 1,
            issued: at(NOW),
            effective: units::ServiceDay::from_days(17_903 + i32::from(size)),
            length: 1 << (8 * (size % 8)),
            hash: [size; 32],
        };
        judge(&tariff.encode().unwrap(), |bytes, snapshot| {
            let read = Tariff::read(bytes, snapshot).ok()?;
            Some(read.encode().unwrap().to_vec())
        })
    });
}

#[test]
fn damaged_bundles_get_their_verdict() {
    let networks = ["metro", "bus"].map(|name| NetworkId::new(name).unwrap());
    let publics: Vec<_> = (1..=3)
        .map(|seed| key(seed).verifying_key().to_bytes())
        .collect();
    all_sizes(|size| {
        let count = 1 + usize::from(size % 3);
        let mut keys: Vec<_> = publics[..count]
            .iter()
            .zip(0..)
            .map(|(public_key, number)| TrustedKey {
                // The first two share a name.
                kid: KeyId::from_bytes([b'k', 0, 0, number / 2]),
                public_key,
                not_before: at(NOW),
                not_after: at(NOW + DAY),
                issuer: IssuerCode::from_number(u16::from(number)),
                city: TextId::new("suzhou").unwrap(),
                networks: Networks::new(&networks[..usize::from(number.min(2))]),
            })
            .collect();
        keys.sort_by_key(|key| (key.kid, key.public_key));
        let writer = |keys| BundleWriter {
            city: city(),
            version: 1,
            issued: at(NOW),
            keys,
        };
        let good = writer(&keys[..]).encode().unwrap();
        judge(&good, |bytes, snapshot| {
            let read = Bundle::read(bytes, snapshot).ok()?;
            let keys: Vec<_> = read.keys().collect();
            let writer = BundleWriter {
                city: read.city(),
                version: read.version(),
                issued: read.issued(),
                keys: &keys,
            };
            Some(writer.encode().unwrap().to_vec())
        })
    });
}

#[test]
fn damaged_deny_lists_get_their_verdict() {
    all_sizes(|size| {
        let ids: Vec<_> = (1..=size * 2).collect();
        judge(&deny_list(1, &ids), |bytes, snapshot| {
            let (mut stream, mut ids) = (DenyStream::new(snapshot.deny), Vec::new());
            for part in bytes.chunks(64) {
                stream.push(part, |id| ids.extend(*id.as_bytes())).ok()?;
            }
            let head = stream.finish().ok()?.encode().unwrap();
            Some([&head[..], &ids].concat())
        })
    });
}

#[test]
fn damaged_deltas_get_their_verdict() {
    all_sizes(|size| {
        let base = deny_list(1, &[5, 10, 15]);
        let added: Vec<_> = (20..20 + size).collect();
        let ids: Vec<_> = [10_u8, 15].into_iter().chain(added.clone()).collect();
        let result = deny_list(2, &ids);
        let good = delta(&base, (2, &result), &[5], &added);
        let (base, result) = (ListRef::to(1, &base), ListRef::to(2, &result));
        assert!(DenyDelta::read(&good, &base, &result).is_ok());
        damage(&good, |bytes| {
            // A delta has no hash of its own: what is read is what was written, or it leads from
            // other ids to a list that its own hash refuses in the end.
            let Ok(read) = DenyDelta::read(bytes, &base, &result) else {
                return;
            };
            let count = |ids: &[[u8; 16]]| u64::try_from(ids.len()).unwrap();
            let head = DeltaHeader {
                base: base.hash,
                result: result.hash,
                head: read.result(),
                removed: count(read.removed()),
                added: count(read.added()),
            };
            let mut written = head.encode().unwrap().to_vec();
            written.extend(read.removed().iter().chain(read.added()).flatten());
            assert_eq!(written, bytes, "two encodings of one delta");
            assert!(
                !gives(&read, &result),
                "a damaged delta gives the right list"
            );
        })
    });
}

/// Whether a delta from ids 5, 10, 15 comes out as the list that is named.
fn gives(delta: &DenyDelta<'_>, result: &ListRef) -> bool {
    let mut out = delta.result().encode().unwrap().to_vec();
    let mut merge = delta.merge();
    for id in crate::world::ids(&[5, 10, 15]) {
        if merge.take(id, |id| out.extend(*id.as_bytes())).is_err() {
            return false;
        }
    }
    let ended = merge.finish(|id| out.extend(*id.as_bytes()));
    ended.is_ok() && result.check(&out).is_ok()
}

#[test]
fn damaged_snapshots_get_their_verdict() {
    let lists = Lists::new([1; 4], &[]);
    let snapshot = |size: u8| lists.snapshot(0, 1 << (8 * (size % 8)), [1; 4]);
    let held = first();
    all_sizes(|size| {
        let good = signed_snapshot(&snapshot(size), &[11]);
        assert!(matches!(
            held.offer_snapshot(&good, at(NOW)),
            Ok(Offer::Next(_))
        ));
        damage(&good, |bytes| {
            assert!(held.offer_snapshot(bytes, at(NOW)).is_err());
            same_bytes(SignedKind::Snapshot, bytes, |signed| {
                let read = Snapshot::read(signed).ok()?;
                Some(read.payload().unwrap().to_vec())
            });
        })
    });
    let good = signed_snapshot(&snapshot(0), &[11]);
    assert!(offer(&held, &good, &lists, at(NOW)).is_ok());
}

#[test]
fn damaged_roots_get_their_verdict() {
    let next = signed_root(&root((2, 0), (&[1, 2, 4], 2), (&[12], 1)), &[1, 2, 4]);
    let held = first();
    assert!(held.offer_root(&next).is_ok());
    let tried = damage(&next, |bytes| {
        assert!(held.offer_root(bytes).is_err());
        same_bytes(SignedKind::Root, bytes, |signed| {
            let read = Root::read(signed).ok()?;
            Some(read.payload().unwrap().to_vec())
        });
    });
    assert!(tried >= FORMS, "{tried} damaged roots");

    let mut installed = signed_root(&first_root(), &[1, 2]);
    assert!(Root::read_pinned(&installed).is_ok());
    for bit in 0..installed.len() * 8 {
        installed[bit / 8] ^= 1 << (bit % 8);
        assert!(Root::read_pinned(&installed).is_err(), "bit {bit}");
        installed[bit / 8] ^= 1 << (bit % 8);
    }
}

/// An envelope that is read, and its payload where that is read too, are the one encoding.
fn same_bytes(kind: SignedKind, bytes: &[u8], payload: impl Fn(&Signed<'_>) -> Option<Vec<u8>>) {
    let Ok(signed) = Signed::read(kind, bytes) else {
        return;
    };
    let signatures: Vec<_> = signed.signatures().collect();
    let again = payload(&signed).unwrap_or_else(|| signed.payload().to_vec());
    let written = assemble(kind, &again, &signatures).unwrap();
    assert_eq!(written.as_slice(), bytes, "two encodings of one object");
}
