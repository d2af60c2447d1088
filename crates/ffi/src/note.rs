//! Notes: what became of a tap after its record was durable.

use units::Timestamp;
use wire::EncodeError;
use wire::note::{NoteRecord, TapOutcome};

use crate::memory::{self, Plain};
use crate::status::{FgStatus, Outcome, status};

/// Room for every note.
pub const FG_NOTE_BYTES_MAX: usize = 39;

/// The door opened; as far as the reader knows, the rider passed.
pub const FG_OUTCOME_OPENED: u8 = 1;
/// The door did not open.
pub const FG_OUTCOME_DID_NOT_OPEN: u8 = 2;
/// The door opened, and nobody passed before it closed.
pub const FG_OUTCOME_NOBODY_PASSED: u8 = 3;

/// What became of one tap of this device.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct FgNote {
    /// Its own number in the device's epoch: taps and notes share one sequence without gaps.
    pub seq: u64,
    /// When, by the device's clock: microseconds since 1970, not negative.
    pub at_micros: i64,
    /// The number of the tap in its epoch.
    pub tap_seq: u64,
    /// The epoch of the tap.
    pub tap_epoch: u32,
    /// One of FG_OUTCOME_....
    pub outcome: u8,
}

// SAFETY: numbers, for which every bit pattern is a value.
unsafe impl Plain for FgNote {}

/// Writes a note's bytes (docs/WIRE.md), to append to the device's journal and to its chain like a
/// tap record: it is uploaded in the same batches. Write one after each tap that was permitted,
/// when the reader knows how it ended.
///
/// A buffer of FG_NOTE_BYTES_MAX is always large enough.
///
/// # Safety
/// `note`: NULL, or a note. `buffer`: NULL, or memory for `size` bytes. `written`: NULL, or memory
/// for a size. They do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_note_encode(
    note: *const FgNote,
    buffer: *mut u8,
    size: usize,
    written: *mut usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { encode(note, buffer, size, written) })
}

/// # Safety
/// As [`fg_note_encode`].
unsafe fn encode(
    note: *const FgNote,
    buffer: *mut u8,
    size: usize,
    written: *mut usize,
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let plain = unsafe { memory::read(note) }?;
    let note = NoteRecord {
        seq: plain.seq,
        at: Timestamp::from_micros(plain.at_micros),
        tap_epoch: plain.tap_epoch,
        tap_seq: plain.tap_seq,
        outcome: TapOutcome::from_number(plain.outcome).ok_or(FgStatus::BadOutcome)?,
    };
    let bytes = note.encode().map_err(|error| match error {
        EncodeError::TimeOutOfRange { .. } => FgStatus::BadTime,
        _ => FgStatus::TooLarge,
    })?;
    // SAFETY: as above.
    unsafe { memory::copy_out(&bytes, buffer, size, written) }
}
