//! Lists off a server: what is read is written back to the same bytes, whoever vouches for it.

use units::{CredentialId, TextId, Timestamp};
use wire::lists::{
    BUNDLE_KEYS_MAX, Bundle, BundleWriter, DELTA_HEADER_BYTES, DENY_HEADER_BYTES, DeltaHeader,
    DenyDelta, DenyStream, GatePolicy, ListRef, ListSignature, Root, Signed, SignedKind, Snapshot,
    Tariff, TrustedKey, assemble,
};

/// A root's envelope and what it holds.
pub(super) fn root(bytes: &[u8]) {
    let Some((signed, signatures)) = envelope(SignedKind::Root, bytes) else {
        return;
    };
    if let Ok(root) = Root::read(&signed) {
        let Ok(payload) = root.payload() else {
            panic!("a root that was read cannot be written");
        };
        same(SignedKind::Root, &payload, &signatures, bytes);
    }
    // Nothing that a fuzzer makes carries the signatures of the root's own keys, unless they are
    // those of the corpus.
    let _ = Root::read_pinned(bytes);
}

/// A snapshot's envelope and what it holds.
pub(super) fn snapshot(bytes: &[u8]) {
    let Some((signed, signatures)) = envelope(SignedKind::Snapshot, bytes) else {
        return;
    };
    if let Ok(snapshot) = Snapshot::read(&signed) {
        let Ok(payload) = snapshot.payload() else {
            panic!("a snapshot that was read cannot be written");
        };
        same(SignedKind::Snapshot, &payload, &signatures, bytes);
    }
}

fn envelope(kind: SignedKind, bytes: &[u8]) -> Option<(Signed<'_>, Vec<ListSignature>)> {
    let signed = Signed::read(kind, bytes).ok()?;
    let signatures: Vec<_> = signed.signatures().collect();
    same(kind, signed.payload(), &signatures, bytes);
    Some((signed, signatures))
}

fn same(kind: SignedKind, payload: &[u8], signatures: &[ListSignature], bytes: &[u8]) {
    match assemble(kind, payload, signatures) {
        Ok(written) => assert_eq!(written.as_slice(), bytes, "two encodings of one object"),
        // An envelope with a payload longer than any of ours is read and cannot be written.
        Err(_) => assert!(payload.len() > 768),
    }
}

/// A snapshot that names `bytes` for every list, of the city and the version that the corpus has:
/// what is read under it is judged by its own form alone.
fn naming(bytes: &[u8]) -> Option<Snapshot> {
    let list = ListRef::to(1, bytes);
    Some(Snapshot {
        city: TextId::new("hangzhou").ok()?,
        era: 0,
        version: 1,
        issued: Timestamp::from_secs(1_546_819_200),
        expires: Timestamp::from_secs(1_546_905_600),
        bundle: list,
        deny: list,
        policy: list,
        tariff: list,
    })
}

/// A trust bundle.
pub(super) fn bundle(bytes: &[u8]) {
    let Some(snapshot) = naming(bytes) else {
        return;
    };
    let Ok(bundle) = Bundle::read(bytes, &snapshot) else {
        return;
    };
    let keys: Vec<TrustedKey<'_>> = bundle.keys().collect();
    assert!(keys.len() <= BUNDLE_KEYS_MAX);
    let writer = BundleWriter {
        city: bundle.city(),
        version: bundle.version(),
        issued: bundle.issued(),
        keys: &keys,
    };
    let written = writer.encode();
    assert_eq!(written.as_deref(), Ok(bytes), "two encodings of one bundle");
}

/// A policy.
pub(super) fn policy(bytes: &[u8]) {
    let read = naming(bytes);
    let read = read.and_then(|snapshot| GatePolicy::read_with_rules(bytes, &snapshot).ok());
    if let Some((policy, rules)) = read {
        let rules: Option<Vec<_>> = rules.map(|rules| rules.iter().collect());
        let written = policy.encode_with_rules(rules.as_deref());
        assert_eq!(written.as_deref(), Ok(bytes), "two encodings of one policy");
    }
}

/// A tariff.
pub(super) fn tariff(bytes: &[u8]) {
    let read = naming(bytes).and_then(|snapshot| Tariff::read(bytes, &snapshot).ok());
    if let Some(tariff) = read {
        let written = tariff.encode();
        assert_eq!(written.as_deref(), Ok(bytes), "two encodings of one tariff");
    }
}

/// A deny list, whole: in one piece, and byte by byte with the same verdict.
pub(super) fn deny(bytes: &[u8]) {
    let version = bytes.get(16..24).and_then(|part| part.try_into().ok());
    let list = ListRef::to(version.map_or(1, u64::from_be_bytes), bytes);
    let read = |part: usize| {
        let (mut stream, mut ids) = (DenyStream::new(list), Vec::new());
        for piece in bytes.chunks(part.max(1)) {
            stream.push(piece, |id| ids.push(id)).ok()?;
        }
        Some((stream.finish().ok()?, ids))
    };
    let whole = read(bytes.len());
    assert_eq!(whole, read(1), "how bytes arrive changes the list");
    if let Some((header, ids)) = whole {
        let Ok(head) = header.encode() else {
            panic!("a head that was read cannot be written");
        };
        let mut written = head.to_vec();
        written.extend(ids.iter().flat_map(|id| *id.as_bytes()));
        assert_eq!(written, bytes, "two encodings of one deny list");
        assert!(written.len() >= DENY_HEADER_BYTES && ids.is_sorted());
    }
}

/// A delta, under the hashes and the version that it names itself; and applied to a short list.
pub(super) fn delta(bytes: &[u8]) {
    let part = |from: usize| -> Option<[u8; 32]> {
        let part = bytes.get(from..)?.first_chunk::<32>()?;
        Some(*part)
    };
    let (Some(base), Some(result), Some(version)) = (
        part(16),
        part(48),
        bytes.get(80..).and_then(|rest| rest.first_chunk::<8>()),
    ) else {
        return;
    };
    let named = |hash| ListRef {
        version: u64::from_be_bytes(*version),
        length: 1,
        hash,
    };
    let Ok(delta) = DenyDelta::read(bytes, &named(base), &named(result)) else {
        return;
    };
    let count = |ids: &[[u8; 16]]| u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let header = DeltaHeader {
        base,
        result,
        head: delta.result(),
        removed: count(delta.removed()),
        added: count(delta.added()),
    };
    let Ok(head) = header.encode() else {
        panic!("a head that was read cannot be written");
    };
    let mut written = head.to_vec();
    written.extend(delta.removed().iter().chain(delta.added()).flatten());
    assert_eq!(written, bytes, "two encodings of one delta");
    assert!(written.len() >= DELTA_HEADER_BYTES);
    // What comes out is in order, whatever the delta says.
    let (mut merge, mut out) = (delta.merge(), Vec::new());
    for byte in [1, 20, 200_u8] {
        let id = CredentialId::from_bytes([byte; 16]);
        if merge.take(id, |id| out.push(id)).is_err() {
            return;
        }
    }
    if merge.finish(|id| out.push(id)).is_ok() {
        assert!(out.windows(2).all(|pair| pair.first() < pair.last()));
    }
}
