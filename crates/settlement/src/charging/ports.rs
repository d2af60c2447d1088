//! What charging needs of a store and of a payment provider.

use std::future::Future;

use units::{AccountId, Amount, Currency, PaymentId, ProviderId, ServiceDay, Timestamp};

use super::plan::{Plan, PlanError};
use super::profile::PaymentProfile;
use super::{Answer, Drawn, Order, PayWindow, Payment, Truth, Unavailable};
use crate::model::{PostedEntry, StoredCharge, UnknownValue};
use crate::ports::StoreError;

/// A payment provider, as charging uses it.
///
/// Its implementations are prepaid balances ([`super::Prepaid`]), invoices ([`super::Invoiced`])
/// and a provider's HTTP interface (crate `provider`).
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

/// Where payments are kept. Every method is one transaction.
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

    /// The payments of an account, ordered by window and revision.
    fn payments_of(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;

    /// The next `limit` payments after `after`, ordered by account and id: all there are.
    fn payments_page(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;

    /// The next `limit` payments after `after`, ordered by account and id, that are not done
    /// ([`super::Stage::Paid`]): found without reading those that are.
    fn open_payments(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;

    /// Up to `limit` payments that were made after `after` and no later than `through`, ordered by
    /// when they were made and id: found without reading others. Of those made at the instant of
    /// `after`, the ones above its id are meant, or none.
    fn payments_made(
        &self,
        after: (Timestamp, Option<PaymentId>),
        through: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;

    /// Writes the payment and adds the entries, if what is stored still has the version that
    /// `payment` was read with; the stored version is one more. Answers whether it did, after the
    /// commit. A payment of version 0 is new.
    fn save(
        &self,
        payment: &Payment,
        entries: &[PostedEntry],
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The next `limit` accounts after `after`, in order, that have a pending charge of a window
    /// that is over.
    fn accounts_to_plan(
        &self,
        windows: &ClosedWindows,
        after: Option<AccountId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AccountId>, StoreError>> + Send;

    /// Gives what an account owes to `decide` and writes the plan: its payments as
    /// [`Plan::payments`] says, and its charges as settled by the payment. In one transaction:
    /// nobody plans the same charge twice. Answers whether there was anything to write.
    fn plan<F>(
        &self,
        account: AccountId,
        now: Timestamp,
        decide: F,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send
    where
        F: Fn(&Owing) -> Result<Plan, PlanError> + Send + Sync;

    /// The charges that a payment gathered, ordered by day and revision.
    fn charges_of(
        &self,
        payment: &Payment,
    ) -> impl Future<Output = Result<Vec<StoredCharge>, StoreError>> + Send;

    /// How an account pays, where it has said so.
    fn profile(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Result<Option<PaymentProfile>, StoreError>> + Send;

    /// Keeps how an account pays, in place of what was kept; payments that are made already stay
    /// with their provider.
    fn set_profile(
        &self,
        profile: &PaymentProfile,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Which pay windows are over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedWindows {
    /// The last service day whose charges are final enough to be collected.
    pub closed: ServiceDay,
    /// The window of accounts that have not said how they pay; `None` = nothing is collected from
    /// them.
    pub unsaid: Option<PayWindow>,
}

impl ClosedWindows {
    /// The last day of the newest window of that length that is over.
    #[must_use]
    pub fn through(&self, window: PayWindow) -> ServiceDay {
        window.closed_through(self.closed)
    }
}

/// What an account owes, as planning reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owing {
    /// Who.
    pub account: AccountId,
    /// How it pays, where it has said so.
    pub profile: Option<PaymentProfile>,
    /// Its pending charges, ordered by day and revision.
    pub charges: Vec<StoredCharge>,
    /// Its payments, ordered by window and revision.
    pub payments: Vec<Payment>,
}

/// Where prepaid balances and what was drawn from them are kept.
pub trait PrepaidBook: Send + Sync {
    /// Draws the order's amount from the balance of its account, or puts it back there, in one
    /// transaction and once per (payment, number): a repeated order changes nothing and gives the
    /// first answer. Answers whether there was enough; what was refused is remembered as well.
    fn draw(&self, order: &Order) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What was drawn, put back and refused for a payment, ordered by number.
    fn drawn(
        &self,
        payment: &Payment,
    ) -> impl Future<Output = Result<Vec<Drawn>, StoreError>> + Send;

    /// Adds money to an account's balance and posts it, in one transaction and once per
    /// ([`TopUp::reference`]): whether it was new.
    fn top_up(&self, top_up: &TopUp) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What is left of what an account paid ahead, in minor units.
    fn prepaid_minor(
        &self,
        account: AccountId,
        currency: Currency,
    ) -> impl Future<Output = Result<i64, StoreError>> + Send;
}

/// Money that a rider paid ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUp {
    /// Who.
    pub account: AccountId,
    /// The provider that the prepaid balances are.
    pub prepaid: ProviderId,
    /// Who took the money and has to hand it over.
    pub through: ProviderId,
    /// The receipt's or transfer's own reference: the same one is never counted twice.
    pub reference: String,
    /// How much, above zero.
    pub amount: Amount,
    /// The service day it is posted to.
    pub day: ServiceDay,
    /// When.
    pub at: Timestamp,
}

/// Where invoices for a bank are kept until its statement says what became of them.
pub trait InvoiceBook: Send + Sync {
    /// Writes an order down, once per (payment, number).
    fn invoice(&self, order: &Order) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What was written down for a payment, ordered by number.
    fn invoiced(
        &self,
        payment: &Payment,
    ) -> impl Future<Output = Result<Vec<InvoicedOrder>, StoreError>> + Send;

    /// Takes up to `limit` orders that are in no file yet into file `file` and gives them, ordered
    /// by account, payment and number; a file that was taken before gives the same orders again,
    /// so that one that was lost can be written anew.
    fn take_file(
        &self,
        file: &str,
        what: super::What,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<InvoicedOrder>, StoreError>> + Send;

    /// What the bank's statement says of an order: its first word and, for an order that was paid,
    /// that it was taken back, count. Answers whether the order is known.
    fn bank_says(
        &self,
        payment: PaymentId,
        number: u32,
        word: &BankWord,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// An order in the book of invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoicedOrder {
    /// Whose.
    pub account: AccountId,
    /// The payment.
    pub payment: PaymentId,
    /// The request's number within its payment.
    pub number: u32,
    /// Which way.
    pub what: super::What,
    /// How much.
    pub amount: Amount,
    /// What the bank says of it.
    pub word: BankWord,
}

/// What a bank says of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BankWord {
    /// Nothing yet.
    Open,
    /// The money came.
    Paid,
    /// It did not, and will not on this invoice.
    Failed(String),
    /// It came and was taken back.
    TakenBack(String),
}

impl BankWord {
    /// The stored text.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Failed(_) => "failed",
            Self::TakenBack(_) => "taken-back",
        }
    }

    /// Reads the stored text and, where there is one, the bank's code.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str, code: &str) -> Result<Self, UnknownValue> {
        match text {
            "open" => Ok(Self::Open),
            "paid" => Ok(Self::Paid),
            "failed" => Ok(Self::Failed(code.to_owned())),
            "taken-back" => Ok(Self::TakenBack(code.to_owned())),
            other => Err(UnknownValue {
                expected: "open, paid, failed or taken-back",
                got: other.to_owned(),
            }),
        }
    }

    /// The bank's code for why there is no money; empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Open | Self::Paid => "",
            Self::Failed(code) | Self::TakenBack(code) => code,
        }
    }

    /// Whether a bank's word `next` counts after this one.
    #[must_use]
    pub const fn may_become(&self, next: &Self) -> bool {
        matches!(
            (self, next),
            (
                Self::Open,
                Self::Paid | Self::Failed(_) | Self::TakenBack(_)
            ) | (Self::Paid, Self::TakenBack(_))
        )
    }
}
