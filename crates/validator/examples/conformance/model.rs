//! What `proto/conformance/kit.json` holds. Field order here is the order in the file.
//!
//! Times are microseconds since 1970, bytes are lower-case hexadecimal digits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole kit.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kit {
    pub(crate) about: String,
    /// Version of this layout.
    pub(crate) format: u32,
    /// Set-ups of readers by name.
    pub(crate) readers: BTreeMap<String, Reader>,
    pub(crate) cases: Vec<Case>,
}

/// How a reader is set up.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Reader {
    pub(crate) issuer_keys: Vec<Key>,
    pub(crate) policy: PolicyMicros,
    /// Denied ids (`cti`), ascending.
    pub(crate) denied: Vec<String>,
    /// How many codes its replay memory holds.
    pub(crate) replay_slots: usize,
    /// Acceptance rules; without them everything is taken everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rules: Option<Vec<Rule>>,
}

/// One rule of acceptance; what is left out is any.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) party_max: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket_life_max_micros: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) passback_micros: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the name other files and the issuer's API use"
)]
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) public_key: String,
    pub(crate) not_before_micros: i64,
    pub(crate) not_after_micros: i64,
    /// The number that rules name; 0 is the city's own.
    pub(crate) issuer: u16,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PolicyMicros {
    pub(crate) code_life_micros: i64,
    pub(crate) phone_slow_max_micros: i64,
    pub(crate) phone_fast_max_micros: i64,
    pub(crate) not_before_tolerance_micros: i64,
    pub(crate) expiry_tolerance_micros: i64,
    pub(crate) ticket_life_max_micros: i64,
    pub(crate) passback_micros: i64,
    pub(crate) retry_micros: i64,
    /// `together` or `one_by_one`.
    pub(crate) companions: String,
    /// `nothing`, `presentations` or `everything`.
    pub(crate) pass_unproven: String,
    /// The same, while the clock is wrong.
    pub(crate) pass_wrong: String,
    /// The kinds of codes that are taken, of `one_way`, `gate_bound` and `ticket`; without it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kinds: Option<Vec<String>>,
}

/// Codes shown one after the other to a reader that starts with an empty replay memory.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// What it shows.
    pub(crate) about: String,
    /// Which of the readers.
    pub(crate) reader: String,
    pub(crate) scans: Vec<Scan>,
}

/// One code, shown once.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Scan {
    /// What the scanner reads, in UTF-8.
    pub(crate) text: String,
    /// The QR picture of the text; absent when the text is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    pub(crate) clock_micros: i64,
    /// Eight hexadecimal digits.
    pub(crate) gate: String,
    /// `on` or `off`.
    pub(crate) tap: String,
    pub(crate) network: u16,
    pub(crate) zone: u16,
    /// What the clock is worth: `proven`, `unproven` or `wrong`.
    pub(crate) clock: String,
    pub(crate) expected: Expected,
    /// What becomes known afterwards of this permitted tap: `forget` (nobody went through) or
    /// `doubt` (nobody knows).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) then: Option<String>,
}

/// The decision.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// 0, or the refusal's number.
    pub(crate) code: u16,
    /// `permitted`, or the refusal's name.
    pub(crate) name: String,
    /// What a permitted code says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) permit: Option<Permit>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Permit {
    /// `one_way`, `gate_bound` or `ticket`.
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) kid: String,
    pub(crate) category: u8,
    pub(crate) party: u8,
    /// How many go through on this tap.
    pub(crate) riders: u8,
    pub(crate) product: u16,
    pub(crate) issuer: u16,
    /// The tap that this one repeats, by its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again_micros: Option<i64>,
    /// When the phone made it; tickets do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_at_micros: Option<i64>,
}
