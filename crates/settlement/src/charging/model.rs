//! What is kept about a payment, and what a provider says of one.

use units::{AccountId, Amount, Currency, PaymentId, ProviderId, ServiceDay, Timestamp};

use crate::ids;
use crate::model::UnknownValue;

/// Characters kept of a provider's word for a failure: its own words have some twenty.
pub const CODE_CHARS_MAX: usize = 100;

/// What one rider owes for one pay window, as one sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Derived from account, window and revision.
    pub id: PaymentId,
    /// Who pays.
    pub account: AccountId,
    /// The first day of the pay window.
    pub window: ServiceDay,
    /// 1 for the window's first payment; more when charges came after it was made.
    pub revision: u32,
    /// Through whom.
    pub provider: ProviderId,
    /// What the provider knows the rider by ([`super::Means::payer`]): fixed when the payment is
    /// made, so that it is looked up where it was asked for, whatever the rider changes later.
    pub payer: Option<String>,
    /// How much, above zero.
    pub amount: Amount,
    /// How much of it is to be given back again, all in all.
    pub give_back: Amount,
    /// When it was made.
    pub made_at: Timestamp,
    /// How far it has got.
    pub stage: Stage,
    /// When to act on it next; `None` = only when somebody asks ([`super::wake`]).
    pub due: Option<Timestamp>,
    /// The request that is under way: durable before it is sent, gone when its end is known.
    pub request: Option<Request>,
    /// Requests made so far, the last number used.
    pub requests: u32,
    /// The rider asks for it to be collected once more, whatever the ladder says; until then done.
    pub asked: bool,
    /// Collections that failed, in order: what the ladder of retries goes by.
    pub failed: Vec<Attempt>,
    /// What is posted to the ledger of it.
    pub posted: Totals,
    /// What two persons have given up of it ([`super::write_off`]), minor units; never more than is
    /// open, so money that comes in after all lessens it.
    pub written_off: i64,
    /// Entries posted so far, the last number used in their ids.
    pub entries: u32,
    /// Counts the writes; 0 = not stored yet.
    pub version: u64,
}

/// How far a payment has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// To be collected when it is due.
    Due,
    /// Collected or, where it was written off, given up.
    Paid,
    /// The ladder of retries is at its end, or a bank took the money back: a debt.
    Debt,
}

/// Which way money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// From the rider.
    Collect,
    /// To the rider.
    GiveBack,
}

/// A request to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which way.
    pub what: What,
    /// Its number within the payment, from 1.
    pub number: u32,
    /// How much, above zero.
    pub amount: Amount,
    /// What the provider calls the collection that a give-back comes from.
    pub from: Option<String>,
    /// When it was first sent, or about to be.
    pub first_sent: Timestamp,
    /// How often it was sent without its end being known; spaces the look-ups.
    pub sent: u32,
}

/// A collection that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it was known to have failed.
    pub at: Timestamp,
    /// The provider's word for why.
    pub code: String,
}

/// Sums of a payment, in minor units of its currency, each at least 0 at a provider in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Taken from the rider.
    pub collected: i64,
    /// Given back to the rider.
    pub given_back: i64,
    /// Taken back by the rider's bank.
    pub charged_back: i64,
}

/// What a provider says that there is of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    /// In no particular order.
    pub items: Vec<TruthItem>,
}

/// One thing that a provider has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TruthItem {
    /// Made by a request of ours.
    Requested {
        /// Which way.
        what: What,
        /// The request's number, as the provider kept it.
        number: u32,
        /// What the provider calls it.
        reference: String,
        /// How much.
        amount: Amount,
        /// What became of it.
        status: TruthStatus,
    },
    /// The rider's bank holds or took this much back.
    ChargedBack(Amount),
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TruthStatus {
    /// The money moved.
    Done,
    /// It did not, and this request will not move it any more.
    Failed {
        /// The provider's word for why.
        code: String,
    },
    /// Not known yet.
    Open,
}

impl Stage {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Paid => "paid",
            Self::Debt => "debt",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "due" => Ok(Self::Due),
            "paid" => Ok(Self::Paid),
            "debt" => Ok(Self::Debt),
            other => Err(UnknownValue {
                expected: "due, paid or debt",
                got: other.to_owned(),
            }),
        }
    }
}

impl What {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::GiveBack => "give-back",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "collect" => Ok(Self::Collect),
            "give-back" => Ok(Self::GiveBack),
            other => Err(UnknownValue {
                expected: "collect or give-back",
                got: other.to_owned(),
            }),
        }
    }
}

impl Attempt {
    /// A failure at `at`, for the provider's word `code`: a line of text for logs and pages, so
    /// control characters are left out and what is longer than [`CODE_CHARS_MAX`] is cut.
    #[must_use]
    pub fn new(at: Timestamp, code: &str) -> Self {
        let kept = code.chars().filter(|char| !char.is_control());
        Self {
            at,
            code: kept.take(CODE_CHARS_MAX).collect(),
        }
    }

    /// Failures as a stored text: a line for each, its microseconds since 1970, a blank, its code.
    #[must_use]
    pub fn write_all(failed: &[Self]) -> String {
        let line = |one: &Self| format!("{} {}\n", one.at.as_micros(), one.code);
        failed.iter().map(line).collect()
    }

    /// Reads what [`Self::write_all`] wrote.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn read_all(text: &str) -> Result<Vec<Self>, UnknownValue> {
        let read = |line: &str| {
            let (at, code) = line.split_once(' ')?;
            Some(Self::new(Timestamp::from_micros(at.parse().ok()?), code))
        };
        let unknown = |line: &str| UnknownValue {
            expected: "microseconds and a code",
            got: line.to_owned(),
        };
        text.lines()
            .map(|line| read(line).ok_or_else(|| unknown(line)))
            .collect()
    }
}

impl Payment {
    /// What the rider still owes of it: a bank that took money back opens it again, money that we
    /// gave back does not, and what was written off is owed no more.
    #[must_use]
    pub fn open_minor(&self) -> i64 {
        self.open_by(self.posted)
    }

    /// The same where `totals` are what a provider has of it.
    pub(super) fn open_by(&self, totals: Totals) -> i64 {
        let left = self.uncollected(totals).saturating_sub(self.written_off);
        left.max(0)
    }

    /// What of it did not come in by `totals`.
    pub(super) fn uncollected(&self, totals: Totals) -> i64 {
        let kept = totals.collected.saturating_sub(totals.charged_back);
        self.amount.as_minor().saturating_sub(kept).max(0)
    }

    /// Whether collecting it has failed, or a bank took it back, and it is still open.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.open_minor() > 0 && (!self.failed.is_empty() || self.stage == Stage::Debt)
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.amount.currency()
    }

    /// The idempotency key of its request `number`.
    #[must_use]
    pub fn key(&self, number: u32) -> [u8; 16] {
        ids::request_key(self.id, number)
    }
}

impl Truth {
    /// Its sums; what is not done moves nothing. `None` where they leave 64 bits or another
    /// currency is among them.
    #[must_use]
    pub fn totals(&self, currency: Currency) -> Option<Totals> {
        let mut totals = Totals::default();
        for item in &self.items {
            let (sum, amount) = match item {
                TruthItem::Requested {
                    what,
                    amount,
                    status: TruthStatus::Done,
                    ..
                } => match what {
                    What::Collect => (&mut totals.collected, amount),
                    What::GiveBack => (&mut totals.given_back, amount),
                },
                TruthItem::Requested { .. } => continue,
                TruthItem::ChargedBack(amount) => (&mut totals.charged_back, amount),
            };
            if amount.currency() != currency {
                return None;
            }
            *sum = sum.checked_add(amount.as_minor())?;
        }
        Some(totals)
    }
}
