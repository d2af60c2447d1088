//! Table `record_owners`: whose tap each record of a judged run is, so that a late note finds it.
//!
//! Column `owners`: for each record 0, or 1 with the account (16 bytes) and the service day (4
//! bytes, the high one first) of its tap.

use settlement::model::RecordOutcome;
use settlement::ports::{JudgedRun, StoreError};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, DeviceId, ServiceDay};

use crate::columns::{seq_number, unsigned};
use crate::pack::corrupt;
use crate::store::backend;

const INSERT: &str = "INSERT INTO record_owners (device_id, epoch, first_seq, next_seq, owners) \
     SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])";

const SELECT_OWNERS: &str = "SELECT first_seq, owners FROM record_owners \
     WHERE device_id = $1 AND epoch = $2 AND first_seq <= $3 AND next_seq > $3 \
     ORDER BY first_seq DESC LIMIT 1";

/// Adds what judging found.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    judged: &[JudgedRun],
) -> Result<(), StoreError> {
    let runs = || judged.iter().map(|judged| &judged.run);
    let devices = runs().map(|run| run.gate.device.as_bytes().to_vec());
    let firsts = runs().map(|run| seq_number(run.first_seq));
    let next = runs().map(|run| {
        let count = u64::try_from(run.records.len()).unwrap_or(u64::MAX);
        seq_number(run.first_seq.saturating_add(count))
    });
    let inserted = sqlx::query(INSERT)
        .bind(devices.collect::<Vec<_>>())
        .bind(runs().map(|run| i64::from(run.epoch)).collect::<Vec<_>>())
        .bind(firsts.collect::<Vec<_>>())
        .bind(next.collect::<Vec<_>>())
        .bind(judged.iter().map(pack).collect::<Vec<_>>())
        .execute(conn);
    inserted.await.map_err(backend("store owners of records"))?;
    Ok(())
}

fn pack(judged: &JudgedRun) -> Vec<u8> {
    let mut owners = Vec::with_capacity(judged.outcomes.len() * 21);
    for outcome in &judged.outcomes {
        match outcome {
            RecordOutcome::Tap(stored) => {
                owners.push(1);
                owners.extend_from_slice(stored.account.as_bytes());
                owners.extend_from_slice(&stored.day.as_days().to_be_bytes());
            }
            _ => owners.push(0),
        }
    }
    owners
}

/// Whose tap a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The record is not here, or not judged.
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
