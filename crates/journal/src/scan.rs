//! Reads the records of one segment, and tells a torn end from a hole.
//!
//! A record that cannot be read is the end of the log *unless* something proves that the medium
//! had confirmed it: the next segment's header says where this one ended; each record says up to
//! where its segment was durable when it was written. Behind such proof it is damage: reported as
//! a [`Gap`], and what can be read after it is still given.

use crate::codec::{Checks, Fields, Header, Kind, claimed_bytes, decode_record, record_bytes};
use crate::limits::RECORDS_OFFSET;
use crate::options::Options;
use crate::position::{Head, Position};
use crate::record::Gap;
use crate::sabotage::Sabotage;

/// One record in its segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'b> {
    pub(crate) fields: Fields,
    pub(crate) payload: &'b [u8],
    /// The chain's head after it.
    pub(crate) after: Head,
}

/// What a scan meets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'b> {
    Record(View<'b>),
    Gap(Gap),
}

/// How a scan ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanned {
    /// Byte offset after the last record.
    pub(crate) end: u32,
    /// Place and head after the last tap.
    pub(crate) next: Position,
    pub(crate) head: Head,
    /// Records that had been durable are missing at the end, nobody here knows how many.
    pub(crate) cut: bool,
}

/// One segment's bytes and what is known about them.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) header: &'b Header,
    /// Where it ended when the next one began, if there is a next one that says so.
    pub(crate) end: Option<u32>,
}

struct Scan<'b> {
    segment: Segment<'b>,
    generation: u32,
    checks: Checks,
    /// Offset, record number, and chain state that the next record has to meet.
    at: u32,
    number: u32,
    next: Position,
    head: Head,
    silent: bool,
}

/// Gives every record in order to `sink`, which answers whether to go on.
pub(crate) fn scan<'b>(
    segment: Segment<'b>,
    options: &Options,
    sink: &mut dyn FnMut(Found<'b>) -> bool,
) -> Scanned {
    let lax = [
        Sabotage::NoCrc,
        Sabotage::NoSequence,
        Sabotage::NoGeneration,
    ]
    .map(|bug| options.has(bug));
    let generation_checked = !options.has(Sabotage::NoGeneration);
    let mut scan = Scan {
        segment,
        generation: generation(segment.header, options),
        checks: Checks {
            sum: !options.has(Sabotage::NoCrc),
            generation: generation_checked,
            sequence: !options.has(Sabotage::NoSequence),
            chain: !lax.contains(&true),
        },
        at: RECORDS_OFFSET,
        number: 0,
        next: segment.header.first,
        head: segment.header.head,
        silent: options.has(Sabotage::SilentGap),
    };
    let cut = scan.run(sink);
    Scanned {
        end: scan.at,
        next: scan.next,
        head: scan.head,
        cut,
    }
}

/// What the CRC of a segment's records begins with.
pub(crate) fn generation(header: &Header, options: &Options) -> u32 {
    if options.has(Sabotage::NoGeneration) {
        return 0;
    }
    header.generation()
}

/// The next multiple of `sector` (a power of two).
pub(crate) const fn align_up(offset: u32, sector: u32) -> u32 {
    let mask = sector.saturating_sub(1);
    offset.saturating_add(mask) & !mask
}

impl<'b> Scan<'b> {
    /// Gives all records; answers whether durable ones are missing at the end.
    fn run(&mut self, sink: &mut dyn FnMut(Found<'b>) -> bool) -> bool {
        loop {
            if self.segment.end.is_some_and(|end| self.at >= end) {
                return false;
            }
            let aligned = align_up(self.at, self.segment.header.sector);
            let here = [self.at, aligned]
                .into_iter()
                .find_map(|at| self.record_at(at).filter(|found| self.follows(found)));
            let Some((at, fields, payload)) = here.or_else(|| self.after_damage()) else {
                return self.proven_durable(0) > self.at;
            };
            let jumped = fields.number != self.number || fields.after_gap;
            if jumped && self.checks.sequence && !self.report(&fields, sink) {
                return false;
            }
            let view = self.accept(at, fields, payload, jumped);
            if !sink(Found::Record(view)) {
                return false;
            }
        }
    }

    fn record_at(&self, at: u32) -> Option<(u32, Fields, &'b [u8])> {
        let limit = self.segment.end.unwrap_or(u32::MAX);
        let until = usize::try_from(limit).ok()?.min(self.segment.bytes.len());
        let bytes = self.segment.bytes.get(usize::try_from(at).ok()?..until)?;
        let epoch = self.segment.header.first.epoch();
        let (fields, payload) = decode_record(bytes, self.generation, epoch, self.checks)?;
        Some((at, fields, payload))
    }

    /// Whether a record is the very next one.
    fn follows(&self, (_, fields, _): &(u32, Fields, &[u8])) -> bool {
        if self.checks.sequence && fields.number != self.number {
            return false;
        }
        if fields.after_gap {
            return fields.seq >= self.next.seq();
        }
        let in_order = !self.checks.sequence || fields.seq == self.next.seq();
        let chained = !self.checks.chain || fields.head == self.head;
        in_order && chained
    }

    /// The first record after a hole in what was durable.
    fn after_damage(&self) -> Option<(u32, Fields, &'b [u8])> {
        if self.silent || !self.checks.sequence {
            return None;
        }
        let sector = self.segment.header.sector;
        let claimed = self
            .segment
            .bytes
            .get(usize::try_from(self.at).ok()?..)
            .and_then(claimed_bytes)
            .map(|bytes| self.at.saturating_add(bytes));
        let first = claimed
            .into_iter()
            .chain(claimed.map(|at| align_up(at, sector)))
            .chain(self.sectors(align_up(self.at.saturating_add(1), sector)))
            .find_map(|at| self.record_at(at).filter(|found| self.is_later(found)))?;
        let proven = self.proven_durable(first.0);
        (proven > self.at).then_some(first)
    }

    fn is_later(&self, (_, fields, _): &(u32, Fields, &[u8])) -> bool {
        fields.number >= self.number && fields.seq >= self.next.seq()
    }

    /// Every sector from here on: each sync is followed by a record at the start of one.
    fn sectors(&self, from: u32) -> impl Iterator<Item = u32> + use<'b> {
        let size = u32::try_from(self.segment.bytes.len()).unwrap_or(u32::MAX);
        let step = usize::try_from(self.segment.header.sector).unwrap_or(usize::MAX);
        (from..size).step_by(step.max(1))
    }

    /// Up to where anything says that the medium had confirmed this segment. `from`: the first
    /// readable record after the hole; 0 when there is none.
    fn proven_durable(&self, from: u32) -> u32 {
        let stated = self.segment.end.unwrap_or(self.segment.header.carried_end);
        if from == 0 {
            return stated;
        }
        let sector = self.segment.header.sector;
        core::iter::once(from)
            .chain(self.sectors(align_up(from.saturating_add(1), sector)))
            .filter_map(|at| self.record_at(at))
            .filter(|found| self.is_later(found))
            .map(|(_, fields, _)| fields.durable)
            .fold(stated, u32::max)
    }

    fn report(&self, fields: &Fields, sink: &mut dyn FnMut(Found<'b>) -> bool) -> bool {
        sink(Found::Gap(Gap {
            from: self.next,
            until: Position::new(self.next.epoch(), fields.seq),
        }))
    }

    fn accept(&mut self, at: u32, fields: Fields, payload: &'b [u8], jumped: bool) -> View<'b> {
        let after = match fields.kind {
            Kind::Tap => fields.head.after(payload),
            Kind::Note | Kind::Acknowledged => fields.head,
        };
        let place = Position::new(self.next.epoch(), fields.seq);
        self.next = match fields.kind {
            Kind::Tap => place.next(),
            Kind::Note | Kind::Acknowledged => place,
        };
        self.at = at.saturating_add(record_bytes(payload.len()));
        self.number = fields.number.saturating_add(1);
        self.head = after;
        View {
            fields: Fields {
                after_gap: jumped,
                ..fields
            },
            payload,
            after,
        }
    }
}
