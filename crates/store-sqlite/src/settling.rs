//! Settling dirty days: read their state, let `settlement` decide, write it, in one transaction.

use std::collections::BTreeMap;

use settlement::ports::{DayChange, DayState, DayWindow, StoreError};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{AccountId, ServiceDay};

use crate::SqliteStore;
use crate::columns::{array, day};
use crate::store::backend;
use crate::{faults, journeys, money, taps, windows};

/// The days a step takes; the other statements repeat it, which within the transaction names the
/// same days, for nothing else writes meanwhile.
const SELECT_DIRTY: &str = "SELECT service_day, account_id FROM dirty_days \
     ORDER BY service_day, account_id LIMIT ?";

const SELECT_TAPS: &str = "SELECT t.*, \
     (SELECT max(n.outcome) FROM tap_notes n WHERE n.tap_id = t.tap_id) AS outcome FROM \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?) d \
     CROSS JOIN taps t ON t.account_id = d.account_id AND t.service_day = d.service_day \
     ORDER BY t.at, t.tap_id";

/// Taps of other days that used a code of a dirty day, with that dirty day.
const SELECT_ELSEWHERE: &str = "SELECT DISTINCT d.service_day AS dirty_day, o.*, \
     (SELECT max(n.outcome) FROM tap_notes n WHERE n.tap_id = o.tap_id) AS outcome FROM \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?) d \
     CROSS JOIN taps t ON t.account_id = d.account_id AND t.service_day = d.service_day \
     CROSS JOIN taps o ON o.account_id = t.account_id AND o.credential_id = t.credential_id \
     AND o.code_slot = t.code_slot AND o.service_day <> t.service_day \
     WHERE t.credential_id IS NOT NULL ORDER BY o.at, o.tap_id";

const SELECT_JOURNEYS: &str = "SELECT j.* FROM \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?) d \
     CROSS JOIN journeys j ON j.account_id = d.account_id AND j.service_day = d.service_day \
     ORDER BY j.started_at, j.journey_id";

const SELECT_FLAGS: &str = "SELECT f.* FROM \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?) d \
     CROSS JOIN tap_flags f ON f.account_id = d.account_id AND f.service_day = d.service_day \
     ORDER BY f.tap_id";

const SELECT_DAYS: &str = "SELECT a.* FROM \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?) d \
     CROSS JOIN account_days a ON a.account_id = d.account_id AND a.service_day = d.service_day";

const DELETE_JOURNEYS: &str = "DELETE FROM journeys WHERE (service_day, account_id) IN \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?)";

const DELETE_FLAGS: &str = "DELETE FROM tap_flags WHERE (service_day, account_id) IN \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?)";

const DELETE_FAULTS: &str = "DELETE FROM day_faults WHERE (service_day, account_id) IN \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?)";

const DELETE_DIRTY: &str = "DELETE FROM dirty_days WHERE (service_day, account_id) IN \
     (SELECT service_day, account_id FROM dirty_days ORDER BY service_day, account_id LIMIT ?)";

pub(crate) async fn settle<W, F>(
    store: &SqliteStore,
    limit: u32,
    window: W,
    decide: F,
) -> Result<u32, StoreError>
where
    W: Fn(ServiceDay) -> DayWindow + Send + Sync,
    F: Fn(&DayState) -> DayChange + Send + Sync,
{
    let failed = backend("settle days");
    let mut tx = store.begin_write().await.map_err(&failed)?;
    let mut states = states(&mut tx, limit).await?;
    if states.is_empty() {
        return Ok(0);
    }
    windows::read_earlier(&mut tx, &mut states, |day| window(day).first).await?;
    let changes: Vec<DayChange> = states.iter().map(&decide).collect();
    write(&mut tx, limit, &states, changes).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(u32::try_from(states.len()).unwrap_or(u32::MAX))
}

async fn states(conn: &mut SqliteConnection, limit: u32) -> Result<Vec<DayState>, StoreError> {
    let mut states: BTreeMap<(ServiceDay, AccountId), DayState> = BTreeMap::new();
    for row in fetch(conn, SELECT_DIRTY, limit).await? {
        let (day, account) = key(&row)?;
        states.insert(
            (day, account),
            DayState {
                account,
                day,
                taps: Vec::new(),
                earlier: Vec::new(),
                elsewhere: Vec::new(),
                journeys: Vec::new(),
                flags: Vec::new(),
                account_day: None,
            },
        );
    }
    if states.is_empty() {
        return Ok(Vec::new());
    }
    for row in fetch(conn, SELECT_TAPS, limit).await? {
        if let Some(state) = states.get_mut(&key(&row)?) {
            state.taps.push(taps::read(&row)?);
        }
    }
    for row in fetch(conn, SELECT_ELSEWHERE, limit).await? {
        let account = AccountId::from_bytes(array(&row, "account_id")?);
        if let Some(state) = states.get_mut(&(day(&row, "dirty_day")?, account)) {
            state.elsewhere.push(taps::read(&row)?);
        }
    }
    for row in fetch(conn, SELECT_JOURNEYS, limit).await? {
        if let Some(state) = states.get_mut(&key(&row)?) {
            state.journeys.push(journeys::read(&row)?);
        }
    }
    for row in fetch(conn, SELECT_FLAGS, limit).await? {
        if let Some(state) = states.get_mut(&key(&row)?) {
            state.flags.push(taps::read_flag(&row)?);
        }
    }
    for row in fetch(conn, SELECT_DAYS, limit).await? {
        if let Some(state) = states.get_mut(&key(&row)?) {
            state.account_day = Some(money::read_day(&row)?);
        }
    }
    Ok(states.into_values().collect())
}

async fn write(
    conn: &mut SqliteConnection,
    limit: u32,
    states: &[DayState],
    changes: Vec<DayChange>,
) -> Result<(), StoreError> {
    if states.iter().any(|state| !state.journeys.is_empty()) {
        execute(conn, DELETE_JOURNEYS, limit).await?;
    }
    if states.iter().any(|state| !state.flags.is_empty()) {
        execute(conn, DELETE_FLAGS, limit).await?;
    }
    execute(conn, DELETE_FAULTS, limit).await?;
    execute(conn, DELETE_DIRTY, limit).await?;
    faults::put(
        conn,
        changes.iter().filter_map(|change| change.fault.as_ref()),
    )
    .await?;
    windows::mark_later(conn, &changes).await?;
    let (mut journeys, mut flags, mut entries, mut days) = (vec![], vec![], vec![], vec![]);
    for change in changes {
        let (account, day) = (change.account_day.account, change.account_day.day);
        let of_day = change.flags.into_iter();
        flags.extend(of_day.map(|(tap, flag)| (account, day, tap, flag)));
        journeys.extend(change.journeys);
        entries.extend(change.entries);
        days.push(change.account_day);
    }
    journeys::insert(conn, &journeys).await?;
    taps::insert_flags(conn, &flags).await?;
    money::post(conn, &entries).await?;
    money::put_days(conn, &days).await
}

fn key(row: &SqliteRow) -> Result<(ServiceDay, AccountId), StoreError> {
    Ok((
        day(row, "service_day")?,
        AccountId::from_bytes(array(row, "account_id")?),
    ))
}

async fn fetch(
    conn: &mut SqliteConnection,
    sql: &'static str,
    limit: u32,
) -> Result<Vec<SqliteRow>, StoreError> {
    let rows = sqlx::query(sql)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await;
    rows.map_err(backend("read days to settle"))
}

async fn execute(
    conn: &mut SqliteConnection,
    sql: &'static str,
    limit: u32,
) -> Result<(), StoreError> {
    let done = sqlx::query(sql).bind(i64::from(limit)).execute(conn).await;
    done.map_err(backend("replace a day")).map(|_| ())
}
