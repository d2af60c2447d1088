//! # provider
//!
//! **What**: the payment providers behind settlement's port: a client for Stripe's interface (and
//! what speaks it), and files of invoices for a bank: SEPA direct debits and CSV.
//!
//! **Why it exists**: providers differ in everything but what charging needs of them: to ask for
//! money under a key, and to be looked up.
//!
//! **Where it sits**: layer L3, an adapter with sockets. It decides nothing: `settlement::charging`
//! says what is sent and what is posted.
//!
//! **Invariants**: no call outlasts its time-out; an answer that proves nothing is
//! [`settlement::charging::Answer::Unheard`]; a look-up is whole or it is none; webhooks count only
//! with a fresh signature, and then as a reason to look up; secrets are never shown.
//!
//! ```
//! use provider::stripe::webhook;
//! use units::Timestamp;
//!
//! let header = "t=1546819200,v1=00";
//! let now = Timestamp::from_secs(1_546_819_200);
//! assert!(webhook::verify(b"{}", header, "whsec_secret", now).is_err());
//! ```

pub mod invoice;
mod registry;
pub mod stripe;

pub use registry::{Kind, Providers};
