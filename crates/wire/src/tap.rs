//! The tap record: what a device writes down about one scan, and what settlement reads.
//!
//! A map in deterministic CBOR with the keys 1 to 10; see `docs/WIRE.md`. Records are not signed
//! one by one: a device signs the head of the hash chain over them ([`crate::chain`]).

use arrayvec::ArrayVec;
use units::{GateId, RouteId, StopId, TextId, Timestamp};

use crate::cbor::{Map, Reader};
use crate::code::CODE_BYTES_MAX;
use crate::error::{DecodeError, EncodeError};
use crate::state::{ClockState, ListVersions};
use crate::writer::{MAP, Writer};

/// Most bytes of evidence: one code.
pub const EVIDENCE_BYTES_MAX: usize = CODE_BYTES_MAX;

/// Most bytes of a record: map head, 10 keys, `seq` and `at` of 9, `kind` of 1, `gate` of 5, `stop`
/// and `route` with heads of 2, `decision` of 3, `evidence` with a head of 3, `lists`, `clock` of
/// 1.
pub const RECORD_BYTES_MAX: usize = 1
    + 10
    + 9
    + 9
    + 1
    + 5
    + 2 * (2 + TextId::BYTES_MAX)
    + 3
    + 3
    + EVIDENCE_BYTES_MAX
    + ListVersions::BYTES_MAX
    + 1;

/// `decision` of a tap that was permitted; any other value is a refusal's number.
pub const PERMITTED: u16 = 0;

const SEQ: i64 = 1;
const AT: i64 = 2;
const KIND: i64 = 3;
const GATE: i64 = 4;
const STOP: i64 = 5;
const ROUTE: i64 = 6;
const DECISION: i64 = 7;
const EVIDENCE: i64 = 8;
const LISTS: i64 = 9;
const CLOCK: i64 = 10;

/// Latest instant in a record, in microseconds: the range of [`Timestamp`].
pub(crate) const MICROS_MAX: u64 = i64::MAX.unsigned_abs();

/// Which way a rider passes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TapKind {
    /// Into the network.
    On,
    /// Out of it.
    Off,
}

impl TapKind {
    /// The number in records: 1 on, 2 off.
    #[must_use]
    pub const fn as_number(self) -> u8 {
        match self {
            Self::On => 1,
            Self::Off => 2,
        }
    }
}

/// One scan and what became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TapRecord<'a> {
    /// Its number in the device's epoch, from 0, without gaps.
    pub seq: u64,
    /// When, by the device's clock; not before 1970.
    pub at: Timestamp,
    /// On or off.
    pub kind: TapKind,
    /// Which gate.
    pub gate: GateId,
    /// At which stop.
    pub stop: StopId,
    /// On which route, where the device knows (a bus does).
    pub route: Option<RouteId>,
    /// [`PERMITTED`], or the number of the refusal.
    pub decision: u16,
    /// The bytes of the code, not its text; empty when the text held none.
    pub evidence: &'a [u8],
    /// The lists that the device decided by; [`ListVersions::UNKNOWN`] where it does not say.
    pub lists: ListVersions,
    /// What the device's clock was worth; [`ClockState::Unproven`] where it does not say.
    pub clock: ClockState,
}

impl<'a> TapRecord<'a> {
    /// The record's bytes.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] for more than [`EVIDENCE_BYTES_MAX`] bytes of evidence,
    /// [`EncodeError::TimeOutOfRange`] for a time before 1970.
    pub fn encode(&self) -> Result<ArrayVec<u8, RECORD_BYTES_MAX>, EncodeError> {
        if self.evidence.len() > EVIDENCE_BYTES_MAX {
            return Err(EncodeError::TooLong {
                field: "evidence",
                max: EVIDENCE_BYTES_MAX,
                got: self.evidence.len(),
            });
        }
        let micros =
            u64::try_from(self.at.as_micros()).map_err(|_| EncodeError::TimeOutOfRange {
                field: "at",
                got: self.at.as_secs(),
            })?;
        let mut out = Writer::<RECORD_BYTES_MAX>::default();
        let optional = [
            self.route.is_some(),
            self.lists != ListVersions::UNKNOWN,
            self.clock != ClockState::Unproven,
        ];
        let present = optional.into_iter().map(u64::from);
        out.head(MAP, present.fold(7, u64::saturating_add));
        out.int(SEQ).head(crate::writer::UNSIGNED, self.seq);
        out.int(AT).head(crate::writer::UNSIGNED, micros);
        out.int(KIND).int(i64::from(self.kind.as_number()));
        out.int(GATE).int(i64::from(self.gate.as_number()));
        out.int(STOP).text(self.stop.as_str());
        if let Some(route) = &self.route {
            out.int(ROUTE).text(route.as_str());
        }
        out.int(DECISION).int(i64::from(self.decision));
        out.int(EVIDENCE).bytes(self.evidence);
        if self.lists != ListVersions::UNKNOWN {
            self.lists.write(out.int(LISTS));
        }
        if self.clock != ClockState::Unproven {
            out.int(CLOCK).int(i64::from(self.clock.as_number()));
        }
        out.finish("tap record")
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`DecodeError`] when `bytes` are anything but one record in its one encoding.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(DecodeError::TooLong {
                max: RECORD_BYTES_MAX,
                got: bytes.len(),
            });
        }
        let mut reader = Reader::new(bytes);
        reader.check()?;
        let mut map = reader.map()?;
        map.key(&mut reader, SEQ)?;
        let seq = reader.uint()?;
        map.key(&mut reader, AT)?;
        let micros = reader.uint_in("at", 0, MICROS_MAX)?;
        map.key(&mut reader, KIND)?;
        let kind = match reader.uint_in("kind", 1u8, 2)? {
            1 => TapKind::On,
            _ => TapKind::Off,
        };
        map.key(&mut reader, GATE)?;
        let gate = GateId::from_number(reader.uint_in("gate", 0, u32::MAX)?);
        map.key(&mut reader, STOP)?;
        let at = reader.at();
        let stop =
            StopId::new(reader.text()?).map_err(|_| DecodeError::NotAnId { at, field: "stop" })?;
        let route = read_route(&mut reader, &mut map)?;
        map.key(&mut reader, DECISION)?;
        let decision = reader.uint_in("decision", 0, u16::MAX)?;
        map.key(&mut reader, EVIDENCE)?;
        let evidence = read_evidence(&mut reader)?;
        let lists = if map.peek(&reader)? == Some(LISTS) {
            map.key(&mut reader, LISTS)?;
            ListVersions::read(&mut reader)?
        } else {
            ListVersions::UNKNOWN
        };
        let clock = if map.peek(&reader)? == Some(CLOCK) {
            map.key(&mut reader, CLOCK)?;
            // Every other state is said by leaving the key out: one encoding for each record.
            reader.uint_in("clock", 0u8, 0)?;
            ClockState::Proven
        } else {
            ClockState::Unproven
        };
        map.end(&reader)?;
        let at = Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        Ok(Self {
            seq,
            at,
            kind,
            gate,
            stop,
            route,
            decision,
            evidence,
            lists,
            clock,
        })
    }
}

fn read_route(reader: &mut Reader<'_>, map: &mut Map) -> Result<Option<RouteId>, DecodeError> {
    if map.peek(reader)? != Some(ROUTE) {
        return Ok(None);
    }
    map.key(reader, ROUTE)?;
    let at = reader.at();
    let route = RouteId::new(reader.text()?);
    let not_an_id = |_| DecodeError::NotAnId { at, field: "route" };
    route.map(Some).map_err(not_an_id)
}

fn read_evidence<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let at = reader.at();
    let evidence = reader.bytes()?.remaining();
    if evidence.len() > EVIDENCE_BYTES_MAX {
        return Err(DecodeError::WrongLength {
            at,
            what: "bytes of evidence at most",
            expected: u64::try_from(EVIDENCE_BYTES_MAX).unwrap_or(u64::MAX),
            got: u64::try_from(evidence.len()).unwrap_or(u64::MAX),
        });
    }
    Ok(evidence)
}
