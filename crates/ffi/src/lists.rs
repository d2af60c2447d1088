//! Signed lists: what a reader goes by, and which offered lists may follow (the rules of TUF).

use core::ffi::c_void;

use units::{Span, Timestamp};
use validator::update::{Freshness, Held, Offer, Pending, Refused, StaleRule};
use wire::lists::{ListName, Root, Snapshot};

use crate::memory::{self, Mark, Plain};
use crate::status::{FgStatus, Outcome, status};

/// No fg_lists needs more bytes, on any target.
pub const FG_LISTS_BYTES: usize = 4096;

/// The trust bundle: issuer keys.
pub const FG_LIST_BUNDLE: u8 = 1;
/// The deny list.
pub const FG_LIST_DENY: u8 = 2;
/// The policy.
pub const FG_LIST_POLICY: u8 = 4;
/// The tariff.
pub const FG_LIST_TARIFF: u8 = 8;

/// The lists are not over.
pub const FG_LISTS_FRESH: u8 = 0;
/// They are over; riders are let pass as the city's policy says.
pub const FG_LISTS_STALE: u8 = 1;
/// Let nobody pass: no lists, or over for longer or for more riders than the policy says.
pub const FG_LISTS_CLOSED: u8 = 2;

/// "fgls", in the word that marks lists.
const LISTS: usize = 0x6667_6c73;

/// What a reader holds of its city's signed lists, and what is on offer, in memory of the caller.
/// Its content is private.
///
/// Made by fg_lists_init; one thread at a time may use it. It must stay where it was made. It
/// keeps no list itself: the caller stores the bytes of root, snapshot and lists, durably, before
/// fg_lists_complete.
#[repr(C)]
pub struct FgLists {
    mark: Mark,
    /// What is held and what is on offer: a type that C cannot have, which keeps it private.
    state: (Held, Option<Pending>),
    refusal: u16,
}

const _: () = assert!(size_of::<FgLists>() <= FG_LISTS_BYTES);
const _: () = assert!(align_of::<FgLists>() <= crate::validator_memory::FG_ALIGN);

/// Versions of the lists in force and their age: what a tap record says of them.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FgListVersions {
    /// Version of the trust bundle; 0 if none.
    pub bundle: u32,
    /// Version of the deny list; 0 if none.
    pub deny: u32,
    /// Version of the policy; 0 if none.
    pub policy: u32,
    /// Version of the tariff; 0 if none.
    pub tariff: u32,
    /// Age of the snapshot that binds them, in seconds; UINT32_MAX if there is none.
    pub age_s: u32,
}

/// What the city's policy says of a reader that learns nothing new. From fg_lists_take_policy.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FgStaleRule {
    /// How long after the lists' end riders are still let pass, in microseconds.
    pub stale_for_micros: i64,
    /// How many riders are.
    pub stale_taps: u32,
}

// SAFETY: numbers, for which every bit pattern is a value.
unsafe impl Plain for FgStaleRule {}

impl FgLists {
    /// The lists that `pointer` points at.
    ///
    /// # Safety
    /// Unless null, it points at memory of [`FG_LISTS_BYTES`] that nobody else uses during `'a`.
    pub(crate) unsafe fn at<'a>(pointer: *mut Self) -> Result<&'a mut Self, FgStatus> {
        // SAFETY: what is asked of the pointer is this function's own contract.
        unsafe { Mark::check(pointer, LISTS) }?;
        // SAFETY: not null and aligned; the mark says that `init` made lists here, and nobody else
        // uses them by contract.
        Ok(unsafe { &mut *pointer })
    }

    /// Notes why lists were not taken.
    pub(crate) fn note<T>(&mut self, taken: Result<T, Refused>) -> Result<T, FgStatus> {
        self.refusal = 0;
        taken.map_err(|refused| {
            self.refusal = refused.code();
            FgStatus::ListRefused
        })
    }

    /// Takes a list into the snapshot on offer.
    pub(crate) fn take<T>(
        &mut self,
        take: impl FnOnce(&mut Pending) -> Result<T, Refused>,
    ) -> Result<T, FgStatus> {
        let taken = take(self.state.1.as_mut().ok_or(FgStatus::NoOffer)?);
        self.note(taken)
    }

    /// The snapshot in force.
    pub(crate) const fn held(&self) -> Option<&Snapshot> {
        self.state.0.snapshot()
    }

    /// The snapshot on offer.
    pub(crate) fn offered(&self) -> Option<&Snapshot> {
        self.state.1.as_ref().map(Pending::snapshot)
    }

    fn offer(&mut self, bytes: &[u8], now: Timestamp) -> Result<u8, FgStatus> {
        self.state.1 = None;
        let offer = self.state.0.offer_snapshot(bytes, now);
        let Offer::Next(pending) = self.note(offer)? else {
            return Ok(0);
        };
        let missing = pending
            .missing()
            .fold(0, |bits, (name, _)| bits | bit_of(name));
        self.state.1 = Some(pending);
        Ok(missing)
    }
}

const fn bit_of(name: ListName) -> u8 {
    match name {
        ListName::Bundle => FG_LIST_BUNDLE,
        ListName::Deny => FG_LIST_DENY,
        ListName::Policy => FG_LIST_POLICY,
        ListName::Tariff => FG_LIST_TARIFF,
    }
}

/// Makes lists in `memory` that hold `root`, which the reader trusts because it was installed with
/// it, or stored when fg_lists_offer_root took it. Then fg_lists_restore, if a snapshot was stored.
///
/// FG_STATUS_LIST_REFUSED when the bytes are no root with enough signatures of its own keys.
///
/// # Safety
/// `memory`: NULL, or `size` bytes aligned to FG_ALIGN that are the lists' from now on, not moved
/// and not touched by others. `root`: `length` bytes. `lists`: NULL, or memory for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_init(
    memory: *mut c_void,
    size: usize,
    root: *const u8,
    length: usize,
    lists: *mut *mut FgLists,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { init(memory.cast(), size, (root, length), lists) })
}

/// # Safety
/// As [`fg_lists_init`].
unsafe fn init(
    memory: *mut FgLists,
    size: usize,
    (root, length): (*const u8, usize),
    lists: *mut *mut FgLists,
) -> Outcome {
    memory::check(lists)?;
    memory::check(memory)?;
    if size < size_of::<FgLists>() {
        return Err(FgStatus::TooSmall);
    }
    // SAFETY: not null, aligned, and larger than a mark, with which lists begin.
    unsafe { memory::write(memory.cast::<Mark>(), Mark::NONE) }?;
    // SAFETY: what is asked of the pointer is this function's own contract.
    let root = unsafe { memory::slice(root, length) }?;
    let root = Root::read_pinned(root).map_err(|_| FgStatus::ListRefused)?;
    let made = FgLists {
        mark: Mark::at(memory, LISTS),
        state: (Held::new(root), None),
        refusal: 0,
    };
    // SAFETY: not null, aligned, and large enough.
    unsafe { memory.write(made) };
    // SAFETY: what is asked of the pointer is this function's own contract.
    unsafe { memory::write(lists, memory) }
}

/// Takes up what was held before a restart: the stored `snapshot`, and the root `taken_under` which
/// it was taken, which may be an earlier one than that of fg_lists_init.
///
/// # Safety
/// `lists`: NULL, or lists. `taken_under`, `snapshot`: as many bytes as their lengths say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_restore(
    lists: *mut FgLists,
    taken_under: *const u8,
    taken_under_length: usize,
    snapshot: *const u8,
    snapshot_length: usize,
) -> FgStatus {
    let (root, snapshot) = (
        (taken_under, taken_under_length),
        (snapshot, snapshot_length),
    );
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { restore(lists, root, snapshot) })
}

/// # Safety
/// As [`fg_lists_restore`].
unsafe fn restore(
    lists: *mut FgLists,
    root: (*const u8, usize),
    snapshot: (*const u8, usize),
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let lists = unsafe { FgLists::at(lists) }?;
    // SAFETY: as above.
    let root = unsafe { memory::slice(root.0, root.1) }?;
    // SAFETY: as above.
    let snapshot = unsafe { memory::slice(snapshot.0, snapshot.1) }?;
    let under = lists.note(Root::read_pinned(root).map_err(Refused::List))?;
    let restored = Held::restore(lists.state.0.root().clone(), &under, snapshot);
    lists.state.0 = lists.note(restored)?;
    Ok(())
}

/// Offers the next root. When it is taken, a snapshot on offer is no longer: store the root
/// durably, then offer the snapshot.
///
/// # Safety
/// `lists`: NULL, or lists. `root`: `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_offer_root(
    lists: *mut FgLists,
    root: *const u8,
    length: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    // SAFETY: as above.
    let bytes = unsafe { memory::slice(root, length) };
    status(found.and_then(|lists| {
        let offered = lists.state.0.offer_root(bytes?);
        lists.state.0 = lists.note(offered)?;
        lists.state.1 = None;
        Ok(())
    }))
}

/// Offers a snapshot. `missing` says which lists are to be given to fg_lists_take_... before
/// fg_lists_complete: the sum of FG_LIST_...; 0 when the snapshot is the one that is held, and
/// when all its lists are. Whatever was on offer before no longer is.
///
/// # Safety
/// `lists`: NULL, or lists. `snapshot`: `length` bytes. `missing`: NULL, or memory for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_offer_snapshot(
    lists: *mut FgLists,
    snapshot: *const u8,
    length: usize,
    now_micros: i64,
    missing: *mut u8,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    // SAFETY: as above.
    let bytes = unsafe { memory::slice(snapshot, length) };
    let now = Timestamp::from_micros(now_micros);
    let offered = memory::check(missing)
        .and(found)
        .and_then(|lists| lists.offer(bytes?, now));
    // SAFETY: as above.
    status(offered.and_then(|bits| unsafe { memory::write(missing, bits) }))
}

/// From now on the snapshot on offer is what is held. Call it when its bytes and all its lists are
/// stored durably, then use the lists. Without an offer nothing changes.
///
/// FG_STATUS_LIST_REFUSED (212) while a list is missing; the offer stays.
///
/// # Safety
/// `lists`: NULL, or lists.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_complete(lists: *mut FgLists) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract.
    status(unsafe { FgLists::at(lists) }.and_then(|lists| {
        let Some(pending) = lists.state.1.clone() else {
            return Ok(());
        };
        lists.state.0 = lists.note(pending.complete())?;
        lists.state.1 = None;
        Ok(())
    }))
}

/// Why the last lists were not taken: 201 not a list, 202 too few signatures, 203 a bad signature,
/// 204 not what the snapshot names, 205 another city's, 206 not the next root, 207 era went back,
/// 208 another era, 209 over, 210 version went back, 211 other content under the same version,
/// 212 a list is missing; 0 when the last call took what it was given.
///
/// # Safety
/// `lists`: NULL, or lists. `refusal`: NULL, or memory for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_refusal(lists: *mut FgLists, refusal: *mut u16) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    // SAFETY: as above.
    status(found.and_then(|lists| unsafe { memory::write(refusal, lists.refusal) }))
}

/// Writes the versions of the lists in force, and their age now: for fg_tap_record.
///
/// # Safety
/// `lists`: NULL, or lists. `versions`: NULL, or memory for versions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_versions(
    lists: *mut FgLists,
    now_micros: i64,
    versions: *mut FgListVersions,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    let now = Timestamp::from_micros(now_micros);
    let plain = found.map(|lists| {
        let Some(snapshot) = lists.state.0.snapshot() else {
            return FgListVersions {
                age_s: u32::MAX,
                ..FgListVersions::default()
            };
        };
        let at = snapshot.versions_at(now);
        FgListVersions {
            bundle: at.bundle,
            deny: at.deny,
            policy: at.policy,
            tariff: at.tariff,
            age_s: at.age_s,
        }
    });
    // SAFETY: as above.
    status(plain.and_then(|plain| unsafe { memory::write(versions, plain) }))
}

/// Writes what the lists in force are worth now: one of FG_LISTS_.... `passed`: how many riders
/// were let pass since they were over. While it is FG_LISTS_CLOSED, let nobody pass.
///
/// # Safety
/// `lists`: NULL, or lists. `rule`: NULL, or a rule. `freshness`: NULL, or memory for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_freshness(
    lists: *mut FgLists,
    now_micros: i64,
    rule: *const FgStaleRule,
    passed: u32,
    freshness: *mut u8,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    // SAFETY: as above.
    let rule = unsafe { memory::read(rule) }.map(|rule| StaleRule {
        stale_for: Span::from_micros(rule.stale_for_micros),
        stale_taps: rule.stale_taps,
    });
    let now = Timestamp::from_micros(now_micros);
    let worth = found.and_then(|lists| {
        Ok(match lists.state.0.freshness(now, rule?, passed) {
            Freshness::Fresh => FG_LISTS_FRESH,
            Freshness::Stale { .. } => FG_LISTS_STALE,
            Freshness::Closed => FG_LISTS_CLOSED,
        })
    });
    // SAFETY: as above.
    status(worth.and_then(|worth| unsafe { memory::write(freshness, worth) }))
}
