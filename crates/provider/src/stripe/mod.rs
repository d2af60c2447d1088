//! Stripe's interface: payment intents, refunds, disputes, webhooks, settlement files.
//!
//! A collection is a payment intent that is confirmed at once, off session. Intents carry our
//! payment's id and the request's number as metadata, and a look-up lists the customer's intents:
//! unlike Stripe's search, lists show what was just written.

mod client;
pub mod file;
pub mod webhook;
mod wire;

pub use client::{ClientError, Stripe, StripeConfig};
