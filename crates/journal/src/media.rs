//! What the journal asks of a medium.

use alloc::vec::Vec;

/// The number of a segment: its name on the medium. Higher means made later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(u64);

impl SegmentId {
    /// The segment of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, from 1.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl core::fmt::Display for SegmentId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Why a medium could not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// No room (ENOSPC, EDQUOT).
    #[error("no space is left on the medium")]
    NoSpace,
    /// The medium failed (EIO, EROFS and all others).
    #[error("the medium failed with error {code}")]
    Failed {
        /// The system's error number.
        code: i32,
    },
    /// No such segment.
    #[error("segment {id} is missing")]
    Missing {
        /// Which.
        id: SegmentId,
    },
}

/// A folder of segments. In a reader: files; in tests: `testing::Medium`.
///
/// What is promised and what is not (`docs/JOURNAL.md`, assumptions): a write may reach the
/// medium late, in part or not at all until [`Media::sync`] has succeeded; after a *failed* sync
/// nothing may be assumed about any write since the last good one.
pub trait Media {
    /// Adds the numbers of all segments to `into`, in any order, each once.
    ///
    /// # Errors
    /// [`MediaError`].
    fn list(&mut self, into: &mut Vec<SegmentId>) -> Result<(), MediaError>;

    /// Makes a segment and reserves its space, so that later writes inside it cannot run out of
    /// room. Its bytes are anything: zeros, or what the space held before.
    ///
    /// # Errors
    /// [`MediaError::NoSpace`] and others; then the segment may or may not exist.
    fn create(&mut self, id: SegmentId, bytes: u32) -> Result<(), MediaError>;

    /// Writes all bytes at this offset.
    ///
    /// # Errors
    /// [`MediaError`]; then any part of the bytes may have been written.
    fn write(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError>;

    /// Makes every write to this segment so far durable (`fdatasync`).
    ///
    /// # Errors
    /// [`MediaError`]; then any of the writes since the last good sync may be lost for good, even
    /// when they can still be read.
    fn sync(&mut self, id: SegmentId) -> Result<(), MediaError>;

    /// Reads from this offset; gives how many bytes were read, fewer only at the segment's end.
    ///
    /// # Errors
    /// [`MediaError`].
    fn read(&mut self, id: SegmentId, offset: u32, into: &mut [u8]) -> Result<usize, MediaError>;

    /// Removes a segment.
    ///
    /// # Errors
    /// [`MediaError`]; then the segment may or may not exist.
    fn remove(&mut self, id: SegmentId) -> Result<(), MediaError>;

    /// Makes every creation and removal so far durable (`fsync` of the folder).
    ///
    /// # Errors
    /// [`MediaError`].
    fn sync_directory(&mut self) -> Result<(), MediaError>;
}

impl<M: Media + ?Sized> Media for &mut M {
    fn list(&mut self, into: &mut Vec<SegmentId>) -> Result<(), MediaError> {
        (**self).list(into)
    }

    fn create(&mut self, id: SegmentId, bytes: u32) -> Result<(), MediaError> {
        (**self).create(id, bytes)
    }

    fn write(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError> {
        (**self).write(id, offset, bytes)
    }

    fn sync(&mut self, id: SegmentId) -> Result<(), MediaError> {
        (**self).sync(id)
    }

    fn read(&mut self, id: SegmentId, offset: u32, into: &mut [u8]) -> Result<usize, MediaError> {
        (**self).read(id, offset, into)
    }

    fn remove(&mut self, id: SegmentId) -> Result<(), MediaError> {
        (**self).remove(id)
    }

    fn sync_directory(&mut self) -> Result<(), MediaError> {
        (**self).sync_directory()
    }
}
