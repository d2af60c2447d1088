//! Taps, packed: in the queue with their account, in a rider's day without.

use settlement::ids;
use settlement::model::{CodeUse, StoredTap, TapSource};
use settlement::ports::StoreError;
use tariff::{Holder, Medium, Tap, TapKind};
use units::{AccountId, CredentialId, DeviceId, ServiceDay, TapId, Timestamp};
use wire::note::TapOutcome;

use super::{Column, Packer, Unpacker, Vocabulary, corrupt};

const OFF: u8 = 1;
const ROUTE: u8 = 1 << 1;
const GATE: u8 = 1 << 2;
const OWN_ID: u8 = 1 << 3;
const CODE: u8 = 1 << 4;
const HOLDER: u8 = 1 << 5;
const MEDIUM: u8 = 1 << 6;

/// Writes a tap without its account and day; `before` is the time of the one before it.
pub(crate) fn write(packer: &mut Packer<'_>, stored: &StoredTap, before: Timestamp) {
    let tap = &stored.tap;
    let gate = match stored.source {
        TapSource::Gate { device, epoch, seq } => Some((device, epoch, seq)),
        TapSource::File => None,
    };
    let made = gate.map(|(device, epoch, seq)| ids::tap_of_record(device, epoch, seq));
    let is = |condition: bool, flag: u8| if condition { flag } else { 0 };
    let flags = is(tap.kind == TapKind::Off, OFF)
        | is(tap.route.is_some(), ROUTE)
        | is(gate.is_some(), GATE)
        | is(made != Some(tap.id), OWN_ID)
        | is(stored.code.is_some(), CODE)
        | is(tap.holder != Holder::default(), HOLDER)
        | is(tap.holder.medium.is_some(), MEDIUM);
    packer.byte(flags);
    packer.byte(stored.outcome.map_or(0, TapOutcome::as_number));
    packer.int(tap.at.as_micros().wrapping_sub(before.as_micros()));
    packer.name(tap.stop.as_str().as_bytes());
    if let Some(route) = tap.route {
        packer.name(route.as_str().as_bytes());
    }
    if let Some((device, epoch, seq)) = gate {
        packer.name(device.as_bytes());
        packer.uint(u64::from(epoch));
        packer.uint(seq);
    }
    if flags & OWN_ID != 0 {
        packer.raw(tap.id.as_bytes());
    }
    if let Some(code) = stored.code {
        packer.id(code.credential.as_bytes());
        packer.int(code.slot().wrapping_sub(tap.at.as_secs()));
    }
    if flags & HOLDER != 0 {
        packer.byte(tap.holder.category);
        packer.byte(tap.holder.companions);
        packer.uint(u64::from(tap.holder.product));
    }
    if let Some(medium) = &tap.holder.medium {
        packer.id(medium.as_bytes());
    }
}

/// Reads what [`write`] wrote.
pub(crate) fn read(
    packed: &mut Unpacker<'_>,
    (account, day): (AccountId, ServiceDay),
    before: Timestamp,
) -> Result<StoredTap, StoreError> {
    let flags = packed.byte()?;
    let has = |flag: u8| flags & flag != 0;
    let outcome = outcome(packed.byte()?)?;
    let at = Timestamp::from_micros(before.as_micros().wrapping_add(packed.int()?));
    let stop = packed.stop()?;
    let route = has(ROUTE).then(|| packed.route()).transpose()?;
    let source = if has(GATE) {
        let device: [u8; 16] = packed
            .name()?
            .try_into()
            .map_err(|_| corrupt("a device of 16 bytes", "another name"))?;
        TapSource::Gate {
            device: DeviceId::from_bytes(device),
            epoch: packed.narrow()?,
            seq: packed.uint()?,
        }
    } else {
        TapSource::File
    };
    let id = match source {
        TapSource::Gate { device, epoch, seq } if !has(OWN_ID) => {
            ids::tap_of_record(device, epoch, seq)
        }
        _ => TapId::from_bytes(packed.raw()?),
    };
    let mut code = None;
    if has(CODE) {
        let credential = CredentialId::from_bytes(packed.id()?);
        let slot = packed.int()?.wrapping_add(at.as_secs());
        code = Some(CodeUse::from_slot(credential, slot));
    }
    let mut holder = Holder::default();
    if has(HOLDER) {
        holder.category = packed.byte()?;
        holder.companions = packed.byte()?;
        holder.product = packed.narrow()?;
    }
    if has(MEDIUM) {
        holder.medium = Some(Medium::from_bytes(packed.id()?));
    }
    Ok(StoredTap {
        account,
        day,
        tap: Tap {
            at,
            kind: if has(OFF) { TapKind::Off } else { TapKind::On },
            id,
            stop,
            route,
            holder,
        },
        source,
        code,
        outcome,
    })
}

/// Passes over what [`write`] wrote; gives the tap's time.
pub(crate) fn skip(packed: &mut Unpacker<'_>, before: Timestamp) -> Result<Timestamp, StoreError> {
    let flags = packed.byte()?;
    let has = |flag: u8| flags & flag != 0;
    packed.byte()?;
    let at = Timestamp::from_micros(before.as_micros().wrapping_add(packed.int()?));
    packed.uint()?;
    if has(ROUTE) {
        packed.uint()?;
    }
    if has(GATE) {
        packed.uint()?;
        packed.uint()?;
        packed.uint()?;
    }
    if has(OWN_ID) {
        packed.raw()?;
    }
    if has(CODE) {
        packed.uint()?;
        packed.uint()?;
    }
    if has(HOLDER) {
        packed.byte()?;
        packed.byte()?;
        packed.uint()?;
    }
    if has(MEDIUM) {
        packed.uint()?;
    }
    Ok(at)
}

/// Reads the number of an outcome, 0 for none.
pub(crate) fn outcome(number: u8) -> Result<Option<TapOutcome>, StoreError> {
    if number == 0 {
        return Ok(None);
    }
    let wrong = || corrupt("an outcome 1, 2 or 3", &number.to_string());
    TapOutcome::from_number(number).map(Some).ok_or_else(wrong)
}

/// Packs the taps of one account and day, in order of time and id.
pub(crate) fn write_all(words: &mut Vocabulary, taps: &[StoredTap]) -> Column {
    let mut packer = Packer::new(words);
    packer.len(taps.len());
    let mut before = Timestamp::from_micros(0);
    for stored in taps {
        write(&mut packer, stored, before);
        before = stored.tap.at;
    }
    packer.done()
}

/// Reads what [`write_all`] wrote.
pub(crate) fn read_all(
    packed: &mut Unpacker<'_>,
    place: (AccountId, ServiceDay),
) -> Result<Vec<StoredTap>, StoreError> {
    let mut taps = Vec::new();
    let mut before = Timestamp::from_micros(0);
    for _ in 0..packed.len()? {
        let stored = read(packed, place, before)?;
        before = stored.tap.at;
        taps.push(stored);
    }
    Ok(taps)
}
