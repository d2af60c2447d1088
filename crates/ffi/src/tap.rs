//! Tap records: what the reader writes down about one scan and later uploads.

use core::ffi::c_char;
use core::str;

use units::{GateId, RouteId, StopId, Timestamp};
use wire::tap::TapRecord;
use wire::text::CodeBuffer;
use wire::{ClockState, EncodeError, ListVersions};

use crate::decision::tap_kind;
use crate::memory::{self, Plain};
use crate::status::{FgStatus, Outcome, status};

/// Room for the bytes of every code.
pub const FG_CODE_BYTES_MAX: usize = 320;

/// Room for every tap record.
pub const FG_TAP_RECORD_BYTES_MAX: usize = 520;

/// One scan and what became of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FgTapRecord {
    /// Its number in the device's epoch, from 0, without gaps.
    pub seq: u64,
    /// When, by the device's clock: microseconds since 1970, not negative.
    pub at_micros: i64,
    /// Which gate.
    pub gate: u32,
    /// What was decided: the decision's code.
    pub decision: u16,
    /// FG_TAP_ON or FG_TAP_OFF.
    pub kind: u8,
    /// At which stop: GTFS stop_id, UTF-8, not 0-terminated.
    pub stop: *const c_char,
    /// Its length in bytes, 1 to 64.
    pub stop_length: usize,
    /// On which route: GTFS route_id; NULL where the device does not know it.
    pub route: *const c_char,
    /// Its length in bytes, 1 to 64; any if `route` is NULL.
    pub route_length: usize,
    /// The bytes of the code, from fg_evidence; NULL if there are none.
    pub evidence: *const u8,
    /// How many, 0 to FG_CODE_BYTES_MAX.
    pub evidence_length: usize,
    /// Version of the trust bundle at the tap; 0 if none.
    pub bundle_version: u32,
    /// Version of the deny list at the tap; 0 if none.
    pub deny_version: u32,
    /// Version of the policy at the tap; 0 if none.
    pub policy_version: u32,
    /// Version of the tariff at the tap; 0 if none.
    pub tariff_version: u32,
    /// Age of these lists at the tap in seconds; UINT32_MAX if unknown.
    pub list_age_s: u32,
    /// 1 if the device can prove its clock, else 0.
    pub clock_proven: u8,
}

// SAFETY: numbers and pointers, for which every bit pattern is a value.
unsafe impl Plain for FgTapRecord {}

/// Writes the bytes that a code's text stands for: the evidence in a tap record. A text that
/// stands for no bytes gives 0 bytes and FG_STATUS_OK: its tap record has no evidence.
///
/// A buffer of FG_CODE_BYTES_MAX is always large enough.
///
/// # Safety
/// `text`: `length` bytes, or anything if that is 0. `buffer`: NULL, or memory for `size` bytes.
/// `written`: NULL, or memory for a size. They do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_evidence(
    text: *const c_char,
    length: usize,
    buffer: *mut u8,
    size: usize,
    written: *mut usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let text = match unsafe { memory::slice(text.cast::<u8>(), length) } {
        Ok(text) => text,
        Err(failed) => return failed,
    };
    let mut room = CodeBuffer::new();
    let bytes = wire::text::decode(text, &mut room).unwrap_or_default();
    // SAFETY: as above.
    status(unsafe { memory::copy_out(bytes, buffer, size, written) })
}

/// Writes a tap record's bytes (docs/WIRE.md), to append to the device's journal and to its chain.
///
/// A buffer of FG_TAP_RECORD_BYTES_MAX is always large enough.
///
/// # Safety
/// `record`: NULL, or a record whose texts and evidence have as many bytes as it says. `buffer`:
/// NULL, or memory for `size` bytes. `written`: NULL, or memory for a size. They do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_tap_record_encode(
    record: *const FgTapRecord,
    buffer: *mut u8,
    size: usize,
    written: *mut usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { encode(record, buffer, size, written) })
}

/// # Safety
/// As [`fg_tap_record_encode`].
unsafe fn encode(
    record: *const FgTapRecord,
    buffer: *mut u8,
    size: usize,
    written: *mut usize,
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract, here and below.
    let plain = unsafe { memory::read(record) }?;
    // SAFETY: as above.
    let stop = unsafe { text(plain.stop, plain.stop_length) }?;
    let route = if plain.route.is_null() {
        None
    } else {
        // SAFETY: as above.
        let route = unsafe { text(plain.route, plain.route_length) }?;
        Some(RouteId::new(route).map_err(|_| FgStatus::BadId)?)
    };
    let record = TapRecord {
        seq: plain.seq,
        at: Timestamp::from_micros(plain.at_micros),
        kind: tap_kind(plain.kind)?,
        gate: GateId::from_number(plain.gate),
        stop: StopId::new(stop).map_err(|_| FgStatus::BadId)?,
        route,
        decision: plain.decision,
        // SAFETY: as above.
        evidence: unsafe { memory::slice(plain.evidence, plain.evidence_length) }?,
        lists: ListVersions {
            bundle: plain.bundle_version,
            deny: plain.deny_version,
            policy: plain.policy_version,
            tariff: plain.tariff_version,
            age_s: plain.list_age_s,
        },
        clock: if plain.clock_proven == 1 {
            ClockState::Proven
        } else {
            ClockState::Unproven
        },
    };
    let bytes = record.encode().map_err(|error| match error {
        EncodeError::TimeOutOfRange { .. } => FgStatus::BadTime,
        _ => FgStatus::TooLarge,
    })?;
    // SAFETY: as above.
    unsafe { memory::copy_out(&bytes, buffer, size, written) }
}

/// # Safety
/// As [`memory::slice`].
unsafe fn text<'a>(pointer: *const c_char, length: usize) -> Result<&'a str, FgStatus> {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let bytes = unsafe { memory::slice(pointer.cast::<u8>(), length) }?;
    str::from_utf8(bytes).map_err(|_| FgStatus::BadId)
}
