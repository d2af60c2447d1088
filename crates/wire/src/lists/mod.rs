//! The lists that a reader decides by, and what binds them: root, snapshot, trust bundle, deny
//! list (whole and as a delta), policy, tariff. Layouts: `docs/WIRE.md`, "Signed lists".
//!
//! A *root* says which keys speak for a city and how many of them must. It is signed offline. A
//! *snapshot*, signed by keys that the root delegates to, names version, length and SHA-256 of
//! the four lists, so that a reader holds four lists of one moment or none of them. The lists
//! carry no signature of their own: they are what the snapshot says, or nothing.
//!
//! This module reads, verifies and writes. Which version may follow which is the business of
//! `validator::update`.

mod bundle;
mod delta;
mod deny;
mod error;
mod policy;
mod root;
mod rules;
mod signed;
mod snapshot;
mod tariff;
mod times;

pub use bundle::{
    BUNDLE_BYTES_MAX, BUNDLE_KEYS_MAX, Bundle, BundleWriter, KEY_NETWORKS_MAX, Networks, TrustedKey,
};
pub use delta::{DELTA_BYTES_MAX, DELTA_HEADER_BYTES, DeltaHeader, DenyDelta, Merge};
pub use deny::{
    DENY_BYTES_MAX, DENY_ENTRIES_MAX, DENY_ENTRY_BYTES, DENY_HEADER_BYTES, DenyHeader, DenyStream,
};
pub use error::ListError;
pub use policy::{GatePolicy, POLICY_BYTES_MAX};
pub use root::{LIST_KEYS_MAX, Role, Root, SnapshotRole};
pub use rules::{POLICY_RULES_MAX, PolicyRule, PolicyRules};
pub use signed::{
    LIST_MESSAGE_BYTES_MAX, ListSignature, SIGNATURES_MAX, SIGNED_BYTES_MAX, Signed, SignedKind,
    assemble, key_id, list_message,
};
pub use snapshot::{ListName, ListRef, Snapshot};
pub use tariff::{TARIFF_BYTES_MAX, Tariff};
