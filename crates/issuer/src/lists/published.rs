//! A snapshot and the four lists that it binds, made from what the city wants to say.

use std::collections::BTreeSet;
use std::sync::Arc;

use units::{CredentialId, NetworkId, Span, TextId, Timestamp};
use wire::lists::{
    BundleWriter, DELTA_BYTES_MAX, DELTA_HEADER_BYTES, DENY_ENTRY_BYTES, DENY_HEADER_BYTES,
    DeltaHeader, DenyDelta, DenyHeader, GatePolicy, ListError, ListName, ListRef, Networks,
    PolicyRule, Root, SignedKind, Snapshot, Tariff, TrustedKey, assemble,
};
use wire::{EncodeError, IssuerCode, IssuerKey};

use crate::keyfile::KeyFile;
use crate::lists::Change;
use crate::lists::root::sign;

/// Former deny lists from which a delta leads to the present one.
const DELTAS_MAX: usize = 32;

/// Why there are no new lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// They cannot be written, or would not be taken by a reader.
    #[error("the lists cannot be made")]
    List(#[from] ListError),
    /// The root or its delegation is over: an offline key must sign a new one.
    #[error("the root or its delegation is over: sign a new root")]
    RootOver,
    /// Two lists have run out of numbers.
    #[error("there is no version after the last one: raise the era of the root")]
    NoMoreVersions,
}

impl From<EncodeError> for MakeError {
    fn from(error: EncodeError) -> Self {
        Self::List(ListError::Encode(error))
    }
}

/// Keys of one issuer, and where they are trusted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuers {
    /// Its city.
    pub city: TextId,
    /// Its number in the city's rules.
    pub number: IssuerCode,
    /// Its keys.
    pub keys: Vec<IssuerKey>,
    /// The networks on which they are trusted; none means everywhere.
    pub networks: Vec<NetworkId>,
}

/// What the city wants to say. Versions and dates of policy and tariff do not count.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its own issuer and its neighbours.
    pub issuers: Vec<Issuers>,
    /// Denied codes; none where nothing has changed.
    pub denied: Option<BTreeSet<CredentialId>>,
    /// The policy.
    pub policy: GatePolicy,
    /// Its rules of acceptance; none where gates take everything that the issuers' keys signed.
    pub rules: Option<Vec<PolicyRule>>,
    /// The tariff.
    pub tariff: Tariff,
    /// How long a snapshot is good for. It is signed anew when half of that is over.
    pub life: Span,
}

/// A delta to the present deny list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeltaTo {
    /// SHA-256 of the list that it applies to.
    pub base: [u8; 32],
    /// What differs.
    pub change: Change,
    /// The bytes; none where the whole list is shorter, or there would be too many.
    pub bytes: Option<Arc<[u8]>>,
}

/// A snapshot and its lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// What it says.
    pub snapshot: Snapshot,
    /// Its bytes.
    pub signed: Arc<[u8]>,
    /// The trust bundle.
    pub bundle: Arc<[u8]>,
    /// The deny list.
    pub deny: Arc<[u8]>,
    /// The policy.
    pub policy: Arc<[u8]>,
    /// The tariff.
    pub tariff: Arc<[u8]>,
    /// From former deny lists, the latest first.
    pub deltas: Vec<DeltaTo>,
}

impl Published {
    /// The bytes of a list.
    #[must_use]
    pub const fn list(&self, name: ListName) -> &Arc<[u8]> {
        match name {
            ListName::Bundle => &self.bundle,
            ListName::Deny => &self.deny,
            ListName::Policy => &self.policy,
            ListName::Tariff => &self.tariff,
        }
    }
}

/// The ids of a deny list that we made.
pub(super) fn ids_of(deny: &[u8]) -> impl Iterator<Item = CredentialId> {
    let entries = deny.get(DENY_HEADER_BYTES..).unwrap_or_default();
    let (ids, _) = entries.as_chunks::<DENY_ENTRY_BYTES>();
    ids.iter().map(|id| CredentialId::from_bytes(*id))
}

/// A list and its reference.
type Written = (ListRef, Arc<[u8]>);

/// One list: the bytes as before where they say the same, else new ones under the next version.
fn next_list(
    before: Option<(&ListRef, &Arc<[u8]>, Timestamp)>,
    now: Timestamp,
    write: impl Fn(u64, Timestamp) -> Result<Vec<u8>, ListError>,
) -> Result<Written, MakeError> {
    let mut version = 1;
    if let Some((held, bytes, issued)) = before {
        if write(held.version, issued)? == **bytes {
            return Ok((*held, Arc::clone(bytes)));
        }
        let next = held.version.checked_add(1);
        version = next.ok_or(MakeError::NoMoreVersions)?;
    }
    let bytes: Arc<[u8]> = write(version, now)?.into();
    Ok((ListRef::to(version, &bytes), bytes))
}

/// The next snapshot, or none where the one before says everything and is good for long enough.
///
/// `before` counts only if it is of the root's era. The result is signed by those keys of
/// `signer` that the root delegates to, and checked as a reader would check it.
///
/// # Errors
/// [`MakeError`].
pub fn make(
    before: Option<&Published>,
    root: &Root,
    online: &KeyFile,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Option<Published>, MakeError> {
    let end = root.expires.min(root.snapshot.until);
    if end <= now {
        return Err(MakeError::RootOver);
    }
    let old = before.filter(|before| before.snapshot.era == root.era);
    let lists = write_lists(old, root.city, wanted, now)?;
    let [bundle, deny, policy, tariff] = lists.each_ref().map(|(list, _)| *list);
    let mut snapshot = Snapshot {
        city: root.city,
        era: root.era,
        version: 1,
        issued: now,
        expires: now.plus(wanted.life).min(end),
        bundle,
        deny,
        policy,
        tariff,
    };
    if let Some(old) = old {
        let says = |name| old.snapshot.list(name) == snapshot.list(name);
        let half = Span::from_micros(wanted.life.as_micros() / 2);
        let good = old.snapshot.expires.since(now) > half || old.snapshot.expires >= end;
        // A root with other keys: what the former keys signed is not taken any more.
        let holds = Snapshot::verify(&old.signed, root).is_ok();
        if ListName::ALL.into_iter().all(says) && good && holds {
            return Ok(None);
        }
        let next = old.snapshot.version.checked_add(1);
        snapshot.version = next.ok_or(MakeError::NoMoreVersions)?;
    }
    let payload = snapshot.payload()?;
    let may: Vec<_> = root.key_ids(root.snapshot.role).collect();
    let may_sign = |kid| may.contains(&kid);
    let signatures = sign(online, SignedKind::Snapshot, &payload, may_sign)?;
    let signed = assemble(SignedKind::Snapshot, &payload, &signatures)?;
    Snapshot::verify(&signed, root)?;
    let [(_, bundle), (_, deny), (_, policy), (_, tariff)] = lists;
    Ok(Some(Published {
        deltas: deltas(old, &snapshot, &deny)?,
        snapshot,
        signed: Arc::from(signed.as_slice()),
        bundle,
        deny,
        policy,
        tariff,
    }))
}

/// The four lists, in the order of [`ListName::ALL`].
fn write_lists(
    old: Option<&Published>,
    city: TextId,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<[Written; 4], MakeError> {
    let held = |name| {
        old.map(|old| (old.snapshot.list(name), old.list(name)))
            .and_then(|(list, bytes)| Some((list, bytes, issued_of(name, bytes, old?)?)))
    };
    let bundle = next_list(held(ListName::Bundle), now, |version, issued| {
        bundle_bytes(city, version, issued, &wanted.issuers)
    })?;
    let deny = match (&wanted.denied, old) {
        (None, Some(old)) => (old.snapshot.deny, Arc::clone(&old.deny)),
        (denied, _) => next_list(held(ListName::Deny), now, |version, issued| {
            deny_bytes(version, issued, denied.iter().flatten().copied())
        })?,
    };
    let policy = next_list(held(ListName::Policy), now, |version, issued| {
        let policy = GatePolicy {
            city,
            version,
            issued,
            ..wanted.policy
        };
        let bytes = policy.encode_with_rules(wanted.rules.as_deref())?;
        Ok(bytes.to_vec())
    })?;
    let tariff = next_list(held(ListName::Tariff), now, |version, issued| {
        let tariff = Tariff {
            city,
            version,
            issued,
            ..wanted.tariff
        };
        Ok(tariff.encode()?.to_vec())
    })?;
    Ok([bundle, deny, policy, tariff])
}

fn issued_of(name: ListName, bytes: &[u8], old: &Published) -> Option<Timestamp> {
    let snapshot = &old.snapshot;
    match name {
        ListName::Bundle => wire::lists::Bundle::read(bytes, snapshot)
            .ok()
            .map(|list| list.issued()),
        ListName::Policy => GatePolicy::read(bytes, snapshot)
            .ok()
            .map(|list| list.issued),
        ListName::Tariff => Tariff::read(bytes, snapshot).ok().map(|list| list.issued),
        ListName::Deny => {
            let mut stream = wire::lists::DenyStream::new(snapshot.deny);
            stream.push(bytes, |_| {}).ok()?;
            stream.finish().ok().map(|list| list.issued)
        }
    }
}

fn bundle_bytes(
    city: TextId,
    version: u64,
    issued: Timestamp,
    issuers: &[Issuers],
) -> Result<Vec<u8>, ListError> {
    let mut keys: Vec<_> = issuers
        .iter()
        .flat_map(|issuer| issuer.keys.iter().map(move |key| (issuer, key)))
        .map(|(issuer, key)| TrustedKey {
            kid: key.kid(),
            public_key: key.public_key(),
            not_before: key.not_before(),
            not_after: key.not_after(),
            issuer: issuer.number,
            city: issuer.city,
            networks: Networks::new(&issuer.networks),
        })
        .collect();
    keys.sort_by_key(|key| (key.kid, key.public_key));
    let bundle = BundleWriter {
        city,
        version,
        issued,
        keys: &keys,
    };
    Ok(bundle.encode()?.to_vec())
}

fn deny_bytes(
    version: u64,
    issued: Timestamp,
    ids: impl Iterator<Item = CredentialId>,
) -> Result<Vec<u8>, ListError> {
    let mut bytes = vec![0; DENY_HEADER_BYTES];
    let mut count = 0;
    for id in ids {
        bytes.extend_from_slice(id.as_bytes());
        count += 1;
    }
    let head = DenyHeader {
        version,
        issued,
        count,
    }
    .encode()?;
    for (slot, byte) in bytes.iter_mut().zip(head) {
        *slot = byte;
    }
    Ok(bytes)
}

/// The deltas from former lists, led on to the present one.
fn deltas(
    old: Option<&Published>,
    snapshot: &Snapshot,
    deny: &[u8],
) -> Result<Vec<DeltaTo>, MakeError> {
    let Some(old) = old else {
        return Ok(Vec::new());
    };
    if old.snapshot.deny == snapshot.deny {
        return Ok(old.deltas.clone());
    }
    let step = Change::between(ids_of(&old.deny), ids_of(deny));
    let mut bases = vec![(old.snapshot.deny.hash, step.clone())];
    bases.extend(
        old.deltas
            .iter()
            .map(|delta| (delta.base, delta.change.then(&step))),
    );
    bases.truncate(DELTAS_MAX);
    let head = issued_and_count(snapshot, deny)?;
    bases
        .into_iter()
        .map(|(base, change)| {
            let bytes = delta_bytes(base, &change, snapshot, head, deny.len())?;
            Ok(DeltaTo {
                base,
                change,
                bytes,
            })
        })
        .collect()
}

fn issued_and_count(snapshot: &Snapshot, deny: &[u8]) -> Result<DenyHeader, MakeError> {
    let mut stream = wire::lists::DenyStream::new(snapshot.deny);
    stream.push(deny, |_| {})?;
    Ok(stream.finish()?)
}

fn delta_bytes(
    base: [u8; 32],
    change: &Change,
    snapshot: &Snapshot,
    head: DenyHeader,
    whole: usize,
) -> Result<Option<Arc<[u8]>>, MakeError> {
    let length = change.len().saturating_mul(DENY_ENTRY_BYTES) + DELTA_HEADER_BYTES;
    if length > DELTA_BYTES_MAX || length >= whole {
        return Ok(None);
    }
    let count = |ids: &BTreeSet<CredentialId>| u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let header = DeltaHeader {
        base,
        result: snapshot.deny.hash,
        head,
        removed: count(&change.removed),
        added: count(&change.added),
    };
    let mut bytes = header.encode()?.to_vec();
    for id in change.removed.iter().chain(&change.added) {
        bytes.extend_from_slice(id.as_bytes());
    }
    let any_base = ListRef {
        version: 1,
        length: 1,
        hash: base,
    };
    DenyDelta::read(&bytes, &any_base, &snapshot.deny)?;
    Ok(Some(bytes.into()))
}
