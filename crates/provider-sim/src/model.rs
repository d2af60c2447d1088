//! What the provider keeps, and how it shows it: the fields of Stripe's objects that are used.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use units::Timestamp;

pub(crate) type Metadata = BTreeMap<String, String>;

#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) created: Timestamp,
    pub(crate) metadata: Metadata,
    pub(crate) status: IntentStatus,
    /// When a slow bank says how it ended, and how.
    pub(crate) ends: Option<(Timestamp, IntentStatus)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IntentStatus {
    Succeeded,
    Processing,
    Declined(&'static str),
}

#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) created: Timestamp,
    pub(crate) metadata: Metadata,
    pub(crate) failed: bool,
    /// When it fails.
    pub(crate) fails: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) created: Timestamp,
    pub(crate) status: DisputeStatus,
    pub(crate) ends: Timestamp,
    pub(crate) is_won: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisputeStatus {
    NeedsResponse,
    Won,
    Lost,
}

/// A movement of the city's balance at the provider.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    /// Stripe's `reporting_category`.
    pub(crate) category: &'static str,
    pub(crate) source: String,
    /// The metadata `payment` of the intent.
    pub(crate) payment: String,
    pub(crate) gross: i64,
    pub(crate) fee: i64,
    pub(crate) currency: String,
}

impl Intent {
    pub(crate) fn json(&self) -> Value {
        let (status, error) = match &self.status {
            IntentStatus::Succeeded => ("succeeded", Value::Null),
            IntentStatus::Processing => ("processing", Value::Null),
            IntentStatus::Declined(code) => (
                "requires_payment_method",
                json!({"type": "card_error", "code": "card_declined", "decline_code": code}),
            ),
        };
        let received = if self.status == IntentStatus::Succeeded {
            self.amount
        } else {
            0
        };
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_received": received,
            "currency": self.currency,
            "customer": self.customer,
            "created": self.created.as_secs(),
            "status": status,
            "last_payment_error": error,
            "metadata": self.metadata,
        })
    }
}

impl Refund {
    pub(crate) fn json(&self, currency: &str) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "currency": currency,
            "payment_intent": self.intent,
            "created": self.created.as_secs(),
            "status": if self.failed { "failed" } else { "succeeded" },
            "failure_reason": if self.failed { json!("unknown") } else { Value::Null },
            "metadata": self.metadata,
        })
    }
}

impl Dispute {
    pub(crate) fn json(&self, currency: &str) -> Value {
        let status = match self.status {
            DisputeStatus::NeedsResponse => "needs_response",
            DisputeStatus::Won => "won",
            DisputeStatus::Lost => "lost",
        };
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "currency": currency,
            "payment_intent": self.intent,
            "created": self.created.as_secs(),
            "reason": "fraudulent",
            "status": status,
        })
    }
}
