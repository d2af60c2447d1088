//! Tables `device_records`: what gates uploaded, as signed, one row for each run of numbers, and
//! `unjudged_runs`, the queue of those that wait to be judged.
//!
//! Column `records`: each record's length (LEB128) and bytes.

use std::collections::BTreeMap;

use settlement::ports::{Cursor, StoreError};
use sqlx::postgres::PgConnection;
use units::{DeviceId, Timestamp};

use crate::columns::{bytes, seq_number, unsigned};
use crate::pack::{corrupt, read_uint, write_uint};
use crate::store::backend;

const INSERT: &str = "INSERT INTO device_records (device_id, epoch, first_seq, next_seq, \
     received_at, records) SELECT * FROM unnest($1::bytea[], $2::bigint[], \
     $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])";

const QUEUE: &str = "INSERT INTO unjudged_runs (device_id, epoch, first_seq) \
     SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[])";

const SELECT_KNOWN: &str = "SELECT first_seq, records FROM device_records \
     WHERE device_id = $1 AND epoch = $2 AND first_seq < $4 AND next_seq > $3";

const SELECT_AFTER: &str = "SELECT first_seq, next_seq FROM device_records \
     WHERE device_id = $1 AND epoch = $2 AND next_seq > $3 ORDER BY first_seq";

/// New records of one device without a gap between them.
#[derive(Debug)]
pub(crate) struct Run<'b> {
    pub(crate) device: DeviceId,
    pub(crate) epoch: u32,
    pub(crate) first_seq: u64,
    pub(crate) received_at: Timestamp,
    pub(crate) records: &'b [Vec<u8>],
}

impl Run<'_> {
    fn next_seq(&self) -> u64 {
        let count = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        self.first_seq.saturating_add(count)
    }
}

/// Adds runs, which then wait to be judged.
pub(crate) async fn insert(conn: &mut PgConnection, runs: &[Run<'_>]) -> Result<(), StoreError> {
    if runs.is_empty() {
        return Ok(());
    }
    let of_each = |column: fn(&Run<'_>) -> i64| runs.iter().map(column).collect::<Vec<_>>();
    let devices = runs.iter().map(|run| run.device.as_bytes().to_vec());
    let devices: Vec<Vec<u8>> = devices.collect();
    let epochs = of_each(|run| i64::from(run.epoch));
    let firsts = of_each(|run| seq_number(run.first_seq));
    let inserted = sqlx::query(INSERT)
        .bind(&devices)
        .bind(&epochs)
        .bind(&firsts)
        .bind(of_each(|run| seq_number(run.next_seq())))
        .bind(of_each(|run| run.received_at.as_micros()))
        .bind(runs.iter().map(pack).collect::<Vec<_>>())
        .execute(&mut *conn);
    inserted.await.map_err(backend("store records"))?;
    let queued = sqlx::query(QUEUE)
        .bind(devices)
        .bind(epochs)
        .bind(firsts)
        .execute(conn);
    queued.await.map_err(backend("queue records"))?;
    Ok(())
}

fn pack(run: &Run<'_>) -> Vec<u8> {
    let size: usize = run.records.iter().map(|record| record.len() + 2).sum();
    let mut packed = Vec::with_capacity(size);
    for record in run.records {
        write_uint(&mut packed, u64::try_from(record.len()).unwrap_or(0));
        packed.extend_from_slice(record);
    }
    packed
}

/// Reads the column `records`.
pub(crate) fn read(column: &[u8]) -> Result<Vec<&[u8]>, StoreError> {
    let mut rest = column;
    let mut records = Vec::new();
    while !rest.is_empty() {
        let length = usize::try_from(read_uint(&mut rest)?).unwrap_or(usize::MAX);
        let ended = || corrupt("a whole record", "the end");
        let (record, after) = rest.split_at_checked(length).ok_or_else(ended)?;
        records.push(record);
        rest = after;
    }
    Ok(records)
}

/// The stored records from `first` to right before `end`.
pub(crate) async fn known(
    conn: &mut PgConnection,
    (device, epoch): (DeviceId, u32),
    (first, end): (u64, u64),
) -> Result<BTreeMap<u64, Vec<u8>>, StoreError> {
    let rows = sqlx::query(SELECT_KNOWN)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(first))
        .bind(seq_number(end))
        .fetch_all(conn)
        .await
        .map_err(backend("read records"))?;
    let mut known = BTreeMap::new();
    for row in &rows {
        let column = bytes(row, "records")?;
        let numbered = (unsigned(row, "first_seq")?..).zip(read(&column)?);
        let asked = numbered.filter(|(seq, _)| (first..end).contains(seq));
        known.extend(asked.map(|(seq, record)| (seq, record.to_vec())));
    }
    Ok(known)
}

/// How far records are stored without a gap, given that those before `next_seq` are.
pub(crate) async fn cursor(
    conn: &mut PgConnection,
    (device, epoch): (DeviceId, u32),
    mut next_seq: u64,
) -> Result<Cursor, StoreError> {
    let rows = sqlx::query(SELECT_AFTER)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(next_seq))
        .fetch_all(conn)
        .await
        .map_err(backend("read records"))?;
    for row in &rows {
        let first = unsigned(row, "first_seq")?;
        if first > next_seq {
            return Ok(Cursor {
                next_seq,
                stored_beyond: Some(first),
            });
        }
        next_seq = next_seq.max(unsigned(row, "next_seq")?);
    }
    Ok(Cursor {
        next_seq,
        stored_beyond: None,
    })
}
