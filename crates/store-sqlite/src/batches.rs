//! Tables of what gates upload: `batches`, `device_records`, `record_conflicts`, `quarantine`,
//! `refused_taps`, `device_cursors`.

use std::collections::BTreeMap;

use settlement::model::{RecordOutcome, RefusedTap, StoredTap, TapNote};
use settlement::ports::{
    BatchReceipt, Cursor, QuarantinedRecord, StoreError, VerifiedBatch, VerifiedRecord,
};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _};
use units::{AccountId, DeviceId, TapId};

use crate::SqliteStore;
use crate::columns::{
    array, array_or_null, bytes, day, int, int_or_null, kind, kind_number, route_or_null,
    seq_number, stop, text, time, unsigned, unsigned_32,
};
use crate::notes;
use crate::store::backend;
use crate::taps::{self, ROWS_PER_STATEMENT};

const SELECT_RECORDS: &str = "SELECT seq, record FROM device_records \
     WHERE device_id = ? AND epoch = ? AND seq BETWEEN ? AND ?";

const INSERT_BATCH: &str = "INSERT INTO batches (device_id, epoch, next_seq, head_after, \
     first_seq, head_before, signature, continuity, received_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

const SELECT_HEADS: &str = "SELECT DISTINCT head_after FROM batches \
     WHERE device_id = ? AND epoch = ? AND next_seq = ?";

const INSERT_CONFLICT: &str = "INSERT INTO record_conflicts \
     (device_id, epoch, seq, digest, record, received_at) \
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

const SELECT_CURSOR: &str = "SELECT next_seq FROM device_cursors WHERE device_id = ? AND epoch = ?";

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

const SELECT_QUARANTINE: &str = "SELECT q.device_id, q.epoch, q.seq, q.reason, q.detail, \
     r.received_at, r.record FROM quarantine q JOIN device_records r \
     ON r.device_id = q.device_id AND r.epoch = q.epoch AND r.seq = q.seq \
     ORDER BY r.received_at DESC, q.device_id, q.epoch, q.seq LIMIT ?";

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
    let known = known_records(conn, batch).await?;
    let (mut duplicates, mut conflicts) = (0, 0);
    let mut new: Vec<&VerifiedRecord> = Vec::new();
    for record in &batch.records {
        match known.get(&record.seq) {
            None => new.push(record),
            Some(bytes) if *bytes == record.bytes => duplicates += 1,
            Some(_) => {
                conflicts += 1;
                insert_conflict(conn, batch, record).await?;
            }
        }
    }
    insert_batch(conn, batch).await?;
    insert_records(conn, batch, &new).await?;
    insert_outcomes(conn, batch, &new).await?;
    Ok(BatchReceipt {
        cursor: advance(conn, batch.device, batch.epoch).await?,
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
    let next_seq = select_next(&mut tx, device, epoch).await?;
    let stored_beyond = select_beyond(&mut tx, device, epoch, next_seq).await?;
    Ok(Cursor {
        next_seq,
        stored_beyond,
    })
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

pub(crate) async fn quarantine(
    store: &SqliteStore,
    limit: u32,
) -> Result<Vec<QuarantinedRecord>, StoreError> {
    let failed = backend("read the quarantine");
    let mut tx = store.begin_read().await.map_err(&failed)?;
    let rows = sqlx::query(SELECT_QUARANTINE)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(&failed)?;
    let read = |row: &SqliteRow| {
        Ok(QuarantinedRecord {
            device: DeviceId::from_bytes(array(row, "device_id")?),
            epoch: unsigned_32(row, "epoch")?,
            seq: unsigned(row, "seq")?,
            reason: text(row, "reason")?.to_owned(),
            detail: text(row, "detail")?.to_owned(),
            received_at: time(row, "received_at")?,
            bytes: bytes(row, "record")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Reads a row of `refused_taps`.
pub(crate) fn read_refused(row: &SqliteRow) -> Result<RefusedTap, StoreError> {
    let decision = int(row, "decision")?;
    Ok(RefusedTap {
        id: TapId::from_bytes(array(row, "tap_id")?),
        account: array_or_null(row, "account_id")?.map(AccountId::from_bytes),
        day: day(row, "service_day")?,
        at: time(row, "at")?,
        kind: kind(row, "kind")?,
        stop: stop(row, "stop_id")?,
        route: route_or_null(row, "route_id")?,
        decision: u16::try_from(decision).map_err(|_| {
            StoreError::out_of_range("refused_taps.decision", "a 16-bit number", decision)
        })?,
    })
}

async fn known_records(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
) -> Result<BTreeMap<u64, Vec<u8>>, StoreError> {
    let last = batch
        .records
        .last()
        .map_or(batch.first_seq, |last| last.seq);
    let rows = sqlx::query(SELECT_RECORDS)
        .bind(batch.device.as_bytes().to_vec())
        .bind(i64::from(batch.epoch))
        .bind(seq_number(batch.first_seq))
        .bind(seq_number(last))
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
    let count = u64::try_from(batch.records.len()).unwrap_or(u64::MAX);
    sqlx::query(INSERT_BATCH)
        .bind(batch.device.as_bytes().to_vec())
        .bind(i64::from(batch.epoch))
        .bind(seq_number(batch.first_seq.saturating_add(count)))
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
    record: &VerifiedRecord,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_CONFLICT)
        .bind(batch.device.as_bytes().to_vec())
        .bind(i64::from(batch.epoch))
        .bind(seq_number(record.seq))
        .bind(Sha256::digest(&record.bytes).to_vec())
        .bind(record.bytes.clone())
        .bind(batch.received_at.as_micros())
        .execute(conn)
        .await
        .map_err(backend("store a conflict"))?;
    Ok(())
}

async fn insert_records(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
    records: &[&VerifiedRecord],
) -> Result<(), StoreError> {
    for chunk in records.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO device_records (device_id, epoch, seq, outcome, record, received_at) ",
        );
        query.push_values(chunk, |mut row, record| {
            row.push_bind(batch.device.as_bytes().to_vec())
                .push_bind(i64::from(batch.epoch))
                .push_bind(seq_number(record.seq))
                .push_bind(match record.outcome {
                    RecordOutcome::Tap(_) => "tap",
                    RecordOutcome::Refused(_) => "refused",
                    RecordOutcome::Note(_) => "note",
                    RecordOutcome::Quarantined(_) => "quarantined",
                })
                .push_bind(record.bytes.clone())
                .push_bind(batch.received_at.as_micros());
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("store records"))?;
    }
    Ok(())
}

async fn insert_outcomes(
    conn: &mut SqliteConnection,
    batch: &VerifiedBatch,
    records: &[&VerifiedRecord],
) -> Result<(), StoreError> {
    let mut permitted: Vec<&StoredTap> = Vec::new();
    let mut refused: Vec<(u64, &RefusedTap)> = Vec::new();
    let mut set_aside = Vec::new();
    let mut notes: Vec<(u64, &TapNote)> = Vec::new();
    for record in records {
        match &record.outcome {
            RecordOutcome::Tap(tap) => permitted.push(tap),
            RecordOutcome::Refused(tap) => refused.push((record.seq, tap)),
            RecordOutcome::Note(note) => notes.push((record.seq, note)),
            RecordOutcome::Quarantined(why) => set_aside.push((record.seq, why)),
        }
    }
    taps::insert(conn, &permitted).await?;
    notes::insert(conn, (batch.device, batch.epoch), &notes).await?;
    for chunk in refused.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO refused_taps (device_id, epoch, seq, tap_id, account_id, service_day, \
             at, kind, stop_id, route_id, decision) ",
        );
        query.push_values(chunk, |mut row, (seq, tap)| {
            row.push_bind(batch.device.as_bytes().to_vec())
                .push_bind(i64::from(batch.epoch))
                .push_bind(seq_number(*seq))
                .push_bind(tap.id.as_bytes().to_vec())
                .push_bind(tap.account.map(|account| account.as_bytes().to_vec()))
                .push_bind(tap.day.as_days())
                .push_bind(tap.at.as_micros())
                .push_bind(kind_number(tap.kind))
                .push_bind(tap.stop.as_str().to_owned())
                .push_bind(tap.route.map(|route| route.as_str().to_owned()))
                .push_bind(i64::from(tap.decision));
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("store refused taps"))?;
    }
    for chunk in set_aside.chunks(ROWS_PER_STATEMENT) {
        let mut query =
            QueryBuilder::new("INSERT INTO quarantine (device_id, epoch, seq, reason, detail) ");
        query.push_values(chunk, |mut row, (seq, why)| {
            row.push_bind(batch.device.as_bytes().to_vec())
                .push_bind(i64::from(batch.epoch))
                .push_bind(seq_number(*seq))
                .push_bind(why.reason.as_str())
                .push_bind(why.detail.clone());
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("set records aside"))?;
    }
    Ok(())
}

/// Moves the cursor over every record that is now stored without a gap.
async fn advance(
    conn: &mut SqliteConnection,
    device: DeviceId,
    epoch: u32,
) -> Result<Cursor, StoreError> {
    let failed = backend("move a cursor");
    let mut next_seq = select_next(conn, device, epoch).await?;
    let island = sqlx::query(SELECT_ISLAND_END)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(next_seq))
        .fetch_one(&mut *conn)
        .await
        .map_err(&failed)?;
    if let Some(last) = int_or_null(&island, "last")? {
        next_seq = u64::try_from(last).map_or(next_seq, |last| last.saturating_add(1));
    }
    sqlx::query(UPSERT_CURSOR)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(next_seq))
        .execute(&mut *conn)
        .await
        .map_err(&failed)?;
    let stored_beyond = select_beyond(conn, device, epoch, next_seq).await?;
    Ok(Cursor {
        next_seq,
        stored_beyond,
    })
}

async fn select_next(
    conn: &mut SqliteConnection,
    device: DeviceId,
    epoch: u32,
) -> Result<u64, StoreError> {
    let row = sqlx::query(SELECT_CURSOR)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .fetch_optional(conn)
        .await
        .map_err(backend("read a cursor"))?;
    row.map_or(Ok(0), |row| unsigned(&row, "next_seq"))
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
