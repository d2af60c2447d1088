//! Opening: finds what is there, says what is missing, and copies the last segment into a new one.
//!
//! The copy is why recovery never has to believe its own eyes: what it reads may be in the page
//! cache only, or end in a torn record. What it has copied and synced is durable, and what it has
//! not is never written to again.

use alloc::vec;
use alloc::vec::Vec;

use crate::codec::{self, HEADER_BYTES, Header, Kind, Link};
use crate::epoch::{self, EpochError};
use crate::journal::{Cursor, Entry, Journal, Sealed};
use crate::limits::{HEADER_SLOT_BYTES, SEGMENT_BYTES_MAX, SEGMENTS_MAX};
use crate::media::{Media, MediaError, SegmentId};
use crate::options::{Options, Witness};
use crate::position::{Head, Position};
use crate::record::{Gap, Record};
use crate::sabotage::Sabotage;
use crate::scan::{Found, Scanned, Segment, View, scan};

/// Why a journal cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The medium cannot be read.
    #[error("the medium cannot be read")]
    Media(#[source] MediaError),
    /// More segments than a journal has.
    #[error("expected at most {max} segments, got {got}")]
    TooManySegments {
        /// The limit.
        max: usize,
        /// How many there are.
        got: usize,
    },
    /// The medium holds another device's journal.
    #[error("segment {id} is of another device")]
    OtherDevice {
        /// Which.
        id: SegmentId,
    },
    /// No epoch can be chosen.
    #[error("no epoch can be chosen")]
    Epoch(#[source] EpochError),
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Taps that are there.
    pub taps: u64,
    /// Notes that are there.
    pub notes: u64,
    /// What had been durable and is missing.
    pub gaps: Vec<Gap>,
    /// Segments that hold nothing: never completed, or copied into a later one.
    pub abandoned: usize,
    /// The epoch that began because the image was older than its witness, or empty, or lost an
    /// unknown number of taps.
    pub new_epoch: Option<u32>,
    /// The place after the last tap that is there; none on an empty medium.
    pub found_next: Option<Position>,
}

impl<M: Media> Journal<M> {
    /// Opens the journal on this medium, or begins one. Every record that is there is shown to
    /// `visit` in order: the caller rebuilds its replay memory from them before it accepts.
    ///
    /// When the medium can be read but not written the journal opens stopped
    /// ([`Journal::mode`]): what is durable can be read and uploaded.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        mut media: M,
        options: Options,
        witness: Witness,
        visit: &mut dyn FnMut(Record<'_>),
    ) -> Result<(Self, Recovery), OpenError> {
        let (walk, mut report) = survey(&mut media, &options, visit)?;
        let journal = walk.finish(media, options, witness, &mut report)?;
        Ok((journal, report))
    }

    /// Looks at the journal on this medium as [`Journal::open`] does, and changes nothing: what
    /// is found is not made durable.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn inspect(
        media: &mut M,
        options: &Options,
        visit: &mut dyn FnMut(Record<'_>),
    ) -> Result<Recovery, OpenError> {
        let (_, report) = survey(media, options, visit)?;
        Ok(report)
    }
}

/// Goes through all segments, oldest first.
fn survey<M: Media>(
    media: &mut M,
    options: &Options,
    visit: &mut dyn FnMut(Record<'_>),
) -> Result<(Walk, Recovery), OpenError> {
    let mut ids = Vec::new();
    media.list(&mut ids).map_err(OpenError::Media)?;
    if ids.len() > SEGMENTS_MAX {
        return Err(OpenError::TooManySegments {
            max: SEGMENTS_MAX,
            got: ids.len(),
        });
    }
    ids.sort_unstable();
    let live = live_segments(media, options, &ids)?;
    let mut report = Recovery {
        abandoned: ids.len().saturating_sub(live.len()),
        ..Recovery::default()
    };
    let mut walk = Walk::new(options, &live, ids);
    let mut buffer = Vec::new();
    for (index, found) in live.iter().enumerate() {
        let last = index.saturating_add(1) == live.len();
        walk.segment(media, *found, last, &mut buffer, &mut report, visit)?;
    }
    report.gaps.extend(walk.missing());
    report.gaps.sort_by_key(|gap| gap.from);
    report.found_next = walk.last.map(|_| walk.cursor.next);
    Ok((walk, report))
}

/// A segment that counts, and where the one after it says that it ended.
#[derive(Clone, Copy)]
struct Live {
    header: Header,
    end: Option<u32>,
}

/// The segments that count, oldest first: the newest, the one it says comes before, and so on. A
/// segment between the two was abandoned or copied.
fn live_segments<M: Media>(
    media: &mut M,
    options: &Options,
    ids: &[SegmentId],
) -> Result<Vec<Live>, OpenError> {
    let mut live = Vec::new();
    let mut newest_before: Option<Link> = None;
    for id in ids.iter().rev() {
        if newest_before.is_some_and(|link| id.as_u64() > link.id) {
            continue;
        }
        let Some(header) = read_header(media, *id).map_err(OpenError::Media)? else {
            continue;
        };
        if header.device != *options.device.as_bytes() {
            return Err(OpenError::OtherDevice { id: *id });
        }
        let end = newest_before
            .filter(|link| link.id == id.as_u64())
            .map(|link| link.end);
        live.push(Live { header, end });
        newest_before = Some(header.before);
    }
    live.reverse();
    Ok(live)
}

/// Either copy of a segment's header, if one can be read.
pub(crate) fn read_header<M: Media>(
    media: &mut M,
    id: SegmentId,
) -> Result<Option<Header>, MediaError> {
    for offset in [0, HEADER_SLOT_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let got = media.read(id, offset, &mut bytes)?;
        let header = bytes.get(..got).and_then(Header::decode);
        if let Some(header) = header.filter(|header| header.id == id) {
            return Ok(Some(header));
        }
    }
    Ok(None)
}

/// Reads a whole segment into `buffer` and gives the part that is there.
pub(crate) fn load<'b, M: Media>(
    media: &mut M,
    id: SegmentId,
    bytes: u32,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b [u8], MediaError> {
    let limit = SEGMENT_BYTES_MAX.saturating_mul(2);
    let size = usize::try_from(bytes.min(limit)).unwrap_or(0);
    if buffer.len() != size {
        *buffer = vec![0; size];
    }
    let got = media.read(id, 0, buffer)?;
    Ok(buffer.get(..got).unwrap_or_default())
}

/// Gives a record to the caller, if it is one of its kinds.
pub(crate) fn as_record<'b>(view: &View<'b>) -> Option<Record<'b>> {
    let position = Position::new(view.fields.epoch, view.fields.seq);
    match view.fields.kind {
        Kind::Tap => Some(Record::Tap {
            position,
            payload: view.payload,
            before: view.fields.head,
            after: view.after,
        }),
        Kind::Note => {
            codec::decode_note(view.payload).map(|(tap, outcome)| Record::Note { tap, outcome })
        }
        Kind::Acknowledged => None,
    }
}

/// What is known while going through the segments in order.
struct Walk {
    options: Options,
    /// Every segment on the medium, also those that do not count.
    ids: Vec<SegmentId>,
    /// The newest segment that counts.
    last: Option<Header>,
    /// After the last segment.
    cursor: Cursor,
    /// Place after the last acknowledged tap.
    acked_next: Position,
    sealed: Vec<Sealed>,
    /// The last segment's records, to be copied.
    carried: Vec<Entry>,
    /// Byte offset after the last record.
    end: u32,
    /// Whole segments that are not there.
    suspects: Vec<Gap>,
    /// The segment that was left had lost durable records at its end.
    cut: bool,
}

impl Walk {
    fn new(options: &Options, live: &[Live], ids: Vec<SegmentId>) -> Self {
        let none = Position::new(0, 0);
        Self {
            options: *options,
            ids,
            last: live.last().map(|last| last.header),
            cursor: Cursor {
                next: live.first().map_or(none, |first| first.header.first),
                head: Head::from_bytes([0; 32]),
            },
            acked_next: live.last().map_or(none, |last| last.header.acked_next),
            sealed: Vec::new(),
            carried: Vec::new(),
            end: 0,
            suspects: Vec::new(),
            cut: false,
        }
    }

    fn segment<M: Media>(
        &mut self,
        media: &mut M,
        live: Live,
        last: bool,
        buffer: &mut Vec<u8>,
        report: &mut Recovery,
        visit: &mut dyn FnMut(Record<'_>),
    ) -> Result<(), OpenError> {
        let header = live.header;
        self.compare(&header, report);
        let bytes = load(media, header.id, header.bytes, buffer).map_err(OpenError::Media)?;
        let segment = Segment {
            bytes,
            header: &header,
            end: live.end,
        };
        let hidden = last && self.options.has(Sabotage::ReplayNotRebuilt);
        let (carried, acked_next) = (&mut self.carried, &mut self.acked_next);
        let done = scan(segment, &self.options, &mut |found| {
            match found {
                Found::Gap(gap) => report.gaps.push(gap),
                Found::Record(view) => {
                    if last {
                        keep(&view, carried, acked_next);
                    }
                    if let Some(record) = as_record(&view).filter(|_| !hidden) {
                        count(&record, report);
                        visit(record);
                    }
                }
            }
            true
        });
        self.leave(&header, done, last, report);
        Ok(())
    }

    /// Whether this segment begins where the last one ended. What is missing may have been
    /// acknowledged: the last segment tells, at the end.
    fn compare(&mut self, header: &Header, report: &mut Recovery) {
        let before = header.before.next;
        let first = self.sealed.is_empty();
        let from = if first {
            Position::new(0, 0)
        } else {
            self.cursor.next
        };
        let gap = Gap {
            from,
            until: before,
        };
        if self.cut {
            report.gaps.push(gap);
        } else if header.before.id != 0 && before > from {
            self.suspects.push(gap);
        }
    }

    /// The suspects that the server does not have.
    fn missing(&self) -> impl Iterator<Item = Gap> {
        self.suspects
            .iter()
            .filter(|gap| gap.until > self.acked_next)
            .map(|gap| Gap {
                from: gap.from.max(self.acked_next),
                until: gap.until,
            })
    }

    fn leave(&mut self, header: &Header, done: Scanned, last: bool, report: &mut Recovery) {
        self.cursor = Cursor {
            next: done.next,
            head: done.head,
        };
        self.cut = done.cut;
        self.end = done.end;
        if last {
            // Nobody knows how many there were: a new epoch begins after them.
            if done.cut {
                report.gaps.push(Gap {
                    from: done.next,
                    until: done.next,
                });
            }
            return;
        }
        self.sealed.push(Sealed {
            id: header.id,
            first: header.first,
            next: done.next,
            end: done.end,
        });
    }

    fn finish<M: Media>(
        self,
        media: M,
        options: Options,
        witness: Witness,
        report: &mut Recovery,
    ) -> Result<Journal<M>, OpenError> {
        let (last, ids) = (self.last, &self.ids);
        let image = last.map(|_| self.cursor.next);
        let boot = last.map_or(0, |header| header.boot);
        let mut new_epoch = epoch::decide(image, boot, witness).map_err(OpenError::Epoch)?;
        if options.has(Sabotage::NoEpochBump) && image.is_some() {
            new_epoch = None;
        } else if self.cut && new_epoch.is_none() {
            let last = self.cursor.next.epoch();
            let above = last.checked_add(1).ok_or(EpochError::UsedUp { last });
            new_epoch = Some(above.map_err(OpenError::Epoch)?);
        }
        report.new_epoch = new_epoch;
        let new_boot = witness.boot.unwrap_or(boot);
        let start = last.map_or(self.cursor, |header| Cursor {
            next: header.first,
            head: header.head,
        });
        let kept = |id: &&SegmentId| !self.sealed.iter().any(|sealed| sealed.id == **id);
        let mut journal = Journal {
            media,
            options,
            garbage: ids.iter().filter(kept).copied().collect(),
            sealed: self.sealed.clone(),
            active: None,
            link: last.map_or(NO_LINK, |header| header.before),
            durable: start,
            next: self.cursor,
            pending: self.carried,
            acked_next: self.acked_next,
            keep_from: None,
            boot: if new_epoch.is_some() { boot } else { new_boot },
            new_boot,
            new_epoch,
            last_id: ids.last().map_or(0, |id| id.as_u64()),
            stopped: None,
            opened_at: self.cursor.next,
        };
        match last {
            Some(header) if journal.options.has(Sabotage::AppendAfterTail) => {
                journal.go_on_in(&header, self.end);
            }
            _ => journal.replace(),
        }
        journal.opened_at = journal.next.next;
        Ok(journal)
    }
}

/// What the first segment says of the one before.
const NO_LINK: Link = Link {
    id: 0,
    end: 0,
    next: Position::new(0, 0),
};

/// Keeps a record of the last segment for the copy; an acknowledgement goes into the header.
fn keep(view: &View<'_>, carried: &mut Vec<Entry>, acked_next: &mut Position) {
    if view.fields.kind == Kind::Acknowledged {
        if let Some(next) = codec::decode_position(view.payload) {
            *acked_next = next.max(*acked_next);
        }
        // One that tells of a gap is copied, so that the copy tells of it too.
        if !view.fields.after_gap {
            return;
        }
    }
    carried.push(Entry {
        kind: view.fields.kind,
        after_gap: view.fields.after_gap,
        seq: view.fields.seq,
        head: view.fields.head,
        payload: view.payload.to_vec(),
    });
}

fn count(record: &Record<'_>, report: &mut Recovery) {
    match record {
        Record::Tap { .. } => report.taps = report.taps.saturating_add(1),
        Record::Note { .. } => report.notes = report.notes.saturating_add(1),
    }
}
