//! `[door]`: what a permitted tap opens, and `[passage]`: how it is known that somebody passed.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::mistake::{Mistake, within};
use super::text;

/// How long a door is open, in milliseconds, where the file does not say.
const OPEN_MS: u16 = 3_000;

/// `[door]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DoorConfig {
    /// A door that is only said to open.
    #[default]
    Simulated,
    /// Bytes written to a file: a serial or USB relay board, or the value file of a pin.
    Relay {
        /// The device file.
        path: PathBuf,
        /// What opens, in hexadecimal.
        #[serde(deserialize_with = "text::hex_bytes")]
        open: Vec<u8>,
        /// What closes, in hexadecimal.
        #[serde(deserialize_with = "text::hex_bytes")]
        close: Vec<u8>,
        /// How long it stays open, in milliseconds.
        open_ms: u16,
    },
    /// A pin.
    Gpio {
        /// The chip's device file, like `/dev/gpiochip0`.
        chip: PathBuf,
        /// The line's number on it.
        line: u32,
        /// Whether a low level opens.
        #[serde(default)]
        active_low: bool,
        /// How long it stays open, in milliseconds.
        open_ms: u16,
    },
}

impl DoorConfig {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        match self {
            Self::Simulated => Ok(()),
            Self::Relay { open_ms, .. } | Self::Gpio { open_ms, .. } => {
                within("door.open_ms", *open_ms, 100, 30_000)
            }
        }
    }

    /// How long it stays open.
    #[must_use]
    pub const fn open_for(&self) -> Duration {
        let open_ms = match self {
            Self::Simulated => OPEN_MS,
            Self::Relay { open_ms, .. } | Self::Gpio { open_ms, .. } => *open_ms,
        };
        Duration::from_millis(open_ms as u64)
    }
}

/// `[passage]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PassageConfig {
    /// No sensor: whoever is let pass is taken to have passed.
    #[default]
    None,
    /// A byte per passage on a serial line or a named pipe.
    Line {
        /// The device file.
        path: PathBuf,
        /// How long after the door closed a passage still counts, in milliseconds.
        #[serde(default = "wait_ms")]
        wait_ms: u16,
    },
    /// A rising edge per passage.
    Gpio {
        /// The chip's device file.
        chip: PathBuf,
        /// The line's number on it.
        line: u32,
        /// Whether the contact pulls the line low.
        #[serde(default)]
        active_low: bool,
        /// How long after the door closed a passage still counts, in milliseconds.
        #[serde(default = "wait_ms")]
        wait_ms: u16,
    },
}

impl PassageConfig {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        match self {
            Self::None => Ok(()),
            Self::Line { wait_ms, .. } | Self::Gpio { wait_ms, .. } => {
                within("passage.wait_ms", *wait_ms, 0, 30_000)
            }
        }
    }
}

const fn wait_ms() -> u16 {
    2_000
}
