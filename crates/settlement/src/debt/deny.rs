//! Who is to be denied for debt, until when, and why.

use units::{AccountId, Balance, Span, Timestamp};

use super::exposure::Exposure;

/// How far a city goes along with debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebtPolicy {
    /// Overdue money up to which a rider travels on, in minor units.
    pub overdue_max_minor: i64,
    /// Overdue and expected money together up to which a rider travels on, in minor units: what a
    /// rider can travel for before any collection is known to have failed or not.
    pub exposure_max_minor: i64,
    /// How long an entry lasts unless it is renewed: debts are looked at again well before.
    pub entry_lasts: Span,
}

/// An entry that the deny list should hold for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebtEntry {
    /// The account, all of whose credentials are meant.
    pub account: AccountId,
    /// Why.
    pub reason: DebtReason,
    /// In one sentence, for the rider and for staff.
    pub because: String,
    /// When the entry ends by itself.
    pub expires: Timestamp,
}

/// Why an account is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebtReason {
    /// More is overdue than the city goes along with.
    Overdue,
    /// More was travelled for than the city goes along with before it is paid.
    Exposure,
}

/// The entry that the deny list holds for an account's debt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it says.
    pub because: String,
    /// When it ends by itself.
    pub expires: Timestamp,
}

/// What should change on the deny list for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DebtChange {
    /// Nothing.
    Nothing,
    /// The entry is to be put on the list, or in place of the one that is there.
    Put(DebtEntry),
    /// The entry that is there is to be taken off: paid, or given up.
    TakeOff,
}

/// The entry that the list should hold for `exposure`; `None` = the rider may travel.
#[must_use]
pub fn entry(exposure: &Exposure, policy: &DebtPolicy, now: Timestamp) -> Option<DebtEntry> {
    let all = exposure
        .overdue_minor
        .saturating_add(exposure.expected_minor);
    let (reason, minor) = if exposure.overdue_minor > policy.overdue_max_minor {
        (DebtReason::Overdue, exposure.overdue_minor)
    } else if all > policy.exposure_max_minor {
        (DebtReason::Exposure, all)
    } else {
        return None;
    };
    let open = Balance::new(minor, exposure.currency);
    let because = match reason {
        DebtReason::Overdue => format!("{open} could not be collected: pay it to travel again."),
        DebtReason::Exposure => format!("{open} is not paid yet: travel again when it is."),
    };
    Some(DebtEntry {
        account: exposure.account,
        reason,
        because,
        expires: now.plus(policy.entry_lasts),
    })
}

/// What should change where the list holds `listed` (for this account's debt, if anything).
/// An entry is renewed when half its time is over or when what it says is no longer so.
#[must_use]
pub fn change(
    exposure: &Exposure,
    policy: &DebtPolicy,
    listed: Option<&Listed>,
    now: Timestamp,
) -> DebtChange {
    match (entry(exposure, policy, now), listed) {
        (None, None) => DebtChange::Nothing,
        (None, Some(_)) => DebtChange::TakeOff,
        (Some(entry), None) => DebtChange::Put(entry),
        (Some(entry), Some(listed)) => {
            let same = listed.because == entry.because;
            let left = listed.expires.since(now).as_micros();
            if same && left > policy.entry_lasts.as_micros() / 2 {
                DebtChange::Nothing
            } else {
                DebtChange::Put(entry)
            }
        }
    }
}

impl DebtEntry {
    /// What the list holds once this is put there.
    #[must_use]
    pub fn listed(&self) -> Listed {
        Listed {
            because: self.because.clone(),
            expires: self.expires,
        }
    }
}
