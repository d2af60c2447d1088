//! `[journal]`: how taps are written down.

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
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_kib: 1024,
            refusals_per_minute: 60,
            replay_slots: 4096,
        }
    }
}

impl JournalConfig {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        within("journal.segment_kib", self.segment_kib, 16, 16 * 1024)?;
        within("journal.replay_slots", self.replay_slots, 64, 65_536)
    }
}
