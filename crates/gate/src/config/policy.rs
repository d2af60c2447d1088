//! `[policy]`: how codes are judged.

use serde::Deserialize;
use units::Span;
use validator::{Companions, Degraded, Pass, Policy};

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
    /// Anti-passback: time between two parties on one credential the same way; 0 for none.
    pub passback_seconds: u16,
    /// How the riders of one code go through.
    pub companions: CompanionsConfig,
    /// Which codes pass while the clock is not proven.
    pub unproven_clock: CodesConfig,
    /// Which codes pass while the clock is wrong.
    pub wrong_clock: CodesConfig,
    /// Refuse when the issuer keys were last confirmed longer ago than this.
    pub keys_stale_hours: u16,
    /// Refuse when the deny list was last confirmed longer ago than this.
    pub deny_list_stale_hours: u16,
}

/// How the riders of one code go through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanionsConfig {
    /// One tap for all.
    Together,
    /// One tap each.
    OneByOne,
}

/// Kinds of codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodesConfig {
    /// None.
    Nothing,
    /// Presentations alone.
    Presentations,
    /// All.
    Everything,
}

impl CodesConfig {
    const fn to_pass(self) -> Pass {
        match self {
            Self::Nothing => Pass::Nothing,
            Self::Presentations => Pass::Presentations,
            Self::Everything => Pass::Everything,
        }
    }
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            code_life_seconds: 15,
            phone_slow_seconds: 30,
            phone_fast_seconds: 30,
            passback_seconds: 0,
            companions: CompanionsConfig::Together,
            unproven_clock: CodesConfig::Everything,
            wrong_clock: CodesConfig::Nothing,
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
            passback: seconds(self.passback_seconds),
            companions: match self.companions {
                CompanionsConfig::Together => Companions::Together,
                CompanionsConfig::OneByOne => Companions::OneByOne,
            },
            degraded: Degraded {
                unproven: self.unproven_clock.to_pass(),
                wrong: self.wrong_clock.to_pass(),
            },
            ..Policy::default()
        }
    }
}
