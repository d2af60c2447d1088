//! What to fetch of a snapshot's lists, and a deny list out of the one in force and a delta.

use core::ptr;

use validator::update::Refused;
use wire::lists::{
    DENY_ENTRY_BYTES, DENY_HEADER_BYTES, DenyDelta, DenyStream, ListError, ListName, ListRef,
};

use units::CredentialId;

use crate::lists::{FG_LIST_BUNDLE, FG_LIST_DENY, FG_LIST_POLICY, FG_LIST_TARIFF, FgLists};
use crate::memory;
use crate::setup::FgCredentialId;
use crate::status::{FgStatus, Outcome, status};

/// Bytes of a deny list before its ids.
pub const FG_DENY_HEAD_BYTES: usize = 40;

/// Bytes of one id of a deny list.
pub const FG_DENY_ID_BYTES: usize = 16;

const _: () = assert!(FG_DENY_HEAD_BYTES == DENY_HEADER_BYTES);
const _: () = assert!(FG_DENY_ID_BYTES == DENY_ENTRY_BYTES);

/// By what a snapshot names a list.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FgListRef {
    /// Its version, from 1; 0 where no list is named.
    pub version: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Its SHA-256: in hexadecimal, the name under which a server gives it.
    pub hash: [u8; 32],
}

impl FgListRef {
    fn of(list: &ListRef) -> Self {
        Self {
            version: list.version,
            length: list.length,
            hash: list.hash,
        }
    }
}

fn name_of(list: u8) -> Result<ListName, FgStatus> {
    match list {
        FG_LIST_BUNDLE => Ok(ListName::Bundle),
        FG_LIST_DENY => Ok(ListName::Deny),
        FG_LIST_POLICY => Ok(ListName::Policy),
        FG_LIST_TARIFF => Ok(ListName::Tariff),
        _ => Err(FgStatus::BadList),
    }
}

/// Writes how the snapshot on offer names a list: what to fetch. `list`: one of FG_LIST_....
///
/// FG_STATUS_NO_OFFER when no snapshot is on offer.
///
/// # Safety
/// `lists`: NULL, or lists. `named`: NULL, or memory for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_offered(
    lists: *mut FgLists,
    list: u8,
    named: *mut FgListRef,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    let plain = found.and_then(|lists| {
        let offered = lists.offered().ok_or(FgStatus::NoOffer)?;
        Ok(FgListRef::of(offered.list(name_of(list)?)))
    });
    // SAFETY: as above.
    status(plain.and_then(|plain| unsafe { memory::write(named, plain) }))
}

/// Writes how the snapshot in force names a list; zeros where none is in force. The hash of its
/// deny list is what to ask a server for a delta by.
///
/// # Safety
/// `lists`: NULL, or lists. `named`: NULL, or memory for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_held(
    lists: *mut FgLists,
    list: u8,
    named: *mut FgListRef,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    let plain = found.and_then(|lists| {
        let name = name_of(list)?;
        let held = lists.held().map(|held| FgListRef::of(held.list(name)));
        Ok(held.unwrap_or_default())
    });
    // SAFETY: as above.
    status(plain.and_then(|plain| unsafe { memory::write(named, plain) }))
}

/// Takes the deny list of the snapshot on offer as a delta: `base`, the whole list in force, with
/// what `delta` takes off and puts on, is written to `list`, which holds `capacity` bytes, and
/// checked as fg_lists_take_deny would. Points `ids` at the `count` ids in `list`, whose
/// FG_DENY_BYTES(count) bytes are the list to store, and the base of the next delta.
///
/// The delta needs no signature: it is right exactly when the signed snapshot names what comes out.
/// FG_STATUS_TOO_SMALL, and nothing is written, when `capacity` is below the length of which
/// fg_lists_offered tells. FG_STATUS_LIST_REFUSED when the delta does not lead from the list in
/// force to the one on offer (204), or is none (201): `list` then holds nothing of use, the offer
/// stays, and the whole list may be fetched.
///
/// # Safety
/// `lists`: NULL, or lists. `base`, `delta`: as many bytes as their lengths say. `list`: NULL, or
/// memory for `capacity` bytes, which overlaps neither. `ids`, `count`: NULL, or memory for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_take_deny_delta(
    lists: *mut FgLists,
    base: *const u8,
    base_length: usize,
    delta: *const u8,
    delta_length: usize,
    list: *mut u8,
    capacity: usize,
    ids: *mut *const FgCredentialId,
    count: *mut usize,
) -> FgStatus {
    let (base, delta) = ((base, base_length), (delta, delta_length));
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { take_delta(lists, base, delta, (list, capacity), (ids, count)) })
}

/// # Safety
/// As [`fg_lists_take_deny_delta`].
unsafe fn take_delta(
    lists: *mut FgLists,
    (base, base_length): (*const u8, usize),
    (delta, delta_length): (*const u8, usize),
    (list, capacity): (*mut u8, usize),
    (ids, count): (*mut *const FgCredentialId, *mut usize),
) -> Outcome {
    memory::check(ids)?;
    memory::check(count)?;
    memory::check(list)?;
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let lists = unsafe { FgLists::at(lists) }?;
    // SAFETY: as above.
    let base = unsafe { memory::slice(base, base_length) }?;
    // SAFETY: as above.
    let delta = unsafe { memory::slice(delta, delta_length) }?;
    let held = lists.held().map(|held| *held.list(ListName::Deny));
    let offered = lists.offered().ok_or(FgStatus::NoOffer)?;
    let length = usize::try_from(offered.list(ListName::Deny).length);
    if length.is_ok_and(|length| length > capacity) {
        return Err(FgStatus::TooSmall);
    }
    let entries = lists.take(|pending| {
        let mut written = Written {
            first: list,
            length: 0,
            stream: pending.deny_stream(),
        };
        let held = held.ok_or(ListError::DeltaMismatch)?;
        // SAFETY: the memory holds at least what the stream takes, and overlaps neither of both.
        unsafe { written.merge(base, delta, &held) }?;
        pending.take_deny(written.stream)
    })?;
    // SAFETY: a list that was taken is longer than its head, behind which its ids are.
    let first = unsafe { list.add(DENY_HEADER_BYTES) };
    // SAFETY: as above.
    unsafe { memory::write(ids, first.cast_const().cast::<FgCredentialId>()) }?;
    let entries = usize::try_from(entries.count).map_err(|_| FgStatus::TooLarge)?;
    // SAFETY: as above.
    unsafe { memory::write(count, entries) }
}

/// A deny list on its way into the caller's memory.
struct Written {
    first: *mut u8,
    length: usize,
    stream: DenyStream,
}

impl Written {
    /// Writes what `delta` makes of `base`.
    ///
    /// # Safety
    /// At `first` as many bytes may be written as the stream takes; they overlap neither slice.
    unsafe fn merge(&mut self, base: &[u8], delta: &[u8], held: &ListRef) -> Result<(), Refused> {
        let delta = DenyDelta::read(delta, held, self.stream.expected())?;
        let start = delta.result().encode().map_err(|_| ListError::DenyHead)?;
        // SAFETY: what is asked of the memory is this function's own contract, here and below.
        unsafe { self.append(&start) }?;
        let (ids, rest) = base
            .get(DENY_HEADER_BYTES..)
            .ok_or(ListError::DeltaMismatch)?
            .as_chunks::<DENY_ENTRY_BYTES>();
        if !rest.is_empty() {
            return Err(ListError::DeltaMismatch.into());
        }
        let (mut merge, mut outcome) = (delta.merge(), Ok(()));
        for id in ids {
            merge.take(CredentialId::from_bytes(*id), |id| {
                // SAFETY: as above.
                outcome = outcome.and_then(|()| unsafe { self.append(id.as_bytes()) });
            })?;
            outcome?;
        }
        merge.finish(|id| {
            // SAFETY: as above.
            outcome = outcome.and_then(|()| unsafe { self.append(id.as_bytes()) });
        })?;
        Ok(outcome?)
    }

    /// Writes `bytes` behind those that were written, if the stream takes them.
    ///
    /// # Safety
    /// As [`Written::merge`].
    unsafe fn append(&mut self, bytes: &[u8]) -> Result<(), ListError> {
        // It takes no byte beyond the length of the list that it expects.
        self.stream.push(bytes, |_| {})?;
        // SAFETY: within what the stream takes, for which there is room by contract.
        let place = unsafe { self.first.add(self.length) };
        // SAFETY: as above; bytes have no alignment; these are ours or the caller's other memory.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
        self.length = self.length.saturating_add(bytes.len());
        Ok(())
    }
}
