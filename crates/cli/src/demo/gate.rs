//! A gate reader: decides offline, writes down each scan, signs what it uploads.

use anyhow::{Context as _, Result};
use api::TapBatch;
use ed25519_dalek::{Signer as _, SigningKey};
use settlement::model::GateState;
use units::{CredentialId, DeviceId, GateId, KeyId, RouteId, StopId, Timestamp};
use validator::{Decision, Place, Policy, ReplayMemory, ReplaySlot, SortedDenyList, Validator};
use wire::IssuerKey;
use wire::chain::{BATCH_RECORDS_MAX, ChainHead, batch_message};
use wire::tap::{TapKind, TapRecord};
use wire::text::CodeBuffer;

use super::dice::Dice;
use crate::world::Stopwatch;

/// Codes that a gate of the demo can remember at once; they are forgotten when they are stale.
const REPLAY_SLOTS: usize = 1_024;
/// A demo's gates never lose their journal, so they stay in their first epoch.
const EPOCH: u32 = 1;

/// What every gate of the city holds.
pub(super) struct Lists {
    validator: Validator<Vec<IssuerKey>>,
    denied: Vec<CredentialId>,
    known: Option<KeyId>,
}

impl Lists {
    /// Lists as the server hands them out.
    pub(super) fn new(keys: Vec<IssuerKey>, mut denied: Vec<CredentialId>) -> Result<Self> {
        denied.sort_unstable();
        denied.dedup();
        let known = keys.first().map(IssuerKey::kid);
        let validator = Validator::new(keys, Policy::default())?;
        Ok(Self {
            validator,
            denied,
            known,
        })
    }

    /// The name of a key that the gates trust.
    pub(super) fn known(&self) -> Option<KeyId> {
        self.known
    }
}

/// One reader and its memory.
pub(super) struct Gate {
    pub(super) id: GateId,
    pub(super) stop: StopId,
    pub(super) route: Option<RouteId>,
    device: DeviceId,
    key: SigningKey,
    used: ReplayMemory<Vec<ReplaySlot>>,
    head: ChainHead,
    /// Number of the next record.
    next_seq: u64,
    /// Records not yet in a batch.
    waiting: Vec<Vec<u8>>,
}

/// What came of one scan.
pub(super) struct Scan {
    pub(super) decision: Decision,
    /// What the decision alone took.
    pub(super) took_us: u64,
    pub(super) device: DeviceId,
    pub(super) epoch: u32,
    pub(super) seq: u64,
}

impl Gate {
    /// Gate number `number` at `stop`.
    pub(super) fn new(number: u32, stop: StopId, route: Option<RouteId>, dice: &mut Dice) -> Self {
        let mut device = [0; 16];
        dice.fill(&mut device);
        let device = DeviceId::from_bytes(device);
        Self {
            id: GateId::from_number(number),
            stop,
            route,
            device,
            key: SigningKey::from_bytes(&dice.key_seed()),
            used: ReplayMemory::new(vec![ReplaySlot::EMPTY; REPLAY_SLOTS]),
            head: ChainHead::start(device, EPOCH),
            next_seq: 0,
            waiting: Vec::new(),
        }
    }

    /// What the operator registers of it.
    pub(super) fn registration(&self) -> settlement::model::Gate {
        settlement::model::Gate {
            device: self.device,
            gate: self.id,
            public_key: self.key.verifying_key().to_bytes(),
            // A bus carries its reader from stop to stop.
            stop: if self.route.is_some() {
                None
            } else {
                Some(self.stop)
            },
            route: self.route,
            state: GateState::Active,
        }
    }

    /// Looks at a code, decides, and writes the scan down.
    ///
    /// # Errors
    /// When the record cannot be written; the door stays shut then.
    pub(super) fn scan(
        &mut self,
        text: &str,
        kind: TapKind,
        stop: StopId,
        now: Timestamp,
        lists: &Lists,
    ) -> Result<Scan> {
        let place = Place::new(self.id, kind);
        let denied = SortedDenyList::new(&lists.denied)?;
        let watch = Stopwatch::start();
        let decision =
            lists
                .validator
                .validate(text.as_bytes(), &place, now, &denied, &mut self.used);
        let took_us = watch.micros();

        let mut buffer = CodeBuffer::new();
        let evidence = wire::text::decode(text.as_bytes(), &mut buffer).unwrap_or(&[]);
        let seq = self.next_seq;
        let record = TapRecord {
            seq,
            at: now,
            kind,
            gate: self.id,
            stop,
            route: self.route,
            decision: decision.code(),
            evidence,
            lists: wire::ListVersions::UNKNOWN,
            clock: wire::ClockState::Unproven,
        };
        self.waiting
            .push(record.encode().context("the scan has no record")?.to_vec());
        self.next_seq += 1;
        Ok(Scan {
            decision,
            took_us,
            device: self.device,
            epoch: EPOCH,
            seq,
        })
    }

    /// The waiting records as signed batches; none wait afterwards.
    pub(super) fn take_batches(&mut self) -> Vec<TapBatch> {
        let waiting = std::mem::take(&mut self.waiting);
        let first = self.next_seq - u64::try_from(waiting.len()).unwrap_or(0);
        let mut batches = Vec::new();
        let mut first_seq = first;
        for records in waiting.chunks(BATCH_RECORDS_MAX) {
            let before = self.head;
            for record in records {
                self.head = self.head.after(record);
            }
            let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
            let message = batch_message(self.device, EPOCH, first_seq, count, before, self.head);
            batches.push(TapBatch {
                device_id: self.device.as_bytes().to_vec(),
                epoch: EPOCH,
                first_seq,
                chain_before: before.as_bytes().to_vec(),
                records: records.to_vec(),
                signature: self.key.sign(&message).to_bytes().to_vec(),
            });
            first_seq += u64::from(count);
        }
        batches
    }

    /// Goes on after the batches that an earlier start made and that this one found on disk.
    pub(super) fn resume(&mut self, batch: &TapBatch) {
        let count = u64::try_from(batch.records.len()).unwrap_or(0);
        if batch.device_id != self.device.as_bytes() || batch.first_seq != self.next_seq {
            return;
        }
        for record in &batch.records {
            self.head = self.head.after(record);
        }
        self.next_seq += count;
    }
}
