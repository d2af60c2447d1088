//! Judging: hold unjudged runs, let `settlement` decide what their records are, write it.
//!
//! Judges hold rows of `unjudged_runs` (`SKIP LOCKED`), which gates only add to: while
//! signatures are verified, nobody waits. For the writing they hold the gates' rows too, as
//! uploads do, so that a note and its tap, judged by two at once, do not miss each other.

mod rows;

use std::collections::BTreeSet;
use std::future::Future;

use settlement::model::{QuarantineReason, RecordOutcome, StoredTap, TapNote};
use settlement::ports::{JudgedAgain, JudgedRun, RecordPlace, StoreError, UnjudgedRun};
use sqlx::postgres::{PgConnection, PgRow};
use units::{DeviceId, ServiceDay};

use crate::columns::{bytes, seq_number, time, unsigned, unsigned_32};
use crate::names::Numbers;
use crate::notes::{self, NewTaps};
use crate::parcels::{self, Item};
use crate::store::backend;
use crate::{PostgresStore, gates, ingest, owners, runs};

pub(crate) use rows::{quarantine, read_refused};

/// Of a record: device, epoch, number.
type Place = (DeviceId, u32, u64);

/// Runs that are held with one statement: at most so many records of the longest batches more than
/// asked for are held in memory.
const RUNS_AT_ONCE: i64 = 8;

/// The next runs that nobody holds.
const TAKE: &str = "SELECT u.epoch, u.first_seq, r.received_at, r.records, g.device_id, g.gate, \
     g.public_key, g.stop_id, g.route_id, g.state \
     FROM unjudged_runs u JOIN device_records r USING (device_id, epoch, first_seq) \
     JOIN gates g USING (device_id) WHERE (u.device_id, u.epoch, u.first_seq) > ($1, $2, $3) \
     ORDER BY u.device_id, u.epoch, u.first_seq LIMIT $4 FOR UPDATE OF u SKIP LOCKED";

const WAIT: &str = "SELECT first_seq FROM unjudged_runs \
     ORDER BY device_id, epoch, first_seq LIMIT 1 FOR UPDATE";

const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM unjudged_runs)";

const DELETE: &str = "DELETE FROM unjudged_runs u \
     USING unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS j (device_id, epoch, first_seq) \
     WHERE u.device_id = j.device_id AND u.epoch = j.epoch AND u.first_seq = j.first_seq";

pub(crate) async fn judge<D, J>(
    store: &PostgresStore,
    limit: u32,
    decide: D,
) -> Result<u32, StoreError>
where
    D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
    J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
{
    let failed = backend("judge records");
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    loop {
        let mut tx = store.begin().await.map_err(&failed)?;
        let taken = take(&mut tx, limit).await?;
        if taken.is_empty() {
            if is_empty(&mut tx).await? {
                return Ok(0);
            }
            // Others hold every run, or did: wait for one of them and look again, for it may fail.
            let waited = sqlx::query(WAIT).execute(&mut *tx).await;
            waited.map_err(&failed)?;
            continue;
        }
        let judged = decide(taken).await?;
        let found = Found::of(&judged);
        let numbers = found.prepare(store).await?;
        ingest::hold_gates(&mut tx, &devices(&judged)).await?;
        owners::insert(&mut tx, &judged).await?;
        found.write(&mut tx, &devices(&judged), &numbers).await?;
        remove(&mut tx, &judged).await?;
        tx.commit().await.map_err(&failed)?;
        let records: usize = judged.iter().map(|judged| judged.outcomes.len()).sum();
        return Ok(u32::try_from(records).unwrap_or(u32::MAX));
    }
}

pub(crate) async fn judge_again<D, J>(
    store: &PostgresStore,
    reasons: &[QuarantineReason],
    after: Option<RecordPlace>,
    limit: u32,
    decide: D,
) -> Result<JudgedAgain, StoreError>
where
    D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
    J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
{
    let failed = backend("judge records again");
    let mut tx = store.begin().await.map_err(&failed)?;
    let runs = rows::hold_set_aside(&mut tx, reasons, after, limit).await?;
    let place = |run: &UnjudgedRun| (run.gate.device, run.epoch, run.first_seq);
    let Some(last) = runs.last().map(place) else {
        return Ok(JudgedAgain::default());
    };
    let judged = decide(runs).await?;
    let found = Found::of(&judged);
    let numbers = found.prepare(store).await?;
    let mended = judged.len().saturating_sub(found.set_aside.len());
    ingest::hold_gates(&mut tx, &devices(&judged)).await?;
    owners::insert_late(&mut tx, &judged).await?;
    let places: Vec<Place> = judged.iter().map(|judged| place(&judged.run)).collect();
    rows::delete_set_aside(&mut tx, &places).await?;
    found.write(&mut tx, &devices(&judged), &numbers).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(JudgedAgain {
        mended: u32::try_from(mended).unwrap_or(u32::MAX),
        next: Some(last),
    })
}

/// The devices of runs, in order.
fn devices(judged: &[JudgedRun]) -> Vec<Vec<u8>> {
    let devices = judged.iter().map(|judged| judged.run.gate.device);
    let devices: BTreeSet<DeviceId> = devices.collect();
    let bytes = devices.iter().map(|device| device.as_bytes().to_vec());
    bytes.collect()
}

/// Holds runs with about `limit` records together.
async fn take(conn: &mut PgConnection, limit: usize) -> Result<Vec<UnjudgedRun>, StoreError> {
    let failed = backend("take unjudged records");
    let (mut taken, mut records) = (Vec::<UnjudgedRun>::new(), 0);
    let at_once = i64::try_from(limit).map_or(RUNS_AT_ONCE, |limit| limit.min(RUNS_AT_ONCE));
    while records < limit {
        let after = taken.last().map(|run| {
            let device = run.gate.device.as_bytes().to_vec();
            (device, i64::from(run.epoch), seq_number(run.first_seq))
        });
        let (device, epoch, seq) = after.unwrap_or_default();
        let rows = sqlx::query(TAKE)
            .bind(device)
            .bind(epoch)
            .bind(seq)
            .bind(at_once)
            .fetch_all(&mut *conn);
        let rows = rows.await.map_err(&failed)?;
        for row in &rows {
            let run = read(row)?;
            records += run.records.len();
            taken.push(run);
        }
        if rows.is_empty() {
            break;
        }
    }
    Ok(taken)
}

fn read(row: &PgRow) -> Result<UnjudgedRun, StoreError> {
    let records = bytes(row, "records")?;
    Ok(UnjudgedRun {
        gate: gates::read(row)?,
        epoch: unsigned_32(row, "epoch")?,
        first_seq: unsigned(row, "first_seq")?,
        received_at: time(row, "received_at")?,
        records: runs::read(&records)?
            .into_iter()
            .map(<[u8]>::to_vec)
            .collect(),
    })
}

async fn is_empty(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let empty = sqlx::query_scalar(IS_EMPTY).fetch_one(conn).await;
    empty.map_err(backend("read the judges' queue"))
}

/// Takes judged runs off the queue.
async fn remove(conn: &mut PgConnection, judged: &[JudgedRun]) -> Result<(), StoreError> {
    let runs = || judged.iter().map(|judged| &judged.run);
    let devices = runs().map(|run| run.gate.device.as_bytes().to_vec());
    let firsts = runs().map(|run| seq_number(run.first_seq));
    let deleted = sqlx::query(DELETE)
        .bind(devices.collect::<Vec<_>>())
        .bind(runs().map(|run| i64::from(run.epoch)).collect::<Vec<_>>())
        .bind(firsts.collect::<Vec<_>>())
        .execute(conn);
    deleted.await.map_err(backend("judge records"))?;
    Ok(())
}

/// What records turned out to be.
#[derive(Default)]
struct Found<'j> {
    taps: NewTaps,
    notes: Vec<(DeviceId, TapNote)>,
    refused: Vec<rows::Refused<'j>>,
    set_aside: Vec<rows::SetAside<'j>>,
}

impl<'j> Found<'j> {
    fn of(judged: &'j [JudgedRun]) -> Self {
        let mut found = Self::default();
        for judged in judged {
            let device = judged.run.gate.device;
            for (seq, bytes, outcome) in judged.records() {
                let place = (device, judged.run.epoch, seq);
                match outcome {
                    RecordOutcome::Tap(stored) => {
                        found.taps.insert(place, StoredTap::clone(stored));
                    }
                    RecordOutcome::Note(note) => found.notes.push((device, *note)),
                    RecordOutcome::Refused(tap) => found.refused.push((place, tap)),
                    RecordOutcome::Quarantined(why) => {
                        let set_aside = (place, why, bytes, judged.run.received_at);
                        found.set_aside.push(set_aside);
                    }
                }
            }
        }
        found
    }

    /// Makes what the transaction will need: partitions for the days, numbers for the words.
    async fn prepare(&self, store: &PostgresStore) -> Result<Numbers, StoreError> {
        let days: BTreeSet<ServiceDay> = self.taps.values().map(|stored| stored.day).collect();
        store.make_partitions(&days).await?;
        let words = parcels::words(self.taps.values());
        store.names.numbers(words).await
    }

    /// The caller holds the gates and has stored whose taps the records are.
    async fn write(
        mut self,
        conn: &mut PgConnection,
        devices: &[Vec<u8>],
        numbers: &Numbers,
    ) -> Result<(), StoreError> {
        rows::insert_refused(conn, &self.refused).await?;
        rows::insert_quarantine(conn, &self.set_aside).await?;
        let late = notes::settle(conn, &mut self.taps, devices, &self.notes).await?;
        let taps = self.taps.into_iter();
        let taps = taps.map(|(place, stored)| (place.0, Item::Tap(Box::new(stored))));
        let late = late
            .into_iter()
            .map(|(device, late)| (device, Item::Outcome(late)));
        parcels::insert(conn, taps.chain(late), numbers).await
    }
}
