//! The journal on a medium that fails, tears, reorders and forgets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, also in its helpers, and prints what it counted"
)]

mod damage;
mod enumeration;
mod epochs;
mod faults;
mod model;
mod properties;
mod sabotage;
mod upload;
