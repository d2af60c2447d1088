//! Batches: one transaction for all of them, one cursor row for each device and epoch.
//!
//! A gate numbers its journal without a gap, so a batch that begins where the cursor stands is new
//! as a whole and nothing is looked up. Any other batch is compared with what is stored, record by
//! record.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use settlement::ports::{BatchReceipt, Cursor, StoreError, VerifiedBatch};
use sqlx::postgres::PgConnection;
use units::DeviceId;

use crate::PostgresStore;
use crate::runs::{self, Run};
use crate::store::backend;

pub(crate) use rows::{cursor, heads_before, hold_gates};

/// New records of this transaction that are not written yet.
#[derive(Default)]
struct Group<'b>(Vec<Run<'b>>);

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
    let devices: BTreeSet<DeviceId> = batches.iter().map(|batch| batch.device).collect();
    let devices: Vec<Vec<u8>> = devices
        .into_iter()
        .map(|device| device.as_bytes().to_vec())
        .collect();
    let mut tx = store.begin().await.map_err(&failed)?;
    hold_gates(&mut tx, &devices).await?;
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
    rows::move_cursors(&mut tx, &cursors).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(receipts)
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
            self.add(batch, batch.first_seq, &batch.records);
            cursor.next_seq = batch.next_seq();
            return Ok(BatchReceipt {
                cursor: *cursor,
                stored: count(batch.records.len()),
                duplicates: 0,
                conflicts: 0,
            });
        }
        // What this transaction has stored already must be found too.
        self.flush(conn).await?;
        let place = (batch.device, batch.epoch);
        let known = runs::known(conn, place, (batch.first_seq, batch.next_seq())).await?;
        let (mut stored, mut duplicates, mut conflicts) = (0, 0, 0);
        let numbered: Vec<(u64, &Vec<u8>)> = (batch.first_seq..).zip(&batch.records).collect();
        let is_new = |record: &(u64, &Vec<u8>)| !known.contains_key(&record.0);
        let mut rest = batch.records.as_slice();
        for run in numbered.chunk_by(|a, b| is_new(a) == is_new(b)) {
            let (records, after) = rest.split_at(run.len());
            rest = after;
            if let Some(first) = run.first().filter(|first| is_new(first)) {
                stored += run.len();
                self.add(batch, first.0, records);
                continue;
            }
            for (seq, record) in run {
                if known.get(seq) == Some(record) {
                    duplicates += 1;
                } else {
                    conflicts += 1;
                    rows::insert_conflict(conn, batch, (*seq, record)).await?;
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
    fn add(&mut self, batch: &VerifiedBatch, first_seq: u64, records: &'b [Vec<u8>]) {
        self.0.push(Run {
            device: batch.device,
            epoch: batch.epoch,
            first_seq,
            received_at: batch.received_at,
            records,
        });
    }

    async fn flush(&mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        runs::insert(conn, &self.0).await?;
        self.0.clear();
        Ok(())
    }
}
