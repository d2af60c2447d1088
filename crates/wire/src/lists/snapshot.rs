//! The snapshot: version, length and hash of the four lists, at one moment.

use arrayvec::ArrayVec;
use sha2::{Digest as _, Sha256};
use units::{TextId, Timestamp};

use crate::cbor::{Map, Reader};
use crate::error::DecodeError;
use crate::lists::signed::{PAYLOAD_BYTES_MAX, Signed, SignedKind};
use crate::lists::times::{read_city, read_time, write_time};
use crate::lists::{
    BUNDLE_BYTES_MAX, DENY_BYTES_MAX, ListError, POLICY_BYTES_MAX, Root, TARIFF_BYTES_MAX,
};
use crate::state::ListVersions;
use crate::writer::{ARRAY, MAP, UNSIGNED, Writer};

const CITY: i64 = 1;
const ERA: i64 = 2;
const VERSION: i64 = 3;
const ISSUED: i64 = 4;
const EXPIRES: i64 = 5;

/// The four lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ListName {
    /// Issuer keys.
    Bundle,
    /// Codes that open no gate.
    Deny,
    /// Tolerances and what a stale gate does.
    Policy,
    /// Which fares are in force.
    Tariff,
}

impl ListName {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Bundle, Self::Deny, Self::Policy, Self::Tariff];

    /// As in routes and file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Deny => "deny",
            Self::Policy => "policy",
            Self::Tariff => "tariff",
        }
    }

    const fn key(self) -> i64 {
        match self {
            Self::Bundle => 6,
            Self::Deny => 7,
            Self::Policy => 8,
            Self::Tariff => 9,
        }
    }

    /// Most bytes of such a list.
    #[must_use]
    pub fn bytes_max(self) -> u64 {
        match self {
            Self::Deny => DENY_BYTES_MAX,
            Self::Bundle => u64::try_from(BUNDLE_BYTES_MAX).unwrap_or(u64::MAX),
            Self::Policy => u64::try_from(POLICY_BYTES_MAX).unwrap_or(u64::MAX),
            Self::Tariff => u64::try_from(TARIFF_BYTES_MAX).unwrap_or(u64::MAX),
        }
    }
}

impl core::fmt::Display for ListName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which bytes are a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListRef {
    /// From 1; grows with every change.
    pub version: u64,
    /// In bytes.
    pub length: u64,
    /// SHA-256.
    pub hash: [u8; 32],
}

impl ListRef {
    /// The reference to these bytes.
    #[must_use]
    pub fn to(version: u64, bytes: &[u8]) -> Self {
        Self {
            version,
            length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            hash: Sha256::digest(bytes).into(),
        }
    }

    /// Refuses other bytes.
    ///
    /// # Errors
    /// [`ListError::Length`] or [`ListError::Hash`].
    pub fn check(&self, bytes: &[u8]) -> Result<(), ListError> {
        let got = Self::to(self.version, bytes);
        self.compare(got.length, &got.hash)
    }

    pub(super) fn compare(&self, length: u64, hash: &[u8; 32]) -> Result<(), ListError> {
        if length != self.length {
            return Err(ListError::Length {
                expected: self.length,
                got: length,
            });
        }
        if *hash != self.hash {
            return Err(ListError::Hash);
        }
        Ok(())
    }
}

/// The lists of one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The city.
    pub city: TextId,
    /// The root's era.
    pub era: u32,
    /// From 1; grows with every snapshot of the era.
    pub version: u64,
    /// When it was signed: a gate's clock cannot be before it.
    pub issued: Timestamp,
    /// First instant at which it is over.
    pub expires: Timestamp,
    /// Issuer keys.
    pub bundle: ListRef,
    /// Denied codes.
    pub deny: ListRef,
    /// Policy.
    pub policy: ListRef,
    /// Tariff.
    pub tariff: ListRef,
}

impl Snapshot {
    /// The reference to a list.
    #[must_use]
    pub const fn list(&self, name: ListName) -> &ListRef {
        match name {
            ListName::Bundle => &self.bundle,
            ListName::Deny => &self.deny,
            ListName::Policy => &self.policy,
            ListName::Tariff => &self.tariff,
        }
    }

    /// What a tap record says of the lists that a gate decided by. Numbers beyond 32 bits become
    /// the largest there is, an age below nothing (a gate clock that is behind) nothing.
    #[must_use]
    pub fn versions_at(&self, now: Timestamp) -> ListVersions {
        let short = |list: &ListRef| u32::try_from(list.version).unwrap_or(u32::MAX);
        let age = now.since(self.issued).as_secs().max(0);
        ListVersions {
            bundle: short(&self.bundle),
            deny: short(&self.deny),
            policy: short(&self.policy),
            tariff: short(&self.tariff),
            age_s: u32::try_from(age).unwrap_or(u32::MAX),
        }
    }

    /// The payload to sign: [`super::list_message`], [`super::assemble`].
    ///
    /// # Errors
    /// [`ListError`] when the fields make no snapshot.
    pub fn payload(&self) -> Result<ArrayVec<u8, { PAYLOAD_BYTES_MAX }>, ListError> {
        if self.expires <= self.issued {
            return Err(ListError::Times);
        }
        let mut out = Writer::<PAYLOAD_BYTES_MAX>::default();
        out.head(MAP, 9).int(CITY).text(self.city.as_str());
        out.int(ERA).head(UNSIGNED, u64::from(self.era));
        out.int(VERSION).head(UNSIGNED, self.version);
        write_time(&mut out, ISSUED, "issued", self.issued)?;
        write_time(&mut out, EXPIRES, "expires", self.expires)?;
        for name in ListName::ALL {
            let list = self.list(name);
            out.int(name.key()).head(ARRAY, 3);
            out.head(UNSIGNED, list.version);
            out.head(UNSIGNED, list.length).bytes(&list.hash);
        }
        Ok(out.finish("snapshot")?)
    }

    /// Reads a snapshot that enough of the root's snapshot keys signed, and nobody else. Times,
    /// city, era and version are for the caller to judge.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn verify(bytes: &[u8], root: &Root) -> Result<Self, ListError> {
        let signed = Signed::read(SignedKind::Snapshot, bytes)?;
        let role = root.snapshot.role;
        signed.refuse_strangers(&[(root, role)])?;
        signed.refuse_below(root, role)?;
        Self::read(&signed)
    }

    /// Reads what the envelope holds; who signed it is not checked here.
    ///
    /// # Errors
    /// [`ListError`] for anything but a snapshot.
    pub fn read(signed: &Signed<'_>) -> Result<Self, ListError> {
        let mut reader = signed.content();
        let mut map = reader.map()?;
        let city = read_city(&mut map, &mut reader, CITY)?;
        map.key(&mut reader, ERA)?;
        let era = reader.uint_in("era", 0, u32::MAX)?;
        map.key(&mut reader, VERSION)?;
        let version = reader.uint_in("version", 1, u64::MAX)?;
        let issued = read_time(&mut map, &mut reader, ISSUED, "issued")?;
        let expires = read_time(&mut map, &mut reader, EXPIRES, "expires")?;
        let bundle = read_ref(&mut map, &mut reader, ListName::Bundle)?;
        let deny = read_ref(&mut map, &mut reader, ListName::Deny)?;
        let policy = read_ref(&mut map, &mut reader, ListName::Policy)?;
        let tariff = read_ref(&mut map, &mut reader, ListName::Tariff)?;
        map.end(&reader)?;
        if expires <= issued {
            return Err(ListError::Times);
        }
        Ok(Self {
            city,
            era,
            version,
            issued,
            expires,
            bundle,
            deny,
            policy,
            tariff,
        })
    }
}

fn read_ref(
    map: &mut Map,
    reader: &mut Reader<'_>,
    name: ListName,
) -> Result<ListRef, DecodeError> {
    map.key(reader, name.key())?;
    reader.array_of(3, "items in the reference to a list")?;
    Ok(ListRef {
        version: reader.uint_in("version", 1, u64::MAX)?,
        length: reader.uint_in("length", 1, name.bytes_max())?,
        hash: *reader.bytes_exact("bytes in the hash")?,
    })
}
