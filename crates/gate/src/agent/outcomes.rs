//! After the decision: the door, and what came of it, written down as soon as that is known.

use journal::{Media, Mode, Outcome, Position};
use units::{Span, Timestamp};
use validator::Permit;
use wire::note::NoteRecord;
use wire::tap::TapKind;

use super::unrecorded::Passed;
use super::{Agent, OPENED_MAX};
use crate::answer::{Closed, Verdict};
use crate::door;
use crate::live;

/// How often a stopped journal is tried again.
const RESUME_EVERY: Span = Span::from_secs(5);

/// Most notes that wait for the journal. An outage of it leaves one tap, and what the door says of
/// the openings before.
const OWED_MAX: usize = 4 * OPENED_MAX;

/// What became of a permitted tap on its way to the disk.
pub(super) enum Kept {
    /// It is durable.
    Durable(Position),
    /// It has a place and is in memory: it becomes durable when the journal writes again.
    Later(Position),
    /// The journal did not take it.
    Nowhere,
}

impl<M: Media> Agent<M> {
    /// The door for a permitted tap: only for one that is durable, or within the limits of the
    /// rule for journals that cannot be written.
    pub(super) fn admit(
        &mut self,
        kept: &Kept,
        (evidence, decision): (&[u8], u16),
        kind: TapKind,
        permit: Permit,
        now: Timestamp,
    ) -> (Verdict, Option<Position>) {
        let tap = match *kept {
            Kept::Durable(tap) => tap,
            Kept::Later(_) | Kept::Nowhere => {
                let tap = (evidence, decision, kind);
                return (self.admit_unrecorded(kept, tap, permit, now), None);
            }
        };
        match self.open_door() {
            Ok(()) => {
                self.note(tap, Outcome::Opened, now);
                self.await_passage(Passed::Recorded(tap), permit);
                (Verdict::Opened(permit), Some(tap))
            }
            Err(closed) => {
                self.note(tap, Outcome::DidNotOpen, now);
                (Verdict::Closed(closed), Some(tap))
            }
        }
    }

    fn admit_unrecorded(
        &mut self,
        kept: &Kept,
        (evidence, decision, kind): (&[u8], u16, TapKind),
        permit: Permit,
        now: Timestamp,
    ) -> Verdict {
        let at = self.steady.micros();
        self.unrecorded.failed(at);
        let may = self.unrecorded.take(at);
        let opened = match may {
            Some(_) => self.open_door(),
            None => Err(Closed::NotRecorded),
        };
        if let Kept::Later(tap) = *kept {
            let outcome = match opened {
                Ok(()) => Outcome::Opened,
                Err(_) => Outcome::DidNotOpen,
            };
            self.owe(tap, outcome);
        }
        if let Err(closed) = opened {
            return Verdict::Closed(closed);
        }
        let left = may.unwrap_or(0);
        tracing::error!(
            left,
            "ALARM: a rider passes although the tap is not on disk"
        );
        let passed = match *kept {
            Kept::Durable(tap) | Kept::Later(tap) => Passed::Recorded(tap),
            Kept::Nowhere => Passed::Held(self.unrecorded.hold(now, kind, decision, evidence)),
        };
        self.await_passage(passed, permit);
        Verdict::Unrecorded(permit)
    }

    fn open_door(&mut self) -> Result<(), Closed> {
        self.door.open().map_err(|error| {
            tracing::error!(error = %error.source, "the door did not open");
            Closed::DoorFailed
        })
    }

    fn await_passage(&mut self, passed: Passed, permit: Permit) {
        self.opened.push_back((passed, permit));
        if self.opened.len() > OPENED_MAX {
            self.opened.pop_front();
        }
    }

    /// Writes down what became of a tap: a record like a tap, so that it is uploaded too. The next
    /// sync makes it durable. Says whether the journal took it; if not, it is owed.
    pub(super) fn note(&mut self, tap: Position, outcome: Outcome, now: Timestamp) -> bool {
        let note = NoteRecord {
            seq: self.journal.next().seq(),
            at: now,
            tap_epoch: tap.epoch(),
            tap_seq: tap.seq(),
            outcome: live::told(outcome),
        };
        let bytes = note.encode().ok();
        let written = bytes
            .and_then(|bytes| self.append_bytes(&bytes, now))
            .is_some();
        if written {
            self.live.end(tap, outcome);
            self.unsynced_since.get_or_insert(now);
        } else {
            tracing::error!(%tap, ?outcome, "the tap has no note yet");
            self.owe(tap, outcome);
        }
        written
    }

    fn owe(&mut self, tap: Position, outcome: Outcome) {
        if self.owed.contains(&(tap, outcome)) {
            return;
        }
        if self.owed.len() >= OWED_MAX {
            // A tap without a note counts as one that opened.
            let opened = |(_, outcome): &(Position, Outcome)| *outcome == Outcome::Opened;
            let least = self.owed.iter().position(opened).unwrap_or(0);
            let (tap, outcome) = self.owed.remove(least);
            tracing::error!(%tap, ?outcome, "too many taps wait for their notes");
        }
        self.owed.push((tap, outcome));
    }

    /// Takes from the door what became of its openings. Where nobody went through, the tap is not
    /// charged and its rider may tap again.
    pub(super) fn take_passage(&mut self, now: Timestamp) {
        while let Some(outcome) = self.door.outcome() {
            let Some((passed, permit)) = self.opened.pop_front() else {
                return;
            };
            if outcome != door::Passage::NobodyPassed {
                continue;
            }
            let told = match passed {
                Passed::Recorded(tap) => self.note(tap, Outcome::NobodyPassed, now),
                Passed::Held(id) => {
                    self.unrecorded.drop_held(id);
                    true
                }
            };
            if told {
                self.set_free(&permit);
            }
        }
    }

    /// What is due without a rider: syncs what waits, tries a stopped journal again, and frees
    /// space. To be called several times a second.
    pub fn tick(&mut self, now: Timestamp) {
        self.take_passage(now);
        if let Mode::Stopped(_) = self.journal.mode() {
            let age = now.since(self.tried_resume);
            if age >= RESUME_EVERY || age < Span::ZERO {
                self.tried_resume = now;
                self.resume(now);
            }
            return;
        }
        self.catch_up(now);
        let due = self
            .unsynced_since
            .is_some_and(|since| now.since(since) >= super::LAZY_SYNC || now < since);
        if due {
            self.flush();
        }
    }

    fn resume(&mut self, now: Timestamp) {
        if self.journal.resume().is_err() {
            return;
        }
        tracing::info!("the journal writes again");
        self.catch_up(now);
        self.flush();
    }

    /// Writes what could not be written before: notes, and passes without a record.
    fn catch_up(&mut self, now: Timestamp) {
        for (tap, outcome) in std::mem::take(&mut self.owed) {
            // What is not taken is owed again.
            self.note(tap, outcome, now);
        }
        let held = self.unrecorded.held.len();
        while let Some(tap) = self.unrecorded.held.pop_front() {
            let Some(place) = self.append(&tap.evidence, tap.decision, tap.kind, tap.at) else {
                self.unrecorded.held.push_front(tap);
                return;
            };
            self.note(place, Outcome::Opened, now);
            for (passed, _) in &mut self.opened {
                if *passed == Passed::Held(tap.id) {
                    *passed = Passed::Recorded(place);
                }
            }
        }
        if held > 0 {
            tracing::warn!(
                held,
                "riders had passed without a record: it is written now"
            );
        }
        self.unrecorded.recovered();
    }

    /// Syncs what waits.
    pub fn flush(&mut self) {
        self.unsynced_since = None;
        if let Err(error) = self.journal.sync() {
            tracing::error!(error = %error.source, "the journal has stopped");
        }
    }

    /// While the journal cannot be written and riders pass all the same: how many more may.
    #[must_use]
    pub fn opens_unrecorded(&self) -> Option<u32> {
        self.unrecorded.left(self.steady.micros())
    }

    /// Passes of which nothing is written down yet.
    #[must_use]
    pub fn unrecorded(&self) -> usize {
        self.unrecorded.held.len()
    }
}
