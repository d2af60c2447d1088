//! # wire
//!
//! **What**: every byte that crosses a Faregate boundary: credential, presentation, ticket, their
//! text in a QR code, the tap record and the hash chain a device signs over its records.
//!
//! **Why it exists**: gates, phones, issuers and settlement, in several languages, must read the
//! same bytes the same way, or one of them opens a gate that another cannot charge.
//! The layouts are drawn in `docs/WIRE.md`.
//!
//! **Where it sits**: layer L0 above `units`. The issuer, the wallet, the validator and settlement
//! call it. It knows no clock, no list of trusted keys, no policy and no private key: encoding
//! takes a closure that signs.
//!
//! **Invariants**: no allocation, no panic on any input; exactly one accepted encoding per object;
//! signatures are checked over the bytes received, never over a re-encoding, with the verdict of
//! `ed25519_dalek`'s `verify_strict`; only `verify` makes a `Verified…` value.
//!
//! ```
//! use ed25519_dalek::{Signer, SigningKey};
//! use units::{CredentialId, KeyId, Timestamp};
//! use wire::{Entitlement, IssuerKey, PartySize, ProductCode, RiderCategory, TicketClaims};
//!
//! let secret = SigningKey::from_bytes(&[7; 32]);
//! let kid = KeyId::from_bytes(*b"hz01");
//! let day = Timestamp::from_secs(1_546_819_200);
//! let ticket = TicketClaims {
//!     id: CredentialId::from_bytes([1; 16]),
//!     starts: day,
//!     expires: Timestamp::from_secs(1_546_819_260),
//!     entitlement: Entitlement {
//!         category: RiderCategory::from_code(0),
//!         party: PartySize::ONE,
//!         product: ProductCode::from_number(1),
//!     },
//! };
//! let bytes = ticket.sign(kid, |message| secret.sign(message).to_bytes())?;
//! let text = wire::text::encode(&bytes)?; // "FG1:…", goes into a QR code
//!
//! let mut buffer = wire::text::CodeBuffer::new();
//! let received = wire::text::decode(text.as_bytes(), &mut buffer)?;
//! let wire::Code::Ticket(parsed) = wire::parse(received)? else { return Err("no ticket".into()) };
//! let key = IssuerKey::new(kid, secret.verifying_key().as_bytes(), day, day)?;
//! assert_eq!(parsed.verify(&key)?.id(), ticket.id);
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

pub mod chain;
pub mod lists;
pub mod note;
pub mod tap;
pub mod text;

mod cbor;
mod claims;
mod code;
mod cose;
mod credential;
mod entitlement;
mod error;
mod key;
mod prepared;
mod presentation;
mod shape;
mod state;
mod ticket;
mod writer;

pub use code::{CODE_BYTES_MAX, Code, VerifiedCode, parse};
pub use cose::{SIGNATURE_BYTES, ToBeSigned};
pub use credential::{
    CREDENTIAL_BYTES_MAX, CredentialClaims, ParsedCredential, VerifiedCredential,
};
pub use entitlement::{Entitlement, LifeHours, PartySize, ProductCode, RiderCategory};
pub use error::{DecodeError, EncodeError, VerifyError};
pub use key::{DeviceKey, HolderKey, Issuer, IssuerCode, IssuerKey, KeyError, SignatureError};
pub use prepared::{KeyTable, PreparedKey};
pub use presentation::{
    PRESENTATION_BYTES_MAX, ParsedPresentation, PresentationClaims, VerifiedPresentation,
};
pub use state::{ClockState, ListVersions};
pub use ticket::{ParsedTicket, TICKET_BYTES_MAX, TicketClaims, VerifiedTicket};
