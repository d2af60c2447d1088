//! What the gates of a day upload: signed batches of their journals, as the store gets them.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use settlement::model::{Gate, GateState, RecordOutcome, StoredTap};
use settlement::ports::{Continuity, JudgedRun, SettlementStore, UnjudgedRun, VerifiedBatch};
use units::{DeviceId, GateId, Timestamp};
use wire::tap::{PERMITTED, TapRecord};
use wire::{ClockState, ListVersions};

use super::city::{Day, Random, Small, device};

/// Records of one upload.
pub(super) const UPLOAD_RECORDS: usize = 500;
/// Taps that the server stores in one transaction, of several gates.
pub(super) const STORED_TOGETHER: usize = 5_000;
/// Bytes of a phone's code.
const EVIDENCE: usize = 241;

/// Records that are judged in one transaction.
const JUDGED_TOGETHER: u32 = 5_000;

/// An upload, its device's signature taken as verified, and the taps its records are.
pub(super) struct Batch {
    pub(super) verified: VerifiedBatch,
    pub(super) taps: Vec<StoredTap>,
}

/// What is stored in one transaction, as the store takes it.
pub(super) fn verified(group: &[Batch]) -> Vec<VerifiedBatch> {
    group.iter().map(|batch| batch.verified.clone()).collect()
}

/// Taps of one device that go in one upload, and the number of the first.
pub(super) type Upload<'t> = (u64, &'t [Small]);

/// The uploads of taps that are ordered by device, in the order in which the gates send them:
/// every gate's first, every gate's second, and so on.
pub(super) fn of(taps: &[Small]) -> Vec<Upload<'_>> {
    let mut uploads = Vec::new();
    for (at, of_device) in taps.chunk_by(|a, b| a.device == b.device).enumerate() {
        let mut first = 0;
        for (turn, upload) in of_device.chunks(UPLOAD_RECORDS).enumerate() {
            uploads.push((turn, at, (first, upload)));
            first += u64::try_from(upload.len()).unwrap_or(0);
        }
    }
    uploads.sort_by_key(|(turn, at, _)| (*turn, *at));
    uploads.into_iter().map(|(_, _, upload)| upload).collect()
}

/// Registers the devices of `taps`, which are ordered by device.
///
/// # Errors
/// When the store refuses.
pub(super) async fn register<S: SettlementStore>(store: &S, taps: &[Small]) -> anyhow::Result<()> {
    for of_device in taps.chunk_by(|a, b| a.device == b.device) {
        store.register_gate(&gate(of_device[0].device)).await?;
    }
    Ok(())
}

/// The gate with the device of that number, as it is registered.
pub(super) fn gate(number: u32) -> Gate {
    Gate {
        device: device(number),
        gate: GateId::from_number(number),
        public_key: key(device(number)).verifying_key().to_bytes(),
        stop: None,
        route: None,
        state: GateState::Active,
    }
}

/// What a device signs its uploads with.
pub(super) fn key(device: DeviceId) -> SigningKey {
    let mut seed = [b'd'; 32];
    seed[..16].copy_from_slice(device.as_bytes());
    SigningKey::from_bytes(&seed)
}

/// The batch of an upload, verified: as the ingest hands it to the store.
///
/// # Errors
/// When a record cannot be encoded.
pub(super) fn batch(day: &Day, (first, taps): Upload<'_>) -> anyhow::Result<Batch> {
    let number = taps.first().map_or(0, |tap| tap.device);
    let head = |seq: u64| {
        let mut head = [0; 32];
        head[..8].copy_from_slice(&Random((seq << 32) | u64::from(number)).next().to_be_bytes());
        head
    };
    let mut records = Vec::with_capacity(taps.len());
    let mut stored_taps = Vec::with_capacity(taps.len());
    let mut seq = first;
    for small in taps {
        let stored = day.stored(small, seq);
        let mut evidence = [0; EVIDENCE];
        let mut random = Random((u64::from(small.rider) << 32) | seq);
        for part in evidence.chunks_mut(8) {
            part.copy_from_slice(&random.next().to_be_bytes()[..part.len()]);
        }
        let record = TapRecord {
            seq,
            at: stored.tap.at,
            kind: match stored.tap.kind {
                tariff::TapKind::On => wire::tap::TapKind::On,
                tariff::TapKind::Off => wire::tap::TapKind::Off,
            },
            gate: GateId::from_number(number),
            stop: stored.tap.stop,
            route: stored.tap.route,
            decision: PERMITTED,
            evidence: &evidence,
            lists: ListVersions::UNKNOWN,
            clock: ClockState::Unproven,
        };
        records.push(record.encode()?.to_vec());
        stored_taps.push(stored);
        seq += 1;
    }
    let verified = VerifiedBatch {
        device: device(number),
        epoch: 1,
        first_seq: first,
        before: head(first),
        after: head(seq),
        signature: [9; 64],
        continuity: Continuity::Continues,
        received_at: received(day),
        records,
    };
    Ok(Batch {
        verified,
        taps: stored_taps,
    })
}

/// When everything comes in: after the day.
pub(super) fn received(day: &Day) -> Timestamp {
    day.hour(25)
}

/// Stores uploads, [`STORED_TOGETHER`] taps in a transaction.
///
/// # Errors
/// When the store refuses.
pub(super) async fn store<S: SettlementStore>(
    store: &S,
    day: &Day,
    uploads: &[Upload<'_>],
) -> anyhow::Result<()> {
    for group in uploads.chunks(STORED_TOGETHER / UPLOAD_RECORDS) {
        let batches = group.iter().map(|upload| batch(day, *upload));
        let batches = batches.collect::<anyhow::Result<Vec<_>>>()?;
        store.store_batches(&verified(&batches)).await?;
    }
    Ok(())
}

/// The same by two at once, as a server's requests come.
///
/// # Errors
/// When the store refuses.
pub(super) async fn store_by_two<S: SettlementStore>(
    to: &S,
    day: &Day,
    uploads: &[Upload<'_>],
) -> anyhow::Result<()> {
    // Uploads of one gate go to one of the two, in their order.
    let by = |which: u32| -> Vec<Upload<'_>> {
        let own = |upload: &&Upload<'_>| upload.1.first().map_or(0, |tap| tap.device % 2) == which;
        uploads.iter().filter(own).copied().collect()
    };
    let (even, odd) = (by(0), by(1));
    let (even, odd) = tokio::join!(store(to, day, &even), store(to, day, &odd));
    even.and(odd)
}

/// Says of every record that waits that it is the tap it was made from: the writing of judging,
/// without its signatures, which have a row of their own. `taps` are ordered by device.
///
/// # Errors
/// When the store refuses.
pub(super) async fn judge_by_two<S: SettlementStore>(
    store: &S,
    day: &Day,
    taps: &[Small],
) -> anyhow::Result<()> {
    let of_devices = taps.chunk_by(|a, b| a.device == b.device);
    let by_device: BTreeMap<_, &[Small]> = of_devices
        .filter_map(|own| own.first().map(|tap| (device(tap.device), own)))
        .collect();
    let decide = |runs: Vec<UnjudgedRun>| {
        let judged = runs.into_iter().map(|run| {
            let own = by_device.get(&run.gate.device).copied().unwrap_or_default();
            let first = usize::try_from(run.first_seq).unwrap_or(usize::MAX);
            let own = own.iter().skip(first).take(run.records.len());
            let outcomes = own.zip(run.first_seq..);
            let outcome = |(small, seq)| RecordOutcome::Tap(Box::new(day.stored(small, seq)));
            JudgedRun {
                outcomes: outcomes.map(outcome).collect(),
                run,
            }
        });
        std::future::ready(Ok(judged.collect()))
    };
    let judge = || async {
        while store.judge_records(JUDGED_TOGETHER, &decide).await? > 0 {}
        anyhow::Ok(())
    };
    let (one, other) = tokio::join!(judge(), judge());
    one.and(other)
}
