//! # fuzz
//!
//! **What**: one target for each parser of bytes that come from outside, and the corpus that found
//! something to walk through in each of them.
//!
//! **Why it exists**: whatever a stranger holds before a reader's camera, sends to a port or packs
//! into a feed gets a verdict: no panic, no endless loop, no memory without limit.
//!
//! **Where it sits**: a tool above everything. `cargo xtask fuzz` builds it for libFuzzer on the
//! stable toolchain; without the feature `libfuzzer` the same binary runs files, and the tests of
//! this crate run the whole corpus.
//!
//! **Invariants**: a target asserts more than silence: what was read is written back to the same
//! bytes, a log that was recovered is recovered the same again, no strange code is permitted.
//!
//! ```
//! let target = fuzz::find("text").ok_or("no such target")?;
//! target.run(b"FG1:not base45");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod targets;

pub use targets::{TARGETS, Target, find};
