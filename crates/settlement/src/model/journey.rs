//! Journeys as they are kept, with the explanation given when they were rated.

use tariff::{Fare, FareLine, Journey, JourneyStatus, MissingTap};
use units::{AccountId, Amount, JourneyId, ServiceDay, Span, TapId, Timestamp};

use super::UnknownValue;

/// A journey in its current view: a day's journeys are replaced when the day is rated anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredJourney {
    /// Who travelled.
    pub account: AccountId,
    /// The service day it counts to.
    pub day: ServiceDay,
    /// The journey.
    pub id: JourneyId,
    /// Complete, or what is missing.
    pub status: JourneyStatus,
    /// When its first tap was.
    pub started_at: Timestamp,
    /// Its taps in order of time.
    pub taps: Vec<TapId>,
    /// What it costs.
    pub fare: StoredFare,
    /// How the fare is made up.
    pub lines: Vec<FareLine>,
    /// The whole journey in one sentence.
    pub because: String,
}

/// What a journey costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredFare {
    /// A fare, zero included.
    Priced(Amount),
    /// No fare applies; nothing is charged and somebody must look.
    Unpriced,
}

impl StoredFare {
    /// The fare in minor units; an unpriced journey costs nothing.
    #[must_use]
    pub const fn as_minor(&self) -> i64 {
        match self {
            Self::Priced(amount) => amount.as_minor(),
            Self::Unpriced => 0,
        }
    }
}

impl StoredJourney {
    /// The journey of `account` as it is kept; `started_at` is the instant of its first tap.
    #[must_use]
    pub fn of(account: AccountId, started_at: Timestamp, journey: Journey) -> Self {
        Self {
            account,
            day: journey.day,
            id: journey.id,
            status: journey.status,
            started_at,
            because: journey.sentence(),
            fare: match journey.fare {
                Fare::Priced(amount) => StoredFare::Priced(amount),
                Fare::Unpriced { .. } => StoredFare::Unpriced,
            },
            taps: journey.taps,
            lines: journey.lines,
        }
    }
}

impl StoredJourney {
    /// Whether its tap off may still come: the books count it at the maximum fare until it does.
    #[must_use]
    pub fn is_open(&self, now: Timestamp, longest: Span) -> bool {
        self.status == JourneyStatus::Incomplete(MissingTap::NoTapOff)
            && now.since(self.started_at) <= longest
    }
}

/// The stored text of a journey's status.
#[must_use]
pub const fn status_as_str(status: JourneyStatus) -> &'static str {
    match status {
        JourneyStatus::Complete => "complete",
        JourneyStatus::Incomplete(MissingTap::NoTapOff) => "no_tap_off",
        JourneyStatus::Incomplete(MissingTap::NoTapOn) => "no_tap_on",
    }
}

/// Reads the stored text of a journey's status.
///
/// # Errors
/// [`UnknownValue`] for any other text.
pub fn parse_status(text: &str) -> Result<JourneyStatus, UnknownValue> {
    match text {
        "complete" => Ok(JourneyStatus::Complete),
        "no_tap_off" => Ok(JourneyStatus::Incomplete(MissingTap::NoTapOff)),
        "no_tap_on" => Ok(JourneyStatus::Incomplete(MissingTap::NoTapOn)),
        other => Err(UnknownValue {
            expected: "complete, no_tap_off or no_tap_on",
            got: other.to_owned(),
        }),
    }
}
