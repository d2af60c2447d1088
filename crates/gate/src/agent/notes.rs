//! What became of a tap: the door opens or does not, and a note says so in the journal.
//!
//! A note is a record like a tap, in the same sequence and chain ([`wire::note`]): so it is synced,
//! uploaded, renumbered and kept as taps are. It need not be durable before the rider goes on: a
//! tap without a note counts as ridden, unless its rider taps again.

use journal::{Media, Position};
use units::Timestamp;
use validator::Permit;
use wire::note::{NoteRecord, TapOutcome};

use super::Agent;
use crate::answer::Closed;
use crate::door;

/// Openings whose outcome is awaited. A door tells each within seconds; one that never does has
/// none to be waited for.
const OPENINGS_MAX: usize = 256;

impl<M: Media> Agent<M> {
    /// Opens the door for a tap that is durable, and notes what it did.
    pub(super) fn let_pass(
        &mut self,
        tap: Position,
        permit: &Permit,
        now: Timestamp,
    ) -> Result<(), Closed> {
        if let Err(error) = self.door.open() {
            tracing::error!(error = %error.source, "the door did not open");
            self.note(tap, TapOutcome::DidNotOpen, now);
            self.used.forget(&permit.passage);
            return Err(Closed::DoorFailed);
        }
        if let Some(before) = permit.again.and_then(|at| self.live.doubtful_at(at)) {
            // The rider stands here again: the door had not opened before the gate was cut off.
            self.note(before, TapOutcome::DidNotOpen, now);
        }
        self.note(tap, TapOutcome::Opened, now);
        if self.opened.len() >= OPENINGS_MAX {
            self.opened.pop_front();
        }
        self.opened.push_back((tap, permit.passage));
        Ok(())
    }

    /// Takes what the door tells of earlier openings. Where nobody passed, the rider may tap again.
    pub(super) fn hear_door(&mut self, now: Timestamp) {
        while let Some(passage) = self.door.outcome() {
            let Some((tap, shown)) = self.opened.pop_front() else {
                break;
            };
            if passage == door::Passage::NobodyPassed
                && self.note(tap, TapOutcome::NobodyPassed, now)
            {
                self.used.forget(&shown);
            }
        }
    }

    /// Tries a stopped journal again. Taps that it could not make durable may be durable now: they
    /// are noted as not opened, and once the notes are durable their riders may tap again.
    pub(super) fn resume(&mut self, now: Timestamp) {
        if self.journal.resume().is_err() {
            return;
        }
        tracing::info!("the journal writes again");
        let unopened = std::mem::take(&mut self.unopened);
        let noted: Vec<_> = unopened
            .into_iter()
            .filter(|(tap, _)| self.note(*tap, TapOutcome::DidNotOpen, now))
            .collect();
        if self.try_flush() {
            for (_, passage) in noted {
                self.used.forget(&passage);
            }
        } else {
            self.unopened = noted;
        }
    }

    /// Writes a note; the next sync makes it durable. Says whether the journal took it.
    fn note(&mut self, tap: Position, outcome: TapOutcome, now: Timestamp) -> bool {
        let note = NoteRecord {
            seq: self.journal.next().seq(),
            at: now,
            tap_epoch: tap.epoch(),
            tap_seq: tap.seq(),
            outcome,
        };
        let bytes = note.encode().ok();
        let written = bytes.and_then(|bytes| self.append_bytes(&bytes)).is_some();
        if written {
            self.live.note(tap, outcome);
            self.unsynced_since.get_or_insert(now);
        } else {
            tracing::error!(%tap, ?outcome, "the tap has no note");
        }
        written
    }
}
