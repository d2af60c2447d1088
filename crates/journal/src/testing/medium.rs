//! Segments in memory: a cache that reads see, what is durable, and what is in between.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use crate::media::{Media, MediaError, SegmentId};

/// EIO.
const EIO: i32 = 5;

/// Which operations a [`Medium`] counts and fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as in `Media`")]
pub enum Operation {
    List,
    Create,
    Write,
    Sync,
    Read,
    Remove,
    SyncDirectory,
}

/// One planned failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The number of the first operation that fails, from 0.
    pub at: u64,
    /// How many operations fail from there on.
    pub count: u64,
    /// Only operations of this kind fail (and are counted), if given.
    pub only: Option<Operation>,
    /// ENOSPC, or else EIO.
    pub no_space: bool,
}

/// An un-synced write.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) offset: usize,
    pub(super) bytes: Arc<Vec<u8>>,
}

/// One segment.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) cache: Arc<Vec<u8>>,
    pub(super) durable: Arc<Vec<u8>>,
    pub(super) dirty: Vec<Write>,
}

/// A creation or removal that is not durable yet.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Created(SegmentId),
    Removed(SegmentId, File),
}

/// The faulty medium. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Medium {
    pub(super) sector: usize,
    pub(super) files: BTreeMap<SegmentId, File>,
    pub(super) changes: Vec<Change>,
    /// Bytes of removed segments: new ones get them.
    pub(super) stale: BTreeMap<SegmentId, Arc<Vec<u8>>>,
    fault: Option<Fault>,
    counted: u64,
    /// Failures so far.
    failed: u64,
    watched: Option<Vec<Medium>>,
}

impl Default for Medium {
    fn default() -> Self {
        Self::new()
    }
}

impl Medium {
    /// An empty one with sectors of 512 bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_sector_bytes(512)
    }

    /// An empty one whose sectors have this many bytes.
    #[must_use]
    pub fn with_sector_bytes(bytes: usize) -> Self {
        Self {
            sector: bytes.max(1),
            files: BTreeMap::new(),
            changes: Vec::new(),
            stale: BTreeMap::new(),
            fault: None,
            counted: 0,
            failed: 0,
            watched: None,
        }
    }

    /// Fails as planned from now on; counts operations from 0 again.
    pub fn plan(&mut self, fault: Option<Fault>) {
        self.fault = fault;
        self.counted = 0;
        self.failed = 0;
    }

    /// How many operations failed since the last plan.
    #[must_use]
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    /// How many operations were counted since the last plan.
    #[must_use]
    pub const fn counted(&self) -> u64 {
        self.counted
    }

    /// From now on keeps a copy of itself after every operation that changes anything.
    pub fn watch(&mut self) {
        self.watched = Some(Vec::new());
    }

    /// The copies since the last call.
    pub fn take_watched(&mut self) -> Vec<Self> {
        self.watched.as_mut().map(mem::take).unwrap_or_default()
    }

    /// Goes back to an older image of itself on the same medium: where segments have been since
    /// then, their bytes lie about as stale sectors.
    #[must_use]
    pub fn restored(&self, image: &Self) -> Self {
        let mut old = image.clone();
        old.stale.clone_from(&self.stale);
        for (id, file) in &self.files {
            old.stale.insert(*id, file.cache.clone());
        }
        old
    }

    /// Flips one bit of what is durable. `false` when there is no such byte.
    pub fn flip(&mut self, id: SegmentId, offset: usize, bit: u8) -> bool {
        let Some(file) = self.files.get_mut(&id) else {
            return false;
        };
        let Some(byte) = Arc::make_mut(&mut file.durable).get_mut(offset) else {
            return false;
        };
        *byte ^= 1_u8.wrapping_shl(u32::from(bit));
        file.cache = file.durable.clone();
        true
    }

    /// The bytes of every segment, as reads see them.
    pub fn contents(&self) -> impl Iterator<Item = (SegmentId, &[u8])> {
        self.files.iter().map(|(id, file)| (*id, &file.cache[..]))
    }

    /// The process dies, the machine lives: everything stays as reads see it, un-synced or not.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let mut next = self.clone();
        next.watched = None;
        next.plan(None);
        next
    }

    /// Counts an operation; fails it if planned.
    fn count(&mut self, operation: Operation) -> Result<(), MediaError> {
        let Some(fault) = self.fault else {
            self.counted = self.counted.wrapping_add(1);
            return Ok(());
        };
        if fault.only.is_some_and(|only| only != operation) {
            return Ok(());
        }
        let number = self.counted;
        self.counted = number.wrapping_add(1);
        if number < fault.at || number.wrapping_sub(fault.at) >= fault.count {
            return Ok(());
        }
        self.failed = self.failed.wrapping_add(1);
        Err(if fault.no_space {
            MediaError::NoSpace
        } else {
            MediaError::Failed { code: EIO }
        })
    }

    fn changed(&mut self) {
        if let Some(mut copies) = self.watched.take() {
            copies.push(self.clone());
            self.watched = Some(copies);
        }
    }

    fn put(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError> {
        let file = self.files.get_mut(&id).ok_or(MediaError::Missing { id })?;
        let offset = offset as usize;
        let room = Arc::make_mut(&mut file.cache)
            .get_mut(offset..)
            .and_then(|rest| rest.get_mut(..bytes.len()))
            .ok_or(MediaError::NoSpace)?;
        room.copy_from_slice(bytes);
        file.dirty.push(Write {
            offset,
            bytes: Arc::new(bytes.to_vec()),
        });
        Ok(())
    }
}

impl Media for Medium {
    fn list(&mut self, into: &mut Vec<SegmentId>) -> Result<(), MediaError> {
        self.count(Operation::List)?;
        into.extend(self.files.keys());
        Ok(())
    }

    fn create(&mut self, id: SegmentId, bytes: u32) -> Result<(), MediaError> {
        let outcome = self.count(Operation::Create);
        // A creation that fails may leave an empty name behind.
        let size = if outcome.is_ok() { bytes as usize } else { 0 };
        let stale = self.stale.get(&id);
        let content = match stale.or_else(|| self.stale.values().next_back()) {
            Some(stale) if stale.len() == size => stale.clone(),
            _ => Arc::new(vec![0; size]),
        };
        self.files.insert(
            id,
            File {
                cache: content.clone(),
                durable: content,
                dirty: vec![],
            },
        );
        self.changes.push(Change::Created(id));
        self.changed();
        outcome
    }

    fn write(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError> {
        match self.count(Operation::Write) {
            Ok(()) => self.put(id, offset, bytes)?,
            Err(error) => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                self.put(id, offset, half)?;
                return Err(error);
            }
        }
        self.changed();
        Ok(())
    }

    fn sync(&mut self, id: SegmentId) -> Result<(), MediaError> {
        let outcome = self.count(Operation::Sync);
        let file = self.files.get_mut(&id).ok_or(MediaError::Missing { id })?;
        // A failed sync forgets what was dirty, but reads still see it: the next one "succeeds".
        let dirty = mem::take(&mut file.dirty);
        if outcome.is_ok() {
            let durable = Arc::make_mut(&mut file.durable);
            for write in dirty {
                let end = write.offset.wrapping_add(write.bytes.len());
                if let Some(room) = durable.get_mut(write.offset..end) {
                    room.copy_from_slice(&write.bytes);
                }
            }
        }
        self.changed();
        outcome
    }

    fn read(&mut self, id: SegmentId, offset: u32, into: &mut [u8]) -> Result<usize, MediaError> {
        self.count(Operation::Read)?;
        let file = self.files.get(&id).ok_or(MediaError::Missing { id })?;
        let rest = file.cache.get(offset as usize..).unwrap_or_default();
        let length = rest.len().min(into.len());
        let (from, to) = (rest.get(..length), into.get_mut(..length));
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
        }
        Ok(length)
    }

    fn remove(&mut self, id: SegmentId) -> Result<(), MediaError> {
        self.count(Operation::Remove)?;
        let file = self.files.remove(&id).ok_or(MediaError::Missing { id })?;
        self.stale.insert(id, file.cache.clone());
        self.changes.push(Change::Removed(id, file));
        self.changed();
        Ok(())
    }

    fn sync_directory(&mut self) -> Result<(), MediaError> {
        self.count(Operation::SyncDirectory)?;
        self.changes.clear();
        self.changed();
        Ok(())
    }
}
