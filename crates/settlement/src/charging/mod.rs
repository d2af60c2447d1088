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

mod invoiced;
mod machine;
mod model;
mod plan;
mod ports;
mod posting;
mod prepaid;
mod profile;
mod reconcile;
mod sweep;
mod turn;
mod work;

use units::{AccountId, Amount, PaymentId, ProviderId};

pub use invoiced::Invoiced;
pub use machine::{Step, after, ask, next_step, wake};
pub use model::{
    Attempt, CODE_CHARS_MAX, Payment, Request, Stage, Totals, Truth, TruthItem, TruthStatus, What,
};
pub use plan::{Plan, PlanError, payment_of, plan};
pub use ports::{
    BankWord, ClosedWindows, InvoiceBook, InvoicedOrder, Owing, PaymentProvider, PaymentStore,
    PrepaidBook, TopUp,
};
pub use posting::{PostingFault, differences, top_up_entry, write_off};
pub use prepaid::{Drawn, Prepaid};
pub use profile::{Mandate, Means, PayWindow, Payer, PaymentProfile};
pub use reconcile::{Difference, Line, LineKind, Reason, ours, reconcile};
pub use sweep::{Swept, is_due_in_sweep, sweep_done, sweep_open};
pub use turn::{Planned, Terms, plan_account, plan_page};
pub use work::{Worked, work, work_on};

/// What is asked of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The payment.
    pub payment: PaymentId,
    /// Whose.
    pub account: AccountId,
    /// To whom.
    pub provider: ProviderId,
    /// What the provider knows the rider by.
    pub payer: Option<String>,
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
