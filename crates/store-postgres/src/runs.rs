//! Table `device_records`: what gates uploaded, as signed, one row for each run of numbers.
//!
//! Column `records`: each record's length (LEB128) and bytes. Column `owners`: for each record 0,
//! or 1 with the account (16 bytes) and the service day (4 bytes, the high one first) of its tap.

use std::collections::BTreeMap;

use settlement::model::RecordOutcome;
use settlement::ports::{Cursor, StoreError, VerifiedRecord};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, DeviceId, ServiceDay, Timestamp};

use crate::columns::{bytes, seq_number, unsigned};
use crate::pack::{corrupt, read_uint, write_uint};
use crate::store::backend;

const INSERT: &str = "INSERT INTO device_records (device_id, epoch, first_seq, next_seq, \
     received_at, owners, records) SELECT * FROM unnest($1::bytea[], $2::bigint[], \
     $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[])";

const SELECT_KNOWN: &str = "SELECT first_seq, records FROM device_records \
     WHERE device_id = $1 AND epoch = $2 AND first_seq < $4 AND next_seq > $3";

const SELECT_AFTER: &str = "SELECT first_seq, next_seq FROM device_records \
     WHERE device_id = $1 AND epoch = $2 AND next_seq > $3 ORDER BY first_seq";

const SELECT_OWNERS: &str = "SELECT first_seq, owners FROM device_records \
     WHERE device_id = $1 AND epoch = $2 AND first_seq <= $3 AND next_seq > $3";

/// New records of one device without a gap between them.
#[derive(Debug)]
pub(crate) struct Run<'b> {
    pub(crate) device: DeviceId,
    pub(crate) epoch: u32,
    pub(crate) received_at: Timestamp,
    pub(crate) records: &'b [VerifiedRecord],
}

/// Adds runs.
pub(crate) async fn insert(conn: &mut PgConnection, runs: &[Run<'_>]) -> Result<(), StoreError> {
    if runs.is_empty() {
        return Ok(());
    }
    let seq = |record: Option<&VerifiedRecord>| record.map_or(0, |record| seq_number(record.seq));
    let packed = runs.iter().map(pack);
    let (owners, records): (Vec<Vec<u8>>, Vec<Vec<u8>>) = packed.unzip();
    let devices = runs.iter().map(|run| run.device.as_bytes().to_vec());
    let inserted = sqlx::query(INSERT)
        .bind(devices.collect::<Vec<_>>())
        .bind(
            runs.iter()
                .map(|run| i64::from(run.epoch))
                .collect::<Vec<_>>(),
        )
        .bind(
            runs.iter()
                .map(|run| seq(run.records.first()))
                .collect::<Vec<_>>(),
        )
        .bind(
            runs.iter()
                .map(|run| seq(run.records.last()) + 1)
                .collect::<Vec<_>>(),
        )
        .bind(
            runs.iter()
                .map(|run| run.received_at.as_micros())
                .collect::<Vec<_>>(),
        )
        .bind(owners)
        .bind(records)
        .execute(conn);
    inserted.await.map_err(backend("store records"))?;
    Ok(())
}

fn pack(run: &Run<'_>) -> (Vec<u8>, Vec<u8>) {
    let size: usize = run
        .records
        .iter()
        .map(|record| record.bytes.len() + 2)
        .sum();
    let mut records = Vec::with_capacity(size);
    let mut owners = Vec::with_capacity(run.records.len() * 21);
    for record in run.records {
        write_uint(&mut records, u64::try_from(record.bytes.len()).unwrap_or(0));
        records.extend_from_slice(&record.bytes);
        match &record.outcome {
            RecordOutcome::Tap(stored) => {
                owners.push(1);
                owners.extend_from_slice(stored.account.as_bytes());
                owners.extend_from_slice(&stored.day.as_days().to_be_bytes());
            }
            _ => owners.push(0),
        }
    }
    (owners, records)
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
        let mut rest = column.as_slice();
        let mut seq = unsigned(row, "first_seq")?;
        while !rest.is_empty() {
            let length = usize::try_from(read_uint(&mut rest)?).unwrap_or(usize::MAX);
            let ended = || corrupt("a whole record", "the end");
            let (record, after) = rest.split_at_checked(length).ok_or_else(ended)?;
            if (first..end).contains(&seq) {
                known.insert(seq, record.to_vec());
            }
            rest = after;
            seq = seq.saturating_add(1);
        }
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

/// Whose tap a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The record is not here.
    Unknown,
    /// It is no permitted tap.
    Nobody,
    /// It is a tap of this account on this day.
    Rider(AccountId, ServiceDay),
}

/// Whose tap record `seq` is.
pub(crate) async fn owner(
    conn: &mut PgConnection,
    (device, epoch, seq): (DeviceId, u32, u64),
) -> Result<Owner, StoreError> {
    let row = sqlx::query(SELECT_OWNERS)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(seq))
        .fetch_optional(conn)
        .await
        .map_err(backend("read owners of records"))?;
    row.map_or(Ok(Owner::Unknown), |row| owner_in(&row, seq))
}

fn owner_in(row: &PgRow, seq: u64) -> Result<Owner, StoreError> {
    let column: &[u8] = row.try_get("owners").map_err(backend("read owners"))?;
    let mut rest = column;
    for _ in unsigned(row, "first_seq")?..seq {
        let long = if rest.first() == Some(&0) { 1 } else { 21 };
        rest = rest.get(long..).unwrap_or_default();
    }
    let Some((1, rest)) = rest.split_first() else {
        return Ok(Owner::Nobody);
    };
    let ended = || corrupt("an owner", "the end");
    let (account, rest) = rest.split_first_chunk().ok_or_else(ended)?;
    let (day, _) = rest.split_first_chunk().ok_or_else(ended)?;
    let day = ServiceDay::from_days(i32::from_be_bytes(*day));
    Ok(Owner::Rider(AccountId::from_bytes(*account), day))
}
