//! What gates upload, unjudged and judged.

use super::State;
use crate::model::{RecordOutcome, UnknownValue};
use crate::ports::{
    BatchReceipt, Continuity, JudgedRun, QuarantinedRecord, StoreError, UnjudgedRun, VerifiedBatch,
};

impl State {
    pub(super) fn store_batch(
        &mut self,
        batch: &VerifiedBatch,
    ) -> Result<BatchReceipt, StoreError> {
        if !self.gates.contains_key(&batch.device) {
            return Err(StoreError::corrupt(
                "batches.device_id",
                UnknownValue {
                    expected: "a registered device",
                    got: batch.device.to_string(),
                },
            ));
        }
        let (mut stored, mut duplicates, mut conflicts) = (0, 0, 0);
        for (seq, bytes) in (batch.first_seq..).zip(&batch.records) {
            let key = (batch.device, batch.epoch, seq);
            match self.records.get(&key) {
                Some(known) if known == bytes => duplicates += 1,
                Some(_) => {
                    conflicts += 1;
                    self.conflicts.insert((key, bytes.clone()));
                }
                None => {
                    stored += 1;
                    self.records.insert(key, bytes.clone());
                    self.unjudged.insert(key, batch.received_at);
                }
            }
        }
        let end = (batch.device, batch.epoch, batch.next_seq());
        let new = self.heads.entry(end).or_default().insert(batch.after);
        if new && batch.continuity == Continuity::Broken {
            self.breaks.insert((end, batch.after));
        }
        Ok(BatchReceipt {
            cursor: self.cursor(batch.device, batch.epoch),
            stored,
            duplicates,
            conflicts,
        })
    }

    /// The first unjudged records, each a run of its own.
    pub(super) fn unjudged_runs(&self, limit: u32) -> Vec<UnjudgedRun> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let first = self.unjudged.iter().take(limit);
        first
            .filter_map(|(key, received_at)| {
                Some(UnjudgedRun {
                    gate: self.gates.get(&key.0)?.clone(),
                    epoch: key.1,
                    first_seq: key.2,
                    received_at: *received_at,
                    records: vec![self.records.get(key)?.clone()],
                })
            })
            .collect()
    }

    pub(super) fn add_judged(&mut self, judged: &JudgedRun) {
        let (device, epoch) = (judged.run.gate.device, judged.run.epoch);
        for (seq, bytes, outcome) in judged.records() {
            let key = (device, epoch, seq);
            if self.unjudged.remove(&key).is_none() {
                continue;
            }
            match outcome {
                RecordOutcome::Tap(tap) => self.add_tap(tap),
                RecordOutcome::Note(note) => self.add_note(note),
                RecordOutcome::Refused(tap) => {
                    self.refused.insert(key, (**tap).clone());
                }
                RecordOutcome::Quarantined(why) => {
                    let record = QuarantinedRecord {
                        device,
                        epoch,
                        seq,
                        reason: why.reason.as_str().to_owned(),
                        detail: why.detail.clone(),
                        received_at: judged.run.received_at,
                        bytes: bytes.to_vec(),
                    };
                    self.quarantine.insert(key, record);
                }
            }
        }
    }
}
