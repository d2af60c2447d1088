//! Closing days: read where they stand, let `settlement` decide, write it, in one transaction.

use settlement::model::AccountDay;
use settlement::ports::{ChargeChange, ChargeScope, StoreError};

use crate::SqliteStore;
use crate::store::backend;
use crate::{faults, money};

const SELECT_ALL: &str = "SELECT a.* FROM account_days a \
     WHERE a.closed = 0 AND a.service_day BETWEEN ? AND ? \
     AND NOT EXISTS (SELECT 1 FROM dirty_days d \
         WHERE d.service_day = a.service_day AND d.account_id = a.account_id) \
     AND NOT EXISTS (SELECT 1 FROM day_faults f \
         WHERE f.service_day = a.service_day AND f.account_id = a.account_id) \
     ORDER BY a.service_day, a.account_id LIMIT ?";

const SELECT_OF_ACCOUNT: &str = "SELECT a.* FROM account_days a \
     WHERE a.account_id = ? AND a.closed = 0 AND a.service_day BETWEEN ? AND ? \
     AND NOT EXISTS (SELECT 1 FROM dirty_days d \
         WHERE d.service_day = a.service_day AND d.account_id = a.account_id) \
     AND NOT EXISTS (SELECT 1 FROM day_faults f \
         WHERE f.service_day = a.service_day AND f.account_id = a.account_id) \
     ORDER BY a.service_day, a.account_id LIMIT ?";

pub(crate) async fn charge<F>(
    store: &SqliteStore,
    scope: &ChargeScope,
    limit: u32,
    decide: F,
) -> Result<u32, StoreError>
where
    F: Fn(&AccountDay) -> ChargeChange + Send + Sync,
{
    let failed = backend("charge days");
    let mut tx = store.begin_write().await.map_err(&failed)?;
    let query = match scope.account {
        None => sqlx::query(SELECT_ALL),
        Some(account) => sqlx::query(SELECT_OF_ACCOUNT).bind(account.as_bytes().to_vec()),
    };
    let rows = query
        .bind(scope.days.start().as_days())
        .bind(scope.days.end().as_days())
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(&failed)?;
    let (mut days, mut charges, mut entries) = (vec![], vec![], vec![]);
    for row in &rows {
        let change = decide(&money::read_day(row)?);
        faults::put(&mut tx, change.fault.iter()).await?;
        days.push(change.account_day);
        charges.extend(change.charge);
        entries.extend(change.entries);
    }
    money::insert_charges(&mut tx, &charges).await?;
    money::post(&mut tx, &entries).await?;
    money::put_days(&mut tx, &days).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(u32::try_from(days.len()).unwrap_or(u32::MAX))
}
