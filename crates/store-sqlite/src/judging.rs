//! Judging: unjudged runs out of table `unjudged_runs`, what they are into `taps`, `tap_notes`,
//! `refused_taps` and `quarantine`.
//!
//! There is one writer, so nobody holds the write lock while signatures are verified: runs are
//! read, judged, and taken off the queue by whoever writes first. Who comes second writes nothing.

use std::future::Future;

use settlement::model::{
    QuarantineReason, Quarantined, RecordOutcome, RefusedTap, StoredTap, TapNote,
};
use settlement::ports::{
    JudgedAgain, JudgedRun, QuarantinedRecord, RecordPlace, StoreError, UnjudgedRun,
};
use sqlx::QueryBuilder;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{AccountId, DeviceId, TapId, Timestamp};

use crate::SqliteStore;
use crate::columns::{
    array, array_or_null, bytes, day, int, kind, kind_number, route_or_null, seq_number, stop,
    text, time, unsigned, unsigned_32,
};
use crate::store::backend;
use crate::taps::{self, ROWS_PER_STATEMENT};
use crate::{gates, notes};

/// Of a record: device, epoch, number.
pub(crate) type Place = (DeviceId, u32, u64);

/// Most runs that are judged together: a gate that uploads each tap at once makes short ones.
const RUNS_MAX: i64 = 256;

const SELECT_RUNS: &str = "SELECT u.epoch, u.first_seq, u.next_seq, g.device_id, g.gate, \
     g.public_key, g.stop_id, g.route_id, g.state FROM unjudged_runs u \
     JOIN gates g ON g.device_id = u.device_id \
     ORDER BY u.device_id, u.epoch, u.first_seq LIMIT ?";

const SELECT_RECORDS: &str = "SELECT record, received_at FROM device_records \
     WHERE device_id = ? AND epoch = ? AND seq >= ? AND seq < ? ORDER BY seq";

const DELETE_RUN: &str =
    "DELETE FROM unjudged_runs WHERE device_id = ? AND epoch = ? AND first_seq = ?";

const SELECT_SET_ASIDE: &str = "SELECT q.epoch, q.seq AS first_seq, q.seq + 1 AS next_seq, \
     g.device_id, g.gate, g.public_key, g.stop_id, g.route_id, g.state FROM quarantine q \
     JOIN gates g ON g.device_id = q.device_id WHERE q.reason IN (";

const DELETE_SET_ASIDE: &str =
    "DELETE FROM quarantine WHERE device_id = ? AND epoch = ? AND seq = ?";

const SELECT_QUARANTINE: &str = "SELECT q.device_id, q.epoch, q.seq, q.reason, q.detail, \
     r.received_at, r.record FROM quarantine q JOIN device_records r \
     ON r.device_id = q.device_id AND r.epoch = q.epoch AND r.seq = q.seq \
     ORDER BY r.received_at DESC, q.device_id, q.epoch, q.seq LIMIT ?";

pub(crate) async fn judge<D, J>(
    store: &SqliteStore,
    limit: u32,
    decide: D,
) -> Result<u32, StoreError>
where
    D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
    J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
{
    let runs = unjudged(store, limit).await?;
    if runs.is_empty() {
        return Ok(0);
    }
    let judged = decide(runs).await?;
    let failed = backend("judge records");
    let mut tx = store.begin_write().await.map_err(&failed)?;
    let mut found = Found::default();
    let mut records = 0;
    for judged in &judged {
        records += judged.run.records.len();
        if take(&mut tx, &judged.run).await? {
            found.add(judged);
        }
    }
    found.insert(&mut tx).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(u32::try_from(records).unwrap_or(u32::MAX))
}

pub(crate) async fn judge_again<D, J>(
    store: &SqliteStore,
    reasons: &[QuarantineReason],
    after: Option<RecordPlace>,
    limit: u32,
    decide: D,
) -> Result<JudgedAgain, StoreError>
where
    D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
    J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
{
    let runs = set_aside(store, reasons, after, limit).await?;
    let place = |run: &UnjudgedRun| (run.gate.device, run.epoch, run.first_seq);
    let Some(last) = runs.last().map(place) else {
        return Ok(JudgedAgain::default());
    };
    let judged = decide(runs).await?;
    let failed = backend("judge records again");
    let mut tx = store.begin_write().await.map_err(&failed)?;
    let mut found = Found::default();
    for judged in &judged {
        let (device, epoch, seq) = place(&judged.run);
        let taken = sqlx::query(DELETE_SET_ASIDE)
            .bind(device.as_bytes().to_vec())
            .bind(i64::from(epoch))
            .bind(seq_number(seq))
            .execute(&mut *tx);
        // Somebody else may have taken it meanwhile.
        if taken.await.map_err(&failed)?.rows_affected() == 1 {
            found.add(judged);
        }
    }
    found.insert(&mut tx).await?;
    tx.commit().await.map_err(&failed)?;
    let mended = found.taps.len() + found.notes.len() + found.refused.len();
    Ok(JudgedAgain {
        mended: u32::try_from(mended).unwrap_or(u32::MAX),
        next: Some(last),
    })
}

/// Records set aside for one of `reasons`, each a run of its own.
async fn set_aside(
    store: &SqliteStore,
    reasons: &[QuarantineReason],
    after: Option<RecordPlace>,
    limit: u32,
) -> Result<Vec<UnjudgedRun>, StoreError> {
    let failed = backend("read records set aside");
    let mut tx = store.begin_read().await.map_err(&failed)?;
    // The empty blob is below every id.
    let (device, epoch, seq) = after.map_or_else(Default::default, |(device, epoch, seq)| {
        (
            device.as_bytes().to_vec(),
            i64::from(epoch),
            seq_number(seq),
        )
    });
    let mut query = QueryBuilder::new(SELECT_SET_ASIDE);
    let mut texts = query.separated(", ");
    for reason in reasons {
        texts.push_bind(reason.as_str());
    }
    query.push(") AND (q.device_id, q.epoch, q.seq) > (");
    query.push_bind(device).push(", ").push_bind(epoch);
    query.push(", ").push_bind(seq);
    query.push(") ORDER BY q.device_id, q.epoch, q.seq LIMIT ");
    query.push_bind(i64::from(limit));
    let rows = query.build().fetch_all(&mut *tx).await.map_err(&failed)?;
    let mut runs = Vec::with_capacity(rows.len());
    for row in &rows {
        runs.push(read_run(&mut tx, row).await?);
    }
    Ok(runs)
}

/// Unjudged runs with about `limit` records together.
async fn unjudged(store: &SqliteStore, limit: u32) -> Result<Vec<UnjudgedRun>, StoreError> {
    let failed = backend("read unjudged records");
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut tx = store.begin_read().await.map_err(&failed)?;
    let rows = sqlx::query(SELECT_RUNS).bind(RUNS_MAX).fetch_all(&mut *tx);
    let (mut runs, mut taken) = (Vec::new(), 0);
    for row in &rows.await.map_err(&failed)? {
        if taken >= limit {
            break;
        }
        let run = read_run(&mut tx, row).await?;
        taken += run.records.len();
        runs.push(run);
    }
    Ok(runs)
}

async fn read_run(conn: &mut SqliteConnection, row: &SqliteRow) -> Result<UnjudgedRun, StoreError> {
    let gate = gates::read(row)?;
    let epoch = unsigned_32(row, "epoch")?;
    let first_seq = unsigned(row, "first_seq")?;
    let rows = sqlx::query(SELECT_RECORDS)
        .bind(gate.device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(first_seq))
        .bind(seq_number(unsigned(row, "next_seq")?))
        .fetch_all(conn)
        .await
        .map_err(backend("read unjudged records"))?;
    let received_at = rows.first().map(|row| time(row, "received_at"));
    Ok(UnjudgedRun {
        gate,
        epoch,
        first_seq,
        received_at: received_at.unwrap_or(Ok(Timestamp::from_micros(0)))?,
        records: rows
            .iter()
            .map(|row| bytes(row, "record"))
            .collect::<Result<_, _>>()?,
    })
}

/// Takes a run off the queue; false when somebody else has.
async fn take(conn: &mut SqliteConnection, run: &UnjudgedRun) -> Result<bool, StoreError> {
    let taken = sqlx::query(DELETE_RUN)
        .bind(run.gate.device.as_bytes().to_vec())
        .bind(i64::from(run.epoch))
        .bind(seq_number(run.first_seq))
        .execute(conn);
    let taken = taken.await.map_err(backend("judge records"))?;
    Ok(taken.rows_affected() == 1)
}

/// What records turned out to be.
#[derive(Default)]
struct Found<'j> {
    taps: Vec<&'j StoredTap>,
    notes: Vec<(Place, &'j TapNote)>,
    refused: Vec<(Place, &'j RefusedTap)>,
    set_aside: Vec<(Place, &'j Quarantined)>,
}

impl<'j> Found<'j> {
    fn add(&mut self, judged: &'j JudgedRun) {
        for (seq, _, outcome) in judged.records() {
            let place = (judged.run.gate.device, judged.run.epoch, seq);
            match outcome {
                RecordOutcome::Tap(tap) => self.taps.push(tap),
                RecordOutcome::Note(note) => self.notes.push((place, note)),
                RecordOutcome::Refused(tap) => self.refused.push((place, tap)),
                RecordOutcome::Quarantined(why) => self.set_aside.push((place, why)),
            }
        }
    }

    async fn insert(&self, conn: &mut SqliteConnection) -> Result<(), StoreError> {
        taps::insert(conn, &self.taps).await?;
        notes::insert(conn, &self.notes).await?;
        insert_refused(conn, &self.refused).await?;
        insert_quarantine(conn, &self.set_aside).await
    }
}

async fn insert_refused(
    conn: &mut SqliteConnection,
    refused: &[(Place, &RefusedTap)],
) -> Result<(), StoreError> {
    for chunk in refused.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO refused_taps (device_id, epoch, seq, tap_id, account_id, service_day, \
             at, kind, stop_id, route_id, decision) ",
        );
        query.push_values(chunk, |mut row, ((device, epoch, seq), tap)| {
            row.push_bind(device.as_bytes().to_vec())
                .push_bind(i64::from(*epoch))
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
    Ok(())
}

async fn insert_quarantine(
    conn: &mut SqliteConnection,
    set_aside: &[(Place, &Quarantined)],
) -> Result<(), StoreError> {
    for chunk in set_aside.chunks(ROWS_PER_STATEMENT) {
        let mut query =
            QueryBuilder::new("INSERT INTO quarantine (device_id, epoch, seq, reason, detail) ");
        query.push_values(chunk, |mut row, ((device, epoch, seq), why)| {
            row.push_bind(device.as_bytes().to_vec())
                .push_bind(i64::from(*epoch))
                .push_bind(seq_number(*seq))
                .push_bind(why.reason.as_str())
                .push_bind(why.detail.clone());
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("set records aside"))?;
    }
    Ok(())
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
