//! A validator in the caller's memory: its head, then its prepared keys.

use core::ffi::c_void;
use core::slice;

use units::Timestamp;
use validator::{
    Decision, Passage, Place, Reading, ReplayMemory, ReplaySlot, SetupError, Validator,
};
use wire::IssuerKey;
use wire::tap::TapKind;

use crate::accept::FgRules;
use crate::deny::Denied;
use crate::memory::{self, Mark};
use crate::prepare::Prepared;
use crate::setup::{FG_KEYS_MAX, FgIssuerKey, FgPolicy};
use crate::status::{FgStatus, Outcome, status};

/// No alignment asked for in this interface is larger, on any target: for static memory.
pub const FG_ALIGN: usize = 64;

/// No validator needs more bytes for each key, and for its head, on any target.
pub const FG_KEY_BYTES: usize = 512;

/// "fgvd", in the word that marks a validator.
const VALIDATOR: usize = 0x6667_7664;

/// A gate's issuer keys, policy and deny list, in memory of the caller. Its content is private.
///
/// Made by fg_validator_init. It may be read by several threads at once, as long as none changes
/// it. It must stay where it was made.
#[repr(C)]
pub struct FgValidator {
    mark: Mark,
    plain: &'static [IssuerKey],
    keys: Keys,
    denied: Denied,
}

/// The validator itself, with or without tables.
pub(crate) enum Keys {
    Plain(Validator<&'static [IssuerKey], FgRules>),
    Prepared(Validator<&'static [Prepared], FgRules>),
}

impl FgValidator {
    /// Decides about one code.
    pub(crate) fn decide(
        &self,
        text: &[u8],
        place: &Place,
        now: &Reading,
        used: &mut ReplayMemory<&'static mut [ReplaySlot]>,
    ) -> Decision {
        match &self.keys {
            Keys::Plain(validator) => validator.validate(text, place, *now, &self.denied, used),
            Keys::Prepared(validator) => validator.validate(text, place, *now, &self.denied, used),
        }
    }

    /// What the memory is to know of a tap that was permitted.
    pub(crate) fn passage(&self, evidence: &[u8], kind: TapKind, at: Timestamp) -> Option<Passage> {
        match &self.keys {
            Keys::Plain(validator) => validator.passage(evidence, kind, at),
            Keys::Prepared(validator) => validator.passage(evidence, kind, at),
        }
    }

    /// Denies these from now on.
    pub(crate) fn deny(&mut self, denied: Denied) {
        self.denied = denied;
    }

    /// Takes only what `rules` take from now on.
    pub(crate) fn accept(&mut self, rules: FgRules) -> Outcome {
        let keys = match &self.keys {
            Keys::Plain(made) => made.clone().with_rules(rules).map(Keys::Plain),
            Keys::Prepared(made) => made.clone().with_rules(rules).map(Keys::Prepared),
        };
        self.keys = keys.map_err(refuse_setup)?;
        Ok(())
    }

    /// The keys without tables.
    pub(crate) const fn plain_keys(&self) -> &'static [IssuerKey] {
        self.plain
    }

    /// Decides with these keys from now on, by the same policy and rules.
    pub(crate) fn use_tables(&mut self, prepared: &'static [Prepared]) -> Outcome {
        let keys = match &self.keys {
            Keys::Plain(made) => made.with_keys(prepared),
            Keys::Prepared(made) => made.with_keys(prepared),
        };
        self.keys = Keys::Prepared(keys.map_err(refuse_setup)?);
        Ok(())
    }

    /// The validator that `pointer` points at.
    ///
    /// # Safety
    /// Unless null, it points at memory of [`fg_validator_size`] bytes that nobody changes during
    /// `'a`.
    pub(crate) unsafe fn at<'a>(pointer: *const Self) -> Result<&'a Self, FgStatus> {
        // SAFETY: what is asked of the pointer is this function's own contract.
        unsafe { Mark::check(pointer, VALIDATOR) }?;
        // SAFETY: not null and aligned; the mark says that `init` made a validator here, and
        // nobody changes it by contract.
        Ok(unsafe { &*pointer })
    }

    /// The validator that `pointer` points at, to change it.
    ///
    /// # Safety
    /// As [`FgValidator::at`], and nobody else uses it during `'a`.
    pub(crate) unsafe fn at_mut<'a>(pointer: *mut Self) -> Result<&'a mut Self, FgStatus> {
        // SAFETY: what is asked of the pointer is this function's own contract.
        unsafe { Mark::check(pointer, VALIDATOR) }?;
        // SAFETY: not null and aligned; the mark says that `init` made a validator here, and
        // nobody else uses it by contract.
        Ok(unsafe { &mut *pointer })
    }
}

/// Offset of the keys, and bytes in all.
fn layout(keys: usize) -> Option<(usize, usize)> {
    let offset = size_of::<FgValidator>().checked_next_multiple_of(align_of::<IssuerKey>())?;
    let bytes = size_of::<IssuerKey>().checked_mul(keys)?;
    Some((offset, offset.checked_add(bytes)?))
}

const fn align() -> usize {
    if align_of::<FgValidator>() > align_of::<IssuerKey>() {
        align_of::<FgValidator>()
    } else {
        align_of::<IssuerKey>()
    }
}

/// Bytes that a validator with `keys` keys needs; SIZE_MAX if memory cannot hold them.
///
/// FG_VALIDATOR_BYTES(keys) is a constant that is no smaller.
#[unsafe(no_mangle)]
pub extern "C" fn fg_validator_size(keys: usize) -> usize {
    layout(keys).map_or(usize::MAX, |(_, bytes)| bytes)
}

/// What the address of a validator must be a multiple of; FG_ALIGN is no smaller.
#[unsafe(no_mangle)]
pub extern "C" fn fg_validator_align() -> usize {
    align()
}

/// Makes a validator in `memory`, with nobody on its deny list, and points `validator` at it.
///
/// Keys and policy are copied and prepared: afterwards the caller may reuse theirs. A validator
/// without keys refuses everything (160). To change keys or policy, make another validator in
/// other memory and use that one from then on; the replay memory stays as it is. There is nothing
/// to free.
///
/// When the status is not OK, `memory` holds no validator and `validator` is unchanged.
///
/// # Safety
/// `memory`: NULL, or `size` bytes that are the validator's from now on, not moved and not touched
/// by others, until the caller stops using it. `keys`: `key_count` keys, or anything if that is 0.
/// `policy`: NULL, or a policy. `validator`: NULL, or memory for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_validator_init(
    memory: *mut c_void,
    size: usize,
    keys: *const FgIssuerKey,
    key_count: usize,
    policy: *const FgPolicy,
    validator: *mut *mut FgValidator,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { init(memory, size, keys, key_count, policy, validator) })
}

/// # Safety
/// As [`fg_validator_init`].
unsafe fn init(
    memory: *mut c_void,
    size: usize,
    keys: *const FgIssuerKey,
    key_count: usize,
    policy: *const FgPolicy,
    validator: *mut *mut FgValidator,
) -> Outcome {
    memory::check(validator)?;
    let head = memory.cast::<FgValidator>();
    let (offset, bytes) = layout(key_count).ok_or(FgStatus::TooLarge)?;
    if memory.is_null() {
        return Err(FgStatus::Null);
    }
    if memory.addr().checked_rem(align()) != Some(0) {
        return Err(FgStatus::Misaligned);
    }
    if key_count > FG_KEYS_MAX {
        return Err(FgStatus::TooManyKeys);
    }
    if size < bytes {
        return Err(FgStatus::TooSmall);
    }
    // SAFETY: not null, aligned, and larger than a mark, with which a validator begins.
    unsafe { memory::write(head.cast::<Mark>(), Mark::NONE) }?;
    // SAFETY: what is asked of the pointer is this function's own contract.
    let keys = unsafe { memory::slice(keys, key_count) }?;
    // SAFETY: as above.
    let policy = unsafe { memory::read(policy) }?.to_policy()?;
    // SAFETY: `offset` is within the `size` bytes that the caller gave.
    let first = unsafe { memory.byte_add(offset) }.cast::<IssuerKey>();
    let mut next = first;
    for key in keys {
        let key = key.prepare()?;
        // SAFETY: `next` runs over `key_count` keys from `offset` on, which `layout` found to fit,
        // at multiples of the key's size from an aligned start.
        unsafe { next.write(key) };
        // SAFETY: at most one past the last key, which is within the `size` bytes.
        next = unsafe { next.add(1) };
    }
    // SAFETY: the loop initialised `key_count` keys from `first` on. They are the validator's as
    // long as it is used, by contract, and nothing here writes them again while it is.
    let prepared: &'static [IssuerKey] = unsafe { slice::from_raw_parts(first, key_count) };
    let made = FgValidator {
        mark: Mark::at(head, VALIDATOR),
        plain: prepared,
        keys: Keys::Plain(
            Validator::new(prepared, policy)
                .map_err(refuse_setup)?
                .ruled(),
        ),
        denied: Denied::nobody(),
    };
    // SAFETY: not null, aligned, and `layout` found that the head fits in front of the keys.
    unsafe { head.write(made) };
    // SAFETY: what is asked of the pointer is this function's own contract.
    unsafe { memory::write(validator, head) }
}

fn refuse_setup(error: SetupError) -> FgStatus {
    match error {
        SetupError::TooManyKeys { .. } | SetupError::TooManyOfOneName { .. } => {
            FgStatus::TooManyKeys
        }
        _ => FgStatus::BadPolicy,
    }
}
