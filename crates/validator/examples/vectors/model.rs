//! What a vector file holds. Field order here is the order in the files.

use serde::{Deserialize, Serialize};

/// A file of codes as a gate gets them.
#[derive(Serialize, Deserialize)]
pub(crate) struct CodeFile {
    pub(crate) about: String,
    pub(crate) reader: Reader,
    pub(crate) vectors: Vec<CodeVector>,
}

/// The gate of a file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Reader {
    pub(crate) issuer_keys: Vec<Key>,
    pub(crate) policy: PolicySecs,
    /// Denied ids (`cti`), in hex.
    pub(crate) denied: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the name other files and the issuer's API use"
)]
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) public_key: String,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PolicySecs {
    pub(crate) code_life: i64,
    pub(crate) phone_slow_max: i64,
    pub(crate) phone_fast_max: i64,
    pub(crate) not_before_tolerance: i64,
    pub(crate) expiry_tolerance: i64,
}

/// One code, shown once.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CodeVector {
    pub(crate) name: String,
    /// What the text shows.
    pub(crate) text: String,
    /// The bytes it stands for; absent when it stands for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hex: Option<String>,
    /// The gate's clock, in seconds since 1970.
    pub(crate) clock: i64,
    pub(crate) gate: String,
    /// `on` or `off`.
    pub(crate) tap: String,
    /// `ready`, `without_keys` or `memory_full`.
    pub(crate) gate_state: String,
    /// Whether the same code was let pass at this gate one second before.
    pub(crate) shown_before: bool,
    pub(crate) expected: Expected,
}

/// The decision.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// 0, or the refusal's number.
    pub(crate) code: u16,
    /// `permitted`, or the refusal's name.
    pub(crate) result: String,
    /// The rule broken, by its name in crate `wire`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What a permitted code says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Claims>,
    /// Its signatures, the issuer's first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) signatures: Vec<Signed>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) kid: String,
    pub(crate) cti: String,
    pub(crate) exp: i64,
    /// First second of validity.
    pub(crate) starts: i64,
    pub(crate) category: u8,
    pub(crate) party: u8,
    pub(crate) product: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aud: Option<String>,
}

/// One signature of an object.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Signed {
    /// `issuer` or `holder`.
    pub(crate) by: String,
    pub(crate) public_key: String,
    /// The `Sig_structure`.
    pub(crate) message: String,
    pub(crate) signature: String,
}

/// A file of credentials by themselves, as a phone gets them.
#[derive(Serialize, Deserialize)]
pub(crate) struct CredentialFile {
    pub(crate) about: String,
    pub(crate) issuer_key: Key,
    pub(crate) vectors: Vec<CredentialVector>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CredentialVector {
    pub(crate) name: String,
    pub(crate) hex: String,
    /// Whether it is a credential that the issuer signed.
    pub(crate) verifies: bool,
    /// The rule broken, by its name in crate `wire`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Claims>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) signatures: Vec<Signed>,
}

/// A device's records and the batch it signed over them.
#[derive(Serialize, Deserialize)]
pub(crate) struct TapFile {
    pub(crate) about: String,
    pub(crate) device: String,
    pub(crate) device_public_key: String,
    pub(crate) epoch: u32,
    pub(crate) first_seq: u64,
    pub(crate) chain_before: String,
    pub(crate) records: Vec<TapVector>,
    /// What became of taps: records of the same journal, behind those above.
    pub(crate) notes: Vec<NoteVector>,
    pub(crate) chain_after: String,
    pub(crate) batch_message: String,
    pub(crate) batch_signature: String,
    pub(crate) refused_records: Vec<RefusedRecord>,
    pub(crate) refused_notes: Vec<RefusedRecord>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct NoteVector {
    pub(crate) hex: String,
    pub(crate) seq: u64,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) tap_epoch: u32,
    pub(crate) tap_seq: u64,
    /// `opened`, `did_not_open` or `nobody_passed`.
    pub(crate) outcome: String,
    /// The chain's head after this note.
    pub(crate) chain: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TapVector {
    pub(crate) hex: String,
    pub(crate) seq: u64,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) gate: String,
    pub(crate) stop: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) route: Option<String>,
    pub(crate) decision: u16,
    pub(crate) evidence: String,
    /// Versions of bundle, deny list, policy and tariff, and the snapshot's age in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lists: Option<[u32; 5]>,
    pub(crate) clock_proven: bool,
    /// The chain's head after this record.
    pub(crate) chain: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefusedRecord {
    pub(crate) name: String,
    pub(crate) hex: String,
    pub(crate) error: String,
}
