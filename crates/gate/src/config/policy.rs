//! `[policy]`: how codes are judged.

use serde::Deserialize;
use units::Span;
use validator::Policy;

/// `[policy]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// How long a presentation may be shown.
    pub code_life_seconds: u16,
    /// How far a phone's clock may be behind.
    pub phone_slow_seconds: u16,
    /// How far a phone's clock may be ahead.
    pub phone_fast_seconds: u16,
    /// Refuse when the issuer keys were last confirmed longer ago than this.
    pub keys_stale_hours: u16,
    /// Refuse when the deny list was last confirmed longer ago than this.
    pub deny_list_stale_hours: u16,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            code_life_seconds: 15,
            phone_slow_seconds: 30,
            phone_fast_seconds: 30,
            keys_stale_hours: 24 * 7,
            deny_list_stale_hours: 24 * 3,
        }
    }
}

impl PolicyConfig {
    /// As the validator takes it.
    #[must_use]
    pub fn to_policy(&self) -> Policy {
        let seconds = |value: u16| Span::from_secs(i64::from(value));
        Policy {
            code_life: seconds(self.code_life_seconds),
            phone_slow_max: seconds(self.phone_slow_seconds),
            phone_fast_max: seconds(self.phone_fast_seconds),
            ..Policy::default()
        }
    }
}
