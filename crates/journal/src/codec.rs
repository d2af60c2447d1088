//! The bytes of a segment's header and of a record. Layouts: `docs/JOURNAL.md`.
//!
//! A record's CRC begins with its segment's *generation* (device, epoch, segment number, salt),
//! so that bytes left over from any other segment never pass for a record of this one.

use alloc::vec::Vec;

use crc::{CRC_32_ISCSI, Crc, Table};

use crate::limits::{PAYLOAD_BYTES_MAX, RECORD_HEADER_BYTES};
use crate::media::SegmentId;
use crate::position::{Head, Position};
use crate::record::Outcome;

/// Bytes of a segment's header, its CRC included.
pub(crate) const HEADER_BYTES: usize = 144;

const MAGIC: &[u8; 8] = b"FGJ1seg\n";
const KIND_TAP: u8 = 1;
const KIND_NOTE: u8 = 2;
const KIND_ACKNOWLEDGED: u8 = 3;
const AFTER_GAP: u8 = 0x80;

/// CRC-32C (Castagnoli), as in iSCSI and ext4: every error of up to 3 bits in a record is found.
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// The durable end of the segment before a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its number; 0: there was none.
    pub(crate) id: u64,
    /// Byte offset after its last durable record.
    pub(crate) end: u32,
    /// Place of the tap after its last durable one.
    pub(crate) next: Position,
}

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) bytes: u32,
    pub(crate) sector: u32,
    pub(crate) device: [u8; 16],
    pub(crate) id: SegmentId,
    pub(crate) salt: u64,
    /// Place of its first tap.
    pub(crate) first: Position,
    /// The chain's head before its first tap.
    pub(crate) head: Head,
    pub(crate) before: Link,
    /// The place after the last tap that the server has acknowledged; epoch 0: none.
    pub(crate) acked_next: Position,
    pub(crate) boot: u64,
    /// Up to here records were durable when the header was written.
    pub(crate) carried_end: u32,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let fields: [&[u8]; 17] = [
            MAGIC,
            &self.bytes.to_be_bytes(),
            &self.sector.to_be_bytes(),
            &self.device,
            &self.id.as_u64().to_be_bytes(),
            &self.salt.to_be_bytes(),
            &self.first.epoch().to_be_bytes(),
            &self.before.end.to_be_bytes(),
            &self.first.seq().to_be_bytes(),
            self.head.as_bytes(),
            &self.before.id.to_be_bytes(),
            &self.before.next.epoch().to_be_bytes(),
            &self.acked_next.epoch().to_be_bytes(),
            &self.before.next.seq().to_be_bytes(),
            &self.acked_next.seq().to_be_bytes(),
            &self.boot.to_be_bytes(),
            &self.carried_end.to_be_bytes(),
        ];
        let mut out = [0; HEADER_BYTES];
        let mut room = &mut out[..];
        for field in fields {
            let Some((slot, rest)) = room.split_at_mut_checked(field.len()) else {
                break;
            };
            slot.copy_from_slice(field);
            room = rest;
        }
        let (body, sum) = out.split_at_mut(HEADER_BYTES - 4);
        sum.copy_from_slice(&CRC.checksum(body).to_be_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes
            .get(..HEADER_BYTES)?
            .split_at_checked(HEADER_BYTES - 4)?;
        if !body.starts_with(MAGIC) || CRC.checksum(body).to_be_bytes() != sum {
            return None;
        }
        Some(Self {
            bytes: u32_at(body, 8)?,
            sector: u32_at(body, 12)?,
            device: array_at(body, 16)?,
            id: SegmentId::new(u64_at(body, 32)?),
            salt: u64_at(body, 40)?,
            first: Position::new(u32_at(body, 48)?, u64_at(body, 56)?),
            head: Head::from_bytes(array_at(body, 64)?),
            before: Link {
                id: u64_at(body, 96)?,
                end: u32_at(body, 52)?,
                next: Position::new(u32_at(body, 104)?, u64_at(body, 112)?),
            },
            acked_next: Position::new(u32_at(body, 108)?, u64_at(body, 120)?),
            boot: u64_at(body, 128)?,
            carried_end: u32_at(body, 136)?,
        })
    }

    /// What the CRC of each of this segment's records begins with.
    pub(crate) fn generation(&self) -> u32 {
        let mut digest = CRC.digest();
        digest.update(&self.device);
        digest.update(&self.first.epoch().to_be_bytes());
        digest.update(&self.id.as_u64().to_be_bytes());
        digest.update(&self.salt.to_be_bytes());
        digest.finalize()
    }
}

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tap,
    Note,
    Acknowledged,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Tap => KIND_TAP,
            Self::Note => KIND_NOTE,
            Self::Acknowledged => KIND_ACKNOWLEDGED,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            KIND_TAP => Some(Self::Tap),
            KIND_NOTE => Some(Self::Note),
            KIND_ACKNOWLEDGED => Some(Self::Acknowledged),
            _ => None,
        }
    }
}

/// A record's own fields; the payload stands after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) kind: Kind,
    /// Records before this one are known to be missing.
    pub(crate) after_gap: bool,
    pub(crate) epoch: u32,
    /// Which record of its segment, from 0.
    pub(crate) number: u32,
    /// A tap's own sequence number; for the others that of the next tap.
    pub(crate) seq: u64,
    /// Up to this offset the segment was durable when this record was written.
    pub(crate) durable: u32,
    /// The chain's head before this record.
    pub(crate) head: Head,
}

/// Adds a record's bytes to `out`. A payload is never longer than [`PAYLOAD_BYTES_MAX`].
pub(crate) fn encode_record(out: &mut Vec<u8>, generation: u32, fields: &Fields, payload: &[u8]) {
    let start = out.len();
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let flag = if fields.after_gap { AFTER_GAP } else { 0 };
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[fields.kind.code() | flag, 0]);
    out.extend_from_slice(&fields.epoch.to_be_bytes());
    out.extend_from_slice(&fields.number.to_be_bytes());
    out.extend_from_slice(&fields.seq.to_be_bytes());
    out.extend_from_slice(&fields.durable.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(fields.head.as_bytes());
    out.extend_from_slice(payload);
    let mut digest = CRC.digest();
    digest.update(&generation.to_be_bytes());
    digest.update(out.get(start.saturating_add(4)..).unwrap_or_default());
    let sum = digest.finalize().to_be_bytes();
    if let Some(slot) = out.get_mut(start..start.saturating_add(4)) {
        slot.copy_from_slice(&sum);
    }
}

/// Which of a record's checks are made: all, outside tests.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent checks, each switched off alone by one seeded bug"
)]
pub(crate) struct Checks {
    pub(crate) sum: bool,
    pub(crate) generation: bool,
    pub(crate) sequence: bool,
    pub(crate) chain: bool,
}

/// The record at the beginning of `bytes`, if there is one of this epoch and generation.
pub(crate) fn decode_record(
    bytes: &[u8],
    generation: u32,
    epoch: u32,
    checks: Checks,
) -> Option<(Fields, &[u8])> {
    let (fixed, rest) = bytes.split_at_checked(RECORD_HEADER_BYTES as usize)?;
    let length = usize::from(u16::from_be_bytes(array_at(fixed, 4)?));
    let [code, zero] = array_at(fixed, 6)?;
    let kind = Kind::from_code(code & !AFTER_GAP)?;
    if zero != 0 || u32_at(fixed, 28)? != 0 || length > PAYLOAD_BYTES_MAX {
        return None;
    }
    let found_epoch = u32_at(fixed, 8)?;
    if checks.generation && found_epoch != epoch {
        return None;
    }
    let payload = rest.get(..length)?;
    if checks.sum {
        let mut digest = CRC.digest();
        digest.update(&generation.to_be_bytes());
        digest.update(fixed.get(4..)?);
        digest.update(payload);
        if digest.finalize() != u32_at(fixed, 0)? {
            return None;
        }
    }
    let fields = Fields {
        kind,
        after_gap: code & AFTER_GAP != 0,
        epoch: found_epoch,
        number: u32_at(fixed, 12)?,
        seq: u64_at(fixed, 16)?,
        durable: u32_at(fixed, 24)?,
        head: Head::from_bytes(array_at(fixed, 32)?),
    };
    Some((fields, payload))
}

/// How long the record at the beginning of `bytes` says that it is; not checked by anything.
pub(crate) fn claimed_bytes(bytes: &[u8]) -> Option<u32> {
    let length = u16::from_be_bytes(array_at(bytes, 4)?);
    Some(RECORD_HEADER_BYTES.saturating_add(u32::from(length)))
}

/// Bytes that a payload of this length takes.
pub(crate) fn record_bytes(payload: usize) -> u32 {
    RECORD_HEADER_BYTES.saturating_add(u32::try_from(payload).unwrap_or(u32::MAX))
}

/// A note's payload: outcome, then the tap's epoch and sequence number.
pub(crate) fn encode_note(tap: Position, outcome: Outcome) -> Vec<u8> {
    let mut out = Vec::with_capacity(13);
    out.push(outcome.code());
    out.extend_from_slice(&encode_position(tap));
    out
}

pub(crate) fn decode_note(payload: &[u8]) -> Option<(Position, Outcome)> {
    let (code, place) = payload.split_first()?;
    Some((decode_position(place)?, Outcome::from_code(*code)?))
}

/// An acknowledgement's payload: epoch and sequence number of the place after the last tap.
pub(crate) fn encode_position(position: Position) -> Vec<u8> {
    let mut out = Vec::with_capacity(12);
    out.extend_from_slice(&position.epoch().to_be_bytes());
    out.extend_from_slice(&position.seq().to_be_bytes());
    out
}

pub(crate) fn decode_position(payload: &[u8]) -> Option<Position> {
    if payload.len() != 12 {
        return None;
    }
    Some(Position::new(u32_at(payload, 0)?, u64_at(payload, 4)?))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_be_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_be_bytes)
}
