//! Closing days: read where they stand, let `settlement` decide, write it, in one transaction.

use settlement::model::{AccountDay, ChargeState, PostedEntry, StoredCharge};
use settlement::ports::{ChargeChange, ChargeScope, StoreError};
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, Balance, ChargeId};

use crate::PostgresStore;
use crate::columns::{array, currency, day, int, text, time, unsigned_32};
use crate::names::Names;
use crate::store::{HOLD_SHARD, SHARDS, backend, shard_of};
use crate::{days, faults, ledger_pages};

/// Open days of a shard. Where taps wait for a day and shard, all of its days wait: which of them
/// are dirty stands in packed columns.
const SELECT_OPEN: &str = "SELECT r.account_id, r.service_day, r.revision, r.fares_minor, \
     r.currency, c.charge_revision, c.closed, c.charged_minor, c.refunds_minor, \
     c.credited_minor FROM rider_days r \
     LEFT JOIN charged_days c \
     ON c.account_id = r.account_id AND c.service_day = r.service_day \
     WHERE r.shard = $1 AND r.service_day BETWEEN $2 AND $3 \
     AND ($4::bytea IS NULL OR r.account_id = $4) AND c.closed IS NOT TRUE \
     AND NOT EXISTS (SELECT 1 FROM dirty_days d \
         WHERE d.account_id = r.account_id AND d.service_day = r.service_day) \
     AND NOT EXISTS (SELECT 1 FROM day_faults f \
         WHERE f.account_id = r.account_id AND f.service_day = r.service_day) \
     AND NOT EXISTS (SELECT 1 FROM new_taps n \
         WHERE n.service_day = r.service_day AND n.shard = r.shard) \
     ORDER BY r.service_day, r.account_id LIMIT $5";

const INSERT: &str = "INSERT INTO charges (account_id, service_day, revision, charge_id, \
     amount_minor, currency, state, at, because) SELECT * FROM unnest($1::bytea[], \
     $2::integer[], $3::integer[], $4::bytea[], $5::bigint[], $6::text[], $7::text[], \
     $8::bigint[], $9::text[])";

pub(crate) async fn charge<F>(
    store: &PostgresStore,
    scope: &ChargeScope,
    limit: u32,
    decide: F,
) -> Result<u32, StoreError>
where
    F: Fn(&AccountDay) -> ChargeChange + Send + Sync,
{
    let failed = backend("charge days");
    let shards: Vec<i16> = match scope.account {
        Some(account) => vec![shard_of(account)],
        None => (0..i16::from(SHARDS)).collect(),
    };
    let mut tx = store.begin().await.map_err(&failed)?;
    let mut taken = 0;
    for shard in shards {
        let left = limit.saturating_sub(taken);
        if left == 0 {
            break;
        }
        if open(&mut tx, scope, shard, 1).await?.is_empty() {
            continue;
        }
        // In one order, so that two who charge wait for each other in one direction only.
        hold_shard(&mut tx, shard).await?;
        let open = open(&mut tx, scope, shard, left).await?;
        taken = taken.saturating_add(u32::try_from(open.len()).unwrap_or(u32::MAX));
        let changes: Vec<ChargeChange> = open.iter().map(&decide).collect();
        write(&mut tx, &store.names, changes).await?;
    }
    tx.commit().await.map_err(&failed)?;
    Ok(taken)
}

/// Holds the account's shard until the transaction ends: only so is anything posted for it.
pub(crate) async fn hold(conn: &mut PgConnection, account: AccountId) -> Result<(), StoreError> {
    hold_shard(conn, shard_of(account)).await
}

async fn hold_shard(conn: &mut PgConnection, shard: i16) -> Result<(), StoreError> {
    let held = sqlx::query(HOLD_SHARD).bind(shard).execute(conn).await;
    held.map_err(backend("hold a shard"))?;
    Ok(())
}

async fn open(
    conn: &mut PgConnection,
    scope: &ChargeScope,
    shard: i16,
    limit: u32,
) -> Result<Vec<AccountDay>, StoreError> {
    let rows = sqlx::query(SELECT_OPEN)
        .bind(shard)
        .bind(scope.days.start().as_days())
        .bind(scope.days.end().as_days())
        .bind(scope.account.map(|account| account.as_bytes().to_vec()))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(backend("read open days"))?;
    rows.iter().map(days::read_stands).collect()
}

/// Writes what closing days comes to. The caller holds the shards of their accounts.
pub(crate) async fn write(
    conn: &mut PgConnection,
    names: &Names,
    changes: Vec<ChargeChange>,
) -> Result<(), StoreError> {
    let closed = changes.iter().map(|change| change.account_day.clone());
    let closed: Vec<AccountDay> = closed.collect();
    days::put_charged(conn, &closed).await?;
    faults::put(
        conn,
        changes.iter().filter_map(|change| change.fault.as_ref()),
    )
    .await?;
    let (mut made, mut entries): (Vec<StoredCharge>, Vec<PostedEntry>) = (vec![], vec![]);
    for change in changes {
        made.extend(change.charge);
        entries.extend(change.entries);
    }
    insert(conn, &made).await?;
    ledger_pages::append(conn, names, &entries).await
}

async fn insert(conn: &mut PgConnection, charges: &[StoredCharge]) -> Result<(), StoreError> {
    if charges.is_empty() {
        return Ok(());
    }
    let each = || charges.iter();
    let inserted = sqlx::query(INSERT)
        .bind(
            each()
                .map(|charge| charge.account.as_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| charge.day.as_days())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| days::narrow(charge.revision))
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| charge.id.as_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| charge.amount.as_minor())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| charge.amount.currency().code().to_owned())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| charge.state.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| charge.at.as_micros())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|charge| charge.because.clone())
                .collect::<Vec<_>>(),
        )
        .execute(conn);
    inserted.await.map_err(backend("store charges"))?;
    Ok(())
}

/// Reads a row of `charges`.
pub(crate) fn read(row: &PgRow) -> Result<StoredCharge, StoreError> {
    let state = ChargeState::parse(text(row, "state")?);
    Ok(StoredCharge {
        id: ChargeId::from_bytes(array(row, "charge_id")?),
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        revision: unsigned_32(row, "revision")?,
        amount: Balance::new(int(row, "amount_minor")?, currency(row, "currency")?),
        state: state.map_err(|source| StoreError::corrupt("charges.state", source))?,
        at: time(row, "at")?,
        because: text(row, "because")?.to_owned(),
    })
}
