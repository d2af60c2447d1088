//! Body of what a rider has to pay.

use serde::{Deserialize, Serialize};
use units::{ChargeId, PaymentId, ServiceDay};
use utoipa::ToSchema;

use crate::{Rfc3339, Text, schema};

/// `GET /v1/me/debt` and `POST /v1/me/pay` → 200: what is open of one rider's payments.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Debt {
    /// ISO 4217 code of every amount here.
    pub currency: String,
    /// Could not be collected, or was taken back by a bank, in minor units.
    pub overdue_minor: i64,
    /// On its way, in minor units.
    pub expected_minor: i64,
    /// Since when something is overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Time>)]
    pub overdue_since: Option<Rfc3339>,
    /// Why gates refuse the rider's codes for debt, in one sentence; absent where they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<String>,
    /// What is overdue, by pay window.
    pub payments: Vec<OverduePayment>,
}

/// A payment that is overdue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OverduePayment {
    /// The payment.
    #[schema(value_type = schema::Uuid)]
    pub payment_id: Text<PaymentId>,
    /// The first day of the pay window.
    #[schema(value_type = schema::Day)]
    pub window: Text<ServiceDay>,
    /// The whole payment, in minor units.
    pub amount_minor: i64,
    /// What is open of it, in minor units.
    pub open_minor: i64,
    /// The provider's word for why it could not be collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether `POST /v1/me/pay` would collect it now: not while it is under way, nor right after
    /// a failure.
    pub can_pay_now: bool,
    /// The charges that it gathers.
    #[schema(value_type = Vec<schema::Uuid>)]
    pub charges: Vec<Text<ChargeId>>,
}
