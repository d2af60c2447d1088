//! Table `day_faults`: days that cannot be settled or charged; and making days dirty again.

use std::collections::BTreeSet;

use settlement::ports::{Again, DayFault, StoreError};
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, ServiceDay};

use crate::PostgresStore;
use crate::columns::{array, day, text, time};
use crate::store::backend;

const PUT: &str = "INSERT INTO day_faults (account_id, service_day, because, at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, service_day) \
     DO UPDATE SET because = excluded.because, at = excluded.at";

const ANY: &str = "SELECT EXISTS (SELECT 1 FROM day_faults WHERE service_day = $1)";

const END: &str = "DELETE FROM day_faults WHERE service_day = $1 AND account_id = ANY($2)";

const PAGE: &str = "SELECT * FROM day_faults WHERE (service_day, account_id) > ($1, $2) \
     ORDER BY service_day, account_id LIMIT $3";

/// Days whose taps wait in parcels are settled anyway.
const MARK_DAYS: &str = "INSERT INTO dirty_days (account_id, service_day, shard) \
     SELECT account_id, service_day, shard FROM rider_days WHERE service_day BETWEEN $1 AND $2 \
     ON CONFLICT DO NOTHING";

const MARK_FAULTY: &str = "INSERT INTO dirty_days (account_id, service_day, shard) \
     SELECT r.account_id, r.service_day, r.shard FROM day_faults f \
     JOIN rider_days r ON r.account_id = f.account_id AND r.service_day = f.service_day \
     ON CONFLICT DO NOTHING";

/// Keeps faults. The caller holds the shards of their accounts.
pub(crate) async fn put<'f>(
    conn: &mut PgConnection,
    faults: impl Iterator<Item = &'f DayFault>,
) -> Result<(), StoreError> {
    for fault in faults {
        let put = sqlx::query(PUT)
            .bind(fault.account.as_bytes().to_vec())
            .bind(fault.day.as_days())
            .bind(fault.because.clone())
            .bind(fault.at.as_micros())
            .execute(&mut *conn);
        put.await.map_err(backend("keep a day's fault"))?;
    }
    Ok(())
}

/// Keeps `found` in place of what is kept of the accounts' `day`. The caller holds their shards.
pub(crate) async fn replace(
    conn: &mut PgConnection,
    day: ServiceDay,
    accounts: &BTreeSet<AccountId>,
    found: &[DayFault],
) -> Result<(), StoreError> {
    let failed = backend("end days' faults");
    // A sound city asks once and sends no accounts.
    let any = sqlx::query_scalar(ANY).bind(day.as_days());
    let any: bool = any.fetch_one(&mut *conn).await.map_err(&failed)?;
    if any {
        let accounts = accounts.iter().map(|id| id.as_bytes().to_vec());
        let ended = sqlx::query(END)
            .bind(day.as_days())
            .bind(accounts.collect::<Vec<_>>())
            .execute(&mut *conn);
        ended.await.map_err(&failed)?;
    }
    put(conn, found.iter()).await
}

/// A page of them, in order of day and account.
pub(crate) async fn page(
    store: &PostgresStore,
    after: Option<(ServiceDay, AccountId)>,
    limit: u32,
) -> Result<Vec<DayFault>, StoreError> {
    let failed = backend("read days' faults");
    let mut tx = store.begin().await.map_err(&failed)?;
    // The empty blob is below every id.
    let (day, account) = after.map_or((i32::MIN, Vec::new()), |(day, account)| {
        (day.as_days(), account.as_bytes().to_vec())
    });
    let rows = sqlx::query(PAGE)
        .bind(day)
        .bind(account)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx);
    rows.await.map_err(&failed)?.iter().map(read).collect()
}

/// Makes days dirty; how many became so.
pub(crate) async fn mark(store: &PostgresStore, which: &Again) -> Result<u64, StoreError> {
    let failed = backend("mark days dirty");
    let mut tx = store.begin().await.map_err(&failed)?;
    let query = match which {
        Again::Days(days) => sqlx::query(MARK_DAYS)
            .bind(days.start().as_days())
            .bind(days.end().as_days()),
        Again::Faulty => sqlx::query(MARK_FAULTY),
    };
    let marked = query.execute(&mut *tx).await.map_err(&failed)?;
    tx.commit().await.map_err(&failed)?;
    Ok(marked.rows_affected())
}

fn read(row: &PgRow) -> Result<DayFault, StoreError> {
    Ok(DayFault {
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        because: text(row, "because")?.to_owned(),
        at: time(row, "at")?,
    })
}
