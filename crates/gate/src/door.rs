//! What a permitted tap opens.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::OFlags;

use crate::config::DoorConfig;

/// Why a door did not open.
#[derive(Debug, thiserror::Error)]
#[error("{path}: the door cannot be told to open")]
pub struct DoorError {
    /// Which device.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// A door. It closes by itself.
pub trait Door: Send {
    /// Lets one rider pass.
    ///
    /// # Errors
    /// [`DoorError`]; then it is to be taken as shut.
    fn open(&mut self) -> Result<(), DoorError>;
}

/// The door that the configuration names.
///
/// # Errors
/// [`DoorError`] when its device is not there.
pub fn from_config(config: &DoorConfig) -> Result<Box<dyn Door>, DoorError> {
    Ok(match config {
        DoorConfig::Simulated => Box::new(SimulatedDoor),
        DoorConfig::Relay {
            path,
            open,
            close,
            open_ms,
        } => Box::new(RelayDoor::new(
            path,
            open,
            close,
            Duration::from_millis(u64::from(*open_ms)),
        )?),
    })
}

/// No door: an agent without hardware.
#[derive(Debug)]
pub struct SimulatedDoor;

impl Door for SimulatedDoor {
    fn open(&mut self) -> Result<(), DoorError> {
        tracing::debug!("the simulated door opens");
        Ok(())
    }
}

/// A relay that a few bytes switch: a serial relay board, or the value file of a pin.
///
/// It is closed at the start, some time after each opening, and when this value goes. What it does
/// after a kill is the hardware's matter: boards with their own timer are to be preferred.
#[derive(Debug)]
pub struct RelayDoor {
    relay: Arc<Relay>,
    open_for: Duration,
}

#[derive(Debug)]
struct Relay {
    path: PathBuf,
    open: Vec<u8>,
    close: Vec<u8>,
    /// How often it was opened: only the closing that belongs to the last opening is carried out.
    opened: AtomicU64,
}

impl Relay {
    fn write(&self, bytes: &[u8]) -> Result<(), DoorError> {
        // Never waits: a relay that does not take bytes must not keep the next rider.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let write = || -> std::io::Result<()> {
            let flags = i32::try_from(flags.bits()).unwrap_or(0);
            let mut file: File = OpenOptions::new()
                .write(true)
                .custom_flags(flags)
                .open(&self.path)?;
            file.write_all(bytes)
        };
        write().map_err(|source| DoorError {
            path: self.path.clone(),
            source,
        })
    }
}

impl RelayDoor {
    /// A relay, which is closed at once.
    ///
    /// # Errors
    /// [`DoorError`] when it cannot be written.
    pub fn new(
        path: &Path,
        open: &[u8],
        close: &[u8],
        open_for: Duration,
    ) -> Result<Self, DoorError> {
        let relay = Relay {
            path: path.to_owned(),
            open: open.to_vec(),
            close: close.to_vec(),
            opened: AtomicU64::new(0),
        };
        relay.write(&relay.close)?;
        Ok(Self {
            relay: Arc::new(relay),
            open_for,
        })
    }
}

impl Door for RelayDoor {
    fn open(&mut self) -> Result<(), DoorError> {
        let turn = self.relay.opened.fetch_add(1, Ordering::SeqCst) + 1;
        let (relay, open_for) = (Arc::clone(&self.relay), self.open_for);
        // The closing is arranged first: a door that could not be closed is not opened.
        let closing = std::thread::Builder::new().spawn(move || {
            std::thread::sleep(open_for);
            if relay.opened.load(Ordering::SeqCst) == turn
                && let Err(error) = relay.write(&relay.close)
            {
                tracing::error!(error = %error.source, "the door cannot be closed");
            }
        });
        closing.map_err(|source| DoorError {
            path: self.relay.path.clone(),
            source,
        })?;
        self.relay.write(&self.relay.open)
    }
}

impl Drop for RelayDoor {
    fn drop(&mut self) {
        if let Err(error) = self.relay.write(&self.relay.close) {
            tracing::error!(error = %error.source, "the door cannot be closed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_opens_for_its_time_and_a_second_rider_prolongs_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = || std::fs::read(file.path()).unwrap();
        let time = Duration::from_millis(200);
        let mut door = RelayDoor::new(file.path(), b"1", b"0", time).unwrap();
        assert_eq!(read(), b"0");
        door.open().unwrap();
        std::thread::sleep(time / 2);
        door.open().unwrap();
        std::thread::sleep(time * 3 / 4);
        assert_eq!(read(), b"1", "the first closing is not carried out");
        std::thread::sleep(time);
        assert_eq!(read(), b"0");
        door.open().unwrap();
        drop(door);
        assert_eq!(read(), b"0");
        std::fs::remove_file(file.path()).unwrap();
        assert!(RelayDoor::new(file.path(), b"1", b"0", time).is_err());
    }
}
