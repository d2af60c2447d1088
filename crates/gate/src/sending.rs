//! The core's side of the upload: which taps are next, and what the server has.

use std::collections::BTreeMap;

use journal::{Batch, Media, MediaError, Met, Mode, Position, Record};
use units::{Span, Timestamp};
use wire::note::{NoteRecord, Record as Written};
use wire::tap::TapRecord;

use crate::agent::Agent;

impl<M: Media> Agent<M> {
    /// The next taps to send, after those that the server has committed.
    ///
    /// # Errors
    /// [`MediaError`] when a segment cannot be read.
    pub fn batch(&mut self, records_max: usize) -> Result<Option<Batch>, MediaError> {
        let mut from = self.sent_until();
        if let Some(until) = self.jump(from) {
            from = until;
        }
        let mut batch = self.journal.batch(from, records_max)?;
        if let (Some(batch), Some((first, _))) = (&mut batch, self.replaced)
            && batch.first < first
            && batch.last() >= first
        {
            Self::cut(batch, first);
        }
        Ok(batch)
    }

    /// Where to go on, if the taps at `from` were written again under other numbers.
    fn jump(&self, from: Position) -> Option<Position> {
        let (first, until) = self.replaced?;
        (first..until).contains(&from).then_some(until)
    }

    /// Shortens a batch to the taps before `end`.
    fn cut(batch: &mut Batch, end: Position) {
        let keep = end.seq().saturating_sub(batch.first.seq());
        batch
            .payloads
            .truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        batch.after = batch
            .payloads
            .iter()
            .fold(batch.before, |head, payload| head.after(payload));
    }

    /// The place after the last tap that the server has committed.
    fn sent_until(&self) -> Position {
        let committed = self.committed.map(Position::next);
        committed
            .max(self.journal.acknowledged_next())
            .unwrap_or(Position::new(0, 0))
    }

    /// Segments of the journal.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.journal.segments()
    }

    /// Records that wait to be sent.
    #[must_use]
    pub fn queue_depth(&self) -> u64 {
        let sent = self.sent_until();
        let from = self.jump(sent).unwrap_or(sent);
        self.history.between(from, self.journal.durable_next())
    }

    /// The server has committed everything up to `last`, or it is safe in the quarantine.
    pub fn commit(&mut self, last: Position, now: Timestamp) {
        self.committed = self.committed.max(Some(last));
        if self.journal.acknowledged_next() < Some(last.next()) {
            self.keep(now);
            if let Err(error) = self.journal.acknowledge(last) {
                tracing::warn!(%error, "the journal cannot be trimmed");
            }
        }
    }

    /// Gives the space of committed records back, except for those that the replay memory needs,
    /// and those that are younger than the configured age. Of the latter none is worth a rider: a
    /// journal that cannot be written lets them go first.
    pub fn trim(&mut self, now: Timestamp) {
        self.keep(now);
        if let Err(error) = self.journal.trim() {
            tracing::warn!(%error, "the journal cannot be trimmed");
        }
    }

    fn keep(&mut self, now: Timestamp) {
        let live = self.live.keep_from(now);
        let young = match self.journal.mode() {
            Mode::Writing if self.rules.keep > Span::ZERO => {
                self.history.keep_from(now.minus(self.rules.keep))
            }
            _ => None,
        };
        self.journal.keep_from(live.into_iter().chain(young).min());
    }

    /// The server says what its last tap of this device's epoch is. When it knows more than this
    /// journal, the image is an old one: taps go on in a new epoch, and those that were written
    /// since under numbers that the server may know are written again.
    pub fn meet(&mut self, server_last: Position) {
        match self.journal.meet(server_last) {
            Ok(Met::Agrees) => {}
            Ok(Met::Restored {
                epoch,
                written_again_from,
            }) => {
                tracing::warn!(epoch, "the journal is an old image: a new epoch begins");
                self.write_again(written_again_from, Position::new(epoch, 0));
            }
            Err(error) => tracing::error!(%error, "no new epoch can begin"),
        }
    }

    fn write_again(&mut self, from: Position, until: Position) {
        let mut payloads = Vec::new();
        let read = self.journal.read(from, &mut |record| {
            if let Record::Tap {
                position, payload, ..
            } = record
            {
                if position >= until {
                    return false;
                }
                payloads.push((position, payload.to_vec()));
            }
            true
        });
        if let Err(error) = read {
            tracing::error!(%error, "taps of the old epoch cannot be read");
            return;
        }
        let mut moved = BTreeMap::new();
        for (before, payload) in payloads {
            let place = self.journal.next();
            let seq = place.seq();
            moved.insert((before.epoch(), before.seq()), place);
            let bytes = match Written::decode(&payload) {
                Ok(Written::Tap(tap)) => TapRecord { seq, ..tap }
                    .encode()
                    .map(|bytes| bytes.to_vec()),
                Ok(Written::Note(note)) => {
                    let tap = moved.get(&(note.tap_epoch, note.tap_seq));
                    let (tap_epoch, tap_seq) = tap.map_or((note.tap_epoch, note.tap_seq), |tap| {
                        (tap.epoch(), tap.seq())
                    });
                    let renumbered = NoteRecord {
                        seq,
                        tap_epoch,
                        tap_seq,
                        ..note
                    };
                    renumbered.encode().map(|bytes| bytes.to_vec())
                }
                Err(_) => continue,
            };
            let written = bytes.is_ok_and(|bytes| self.journal.append(&bytes).is_ok());
            if !written || self.journal.sync().is_err() {
                tracing::error!("a tap of the old epoch cannot be written again");
                return;
            }
            self.history.take(place, None);
        }
        self.replaced = Some((from, until));
    }
}
