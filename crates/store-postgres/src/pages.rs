//! Reading everything about some accounts, or one account's day.

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{AccountRecord, DayRecord};
use settlement::ports::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, ServiceDay};

use crate::PostgresStore;
use crate::columns::{array, day};
use crate::ledger_pages::words;
use crate::names::Names;
use crate::parcels::{self, Item};
use crate::store::{backend, shard_of};
use crate::{charging, corrections, days, judging, ledger_pages};

const SELECT_ACCOUNTS: &str = "SELECT account_id FROM \
     (SELECT DISTINCT account_id FROM rider_days WHERE account_id > $1 \
         ORDER BY account_id LIMIT $2) r \
     UNION SELECT account_id FROM \
     (SELECT DISTINCT account_id FROM book_orders WHERE account_id > $1 \
         ORDER BY account_id LIMIT $2) b \
     ORDER BY account_id LIMIT $2";

const SELECT_WAITING: &str = "SELECT service_day, packed FROM new_taps";

const SELECT_WAITING_OF: &str =
    "SELECT service_day, packed FROM new_taps WHERE service_day = $1 AND shard = $2";

const SELECT_CHARGES: &str = "SELECT * FROM charges WHERE account_id = ANY($1) \
     ORDER BY account_id, service_day, revision";

const SELECT_DIRTY: &str = "SELECT account_id, service_day FROM dirty_days";

const SELECT_REFUSED: &str =
    "SELECT * FROM refused_taps WHERE account_id = $1 AND service_day = $2 ORDER BY at, tap_id";

/// What waits in the queue, by account and service day.
pub(crate) type Waiting = BTreeMap<(AccountId, ServiceDay), Vec<Item>>;

/// Everything that waits in the queue.
pub(crate) async fn waiting(conn: &mut PgConnection, names: &Names) -> Result<Waiting, StoreError> {
    let rows = sqlx::query(SELECT_WAITING).fetch_all(conn).await;
    let rows = rows.map_err(backend("read the queue"))?;
    read_waiting(&rows, names).await
}

async fn read_waiting(rows: &[PgRow], names: &Names) -> Result<Waiting, StoreError> {
    let words = words(rows, names, &["packed"]).await?;
    let mut waiting = Waiting::new();
    for row in rows {
        let day = day(row, "service_day")?;
        let packed: &[u8] = row.try_get("packed").map_err(backend("read the queue"))?;
        for item in parcels::read(packed, day, &words)? {
            waiting.entry((item.account(), day)).or_default().push(item);
        }
    }
    Ok(waiting)
}

/// The days that are dirty though none of their taps waits.
pub(crate) async fn dirty(
    conn: &mut PgConnection,
) -> Result<BTreeSet<(AccountId, ServiceDay)>, StoreError> {
    let rows = sqlx::query(SELECT_DIRTY).fetch_all(conn).await;
    let place = |row: &PgRow| Ok((account_of(row)?, day(row, "service_day")?));
    rows.map_err(backend("read dirty days"))?
        .iter()
        .map(place)
        .collect()
}

fn account_of(row: &PgRow) -> Result<AccountId, StoreError> {
    array(row, "account_id").map(AccountId::from_bytes)
}

pub(crate) async fn accounts(
    store: &PostgresStore,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Vec<AccountRecord>, StoreError> {
    let mut tx = snapshot(store).await?;
    let mut waiting = waiting(&mut tx, &store.names).await?;
    let dirty = dirty(&mut tx).await?;
    // The empty string is below every id.
    let from = after.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
    let rows = sqlx::query(SELECT_ACCOUNTS)
        .bind(from)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(backend("read accounts"))?;
    let mut accounts: BTreeSet<AccountId> =
        rows.iter().map(account_of).collect::<Result<_, _>>()?;
    let is_after = |account: &AccountId| after.is_none_or(|after| *account > after);
    accounts.extend(waiting.keys().map(|key| key.0).filter(is_after));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let accounts: BTreeSet<AccountId> = accounts.into_iter().take(limit).collect();
    let mut records: BTreeMap<AccountId, AccountRecord> = accounts
        .iter()
        .map(|account| (*account, AccountRecord::empty(*account)))
        .collect();
    read_days(&mut tx, &store.names, &mut records, &mut waiting).await?;
    for (account, day) in dirty {
        if let Some(record) = records.get_mut(&account) {
            record.dirty.push(day);
        }
    }
    for (account, (entries, balances)) in
        ledger_pages::books(&mut tx, &store.names, &accounts).await?
    {
        if let Some(record) = records.get_mut(&account) {
            record.entries = entries;
            record.balances = balances;
        }
    }
    for charge in charges(&mut tx, &accounts).await? {
        if let Some(record) = records.get_mut(&charge.account) {
            record.charges.push(charge);
        }
    }
    for correction in corrections::of_accounts(&mut tx, &accounts).await? {
        if let Some(record) = records.get_mut(&correction.account) {
            record.corrections.push(correction);
        }
    }
    for record in records.values_mut() {
        record.flags.sort_unstable();
        record.dirty.sort_unstable();
        record.dirty.dedup();
    }
    Ok(records.into_values().collect())
}

async fn read_days(
    conn: &mut PgConnection,
    names: &Names,
    records: &mut BTreeMap<AccountId, AccountRecord>,
    waiting: &mut Waiting,
) -> Result<(), StoreError> {
    let accounts: BTreeSet<AccountId> = records.keys().copied().collect();
    for mut day in days::of_accounts(conn, names, &accounts).await? {
        let place = (day.stands.account, day.stands.day);
        let Some(record) = records.get_mut(&place.0) else {
            continue;
        };
        if let Some(items) = waiting.remove(&place) {
            parcels::merge(&mut day.taps, items);
            record.dirty.push(place.1);
        }
        record.taps.extend(day.taps);
        record.journeys.extend(day.journeys);
        record.flags.extend(day.flags);
        record.days.push(day.stands);
    }
    for ((account, day), items) in std::mem::take(waiting) {
        if let Some(record) = records.get_mut(&account) {
            let mut taps = Vec::new();
            parcels::merge(&mut taps, items);
            record.taps.extend(taps);
            record.dirty.push(day);
        }
    }
    for record in records.values_mut() {
        record
            .taps
            .sort_by_key(|stored| (stored.day, stored.tap.at, stored.tap.id));
    }
    Ok(())
}

async fn charges(
    conn: &mut PgConnection,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<settlement::model::StoredCharge>, StoreError> {
    let ids: Vec<Vec<u8>> = accounts.iter().map(|id| id.as_bytes().to_vec()).collect();
    let rows = sqlx::query(SELECT_CHARGES).bind(ids).fetch_all(conn).await;
    let rows = rows.map_err(backend("read charges"))?;
    rows.iter().map(charging::read).collect()
}

pub(crate) async fn day_record(
    store: &PostgresStore,
    account: AccountId,
    day: ServiceDay,
) -> Result<DayRecord, StoreError> {
    let failed = backend("read a day");
    let mut tx = snapshot(store).await?;
    let one = BTreeSet::from([account]);
    let mut record = DayRecord::default();
    if let Some(stored) = days::of_day(&mut tx, &store.names, day, &one)
        .await?
        .remove(&account)
    {
        record.taps = stored.taps;
        record.flags = stored.flags;
        record.journeys = stored.journeys;
    }
    let rows = sqlx::query(SELECT_WAITING_OF)
        .bind(day.as_days())
        .bind(shard_of(account))
        .fetch_all(&mut *tx)
        .await
        .map_err(&failed)?;
    let mut waiting = read_waiting(&rows, &store.names).await?;
    parcels::merge(
        &mut record.taps,
        waiting.remove(&(account, day)).unwrap_or_default(),
    );
    let refused = sqlx::query(SELECT_REFUSED)
        .bind(account.as_bytes().to_vec())
        .bind(day.as_days())
        .fetch_all(&mut *tx);
    for row in &refused.await.map_err(&failed)? {
        record.refused.push(judging::read_refused(row)?);
    }
    record.charges = charges(&mut tx, &one).await?;
    record.charges.retain(|charge| charge.day == day);
    record.balances = ledger_pages::balances(&mut tx, &store.names, account).await?;
    Ok(record)
}

/// A transaction that only reads and sees one state of the database throughout.
pub(crate) async fn snapshot(
    store: &PostgresStore,
) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, StoreError> {
    let begun = store
        .pool
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    begun.await.map_err(backend("begin to read"))
}
