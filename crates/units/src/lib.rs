//! # units
//!
//! **What**: the values that every other crate speaks in: ids, money, time and places.
//!
//! **Why it exists**: a bare integer or string in a signature is a bug waiting for a caller.
//! Each thing of the domain is one type here, made by a constructor that checks it.
//!
//! **Where it sits**: layer L0, below everything; it knows no crate of the workspace, no clock,
//! no allocator.
//!
//! **Invariants**: money is an integer of minor units and never mixes currencies; a
//! [`Timestamp`] is UTC and a [`ServiceDay`] is a calendar date, and neither turns silently into
//! the other; every conversion to a primitive is named by its unit.
//!
//! ```
//! use units::{Amount, Currency};
//!
//! let cny = Currency::from_code("CNY")?;
//! let fare = Amount::new(300, cny)?;
//! let two = fare.checked_add(fare).ok_or("overflow")?;
//! assert_eq!(two.to_string(), "CNY 6.00");
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

mod currency;
mod id;
mod money;
mod place;
mod time;

pub use currency::{Currency, CurrencyError};
pub use id::{
    AccountId, ChargeId, CorrectionId, CredentialId, DeviceId, EntryId, GateId, IdError, JourneyId,
    KeyId, OperatorId, PaymentId, ProviderId, TapId,
};
pub use money::{Amount, Balance, MoneyError, Split};
pub use place::{AreaId, NetworkId, PlaceError, ProductId, RouteId, StopId, TextId};
pub use time::{DayError, ServiceDay, Span, Timestamp};
