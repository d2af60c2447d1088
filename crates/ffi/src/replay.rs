//! A replay memory in the caller's memory: its head, then its slots.

use core::ffi::c_void;
use core::slice;

use units::Timestamp;
use validator::{Passage, ReplayMemory, ReplaySlot};

use crate::decision::FgPassage;
use crate::memory::{self, Mark};
use crate::status::{FgStatus, Outcome, status};

/// No replay memory needs more bytes for each slot, and for its head, on any target.
pub const FG_SLOT_BYTES: usize = 72;

/// "fgrm", in the word that marks a replay memory.
const REPLAY: usize = 0x6667_726d;

/// Which codes the gate let pass, in memory of the caller. Its content is private.
///
/// Made by fg_replay_init; one thread at a time may use it. It must stay where it was made.
#[repr(C)]
pub struct FgReplay {
    mark: Mark,
    memory: ReplayMemory<&'static mut [ReplaySlot]>,
}

impl FgReplay {
    pub(crate) fn memory(&mut self) -> &mut ReplayMemory<&'static mut [ReplaySlot]> {
        &mut self.memory
    }

    /// The replay memory that `pointer` points at.
    ///
    /// # Safety
    /// Unless null, it points at memory of [`fg_replay_size`] bytes that nobody else uses during
    /// `'a`.
    pub(crate) unsafe fn at<'a>(pointer: *mut Self) -> Result<&'a mut Self, FgStatus> {
        // SAFETY: what is asked of the pointer is this function's own contract.
        unsafe { Mark::check(pointer, REPLAY) }?;
        // SAFETY: not null and aligned; the mark says that `init` made a replay memory here, and
        // nobody else uses it by contract.
        Ok(unsafe { &mut *pointer })
    }
}

/// Offset of the slots, and bytes in all.
fn layout(slots: usize) -> Option<(usize, usize)> {
    let offset = size_of::<FgReplay>().checked_next_multiple_of(align_of::<ReplaySlot>())?;
    let bytes = size_of::<ReplaySlot>().checked_mul(slots)?;
    let bytes = offset.checked_add(bytes)?;
    isize::try_from(bytes).ok().map(|_| (offset, bytes))
}

const fn align() -> usize {
    if align_of::<FgReplay>() > align_of::<ReplaySlot>() {
        align_of::<FgReplay>()
    } else {
        align_of::<ReplaySlot>()
    }
}

/// Bytes that a replay memory with `slots` slots needs; SIZE_MAX if memory cannot hold them.
///
/// FG_REPLAY_BYTES(slots) is a constant that is no smaller.
#[unsafe(no_mangle)]
pub extern "C" fn fg_replay_size(slots: usize) -> usize {
    layout(slots).map_or(usize::MAX, |(_, bytes)| bytes)
}

/// What the address of a replay memory must be a multiple of; FG_ALIGN is no smaller.
#[unsafe(no_mangle)]
pub extern "C" fn fg_replay_align() -> usize {
    align()
}

/// Makes an empty replay memory with `slots` slots in `memory`, and points `replay` at it.
///
/// Each slot holds one code that was let pass and still lives; with none free the gate refuses
/// (160). 64 are enough for presentations at one gate; tickets live longer. Make it once, when the
/// reader starts, and never for new keys: a code that the gate forgot is let pass again.
///
/// When the status is not OK, `memory` holds no replay memory and `replay` is unchanged.
///
/// # Safety
/// `memory`: NULL, or `size` bytes that are the replay memory's from now on, not moved and not
/// touched by others, until the caller stops using it. `replay`: NULL, or memory for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_replay_init(
    memory: *mut c_void,
    size: usize,
    slots: usize,
    replay: *mut *mut FgReplay,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { init(memory, size, slots, replay) })
}

/// Nobody went through on this tap: the door did not open, or nobody moved. `passage` is that of
/// the decision. The same code and the next one of its credential then pass as if it had not been
/// shown. Note it in the journal too, or the rider is charged for both.
///
/// FG_STATUS_UNKNOWN_CODE when the memory does not hold the tap; nothing is changed then.
///
/// # Safety
/// `replay`: NULL, or memory in which fg_replay_init made a replay memory, which nobody else uses
/// during the call. `passage`: NULL, or a passage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_replay_forget(
    replay: *mut FgReplay,
    passage: *const FgPassage,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { with(replay, passage, ReplayMemory::forget) })
}

/// Nobody knows whether somebody went through on this tap: it is in the journal, and the power
/// failed before it was noted what the door did. The rider is given the benefit of the doubt once:
/// the same code, or the next one of its credential, passes, and its decision says is_again.
///
/// FG_STATUS_UNKNOWN_CODE when the memory does not hold the tap; nothing is changed then.
///
/// # Safety
/// As fg_replay_forget.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_replay_doubt(
    replay: *mut FgReplay,
    passage: *const FgPassage,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { with(replay, passage, ReplayMemory::doubt) })
}

/// Takes a tap that was permitted before a restart, or by another reader of the station. See
/// fg_passage_read.
///
/// FG_STATUS_TOO_SMALL when no slot is free: codes that die no later are then refused.
///
/// # Safety
/// As fg_replay_forget.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_replay_remember(
    replay: *mut FgReplay,
    passage: *const FgPassage,
    now_micros: i64,
) -> FgStatus {
    let now = Timestamp::from_micros(now_micros);
    let mut outcome = Ok(());
    // SAFETY: what is asked of the pointers is this function's own contract.
    let found = unsafe {
        with(replay, passage, |memory, passage| {
            outcome = memory
                .remember(passage, now)
                .map_err(|_| FgStatus::TooSmall);
            true
        })
    };
    status(found.and(outcome))
}

/// # Safety
/// As [`fg_replay_forget`].
unsafe fn with(
    replay: *mut FgReplay,
    passage: *const FgPassage,
    does: impl FnOnce(&mut ReplayMemory<&'static mut [ReplaySlot]>, &Passage) -> bool,
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let replay = unsafe { FgReplay::at(replay) }?;
    // SAFETY: as above.
    let passage = unsafe { memory::read(passage) }?.to_passage()?;
    if does(replay.memory(), &passage) {
        Ok(())
    } else {
        Err(FgStatus::UnknownCode)
    }
}

/// # Safety
/// As [`fg_replay_init`].
unsafe fn init(
    memory: *mut c_void,
    size: usize,
    slots: usize,
    replay: *mut *mut FgReplay,
) -> Outcome {
    memory::check(replay)?;
    let head = memory.cast::<FgReplay>();
    let (offset, bytes) = layout(slots).ok_or(FgStatus::TooLarge)?;
    if memory.is_null() {
        return Err(FgStatus::Null);
    }
    if memory.addr().checked_rem(align()) != Some(0) {
        return Err(FgStatus::Misaligned);
    }
    if size < bytes {
        return Err(FgStatus::TooSmall);
    }
    // SAFETY: not null, aligned, and larger than a mark, with which a replay memory begins.
    unsafe { memory::write(head.cast::<Mark>(), Mark::NONE) }?;
    // SAFETY: `offset` is within the `size` bytes that the caller gave.
    let first = unsafe { memory.byte_add(offset) }.cast::<ReplaySlot>();
    let mut next = first;
    for _ in 0..slots {
        // SAFETY: `next` runs over `slots` slots from `offset` on, which `layout` found to fit, at
        // multiples of the slot's size from an aligned start.
        unsafe { next.write(ReplaySlot::EMPTY) };
        // SAFETY: at most one past the last slot, which is within the `size` bytes.
        next = unsafe { next.add(1) };
    }
    // SAFETY: the loop initialised `slots` slots from `first` on, no more bytes than `isize` holds.
    // They are the replay memory's alone as long as it is used, by contract.
    let slots: &'static mut [ReplaySlot] = unsafe { slice::from_raw_parts_mut(first, slots) };
    let made = FgReplay {
        mark: Mark::at(head, REPLAY),
        memory: ReplayMemory::new(slots),
    };
    // SAFETY: not null, aligned, and `layout` found that the head fits in front of the slots.
    unsafe { head.write(made) };
    // SAFETY: what is asked of the pointer is this function's own contract.
    unsafe { memory::write(replay, head) }
}
