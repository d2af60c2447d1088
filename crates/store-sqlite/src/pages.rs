//! Reading everything about some accounts, or one account's day.

use std::collections::BTreeMap;

use settlement::model::{AccountRecord, DayRecord};
use settlement::ports::StoreError;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{AccountId, ServiceDay};

use crate::SqliteStore;
use crate::columns::{array, day};
use crate::store::backend;
use crate::{corrections, journeys, judging, money, taps};

/// Every account that has a day has a tap; one that has an entry has a tap or paid ahead; and none
/// of these is ever deleted.
const SELECT_ACCOUNTS: &str = "SELECT account_id FROM \
     (SELECT DISTINCT account_id FROM taps WHERE account_id > ?1 ORDER BY account_id LIMIT ?2) \
     UNION SELECT account_id FROM \
     (SELECT DISTINCT account_id FROM book_orders WHERE account_id > ?1 \
         ORDER BY account_id LIMIT ?2) \
     ORDER BY account_id LIMIT ?2";

const TAPS: &str = "SELECT t.*, \
     (SELECT max(n.outcome) FROM tap_notes n WHERE n.tap_id = t.tap_id) AS outcome \
     FROM taps t WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, service_day, at, tap_id";
const FLAGS: &str = "SELECT * FROM tap_flags WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, tap_id";
const JOURNEYS: &str = "SELECT * FROM journeys WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, service_day, started_at, journey_id";
const DAYS: &str = "SELECT * FROM account_days WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, service_day";
const POSTINGS: &str = "SELECT * FROM postings WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, entry_id, line";
const ENTRIES: &str = "SELECT * FROM entries WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, entry_id";
const BALANCES: &str = "SELECT * FROM balances WHERE account_id BETWEEN ? AND ? AND minor <> 0";
const CHARGES: &str = "SELECT * FROM charges WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, service_day, revision";
const DIRTY: &str = "SELECT * FROM dirty_days WHERE account_id BETWEEN ? AND ? \
     ORDER BY account_id, service_day";

const DAY_TAPS: &str = "SELECT t.*, \
     (SELECT max(n.outcome) FROM tap_notes n WHERE n.tap_id = t.tap_id) AS outcome \
     FROM taps t WHERE account_id = ? AND service_day = ? ORDER BY at, tap_id";
const DAY_FLAGS: &str =
    "SELECT * FROM tap_flags WHERE account_id = ? AND service_day = ? ORDER BY tap_id";
const DAY_REFUSED: &str =
    "SELECT * FROM refused_taps WHERE account_id = ? AND service_day = ? ORDER BY at, tap_id";
const DAY_JOURNEYS: &str = "SELECT * FROM journeys WHERE account_id = ? AND service_day = ? \
     ORDER BY started_at, journey_id";
const DAY_CHARGES: &str =
    "SELECT * FROM charges WHERE account_id = ? AND service_day = ? ORDER BY revision";

pub(crate) async fn accounts(
    store: &SqliteStore,
    after: Option<AccountId>,
    limit: u32,
) -> Result<Vec<AccountRecord>, StoreError> {
    let failed = backend("read accounts");
    let mut tx = store.begin_read().await.map_err(&failed)?;
    // The empty blob is below every id.
    let after = after.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
    let rows = sqlx::query(SELECT_ACCOUNTS)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(&failed)?;
    let mut records = BTreeMap::new();
    for row in &rows {
        let account = account_of(row)?;
        records.insert(account, AccountRecord::empty(account));
    }
    if let (Some(first), Some(last)) = (records.keys().next(), records.keys().next_back()) {
        let range = (*first, *last);
        read_travel(&mut tx, range, &mut records).await?;
        read_money(&mut tx, range, &mut records).await?;
    }
    Ok(records.into_values().collect())
}

type Records = BTreeMap<AccountId, AccountRecord>;
type Range = (AccountId, AccountId);

async fn read_travel(
    conn: &mut SqliteConnection,
    range: Range,
    records: &mut Records,
) -> Result<(), StoreError> {
    for row in fetch_range(conn, TAPS, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.taps.push(taps::read(&row)?);
        }
    }
    for row in fetch_range(conn, FLAGS, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.flags.push(taps::read_flag(&row)?);
        }
    }
    for row in fetch_range(conn, JOURNEYS, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.journeys.push(journeys::read(&row)?);
        }
    }
    for row in fetch_range(conn, DIRTY, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.dirty.push(day(&row, "service_day")?);
        }
    }
    Ok(())
}

async fn read_money(
    conn: &mut SqliteConnection,
    range: Range,
    records: &mut Records,
) -> Result<(), StoreError> {
    for row in fetch_range(conn, DAYS, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.days.push(money::read_day(&row)?);
        }
    }
    let mut postings: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in fetch_range(conn, POSTINGS, range).await? {
        let (entry, posting) = money::read_posting(&row)?;
        postings.entry(entry).or_default().push(posting);
    }
    for row in fetch_range(conn, ENTRIES, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.entries.push(money::read_entry(&row, &mut postings)?);
        }
    }
    for row in fetch_range(conn, BALANCES, range).await? {
        let (account, balance) = money::read_balance(&row)?;
        if let Some(record) = records.get_mut(&account) {
            record.balances.push(balance);
        }
    }
    for record in records.values_mut() {
        record.balances.sort_unstable();
    }
    for row in fetch_range(conn, CHARGES, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.charges.push(money::read_charge(&row)?);
        }
    }
    for row in fetch_range(conn, corrections::OF_ACCOUNTS, range).await? {
        if let Some(record) = records.get_mut(&account_of(&row)?) {
            record.corrections.push(corrections::read(&row)?);
        }
    }
    Ok(())
}

pub(crate) async fn day_record(
    store: &SqliteStore,
    account: AccountId,
    day: ServiceDay,
) -> Result<DayRecord, StoreError> {
    let mut tx = store.begin_read().await.map_err(backend("read a day"))?;
    let conn: &mut SqliteConnection = &mut tx;
    let mut record = DayRecord::default();
    for row in fetch_day(conn, DAY_TAPS, account, day).await? {
        record.taps.push(taps::read(&row)?);
    }
    for row in fetch_day(conn, DAY_FLAGS, account, day).await? {
        record.flags.push(taps::read_flag(&row)?);
    }
    for row in fetch_day(conn, DAY_REFUSED, account, day).await? {
        record.refused.push(judging::read_refused(&row)?);
    }
    for row in fetch_day(conn, DAY_JOURNEYS, account, day).await? {
        record.journeys.push(journeys::read(&row)?);
    }
    for row in fetch_day(conn, DAY_CHARGES, account, day).await? {
        record.charges.push(money::read_charge(&row)?);
    }
    for row in fetch_range(conn, BALANCES, (account, account)).await? {
        record.balances.push(money::read_balance(&row)?.1);
    }
    record.balances.sort_unstable();
    Ok(record)
}

fn account_of(row: &SqliteRow) -> Result<AccountId, StoreError> {
    array(row, "account_id").map(AccountId::from_bytes)
}

async fn fetch_range(
    conn: &mut SqliteConnection,
    sql: &'static str,
    (first, last): Range,
) -> Result<Vec<SqliteRow>, StoreError> {
    let rows = sqlx::query(sql)
        .bind(first.as_bytes().to_vec())
        .bind(last.as_bytes().to_vec())
        .fetch_all(conn)
        .await;
    rows.map_err(backend("read accounts"))
}

async fn fetch_day(
    conn: &mut SqliteConnection,
    sql: &'static str,
    account: AccountId,
    day: ServiceDay,
) -> Result<Vec<SqliteRow>, StoreError> {
    let rows = sqlx::query(sql)
        .bind(account.as_bytes().to_vec())
        .bind(day.as_days())
        .fetch_all(conn)
        .await;
    rows.map_err(backend("read a day"))
}
