//! Why offered lists are not taken.

use units::Timestamp;
use wire::lists::{ListError, ListName};

/// Why an offer is not taken. What is held stays in force. Numbers and names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not the form, the hash or the signatures that it must have.
    #[error("the list is not taken: {0}")]
    List(#[from] ListError),
    /// Another city's.
    #[error("it is another city's")]
    OtherCity,
    /// A root that is not the next one.
    #[error("expected the root after version {held}, got version {got}")]
    RootVersion {
        /// Held.
        held: u64,
        /// Offered.
        got: u64,
    },
    /// A root of an earlier era.
    #[error("expected era {held} or later, got {got}")]
    EraWentBack {
        /// Held.
        held: u32,
        /// Offered.
        got: u32,
    },
    /// A snapshot of another era than the root's.
    #[error("expected a snapshot of era {held}, got one of {got}")]
    OtherEra {
        /// The root's.
        held: u32,
        /// Offered.
        got: u32,
    },
    /// Root, delegation or snapshot are over.
    #[error("it was over at {} s", .end.as_secs())]
    Over {
        /// When.
        end: Timestamp,
    },
    /// A version before the one that is held.
    #[error("expected version {held} or later, got {got}")]
    WentBack {
        /// Which list; none for the snapshot itself.
        name: Option<ListName>,
        /// Held.
        held: u64,
        /// Offered.
        got: u64,
    },
    /// Another content under the version that is held.
    #[error("another content under the same version")]
    SameVersion {
        /// Which list; none for the snapshot itself.
        name: Option<ListName>,
    },
    /// A list that the snapshot names is not there.
    #[error("the {name} is missing")]
    Incomplete {
        /// Which.
        name: ListName,
    },
}

impl Refused {
    /// Its stable number.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::List(ListError::Threshold { .. }) => 202,
            Self::List(ListError::Signature { .. } | ListError::Stranger { .. }) => 203,
            Self::List(
                ListError::Hash
                | ListError::Length { .. }
                | ListError::Claims { .. }
                | ListError::DeltaMismatch,
            ) => 204,
            Self::List(_) => 201,
            Self::OtherCity => 205,
            Self::RootVersion { .. } => 206,
            Self::EraWentBack { .. } => 207,
            Self::OtherEra { .. } => 208,
            Self::Over { .. } => 209,
            Self::WentBack { .. } => 210,
            Self::SameVersion { .. } => 211,
            Self::Incomplete { .. } => 212,
        }
    }

    /// Its stable name, for metrics and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.code() {
            202 => "too_few_signatures",
            203 => "bad_signature",
            204 => "not_in_snapshot",
            205 => "other_city",
            206 => "not_the_next_root",
            207 => "era_went_back",
            208 => "other_era",
            209 => "over",
            210 => "went_back",
            211 => "same_version",
            212 => "incomplete",
            _ => "not_a_list",
        }
    }
}
