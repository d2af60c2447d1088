//! A city that signs lists.

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use units::{CredentialId, KeyId, ServiceDay, Span, TextId, Timestamp};
use validator::update::{Held, Offer, Refused};
use wire::IssuerCode;
use wire::lists::{
    BundleWriter, DenyHeader, GatePolicy, ListRef, ListSignature, Networks, Role, Root, SignedKind,
    Snapshot, SnapshotRole, Tariff, TrustedKey, assemble, key_id, list_message,
};

/// 2019-01-07T00:00:00Z.
pub(crate) const NOW: i64 = 1_546_819_200;
pub(crate) const DAY: i64 = 86_400;

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

pub(crate) fn city() -> TextId {
    TextId::new("hangzhou").unwrap()
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> [u8; 32] {
    key(seed).verifying_key().to_bytes()
}

/// The bytes of a signed object, signed by these seeds.
pub(crate) fn sign(what: SignedKind, payload: &[u8], seeds: &[u8]) -> Vec<u8> {
    let signatures: Vec<_> = seeds
        .iter()
        .map(|seed| {
            let kid = key_id(&public(*seed));
            let message = list_message(what, kid, payload).unwrap();
            let signature = key(*seed).sign(&message).to_bytes();
            ListSignature { kid, signature }
        })
        .collect();
    assemble(what, payload, &signatures).unwrap().to_vec()
}

/// A root of these seeds: (root keys, threshold), (snapshot keys, threshold).
pub(crate) fn root(
    (version, era): (u64, u32),
    (roots, root_threshold): (&[u8], u8),
    (online, threshold): (&[u8], u8),
) -> Root {
    let mut keys: Vec<_> = roots
        .iter()
        .chain(online)
        .map(|seed| public(*seed))
        .collect();
    keys.sort_unstable();
    let role = |seeds: &[u8], threshold| Role {
        threshold,
        keys: keys.iter().enumerate().fold(0, |bits, (index, key)| {
            let has = seeds.iter().any(|seed| public(*seed) == *key);
            bits | (u16::from(has) << index)
        }),
    };
    Root {
        city: city(),
        version,
        issued: at(NOW),
        expires: at(NOW + 365 * DAY),
        era,
        root: role(roots, root_threshold),
        snapshot: SnapshotRole {
            role: role(online, threshold),
            until: at(NOW + 30 * DAY),
        },
        keys: keys.iter().copied().collect(),
    }
}

pub(crate) fn signed_root(root: &Root, seeds: &[u8]) -> Vec<u8> {
    sign(SignedKind::Root, &root.payload().unwrap(), seeds)
}

/// The four lists of one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lists {
    pub(crate) bundle: Vec<u8>,
    pub(crate) deny: Vec<u8>,
    pub(crate) policy: Vec<u8>,
    pub(crate) tariff: Vec<u8>,
}

pub(crate) fn deny_list(version: u64, ids: &[u8]) -> Vec<u8> {
    let header = DenyHeader {
        version,
        issued: at(NOW),
        count: u64::try_from(ids.len()).unwrap(),
    };
    let mut bytes = header.encode().unwrap().to_vec();
    bytes.extend(ids.iter().flat_map(|id| [*id; 16]));
    bytes
}

pub(crate) fn ids(bytes: &[u8]) -> Vec<CredentialId> {
    bytes
        .iter()
        .map(|byte| CredentialId::from_bytes([*byte; 16]))
        .collect()
}

pub(crate) fn gate_policy(version: u64) -> GatePolicy {
    GatePolicy {
        city: city(),
        version,
        issued: at(NOW),
        code_life: Span::from_secs(15),
        phone_slow_max: Span::from_secs(30),
        phone_fast_max: Span::from_secs(30),
        not_before_tolerance: Span::from_secs(30),
        expiry_tolerance: Span::ZERO,
        modes: 7,
        stale_for: Span::from_secs(2 * DAY),
        stale_taps: 3,
    }
}

impl Lists {
    pub(crate) fn new(versions: [u64; 4], denied: &[u8]) -> Self {
        let (city, issued) = (city(), at(NOW));
        let [bundle, deny, policy, tariff] = versions;
        let public_key = public(200);
        let keys = [TrustedKey {
            kid: KeyId::from_bytes(*b"hz01"),
            public_key: &public_key,
            not_before: at(NOW),
            not_after: at(NOW + 90 * DAY),
            issuer: IssuerCode::OWN,
            city,
            networks: Networks::new(&[]),
        }];
        let bundle = BundleWriter {
            city,
            version: bundle,
            issued,
            keys: &keys,
        };
        let policy = gate_policy(policy);
        let tariff = Tariff {
            city,
            version: tariff,
            issued,
            effective: ServiceDay::from_days(17_903),
            length: 5,
            hash: Sha256::digest(b"fares").into(),
        };
        Self {
            bundle: bundle.encode().unwrap().to_vec(),
            deny: deny_list(deny, denied),
            policy: policy.encode().unwrap().to_vec(),
            tariff: tariff.encode().unwrap().to_vec(),
        }
    }

    pub(crate) fn snapshot(&self, era: u32, version: u64, versions: [u64; 4]) -> Snapshot {
        let [bundle, deny, policy, tariff] = versions;
        Snapshot {
            city: city(),
            era,
            version,
            issued: at(NOW),
            expires: at(NOW + DAY),
            bundle: ListRef::to(bundle, &self.bundle),
            deny: ListRef::to(deny, &self.deny),
            policy: ListRef::to(policy, &self.policy),
            tariff: ListRef::to(tariff, &self.tariff),
        }
    }
}

pub(crate) fn signed_snapshot(snapshot: &Snapshot, seeds: &[u8]) -> Vec<u8> {
    sign(SignedKind::Snapshot, &snapshot.payload().unwrap(), seeds)
}

/// Offers a snapshot and every list it names, as a gate does.
pub(crate) fn offer(
    held: &Held,
    signed: &[u8],
    lists: &Lists,
    now: Timestamp,
) -> Result<Held, Refused> {
    let mut pending = match held.offer_snapshot(signed, now)? {
        Offer::Held => return Ok(held.clone()),
        Offer::Next(pending) => pending,
    };
    pending.take_bundle(&lists.bundle)?;
    pending.take_policy(&lists.policy)?;
    pending.take_tariff(&lists.tariff)?;
    let mut stream = pending.deny_stream();
    for part in lists.deny.chunks(7) {
        stream.push(part, |_| {})?;
    }
    pending.take_deny(stream)?;
    pending.complete()
}

/// Root keys 1, 2, 3 of which two must sign; one online key, 11.
pub(crate) fn first_root() -> Root {
    root((1, 0), (&[1, 2, 3], 2), (&[11], 1))
}

pub(crate) fn first() -> Held {
    let bytes = signed_root(&first_root(), &[1, 2]);
    Held::new(Root::read_pinned(&bytes).unwrap())
}

/// A gate that holds snapshot 5 with lists of version 5.
pub(crate) fn at_five() -> (Held, Lists) {
    let lists = Lists::new([5; 4], &[10, 20]);
    let signed = signed_snapshot(&lists.snapshot(0, 5, [5; 4]), &[11]);
    (offer(&first(), &signed, &lists, at(NOW)).unwrap(), lists)
}
