//! What the extension files do to fares, worked out by hand on the test city.
//!
//! | from \ to | north | centre | south |
//! |---|---|---|---|
//! | north | 2.00 | 3.00 | 5.00 |
//! | centre | 3.00 | 2.00 | 4.00 |
//! | south | 5.00 | 4.00 | *no rule* |
//!
//! A bus costs 2.00, a journey with a missing tap 9.00; service days begin at 03:00.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests stop at what should not happen and say what is absent"
)]

mod caps;
mod clipper;
mod credits;
mod defects;
mod distances;
mod media;
mod missing;
mod parties;
mod passes;
mod sentences;
mod support;
mod tiers;
mod windows;
