//! Reading back what is durable, for the upload.

use alloc::vec::Vec;

use crate::journal::Journal;
use crate::limits::BATCH_RECORDS_MAX;
use crate::media::{Media, MediaError, SegmentId};
use crate::position::Position;
use crate::record::{Batch, Record};
use crate::recovery::{as_record, load, read_header};
use crate::scan::{Found, Segment, scan};

impl<M: Media> Journal<M> {
    /// Gives every durable record from this tap on to `sink` in order, until it answers `false`.
    /// Notes come in the order in which they were written, from the first one after the tap's
    /// segment began.
    ///
    /// # Errors
    /// [`MediaError`] when a segment cannot be read.
    pub fn read(
        &mut self,
        from: Position,
        sink: &mut dyn FnMut(Record<'_>) -> bool,
    ) -> Result<(), MediaError> {
        let mut buffer = Vec::new();
        for (id, end) in self.segments_since(from) {
            let Some(header) = read_header(&mut self.media, id)? else {
                return Err(MediaError::Missing { id });
            };
            let segment = Segment {
                bytes: load(&mut self.media, id, header.bytes, &mut buffer)?,
                header: &header,
                end: Some(end),
            };
            let mut more = true;
            scan(segment, &self.options, &mut |found| {
                if let Found::Record(view) = found
                    && let Some(record) = as_record(&view)
                {
                    let early = matches!(record, Record::Tap { position, .. } if position < from);
                    more = early || sink(record);
                }
                more
            });
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// The segments that hold this tap and all later ones, with their durable ends.
    fn segments_since(&self, from: Position) -> Vec<(SegmentId, u32)> {
        let sealed = self
            .sealed
            .iter()
            .filter(|segment| segment.next > from)
            .map(|segment| (segment.id, segment.end));
        let active = self.active.map(|active| (active.id, active.durable));
        sealed.chain(active).collect()
    }

    /// The next taps to upload: consecutive, of one epoch, durable, from `from` on; at most
    /// `records_max` (and [`BATCH_RECORDS_MAX`]). `None` when there is nothing to send.
    ///
    /// A batch ends before a [`Gap`](crate::Gap) and the next begins after it.
    ///
    /// # Errors
    /// [`MediaError`] when a segment cannot be read.
    pub fn batch(
        &mut self,
        from: Position,
        records_max: usize,
    ) -> Result<Option<Batch>, MediaError> {
        let limit = records_max.min(BATCH_RECORDS_MAX);
        let mut batch: Option<Batch> = None;
        if limit == 0 {
            return Ok(None);
        }
        self.read(from, &mut |record| {
            let Record::Tap {
                position,
                payload,
                before,
                after,
            } = record
            else {
                return true;
            };
            let Some(open) = &mut batch else {
                batch = Some(Batch {
                    first: position,
                    before,
                    after,
                    payloads: Vec::from([payload.to_vec()]),
                });
                return limit > 1;
            };
            if open.last().next() != position || open.after != before {
                return false;
            }
            open.after = after;
            open.payloads.push(payload.to_vec());
            open.payloads.len() < limit
        })?;
        Ok(batch)
    }
}
