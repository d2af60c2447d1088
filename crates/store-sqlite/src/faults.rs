//! Table `day_faults`: days that cannot be settled or charged; and making days dirty again.

use settlement::ports::{Again, DayFault, StoreError};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{AccountId, ServiceDay};

use crate::SqliteStore;
use crate::columns::{array, day, text, time};
use crate::store::backend;

const PUT: &str = "INSERT INTO day_faults (service_day, account_id, because, at) \
     VALUES (?, ?, ?, ?) ON CONFLICT (service_day, account_id) \
     DO UPDATE SET because = excluded.because, at = excluded.at";

const PAGE: &str = "SELECT * FROM day_faults WHERE (service_day, account_id) > (?, ?) \
     ORDER BY service_day, account_id LIMIT ?";

const MARK_DAYS: &str = "INSERT INTO dirty_days (service_day, account_id) \
     SELECT DISTINCT service_day, account_id FROM taps WHERE service_day BETWEEN ? AND ? \
     ON CONFLICT DO NOTHING";

const MARK_FAULTY: &str = "INSERT INTO dirty_days (service_day, account_id) \
     SELECT service_day, account_id FROM day_faults WHERE true ON CONFLICT DO NOTHING";

/// Keeps faults.
pub(crate) async fn put<'f>(
    conn: &mut SqliteConnection,
    faults: impl Iterator<Item = &'f DayFault>,
) -> Result<(), StoreError> {
    for fault in faults {
        let put = sqlx::query(PUT)
            .bind(fault.day.as_days())
            .bind(fault.account.as_bytes().to_vec())
            .bind(fault.because.clone())
            .bind(fault.at.as_micros())
            .execute(&mut *conn);
        put.await.map_err(backend("keep a day's fault"))?;
    }
    Ok(())
}

/// A page of them, in order of day and account.
pub(crate) async fn page(
    store: &SqliteStore,
    after: Option<(ServiceDay, AccountId)>,
    limit: u32,
) -> Result<Vec<DayFault>, StoreError> {
    let failed = backend("read days' faults");
    let mut tx = store.begin_read().await.map_err(&failed)?;
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
pub(crate) async fn mark(store: &SqliteStore, which: &Again) -> Result<u64, StoreError> {
    let failed = backend("mark days dirty");
    let mut tx = store.begin_write().await.map_err(&failed)?;
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

fn read(row: &SqliteRow) -> Result<DayFault, StoreError> {
    Ok(DayFault {
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        because: text(row, "because")?.to_owned(),
        at: time(row, "at")?,
    })
}
