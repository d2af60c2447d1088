//! Batches: one transaction for all of them, one cursor row for each device and epoch.
//!
//! A gate numbers its journal without a gap, so a batch that begins where the cursor stands is new
//! as a whole and nothing is looked up. Any other batch is compared with what is stored, record by
//! record.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{Quarantined, RecordOutcome, RefusedTap, StoredTap, TapNote, UnknownValue};
use settlement::ports::{BatchReceipt, Cursor, StoreError, VerifiedBatch, VerifiedRecord};
use sqlx::postgres::PgConnection;
use units::{DeviceId, ServiceDay};

use crate::PostgresStore;
use crate::notes::{self, NewTaps};
use crate::parcels::{self, Item};
use crate::runs::{self, Run};
use crate::store::backend;

pub(crate) use rows::{cursor, heads_before, quarantine, read_refused};

/// Of a record: device, epoch, number.
type Place = (DeviceId, u32, u64);

/// What the batches of one transaction add.
#[derive(Default)]
struct Group<'b> {
    runs: Vec<Run<'b>>,
    taps: NewTaps,
    notes: Vec<(DeviceId, TapNote)>,
    refused: Vec<(Place, &'b RefusedTap)>,
    set_aside: Vec<(
        Place,
        &'b VerifiedBatch,
        &'b VerifiedRecord,
        &'b Quarantined,
    )>,
}

/// Cursors by device and epoch.
type Cursors = BTreeMap<(DeviceId, u32), Moved>;

/// A cursor as it was read, and as it stands now.
struct Moved {
    was: Option<Cursor>,
    now: Cursor,
}

pub(crate) async fn store(
    store: &PostgresStore,
    batches: &[VerifiedBatch],
) -> Result<Vec<BatchReceipt>, StoreError> {
    let failed = backend("store batches");
    let days: BTreeSet<ServiceDay> = taps_of(batches).map(|stored| stored.day).collect();
    store.make_partitions(&days).await?;
    let numbers = store.names.numbers(parcels::words(taps_of(batches)));
    let numbers = numbers.await?;

    let devices: BTreeSet<DeviceId> = batches.iter().map(|batch| batch.device).collect();
    let devices: Vec<Vec<u8>> = devices
        .into_iter()
        .map(|device| device.as_bytes().to_vec())
        .collect();
    let mut tx = store.begin().await.map_err(&failed)?;
    let held = rows::hold_gates(&mut tx, &devices).await?;
    if held < devices.len() {
        let unknown = UnknownValue {
            expected: "registered devices",
            got: format!("{held} of {} devices", devices.len()),
        };
        return Err(StoreError::corrupt("batches.device_id", unknown));
    }
    let mut cursors = rows::cursors(&mut tx, &devices).await?;
    let mut group = Group::default();
    let mut receipts = Vec::with_capacity(batches.len());
    for batch in batches {
        let place = (batch.device, batch.epoch);
        let moved = cursors.entry(place).or_insert(Moved {
            was: None,
            now: Cursor::default(),
        });
        receipts.push(group.take(&mut tx, batch, &mut moved.now).await?);
    }
    group.flush(&mut tx).await?;
    rows::insert_batches(&mut tx, batches).await?;
    rows::insert_refused(&mut tx, &group.refused).await?;
    rows::insert_quarantine(&mut tx, &group.set_aside).await?;
    let late = notes::settle(&mut tx, &mut group.taps, &devices, &group.notes).await?;
    let taps = group.taps.into_iter();
    let items = taps.map(|(place, stored)| (place.0, Item::Tap(Box::new(stored))));
    let late = late
        .into_iter()
        .map(|(device, late)| (device, Item::Outcome(late)));
    parcels::insert(&mut tx, items.chain(late), &numbers).await?;
    rows::move_cursors(&mut tx, &cursors).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(receipts)
}

fn taps_of(batches: &[VerifiedBatch]) -> impl Iterator<Item = &StoredTap> {
    let records = batches.iter().flat_map(|batch| &batch.records);
    records.filter_map(|record| match &record.outcome {
        RecordOutcome::Tap(stored) => Some(stored.as_ref()),
        _ => None,
    })
}

impl<'b> Group<'b> {
    async fn take(
        &mut self,
        conn: &mut PgConnection,
        batch: &'b VerifiedBatch,
        cursor: &mut Cursor,
    ) -> Result<BatchReceipt, StoreError> {
        let count = |records: usize| u32::try_from(records).unwrap_or(u32::MAX);
        if batch.first_seq == cursor.next_seq && cursor.stored_beyond.is_none() {
            self.add(batch, &batch.records);
            let records = u64::try_from(batch.records.len()).unwrap_or(u64::MAX);
            cursor.next_seq = cursor.next_seq.saturating_add(records);
            return Ok(BatchReceipt {
                cursor: *cursor,
                stored: count(batch.records.len()),
                duplicates: 0,
                conflicts: 0,
            });
        }
        // What this transaction has stored already must be found too.
        self.flush(conn).await?;
        let end = batch
            .records
            .last()
            .map_or(0, |last| last.seq.saturating_add(1));
        let place = (batch.device, batch.epoch);
        let known = runs::known(conn, place, (batch.first_seq, end)).await?;
        let (mut stored, mut duplicates, mut conflicts) = (0, 0, 0);
        let is_new = |record: &VerifiedRecord| !known.contains_key(&record.seq);
        for run in batch.records.chunk_by(|a, b| is_new(a) == is_new(b)) {
            if run.first().is_some_and(is_new) {
                stored += run.len();
                self.add(batch, run);
                continue;
            }
            for record in run {
                if known.get(&record.seq) == Some(&record.bytes) {
                    duplicates += 1;
                } else {
                    conflicts += 1;
                    rows::insert_conflict(conn, batch, record).await?;
                }
            }
        }
        self.flush(conn).await?;
        *cursor = runs::cursor(conn, place, cursor.next_seq).await?;
        Ok(BatchReceipt {
            cursor: *cursor,
            stored: count(stored),
            duplicates,
            conflicts,
        })
    }

    /// Takes records of `batch` that are new and follow each other.
    fn add(&mut self, batch: &'b VerifiedBatch, records: &'b [VerifiedRecord]) {
        let (device, epoch) = (batch.device, batch.epoch);
        for record in records {
            let place = (device, epoch, record.seq);
            match &record.outcome {
                RecordOutcome::Tap(stored) => {
                    self.taps.insert(place, stored.as_ref().clone());
                }
                RecordOutcome::Note(note) => self.notes.push((device, *note)),
                RecordOutcome::Refused(tap) => self.refused.push((place, tap)),
                RecordOutcome::Quarantined(why) => {
                    self.set_aside.push((place, batch, record, why));
                }
            }
        }
        self.runs.push(Run {
            device,
            epoch,
            received_at: batch.received_at,
            records,
        });
    }

    async fn flush(&mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        runs::insert(conn, &self.runs).await?;
        self.runs.clear();
        Ok(())
    }
}
