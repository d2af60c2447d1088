//! # api
//!
//! **What**: the bodies of the HTTP API as types: requests, responses, problems, protobuf.
//!
//! **Why it exists**: server, wallet pages, simulator and tests speak the same JSON; a field
//! that changes here changes for all of them, and the snapshot tests say so.
//!
//! **Where it sits**: layer L3, above `units`. It knows no HTTP library, no store and no
//! clock; the routes of `server` turn these types into responses.
//!
//! **Invariants**: requests refuse unknown fields; binary is base64url without padding
//! (RFC 4648 section 5), times are RFC 3339 in UTC with `Z`; every error is an RFC 9457 problem
//! that names its place; a session token never shows in `Debug`.
//!
//! ```
//! use api::{TicketRequest, parse_json};
//!
//! let request: TicketRequest = parse_json(br#"{"party": 2}"#)?;
//! assert_eq!(request.party, Some(2));
//!
//! let error = parse_json::<TicketRequest>(br#"{"party": "two"}"#).unwrap_err();
//! assert_eq!(error.errors[0].pointer, "/party");
//! # Ok::<(), api::Problem>(())
//! ```

mod activity;
mod body;
mod city;
mod debt;
mod issuance;
mod operator;
mod problem;
pub mod schema;
mod taps;
mod value;

pub use activity::{
    Activity, ChargeBody, FareLineBody, JourneyBody, RuleBody, TapBody, TapBodyKind,
};
pub use body::parse_json;
pub use city::{CityBody, NetworkBody};
pub use debt::{Debt, OverduePayment};
pub use issuance::{
    ChallengeResponse, CredentialResponse, DenyListResponse, DeviceResponse, IssuerKeyBody,
    IssuerKeysResponse, RegisterDeviceRequest, TicketRequest, TicketResponse,
};
pub use operator::{
    AuditBody, ChargeExplanation, Count, DayBody, DayExplanation, Decide, DecisionBody,
    ExceptionBody, ExplainedCharge, ExplainedJourney, ExplainedLine, ExplainedTap, FaultBody,
    FindingBody, FraudBody, GapBody, ListedCharge, MakeAppeal, NotPriced, OverdueBody, Page,
    ProposeRefund, ProposeWriteOff, Queues, RequestBody, SignIn, StaffBody,
};
pub use problem::{FieldError, Problem, ProblemCode};
pub use taps::{TapAck, TapAckBody, TapBatch};
pub use value::{Base64Bytes, Base64Url, Rfc3339, SessionToken, Text, TextForm, ValueError};
