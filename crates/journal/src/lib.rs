//! # journal
//!
//! **What**: the crash-safe append log of a gate: taps go in, and after a power cut at any byte
//! exactly what was promised is there.
//!
//! **Why it exists**: a gate opens only for a tap that cannot be lost any more. Nothing else may
//! stand between the decision and the door.
//!
//! **Where it sits**: layer L1, `no_std` with an allocator. `gate` gives it a [`Media`] (files)
//! and opaque payloads; it knows no codes, clocks, threads or files. Layout, commit rule, recovery
//! and the assumptions about the medium: `docs/JOURNAL.md`.
//!
//! **Invariants**: what [`Journal::sync`] called durable is recovered byte for byte, as a prefix
//! of what was appended; a segment is written by one opening only, and never again after a write
//! or sync to it has failed; (device, epoch, sequence) is never given out twice; damage to durable
//! records is reported as a [`Gap`]; nothing is removed before it is acknowledged.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use journal::testing::{Medium, chain_start};
//! use journal::{Journal, Options, Outcome, Witness};
//! use units::DeviceId;
//!
//! let device = DeviceId::from_bytes([7; 16]);
//! let options = Options::new(device, chain_start, 1);
//! let (mut journal, _) = Journal::open(Medium::new(), options, Witness::NONE, &mut |_| {})?;
//! let tap = journal.append(b"a tap")?;
//! assert!(journal.sync()?.covers(tap)); // and only now the door opens
//! journal.note(tap, Outcome::Opened)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![deny(clippy::std_instead_of_core, clippy::alloc_instead_of_core)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![cfg_attr(not(test), deny(clippy::float_arithmetic))]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod codec;
mod epoch;
mod journal;
mod limits;
mod media;
mod options;
mod position;
mod read;
mod record;
mod recovery;
mod sabotage;
mod scan;
mod segment;
#[cfg(feature = "testing")]
pub mod testing;
mod trim;

pub use epoch::{EpochError, Met};
pub use journal::{AppendError, Durable, Journal, Mode, StoppedError};
pub use limits::{
    BATCH_RECORDS_MAX, HEADER_SLOT_BYTES, PAYLOAD_BYTES_MAX, PENDING_RECORDS_MAX,
    RECORD_HEADER_BYTES, RECORDS_OFFSET, REPLACE_ATTEMPTS_MAX, SECTOR_BYTES_DEFAULT,
    SECTOR_BYTES_MAX, SECTOR_BYTES_MIN, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX,
    SEGMENT_BYTES_MIN, SEGMENTS_MAX,
};
pub use media::{Media, MediaError, SegmentId};
pub use options::{Options, OptionsError, Witness};
pub use position::{Head, Position};
pub use record::{Batch, Gap, Outcome, Record};
pub use recovery::{OpenError, Recovery};
#[cfg(feature = "testing")]
pub use sabotage::Sabotage;
pub use trim::AcknowledgeError;
