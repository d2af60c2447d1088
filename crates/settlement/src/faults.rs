//! Why money does not add up, and whose day stays as it stood for it.

use std::error::Error as _;
use std::ops::RangeInclusive;

use units::{AccountId, Currency, ServiceDay, Timestamp};

/// Why a day cannot be settled or charged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyFault {
    /// A sum leaves 64 bits of minor units.
    #[error("the fares of account {account} on {day} leave 64 bits of minor units")]
    Overflow {
        /// The account.
        account: AccountId,
        /// The day.
        day: ServiceDay,
    },
    /// Money of the day is in another currency than the city's.
    #[error("account {account} on {day} holds {got}, expected {expected}")]
    Currency {
        /// The account.
        account: AccountId,
        /// The day.
        day: ServiceDay,
        /// The city's currency.
        expected: Currency,
        /// The other one.
        got: Currency,
    },
    /// Charges make no payment.
    #[error(transparent)]
    Plan(#[from] crate::charging::PlanError),
    /// A payment cannot be posted.
    #[error(transparent)]
    Payment(#[from] crate::charging::PostingFault),
    /// An entry could not be made.
    #[error("no entry can be made for account {account} on {day}")]
    Entry {
        /// The account.
        account: AccountId,
        /// The day.
        day: ServiceDay,
        /// What the ledger said.
        #[source]
        source: ledger::PostError,
    },
}

/// Why an account's day cannot be settled or charged. It stays as it stood, with its taps, and is
/// not charged until it was settled again without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFault {
    /// Whose day.
    pub account: AccountId,
    /// Which day.
    pub day: ServiceDay,
    /// What is wrong, in a sentence.
    pub because: String,
    /// When it was found.
    pub at: Timestamp,
}

impl DayFault {
    /// The fault `error` of a day, found at `at`.
    #[must_use]
    pub fn new(account: AccountId, day: ServiceDay, error: &MoneyFault, at: Timestamp) -> Self {
        let source = error.source().map(|source| format!(": {source}"));
        Self {
            account,
            day,
            because: format!("{error}{}", source.unwrap_or_default()),
            at,
        }
    }
}

/// Which days to settle again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// Every account's days with taps from the first to the last.
    Days(RangeInclusive<ServiceDay>),
    /// Those with a fault: what was wrong may be mended.
    Faulty,
}
