//! The four lists of a snapshot on offer: checked against it, and turned into what a validator is
//! set up with.

use core::ffi::c_char;

use units::NetworkId;
use validator::update::{acceptance, rules_of};
use wire::lists::{DENY_HEADER_BYTES, GatePolicy, PolicyRules};

use crate::accept::FgAcceptance;
use crate::lists::{FgLists, FgStaleRule};
use crate::memory;
use crate::setup::{FgCredentialId, FgIssuerKey, FgPolicy};
use crate::status::{FgStatus, Outcome, status};

/// Takes the trust bundle of the snapshot on offer, and writes the keys that this reader trusts:
/// those without a limit, and those of its `network` (GTFS network_id; NULL where it knows none).
///
/// Room for FG_KEYS_MAX keys is always enough. For fg_validator_init, once the lists are complete.
///
/// # Safety
/// `lists`: NULL, or lists. `bytes`: `length` bytes. `network`: NULL, or `network_length` bytes.
/// `keys`: memory for `capacity` keys. `count`: NULL, or memory for a size. They do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_take_bundle(
    lists: *mut FgLists,
    bytes: *const u8,
    length: usize,
    network: *const c_char,
    network_length: usize,
    keys: *mut FgIssuerKey,
    capacity: usize,
    count: *mut usize,
) -> FgStatus {
    let network = (network, network_length);
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { take_bundle(lists, (bytes, length), network, (keys, capacity), count) })
}

/// # Safety
/// As [`fg_lists_take_bundle`].
unsafe fn take_bundle(
    lists: *mut FgLists,
    bytes: (*const u8, usize),
    (network, network_length): (*const c_char, usize),
    (keys, capacity): (*mut FgIssuerKey, usize),
    count: *mut usize,
) -> Outcome {
    memory::check(count)?;
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let lists = unsafe { FgLists::at(lists) }?;
    // SAFETY: as above.
    let bytes = unsafe { memory::slice(bytes.0, bytes.1) }?;
    let here = if network.is_null() {
        None
    } else {
        // SAFETY: as above.
        let name = unsafe { memory::slice(network.cast::<u8>(), network_length) }?;
        let name = core::str::from_utf8(name).map_err(|_| FgStatus::BadId)?;
        Some(NetworkId::new(name).map_err(|_| FgStatus::BadId)?)
    };
    let bundle = lists.take(|pending| pending.take_bundle(bytes))?;
    let mut written = 0_usize;
    for key in bundle.keys().filter(|key| key.is_trusted_in(here)) {
        let plain = FgIssuerKey {
            kid: *key.kid.as_bytes(),
            public_key: *key.public_key,
            not_before_micros: key.not_before.as_micros(),
            not_after_micros: key.not_after.as_micros(),
            issuer: key.issuer.as_number(),
        };
        // SAFETY: as above.
        unsafe { put(keys, capacity, &mut written, plain) }?;
    }
    // SAFETY: as above.
    unsafe { memory::write(count, written) }
}

/// Takes the policy of the snapshot on offer. Of `policy` it sets what the city's policy speaks of,
/// and leaves the rest, so begin with fg_policy_default. Writes its rules of acceptance for
/// fg_validator_accept; `has_rules` is 0 where it has none, and everything is taken that the keys
/// signed. Room for FG_RULES_MAX rules is always enough.
///
/// # Safety
/// `lists`: NULL, or lists. `bytes`: `length` bytes. `policy`: NULL, or a policy. `rules`: memory
/// for `capacity` rules. `count`, `has_rules`, `stale`: NULL, or memory for one. None overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_take_policy(
    lists: *mut FgLists,
    bytes: *const u8,
    length: usize,
    policy: *mut FgPolicy,
    stale: *mut FgStaleRule,
    rules: *mut FgAcceptance,
    capacity: usize,
    count: *mut usize,
    has_rules: *mut u8,
) -> FgStatus {
    let out = (policy, stale);
    // SAFETY: what is asked of the pointers is this function's own contract.
    let taken = unsafe { take_policy(lists, (bytes, length), out) };
    status(taken.and_then(|accepted| {
        memory::check(count)?;
        let mut written = 0_usize;
        for rule in accepted.iter().flat_map(PolicyRules::iter) {
            let plain = FgAcceptance::of(&acceptance(&rule));
            // SAFETY: what is asked of the pointer is this function's own contract, here and below.
            unsafe { put(rules, capacity, &mut written, plain) }?;
        }
        // SAFETY: as above.
        unsafe { memory::write(has_rules, u8::from(accepted.is_some())) }?;
        // SAFETY: as above.
        unsafe { memory::write(count, written) }
    }))
}

/// # Safety
/// As [`fg_lists_take_policy`].
unsafe fn take_policy<'a>(
    lists: *mut FgLists,
    bytes: (*const u8, usize),
    (policy, stale): (*mut FgPolicy, *mut FgStaleRule),
) -> Result<Option<PolicyRules<'a>>, FgStatus> {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let lists = unsafe { FgLists::at(lists) }?;
    // SAFETY: as above.
    let bytes = unsafe { memory::slice::<'a, u8>(bytes.0, bytes.1) }?;
    memory::check(stale)?;
    // SAFETY: as above.
    let base = unsafe { memory::read(policy.cast_const()) }?.to_policy()?;
    let (said, accepted) = lists.take(|pending| {
        let said = pending.take_policy(bytes)?;
        let (_, accepted) = GatePolicy::read_with_rules(bytes, pending.snapshot())?;
        Ok((said, accepted))
    })?;
    let rule = FgStaleRule {
        stale_for_micros: said.stale_for.as_micros(),
        stale_taps: said.stale_taps,
    };
    // SAFETY: as above.
    unsafe { memory::write(stale, rule) }?;
    // SAFETY: as above.
    unsafe { memory::write(policy, FgPolicy::of(&rules_of(&said, base))) }?;
    Ok(accepted)
}

/// Takes the tariff of the snapshot on offer. Readers go by none of it; its version is in records.
///
/// # Safety
/// `lists`: NULL, or lists. `bytes`: `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_take_tariff(
    lists: *mut FgLists,
    bytes: *const u8,
    length: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let found = unsafe { FgLists::at(lists) };
    // SAFETY: as above.
    let bytes = unsafe { memory::slice(bytes, length) };
    status(found.and_then(|lists| {
        let bytes = bytes?;
        lists.take(|pending| pending.take_tariff(bytes)).map(|_| ())
    }))
}

/// Takes the deny list of the snapshot on offer, and points `ids` at the `count` ids in its bytes:
/// for fg_validator_deny or fg_validator_deny_filtered, once the lists are complete. The bytes may
/// lie in memory that is only read, such as mapped flash.
///
/// # Safety
/// `lists`: NULL, or lists. `bytes`: `length` bytes. `ids`, `count`: NULL, or memory for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_lists_take_deny(
    lists: *mut FgLists,
    bytes: *const u8,
    length: usize,
    ids: *mut *const FgCredentialId,
    count: *mut usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { take_deny(lists, (bytes, length), ids, count) })
}

/// # Safety
/// As [`fg_lists_take_deny`].
unsafe fn take_deny(
    lists: *mut FgLists,
    (bytes, length): (*const u8, usize),
    ids: *mut *const FgCredentialId,
    count: *mut usize,
) -> Outcome {
    memory::check(ids)?;
    memory::check(count)?;
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let lists = unsafe { FgLists::at(lists) }?;
    // SAFETY: as above.
    let list = unsafe { memory::slice(bytes, length) }?;
    let head = lists.take(|pending| {
        let mut stream = pending.deny_stream();
        stream.push(list, |_| {})?;
        pending.take_deny(stream)
    })?;
    // SAFETY: a list that was taken is longer than its head, behind which its ids are.
    let first = unsafe { bytes.add(DENY_HEADER_BYTES) };
    // SAFETY: as above.
    unsafe { memory::write(ids, first.cast::<FgCredentialId>()) }?;
    let entries = usize::try_from(head.count).map_err(|_| FgStatus::TooLarge)?;
    // SAFETY: as above.
    unsafe { memory::write(count, entries) }
}

/// Writes `value` behind those that were written.
///
/// # Safety
/// Unless null, `capacity` values may be written at `first`.
unsafe fn put<T: Copy>(first: *mut T, capacity: usize, written: &mut usize, value: T) -> Outcome {
    memory::check(first)?;
    if *written >= capacity {
        return Err(FgStatus::TooSmall);
    }
    // SAFETY: `written` is below `capacity`.
    let place = unsafe { first.add(*written) };
    // SAFETY: as above.
    unsafe { memory::write(place, value) }?;
    *written = written.saturating_add(1);
    Ok(())
}
