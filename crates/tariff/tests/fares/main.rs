//! Fares of cases that others published, and of real feeds, read from a folder beside the
//! repository. Where it is absent these tests say so and check nothing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests stop at what should not happen and say what is absent"
)]

mod moments;
mod properties;
mod published;
mod reference;
mod support;
mod version_1;
