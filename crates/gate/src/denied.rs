//! The deny list of an agent: ten million ids in a few bytes of memory each.
//!
//! The ids stay in the file in which the list is durable. In memory are a filter, two bytes per
//! id, which answers for all riders but one of eight hundred, and the first id of each page of the
//! file, with the page's checksum. Who is perhaps on the list is looked up by one read of one page.
//! A page that cannot be read, or is no longer what was checked, denies: who damages a gate's disk
//! lets nobody through.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};

use crc::{CRC_32_ISCSI, Crc, Table};
use units::CredentialId;
use validator::{DenyFilter, DenyList, FilterBlock};
use wire::lists::{DENY_ENTRIES_MAX, DENY_ENTRY_BYTES, DENY_HEADER_BYTES};

/// Ids that are read at once: 4 KiB, what a disk reads anyway.
const PAGE_IDS: usize = 256;

/// Bytes of a whole page.
const PAGE_BYTES: usize = PAGE_IDS * DENY_ENTRY_BYTES;

/// Of pages: damage to the disk is to be found, not malice; the whole file's hash is checked when
/// it is taken.
static CHECKSUM: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// What is in memory of a page.
#[derive(Clone, Copy, Debug)]
struct Page {
    first: CredentialId,
    checksum: u32,
}

/// Ids on their way into a list: they are handed over in ascending order, each once, as they are
/// written to the file or read from it. Nothing of it decides before it is finished.
#[derive(Debug)]
pub struct DeniedDraft {
    filter: DenyFilter<Vec<FilterBlock>>,
    pages: Vec<Page>,
    /// The ids of the page that is not full yet, and their bytes.
    part: (Vec<CredentialId>, Vec<u8>),
    count: usize,
}

impl DeniedDraft {
    /// A draft of a list of so many ids. With another number the answers are the same, and slower.
    #[must_use]
    pub fn new(ids: u64) -> Self {
        let ids = usize::try_from(ids.min(DENY_ENTRIES_MAX)).unwrap_or_default();
        let blocks = vec![FilterBlock::EMPTY; FilterBlock::count_for(ids)];
        Self {
            filter: DenyFilter::of(std::iter::empty(), blocks),
            pages: Vec::with_capacity(ids.div_ceil(PAGE_IDS)),
            part: (Vec::with_capacity(PAGE_IDS), Vec::with_capacity(PAGE_BYTES)),
            count: 0,
        }
    }

    /// Takes the next id.
    pub fn take(&mut self, id: CredentialId) {
        self.part.0.push(id);
        self.part.1.extend_from_slice(id.as_bytes());
        self.count += 1;
        if self.part.0.len() >= PAGE_IDS {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let (ids, bytes) = &mut self.part;
        let Some(first) = ids.first() else {
            return;
        };
        self.pages.push(Page {
            first: *first,
            checksum: CHECKSUM.checksum(bytes),
        });
        self.filter.insert_all(ids);
        ids.clear();
        bytes.clear();
    }

    /// The list, whose ids are in `file` behind [`DENY_HEADER_BYTES`] bytes.
    #[must_use]
    pub fn finish(mut self, version: u64, file: File) -> Denied {
        self.turn();
        Denied {
            version,
            filter: self.filter,
            pages: self.pages,
            count: self.count,
            file,
            unread: AtomicU64::new(0),
        }
    }
}

/// Codes that open no gate.
#[derive(Debug)]
pub struct Denied {
    /// Grows with every change.
    pub version: u64,
    filter: DenyFilter<Vec<FilterBlock>>,
    pages: Vec<Page>,
    count: usize,
    /// Held open: it is read even when a newer list has taken its name.
    file: File,
    unread: AtomicU64,
}

/// Why a page says nothing.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error("it cannot be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("it is not what was checked")]
    Damaged,
}

impl Denied {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether nobody is on it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How often a page of its file could not be read. Each time somebody was refused who is
    /// perhaps not on the list.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }

    /// Looks an id up in the file.
    fn is_in_file(&self, id: &CredentialId) -> Result<bool, PageError> {
        let Some(at) = self
            .pages
            .partition_point(|page| page.first <= *id)
            .checked_sub(1)
        else {
            return Ok(false);
        };
        let page = self.pages.get(at).ok_or(PageError::Damaged)?;
        let before = at * PAGE_IDS;
        let ids = self.count.saturating_sub(before).min(PAGE_IDS);
        let mut bytes = [0; PAGE_BYTES];
        let bytes = bytes.get_mut(..ids * DENY_ENTRY_BYTES);
        let bytes = bytes.ok_or(PageError::Damaged)?;
        let offset = DENY_HEADER_BYTES + before * DENY_ENTRY_BYTES;
        let offset = u64::try_from(offset).map_err(|_| PageError::Damaged)?;
        self.file.read_exact_at(bytes, offset)?;
        if CHECKSUM.checksum(bytes) != page.checksum {
            return Err(PageError::Damaged);
        }
        let (entries, _) = bytes.as_chunks::<DENY_ENTRY_BYTES>();
        Ok(entries.binary_search(id.as_bytes()).is_ok())
    }
}

impl DenyList for Denied {
    fn contains(&self, id: &CredentialId) -> bool {
        if !self.filter.may_contain(id) {
            return false;
        }
        self.is_in_file(id).unwrap_or_else(|error| {
            self.unread.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "a page of the deny list: its riders are refused");
            true
        })
    }
}

#[cfg(test)]
#[path = "denied_tests.rs"]
mod tests;
