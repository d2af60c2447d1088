//! The note: what became of a tap after its record was durable, and the record that is either.
//!
//! A device writes a note into the same journal as its taps, under the next number and in the same
//! chain, so that it travels, is signed and is stored like a tap; see `docs/WIRE.md`.

use arrayvec::ArrayVec;
use units::Timestamp;

use crate::cbor::Reader;
use crate::error::{DecodeError, EncodeError};
use crate::tap::{MICROS_MAX, TapRecord};
use crate::writer::{MAP, UNSIGNED, Writer};

/// Most bytes of a note: map head, 5 keys, `seq`, `at` and `tap_seq` of 9, `tap_epoch` of 5,
/// `outcome` of 1.
pub const NOTE_BYTES_MAX: usize = 1 + 5 + 3 * 9 + 5 + 1;

const SEQ: i64 = 1;
const AT: i64 = 2;
const TAP_EPOCH: i64 = 11;
const TAP_SEQ: i64 = 12;
const OUTCOME: i64 = 13;

/// What became of a permitted tap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TapOutcome {
    /// The door opened; as far as the device knows, the rider passed.
    Opened,
    /// The door did not open.
    DidNotOpen,
    /// The door opened, and nobody passed before it closed.
    NobodyPassed,
}

impl TapOutcome {
    /// The number in notes: 1 opened, 2 did not open, 3 nobody passed. Where several notes tell of
    /// one tap, the highest number counts: in doubt for the rider.
    #[must_use]
    pub const fn as_number(self) -> u8 {
        match self {
            Self::Opened => 1,
            Self::DidNotOpen => 2,
            Self::NobodyPassed => 3,
        }
    }

    /// The outcome of this number; `None` for any other.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Opened),
            2 => Some(Self::DidNotOpen),
            3 => Some(Self::NobodyPassed),
            _ => None,
        }
    }
}

/// What became of one tap of this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoteRecord {
    /// Its own number in the device's epoch: taps and notes share one sequence.
    pub seq: u64,
    /// When, by the device's clock; not before 1970.
    pub at: Timestamp,
    /// The epoch of the tap.
    pub tap_epoch: u32,
    /// The number of the tap in that epoch.
    pub tap_seq: u64,
    /// What became of it.
    pub outcome: TapOutcome,
}

impl NoteRecord {
    /// The note's bytes.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] for a time before 1970.
    pub fn encode(&self) -> Result<ArrayVec<u8, NOTE_BYTES_MAX>, EncodeError> {
        let micros =
            u64::try_from(self.at.as_micros()).map_err(|_| EncodeError::TimeOutOfRange {
                field: "at",
                got: self.at.as_secs(),
            })?;
        let mut out = Writer::<NOTE_BYTES_MAX>::default();
        out.head(MAP, 5);
        out.int(SEQ).head(UNSIGNED, self.seq);
        out.int(AT).head(UNSIGNED, micros);
        out.int(TAP_EPOCH).int(i64::from(self.tap_epoch));
        out.int(TAP_SEQ).head(UNSIGNED, self.tap_seq);
        out.int(OUTCOME).int(i64::from(self.outcome.as_number()));
        out.finish("note")
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`DecodeError`] when `bytes` are anything but one note in its one encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(DecodeError::TooLong {
                max: NOTE_BYTES_MAX,
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
        map.key(&mut reader, TAP_EPOCH)?;
        let tap_epoch = reader.uint_in("tap_epoch", 0, u32::MAX)?;
        map.key(&mut reader, TAP_SEQ)?;
        let tap_seq = reader.uint()?;
        map.key(&mut reader, OUTCOME)?;
        let outcome = match reader.uint_in("outcome", 1u8, 3)? {
            1 => TapOutcome::Opened,
            2 => TapOutcome::DidNotOpen,
            _ => TapOutcome::NobodyPassed,
        };
        map.end(&reader)?;
        Ok(Self {
            seq,
            at: Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)),
            tap_epoch,
            tap_seq,
            outcome,
        })
    }
}

/// One record of a device's journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record<'a> {
    /// A scan.
    Tap(TapRecord<'a>),
    /// What became of one.
    Note(NoteRecord),
}

impl<'a> Record<'a> {
    /// Reads a tap or a note; the third key of the map tells which.
    ///
    /// # Errors
    /// [`DecodeError`] when `bytes` are neither in its one encoding.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if is_note(bytes) {
            NoteRecord::decode(bytes).map(Self::Note)
        } else {
            TapRecord::decode(bytes).map(Self::Tap)
        }
    }

    /// Its number in the device's epoch.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Tap(tap) => tap.seq,
            Self::Note(note) => note.seq,
        }
    }
}

/// Whether the third key is a note's. Anything unreadable is left for the tap's reader to refuse.
fn is_note(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let mut third = || {
        let mut map = reader.map()?;
        map.key(&mut reader, SEQ)?;
        reader.uint()?;
        map.key(&mut reader, AT)?;
        reader.uint()?;
        map.peek(&reader)
    };
    third() == Ok(Some(TAP_EPOCH))
}
