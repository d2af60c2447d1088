//! The part of the deny list that is there for debt.

use settlement::debt::deny::{DebtEntry, Listed};
use settlement::debt::list::DebtList;
use settlement::ports::StoreError;
use sqlx::postgres::PgRow;
use units::{AccountId, Timestamp};

use super::denying::{begin_change, next_version};
use crate::PostgresStore;
use crate::columns::{array, text, time};
use crate::store::backend;

const SELECT: &str = "SELECT reason, expires_at FROM deny_entries \
     WHERE account_id = $1 AND cause = 'debt' LIMIT 1";

/// The live codes of the account, and its newest one where none is live: an account that has an
/// entry gets no new codes.
const PUT: &str = "INSERT INTO deny_entries (credential_id, cause, account_id, reason, denied_at, \
     expires_at) SELECT credential_id, 'debt', account_id, $2::text, $3::bigint, $4::bigint \
     FROM issuances WHERE account_id = $1 AND (expires_at > $3 OR credential_id = (SELECT \
         credential_id FROM issuances WHERE account_id = $1 ORDER BY expires_at DESC LIMIT 1))";

const NOTE: &str = "INSERT INTO deny_changes (version, credential_id, change, reason, at, \
     expires_at) SELECT $1::bigint, credential_id, $2::text, reason, $3::bigint, \
     expires_at FROM deny_entries WHERE account_id = $4 AND cause = 'debt'";

const DELETE: &str = "DELETE FROM deny_entries WHERE account_id = $1 AND cause = 'debt'";

const SELECT_DEBTORS: &str = "SELECT DISTINCT account_id FROM deny_entries \
     WHERE cause = 'debt' AND account_id > $1 ORDER BY account_id LIMIT $2";

impl DebtList for PostgresStore {
    async fn listed(&self, account: AccountId) -> Result<Option<Listed>, StoreError> {
        let failed = backend("read who is denied for debt");
        let mut tx = self.begin().await.map_err(&failed)?;
        let row = sqlx::query(SELECT)
            .bind(account.as_bytes().to_vec())
            .fetch_optional(&mut *tx);
        let row = row.await.map_err(&failed)?;
        let read = |row: &PgRow| {
            Ok(Listed {
                because: text(row, "reason")?.to_owned(),
                expires: time(row, "expires_at")?,
            })
        };
        row.as_ref().map(read).transpose()
    }

    async fn put(&self, entry: &DebtEntry, now: Timestamp) -> Result<(), StoreError> {
        let failed = backend("deny an account for debt");
        let account = entry.account.as_bytes().to_vec();
        let mut tx = begin_change(self).await?;
        let version = next_version(&mut tx).await?;
        // No code is signed for the account meanwhile that this would miss.
        super::hold(&mut tx, &account).await?;
        let emptied = sqlx::query(DELETE).bind(account.clone()).execute(&mut *tx);
        emptied.await.map_err(&failed)?;
        let put = sqlx::query(PUT)
            .bind(account.clone())
            .bind(entry.because.clone())
            .bind(now.as_micros())
            .bind(entry.expires.as_micros())
            .execute(&mut *tx);
        put.await.map_err(&failed)?;
        let noted = sqlx::query(NOTE)
            .bind(version)
            .bind("denied")
            .bind(now.as_micros())
            .bind(account)
            .execute(&mut *tx);
        noted.await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }

    async fn take_off(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        let failed = backend("take an account off the deny list");
        let account = account.as_bytes().to_vec();
        let mut tx = begin_change(self).await?;
        let version = next_version(&mut tx).await?;
        let noted = sqlx::query(NOTE)
            .bind(version)
            .bind("allowed")
            .bind(now.as_micros())
            .bind(account.clone())
            .execute(&mut *tx);
        noted.await.map_err(&failed)?;
        let removed = sqlx::query(DELETE).bind(account).execute(&mut *tx);
        removed.await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }

    async fn debtors(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let failed = backend("read who is denied for debt");
        let mut tx = self.begin().await.map_err(&failed)?;
        let after = after.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
        let rows = sqlx::query(SELECT_DEBTORS)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx);
        let account = |row: &PgRow| array(row, "account_id").map(AccountId::from_bytes);
        rows.await.map_err(&failed)?.iter().map(account).collect()
    }
}
