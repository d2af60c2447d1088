//! What turns one deny list into a later one: a head of 120 bytes, ids to take off, ids to put on.
//!
//! A delta carries the hash of its base and of its result. It needs no signature: it is right
//! exactly when its result is the list that the signed snapshot names.

use units::{CredentialId, Timestamp};

use crate::error::EncodeError;
use crate::lists::times::{from_seconds, seconds};
use crate::lists::{DENY_ENTRY_BYTES, DenyHeader, ListError, ListRef};

/// Bytes before the first id.
pub const DELTA_HEADER_BYTES: usize = 120;

/// Most bytes of a delta: a quarter of a million ids. Beyond it the whole list is fetched.
pub const DELTA_BYTES_MAX: usize = DELTA_HEADER_BYTES + 250_000 * DENY_ENTRY_BYTES;

const MAGIC: [u8; 16] = *b"faregate delta 1";

/// What stands before the ids: 120 bytes, numbers big endian.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeltaHeader {
    /// SHA-256 of the list that it applies to.
    pub base: [u8; 32],
    /// SHA-256 of the list that comes out.
    pub result: [u8; 32],
    /// Head of the list that comes out.
    pub head: DenyHeader,
    /// How many ids go.
    pub removed: u64,
    /// How many ids come.
    pub added: u64,
}

impl DeltaHeader {
    /// The bytes; the removed ids and then the added ones follow, each in ascending order.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] for a date that has no place in it.
    pub fn encode(&self) -> Result<[u8; DELTA_HEADER_BYTES], EncodeError> {
        let issued = u64::from(seconds("issued", self.head.issued)?);
        let numbers = [
            self.head.version,
            issued,
            self.head.count,
            self.removed,
            self.added,
        ];
        let bytes = MAGIC
            .into_iter()
            .chain(self.base)
            .chain(self.result)
            .chain(numbers.into_iter().flat_map(u64::to_be_bytes));
        let mut out = [0; DELTA_HEADER_BYTES];
        for (slot, byte) in out.iter_mut().zip(bytes) {
            *slot = byte;
        }
        Ok(out)
    }
}

/// A delta whose form is checked.
#[derive(Clone, Copy, Debug)]
pub struct DenyDelta<'a> {
    head: DeltaHeader,
    removed: &'a [[u8; DENY_ENTRY_BYTES]],
    added: &'a [[u8; DENY_ENTRY_BYTES]],
}

impl<'a> DenyDelta<'a> {
    /// Reads a delta that leads from `base` to `result`.
    ///
    /// # Errors
    /// [`ListError`] for any bytes but such a delta.
    pub fn read(bytes: &'a [u8], base: &ListRef, result: &ListRef) -> Result<Self, ListError> {
        if bytes.len() > DELTA_BYTES_MAX {
            return Err(ListError::DenyHead);
        }
        let (head, entries) = bytes
            .split_first_chunk::<DELTA_HEADER_BYTES>()
            .ok_or(ListError::DenyHead)?;
        let head = read_head(head).ok_or(ListError::DenyHead)?;
        if head.base != base.hash || head.result != result.hash {
            return Err(ListError::DeltaMismatch);
        }
        if head.head.version != result.version {
            return Err(ListError::DeltaMismatch);
        }
        let (entries, rest) = entries.as_chunks::<DENY_ENTRY_BYTES>();
        let removed = usize::try_from(head.removed).map_err(|_| ListError::DenyHead)?;
        let (removed, added) = entries
            .split_at_checked(removed)
            .ok_or(ListError::DenyHead)?;
        if !rest.is_empty() || u64::try_from(added.len()) != Ok(head.added) {
            return Err(ListError::DenyHead);
        }
        for (offset, ids) in [(0, removed), (head.removed, added)] {
            if let Some(index) = ids.windows(2).position(|pair| pair.first() >= pair.last()) {
                let index = u64::try_from(index).unwrap_or(u64::MAX);
                let index = offset.saturating_add(index).saturating_add(1);
                return Err(ListError::EntryOrder { index });
            }
        }
        Ok(Self {
            head,
            removed,
            added,
        })
    }

    /// Head of the list that comes out; its bytes are the first of that list.
    #[must_use]
    pub const fn result(&self) -> DenyHeader {
        self.head.head
    }

    /// The ids that go, in ascending order.
    #[must_use]
    pub const fn removed(&self) -> &'a [[u8; DENY_ENTRY_BYTES]] {
        self.removed
    }

    /// The ids that come, in ascending order.
    #[must_use]
    pub const fn added(&self) -> &'a [[u8; DENY_ENTRY_BYTES]] {
        self.added
    }

    /// Begins to apply it.
    #[must_use]
    pub fn merge(&self) -> Merge<'a> {
        Merge {
            removed: self.removed,
            added: self.added,
        }
    }
}

fn read_head(bytes: &[u8; DELTA_HEADER_BYTES]) -> Option<DeltaHeader> {
    let (magic, rest) = bytes.split_first_chunk::<16>()?;
    let (base, rest) = rest.split_first_chunk::<32>()?;
    let (result, rest) = rest.split_first_chunk::<32>()?;
    let (numbers, _) = rest.as_chunks::<8>();
    let [version, issued, count, removed, added] = *numbers else {
        return None;
    };
    let issued = u32::try_from(u64::from_be_bytes(issued)).ok()?;
    let issued: Timestamp = from_seconds(issued);
    let head = DenyHeader {
        version: u64::from_be_bytes(version),
        issued,
        count: u64::from_be_bytes(count),
    };
    // The head of the result must be one that a deny list can have.
    let possible = *magic == MAGIC && head.encode().is_ok();
    possible.then_some(DeltaHeader {
        base: *base,
        result: *result,
        head,
        removed: u64::from_be_bytes(removed),
        added: u64::from_be_bytes(added),
    })
}

/// A delta being applied: the base's ids go in, the result's come out, both in ascending order.
#[derive(Clone, Copy, Debug)]
pub struct Merge<'a> {
    removed: &'a [[u8; DENY_ENTRY_BYTES]],
    added: &'a [[u8; DENY_ENTRY_BYTES]],
}

impl Merge<'_> {
    /// Takes the next id of the base.
    ///
    /// # Errors
    /// [`ListError::DeltaMismatch`] when the delta removes an id that the base does not have, or
    /// adds one that it has.
    pub fn take(
        &mut self,
        id: CredentialId,
        mut each: impl FnMut(CredentialId),
    ) -> Result<(), ListError> {
        let bytes = id.as_bytes();
        while let Some((first, rest)) = self.added.split_first() {
            if first >= bytes {
                break;
            }
            each(CredentialId::from_bytes(*first));
            self.added = rest;
        }
        if self.added.first() == Some(bytes) {
            return Err(ListError::DeltaMismatch);
        }
        match self.removed.split_first() {
            Some((first, rest)) if first == bytes => self.removed = rest,
            Some((first, _)) if first < bytes => return Err(ListError::DeltaMismatch),
            _ => each(id),
        }
        Ok(())
    }

    /// The base has no more ids.
    ///
    /// # Errors
    /// [`ListError::DeltaMismatch`] when the delta removes ids that the base does not have.
    pub fn finish(self, mut each: impl FnMut(CredentialId)) -> Result<(), ListError> {
        if !self.removed.is_empty() {
            return Err(ListError::DeltaMismatch);
        }
        for id in self.added {
            each(CredentialId::from_bytes(*id));
        }
        Ok(())
    }
}
