//! Table `record_owners`: whose tap each record of a judged run is, so that a late note finds it.
//!
//! Column `owners`: the version, a service day (4 bytes, the high one first), then for each record
//! 0; or 1 and the account (16 bytes) of its tap of that day; or 2, the account and the day; or 3
//! where it was set aside: should it turn out to be a tap when it is judged again, table
//! `late_owners` says whose.

use settlement::model::RecordOutcome;
use settlement::ports::{JudgedRun, StoreError};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, DeviceId, ServiceDay};

use crate::columns::{array, day, seq_number, unsigned};
use crate::pack::corrupt;
use crate::store::backend;

const INSERT: &str = "INSERT INTO record_owners (device_id, epoch, first_seq, next_seq, owners) \
     SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])";

const SELECT_OWNERS: &str = "SELECT first_seq, owners FROM record_owners \
     WHERE device_id = $1 AND epoch = $2 AND first_seq <= $3 AND next_seq > $3 \
     ORDER BY first_seq DESC LIMIT 1";

const SELECT_LATE: &str = "SELECT account_id, service_day FROM late_owners \
     WHERE device_id = $1 AND epoch = $2 AND seq = $3";

const INSERT_LATE: &str = "INSERT INTO late_owners (device_id, epoch, seq, account_id, \
     service_day) VALUES ($1, $2, $3, $4, $5)";

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

/// The version of the column.
const VERSION: u8 = 2;
const NOBODY: u8 = 0;
const OF_DAY: u8 = 1;
const OF_OTHER_DAY: u8 = 2;
const SET_ASIDE: u8 = 3;

fn pack(judged: &JudgedRun) -> Vec<u8> {
    let days = judged.outcomes.iter().filter_map(|outcome| match outcome {
        RecordOutcome::Tap(stored) => Some(stored.day),
        _ => None,
    });
    let first = days.min().unwrap_or(ServiceDay::from_days(0));
    let mut owners = Vec::with_capacity(5 + judged.outcomes.len() * 17);
    owners.push(VERSION);
    owners.extend_from_slice(&first.as_days().to_be_bytes());
    for outcome in &judged.outcomes {
        match outcome {
            RecordOutcome::Tap(stored) if stored.day == first => {
                owners.push(OF_DAY);
                owners.extend_from_slice(stored.account.as_bytes());
            }
            RecordOutcome::Tap(stored) => {
                owners.push(OF_OTHER_DAY);
                owners.extend_from_slice(stored.account.as_bytes());
                owners.extend_from_slice(&stored.day.as_days().to_be_bytes());
            }
            RecordOutcome::Quarantined(_) => owners.push(SET_ASIDE),
            _ => owners.push(NOBODY),
        }
    }
    owners
}

/// Whose tap a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The record is not here, not judged, or set aside.
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
        .fetch_optional(&mut *conn)
        .await
        .map_err(backend("read owners of records"))?;
    let owner = row.map_or(Ok(Owner::Unknown), |row| owner_in(&row, seq))?;
    if owner != Owner::Unknown {
        return Ok(owner);
    }
    let row = sqlx::query(SELECT_LATE)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(seq))
        .fetch_optional(conn)
        .await
        .map_err(backend("read owners of records"))?;
    row.map_or(Ok(owner), |row| {
        let account = AccountId::from_bytes(array(&row, "account_id")?);
        Ok(Owner::Rider(account, day(&row, "service_day")?))
    })
}

/// Adds whose taps records are that were set aside before.
pub(crate) async fn insert_late(
    conn: &mut PgConnection,
    judged: &[JudgedRun],
) -> Result<(), StoreError> {
    for judged in judged {
        for (seq, _, outcome) in judged.records() {
            let RecordOutcome::Tap(stored) = outcome else {
                continue;
            };
            let inserted = sqlx::query(INSERT_LATE)
                .bind(judged.run.gate.device.as_bytes().to_vec())
                .bind(i64::from(judged.run.epoch))
                .bind(seq_number(seq))
                .bind(stored.account.as_bytes().to_vec())
                .bind(stored.day.as_days())
                .execute(&mut *conn);
            inserted.await.map_err(backend("store owners of records"))?;
        }
    }
    Ok(())
}

fn owner_in(row: &PgRow, seq: u64) -> Result<Owner, StoreError> {
    let column: &[u8] = row.try_get("owners").map_err(backend("read owners"))?;
    find(column, seq.saturating_sub(unsigned(row, "first_seq")?))
}

/// Whose tap the record at `place` of a column is.
fn find(column: &[u8], place: u64) -> Result<Owner, StoreError> {
    let ended = || corrupt("an owner", "the end");
    let (version, rest) = column.split_first().ok_or_else(ended)?;
    if *version != VERSION {
        return Err(corrupt("owners of version 2", &version.to_string()));
    }
    let (of_day, mut rest) = rest.split_first_chunk().ok_or_else(ended)?;
    for _ in 0..place {
        let long = match rest.first() {
            Some(&OF_DAY) => 17,
            Some(&OF_OTHER_DAY) => 21,
            _ => 1,
        };
        rest = rest.get(long..).ok_or_else(ended)?;
    }
    let (what, rest) = rest.split_first().ok_or_else(ended)?;
    match *what {
        NOBODY => return Ok(Owner::Nobody),
        SET_ASIDE => return Ok(Owner::Unknown),
        _ => {}
    }
    let (account, rest) = rest.split_first_chunk().ok_or_else(ended)?;
    let day = match *what {
        OF_DAY => of_day,
        _ => rest.first_chunk().ok_or_else(ended)?,
    };
    let day = ServiceDay::from_days(i32::from_be_bytes(*day));
    Ok(Owner::Rider(AccountId::from_bytes(*account), day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_has_its_owner_and_damage_is_refused() {
        // By hand: day 258; nobody, account 7.. that day, account 8.. on day 3, nobody, set aside.
        let mut column = vec![2, 0, 0, 1, 2, 0, 1];
        column.extend_from_slice(&[7; 16]);
        column.push(2);
        column.extend_from_slice(&[8; 16]);
        column.extend_from_slice(&[0, 0, 0, 3, 0, 3]);
        let rider = |account: u8, day| {
            let account = AccountId::from_bytes([account; 16]);
            Owner::Rider(account, ServiceDay::from_days(day))
        };
        let (nobody, set_aside) = (Owner::Nobody, Owner::Unknown);
        let owners = [nobody, rider(7, 258), rider(8, 3), nobody, set_aside];
        for (place, owner) in (0..).zip(owners) {
            assert_eq!(find(&column, place).unwrap(), owner, "{place}");
        }
        assert!(find(&column, 5).is_err(), "no such record");
        assert!(find(&column[..20], 1).is_err(), "cut off");
        assert!(find(&[1, 0, 0, 1, 2, 0], 0).is_err(), "another version");
        assert!(find(&[], 0).is_err(), "empty");
    }
}
