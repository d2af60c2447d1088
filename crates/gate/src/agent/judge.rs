//! What a code is worth here and now: the decision, and what the other readers of the station know.

use std::sync::Arc;

use journal::Media;
use validator::{Decision, Permit, Place, Reading, Refusal};
use wire::tap::TapKind;
use wire::text::CodeBuffer;

use super::Agent;
use crate::answer::Closed;
use crate::live::live_until;
use crate::station::{Station, Word};

impl<M: Media> Agent<M> {
    /// What would pass here is shown to the station. A code that another reader has let pass stays
    /// in the replay memory, where the decision has put it, as one that passed.
    pub(super) fn ask_station(&self, judged: Result<Decision, Closed>) -> Result<Decision, Closed> {
        match (&self.station, judged) {
            (Some(station), Ok(Decision::Permitted(permit)))
                if station.claim(&permit) == Word::Used =>
            {
                Ok(Decision::Refused(Refusal::AlreadyUsed))
            }
            (_, judged) => judged,
        }
    }

    /// Nobody went through on this tap: its code may be shown again, here and at the station.
    pub(super) fn set_free(&mut self, permit: &Permit) {
        self.used.forget(&permit.passage);
        if let Some(station) = &self.station {
            station.withdraw(permit);
        }
    }

    /// Codes that were refused because another reader had let them pass, and has taken that back.
    pub(super) fn hear_station(&mut self) {
        let freed = self.station.as_ref().map(Station::freed);
        for passage in freed.unwrap_or_default() {
            self.used.forget(&passage);
        }
    }

    pub(super) fn judge(
        &mut self,
        text: &[u8],
        kind: TapKind,
        reading: &Reading,
    ) -> Result<Decision, Closed> {
        let Some((keys, denied)) = self.fresh_lists(reading.time) else {
            return Err(Closed::ListsStale);
        };
        let (keys, denied) = (Arc::clone(&keys.list), Arc::clone(&denied.list));
        let place = Place {
            gate: self.site.gate,
            kind,
            network: self.site.network,
            zone: self.site.zone,
        };
        let decision = keys
            .validator
            .validate(text, &place, *reading, &*denied, &mut self.used);
        if let Decision::Permitted(permit) = &decision {
            let mut buffer = CodeBuffer::new();
            let evidence = wire::text::decode(text, &mut buffer).unwrap_or(&[]);
            let until = live_until(evidence, &self.rules.policy);
            if until.is_none_or(|until| self.live.may_have_dropped(until)) {
                self.used.forget(&permit.passage);
                return Err(Closed::ClockWentBack);
            }
        }
        Ok(decision)
    }
}
