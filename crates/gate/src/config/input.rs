//! `[[input]]`: where codes come from.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use wire::tap::TapKind;

use super::mistake::{Mistake, within};

/// Most inputs of one agent: a gate has one or two readers and a line for tests.
const INPUTS_MAX: usize = 8;

/// Which way riders pass a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the network.
    On,
    /// Out of it.
    Off,
}

impl From<Direction> for TapKind {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::On => Self::On,
            Direction::Off => Self::Off,
        }
    }
}

/// `[[input]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum InputConfig {
    /// A line per code; each is answered with a line of JSON on standard output.
    Stdin {
        /// Which way riders pass.
        direction: Direction,
    },
    /// A line per code; each is answered with a line of JSON.
    Tcp {
        /// Which way riders pass.
        direction: Direction,
        /// Where to listen.
        listen: SocketAddr,
    },
    /// A scanner on a tty.
    Serial {
        /// Which way riders pass.
        direction: Direction,
        /// The device file.
        path: PathBuf,
        /// Bits per second.
        #[serde(default = "baud")]
        baud: u32,
        /// Silence that ends a code, in milliseconds, for scanners that send no line end.
        #[serde(default = "idle_ms")]
        idle_ms: u16,
    },
    /// A scanner that types like a keyboard (USB-HID); taken for the agent alone.
    Hid {
        /// Which way riders pass.
        direction: Direction,
        /// The event device, like `/dev/input/by-id/…-event-kbd`.
        path: PathBuf,
    },
    /// A folder into which pictures are moved (PNG, JPEG); each is read and taken away.
    Images {
        /// Which way riders pass.
        direction: Direction,
        /// The folder.
        path: PathBuf,
    },
}

/// Checks them all.
pub(super) fn check(inputs: &[InputConfig]) -> Result<(), Mistake> {
    within("input", inputs.len(), 1, INPUTS_MAX)?;
    for (index, input) in inputs.iter().enumerate() {
        if let InputConfig::Serial { idle_ms, .. } = input {
            within(&format!("input[{index}].idle_ms"), *idle_ms, 5, 1000)?;
        }
    }
    Ok(())
}

const fn baud() -> u32 {
    115_200
}

const fn idle_ms() -> u16 {
    50
}
