//! The rows of an upload: `batches`, `record_conflicts`, `device_cursors`.

use settlement::model::UnknownValue;
use settlement::ports::{CONFLICTS_KEPT_MAX, Cursor, StoreError, VerifiedBatch};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::DeviceId;

use super::{Cursors, Moved};
use crate::PostgresStore;
use crate::columns::{array, seq_number, unsigned, unsigned_32};
use crate::store::backend;

/// In one order, so that two transactions wait for each other in one direction only.
const HOLD_GATES: &str = "SELECT device_id FROM gates WHERE device_id = ANY($1) \
     ORDER BY device_id FOR NO KEY UPDATE";

const SELECT_CURSORS: &str = "SELECT device_id, epoch, next_seq, stored_beyond \
     FROM device_cursors WHERE device_id = ANY($1)";

const SELECT_CURSOR: &str = "SELECT next_seq, stored_beyond FROM device_cursors \
     WHERE device_id = $1 AND epoch = $2";

const INSERT_CURSORS: &str = "INSERT INTO device_cursors (device_id, epoch, next_seq, \
     stored_beyond) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[])";

/// Compare and set: a cursor that somebody else has moved is not touched.
const UPDATE_CURSORS: &str = "UPDATE device_cursors AS c SET next_seq = n.next_seq, \
     stored_beyond = n.stored_beyond FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], \
     $4::bigint[], $5::bigint[]) AS n (device_id, epoch, next_seq, stored_beyond, was_seq) \
     WHERE c.device_id = n.device_id AND c.epoch = n.epoch AND c.next_seq = n.was_seq";

const INSERT_BATCHES: &str = "INSERT INTO batches (device_id, epoch, next_seq, head_after, \
     first_seq, head_before, signature, continuity, received_at) SELECT * FROM \
     unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[], \
     $7::bytea[], $8::text[], $9::bigint[]) ON CONFLICT DO NOTHING";

const SELECT_HEADS: &str = "SELECT DISTINCT head_after FROM batches \
     WHERE device_id = $1 AND epoch = $2 AND next_seq = $3";

const INSERT_CONFLICT: &str = "INSERT INTO record_conflicts \
     (device_id, epoch, seq, digest, record, received_at) SELECT $1, $2, $3, $4, $5, $6 \
     WHERE (SELECT count(*) FROM record_conflicts WHERE device_id = $1) < $7 \
     ON CONFLICT DO NOTHING";

const COUNT_CONFLICT: &str = "INSERT INTO conflict_counts AS c (device_id, more) SELECT $1, 1 \
     WHERE NOT EXISTS (SELECT 1 FROM record_conflicts \
         WHERE device_id = $1 AND epoch = $2 AND seq = $3 AND digest = $4) \
     ON CONFLICT (device_id) DO UPDATE SET more = c.more + 1";

/// Holds the rows of registered gates until the transaction ends.
pub(crate) async fn hold_gates(
    conn: &mut PgConnection,
    devices: &[Vec<u8>],
) -> Result<(), StoreError> {
    let rows = sqlx::query(HOLD_GATES).bind(devices).fetch_all(conn).await;
    let held = rows.map_err(backend("hold gates"))?.len();
    if held < devices.len() {
        let unknown = UnknownValue {
            expected: "registered devices",
            got: format!("{held} of {} devices", devices.len()),
        };
        return Err(StoreError::corrupt("batches.device_id", unknown));
    }
    Ok(())
}

pub(super) async fn cursors(
    conn: &mut PgConnection,
    devices: &[Vec<u8>],
) -> Result<Cursors, StoreError> {
    let rows = sqlx::query(SELECT_CURSORS).bind(devices).fetch_all(conn);
    let mut cursors = Cursors::new();
    for row in &rows.await.map_err(backend("read cursors"))? {
        let device = DeviceId::from_bytes(array(row, "device_id")?);
        let now = read_cursor(row)?;
        let moved = Moved {
            was: Some(now),
            now,
        };
        cursors.insert((device, unsigned_32(row, "epoch")?), moved);
    }
    Ok(cursors)
}

fn read_cursor(row: &PgRow) -> Result<Cursor, StoreError> {
    let beyond: Option<i64> = row
        .try_get("stored_beyond")
        .map_err(backend("read a cursor"))?;
    Ok(Cursor {
        next_seq: unsigned(row, "next_seq")?,
        stored_beyond: beyond.and_then(|seq| u64::try_from(seq).ok()),
    })
}

pub(super) async fn move_cursors(
    conn: &mut PgConnection,
    cursors: &Cursors,
) -> Result<(), StoreError> {
    let failed = backend("move cursors");
    for (is_new, sql) in [(true, INSERT_CURSORS), (false, UPDATE_CURSORS)] {
        let moved: Vec<_> = cursors
            .iter()
            .filter(|(_, moved)| moved.was.is_none() == is_new && moved.was != Some(moved.now))
            .collect();
        if moved.is_empty() {
            continue;
        }
        let beyond = |cursor: &Cursor| cursor.stored_beyond.map(seq_number);
        let mut query = sqlx::query(sql)
            .bind(
                moved
                    .iter()
                    .map(|(of, _)| of.0.as_bytes().to_vec())
                    .collect::<Vec<_>>(),
            )
            .bind(
                moved
                    .iter()
                    .map(|(of, _)| i64::from(of.1))
                    .collect::<Vec<_>>(),
            )
            .bind(
                moved
                    .iter()
                    .map(|(_, to)| seq_number(to.now.next_seq))
                    .collect::<Vec<_>>(),
            )
            .bind(
                moved
                    .iter()
                    .map(|(_, to)| beyond(&to.now))
                    .collect::<Vec<_>>(),
            );
        if !is_new {
            let was = |moved: &Moved| moved.was.map_or(0, |was| seq_number(was.next_seq));
            query = query.bind(moved.iter().map(|(_, to)| was(to)).collect::<Vec<_>>());
        }
        let done = query.execute(&mut *conn).await.map_err(&failed)?;
        if done.rows_affected() != u64::try_from(moved.len()).unwrap_or(u64::MAX) {
            let unexpected = UnknownValue {
                expected: "cursors as they were read",
                got: "others".to_owned(),
            };
            return Err(StoreError::corrupt("device_cursors.next_seq", unexpected));
        }
    }
    Ok(())
}

pub(super) async fn insert_batches(
    conn: &mut PgConnection,
    batches: &[VerifiedBatch],
) -> Result<(), StoreError> {
    let inserted = sqlx::query(INSERT_BATCHES)
        .bind(
            batches
                .iter()
                .map(|batch| batch.device.as_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| i64::from(batch.epoch))
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| seq_number(batch.next_seq()))
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| batch.after.to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| seq_number(batch.first_seq))
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| batch.before.to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| batch.signature.to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| batch.continuity.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            batches
                .iter()
                .map(|batch| batch.received_at.as_micros())
                .collect::<Vec<_>>(),
        )
        .execute(conn);
    inserted.await.map_err(backend("store batches"))?;
    Ok(())
}

/// Keeps a conflicting record, or counts it. The caller holds the gate.
pub(super) async fn insert_conflict(
    conn: &mut PgConnection,
    batch: &VerifiedBatch,
    (seq, record): (u64, &[u8]),
) -> Result<(), StoreError> {
    let failed = backend("store a conflict");
    let bind = |sql: &'static str| {
        sqlx::query(sql)
            .bind(batch.device.as_bytes().to_vec())
            .bind(i64::from(batch.epoch))
            .bind(seq_number(seq))
            .bind(Sha256::digest(record).to_vec())
    };
    let kept = bind(INSERT_CONFLICT)
        .bind(record.to_vec())
        .bind(batch.received_at.as_micros())
        .bind(i64::from(CONFLICTS_KEPT_MAX))
        .execute(&mut *conn);
    if kept.await.map_err(&failed)?.rows_affected() == 0 {
        bind(COUNT_CONFLICT).execute(conn).await.map_err(&failed)?;
    }
    Ok(())
}

pub(crate) async fn cursor(
    store: &PostgresStore,
    device: DeviceId,
    epoch: u32,
) -> Result<Cursor, StoreError> {
    let row = sqlx::query(SELECT_CURSOR)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .fetch_optional(&store.pool)
        .await
        .map_err(backend("read a cursor"))?;
    row.map_or(Ok(Cursor::default()), |row| read_cursor(&row))
}

pub(crate) async fn heads_before(
    store: &PostgresStore,
    device: DeviceId,
    epoch: u32,
    seq: u64,
) -> Result<Vec<[u8; 32]>, StoreError> {
    let rows = sqlx::query(SELECT_HEADS)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(seq))
        .fetch_all(&store.pool)
        .await
        .map_err(backend("read chain heads"))?;
    rows.iter().map(|row| array(row, "head_after")).collect()
}
