//! `[journal]`: how taps are written down.

use std::path::PathBuf;

use serde::Deserialize;

use super::mistake::{Mistake, within};

/// `[journal]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Size of a segment in KiB.
    pub segment_kib: u32,
    /// Refusals written down per minute at the most; the rest is only counted.
    pub refusals_per_minute: u32,
    /// Codes that the replay memory holds.
    pub replay_slots: usize,
    /// Days for which records stay on disk that the server has committed. What it has not
    /// committed stays for ever.
    pub keep_days: u16,
    /// A file on another partition than the state, in which starts are counted.
    pub boot_count_file: Option<PathBuf>,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_kib: 1024,
            refusals_per_minute: 60,
            replay_slots: 4096,
            keep_days: 30,
            boot_count_file: None,
        }
    }
}

impl JournalConfig {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        within("journal.segment_kib", self.segment_kib, 16, 16 * 1024)?;
        within("journal.keep_days", self.keep_days, 0, 366)?;
        within("journal.replay_slots", self.replay_slots, 64, 65_536)
    }
}
