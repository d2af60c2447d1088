//! # validator
//!
//! **What**: text of a code + issuer keys + deny list + place + clock → [`Decision`].
//!
//! **Why it exists**: a gate decides alone, in microseconds, with no network. This crate is that
//! decision and nothing else, so that every gate, phone SDK and simulator decides alike.
//!
//! **Where it sits**: layer L1 above `units` and `wire`, which reads and verifies the bytes. Gates
//! call it with lists they hold. It opens no door, writes no journal, knows no fare and reads no
//! clock.
//!
//! **Invariants**: equal inputs give equal decisions; no allocation and no panic on any input; time
//! and memory are bounded ([`KEYS_MAX`], [`SAME_KID_MAX`], the caller's replay slots); only a
//! permit changes the replay memory; a code permitted once is not permitted again by the same
//! memory, whatever the clock does; when in doubt the answer is a refusal.
//!
//! ```
//! use units::{GateId, Timestamp};
//! use validator::{Decision, NothingDenied, Place, Policy, ReplayMemory, ReplaySlot, Validator};
//! use wire::{IssuerKey, tap::TapKind};
//!
//! let keys: [IssuerKey; 0] = [];
//! let validator = Validator::new(&keys[..], Policy::default())?;
//! let mut used = ReplayMemory::new([ReplaySlot::EMPTY; 64]);
//! let here = Place::new(GateId::from_number(42), TapKind::On);
//! let now = Timestamp::from_secs(1_546_819_200);
//! let decision = validator.validate(b"hello", &here, now, &NothingDenied, &mut used);
//! let Decision::Refused(refusal) = decision else { return Err("permitted".into()) };
//! assert_eq!((refusal.code(), refusal.name()), (101, "not_a_code"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![deny(clippy::std_instead_of_core, clippy::alloc_instead_of_core)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![cfg_attr(not(test), deny(clippy::as_conversions, clippy::float_arithmetic))]
#[cfg(test)]
extern crate std;

pub mod update;

mod clock;
mod decision;
mod deny;
mod deny_filter;
mod deny_index;
mod mix;
mod neighbourhood;
mod place;
mod policy;
mod refusal;
mod replay;
mod sentence;
mod validate;

pub use clock::{Clock, ClockRules, Reading, Trust};
pub use decision::{CodeKind, Decision, Permit, decision_name};
pub use deny::{DenyList, DenyListError, NothingDenied, SortedDenyList};
pub use deny_filter::{DenyFilter, FilterBlock};
pub use deny_index::DenyIndex;
pub use place::{Acceptance, NetworkCode, Place, RULES_MAX, Rules, ZoneCode};
pub use policy::{Companions, Degraded, Kinds, Pass, Policy, SetupError};
pub use refusal::{Malformed, NotReady, Refusal};
pub use replay::{Passage, ReplayMemory, ReplaySlot};
pub use sentence::{Language, SENTENCE_BYTES_MAX};
pub use validate::{KEYS_MAX, SAME_KID_MAX, Validator};
