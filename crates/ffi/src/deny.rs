//! The validator's deny list in the caller's memory, with or without a filter in front.

use core::ffi::c_void;
use core::slice;

use units::CredentialId;
use validator::{DenyFilter, DenyList, FilterBlock};

use crate::memory;
use crate::setup::FgCredentialId;
use crate::status::{FgStatus, Outcome, status};
use crate::validator_memory::FgValidator;

/// Bytes of one block of a filter.
pub const FG_BLOCK_BYTES: usize = 64;

/// Denied ids for each of which a filter has two bytes: so many share a block.
pub const FG_BLOCK_IDS: usize = 32;

/// Ids in ascending order and the filter in front of them, in the caller's memory.
pub(crate) struct Denied {
    ids: &'static [FgCredentialId],
    filter: DenyFilter<&'static mut [FilterBlock]>,
}

impl Denied {
    /// A list on which nobody is.
    pub(crate) fn nobody() -> Self {
        Self {
            ids: &[],
            filter: DenyFilter::of([], &mut []),
        }
    }
}

impl DenyList for Denied {
    fn contains(&self, id: &CredentialId) -> bool {
        let bytes = *id.as_bytes();
        // A filter of no blocks says "perhaps" to everybody.
        self.filter.may_contain(id) && self.ids.binary_search(&FgCredentialId { bytes }).is_ok()
    }
}

/// Gives the validator its deny list: `count` ids in strictly ascending order of their bytes.
///
/// The ids stay in the caller's memory, are read at each decision, and may not change until
/// another list replaces them. Call it with 0 ids to deny nobody. Checks the order, so takes time
/// in proportion to `count`. When the status is not OK, the list is the one from before.
///
/// # Safety
/// `validator`: NULL, or memory in which fg_validator_init made a validator, which nobody else uses
/// during the call. `ids`: `count` ids, or anything if that is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_validator_deny(
    validator: *mut FgValidator,
    ids: *const FgCredentialId,
    count: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { deny(validator, (ids, count), &mut []) })
}

/// Bytes of a filter for `count` ids; SIZE_MAX if memory cannot hold them. The memory is aligned to
/// FG_ALIGN.
///
/// FG_FILTER_BYTES(count) is the same, as a constant.
#[unsafe(no_mangle)]
pub extern "C" fn fg_filter_size(count: usize) -> usize {
    let bytes = FilterBlock::count_for(count).checked_mul(FG_BLOCK_BYTES);
    bytes.unwrap_or(usize::MAX)
}

/// The same as fg_validator_deny, with a filter in front of the list: an honest rider then costs
/// one read of the filter instead of twenty of the list, which may lie in slow memory. Decisions
/// are the same.
///
/// Fills the filter, which is as large as the caller likes: with fg_filter_size(count) bytes one of
/// 800 honest riders is looked up in the list as well, with less memory more of them. When the
/// status is not OK, the list is the one from before, and the filter unchanged.
///
/// # Safety
/// `validator`, `ids`: as in fg_validator_deny. `filter`: NULL, or `size` bytes that are the
/// validator's from now on, not touched by others until another list replaces this one; not those
/// of the list from before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_validator_deny_filtered(
    validator: *mut FgValidator,
    ids: *const FgCredentialId,
    count: usize,
    filter: *mut c_void,
    size: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { deny_filtered(validator, (ids, count), filter, size) })
}

/// # Safety
/// As [`fg_validator_deny_filtered`].
unsafe fn deny_filtered(
    validator: *mut FgValidator,
    list: (*const FgCredentialId, usize),
    filter: *mut c_void,
    size: usize,
) -> Outcome {
    let first = filter.cast::<FilterBlock>();
    memory::check(first)?;
    let count = size.checked_div(FG_BLOCK_BYTES).unwrap_or(0);
    if count == 0 {
        return Err(FgStatus::TooSmall);
    }
    if isize::try_from(size).is_err() {
        return Err(FgStatus::TooLarge);
    }
    // SAFETY: not null, aligned, `count` blocks are within the `size` bytes, no longer than an
    // object can be, which are the validator's alone by contract. A block is words, of which every
    // bit pattern is one. They are not read before they are filled.
    let blocks: &'static mut [FilterBlock] = unsafe { slice::from_raw_parts_mut(first, count) };
    // SAFETY: what is asked of the pointers is this function's own contract.
    unsafe { deny(validator, list, blocks) }
}

/// # Safety
/// As [`fg_validator_deny`].
unsafe fn deny(
    validator: *mut FgValidator,
    (ids, count): (*const FgCredentialId, usize),
    blocks: &'static mut [FilterBlock],
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let validator = unsafe { FgValidator::at_mut(validator) }?;
    // SAFETY: as above; the ids stay unchanged as long as the validator reads them.
    let ids: &'static [FgCredentialId] = unsafe { memory::slice(ids, count) }?;
    if !ids.is_sorted_by(|before, after| before < after) {
        return Err(FgStatus::NotSorted);
    }
    let all = ids.iter().map(|id| CredentialId::from_bytes(id.bytes));
    let filter = DenyFilter::of(all, blocks);
    validator.deny(Denied { ids, filter });
    Ok(())
}
