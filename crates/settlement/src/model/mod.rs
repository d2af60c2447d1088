//! What settlement keeps: gates, taps, journeys, entries, charges, as plain values.
//!
//! Stores write and read these; they decide nothing. Each value that has a stored text or number
//! names it here, so that every store writes the same.

mod account;
mod correction;
mod gate;
mod journey;
mod tap;

pub use account::{
    About, AccountDay, AccountRecord, ChargeState, DayRecord, LedgerBalance, PostedEntry,
    StoredCharge,
};
pub use correction::{
    Actor, Correction, CorrectionKind, Decision, NOTE_BYTES_MAX, NameError, Reason, StaffName,
    Subject, Verdict,
};
pub use gate::{Gate, GateState, Registered};
pub use journey::{StoredFare, StoredJourney, parse_status, status_as_str};
pub use tap::{
    CodeUse, QuarantineReason, Quarantined, RecordOutcome, RefusedTap, StoredTap, TapFlag, TapNote,
    TapSource,
};

/// A number or text in a store that stands for nothing this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {got:?}")]
pub struct UnknownValue {
    /// What the place may hold.
    pub expected: &'static str,
    /// What it holds.
    pub got: String,
}
