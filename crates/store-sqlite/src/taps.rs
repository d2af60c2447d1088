//! Tables `taps`, `dirty_days`, `tap_flags`: writing many rows at once and reading them back.

use std::collections::BTreeSet;

use settlement::model::{CodeUse, StoredTap, TapFlag, TapSource};
use settlement::ports::StoreError;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row as _};
use tariff::{Holder, Medium, Tap};
use units::{AccountId, CredentialId, DeviceId, ServiceDay, TapId};

use crate::columns::{
    array, array_or_null, day, int_or_null, kind, kind_number, route_or_null, seq_number, stop,
    text, time,
};
use crate::store::backend;

/// Rows of one INSERT: 13 columns of 500 rows stay far below SQLite's 32,766 placeholders. sqlx
/// hops to a thread per statement, so many rows per statement is what makes inserting fast;
/// placeholders are bare `?`, for the driver looks numbered ones up one by one.
pub(crate) const ROWS_PER_STATEMENT: usize = 500;

/// Adds taps that are not there, and marks their days dirty.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    taps: &[&StoredTap],
) -> Result<(), StoreError> {
    let failed = backend("store taps");
    for chunk in taps.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO taps (account_id, service_day, tap_id, at, kind, stop_id, route_id, \
             device_id, epoch, seq, credential_id, code_slot, holder) ",
        );
        query.push_values(chunk, |mut row, stored| {
            let tap = &stored.tap;
            let source = match stored.source {
                TapSource::Gate { device, epoch, seq } => Some((device, epoch, seq)),
                TapSource::File => None,
            };
            row.push_bind(stored.account.as_bytes().to_vec())
                .push_bind(stored.day.as_days())
                .push_bind(tap.id.as_bytes().to_vec())
                .push_bind(tap.at.as_micros())
                .push_bind(kind_number(tap.kind))
                .push_bind(tap.stop.as_str().to_owned())
                .push_bind(tap.route.map(|route| route.as_str().to_owned()))
                .push_bind(source.map(|source| source.0.as_bytes().to_vec()))
                .push_bind(source.map(|source| i64::from(source.1)))
                .push_bind(source.map(|source| seq_number(source.2)))
                .push_bind(stored.code.map(|code| code.credential.as_bytes().to_vec()))
                .push_bind(stored.code.map(|code| code.slot()))
                .push_bind(holder_bytes(&tap.holder));
        });
        query.build().execute(&mut *conn).await.map_err(&failed)?;
    }
    mark_dirty(conn, taps).await
}

async fn mark_dirty(conn: &mut SqliteConnection, taps: &[&StoredTap]) -> Result<(), StoreError> {
    let failed = backend("mark days dirty");
    let days: BTreeSet<(ServiceDay, AccountId)> =
        taps.iter().map(|tap| (tap.day, tap.account)).collect();
    let days: Vec<_> = days.into_iter().collect();
    for chunk in days.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("INSERT INTO dirty_days (service_day, account_id) ");
        query.push_values(chunk, |mut row, (day, account)| {
            row.push_bind(day.as_days())
                .push_bind(account.as_bytes().to_vec());
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.build().execute(&mut *conn).await.map_err(&failed)?;
    }
    // A code may have been used on another day too: then that day's flags may change.
    let uses: BTreeSet<(AccountId, CodeUse)> = taps
        .iter()
        .filter_map(|tap| tap.code.map(|code| (tap.account, code)))
        .collect();
    let uses: Vec<_> = uses.into_iter().collect();
    for chunk in uses.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("WITH used (account_id, credential_id, code_slot) AS (");
        query.push_values(chunk, |mut row, (account, code)| {
            row.push_bind(account.as_bytes().to_vec())
                .push_bind(code.credential.as_bytes().to_vec())
                .push_bind(code.slot());
        });
        query.push(
            ") INSERT INTO dirty_days (service_day, account_id) \
             SELECT DISTINCT taps.service_day, taps.account_id FROM used CROSS JOIN taps \
             ON taps.account_id = used.account_id \
             AND taps.credential_id = used.credential_id AND taps.code_slot = used.code_slot \
             WHERE true ON CONFLICT DO NOTHING",
        );
        query.build().execute(&mut *conn).await.map_err(&failed)?;
    }
    Ok(())
}

/// Reads a row of `taps`.
pub(crate) fn read(row: &SqliteRow) -> Result<StoredTap, StoreError> {
    let source = match array_or_null(row, "device_id")? {
        None => TapSource::File,
        Some(device) => TapSource::Gate {
            device: DeviceId::from_bytes(device),
            epoch: crate::columns::unsigned_32(row, "epoch")?,
            seq: crate::columns::unsigned(row, "seq")?,
        },
    };
    let credential = array_or_null(row, "credential_id")?.map(CredentialId::from_bytes);
    let slot = int_or_null(row, "code_slot")?;
    Ok(StoredTap {
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        tap: Tap {
            at: time(row, "at")?,
            kind: kind(row, "kind")?,
            id: TapId::from_bytes(array(row, "tap_id")?),
            stop: stop(row, "stop_id")?,
            route: route_or_null(row, "route_id")?,
            holder: read_holder(row)?,
        },
        source,
        code: credential
            .zip(slot)
            .map(|(credential, slot)| CodeUse::from_slot(credential, slot)),
        outcome: crate::notes::read(row)?,
    })
}

/// The column `holder`: category, companions, product (two bytes, the high one first), then the
/// sixteen bytes of the medium where there is one. NULL is a rider of whom taps say nothing.
fn holder_bytes(holder: &Holder) -> Option<Vec<u8>> {
    if *holder == Holder::default() {
        return None;
    }
    let mut bytes = vec![holder.category, holder.companions];
    bytes.extend(holder.product.to_be_bytes());
    bytes.extend(holder.medium.iter().flat_map(Medium::as_bytes));
    Some(bytes)
}

fn read_holder(row: &SqliteRow) -> Result<Holder, StoreError> {
    let bytes: Option<Vec<u8>> = row
        .try_get("holder")
        .map_err(|source| StoreError::corrupt("taps.holder", source))?;
    let Some(bytes) = bytes else {
        return Ok(Holder::default());
    };
    let wrong = || {
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        StoreError::out_of_range("taps.holder", "4 or 20 bytes", length)
    };
    let ([category, companions, high, low], rest) = bytes.split_first_chunk().ok_or_else(wrong)?;
    let medium = match rest {
        [] => None,
        rest => Some(Medium::from_bytes(rest.try_into().map_err(|_| wrong())?)),
    };
    Ok(Holder {
        category: *category,
        companions: *companions,
        product: u16::from_be_bytes([*high, *low]),
        medium,
    })
}

/// Reads a row of `tap_flags`.
pub(crate) fn read_flag(row: &SqliteRow) -> Result<(TapId, TapFlag), StoreError> {
    let flag = TapFlag::parse(text(row, "flag")?);
    Ok((
        TapId::from_bytes(array(row, "tap_id")?),
        flag.map_err(|source| StoreError::corrupt("tap_flags.flag", source))?,
    ))
}

/// Adds flags of taps.
pub(crate) async fn insert_flags(
    conn: &mut SqliteConnection,
    flags: &[(AccountId, ServiceDay, TapId, TapFlag)],
) -> Result<(), StoreError> {
    for chunk in flags.chunks(ROWS_PER_STATEMENT) {
        let mut query =
            QueryBuilder::new("INSERT INTO tap_flags (account_id, service_day, tap_id, flag) ");
        query.push_values(chunk, |mut row, (account, day, tap, flag)| {
            row.push_bind(account.as_bytes().to_vec())
                .push_bind(day.as_days())
                .push_bind(tap.as_bytes().to_vec())
                .push_bind(flag.as_str());
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("store flags"))?;
    }
    Ok(())
}
