//! Charging: what a rider owes for a pay window reaches a payment provider once.
//!
//! A [`Payment`] gathers the charges of one rider and pay window. Before anything is asked of a
//! provider, the [`Request`] is durable (an outbox): its key is derived from the payment and the
//! request's number, so it is the same after every crash. Whatever the provider answers, or does
//! not, the payment is then *looked up* there; what is found is posted to the ledger as the
//! difference to what is posted already. So money enters the ledger in one way only, and that way
//! can be gone any number of times.
//!
//! - No answer: look up, and only when nothing is found there send again, with the same key. A
//!   provider that remembers the key repeats its first answer; one that has forgotten it has
//!   forgotten nothing that the look-up would not have found.
//! - A webhook is a reason to look up, never more: late, repeated and reordered ones change
//!   nothing.
//! - A new request is made only when the one before is known to have failed.
//!
//! Signs are the ledger's: a payment posts +amount to clearing, −amount to the provider.

mod machine;
mod model;
mod plan;
mod posting;
mod prepaid;
mod reconcile;
mod work;

#[cfg(feature = "testing")]
mod memory;

use std::future::Future;

use units::{AccountId, Amount, PaymentId, Timestamp};

pub use machine::{Step, after, next_step, wake};
#[cfg(feature = "testing")]
pub use memory::{MemoryPayments, MemoryPrepaid};
pub use model::{
    Attempt, Payment, PaymentEntry, Request, Stage, Totals, Truth, TruthItem, TruthStatus, What,
};
pub use plan::{Plan, PlanError, payment_of, plan};
pub use posting::{PostingFault, differences};
pub use prepaid::{Drawn, Prepaid, PrepaidBook};
pub use reconcile::{Difference, Line, LineKind, Reason, ours, reconcile};
pub use work::{Worked, work};

use crate::ports::StoreError;

/// A payment provider, as charging uses it.
///
/// Its implementations are prepaid balances ([`Prepaid`]) and a provider's HTTP interface (crate
/// `provider`).
pub trait PaymentProvider: Send + Sync {
    /// Asks for money, or for some to be given back. Sending the same order again must be safe
    /// for as long as the provider remembers its key.
    fn send(&self, order: &Order) -> impl Future<Output = Answer> + Send;

    /// Everything that the provider has about a payment.
    ///
    /// What it has not, it will only have by a request that it is still working on or that is sent
    /// to it afterwards.
    fn look_up(&self, payment: &Payment)
    -> impl Future<Output = Result<Truth, Unavailable>> + Send;
}

/// What is asked of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The payment.
    pub payment: PaymentId,
    /// Whose.
    pub account: AccountId,
    /// Which way the money goes.
    pub what: What,
    /// The request's number within the payment, from 1.
    pub number: u32,
    /// The idempotency key: a UUID, the same whenever the same request is sent.
    pub key: [u8; 16],
    /// How much, above zero.
    pub amount: Amount,
    /// For [`What::GiveBack`]: what the provider calls the collection that it comes from.
    pub from: Option<String>,
}

/// What came back; the look-up that follows says what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The provider has the request.
    Heard,
    /// The provider refused it before doing anything, and will again: nothing was made of it.
    Refused {
        /// The provider's word for why.
        code: String,
    },
    /// No answer, or one that says nothing.
    Unheard,
}

/// A look-up that could not be made now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider cannot be asked now: {why}")]
pub struct Unavailable {
    /// What happened.
    pub why: String,
}

/// Where payments are kept.
pub trait PaymentStore: Send + Sync {
    /// Up to `limit` payments whose time has come, in order of (due, id). Two workers may get the
    /// same one: [`Self::save`] lets one of them go on.
    fn due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;

    /// The payment of that id.
    fn payment(
        &self,
        id: PaymentId,
    ) -> impl Future<Output = Result<Option<Payment>, StoreError>> + Send;

    /// Writes the payment and adds the entries in one transaction, if what is stored still has the
    /// version that `payment` was read with; the stored version is one more. Answers whether it
    /// did, after the commit. A payment of version 0 is new.
    fn save(
        &self,
        payment: &Payment,
        entries: &[PaymentEntry],
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
