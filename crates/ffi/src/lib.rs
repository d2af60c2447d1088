//! # ffi
//!
//! **What**: the C interface of the validator: decisions, sentences, tap records and the hash
//! chain, for reader firmware. `include/faregate.h` is generated from this crate.
//!
//! **Why it exists**: readers run C. They get the same decision as every other part of the system,
//! from the same code, instead of a port that differs.
//!
//! **Where it sits**: above `validator`, `wire` and `units`; nothing in Rust uses it. It opens no
//! door, holds no file and reads no clock. This is the one crate with `unsafe`.
//!
//! **Invariants**: no std, no allocation, no callback, no global state: all memory is the
//! caller's. Every pointer is checked for null and alignment, every length for what memory can
//! hold, before it is used. Results are status codes. A decision is a refusal unless the status is
//! OK. What C cannot have checked (that a pointer points at memory of that size) is written at
//! each function.
//!
//! ```
//! use faregate_reader::{FgPolicy, FgStatus, fg_policy_default};
//!
//! let mut policy = FgPolicy::default();
//! // SAFETY: the pointer is to a policy that lives through the call.
//! let status = unsafe { fg_policy_default(&raw mut policy) };
//! assert_eq!((status, policy.code_life_micros), (FgStatus::Ok, 15_000_000));
//! ```
#![no_std]
#![deny(clippy::std_instead_of_core, clippy::alloc_instead_of_core)]
#![deny(clippy::multiple_unsafe_ops_per_block)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![cfg_attr(not(test), deny(clippy::as_conversions, clippy::float_arithmetic))]

mod accept;
mod chain;
mod clock;
mod decision;
mod deny;
mod lists;
mod lists_delta;
mod lists_take;
mod memory;
mod note;
mod prepare;
mod replay;
mod sentence;
mod setup;
mod status;
mod tap;
mod validator_memory;

#[cfg(all(panic = "abort", not(test)))]
mod panic;

pub use accept::{
    FG_NAMES_CATEGORY, FG_NAMES_ISSUER, FG_NAMES_NETWORK, FG_NAMES_PRODUCT, FG_NAMES_ZONE,
    FG_RULES_MAX, FG_SETS_PASSBACK, FG_SETS_TICKET_LIFE, FgAcceptance, fg_validator_accept,
};
pub use chain::{
    FG_BATCH_MESSAGE_BYTES, FgChainHead, FgDeviceId, fg_batch_message, fg_chain_after,
    fg_chain_start,
};
pub use clock::{
    FgClock, FgClockRules, FgReading, fg_clock_init, fg_clock_past, fg_clock_read,
    fg_clock_rules_default, fg_clock_signed,
};
pub use decision::{
    FG_CLOCK_PROVEN, FG_CLOCK_UNPROVEN, FG_CLOCK_WRONG, FG_CODE_GATE_BOUND, FG_CODE_NONE,
    FG_CODE_ONE_WAY, FG_CODE_TICKET, FG_LACK_CLOCK_NOT_PROVEN, FG_LACK_CLOCK_WENT_BACK,
    FG_LACK_MEMORY_FULL, FG_LACK_NO_ISSUER_KEYS, FG_LACK_NONE, FG_PERMITTED, FG_TAP_OFF, FG_TAP_ON,
    FgDecision, FgPassage, FgScan, fg_passage_read, fg_validate,
};
pub use deny::{
    FG_BLOCK_BYTES, FG_BLOCK_IDS, fg_filter_size, fg_validator_deny, fg_validator_deny_filtered,
};
pub use lists::{
    FG_LIST_BUNDLE, FG_LIST_DENY, FG_LIST_POLICY, FG_LIST_TARIFF, FG_LISTS_BYTES, FG_LISTS_CLOSED,
    FG_LISTS_FRESH, FG_LISTS_STALE, FgListVersions, FgLists, FgStaleRule, fg_lists_complete,
    fg_lists_freshness, fg_lists_init, fg_lists_offer_root, fg_lists_offer_snapshot,
    fg_lists_refusal, fg_lists_restore, fg_lists_versions,
};
pub use lists_delta::{
    FG_DENY_HEAD_BYTES, FG_DENY_ID_BYTES, FgListRef, fg_lists_held, fg_lists_offered,
    fg_lists_take_deny_delta,
};
pub use lists_take::{
    fg_lists_take_bundle, fg_lists_take_deny, fg_lists_take_policy, fg_lists_take_tariff,
};
pub use note::{
    FG_NOTE_BYTES_MAX, FG_OUTCOME_DID_NOT_OPEN, FG_OUTCOME_NOBODY_PASSED, FG_OUTCOME_OPENED,
    FgNote, fg_note_encode,
};
pub use prepare::{FG_TABLE_BYTES, fg_tables_size, fg_validator_prepare};
pub use replay::{
    FG_SLOT_BYTES, FgReplay, fg_replay_align, fg_replay_doubt, fg_replay_forget, fg_replay_init,
    fg_replay_remember, fg_replay_size,
};
pub use sentence::{
    FG_LANGUAGE_CHINESE, FG_LANGUAGE_ENGLISH, FG_LANGUAGE_KOREAN, FG_NAME_BYTES, FG_SENTENCE_BYTES,
    fg_decision_name, fg_sentence,
};
pub use setup::{
    FG_KEYS_MAX, FG_ONE_BY_ONE, FG_PASS_EVERYTHING, FG_PASS_NOTHING, FG_PASS_PRESENTATIONS,
    FG_SAME_KID_MAX, FG_TAKES_GATE_BOUND, FG_TAKES_ONE_WAY, FG_TAKES_TICKETS, FG_TOGETHER,
    FgCredentialId, FgIssuerKey, FgPolicy, fg_issuer_key_check, fg_policy_default,
};
pub use status::FgStatus;
pub use tap::{
    FG_CODE_BYTES_MAX, FG_TAP_RECORD_BYTES_MAX, FgTapRecord, fg_evidence, fg_tap_record_encode,
};
pub use validator_memory::{
    FG_ALIGN, FG_KEY_BYTES, FgValidator, fg_validator_align, fg_validator_init, fg_validator_size,
};
