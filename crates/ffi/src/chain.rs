//! The hash chain over a device's tap records, and what the device signs for a batch.

use units::DeviceId;
use wire::chain::{BATCH_MESSAGE_BYTES, ChainHead, batch_message};

use crate::memory::{self, Plain};
use crate::status::{FgStatus, Outcome, status};

/// Bytes that a device signs for a batch.
pub const FG_BATCH_MESSAGE_BYTES: usize = 116;

/// A device that signs tap batches.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct FgDeviceId {
    /// Its bytes.
    pub bytes: [u8; 16],
}

/// SHA-256 over everything in a device's chain so far.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FgChainHead {
    /// Its bytes.
    pub bytes: [u8; 32],
}

// SAFETY: sixteen bytes; every bit pattern is sixteen bytes.
unsafe impl Plain for FgDeviceId {}
// SAFETY: 32 bytes; every bit pattern is 32 bytes.
unsafe impl Plain for FgChainHead {}

/// Writes the head before the first record of an epoch, which is one life of a device's journal.
///
/// # Safety
/// `device`: NULL, or a device's id. `head`: NULL, or memory for a head.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_chain_start(
    device: *const FgDeviceId,
    epoch: u32,
    head: *mut FgChainHead,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let device = match unsafe { memory::read(device) } {
        Ok(device) => DeviceId::from_bytes(device.bytes),
        Err(failed) => return failed,
    };
    let bytes = *ChainHead::start(device, epoch).as_bytes();
    // SAFETY: as above.
    status(unsafe { memory::write(head, FgChainHead { bytes }) })
}

/// Moves `head` on over one more record: the bytes from fg_tap_record_encode.
///
/// # Safety
/// `head`: NULL, or a head. `record`: `length` bytes that do not overlap it, or anything if that
/// is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_chain_after(
    head: *mut FgChainHead,
    record: *const u8,
    length: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { after(head, record, length) })
}

/// # Safety
/// As [`fg_chain_after`].
unsafe fn after(head: *mut FgChainHead, record: *const u8, length: usize) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let before = unsafe { memory::read(head.cast_const()) }?;
    // SAFETY: as above.
    let record = unsafe { memory::slice(record, length) }?;
    let bytes = *ChainHead::from_bytes(before.bytes).after(record).as_bytes();
    // SAFETY: as above.
    unsafe { memory::write(head, FgChainHead { bytes }) }
}

/// Writes the FG_BATCH_MESSAGE_BYTES bytes that the device signs with its Ed25519 key to upload
/// `count` records, the first of which has the number `first_seq`. Signing is the firmware's: this
/// library holds no private key.
///
/// # Safety
/// `device`, `before`, `after`: NULL, or a device's id, the head before the first record and the
/// head after the last. `buffer`: NULL, or memory for FG_BATCH_MESSAGE_BYTES bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_batch_message(
    device: *const FgDeviceId,
    epoch: u32,
    first_seq: u64,
    count: u32,
    before: *const FgChainHead,
    after: *const FgChainHead,
    buffer: *mut u8,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let device = match unsafe { memory::read(device) } {
        Ok(device) => DeviceId::from_bytes(device.bytes),
        Err(failed) => return failed,
    };
    // SAFETY: as above.
    let before = match unsafe { memory::read(before) } {
        Ok(head) => ChainHead::from_bytes(head.bytes),
        Err(failed) => return failed,
    };
    // SAFETY: as above.
    let after = match unsafe { memory::read(after) } {
        Ok(head) => ChainHead::from_bytes(head.bytes),
        Err(failed) => return failed,
    };
    let message = batch_message(device, epoch, first_seq, count, before, after);
    let mut written = 0;
    // SAFETY: as above; `written` is ours.
    status(unsafe { memory::copy_out(&message, buffer, BATCH_MESSAGE_BYTES, &raw mut written) })
}
