//! The open journal: append, sync, and what happens when the medium fails.

use alloc::vec::Vec;

use crate::codec::{self, Fields, Header, Kind, Link, encode_record, record_bytes};
use crate::limits::{PAYLOAD_BYTES_MAX, PENDING_RECORDS_MAX};
use crate::media::{Media, MediaError, SegmentId};
use crate::options::Options;
use crate::position::{Head, Position};
use crate::record::Outcome;
use crate::sabotage::Sabotage;
use crate::scan::{align_up, generation};

/// Why a record was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Longer than [`PAYLOAD_BYTES_MAX`] or than a segment.
    #[error("expected a payload of at most {max} bytes, got {got}")]
    TooLong {
        /// The limit.
        max: usize,
        /// The payload's length.
        got: usize,
    },
    /// As many records wait for a sync as may: call [`Journal::sync`] first.
    #[error("{pending} records already wait for a sync")]
    PendingFull {
        /// How many wait.
        pending: usize,
    },
    /// A note about a tap that this journal has not given out.
    #[error("expected a tap before {next}, got {tap}")]
    UnknownTap {
        /// The place of the next tap.
        next: Position,
        /// The tap that was named.
        tap: Position,
    },
    /// The journal has stopped and did not take the record; [`Journal::resume`] tries again. If it
    /// stopped during this very call, a crash may yet bring the record back: as one that was
    /// written but never durable.
    #[error("the journal has stopped")]
    Stopped(#[source] MediaError),
}

/// Why nothing is durable yet: the journal has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal has stopped: {pending} records are in memory only")]
pub struct StoppedError {
    /// Records that are not durable.
    pub pending: usize,
    /// What the medium said last.
    #[source]
    pub source: MediaError,
}

/// Proof that a sync succeeded: what the door waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Durable {
    next: Position,
}

impl Durable {
    /// Whether this tap is on the medium.
    #[must_use]
    pub fn covers(self, tap: Position) -> bool {
        tap < self.next
    }
}

/// Whether records can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Yes.
    Writing,
    /// No: the medium failed more often than the journal tries. Reading and acknowledging go on;
    /// whether the door opens is the gate's policy.
    Stopped(MediaError),
}

/// A record that is not durable yet, or is about to be copied.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) after_gap: bool,
    pub(crate) seq: u64,
    /// The chain's head before it.
    pub(crate) head: Head,
    pub(crate) payload: Vec<u8>,
}

/// A segment that is complete.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed {
    pub(crate) id: SegmentId,
    /// Its first tap, and the place after its last.
    pub(crate) first: Position,
    pub(crate) next: Position,
    /// Byte offset after its last durable record.
    pub(crate) end: u32,
}

/// The segment that is written to. It never had a failed write or sync.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Active {
    pub(crate) id: SegmentId,
    pub(crate) first: Position,
    pub(crate) bytes: u32,
    pub(crate) generation: u32,
    /// Where the next record goes, and its number.
    pub(crate) offset: u32,
    pub(crate) number: u32,
    /// Byte offset after the last durable record.
    pub(crate) durable: u32,
}

/// A place in the chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    pub(crate) next: Position,
    pub(crate) head: Head,
}

/// A gate's journal on a medium.
#[derive(Debug)]
pub struct Journal<M> {
    pub(crate) media: M,
    pub(crate) options: Options,
    pub(crate) sealed: Vec<Sealed>,
    pub(crate) active: Option<Active>,
    /// What a new segment says of the one before, while there is no active one.
    pub(crate) link: Link,
    /// After the last durable tap, and after the last appended one.
    pub(crate) durable: Cursor,
    pub(crate) next: Cursor,
    pub(crate) pending: Vec<Entry>,
    /// Place after the last acknowledged tap; epoch 0: none.
    pub(crate) acked_next: Position,
    /// Taps from here on are kept although they are acknowledged.
    pub(crate) keep_from: Option<Position>,
    /// Boot count that the segments hold, and the one to write once the epoch is settled.
    pub(crate) boot: u64,
    pub(crate) new_boot: u64,
    /// The epoch to begin, once the pending records are durable in their own.
    pub(crate) new_epoch: Option<u32>,
    pub(crate) last_id: u64,
    /// Segments that hold nothing that counts, to be removed.
    pub(crate) garbage: Vec<SegmentId>,
    pub(crate) stopped: Option<MediaError>,
    /// The place of the first tap after opening.
    pub(crate) opened_at: Position,
}

impl<M: Media> Journal<M> {
    /// The place that the next tap will have: what the gate writes into the tap.
    #[must_use]
    pub const fn next(&self) -> Position {
        self.next.next
    }

    /// The chain's head after the last appended tap.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.next.head
    }

    /// The place after the last tap that is durable.
    #[must_use]
    pub const fn durable_next(&self) -> Position {
        self.durable.next
    }

    /// The last tap that the server has acknowledged is before this place, if it has any.
    #[must_use]
    pub fn acknowledged_next(&self) -> Option<Position> {
        (self.acked_next.epoch() > 0).then_some(self.acked_next)
    }

    /// Whether records can be written.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self.stopped {
            None => Mode::Writing,
            Some(error) => Mode::Stopped(error),
        }
    }

    /// How many segments there are.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.sealed
            .len()
            .saturating_add(usize::from(self.active.is_some()))
    }

    /// Gives the medium back.
    pub fn into_media(self) -> M {
        self.media
    }

    /// The medium, to look at it or to plan its failures.
    #[cfg(feature = "testing")]
    pub const fn media_mut(&mut self) -> &mut M {
        &mut self.media
    }

    /// Writes a tap. It is *not* durable before [`Journal::sync`] says so.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn append(&mut self, payload: &[u8]) -> Result<Position, AppendError> {
        let place = self.next.next;
        let after = Cursor {
            next: place.next(),
            head: self.next.head.after(payload),
        };
        self.push(Kind::Tap, payload.to_vec(), after)?;
        Ok(place)
    }

    /// Writes what became of a tap. Durable with the next sync.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn note(&mut self, tap: Position, outcome: Outcome) -> Result<(), AppendError> {
        let next = self.next.next;
        if tap >= next {
            return Err(AppendError::UnknownTap { next, tap });
        }
        self.push(Kind::Note, codec::encode_note(tap, outcome), self.next)
    }

    /// Makes everything appended so far durable.
    ///
    /// When the medium's sync fails the segment is sealed at its last durable record, and what
    /// was not durable is written to a new segment: the failed sync is never tried again, for a
    /// second one may succeed without the data.
    ///
    /// # Errors
    /// [`StoppedError`] when that fails too.
    pub fn sync(&mut self) -> Result<Durable, StoppedError> {
        if self.stopped.is_none() && !self.pending.is_empty() {
            let outcome = match self.active {
                Some(active) if !self.options.has(Sabotage::AckBeforeSync) => {
                    let first = self.media.sync(active.id);
                    match first {
                        Err(_) if self.options.has(Sabotage::SyncRetried) => {
                            self.media.sync(active.id)
                        }
                        other => other,
                    }
                }
                Some(_) => Ok(()),
                None => Err(MediaError::Missing {
                    id: SegmentId::new(self.last_id),
                }),
            };
            match outcome {
                Ok(()) => self.confirm(),
                Err(_) => self.replace(),
            }
        }
        match self.stopped {
            None => Ok(Durable {
                next: self.durable.next,
            }),
            Some(source) => Err(StoppedError {
                pending: self.pending.len(),
                source,
            }),
        }
    }

    /// What is durable by now, without a sync.
    #[must_use]
    pub fn durable(&self) -> Durable {
        let early = self.options.has(Sabotage::OpenBeforeJournal);
        let cursor = if early { self.next } else { self.durable };
        Durable { next: cursor.next }
    }

    /// Tries to write again after the journal has stopped (the medium was changed, space was
    /// freed): a new segment with everything that was not durable. Also [`Journal::open`] ends
    /// with it.
    ///
    /// # Errors
    /// [`StoppedError`].
    pub fn resume(&mut self) -> Result<Durable, StoppedError> {
        if self.stopped.is_some() {
            self.replace();
        }
        self.sync()
    }

    /// Takes a record: into memory, then to the medium.
    fn push(&mut self, kind: Kind, payload: Vec<u8>, after: Cursor) -> Result<(), AppendError> {
        if let Some(error) = self.stopped {
            return Err(AppendError::Stopped(error));
        }
        let bytes = self.admit(payload.len())?;
        self.make_room(bytes)?;
        self.pending.push(Entry {
            kind,
            after_gap: false,
            seq: self.next.next.seq(),
            head: self.next.head,
            payload,
        });
        let before = core::mem::replace(&mut self.next, after);
        if self.write_last().is_err() {
            self.replace();
        }
        match self.stopped {
            None => Ok(()),
            Some(error) => {
                self.pending.pop();
                self.next = before;
                Err(AppendError::Stopped(error))
            }
        }
    }

    /// The bytes of a record, if there may be one more of this length.
    fn admit(&self, length: usize) -> Result<u32, AppendError> {
        let capacity = self.options.capacity();
        let bytes = record_bytes(length);
        if length > PAYLOAD_BYTES_MAX || bytes > capacity {
            let room = usize::try_from(capacity.saturating_sub(record_bytes(0))).unwrap_or(0);
            return Err(AppendError::TooLong {
                max: PAYLOAD_BYTES_MAX.min(room),
                got: length,
            });
        }
        let pending = self.pending.len();
        let waiting = self.pending_bytes();
        if pending >= PENDING_RECORDS_MAX || waiting.saturating_add(bytes) > capacity {
            return Err(AppendError::PendingFull { pending });
        }
        Ok(bytes)
    }

    /// Bytes of all pending records, one after the other.
    pub(crate) fn pending_bytes(&self) -> u32 {
        self.pending
            .iter()
            .map(|entry| record_bytes(entry.payload.len()))
            .fold(0, u32::saturating_add)
    }

    /// Goes on in a new segment while the active one has no room.
    fn make_room(&mut self, bytes: u32) -> Result<(), AppendError> {
        while let Some(active) = self.active {
            if active.offset.saturating_add(bytes) <= active.bytes {
                break;
            }
            self.replace();
            if let Some(error) = self.stopped {
                return Err(AppendError::Stopped(error));
            }
        }
        Ok(())
    }

    /// Writes the newest pending record at the end of the active segment.
    fn write_last(&mut self) -> Result<(), MediaError> {
        let (Some(active), Some(entry)) = (self.active.as_mut(), self.pending.last()) else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        let fields = Fields {
            kind: entry.kind,
            after_gap: entry.after_gap,
            epoch: self.durable.next.epoch(),
            number: active.number,
            seq: entry.seq,
            durable: active.durable,
            head: entry.head,
        };
        encode_record(&mut bytes, active.generation, &fields, &entry.payload);
        self.media.write(active.id, active.offset, &bytes)?;
        active.offset = active
            .offset
            .saturating_add(record_bytes(entry.payload.len()));
        active.number = active.number.saturating_add(1);
        Ok(())
    }

    /// All that was appended is durable; the next record begins a sector of its own.
    pub(crate) fn confirm(&mut self) {
        let sector = self.sector();
        if let Some(active) = self.active.as_mut() {
            active.durable = active.offset;
            active.offset = align_up(active.offset, sector);
        }
        self.durable = self.next;
        self.pending.clear();
    }

    pub(crate) fn sector(&self) -> u32 {
        if self.options.has(Sabotage::NoAlignment) {
            return 1;
        }
        self.options.sector_bytes
    }
}

impl<M: Media> Journal<M> {
    /// The bug of [`Sabotage::AppendAfterTail`].
    pub(crate) fn go_on_in(&mut self, header: &Header, end: u32) {
        self.garbage.retain(|id| *id != header.id);
        self.active = Some(Active {
            id: header.id,
            first: header.first,
            bytes: header.bytes,
            generation: generation(header, &self.options),
            offset: end,
            number: u32::try_from(self.pending.len()).unwrap_or(u32::MAX),
            durable: end,
        });
        self.confirm();
    }

    /// Takes the acknowledgement into the log (durable with the sync that follows).
    pub(crate) fn push_acknowledged(&mut self, next: Position) -> Result<(), AppendError> {
        self.push(Kind::Acknowledged, codec::encode_position(next), self.next)
    }
}
