//! What gates upload, unjudged and judged.

use std::collections::BTreeMap;

use units::CredentialId;

use super::{MemoryStore, State};
use crate::model::{QuarantineReason, RecordOutcome, UnknownValue};
use crate::ports::{
    BatchReceipt, CONFLICTS_KEPT_MAX, Continuity, IssuanceLog, Issued, JudgedRun,
    QuarantinedRecord, RecordPlace, StoreError, UnjudgedRun, VerifiedBatch,
};

impl IssuanceLog for MemoryStore {
    async fn issuances_of(
        &self,
        credentials: &[CredentialId],
    ) -> Result<BTreeMap<CredentialId, Issued>, StoreError> {
        let state = self.lock();
        Ok(credentials
            .iter()
            .filter_map(|id| state.issued.get(id).map(|issued| (*id, *issued)))
            .collect())
    }
}

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
                    self.add_conflict(key, bytes);
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

    fn add_conflict(&mut self, key: RecordPlace, bytes: &[u8]) {
        let conflict = (key, bytes.to_vec());
        let kept = self
            .conflicts
            .iter()
            .filter(|(of, _)| of.0 == key.0)
            .count();
        if self.conflicts.contains(&conflict) {
            return;
        }
        if kept < usize::try_from(CONFLICTS_KEPT_MAX).unwrap_or(usize::MAX) {
            self.conflicts.insert(conflict);
        } else {
            self.conflicts_more += 1;
        }
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

    /// Records set aside for one of `reasons`, each a run of its own.
    pub(super) fn set_aside_runs(
        &self,
        reasons: &[QuarantineReason],
        after: Option<RecordPlace>,
        limit: u32,
    ) -> Vec<UnjudgedRun> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_meant = |record: &&QuarantinedRecord| {
            let place = (record.device, record.epoch, record.seq);
            let mut texts = reasons.iter().map(|reason| reason.as_str());
            after.is_none_or(|after| place > after) && texts.any(|text| text == record.reason)
        };
        let meant = self.quarantine.values().filter(is_meant).take(limit);
        meant
            .filter_map(|record| {
                Some(UnjudgedRun {
                    gate: self.gates.get(&record.device)?.clone(),
                    epoch: record.epoch,
                    first_seq: record.seq,
                    received_at: record.received_at,
                    records: vec![record.bytes.clone()],
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
