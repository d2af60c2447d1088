//! The deny list: a head of 40 bytes and ids of 16 bytes in ascending order. No CBOR, so that a
//! reader checks ten million of them as they come, writes them to disk and holds none twice.

use sha2::{Digest as _, Sha256};
use units::{CredentialId, Timestamp};

use crate::error::EncodeError;
use crate::lists::times::{from_seconds, seconds};
use crate::lists::{ListError, ListName, ListRef};

/// Most ids on a deny list.
pub const DENY_ENTRIES_MAX: u64 = 10_000_000;

/// Bytes of one id.
pub const DENY_ENTRY_BYTES: usize = 16;

/// Bytes before the first id.
pub const DENY_HEADER_BYTES: usize = 40;

/// Most bytes of a deny list.
pub const DENY_BYTES_MAX: u64 = DENY_HEADER_LENGTH + 16 * DENY_ENTRIES_MAX;

const DENY_HEADER_LENGTH: u64 = 40;

const MAGIC: [u8; 16] = *b"faregate deny v1";

/// What stands before the ids: 40 bytes, numbers big endian.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DenyHeader {
    /// From 1; grows with every change.
    pub version: u64,
    /// When it was made.
    pub issued: Timestamp,
    /// How many ids follow.
    pub count: u64,
}

impl DenyHeader {
    /// The bytes.
    ///
    /// # Errors
    /// [`EncodeError`] for a date or a number of ids that has no place in it.
    pub fn encode(&self) -> Result<[u8; DENY_HEADER_BYTES], EncodeError> {
        if self.count > DENY_ENTRIES_MAX {
            return Err(EncodeError::TooLong {
                field: "ids",
                max: usize::try_from(DENY_ENTRIES_MAX).unwrap_or(usize::MAX),
                got: usize::try_from(self.count).unwrap_or(usize::MAX),
            });
        }
        let issued = u64::from(seconds("issued", self.issued)?);
        let numbers = [self.version, issued, self.count];
        let bytes = MAGIC
            .into_iter()
            .chain(numbers.into_iter().flat_map(u64::to_be_bytes));
        let mut out = [0; DENY_HEADER_BYTES];
        for (slot, byte) in out.iter_mut().zip(bytes) {
            *slot = byte;
        }
        Ok(out)
    }

    fn decode(bytes: &[u8; DENY_HEADER_BYTES]) -> Result<Self, ListError> {
        let (magic, rest) = bytes.split_first_chunk::<16>().ok_or(ListError::DenyHead)?;
        let (numbers, _) = rest.as_chunks::<8>();
        let [version, issued, count] = *numbers else {
            return Err(ListError::DenyHead);
        };
        let (version, count) = (u64::from_be_bytes(version), u64::from_be_bytes(count));
        let issued = u32::try_from(u64::from_be_bytes(issued)).ok();
        let issued = issued.filter(|secs| *secs >= 65_536).map(from_seconds);
        match issued {
            Some(issued) if *magic == MAGIC && count <= DENY_ENTRIES_MAX => Ok(Self {
                version,
                issued,
                count,
            }),
            _ => Err(ListError::DenyHead),
        }
    }
}

/// Checks a deny list as it comes, in parts of any size: head, order, length and hash. What it
/// hands over before [`DenyStream::finish`] says yes is not to be used.
#[derive(Clone, Debug)]
pub struct DenyStream {
    expected: ListRef,
    hash: Sha256,
    taken: u64,
    head: [u8; DENY_HEADER_BYTES],
    part: [u8; DENY_ENTRY_BYTES],
    part_length: usize,
    last: Option<CredentialId>,
    entries: u64,
}

impl DenyStream {
    /// For the list that a snapshot names so.
    #[must_use]
    pub fn new(expected: ListRef) -> Self {
        Self {
            expected,
            hash: Sha256::new(),
            taken: 0,
            head: [0; DENY_HEADER_BYTES],
            part: [0; DENY_ENTRY_BYTES],
            part_length: 0,
            last: None,
            entries: 0,
        }
    }

    /// The list that is meant.
    #[must_use]
    pub const fn expected(&self) -> &ListRef {
        &self.expected
    }

    /// Takes the next bytes and hands over each id that is complete.
    ///
    /// # Errors
    /// [`ListError`] at the first byte that does not belong there.
    pub fn push(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(CredentialId),
    ) -> Result<(), ListError> {
        let before = self.taken;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.taken = self.taken.saturating_add(length);
        if self.taken > self.expected.length {
            return Err(ListError::Length {
                expected: self.expected.length,
                got: self.taken,
            });
        }
        self.hash.update(bytes);
        let begun = usize::try_from(before).unwrap_or(usize::MAX);
        let missing = DENY_HEADER_BYTES.saturating_sub(begun);
        let (head, mut rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        for (slot, byte) in self.head.iter_mut().skip(begun).zip(head) {
            *slot = *byte;
        }
        if self.part_length > 0 {
            let missing = DENY_ENTRY_BYTES.saturating_sub(self.part_length);
            let (first, later) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
            self.keep(first);
            rest = later;
            if self.part_length == DENY_ENTRY_BYTES {
                self.part_length = 0;
                self.entry(self.part, &mut each)?;
            }
        }
        let (whole, part) = rest.as_chunks::<DENY_ENTRY_BYTES>();
        for id in whole {
            self.entry(*id, &mut each)?;
        }
        self.keep(part);
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) {
        for (slot, byte) in self.part.iter_mut().skip(self.part_length).zip(bytes) {
            *slot = *byte;
        }
        self.part_length = self.part_length.saturating_add(bytes.len());
    }

    fn entry(
        &mut self,
        id: [u8; DENY_ENTRY_BYTES],
        each: &mut impl FnMut(CredentialId),
    ) -> Result<(), ListError> {
        let id = CredentialId::from_bytes(id);
        if self.last >= Some(id) {
            return Err(ListError::EntryOrder {
                index: self.entries,
            });
        }
        self.last = Some(id);
        self.entries = self.entries.saturating_add(1);
        each(id);
        Ok(())
    }

    /// Says whether these were the bytes.
    ///
    /// # Errors
    /// [`ListError`] when they were not.
    pub fn finish(self) -> Result<DenyHeader, ListError> {
        self.expected
            .compare(self.taken, &self.hash.finalize().into())?;
        // What is missing of the head must not be read as zeros.
        if self.taken < DENY_HEADER_LENGTH {
            return Err(ListError::DenyHead);
        }
        let header = DenyHeader::decode(&self.head)?;
        if self.part_length != 0 || header.count != self.entries {
            return Err(ListError::DenyHead);
        }
        if header.version != self.expected.version {
            return Err(ListError::Claims {
                name: ListName::Deny,
            });
        }
        Ok(header)
    }
}
