//! Taps on their way into the journal: a permit is durable before its door opens, a refusal need
//! not wait, and a flood of them is not written down.

use journal::{AppendError, Media, Outcome, Position};
use units::{Span, Timestamp};
use validator::{Permit, Refusal};
use wire::tap::{TapKind, TapRecord};

use super::Agent;
use super::outcomes::Kept;

impl<M: Media> Agent<M> {
    /// The tap that this one repeats did not open, as its rider shows by standing here: it is
    /// written down before the tap that stands for it, and the same sync makes both durable.
    pub(super) fn end_doubt(&mut self, permit: &Permit, now: Timestamp) {
        let Some(doubtful) = permit.again.and_then(|at| self.live.at(at)) else {
            return;
        };
        self.note(doubtful, Outcome::DidNotOpen, now);
    }

    /// Makes the tap durable, if the journal can be written.
    pub(super) fn record_permit(
        &mut self,
        evidence: &[u8],
        decision: u16,
        kind: TapKind,
        now: Timestamp,
    ) -> Kept {
        let Some(tap) = self.append(evidence, decision, kind, now) else {
            return Kept::Nowhere;
        };
        match self.journal.sync() {
            Ok(durable) if durable.covers(tap) => {
                self.unsynced_since = None;
                self.count_stale(now);
                Kept::Durable(tap)
            }
            outcome => {
                if let Err(error) = outcome {
                    tracing::error!(error = %error.source, "the journal has stopped");
                }
                Kept::Later(tap)
            }
        }
    }

    /// Writes a refusal down, without waiting for the disk. What is no code at all is not written,
    /// nor what comes faster than the limit: a flood must not fill the disk.
    pub(super) fn record_refusal(
        &mut self,
        evidence: &[u8],
        refusal: Refusal,
        kind: TapKind,
        now: Timestamp,
    ) -> Option<Position> {
        if evidence.is_empty() || matches!(refusal, Refusal::Malformed(_)) {
            return None;
        }
        let (began, written) = self.refusals;
        let age = now.since(began);
        if age < Span::ZERO || age >= Span::from_secs(60) {
            self.refusals = (now, 0);
        } else if written >= self.rules.refusals_per_minute {
            return None;
        }
        self.refusals.1 += 1;
        let tap = self.append(evidence, refusal.code(), kind, now)?;
        self.unsynced_since.get_or_insert(now);
        Some(tap)
    }

    pub(super) fn append(
        &mut self,
        evidence: &[u8],
        decision: u16,
        kind: TapKind,
        now: Timestamp,
    ) -> Option<Position> {
        let record = TapRecord {
            seq: self.journal.next().seq(),
            at: now,
            kind,
            gate: self.site.gate,
            stop: self.site.stop,
            route: self.site.route,
            decision,
            evidence,
            lists: self
                .signed
                .as_ref()
                .map_or(wire::ListVersions::UNKNOWN, |signed| {
                    signed.lists.versions_at(now)
                }),
            clock: self.clock.last().state(),
        };
        let bytes = match record.encode() {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "the tap has no record");
                return None;
            }
        };
        let tap = self.append_bytes(&bytes, now)?;
        self.live.take(tap, &bytes, &self.rules.policy);
        Some(tap)
    }

    /// Writes a record, whose number is the journal's next.
    pub(super) fn append_bytes(&mut self, bytes: &[u8], at: Timestamp) -> Option<Position> {
        let mut outcome = self.journal.append(bytes);
        if matches!(outcome, Err(AppendError::PendingFull { .. })) && self.journal.sync().is_ok() {
            outcome = self.journal.append(bytes);
        }
        let refused = |error| tracing::error!(%error, "the journal did not take the record");
        let place = outcome.map_err(refused).ok()?;
        self.history.take(place, Some(at));
        Some(place)
    }
}
