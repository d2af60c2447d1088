//! Refunds and write-offs that staff propose and decide, and appeals of riders: what was asked, and
//! what became of it. Both only grow: a decision is added to what was asked, once.

use std::fmt;

use units::{
    AccountId, Amount, ChargeId, CorrectionId, JourneyId, PaymentId, ServiceDay, Timestamp,
};

use super::UnknownValue;

/// Bytes of a note: a page of text.
pub const NOTE_BYTES_MAX: usize = 2_000;

/// Something asked about one account's day, with its decision once there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Its id, made by whoever asked, so that asking again is the same request.
    pub id: CorrectionId,
    /// Whose day.
    pub account: AccountId,
    /// Which day; of a write-off the first day of the payment's window.
    pub day: ServiceDay,
    /// A refund, an appeal or a write-off.
    pub kind: CorrectionKind,
    /// What it is about.
    pub subject: Subject,
    /// How much is to be given back or given up; zero for an appeal.
    pub amount: Amount,
    /// Why, as a code that can be counted.
    pub reason: Reason,
    /// Why, in words; at most [`NOTE_BYTES_MAX`].
    pub note: String,
    /// Who asked.
    pub maker: Actor,
    /// When.
    pub made_at: Timestamp,
    /// What was decided.
    pub decision: Option<Decision>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CorrectionKind {
    /// Staff propose to give money back.
    Refund,
    /// A rider says that a charge is wrong.
    Appeal,
    /// Staff propose to give up what a rider owes.
    WriteOff,
}

/// What a correction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A charge, as a statement names it.
    Charge(ChargeId),
    /// One journey of the day.
    Journey(JourneyId),
    /// A payment that is overdue.
    Payment(PaymentId),
}

/// What became of a correction. Made once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Granted or not.
    pub verdict: Verdict,
    /// Who decided.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What the rider is told; at most [`NOTE_BYTES_MAX`].
    pub note: String,
}

/// Granted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The money goes back, the debt is given up, or the appeal is right.
    Approved,
    /// It stays as it is.
    Rejected,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A named member of the staff.
    Staff(StaffName),
    /// The rider of the account.
    Rider,
    /// Whoever runs commands on the server's machine.
    Console,
}

/// The name of a member of staff: 1 to 40 of `a-z 0-9 . - _`, so that two names that look alike
/// are the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StaffName(String);

/// Why a refund is given, as a code: 1 to 40 of `a-z 0-9 _ -`, such as `disruption`, `double_tap`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason(String);

/// A text that is no name or no reason code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 40 of {allowed}, got {got:?}")]
pub struct NameError {
    /// The characters it may have.
    pub allowed: &'static str,
    /// The text.
    pub got: String,
}

/// Characters of a name or a code.
const NAME_CHARS_MAX: usize = 40;

fn name(text: &str, punctuation: &str, allowed: &'static str) -> Result<String, NameError> {
    let is_good = |character: char| {
        character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || punctuation.contains(character)
    };
    if (1..=NAME_CHARS_MAX).contains(&text.len()) && text.chars().all(is_good) {
        return Ok(text.to_owned());
    }
    Err(NameError {
        allowed,
        got: text.chars().take(2 * NAME_CHARS_MAX).collect(),
    })
}

impl StaffName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        name(text, ".-_", "a-z 0-9 . - _").map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Reason {
    /// Reads a code.
    ///
    /// # Errors
    /// [`NameError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        name(text, "_-", "a-z 0-9 _ -").map(Self)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StaffName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Staff(name) => write!(f, "staff:{name}"),
            Self::Rider => f.write_str("rider"),
            Self::Console => f.write_str("console"),
        }
    }
}

impl Actor {
    /// Reads the stored text, as `Display` writes it.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        let unknown = || UnknownValue {
            expected: "staff:NAME, rider or console",
            got: text.to_owned(),
        };
        match text.split_once(':') {
            Some(("staff", name)) => StaffName::parse(name)
                .map(Self::Staff)
                .map_err(|_| unknown()),
            None if text == "rider" => Ok(Self::Rider),
            None if text == "console" => Ok(Self::Console),
            _ => Err(unknown()),
        }
    }
}

impl CorrectionKind {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Appeal => "appeal",
            Self::WriteOff => "write-off",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "refund" => Ok(Self::Refund),
            "appeal" => Ok(Self::Appeal),
            "write-off" => Ok(Self::WriteOff),
            other => Err(UnknownValue {
                expected: "refund, appeal or write-off",
                got: other.to_owned(),
            }),
        }
    }
}

impl Verdict {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "approved" => Ok(Self::Approved),
            "rejected" => Ok(Self::Rejected),
            other => Err(UnknownValue {
                expected: "approved or rejected",
                got: other.to_owned(),
            }),
        }
    }
}

impl Subject {
    /// The stored word for what kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Charge(_) => "charge",
            Self::Journey(_) => "journey",
            Self::Payment(_) => "payment",
        }
    }

    /// The sixteen bytes of its id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::Charge(id) => id.as_bytes(),
            Self::Journey(id) => id.as_bytes(),
            Self::Payment(id) => id.as_bytes(),
        }
    }

    /// The subject of that kind and id.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other kind.
    pub fn of(kind: &str, id: [u8; 16]) -> Result<Self, UnknownValue> {
        match kind {
            "charge" => Ok(Self::Charge(ChargeId::from_bytes(id))),
            "journey" => Ok(Self::Journey(JourneyId::from_bytes(id))),
            "payment" => Ok(Self::Payment(PaymentId::from_bytes(id))),
            other => Err(UnknownValue {
                expected: "charge, journey or payment",
                got: other.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        for good in ["anna", "b.o-b_9", "a"] {
            assert_eq!(StaffName::parse(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(41);
        for bad in ["", "Anna", "an na", "staff:x", "ännä", long.as_str()] {
            assert!(StaffName::parse(bad).is_err(), "{bad}");
        }
        assert!(Reason::parse("double_tap").is_ok() && Reason::parse("a.b").is_err());
    }

    #[test]
    fn who_acts_has_one_text() {
        for text in ["staff:anna", "rider", "console"] {
            assert_eq!(Actor::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "anna", "staff:", "staff:Anna", "rider:", "rider:x"] {
            assert!(Actor::parse(bad).is_err(), "{bad}");
        }
    }
}
