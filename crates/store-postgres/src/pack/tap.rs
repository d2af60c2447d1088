//! Taps, packed: in the queue with their account, in a rider's day without.

use settlement::ids;
use settlement::model::{CodeUse, StoredTap, TapSource};
use settlement::ports::StoreError;
use tariff::{Holder, Medium, Tap, TapKind};
use units::{AccountId, CredentialId, DeviceId, ServiceDay, TapId, Timestamp};
use wire::note::TapOutcome;

use super::{Column, Packer, Unpacker, Vocabulary, corrupt};

// The first byte of a tap.
const OFF: u8 = 1;
const ROUTE: u8 = 1 << 1;
const GATE: u8 = 1 << 2;
const OWN_ID: u8 = 1 << 3;
const CODE: u8 = 1 << 4;
const HOLDER: u8 = 1 << 5;
const MEDIUM: u8 = 1 << 6;
/// Its time is whole milliseconds after the one before it.
const MILLIS: u8 = 1 << 7;

// The second byte: the outcome in two bits, and what is as with the tap before it.
const OUTCOME: u8 = 0b11;
const SAME_HOLDER: u8 = 1 << 2;
const SAME_CREDENTIAL: u8 = 1 << 3;
const SAME_EPOCH: u8 = 1 << 4;

const MICROS_PER_MILLI: i64 = 1_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What a tap is written after.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    at: Timestamp,
    holder: Holder,
    credential: Option<CredentialId>,
    epoch: u32,
}

impl Before {
    /// The first tap of a column of `day` is written after this.
    pub(crate) fn first(day: ServiceDay) -> Self {
        Self::at(Timestamp::from_micros(
            i64::from(day.as_days()).saturating_mul(MICROS_PER_DAY),
        ))
    }

    /// A tap of which only the time is known.
    pub(crate) fn at(at: Timestamp) -> Self {
        Self {
            at,
            holder: Holder::default(),
            credential: None,
            epoch: 0,
        }
    }

    /// The time.
    pub(crate) const fn time(&self) -> Timestamp {
        self.at
    }

    fn after(stored: &StoredTap) -> Self {
        Self {
            at: stored.tap.at,
            holder: stored.tap.holder,
            credential: stored.code.map(|code| code.credential),
            epoch: match stored.source {
                TapSource::Gate { epoch, .. } => epoch,
                TapSource::File => 0,
            },
        }
    }
}

/// Writes a tap without its account and day.
pub(crate) fn write(packer: &mut Packer<'_>, stored: &StoredTap, before: &Before) {
    let tap = &stored.tap;
    let gate = match stored.source {
        TapSource::Gate { device, epoch, seq } => Some((device, epoch, seq)),
        TapSource::File => None,
    };
    let made = gate.map(|(device, epoch, seq)| ids::tap_of_record(device, epoch, seq));
    let took = tap.at.as_micros().wrapping_sub(before.at.as_micros());
    let is = |condition: bool, flag: u8| if condition { flag } else { 0 };
    let same = is(tap.holder == before.holder, SAME_HOLDER)
        | is(
            stored.code.map(|code| code.credential) == before.credential,
            SAME_CREDENTIAL,
        )
        | is(gate.is_some_and(|gate| gate.1 == before.epoch), SAME_EPOCH);
    let is_other = same & SAME_HOLDER == 0;
    let flags = is(tap.kind == TapKind::Off, OFF)
        | is(tap.route.is_some(), ROUTE)
        | is(gate.is_some(), GATE)
        | is(made != Some(tap.id), OWN_ID)
        | is(stored.code.is_some(), CODE)
        | is(is_other && tap.holder != Holder::default(), HOLDER)
        | is(is_other && tap.holder.medium.is_some(), MEDIUM)
        | is(took % MICROS_PER_MILLI == 0, MILLIS);
    packer.byte(flags);
    packer.byte(stored.outcome.map_or(0, TapOutcome::as_number) | same);
    packer.int(if flags & MILLIS == 0 {
        took
    } else {
        took / MICROS_PER_MILLI
    });
    packer.name(tap.stop.as_str().as_bytes());
    if let Some(route) = tap.route {
        packer.name(route.as_str().as_bytes());
    }
    if let Some((device, epoch, seq)) = gate {
        packer.name(device.as_bytes());
        if same & SAME_EPOCH == 0 {
            packer.uint(u64::from(epoch));
        }
        packer.uint(seq);
    }
    if flags & OWN_ID != 0 {
        packer.raw(tap.id.as_bytes());
    }
    if let Some(code) = stored.code {
        if same & SAME_CREDENTIAL == 0 {
            packer.id(code.credential.as_bytes());
        }
        packer.int(code.slot().wrapping_sub(tap.at.as_secs()));
    }
    if flags & HOLDER != 0 {
        packer.byte(tap.holder.category);
        packer.byte(tap.holder.companions);
        packer.uint(u64::from(tap.holder.product));
    }
    if let (true, Some(medium)) = (is_other, &tap.holder.medium) {
        packer.id(medium.as_bytes());
    }
}

/// Reads what [`write`] wrote.
pub(crate) fn read(
    packed: &mut Unpacker<'_>,
    (account, day): (AccountId, ServiceDay),
    before: &Before,
) -> Result<StoredTap, StoreError> {
    let (flags, same) = (packed.byte()?, packed.byte()?);
    let has = |flag: u8| flags & flag != 0;
    let outcome = outcome(same & OUTCOME)?;
    let at = read_time(packed, flags, before.at)?;
    let stop = packed.stop()?;
    let route = has(ROUTE).then(|| packed.route()).transpose()?;
    let source = if has(GATE) {
        let device = DeviceId::from_bytes(packed.device()?);
        let is_same = same & SAME_EPOCH != 0;
        TapSource::Gate {
            device,
            epoch: if is_same {
                before.epoch
            } else {
                packed.narrow()?
            },
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
        let credential = match before.credential {
            Some(credential) if same & SAME_CREDENTIAL != 0 => credential,
            _ => CredentialId::from_bytes(packed.id()?),
        };
        let slot = packed.int()?.wrapping_add(at.as_secs());
        code = Some(CodeUse::from_slot(credential, slot));
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
            holder: if same & SAME_HOLDER == 0 {
                read_holder(packed, flags)?
            } else {
                before.holder
            },
        },
        source,
        code,
        outcome,
    })
}

fn read_holder(packed: &mut Unpacker<'_>, flags: u8) -> Result<Holder, StoreError> {
    let mut holder = Holder::default();
    if flags & HOLDER != 0 {
        holder.category = packed.byte()?;
        holder.companions = packed.byte()?;
        holder.product = packed.narrow()?;
    }
    if flags & MEDIUM != 0 {
        holder.medium = Some(Medium::from_bytes(packed.id()?));
    }
    Ok(holder)
}

fn read_time(
    packed: &mut Unpacker<'_>,
    flags: u8,
    before: Timestamp,
) -> Result<Timestamp, StoreError> {
    let took = packed.int()?;
    let took = if flags & MILLIS == 0 {
        took
    } else {
        took.wrapping_mul(MICROS_PER_MILLI)
    };
    Ok(Timestamp::from_micros(
        before.as_micros().wrapping_add(took),
    ))
}

/// Passes over what [`write`] wrote; gives the tap's time.
pub(crate) fn skip(packed: &mut Unpacker<'_>, before: Timestamp) -> Result<Timestamp, StoreError> {
    let (flags, same) = (packed.byte()?, packed.byte()?);
    let has = |flag: u8| flags & flag != 0;
    let is_other = |flag: u8| same & flag == 0;
    let at = read_time(packed, flags, before)?;
    packed.uint()?;
    if has(ROUTE) {
        packed.uint()?;
    }
    if has(GATE) {
        packed.uint()?;
        if is_other(SAME_EPOCH) {
            packed.uint()?;
        }
        packed.uint()?;
    }
    if has(OWN_ID) {
        packed.raw()?;
    }
    if has(CODE) {
        if is_other(SAME_CREDENTIAL) {
            packed.uint()?;
        }
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
    let day = taps
        .first()
        .map_or(ServiceDay::from_days(0), |first| first.day);
    let mut before = Before::first(day);
    for stored in taps {
        write(&mut packer, stored, &before);
        before = Before::after(stored);
    }
    packer.done()
}

/// Reads what [`write_all`] wrote.
pub(crate) fn read_all(
    packed: &mut Unpacker<'_>,
    place: (AccountId, ServiceDay),
) -> Result<Vec<StoredTap>, StoreError> {
    let mut taps = Vec::new();
    let mut before = Before::first(place.1);
    for _ in 0..packed.len()? {
        let stored = read(packed, place, &before)?;
        before = Before::after(&stored);
        taps.push(stored);
    }
    Ok(taps)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use settlement::model::CodeUse;
    use units::{RouteId, StopId};

    use super::*;
    use crate::names::Words;

    const PLACE: (AccountId, ServiceDay) = (
        AccountId::from_bytes([3; 16]),
        ServiceDay::from_days(20_000),
    );

    /// A tap whose every part is as before or another, there or not, by the bits of `number`.
    fn tap(number: u16) -> StoredTap {
        let has = |bit: u16| number & (1 << bit) != 0;
        let (device, seq) = (DeviceId::from_bytes([9; 16]), u64::from(number) * 70);
        let epoch = u32::from(has(1)) * 300;
        let credential = CredentialId::from_bytes([u8::from(has(2)); 16]);
        let noon = i64::from(PLACE.1.as_days()) * MICROS_PER_DAY + MICROS_PER_DAY / 2;
        let made = ids::tap_of_record(device, epoch, seq);
        StoredTap {
            account: PLACE.0,
            day: PLACE.1,
            tap: Tap {
                at: Timestamp::from_micros(
                    noon + i64::from(number) * 1_000_000 - i64::from(has(0)),
                ),
                kind: if has(3) { TapKind::Off } else { TapKind::On },
                id: if has(4) {
                    TapId::from_bytes([5; 16])
                } else {
                    made
                },
                stop: StopId::new("stop").unwrap(),
                route: has(3).then(|| RouteId::new("r").unwrap()),
                holder: Holder {
                    product: u16::from(has(5)) * 300,
                    companions: u8::from(has(6)),
                    medium: has(7).then(|| Medium::from_bytes([8; 16])),
                    ..Holder::default()
                },
            },
            source: if has(4) {
                TapSource::File
            } else {
                TapSource::Gate { device, epoch, seq }
            },
            code: has(8).then(|| CodeUse::from_slot(credential, noon / 1_000_000)),
            outcome: has(9).then_some(TapOutcome::NobodyPassed),
        }
    }

    #[test]
    fn every_tap_is_read_back_after_every_other() {
        let (first, second) = (0..1024_u16, |number: u16| {
            number.wrapping_mul(389).wrapping_add(77) % 1024
        });
        for number in first {
            let taps = [tap(number), tap(second(number)), tap(number ^ 0x3a)];
            let mut vocabulary = Vocabulary::default();
            let column = write_all(&mut vocabulary, &taps);
            let words: Words = (0..)
                .zip(vocabulary.words().iter().map(Arc::clone))
                .collect();
            let numbers: Vec<u64> = (0..).take(words.len()).collect();
            let column = column.finish(&numbers).unwrap();
            let mut packed = Unpacker::new(&column, &words).unwrap();
            assert_eq!(read_all(&mut packed, PLACE).unwrap(), taps, "{number}");

            let mut packed = Unpacker::new(&column, &words).unwrap();
            assert_eq!(packed.len().unwrap(), taps.len());
            let mut before = Before::first(PLACE.1).time();
            for stored in &taps {
                before = skip(&mut packed, before).unwrap();
                assert_eq!(before, stored.tap.at, "passing over {number}");
            }
            assert!(packed.byte().is_err(), "nothing is left of {number}");
        }
    }
}
