//! The journal's files without waiting for the disk: what everything but the disk costs.

use gate::media::FileMedia;
use journal::{Media, MediaError, SegmentId};

/// Real files, of which no sync is asked.
#[derive(Debug)]
pub(super) struct Unsynced(pub(super) FileMedia);

impl Media for Unsynced {
    fn list(&mut self, into: &mut Vec<SegmentId>) -> Result<(), MediaError> {
        self.0.list(into)
    }

    fn create(&mut self, id: SegmentId, bytes: u32) -> Result<(), MediaError> {
        self.0.create(id, bytes)
    }

    fn write(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError> {
        self.0.write(id, offset, bytes)
    }

    fn sync(&mut self, _: SegmentId) -> Result<(), MediaError> {
        Ok(())
    }

    fn read(&mut self, id: SegmentId, offset: u32, into: &mut [u8]) -> Result<usize, MediaError> {
        self.0.read(id, offset, into)
    }

    fn remove(&mut self, id: SegmentId) -> Result<(), MediaError> {
        self.0.remove(id)
    }

    fn sync_directory(&mut self) -> Result<(), MediaError> {
        Ok(())
    }
}
