//! # provider-sim
//!
//! **What**: a payment provider with an interface like Stripe's, as a real HTTP server: payment
//! intents with idempotency keys, refunds, disputes, signed webhooks, a settlement file.
//!
//! **Why it exists**: what goes wrong between a city and its provider cannot be ordered from a real
//! one. Here every fault has a rate: answers that are lost before or after the work, errors that a
//! key repeats for a day, keys that are forgotten, work done late, webhooks twice, late and out of
//! order, banks that take money back, files that do not match.
//!
//! **Where it sits**: tests and demonstrations only; nothing that ships uses it. It shares no code
//! with `provider`, whose adapter speaks to it.
//!
//! **Invariants**: everything follows from one seed and the requests in their order; the clock is
//! set from outside; the provider's own books ([`Sim::books`]) are what money really moved.
//!
//! ```
//! use provider_sim::{Faults, Sim};
//! use units::Timestamp;
//!
//! let sim = Sim::new(7, Faults::NONE, Timestamp::from_secs(1_546_819_200));
//! assert_eq!(sim.books("any payment").collected, 0);
//! ```

mod bank;
mod faults;
mod file;
mod http;
mod keys;
mod model;
mod sim;
mod webhooks;

pub use bank::Books;
pub use faults::{Faults, Rate};
pub use file::{FileFault, SettlementFile, WrongLine};
pub use http::Server;
pub use sim::Sim;
pub use webhooks::Webhook;
