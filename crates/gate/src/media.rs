//! The journal's medium as files: one per segment, in a folder that one agent at a time holds.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use journal::{Media, MediaError, SegmentId};
use rustix::fs::{FallocateFlags, FlockOperation};

/// Ending of a segment's file name; before it the number in 16 hexadecimal digits.
const ENDING: &str = ".journal";

/// A folder of segments, locked as long as this value lives.
#[derive(Debug)]
pub struct FileMedia {
    folder: PathBuf,
    /// The open folder: what is synced, and what holds the lock.
    handle: File,
    /// The file used last: nearly always the active segment.
    open: Option<(SegmentId, File)>,
}

impl FileMedia {
    /// Makes the folder where it is missing and locks it.
    ///
    /// # Errors
    /// When it cannot be made or opened, or another process holds it (`WouldBlock`).
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let handle = File::open(folder)?;
        rustix::fs::flock(&handle, FlockOperation::NonBlockingLockExclusive)?;
        // The folder's own name must outlive a power cut too.
        if let Some(parent) = folder.parent().filter(|path| !path.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            handle,
            open: None,
        })
    }

    fn path(&self, id: SegmentId) -> PathBuf {
        self.folder.join(format!("{id}{ENDING}"))
    }

    fn file(&mut self, id: SegmentId) -> Result<&File, MediaError> {
        let held = matches!(&self.open, Some((open, _)) if *open == id);
        if !held {
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .open(self.path(id));
            let file = opened.map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => MediaError::Missing { id },
                _ => failure(&error),
            })?;
            self.open = Some((id, file));
        }
        match &self.open {
            Some((_, file)) => Ok(file),
            None => Err(MediaError::Missing { id }),
        }
    }
}

impl Media for FileMedia {
    fn list(&mut self, into: &mut Vec<SegmentId>) -> Result<(), MediaError> {
        for entry in std::fs::read_dir(&self.folder).map_err(|error| failure(&error))? {
            let name = entry.map_err(|error| failure(&error))?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(ENDING));
            let digits = number.filter(|text| text.len() == 16);
            if let Some(Ok(number)) = digits.map(|text| u64::from_str_radix(text, 16)) {
                into.push(SegmentId::new(number));
            }
        }
        Ok(())
    }

    fn create(&mut self, id: SegmentId, bytes: u32) -> Result<(), MediaError> {
        let made = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(id));
        let file = made.map_err(|error| failure(&error))?;
        rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, u64::from(bytes))
            .map_err(|error| failure(&error.into()))?;
        // The length too must be durable, or a later fdatasync would have to write it.
        file.sync_all().map_err(|error| failure(&error))?;
        self.open = Some((id, file));
        Ok(())
    }

    fn write(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError> {
        let file = self.file(id)?;
        file.write_all_at(bytes, u64::from(offset))
            .map_err(|error| failure(&error))
    }

    fn sync(&mut self, id: SegmentId) -> Result<(), MediaError> {
        let outcome = self.file(id)?.sync_data();
        if outcome.is_err() {
            // What the kernel says of this file is not to be believed again.
            self.open = None;
        }
        outcome.map_err(|error| failure(&error))
    }

    fn read(&mut self, id: SegmentId, offset: u32, into: &mut [u8]) -> Result<usize, MediaError> {
        let file = self.file(id)?;
        let mut done = 0_usize;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = u64::from(offset).saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
            match file.read_at(rest, at) {
                Ok(0) => break,
                Ok(more) => done = done.saturating_add(more),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failure(&error)),
            }
        }
        Ok(done)
    }

    fn remove(&mut self, id: SegmentId) -> Result<(), MediaError> {
        if matches!(&self.open, Some((open, _)) if *open == id) {
            self.open = None;
        }
        std::fs::remove_file(self.path(id)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => MediaError::Missing { id },
            _ => failure(&error),
        })
    }

    fn sync_directory(&mut self) -> Result<(), MediaError> {
        self.handle.sync_all().map_err(|error| failure(&error))
    }
}

fn failure(error: &io::Error) -> MediaError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => MediaError::NoSpace,
        _ => MediaError::Failed {
            code: error.raw_os_error().unwrap_or(0),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_listed_and_the_folder_is_held_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut media = FileMedia::open(folder.path()).unwrap();
        std::fs::write(folder.path().join("note.txt"), "not a segment").unwrap();
        let id = SegmentId::new(10);
        media.create(id, 4096).unwrap();
        media.write(id, 4094, b"ab").unwrap();
        media.sync(id).unwrap();
        media.sync_directory().unwrap();
        let mut into = [9; 8];
        assert_eq!(media.read(id, 4093, &mut into), Ok(3));
        assert_eq!(&into[..3], b"\0ab");
        let mut ids = Vec::new();
        media.list(&mut ids).unwrap();
        assert_eq!(ids, [id]);
        assert!(folder.path().join("000000000000000a.journal").exists());
        assert!(FileMedia::open(folder.path()).is_err(), "held by another");
        media.remove(id).unwrap();
        assert_eq!(media.sync(id), Err(MediaError::Missing { id }));
        drop(media);
        assert!(FileMedia::open(folder.path()).is_ok());
    }
}
