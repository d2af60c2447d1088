//! Entries: what happened, as postings that sum to zero.

use std::collections::BTreeMap;
use std::fmt;

use units::{Balance, Currency, EntryId, Timestamp};

use crate::LedgerAccount;

/// One line of an entry: `amount` is added to the balance of `account`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Posting {
    /// The account whose balance changes.
    pub account: LedgerAccount,
    /// By how much; never zero inside an [`Entry`].
    pub amount: Balance,
}

/// What an entry is for. The text form is stable, for stores and dumps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum EntryKind {
    /// The fare of a journey or of a day: `fare`.
    Fare,
    /// The difference that a late tap or another table makes: `correction`.
    Correction,
    /// What a rider is to pay for a service day: `charge`.
    Charge,
    /// What a payment provider took from a rider: `payment`.
    Payment,
    /// What a payment provider gave back to a rider: `refund`.
    Refund,
    /// What a rider's bank took back from the provider, or gave up again: `chargeback`.
    Chargeback,
    /// A charge given up as lost: `write-off`.
    WriteOff,
    /// What the city takes off a fare though the fare was right, two persons agreeing:
    /// `allowance`.
    Allowance,
}

/// A text that names no kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an entry is fare, correction, charge, payment, refund, chargeback, write-off or \
     allowance"
)]
pub struct EntryKindError;

/// A balanced, immutable record of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    id: EntryId,
    at: Timestamp,
    kind: EntryKind,
    description: String,
    postings: Vec<Posting>,
}

/// Why postings make no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// Fewer than two postings.
    #[error("an entry has at least 2 postings, got {got}")]
    TooFew {
        /// Postings given.
        got: usize,
    },
    /// More than [`Entry::POSTINGS_MAX`].
    #[error("an entry has at most {max} postings, got {got}", max = Entry::POSTINGS_MAX)]
    TooMany {
        /// Postings given.
        got: usize,
    },
    /// A posting that moves nothing.
    #[error("posting {index} to {account} is zero")]
    Zero {
        /// Its place in the list, from 0.
        index: usize,
        /// Its account.
        account: LedgerAccount,
    },
    /// The postings of a currency do not sum to zero.
    #[error("the postings in {currency} sum to {sum_minor} minor units, expected 0")]
    Unbalanced {
        /// The currency.
        currency: Currency,
        /// Its sum in minor units; `i128` because a sum of postings may leave `i64`.
        sum_minor: i128,
    },
    /// More than [`Entry::DESCRIPTION_BYTES_MAX`].
    #[error("a description has at most {max} bytes, got {got}", max = Entry::DESCRIPTION_BYTES_MAX)]
    DescriptionTooLong {
        /// Bytes given.
        got: usize,
    },
}

impl Entry {
    /// Postings in one entry: a fare shared among every operator of a country still fits.
    pub const POSTINGS_MAX: usize = 1024;

    /// Bytes of the description: a few sentences.
    pub const DESCRIPTION_BYTES_MAX: usize = 4096;

    /// Makes an entry, or says why the postings are none.
    ///
    /// # Errors
    /// [`PostError`] when there are too few or too many postings, one is zero, a currency does not
    /// sum to zero, or the description is too long.
    pub fn new(
        id: EntryId,
        at: Timestamp,
        kind: EntryKind,
        description: String,
        postings: Vec<Posting>,
    ) -> Result<Self, PostError> {
        let got = postings.len();
        if got < 2 {
            return Err(PostError::TooFew { got });
        }
        if got > Self::POSTINGS_MAX {
            return Err(PostError::TooMany { got });
        }
        if description.len() > Self::DESCRIPTION_BYTES_MAX {
            return Err(PostError::DescriptionTooLong {
                got: description.len(),
            });
        }
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for (index, posting) in postings.iter().enumerate() {
            if posting.amount.as_minor() == 0 {
                return Err(PostError::Zero {
                    index,
                    account: posting.account,
                });
            }
            let sum = sums.entry(posting.amount.currency()).or_default();
            // At most 1024 values of 64 bits: 128 bits hold any such sum exactly.
            *sum = sum.saturating_add(i128::from(posting.amount.as_minor()));
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            Some((currency, sum_minor)) => Err(PostError::Unbalanced {
                currency,
                sum_minor,
            }),
            None => Ok(Self {
                id,
                at,
                kind,
                description,
                postings,
            }),
        }
    }

    /// The id the caller gave.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// When it was posted, as the caller says.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Why, as a sentence for people.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Its postings, in the order given; at least two, none zero, zero in sum per currency.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Fare,
        Self::Correction,
        Self::Charge,
        Self::Payment,
        Self::Refund,
        Self::Chargeback,
        Self::WriteOff,
        Self::Allowance,
    ];

    /// The stable text form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fare => "fare",
            Self::Correction => "correction",
            Self::Charge => "charge",
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::WriteOff => "write-off",
            Self::Allowance => "allowance",
        }
    }

    /// Reads the stable text form.
    ///
    /// # Errors
    /// [`EntryKindError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, EntryKindError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(EntryKindError)
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
