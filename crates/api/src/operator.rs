//! Bodies of the operator's routes, `/v1/operator/…`: staff, days, queues, charges, refunds.

use serde::{Deserialize, Serialize};
use units::{AccountId, ChargeId, CorrectionId, DeviceId, JourneyId, PaymentId, ServiceDay, TapId};
use utoipa::ToSchema;

use crate::{Rfc3339, Text, schema};

/// `POST /v1/operator/session`: signs a browser in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"}))]
pub struct SignIn {
    /// The token that `faregate staff add` printed.
    pub token: String,
}

/// Who is signed in, and what they may do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StaffBody {
    /// The name.
    pub name: String,
    /// `viewer`, `agent` or `approver`.
    pub role: String,
    /// Whether they may propose refunds and answer appeals.
    pub may_propose: bool,
    /// Whether they may decide refunds that others proposed.
    pub may_decide: bool,
    /// The city they work for.
    pub city: String,
    /// ISO 4217 code of the city's money.
    pub currency: String,
    /// Digits after the point of that money.
    pub exponent: u8,
}

/// A page of a list in a fixed order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give it as `cursor` for the next page; `None` after the last. Its content is ours.
    pub next: Option<String>,
}

/// What a service day has come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DayBody {
    /// The day.
    #[schema(value_type = schema::Day)]
    pub day: Text<ServiceDay>,
    /// `open` while a rider's day is not closed, else `closed`.
    pub state: String,
    /// Riders' days that are not closed.
    pub open_days: u64,
    /// Riders that travelled.
    pub riders: u64,
    /// Taps that were settled.
    pub taps: u64,
    /// Journeys.
    pub journeys: u64,
    /// Journeys that lack an end.
    pub incomplete: u64,
    /// Journeys that no fare applies to.
    pub unpriced: u64,
    /// Net fares.
    pub fares_minor: i64,
    /// Net charges.
    pub charged_minor: i64,
    /// Approved refunds, as far as there are fares.
    pub refunded_minor: i64,
}

/// `GET /v1/operator/queues`: what waits for a worker or a human.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Queues {
    /// Riders' days that wait to be settled.
    pub dirty_days: u64,
    /// Riders' days that cannot be settled or charged: `GET faults` lists them.
    pub faulty_days: u64,
    /// Records of gates whose evidence is not judged yet.
    pub unjudged: u64,
    /// Records set aside, by reason.
    pub quarantined: Vec<Count>,
    /// Taps that are not priced, by why.
    pub flagged: Vec<Count>,
    /// Records that came with other bytes under a stored number.
    pub conflicts: u64,
    /// Batches whose chain does not go on where a stored one ended.
    pub chain_breaks: u64,
    /// Records of devices that are missing though later ones are here.
    pub gaps: Vec<GapBody>,
    /// Refunds and appeals that wait for a decision; `100` means a hundred or more.
    pub open_requests: u64,
}

/// How many of what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// Of what.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// Missing records of a device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct GapBody {
    /// The device.
    #[schema(value_type = schema::Uuid)]
    pub device_id: Text<DeviceId>,
    /// Its epoch.
    pub epoch: u32,
    /// The first record that is missing.
    pub first_missing: u64,
    /// The first that is here beyond it.
    pub stored_beyond: u64,
}

/// A journey that somebody should look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExceptionBody {
    /// Whose.
    #[schema(value_type = schema::Uuid)]
    pub account_id: Text<AccountId>,
    /// The journey.
    #[schema(value_type = schema::Uuid)]
    pub journey_id: Text<JourneyId>,
    /// `complete`, `no_tap_off` or `no_tap_on`.
    pub status: String,
    /// Its fare; none where no fare applies.
    pub fare_minor: Option<i64>,
    /// When it began.
    #[schema(value_type = schema::Time)]
    pub started_at: Rfc3339,
    /// The whole journey in one sentence.
    pub because: String,
}

/// A rider's day that cannot be settled or charged. It stands as it last stood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FaultBody {
    /// Whose.
    #[schema(value_type = schema::Uuid)]
    pub account_id: Text<AccountId>,
    /// Which day.
    #[schema(value_type = schema::Day)]
    pub day: Text<ServiceDay>,
    /// What is wrong, in a sentence.
    pub because: String,
    /// When it was found last.
    #[schema(value_type = schema::Time)]
    pub since: Rfc3339,
}

/// What honest riders and gates do not do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FraudBody {
    /// Whose taps they are.
    #[schema(value_type = schema::Uuid)]
    pub account_id: Text<AccountId>,
    /// `watch`: it may be innocent. `ask`: it came again.
    pub advice: String,
    /// What was seen.
    pub findings: Vec<FindingBody>,
}

/// One thing that was seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FindingBody {
    /// On which day.
    #[schema(value_type = schema::Day)]
    pub day: Text<ServiceDay>,
    /// What kind of thing.
    pub kind: String,
    /// In a sentence.
    pub because: String,
}

/// A charge in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ListedCharge {
    /// The charge.
    #[schema(value_type = schema::Uuid)]
    pub charge_id: Text<ChargeId>,
    /// Who pays.
    #[schema(value_type = schema::Uuid)]
    pub account_id: Text<AccountId>,
    /// For which day.
    #[schema(value_type = schema::Day)]
    pub day: Text<ServiceDay>,
    /// 1 for the day's first; later ones are adjustments.
    pub revision: u32,
    /// Taken (positive) or given back (negative).
    pub amount_minor: i64,
    /// How far it has got.
    pub state: String,
    /// When it was made.
    #[schema(value_type = schema::Time)]
    pub at: Rfc3339,
    /// Why, in a sentence.
    pub because: String,
}

/// Why a charge is what it is, down to the taps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChargeExplanation {
    /// The charge.
    #[schema(value_type = schema::Uuid)]
    pub charge: Text<ChargeId>,
    /// Who pays.
    #[schema(value_type = schema::Uuid)]
    pub account: Text<AccountId>,
    /// For which day.
    #[schema(value_type = schema::Day)]
    pub day: Text<ServiceDay>,
    /// 1 for the day's first; later ones are adjustments.
    pub revision: u32,
    /// Taken (positive) or given back (negative).
    pub amount_minor: i64,
    /// ISO 4217 code of every amount here.
    pub currency: String,
    /// How far it has got.
    pub state: String,
    /// Why, in a sentence.
    pub because: String,
    /// Its day, down to the taps.
    #[serde(flatten)]
    pub of_day: DayExplanation,
}

/// What a rider's day has come to, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DayExplanation {
    /// The day's journeys as they stand now.
    pub journeys: Vec<ExplainedJourney>,
    /// Taps that are not priced, and why.
    pub not_priced: Vec<NotPriced>,
    /// Every charge of the day; together they are its fares less its refunds.
    pub charges: Vec<ExplainedCharge>,
    /// The day's refunds and appeals.
    pub requests: Vec<RequestBody>,
}

/// A journey, its taps, and how its fare is made up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplainedJourney {
    /// The journey.
    #[schema(value_type = schema::Uuid)]
    pub journey: Text<JourneyId>,
    /// `complete`, `no_tap_off` or `no_tap_on`.
    pub status: String,
    /// Its fare; none where no fare applies.
    pub fare_minor: Option<i64>,
    /// The whole journey in one sentence.
    pub because: String,
    /// The language of its sentences: `en`, `zh` or `ko`.
    pub language: String,
    /// Its taps, in order of time.
    pub taps: Vec<ExplainedTap>,
    /// The lines of its fare.
    pub lines: Vec<ExplainedLine>,
}

/// A tap.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplainedTap {
    /// The tap.
    #[schema(value_type = schema::Uuid)]
    pub tap: Text<TapId>,
    /// What clocks in the city showed.
    pub at: String,
    /// `on` or `off`.
    pub kind: String,
    /// The stop's name.
    pub stop: String,
}

/// A line of a fare.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplainedLine {
    /// What it adds.
    pub amount_minor: i64,
    /// The file of the rule.
    pub file: Option<String>,
    /// Its row there; the header is row 1.
    pub row: Option<u64>,
    /// Why.
    pub because: String,
}

/// A tap that costs nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct NotPriced {
    /// The tap.
    #[schema(value_type = schema::Uuid)]
    pub tap: Text<TapId>,
    /// Why.
    pub why: String,
}

/// One charge of the day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExplainedCharge {
    /// The charge.
    #[schema(value_type = schema::Uuid)]
    pub charge: Text<ChargeId>,
    /// Its number on the day.
    pub revision: u32,
    /// Taken (positive) or given back (negative).
    pub amount_minor: i64,
    /// Why.
    pub because: String,
}

/// `POST /v1/operator/refunds`: proposes a refund.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "charge_id": "0190163d-8694-739b-aea5-966c26f8ad91", "amount_minor": 100,
    "reason": "disruption", "note": "the lift was out of order"
}))]
pub struct ProposeRefund {
    /// The charge to give back of; its day is where the refund counts.
    #[schema(value_type = schema::Uuid)]
    pub charge_id: Text<ChargeId>,
    /// Where it is about one journey of that day.
    #[serde(default)]
    #[schema(value_type = Option<schema::Uuid>)]
    pub journey_id: Option<Text<JourneyId>>,
    /// How much, in minor units of the city's money.
    pub amount_minor: i64,
    /// Why, as a code: `a-z 0-9 _ -`.
    pub reason: String,
    /// Why, in words.
    pub note: String,
}

/// `POST /v1/operator/write-offs`: proposes to give up what is overdue.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "payment_id": "0190163d-8694-739b-aea5-966c26f8ad91", "amount_minor": 100,
    "reason": "goodwill", "note": "moved away"
}))]
pub struct ProposeWriteOff {
    /// The payment that is overdue.
    #[schema(value_type = schema::Uuid)]
    pub payment_id: Text<PaymentId>,
    /// How much of it, in minor units of its currency.
    pub amount_minor: i64,
    /// Why, as a code: `a-z 0-9 _ -`.
    pub reason: String,
    /// Why, in words.
    pub note: String,
}

/// A payment that is overdue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OverdueBody {
    /// The payment.
    #[schema(value_type = schema::Uuid)]
    pub payment_id: Text<PaymentId>,
    /// Who owes it.
    #[schema(value_type = schema::Uuid)]
    pub account_id: Text<AccountId>,
    /// The first day of its pay window.
    #[schema(value_type = schema::Day)]
    pub window: Text<ServiceDay>,
    /// What it is over, in minor units.
    pub amount_minor: i64,
    /// What is still owed of it.
    pub open_minor: i64,
    /// What was given up of it.
    pub written_off_minor: i64,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// Since when it is overdue.
    #[schema(value_type = schema::Time)]
    pub since: Rfc3339,
    /// The provider's word for why it could not be collected.
    pub reason: Option<String>,
}

/// `POST /v1/me/appeals`: a rider says that a charge is wrong.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "charge_id": "0190163d-8694-739b-aea5-966c26f8ad91", "note": "I did not travel that day"
}))]
pub struct MakeAppeal {
    /// One of the rider's own charges.
    #[schema(value_type = schema::Uuid)]
    pub charge_id: Text<ChargeId>,
    /// What is wrong with it.
    pub note: String,
}

/// `POST /v1/operator/requests/{id}/decision`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verdict": "approved", "note": "checked with the depot"}))]
pub struct Decide {
    /// `approved` or `rejected`.
    pub verdict: String,
    /// What the rider is told; a rejection and an answer need it.
    pub note: String,
}

/// A refund, an appeal or a write-off, with its decision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RequestBody {
    /// Its id.
    #[schema(value_type = schema::Uuid)]
    pub request_id: Text<CorrectionId>,
    /// `refund`, `appeal` or `write-off`.
    pub kind: String,
    /// Whose day.
    #[schema(value_type = schema::Uuid)]
    pub account_id: Text<AccountId>,
    /// Which day.
    #[schema(value_type = schema::Day)]
    pub day: Text<ServiceDay>,
    /// `charge`, `journey` or `payment`.
    pub subject: String,
    /// The id of that.
    pub subject_id: String,
    /// How much is to be given back or given up; zero for an appeal.
    pub amount_minor: i64,
    /// ISO 4217 code of the amount.
    pub currency: String,
    /// Why, as a code.
    pub reason: String,
    /// Why, in words.
    pub note: String,
    /// Who asked: `staff:NAME` or `rider`.
    pub maker: String,
    /// When.
    #[schema(value_type = schema::Time)]
    pub made_at: Rfc3339,
    /// `open`, `approved` or `rejected`.
    pub state: String,
    /// What was decided.
    pub decision: Option<DecisionBody>,
}

/// What was decided about a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DecisionBody {
    /// Who decided.
    pub by: String,
    /// When.
    #[schema(value_type = schema::Time)]
    pub at: Rfc3339,
    /// What the rider is told.
    pub note: String,
}

/// One line of the audit trail.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditBody {
    /// Its number; later lines have higher ones.
    pub line: u64,
    /// When.
    #[schema(value_type = schema::Time)]
    pub at: Rfc3339,
    /// Who.
    pub who: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The particulars.
    pub detail: String,
}
