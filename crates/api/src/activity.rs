//! Body of a rider's day: taps, journeys, charges, each with its reason.

use serde::{Deserialize, Serialize};
use units::{ChargeId, JourneyId, RouteId, ServiceDay, StopId, TapId};
use utoipa::ToSchema;

use crate::{Rfc3339, Text, schema};

/// `GET /v1/me/activity` → 200: one service day of one rider.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// The service day.
    #[schema(value_type = schema::Day)]
    pub day: Text<ServiceDay>,
    /// ISO 4217 code of every amount here.
    pub currency: String,
    /// The day's taps, in order of time.
    pub taps: Vec<TapBody>,
    /// What the taps became.
    pub journeys: Vec<JourneyBody>,
    /// What was charged for the day.
    pub charges: Vec<ChargeBody>,
    /// What the rider owes over all days, in minor units; an open journey counts at its maximum.
    pub balance_minor: i64,
}

/// One tap.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TapBody {
    /// The tap.
    #[schema(value_type = schema::Uuid)]
    pub tap_id: Text<TapId>,
    /// When it happened.
    #[schema(value_type = schema::Time)]
    pub at: Rfc3339,
    /// On or off.
    pub kind: TapBodyKind,
    /// Where.
    #[schema(value_type = schema::GtfsId)]
    pub stop_id: Text<StopId>,
    /// The stop's name, as the city writes it.
    pub stop_name: String,
    /// The route, where the reader is on a vehicle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::GtfsId>)]
    pub route_id: Option<Text<RouteId>>,
    /// `permitted`, or the refusal's name.
    pub decision: String,
    /// What settlement noticed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
}

/// Whether a tap began or ended a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TapBodyKind {
    /// Boarding or entering.
    On,
    /// Alighting or leaving.
    Off,
}

/// One journey and its fare.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct JourneyBody {
    /// The journey.
    #[schema(value_type = schema::Uuid)]
    pub journey_id: Text<JourneyId>,
    /// `complete`; `open` while its tap off may still come; `no_tap_off` or `no_tap_on`.
    pub status: String,
    /// The taps it is made of.
    #[schema(value_type = Vec<schema::Uuid>)]
    pub taps: Vec<Text<TapId>>,
    /// The fare in minor units; absent where no rule prices the journey.
    pub fare_minor: Option<i64>,
    /// The fare in one sentence.
    pub because: String,
    /// The fare's parts.
    pub lines: Vec<FareLineBody>,
}

/// One part of a fare.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FareLineBody {
    /// In minor units.
    pub amount_minor: i64,
    /// Why.
    pub because: String,
    /// The rule of the city's files that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleBody>,
}

/// A row of one of the city's files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleBody {
    /// The file's name.
    pub file: String,
    /// The row, the header being row 1.
    pub row: u32,
}

/// One charge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChargeBody {
    /// The charge.
    #[schema(value_type = schema::Uuid)]
    pub charge_id: Text<ChargeId>,
    /// In minor units.
    pub amount_minor: i64,
    /// `pending`, `posted`, `voided` or `expired`.
    pub state: String,
    /// The charge in one sentence.
    pub because: String,
}
