//! Pages of the books for an operator: days, exceptions, gaps, charges.

use settlement::model::StoredCharge;
use settlement::operator::{ChargeFilter, ChargeKey, DaySummary, Gap, OperatorStore};
use settlement::ports::StoreError;
use sqlx::postgres::PgRow;
use units::{AccountId, DeviceId, ServiceDay};

use crate::PostgresStore;
use crate::columns::{array, currency, day, int, unsigned, unsigned_32};
use crate::store::backend;
use crate::{charging, days};

const DAYS: &str = "SELECT r.service_day, min(r.currency) AS currency, count(*) AS riders, \
     sum(r.taps)::bigint AS taps, sum(r.journeys)::bigint AS journeys, \
     sum(r.incomplete)::bigint AS incomplete, sum(r.unpriced)::bigint AS unpriced, \
     sum(r.fares_minor)::bigint AS fares_minor, \
     coalesce(sum(c.charged_minor), 0)::bigint AS charged_minor, \
     coalesce(sum(c.credited_minor), 0)::bigint AS credited_minor, \
     count(*) FILTER (WHERE c.closed IS NOT TRUE) AS open \
     FROM rider_days r LEFT JOIN charged_days c \
     ON c.account_id = r.account_id AND c.service_day = r.service_day \
     WHERE $1::integer IS NULL OR r.service_day < $1 \
     GROUP BY r.service_day ORDER BY r.service_day DESC LIMIT $2";

const EXCEPTIONS: &str = "SELECT account_id FROM rider_days WHERE service_day = $1 \
     AND account_id > $2 AND (incomplete > 0 OR unpriced > 0) ORDER BY account_id LIMIT $3";

const GAPS: &str = "SELECT device_id, epoch, next_seq, stored_beyond FROM device_cursors \
     WHERE stored_beyond IS NOT NULL ORDER BY device_id, epoch LIMIT $1";

const CHARGES: &str = "SELECT * FROM charges \
     WHERE (service_day, account_id, revision) > ($1, $2, $3) \
     AND ($4::bytea IS NULL OR account_id = $4) AND ($5::integer IS NULL OR service_day = $5) \
     ORDER BY service_day, account_id, revision LIMIT $6";

impl OperatorStore for PostgresStore {
    async fn days(
        &self,
        before: Option<ServiceDay>,
        limit: u32,
    ) -> Result<Vec<DaySummary>, StoreError> {
        let failed = backend("add up days");
        let mut tx = self.begin().await.map_err(&failed)?;
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
        let mut tx = self.begin().await.map_err(&failed)?;
        // The empty string is below every id.
        let after = after.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
        let query = sqlx::query(EXCEPTIONS).bind(day.as_days()).bind(after);
        let rows = query.bind(i64::from(limit)).fetch_all(&mut *tx).await;
        let account = |row| array(row, "account_id").map(AccountId::from_bytes);
        rows.map_err(&failed)?.iter().map(account).collect()
    }

    async fn gaps(&self, limit: u32) -> Result<Vec<Gap>, StoreError> {
        let failed = backend("find gaps");
        let mut tx = self.begin().await.map_err(&failed)?;
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
        let mut tx = self.begin().await.map_err(&failed)?;
        let (day, account, revision) = after.map_or((i32::MIN, Vec::new(), 0), |after| {
            let account = after.account.as_bytes().to_vec();
            (after.day.as_days(), account, after.revision)
        });
        let rows = sqlx::query(CHARGES)
            .bind(day)
            .bind(account)
            .bind(days::narrow(revision))
            .bind(filter.account.map(|account| account.as_bytes().to_vec()))
            .bind(filter.day.map(ServiceDay::as_days))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await;
        rows.map_err(&failed)?.iter().map(charging::read).collect()
    }
}

fn read_day(row: &PgRow) -> Result<DaySummary, StoreError> {
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

fn read_gap(row: &PgRow) -> Result<Gap, StoreError> {
    Ok(Gap {
        device: DeviceId::from_bytes(array(row, "device_id")?),
        epoch: unsigned_32(row, "epoch")?,
        first_missing: unsigned(row, "next_seq")?,
        stored_beyond: unsigned(row, "stored_beyond")?,
    })
}
