//! Stripe's objects, as far as they are used. Fields that are not named here are left alone; what
//! is not as documented is an error, never a guess.

use serde::Deserialize;
use settlement::charging::{TruthItem, TruthStatus, Unavailable, What};
use units::{Amount, Currency};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    pub(super) has_more: bool,
}

/// What a list is paged by.
pub(super) trait Object {
    fn id(&self) -> &str;
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) payment: String,
    #[serde(default)]
    request: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    amount_received: i64,
    amount: i64,
    currency: String,
    status: String,
    last_payment_error: Option<Problem>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    status: String,
}

/// The body of an answer that is an error.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) error: Problem,
}

#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    #[serde(rename = "type", default)]
    kind: String,
    code: Option<String>,
    decline_code: Option<String>,
}

impl Problem {
    /// The most exact word that there is.
    pub(super) fn code(&self) -> String {
        let words = [&self.decline_code, &self.code];
        let word = words.into_iter().flatten().next();
        word.cloned().unwrap_or_else(|| self.kind.clone())
    }

    /// A key in use, or used for another request: the first request may have done anything.
    pub(super) fn proves_nothing(&self) -> bool {
        let is = |word: &str| self.kind == word || self.code.as_deref() == Some(word);
        is("idempotency_error") || is("idempotency_key_in_use")
    }
}

impl Intent {
    pub(super) fn is_succeeded(&self) -> bool {
        self.status == "succeeded"
    }

    pub(super) fn item(&self) -> Result<TruthItem, Unavailable> {
        // Stripe, "The Payment Intents API": statuses. One that waits for the rider, who is not
        // there, will never be paid.
        let (status, minor) = match self.status.as_str() {
            "succeeded" => (TruthStatus::Done, self.amount_received),
            "processing" | "requires_capture" => (TruthStatus::Open, self.amount),
            "requires_payment_method"
            | "requires_confirmation"
            | "requires_action"
            | "canceled" => {
                let code = self.last_payment_error.as_ref().map(Problem::code);
                let code = code.unwrap_or_else(|| self.status.clone());
                (TruthStatus::Failed { code }, self.amount)
            }
            other => return Err(unknown("status of a payment intent", other)),
        };
        Ok(TruthItem::Requested {
            what: What::Collect,
            number: number_of(&self.metadata)?,
            reference: self.id.clone(),
            amount: amount_of(minor, &self.currency)?,
            status,
        })
    }
}

impl Refund {
    pub(super) fn item(&self) -> Result<TruthItem, Unavailable> {
        let status = match self.status.as_str() {
            // A pending refund has left our balance.
            "succeeded" | "pending" => TruthStatus::Done,
            "requires_action" => TruthStatus::Open,
            "failed" | "canceled" => TruthStatus::Failed {
                code: self.failure_reason.clone().unwrap_or_default(),
            },
            other => return Err(unknown("status of a refund", other)),
        };
        Ok(TruthItem::Requested {
            what: What::GiveBack,
            number: number_of(&self.metadata)?,
            reference: self.id.clone(),
            amount: amount_of(self.amount, &self.currency)?,
            status,
        })
    }
}

impl Dispute {
    /// From the day it begins until it is won, the money is not ours. An inquiry
    /// (`warning_…`) takes nothing.
    pub(super) fn holds_money(&self) -> bool {
        !self.status.starts_with("warning_") && self.status != "won"
    }
}

impl Object for Intent {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Object for Refund {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Object for Dispute {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A refund that staff made at the provider's own pages has no number: 0, which is no request's.
fn number_of(metadata: &Metadata) -> Result<u32, Unavailable> {
    if metadata.request.is_empty() {
        return Ok(0);
    }
    let number = metadata.request.parse();
    number.map_err(|_| unknown("number of a request", &metadata.request))
}

pub(super) fn amount_of(minor: i64, currency: &str) -> Result<Amount, Unavailable> {
    let code = currency.to_ascii_uppercase();
    let currency = Currency::from_code(&code).map_err(|_| unknown("currency", currency))?;
    Amount::new(minor, currency).map_err(|_| unknown("amount", &minor.to_string()))
}

fn unknown(what: &str, got: &str) -> Unavailable {
    Unavailable {
        why: format!("unknown {what}: {got:?}"),
    }
}
