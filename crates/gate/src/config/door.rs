//! `[door]`: what a permitted tap opens.

use std::path::PathBuf;

use serde::Deserialize;

use super::mistake::{Mistake, within};
use super::text;

/// `[door]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DoorConfig {
    /// A door that is only said to open.
    #[default]
    Simulated,
    /// Bytes written to a file: a serial relay board, or the value file of a pin.
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
}

impl DoorConfig {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        match self {
            Self::Simulated => Ok(()),
            Self::Relay { open_ms, .. } => within("door.open_ms", *open_ms, 100, 30_000),
        }
    }
}
