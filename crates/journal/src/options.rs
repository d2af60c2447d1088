//! What a journal is told when it is opened.

use units::DeviceId;

use crate::limits::{
    RECORDS_OFFSET, SECTOR_BYTES_DEFAULT, SECTOR_BYTES_MAX, SECTOR_BYTES_MIN,
    SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN,
};
use crate::position::{Head, Position};
use crate::sabotage::Sabotage;

/// A size that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A segment too small or too large.
    #[error("expected a segment of {min} to {max} bytes, got {got}")]
    Segment {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
        /// Given.
        got: u32,
    },
    /// A sector too small, too large or no power of two.
    #[error("expected a sector of {min} to {max} bytes and a power of two, got {got}")]
    Sector {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
        /// Given.
        got: u32,
    },
}

/// Whose journal it is, and its sizes.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub(crate) device: DeviceId,
    pub(crate) chain_start: fn(DeviceId, u32) -> Head,
    pub(crate) salt: u64,
    pub(crate) segment_bytes: u32,
    pub(crate) sector_bytes: u32,
    sabotage: Option<Sabotage>,
}

impl Options {
    /// The journal of this device with the default sizes. `chain_start` gives the head before the
    /// first tap of an epoch. `salt` is drawn at random by the caller for every opening: it tells
    /// apart two segments of one number, one of which never became durable.
    #[must_use]
    pub const fn new(device: DeviceId, chain_start: fn(DeviceId, u32) -> Head, salt: u64) -> Self {
        Self {
            device,
            chain_start,
            salt,
            segment_bytes: SEGMENT_BYTES_DEFAULT,
            sector_bytes: SECTOR_BYTES_DEFAULT,
            sabotage: None,
        }
    }

    /// With segments of this many bytes.
    ///
    /// # Errors
    /// [`OptionsError::Segment`].
    pub const fn with_segment_bytes(mut self, bytes: u32) -> Result<Self, OptionsError> {
        if bytes < SEGMENT_BYTES_MIN || bytes > SEGMENT_BYTES_MAX {
            return Err(OptionsError::Segment {
                min: SEGMENT_BYTES_MIN,
                max: SEGMENT_BYTES_MAX,
                got: bytes,
            });
        }
        self.segment_bytes = bytes;
        Ok(self)
    }

    /// On a medium that writes sectors of this many bytes: no record is ever written into a
    /// sector that holds a durable one.
    ///
    /// # Errors
    /// [`OptionsError::Sector`].
    pub const fn with_sector_bytes(mut self, bytes: u32) -> Result<Self, OptionsError> {
        let in_range = bytes >= SECTOR_BYTES_MIN && bytes <= SECTOR_BYTES_MAX;
        if !in_range || !bytes.is_power_of_two() {
            return Err(OptionsError::Sector {
                min: SECTOR_BYTES_MIN,
                max: SECTOR_BYTES_MAX,
                got: bytes,
            });
        }
        self.sector_bytes = bytes;
        Ok(self)
    }

    /// With a bug in it, to show that the tests would see it.
    #[cfg(feature = "testing")]
    #[must_use]
    pub const fn with_sabotage(mut self, bug: Sabotage) -> Self {
        self.sabotage = Some(bug);
        self
    }

    /// Whether this bug was asked for; never outside tests.
    pub(crate) fn has(&self, bug: Sabotage) -> bool {
        cfg!(feature = "testing") && self.sabotage == Some(bug)
    }

    /// Bytes for records in one segment.
    pub(crate) const fn capacity(&self) -> u32 {
        self.segment_bytes.saturating_sub(RECORDS_OFFSET)
    }
}

/// What the world outside the image knows of this device; how a restored image is found out.
///
/// An older image is a valid journal: nothing inside it can tell. With neither witness the image
/// is believed and [`Journal::meet`](crate::Journal::meet) is the first chance to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Witness {
    pub(crate) server_next: Option<Position>,
    pub(crate) boot: Option<u64>,
}

impl Witness {
    /// Nobody outside the image was asked.
    pub const NONE: Self = Self {
        server_next: None,
        boot: None,
    };

    /// The server holds taps of this device up to here (the last one that it stored).
    #[must_use]
    pub const fn server(mut self, last: Position) -> Self {
        self.server_next = Some(last.next());
        self
    }

    /// A counter kept outside the image (TPM, EEPROM, another partition), from 1, that the caller
    /// raised by one, durably, just before this opening.
    #[must_use]
    pub const fn boot_count(mut self, count: u64) -> Self {
        self.boot = Some(count);
        self
    }
}
