//! A relay that a few bytes switch: a board on a serial line, or one of the USB boards that take
//! reports (`/dev/hidraw…`), or the value file of a pin.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{DoorError, Switch};

/// A relay board.
#[derive(Debug)]
pub struct Relay {
    path: PathBuf,
    open: Vec<u8>,
    close: Vec<u8>,
}

impl Relay {
    /// The relay behind a device file, and the bytes that open and close it. A hidraw board's
    /// bytes begin with the report's number (0 where it has none).
    #[must_use]
    pub fn new(path: &Path, open: &[u8], close: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            open: open.to_vec(),
            close: close.to_vec(),
        }
    }
}

impl Switch for Relay {
    fn set(&mut self, open: bool) -> Result<(), DoorError> {
        let bytes = if open { &self.open } else { &self.close };
        // Never waits: a relay that does not take bytes must not keep the next rider. Opened anew
        // each time: a board that was pulled out and put back works.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let write = || -> std::io::Result<()> {
            let flags = i32::try_from(flags.bits()).unwrap_or(0);
            let mut file: File = OpenOptions::new()
                .write(true)
                .custom_flags(flags)
                .open(&self.path)?;
            // One write: a report must not be cut in two.
            match file.write(bytes)? {
                written if written == bytes.len() => Ok(()),
                _ => Err(std::io::ErrorKind::WriteZero.into()),
            }
        };
        write().map_err(|source| DoorError {
            device: self.path.display().to_string(),
            doing: "the relay does not take its bytes",
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_reach_the_device_and_one_that_is_gone_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut relay = Relay::new(file.path(), b"\xa0\x01\x01\xa2", b"\xa0\x01\x00\xa1");
        relay.set(true).unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"\xa0\x01\x01\xa2");
        relay.set(false).unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"\xa0\x01\x00\xa1");
        std::fs::remove_file(file.path()).unwrap();
        assert!(relay.set(true).is_err());
    }

    #[test]
    fn a_board_that_takes_no_bytes_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        let mut relay = Relay::new(&path, b"1", b"0");
        // Nobody reads the pipe.
        assert!(relay.set(true).is_err());
    }
}
