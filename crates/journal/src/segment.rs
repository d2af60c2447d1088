//! Beginning a segment: at opening, when one is full, when the medium failed, at a new epoch.

use alloc::vec::Vec;

use crate::codec::{Fields, Header, Link, encode_record};
use crate::journal::{Active, Cursor, Journal, Sealed};
use crate::limits::{HEADER_SLOT_BYTES, RECORDS_OFFSET, REPLACE_ATTEMPTS_MAX, SEGMENTS_MAX};
use crate::media::{Media, MediaError, SegmentId};
use crate::position::{Head, Position};
use crate::sabotage::Sabotage;
use crate::scan::generation;

impl<M: Media> Journal<M> {
    /// Leaves the active segment for a new one that holds what was not durable; begins the new
    /// epoch if one is due. Stops the journal when it cannot.
    pub(crate) fn replace(&mut self) {
        let only_new_epoch = self.new_epoch.is_some() && self.pending.is_empty();
        let mut outcome = if only_new_epoch {
            Ok(())
        } else {
            self.attempt()
        };
        if outcome.is_ok()
            && let Some(epoch) = self.new_epoch
        {
            self.next = Cursor {
                next: Position::new(epoch, 0),
                head: (self.options.chain_start)(self.options.device, epoch),
            };
            self.boot = self.new_boot;
            outcome = self.attempt();
        }
        match outcome {
            Ok(()) => {
                self.new_epoch = None;
                self.stopped = None;
                self.remove_garbage();
            }
            Err(error) => self.stopped = Some(error),
        }
    }

    /// Tries a new segment a few times.
    fn attempt(&mut self) -> Result<(), MediaError> {
        let mut outcome = Err(MediaError::NoSpace);
        for _ in 0..REPLACE_ATTEMPTS_MAX {
            let id = SegmentId::new(self.last_id.saturating_add(1));
            self.last_id = id.as_u64();
            outcome = self.start_segment(id);
            if outcome.is_ok() {
                break;
            }
            self.garbage.push(id);
        }
        outcome
    }

    /// Makes a segment with the pending records in it. Its header is its commit: it is written
    /// only when the records that it carries and its name are durable.
    fn start_segment(&mut self, id: SegmentId) -> Result<(), MediaError> {
        if self.segments() >= SEGMENTS_MAX {
            return Err(MediaError::NoSpace);
        }
        let carried = self.pending_bytes();
        let bytes = self
            .options
            .segment_bytes
            .max(RECORDS_OFFSET.saturating_add(carried));
        let carried_end = RECORDS_OFFSET.saturating_add(carried);
        let header = Header {
            bytes,
            sector: self.sector(),
            device: *self.options.device.as_bytes(),
            id,
            salt: self.options.salt,
            first: self.first_of_new(),
            head: self.head_of_new(),
            before: self.link_of_new(),
            acked_next: self.acked_next,
            boot: self.boot,
            carried_end,
        };
        let generation = generation(&header, &self.options);
        let records = self.encode_pending(generation, header.first.epoch());
        self.media.create(id, bytes)?;
        if self.options.has(Sabotage::HeaderBeforeRecords) {
            self.write_header(&header)?;
            self.media.sync(id)?;
        }
        if !records.is_empty() {
            self.media.write(id, RECORDS_OFFSET, &records)?;
            self.media.sync(id)?;
        }
        if !self.options.has(Sabotage::NoDirectorySync) {
            self.media.sync_directory()?;
        }
        self.write_header(&header)?;
        self.media.sync(id)?;
        self.enter(&header, generation);
        Ok(())
    }

    fn write_header(&mut self, header: &Header) -> Result<(), MediaError> {
        let bytes = header.encode();
        self.media.write(header.id, 0, &bytes)?;
        self.media.write(header.id, HEADER_SLOT_BYTES, &bytes)
    }

    /// The new segment is durable: it is the active one, and all that it carries is durable.
    fn enter(&mut self, header: &Header, generation: u32) {
        if let Some(active) = self.active {
            self.sealed.push(Sealed {
                id: active.id,
                first: active.first,
                next: self.durable.next,
                end: active.durable,
            });
        }
        self.link = header.before;
        self.active = Some(Active {
            id: header.id,
            first: header.first,
            bytes: header.bytes,
            generation,
            offset: header.carried_end,
            number: u32::try_from(self.pending.len()).unwrap_or(u32::MAX),
            durable: header.carried_end,
        });
        self.confirm();
    }

    fn first_of_new(&self) -> Position {
        if self.pending.is_empty() {
            return self.next.next;
        }
        self.durable.next
    }

    fn head_of_new(&self) -> Head {
        if self.pending.is_empty() {
            return self.next.head;
        }
        self.durable.head
    }

    fn link_of_new(&self) -> Link {
        self.active.map_or(self.link, |active| Link {
            id: active.id.as_u64(),
            end: active.durable,
            next: self.durable.next,
        })
    }

    fn encode_pending(&self, generation: u32, epoch: u32) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, entry) in (0..).zip(&self.pending) {
            let fields = Fields {
                kind: entry.kind,
                after_gap: entry.after_gap,
                epoch,
                number,
                seq: entry.seq,
                durable: 0,
                head: entry.head,
            };
            encode_record(&mut out, generation, &fields, &entry.payload);
        }
        out
    }

    /// Removes what holds nothing; what cannot be removed now is found again at the next opening.
    fn remove_garbage(&mut self) {
        let ids = core::mem::take(&mut self.garbage);
        let any = !ids.is_empty();
        for id in ids {
            if self.media.remove(id).is_err() {
                self.garbage.push(id);
            }
        }
        if any && self.media.sync_directory().is_err() {
            // Harmless: a removed segment that comes back is garbage again.
        }
    }
}
