//! The root: which keys speak for a city, and how many of them must. Signed offline.

use arrayvec::ArrayVec;
use units::{KeyId, TextId, Timestamp};

use crate::error::DecodeError;
use crate::key::PublicKey;
use crate::lists::signed::{PAYLOAD_BYTES_MAX, Signed, SignedKind, key_id};
use crate::lists::times::{read_city, read_time, time_of, write_time};
use crate::lists::{ListError, times};
use crate::writer::{ARRAY, MAP, UNSIGNED, Writer};

/// Most keys of a root, both roles together: a bit each in 16.
pub const LIST_KEYS_MAX: usize = 16;

const CITY: i64 = 1;
const VERSION: i64 = 2;
const ISSUED: i64 = 3;
const EXPIRES: i64 = 4;
const ERA: i64 = 5;
const KEYS: i64 = 6;
const ROOT_ROLE: i64 = 7;
const SNAPSHOT_ROLE: i64 = 8;

/// A set of keys and how many of them must sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Role {
    /// Distinct keys that must sign, at least one.
    pub threshold: u8,
    /// Bit i stands for key i of the root.
    pub keys: u16,
}

/// The keys that sign snapshots, and for how long: they are online and short-lived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SnapshotRole {
    /// Keys and threshold.
    pub role: Role,
    /// First instant at which a snapshot of theirs is taken no more.
    pub until: Timestamp,
}

/// Keys and thresholds of one city.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Root {
    /// The city.
    pub city: TextId,
    /// From 1; the next one has the next number.
    pub version: u64,
    /// When it was made.
    pub issued: Timestamp,
    /// First instant at which it is over.
    pub expires: Timestamp,
    /// Snapshots count their versions anew in each era. A new era is how a city recovers from a
    /// version that a thief has driven to the last number there is.
    pub era: u32,
    /// Ed25519 public keys in ascending order.
    pub keys: ArrayVec<[u8; 32], LIST_KEYS_MAX>,
    /// Who signs roots.
    pub root: Role,
    /// Who signs snapshots.
    pub snapshot: SnapshotRole,
}

impl Root {
    /// The payload to sign: [`super::list_message`], [`super::assemble`].
    ///
    /// # Errors
    /// [`ListError`] when the fields make no root.
    pub fn payload(&self) -> Result<ArrayVec<u8, { PAYLOAD_BYTES_MAX }>, ListError> {
        self.check()?;
        let mut out = Writer::<PAYLOAD_BYTES_MAX>::default();
        out.head(MAP, 8).int(CITY).text(self.city.as_str());
        out.int(VERSION).head(UNSIGNED, self.version);
        write_time(&mut out, ISSUED, "issued", self.issued)?;
        write_time(&mut out, EXPIRES, "expires", self.expires)?;
        out.int(ERA).head(UNSIGNED, u64::from(self.era));
        out.int(KEYS).bytes(self.keys.as_flattened());
        out.int(ROOT_ROLE).head(ARRAY, 2);
        write_role(&mut out, self.root);
        out.int(SNAPSHOT_ROLE).head(ARRAY, 3);
        write_role(&mut out, self.snapshot.role);
        let until = times::seconds("until", self.snapshot.until)?;
        out.head(UNSIGNED, u64::from(until));
        Ok(out.finish("root")?)
    }

    /// Reads what the envelope holds; who signed it is not checked here.
    ///
    /// # Errors
    /// [`ListError`] for anything but a root.
    pub fn read(signed: &Signed<'_>) -> Result<Self, ListError> {
        let mut reader = signed.content();
        let mut map = reader.map()?;
        let city = read_city(&mut map, &mut reader, CITY)?;
        map.key(&mut reader, VERSION)?;
        let version = reader.uint_in("version", 1, u64::MAX)?;
        let issued = read_time(&mut map, &mut reader, ISSUED, "issued")?;
        let expires = read_time(&mut map, &mut reader, EXPIRES, "expires")?;
        map.key(&mut reader, ERA)?;
        let era = reader.uint_in("era", 0, u32::MAX)?;
        map.key(&mut reader, KEYS)?;
        let at = reader.at();
        let (keys, rest) = reader.bytes()?.remaining().as_chunks::<32>();
        let keys: Option<ArrayVec<_, LIST_KEYS_MAX>> = (rest.is_empty()
            && keys.len() <= LIST_KEYS_MAX)
            .then(|| keys.iter().copied().collect());
        let keys = keys.ok_or(DecodeError::WrongType {
            at,
            expected: "at most 16 keys of 32 bytes",
        })?;
        map.key(&mut reader, ROOT_ROLE)?;
        reader.array_of(2, "items in a role")?;
        let root = read_role(&mut reader)?;
        map.key(&mut reader, SNAPSHOT_ROLE)?;
        reader.array_of(3, "items in the snapshot's role")?;
        let role = read_role(&mut reader)?;
        let until = time_of(&mut reader, "until")?;
        map.end(&reader)?;
        let read = Self {
            city,
            version,
            issued,
            expires,
            era,
            keys,
            root,
            snapshot: SnapshotRole { role, until },
        };
        read.check()?;
        Ok(read)
    }

    /// Reads a root that the caller trusts for other reasons (it was installed with the reader):
    /// checks only that its own keys signed it.
    ///
    /// # Errors
    /// [`ListError`] for anything but a root with enough signatures of its own.
    pub fn read_pinned(bytes: &[u8]) -> Result<Self, ListError> {
        let signed = Signed::read(SignedKind::Root, bytes)?;
        let root = Self::read(&signed)?;
        signed.refuse_below(&root, root.root)?;
        Ok(root)
    }

    /// Reads the root that follows this one: enough keys of this one and of the new one signed
    /// it, and nobody else. Whether version and era follow is for the caller to see.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn read_next(&self, bytes: &[u8]) -> Result<Self, ListError> {
        let signed = Signed::read(SignedKind::Root, bytes)?;
        let next = Self::read(&signed)?;
        signed.refuse_strangers(&[(self, self.root), (&next, next.root)])?;
        signed.refuse_below(self, self.root)?;
        signed.refuse_below(&next, next.root)?;
        Ok(next)
    }

    /// The names of a role's keys.
    pub fn key_ids(&self, role: Role) -> impl Iterator<Item = KeyId> {
        let bits = (0..16_u32).map(move |bit| role.keys & 1_u16.wrapping_shl(bit) != 0);
        let keys = self.keys.iter().zip(bits);
        keys.filter(|(_, has)| *has).map(|(key, _)| key_id(key))
    }

    /// The key of this name in a role, and its bit.
    pub(super) fn key_in(&self, role: Role, kid: KeyId) -> Option<(u16, &[u8; 32])> {
        let mut bit: u16 = 1;
        for key in &self.keys {
            if role.keys & bit != 0 && key_id(key) == kid {
                return Some((bit, key));
            }
            bit = bit.wrapping_shl(1);
        }
        None
    }

    fn check(&self) -> Result<(), ListError> {
        let mut all: u16 = 0;
        for (index, key) in self.keys.iter().enumerate() {
            let before = self.keys.get(..index).unwrap_or_default();
            if before.last() >= Some(key) {
                return Err(ListError::KeyOrder { index });
            }
            let kid = key_id(key);
            if before.iter().any(|other| key_id(other) == kid) {
                return Err(ListError::SameKeyId { kid });
            }
            PublicKey::from_bytes(key).map_err(|source| ListError::Key { kid, source })?;
            all = all.wrapping_shl(1) | 1;
        }
        let (root, snapshot) = (self.root, self.snapshot.role);
        let fillable =
            |role: Role| role.threshold > 0 && u32::from(role.threshold) <= role.keys.count_ones();
        let split = root.keys & snapshot.keys == 0 && root.keys | snapshot.keys == all;
        if !split || !fillable(root) || !fillable(snapshot) {
            return Err(ListError::Roles);
        }
        if self.expires <= self.issued || self.snapshot.until > self.expires {
            return Err(ListError::Times);
        }
        if self.version == 0 {
            return Err(ListError::NoVersion);
        }
        Ok(())
    }
}

fn write_role<const N: usize>(out: &mut Writer<N>, role: Role) {
    out.head(UNSIGNED, u64::from(role.threshold))
        .head(UNSIGNED, u64::from(role.keys));
}

fn read_role(reader: &mut crate::cbor::Reader<'_>) -> Result<Role, DecodeError> {
    Ok(Role {
        threshold: reader.uint_in("threshold", 1, u8::MAX)?,
        keys: reader.uint_in("keys", 1, u16::MAX)?,
    })
}
