//! What corrections need from a store.

use std::future::Future;

use units::{AccountId, Amount, ChargeId, CorrectionId, ServiceDay, Timestamp};

use crate::charging::Payment;
use crate::model::{
    AccountDay, Actor, Correction, CorrectionKind, Decision, PostedEntry, StoredCharge,
    StoredJourney,
};
use crate::ports::{ChargeChange, MoneyFault, SettlementStore, StoreError};

/// Where corrections and the audit trail are kept.
pub trait CorrectionStore: SettlementStore {
    /// The charge of that id, found without reading any other.
    fn charge(
        &self,
        id: ChargeId,
    ) -> impl Future<Output = Result<Option<StoredCharge>, StoreError>> + Send;

    /// The correction of that id.
    fn correction(
        &self,
        id: CorrectionId,
    ) -> impl Future<Output = Result<Option<Correction>, StoreError>> + Send;

    /// Up to `limit` corrections after `after`, in order of (made at, id).
    fn corrections(
        &self,
        filter: &CorrectionFilter,
        after: Option<PageAfter>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Correction>, StoreError>> + Send;

    /// Gives what is stored about an account's day to `decide` and writes what it says, in one
    /// transaction during which nothing else changes that day. Where `decide` refuses, nothing is
    /// written. Answers after the commit.
    fn correct<F>(
        &self,
        account: AccountId,
        day: ServiceDay,
        decide: F,
    ) -> impl Future<Output = Result<Result<(), Refused>, StoreError>> + Send
    where
        F: Fn(&Case) -> Result<CaseChange, Refused> + Send + Sync;

    /// Adds a line to the audit trail.
    fn audit(&self, line: &AuditLine) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Up to `limit` lines of the audit trail below number `before`, the newest first.
    fn audit_trail(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(u64, AuditLine)>, StoreError>> + Send;
}

/// What is stored about an account's day, read under the transaction's lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Where the day stands; `None` when it was never settled.
    pub day: Option<AccountDay>,
    /// Its journeys.
    pub journeys: Vec<StoredJourney>,
    /// Its charges, ordered by revision.
    pub charges: Vec<StoredCharge>,
    /// Its corrections, ordered by when they were made and id.
    pub corrections: Vec<Correction>,
    /// The account's payments of the pay window that begins on the day, ordered by revision.
    pub payments: Vec<Payment>,
}

/// What correcting a day writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseChange {
    /// A correction that is new.
    pub asked: Option<Correction>,
    /// The decision of a correction that had none.
    pub decided: Option<(CorrectionId, Decision)>,
    /// What an approval does to the day.
    pub books: Option<ChargeChange>,
    /// What an approved write-off does to a payment of [`Case::payments`], and its entry.
    pub payment: Option<(Payment, PostedEntry)>,
    /// The line of the audit trail; `None` where nothing changes.
    pub audit: Option<AuditLine>,
}

/// One line of the audit trail: who did what to what. Never changed, never deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Actor,
    /// What was done: a stable word such as `refund.approve`.
    pub action: String,
    /// To what: an id or a name.
    pub subject: String,
    /// The particulars, in words.
    pub detail: String,
}

/// Which corrections to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CorrectionFilter {
    /// Only of this kind.
    pub kind: Option<CorrectionKind>,
    /// Only those that wait for a decision.
    pub open: bool,
    /// Only of this account.
    pub account: Option<AccountId>,
}

/// Where a page goes on: after the item that was made then and has this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageAfter {
    /// When the last item of the page before was made.
    pub made_at: Timestamp,
    /// Its id.
    pub id: CorrectionId,
}

/// Why a correction is not made. A value, with a sentence for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is no such charge, journey, payment or correction of that account and day.
    #[error("there is no such charge, journey, payment or request")]
    Unknown,
    /// The id is taken by another request.
    #[error("another request has this id already")]
    IdTaken,
    /// It has a decision already.
    #[error("this was {verdict} already", verdict = .0.verdict.as_str())]
    Decided(Box<Decision>),
    /// Who proposed it may not approve it.
    #[error("who proposed it may not approve it: another person has to")]
    SamePerson,
    /// The amount is not above zero or in another currency than what it is about.
    #[error("an amount is above zero and in the currency of the charges")]
    NoAmount,
    /// More than can be given back.
    #[error("at most {left} can be given back: the rest was refunded or was never charged")]
    TooMuch {
        /// What can be given back.
        left: Amount,
    },
    /// More than is overdue.
    #[error("at most {left} can be written off: no more of this payment is overdue")]
    AboveDebt {
        /// What can be written off.
        left: Amount,
    },
    /// The note has too many bytes.
    #[error("a note has at most {max} bytes, got {got}", max = crate::model::NOTE_BYTES_MAX)]
    NoteTooLong {
        /// Bytes given.
        got: usize,
    },
    /// The decision needs words: a rejection or an answer that says nothing helps nobody.
    #[error("say why in a few words")]
    NoNote,
    /// The books do not add up.
    #[error("the money does not add up")]
    Money(#[from] MoneyFault),
}
