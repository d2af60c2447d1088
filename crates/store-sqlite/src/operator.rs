//! Pages of the books for an operator: days, exceptions, gaps, charges.

use settlement::model::StoredCharge;
use settlement::operator::{ChargeFilter, ChargeKey, DaySummary, Gap, OperatorStore};
use settlement::ports::StoreError;
use sqlx::sqlite::SqliteRow;
use units::{AccountId, DeviceId, ServiceDay};

use crate::SqliteStore;
use crate::columns::{array, currency, day, int, unsigned, unsigned_32};
use crate::money;
use crate::store::backend;

const DAYS: &str = "WITH j AS (SELECT service_day, count(*) AS journeys, \
     sum(status <> 'complete') AS incomplete, sum(fare_minor IS NULL) AS unpriced \
     FROM journeys WHERE ?1 IS NULL OR service_day < ?1 GROUP BY service_day), \
     t AS (SELECT service_day, count(*) AS taps \
     FROM taps WHERE ?1 IS NULL OR service_day < ?1 GROUP BY service_day) \
     SELECT a.service_day, min(a.currency) AS currency, count(*) AS riders, \
     max(t.taps) AS taps, coalesce(max(j.journeys), 0) AS journeys, \
     coalesce(max(j.incomplete), 0) AS incomplete, coalesce(max(j.unpriced), 0) AS unpriced, \
     sum(a.fares_minor) AS fares_minor, sum(a.charged_minor) AS charged_minor, \
     sum(a.credited_minor) AS credited_minor, sum(a.closed = 0) AS open \
     FROM account_days a JOIN t ON t.service_day = a.service_day \
     LEFT JOIN j ON j.service_day = a.service_day \
     GROUP BY a.service_day ORDER BY a.service_day DESC LIMIT ?2";

const EXCEPTIONS: &str = "SELECT DISTINCT account_id FROM journeys WHERE service_day = ? \
     AND account_id > ? AND (status <> 'complete' OR fare_minor IS NULL) \
     ORDER BY account_id LIMIT ?";

const GAPS: &str = "SELECT c.device_id, c.epoch, c.next_seq, (SELECT min(r.seq) \
     FROM device_records r WHERE r.device_id = c.device_id AND r.epoch = c.epoch \
     AND r.seq > c.next_seq) AS stored_beyond FROM device_cursors c \
     WHERE stored_beyond IS NOT NULL ORDER BY c.device_id, c.epoch LIMIT ?";

const CHARGES: &str = "SELECT * FROM charges \
     WHERE (service_day, account_id, revision) > (?1, ?2, ?3) \
     AND (?4 IS NULL OR account_id = ?4) AND (?5 IS NULL OR service_day = ?5) \
     ORDER BY service_day, account_id, revision LIMIT ?6";

impl OperatorStore for SqliteStore {
    async fn days(
        &self,
        before: Option<ServiceDay>,
        limit: u32,
    ) -> Result<Vec<DaySummary>, StoreError> {
        let failed = backend("add up days");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        let query = sqlx::query(DAYS).bind(before.map(ServiceDay::as_days));
        let rows = query.bind(i64::from(limit)).fetch_all(&mut *tx).await;
        rows.map_err(&failed)?.iter().map(read_day).collect()
    }

    async fn exceptions(
        &self,
        day: ServiceDay,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let failed = backend("find exceptions");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        // The empty blob is below every id.
        let after = after.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
        let query = sqlx::query(EXCEPTIONS).bind(day.as_days()).bind(after);
        let rows = query.bind(i64::from(limit)).fetch_all(&mut *tx).await;
        let account = |row| array(row, "account_id").map(AccountId::from_bytes);
        rows.map_err(&failed)?.iter().map(account).collect()
    }

    async fn gaps(&self, limit: u32) -> Result<Vec<Gap>, StoreError> {
        let failed = backend("find gaps");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        let rows = sqlx::query(GAPS).bind(i64::from(limit));
        let rows = rows.fetch_all(&mut *tx).await.map_err(&failed)?;
        rows.iter().map(read_gap).collect()
    }

    async fn charges(
        &self,
        filter: &ChargeFilter,
        after: Option<ChargeKey>,
        limit: u32,
    ) -> Result<Vec<StoredCharge>, StoreError> {
        let failed = backend("list charges");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        let (day, account, revision) = after.map_or((i64::MIN, Vec::new(), 0), |after| {
            let account = after.account.as_bytes().to_vec();
            (i64::from(after.day.as_days()), account, after.revision)
        });
        let rows = sqlx::query(CHARGES)
            .bind(day)
            .bind(account)
            .bind(i64::from(revision))
            .bind(filter.account.map(|account| account.as_bytes().to_vec()))
            .bind(filter.day.map(ServiceDay::as_days))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await;
        rows.map_err(&failed)?
            .iter()
            .map(money::read_charge)
            .collect()
    }
}

fn read_day(row: &SqliteRow) -> Result<DaySummary, StoreError> {
    Ok(DaySummary {
        day: day(row, "service_day")?,
        currency: currency(row, "currency")?,
        riders: unsigned(row, "riders")?,
        taps: unsigned(row, "taps")?,
        journeys: unsigned(row, "journeys")?,
        incomplete: unsigned(row, "incomplete")?,
        unpriced: unsigned(row, "unpriced")?,
        fares_minor: int(row, "fares_minor")?,
        charged_minor: int(row, "charged_minor")?,
        credited_minor: int(row, "credited_minor")?,
        open: unsigned(row, "open")?,
    })
}

fn read_gap(row: &SqliteRow) -> Result<Gap, StoreError> {
    Ok(Gap {
        device: DeviceId::from_bytes(array(row, "device_id")?),
        epoch: unsigned_32(row, "epoch")?,
        first_missing: unsigned(row, "next_seq")?,
        stored_beyond: unsigned(row, "stored_beyond")?,
    })
}
