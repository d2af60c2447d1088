//! `[clock]`: what the gate may assume of its clocks.

use serde::Deserialize;
use units::Span;
use validator::ClockRules;

use super::mistake::{Mistake, within};

/// `[clock]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockConfig {
    /// Most that the machine's clock drifts, in parts per million.
    pub drift_ppm: u32,
    /// Largest error of a reading that counts as proven.
    pub error_max_seconds: u16,
    /// How far ahead of what is certainly past the machine's clock may be while nothing confirms
    /// it: longer than any gate stands without power.
    pub ahead_max_days: u16,
}

impl Default for ClockConfig {
    fn default() -> Self {
        Self {
            drift_ppm: 100,
            error_max_seconds: 10,
            ahead_max_days: 90,
        }
    }
}

impl ClockConfig {
    /// As the validator takes it.
    #[must_use]
    pub fn to_rules(&self) -> ClockRules {
        ClockRules {
            drift_ppm: self.drift_ppm,
            error_max: Span::from_secs(i64::from(self.error_max_seconds)),
            ahead_max: Span::from_secs(i64::from(self.ahead_max_days) * 86_400),
        }
    }

    pub(super) fn check(&self) -> Result<(), Mistake> {
        within("clock.drift_ppm", self.drift_ppm, 1, 10_000)?;
        // An answer of the server is known to half a second at best.
        within("clock.error_max_seconds", self.error_max_seconds, 1, 600)?;
        within("clock.ahead_max_days", self.ahead_max_days, 1, 3_650)
    }
}
