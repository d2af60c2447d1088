//! Tables of what gates upload: `batches`, `device_records`, `record_conflicts`, `device_cursors`,
//! and `unjudged_runs`, from which [`crate::judging`] takes it.

use std::collections::BTreeMap;

use settlement::ports::{BatchReceipt, CONFLICTS_KEPT_MAX, Cursor, StoreError, VerifiedBatch};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _};
use units::DeviceId;

use crate::SqliteStore;
use crate::columns::{array, bytes, int_or_null, seq_number, unsigned};
use crate::store::backend;
use crate::taps::ROWS_PER_STATEMENT;

/// A new record: its number and bytes.
type New<'b> = (u64, &'b [u8]);

const SELECT_RECORDS: &str = "SELECT seq, record FROM device_records \
     WHERE device_id = ? AND epoch = ? AND seq BETWEEN ? AND ?";

const INSERT_BATCH: &str = "INSERT INTO batches (device_id, epoch, next_seq, head_after, \
     first_seq, head_before, signature, continuity, received_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

const SELECT_HEADS: &str = "SELECT DISTINCT head_after FROM batches \
     WHERE device_id = ? AND epoch = ? AND next_seq = ?";

const INSERT_CONFLICT: &str = "INSERT INTO record_conflicts \
     (device_id, epoch, seq, digest, record, received_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
     WHERE (SELECT count(*) FROM record_conflicts WHERE device_id = ?1) < ?7 \
     ON CONFLICT DO NOTHING";

const COUNT_CONFLICT: &str = "INSERT INTO conflict_counts (device_id, more) SELECT ?1, 1 \
     WHERE NOT EXISTS (SELECT 1 FROM record_conflicts \
         WHERE device_id = ?1 AND epoch = ?2 AND seq = ?3 AND digest = ?4) \
     ON CONFLICT (device_id) DO UPDATE SET more = more + 1";

const SELECT_CURSOR: &str = "SELECT next_seq FROM device_cursors WHERE device_id = ? AND epoch = ?";

const INSERT_RUN: &str =
    "INSERT INTO unjudged_runs (device_id, epoch, first_seq, next_seq) VALUES (?, ?, ?, ?)";

/// The last record before the first gap at or after a number; null when that number is missing.
const SELECT_ISLAND_END: &str = "SELECT min(r.seq) AS last FROM device_records r \
     WHERE r.device_id = ?1 AND r.epoch = ?2 AND r.seq >= ?3 \
     AND EXISTS (SELECT 1 FROM device_records f \
         WHERE f.device_id = ?1 AND f.epoch = ?2 AND f.seq = ?3) \
     AND NOT EXISTS (SELECT 1 FROM device_records n \
         WHERE n.device_id = ?1 AND n.epoch = ?2 AND n.seq = r.seq + 1)";

const SELECT_BEYOND: &str = "SELECT min(seq) AS beyond FROM device_records \
     WHERE device_id = ? AND epoch = ? AND seq > ?";

const UPSERT_CURSOR: &str = "INSERT INTO device_cursors (device_id, epoch, next_seq) \
     VALUES (?, ?, ?) ON CONFLICT (device_id, epoch) DO UPDATE SET next_seq = excluded.next_seq";

pub(crate) async fn store(
    store: &SqliteStore,
    batches: &[VerifiedBatch],
) -> Result<Vec<BatchReceipt>, StoreError> {
    let failed = backend("store a batch");
    let mut tx = store.begin_write().await.map_err(&failed)?;
    let mut receipts = Vec::with_capacity(batches.len());
    for batch in batches {
        receipts.push(store_one(&mut tx, batch).await?);
    }
    tx.commit().await.map_err(&failed)?;
    Ok(receipts)
}

async fn store_one(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
) -> Result<BatchReceipt, StoreError> {
    let mut cursor = select_cursor(conn, batch.device, batch.epoch).await?;
    // An honest gate's next batch is new as a whole: nothing is looked up.
    let is_next = batch.first_seq == cursor.next_seq && cursor.stored_beyond.is_none();
    let known = if is_next {
        BTreeMap::new()
    } else {
        known_records(conn, batch).await?
    };
    let (mut duplicates, mut conflicts) = (0, 0);
    let mut new: Vec<New<'_>> = Vec::with_capacity(batch.records.len());
    for (seq, bytes) in (batch.first_seq..).zip(&batch.records) {
        match known.get(&seq) {
            None => new.push((seq, bytes)),
            Some(known) if known == bytes => duplicates += 1,
            Some(_) => {
                conflicts += 1;
                insert_conflict(conn, batch, (seq, bytes)).await?;
            }
        }
    }
    insert_batch(conn, batch).await?;
    insert_records(conn, batch, &new).await?;
    insert_runs(conn, batch, &new).await?;
    if is_next {
        cursor.next_seq = batch.next_seq();
        upsert_cursor(conn, batch, cursor.next_seq).await?;
    } else {
        cursor = advance(conn, batch, cursor.next_seq).await?;
    }
    Ok(BatchReceipt {
        cursor,
        stored: u32::try_from(new.len()).unwrap_or(u32::MAX),
        duplicates,
        conflicts,
    })
}

pub(crate) async fn cursor(
    store: &SqliteStore,
    device: DeviceId,
    epoch: u32,
) -> Result<Cursor, StoreError> {
    let mut tx = store.begin_read().await.map_err(backend("read a cursor"))?;
    select_cursor(&mut tx, device, epoch).await
}

pub(crate) async fn heads_before(
    store: &SqliteStore,
    device: DeviceId,
    epoch: u32,
    seq: u64,
) -> Result<Vec<[u8; 32]>, StoreError> {
    let failed = backend("read chain heads");
    let mut tx = store.begin_read().await.map_err(&failed)?;
    let rows = sqlx::query(SELECT_HEADS)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(seq))
        .fetch_all(&mut *tx)
        .await
        .map_err(&failed)?;
    rows.iter().map(|row| array(row, "head_after")).collect()
}

async fn known_records(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
) -> Result<BTreeMap<u64, Vec<u8>>, StoreError> {
    let rows = sqlx::query(SELECT_RECORDS)
        .bind(batch.device.as_bytes().to_vec())
        .bind(i64::from(batch.epoch))
        .bind(seq_number(batch.first_seq))
        .bind(seq_number(batch.next_seq().saturating_sub(1)))
        .fetch_all(conn)
        .await
        .map_err(backend("read records"))?;
    rows.iter()
        .map(|row| Ok((unsigned(row, "seq")?, bytes(row, "record")?)))
        .collect()
}

async fn insert_batch(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_BATCH)
        .bind(batch.device.as_bytes().to_vec())
        .bind(i64::from(batch.epoch))
        .bind(seq_number(batch.next_seq()))
        .bind(batch.after.to_vec())
        .bind(seq_number(batch.first_seq))
        .bind(batch.before.to_vec())
        .bind(batch.signature.to_vec())
        .bind(batch.continuity.as_str())
        .bind(batch.received_at.as_micros())
        .execute(conn)
        .await
        .map_err(backend("store a batch"))?;
    Ok(())
}

async fn insert_conflict(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
    (seq, bytes): New<'_>,
) -> Result<(), StoreError> {
    let failed = backend("store a conflict");
    let bind = |sql: &'static str| {
        sqlx::query(sql)
            .bind(batch.device.as_bytes().to_vec())
            .bind(i64::from(batch.epoch))
            .bind(seq_number(seq))
            .bind(Sha256::digest(bytes).to_vec())
    };
    let kept = bind(INSERT_CONFLICT)
        .bind(bytes.to_vec())
        .bind(batch.received_at.as_micros())
        .bind(i64::from(CONFLICTS_KEPT_MAX))
        .execute(&mut *conn);
    if kept.await.map_err(&failed)?.rows_affected() == 0 {
        bind(COUNT_CONFLICT).execute(conn).await.map_err(&failed)?;
    }
    Ok(())
}

async fn insert_records(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
    records: &[New<'_>],
) -> Result<(), StoreError> {
    let runs = records.chunk_by(|a, b| a.0 + 1 == b.0);
    for run in runs.flat_map(|run| run.chunks(ROWS_PER_STATEMENT)) {
        let first = run.first().map_or(0, |record| record.0);
        let mut query = sqlx::query(AssertSqlSafe(insert_of(run.len())));
        for (_, bytes) in run {
            query = query.bind(bytes.to_vec());
        }
        let done = query
            .bind(batch.device.as_bytes().to_vec())
            .bind(i64::from(batch.epoch))
            .bind(seq_number(first))
            .bind(batch.received_at.as_micros())
            .execute(&mut *conn);
        done.await.map_err(backend("store records"))?;
    }
    Ok(())
}

/// The statement that adds so many records that follow each other. Nothing but their bytes is bound
/// for each: binding is half of what inserting costs.
fn insert_of(records: usize) -> String {
    let each: Vec<String> = (0..records).map(|place| format!("({place},?)")).collect();
    format!(
        "INSERT INTO device_records (device_id, epoch, seq, record, received_at) \
         SELECT f.device_id, f.epoch, f.first_seq + r.column1, r.column2, f.received_at \
         FROM (VALUES {}) AS r CROSS JOIN \
         (SELECT ? AS device_id, ? AS epoch, ? AS first_seq, ? AS received_at) AS f",
        each.join(",")
    )
}

/// Puts new records into the judges' queue.
async fn insert_runs(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
    records: &[New<'_>],
) -> Result<(), StoreError> {
    for run in records.chunk_by(|a, b| a.0 + 1 == b.0) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let queued = sqlx::query(INSERT_RUN)
            .bind(batch.device.as_bytes().to_vec())
            .bind(i64::from(batch.epoch))
            .bind(seq_number(first.0))
            .bind(seq_number(last.0 + 1))
            .execute(&mut *conn);
        queued.await.map_err(backend("queue records"))?;
    }
    Ok(())
}

/// Moves the cursor from `next_seq` over every record that is now stored without a gap.
async fn advance(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
    mut next_seq: u64,
) -> Result<Cursor, StoreError> {
    let island = sqlx::query(SELECT_ISLAND_END)
        .bind(batch.device.as_bytes().to_vec())
        .bind(i64::from(batch.epoch))
        .bind(seq_number(next_seq))
        .fetch_one(&mut *conn)
        .await
        .map_err(backend("move a cursor"))?;
    if let Some(last) = int_or_null(&island, "last")? {
        next_seq = u64::try_from(last).map_or(next_seq, |last| last.saturating_add(1));
    }
    upsert_cursor(conn, batch, next_seq).await?;
    select_cursor(conn, batch.device, batch.epoch).await
}

async fn upsert_cursor(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
    next_seq: u64,
) -> Result<(), StoreError> {
    let moved = sqlx::query(UPSERT_CURSOR)
        .bind(batch.device.as_bytes().to_vec())
        .bind(i64::from(batch.epoch))
        .bind(seq_number(next_seq))
        .execute(conn);
    moved.await.map_err(backend("move a cursor"))?;
    Ok(())
}

async fn select_cursor(
    conn: &mut SqliteConnection,
    device: DeviceId,
    epoch: u32,
) -> Result<Cursor, StoreError> {
    let row = sqlx::query(SELECT_CURSOR)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .fetch_optional(&mut *conn)
        .await
        .map_err(backend("read a cursor"))?;
    let next_seq = row.map_or(Ok(0), |row| unsigned(&row, "next_seq"))?;
    Ok(Cursor {
        next_seq,
        stored_beyond: select_beyond(conn, device, epoch, next_seq).await?,
    })
}

async fn select_beyond(
    conn: &mut SqliteConnection,
    device: DeviceId,
    epoch: u32,
    next_seq: u64,
) -> Result<Option<u64>, StoreError> {
    let failed = backend("read a cursor");
    let row = sqlx::query(SELECT_BEYOND)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(next_seq))
        .fetch_one(conn)
        .await
        .map_err(&failed)?;
    let beyond: Option<i64> = row.try_get("beyond").map_err(&failed)?;
    Ok(beyond.and_then(|seq| u64::try_from(seq).ok()))
}
