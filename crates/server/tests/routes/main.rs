//! Every route over the whole router and a real database file.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its result")]

mod codes;
mod debts;
mod document;
mod generated;
mod idempotency;
mod matrix;
mod operator;
mod problems;
mod registration;
mod secrets;
mod signed;
mod taps;
mod watching;
mod world;
