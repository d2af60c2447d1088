//! `[unrecorded]`: good codes while the journal cannot be written.

use serde::Deserialize;
use units::Span;

use super::mistake::{Mistake, within};
use crate::agent::UnrecordedRule;

/// `[unrecorded]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum UnrecordedConfig {
    /// Nobody passes.
    #[default]
    Shut,
    /// Some pass, and the gate raises the alarm.
    Open {
        /// How many, in all outages of a day.
        passes: u32,
        /// How long after the beginning of an outage.
        seconds: u32,
    },
}

impl UnrecordedConfig {
    pub(super) fn check(self) -> Result<(), Mistake> {
        match self {
            Self::Shut => Ok(()),
            Self::Open { passes, seconds } => {
                within("unrecorded.passes", passes, 1, 1_000)?;
                within("unrecorded.seconds", seconds, 1, 86_400)
            }
        }
    }

    /// As the agent takes it.
    #[must_use]
    pub fn to_rule(self) -> UnrecordedRule {
        match self {
            Self::Shut => UnrecordedRule::Shut,
            Self::Open { passes, seconds } => UnrecordedRule::Open {
                passes,
                within: Span::from_secs(i64::from(seconds)),
            },
        }
    }
}
