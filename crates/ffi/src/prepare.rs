//! Tables of the issuer keys in the caller's memory: optional, for faster decisions.

use core::ffi::c_void;
use core::slice;

use wire::{IssuerKey, KeyTable, PreparedKey};

use crate::memory;
use crate::status::{FgStatus, Outcome, status};
use crate::validator_memory::FgValidator;

/// No key needs more bytes for its table, on any target.
pub const FG_TABLE_BYTES: usize = 132_608;

/// A key with its table, which lies in the same memory.
pub(crate) type Prepared = PreparedKey<&'static mut KeyTable>;

/// Offset of the prepared keys behind the tables, and bytes in all.
fn layout(keys: usize) -> Option<(usize, usize)> {
    let tables = size_of::<KeyTable>().checked_mul(keys)?;
    let offset = tables.checked_next_multiple_of(align_of::<Prepared>())?;
    let prepared = size_of::<Prepared>().checked_mul(keys)?;
    Some((offset, offset.checked_add(prepared)?))
}

const fn align() -> usize {
    if align_of::<KeyTable>() > align_of::<Prepared>() {
        align_of::<KeyTable>()
    } else {
        align_of::<Prepared>()
    }
}

/// Bytes that fg_validator_prepare needs for `keys` keys; SIZE_MAX if memory cannot hold them. The
/// memory is aligned to FG_ALIGN.
///
/// FG_TABLES_BYTES(keys) is a constant that is no smaller.
#[unsafe(no_mangle)]
pub extern "C" fn fg_tables_size(keys: usize) -> usize {
    layout(keys).map_or(usize::MAX, |(_, bytes)| bytes)
}

/// Fills `memory` with tables of the validator's keys, about 129 KiB each. Decisions are the same
/// with them, and faster, above all for tickets. Call it once, after fg_validator_init; takes less
/// than a millisecond for each key on a fast processor. Readers with little memory leave it out.
///
/// When the status is not OK, the validator decides as before.
///
/// # Safety
/// `validator`: NULL, or memory in which fg_validator_init made a validator, which nobody else uses
/// during the call. `memory`: NULL, or `size` bytes that are the validator's from now on, not moved
/// and not touched by others, until the caller stops using it; not those of an earlier call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_validator_prepare(
    validator: *mut FgValidator,
    memory: *mut c_void,
    size: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { prepare(validator, memory, size) })
}

/// # Safety
/// As [`fg_validator_prepare`].
unsafe fn prepare(validator: *mut FgValidator, memory: *mut c_void, size: usize) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let validator = unsafe { FgValidator::at_mut(validator) }?;
    let keys: &'static [IssuerKey] = validator.plain_keys();
    let (offset, bytes) = layout(keys.len()).ok_or(FgStatus::TooLarge)?;
    memory::check(memory.cast::<u8>())?;
    if memory.addr().checked_rem(align()) != Some(0) {
        return Err(FgStatus::Misaligned);
    }
    if size < bytes {
        return Err(FgStatus::TooSmall);
    }
    let mut table = memory.cast::<KeyTable>();
    // SAFETY: `offset` is within the `size` bytes that the caller gave.
    let first = unsafe { memory.byte_add(offset) }.cast::<Prepared>();
    let mut next = first;
    for key in keys {
        // SAFETY: `table` runs over as many tables as there are keys, which `layout` found to fit,
        // from an aligned start. Written in place, since a stack may not hold one.
        unsafe { table.write_bytes(0, 1) };
        // SAFETY: aligned, initialised above (a table is bytes, and all zero is the empty one), and
        // the validator's alone by contract.
        let room: &'static mut KeyTable = unsafe { &mut *table };
        let prepared = key.prepare(room).map_err(|_| FgStatus::BadKey)?;
        // SAFETY: `next` runs over as many keys from `offset` on, which `layout` found to fit.
        unsafe { next.write(prepared) };
        // SAFETY: at most one past the last table, which is within the `size` bytes.
        table = unsafe { table.add(1) };
        // SAFETY: at most one past the last key, which is within the `size` bytes.
        next = unsafe { next.add(1) };
    }
    // SAFETY: the loop initialised as many keys from `first` on. They are the validator's as long
    // as it is used, by contract, and nothing here writes them again while it is.
    let prepared: &'static [Prepared] = unsafe { slice::from_raw_parts(first, keys.len()) };
    validator.use_tables(prepared)
}
