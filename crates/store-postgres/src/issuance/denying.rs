//! Tables `deny_entries` (the list as it stands) and `deny_changes` (how it came to). What is
//! denied here is denied by staff; [`super::debts`] has the rest of the list.

use issuer::{Denial, DenyList};
use settlement::ports::StoreError;
use sqlx::Transaction;
use sqlx::postgres::{PgConnection, Postgres};
use units::{CredentialId, Timestamp};

use crate::PostgresStore;
use crate::columns::{array, array_or_null, unsigned};
use crate::store::backend;

const HOLD_LIST: &str = "LOCK TABLE deny_changes IN SHARE ROW EXCLUSIVE MODE";

const SELECT_VERSION: &str = "SELECT coalesce(max(version), 0) AS version FROM deny_changes";

const SELECT_ACCOUNT: &str = "SELECT account_id FROM issuances WHERE credential_id = $1";

/// The code itself, ours or not, and the live codes of its account.
const DENY: &str = "INSERT INTO deny_entries (credential_id, cause, account_id, reason, \
     denied_at, expires_at) SELECT credential_id, 'staff', account_id, $1::text, $2::bigint, \
     $3::bigint FROM issuances WHERE account_id = $4 AND expires_at > $2 \
     UNION SELECT $5::bytea, 'staff', $4::bytea, $1::text, $2::bigint, $3::bigint \
     ON CONFLICT (credential_id, cause) DO UPDATE SET account_id = excluded.account_id, \
     reason = excluded.reason, denied_at = excluded.denied_at, expires_at = excluded.expires_at";

/// The entries that [`DENY`] wrote: all of the account's with its time and end.
const NOTE_DENIED: &str = "INSERT INTO deny_changes (version, credential_id, change, reason, at, \
     expires_at) SELECT $1::bigint, credential_id, 'denied', reason, $2::bigint, expires_at \
     FROM deny_entries \
     WHERE cause = 'staff' AND (credential_id = $3 OR (account_id = $4 AND credential_id IN \
     (SELECT credential_id FROM issuances WHERE account_id = $4 AND expires_at > $2)))";

const NOTE_ALLOWED: &str = "INSERT INTO deny_changes (version, credential_id, change, reason, at, \
     expires_at) SELECT $1::bigint, credential_id, 'allowed', reason, $2::bigint, expires_at \
     FROM deny_entries \
     WHERE cause = 'staff' AND (credential_id = $3 OR account_id = $4)";

const ALLOW: &str = "DELETE FROM deny_entries \
     WHERE cause = 'staff' AND (credential_id = $1 OR account_id = $2)";

const SELECT_EXPIRED: &str = "SELECT 1 FROM deny_entries WHERE expires_at <= $1 LIMIT 1";

const NOTE_EXPIRED: &str = "INSERT INTO deny_changes (version, credential_id, change, reason, at, \
     expires_at) SELECT $1::bigint, credential_id, 'expired', min(reason), $2::bigint, \
     max(expires_at) FROM deny_entries WHERE expires_at <= $2 GROUP BY credential_id";

const EXPIRE: &str = "DELETE FROM deny_entries WHERE expires_at <= $1";

const SELECT_ENTRIES: &str =
    "SELECT DISTINCT credential_id FROM deny_entries ORDER BY credential_id";

pub(super) async fn deny(store: &PostgresStore, denial: &Denial) -> Result<u64, StoreError> {
    let failed = backend("put a code on the deny list");
    let mut tx = begin_change(store).await?;
    let version = next_version(&mut tx).await?;
    let account = account_of(&mut tx, denial.credential).await?;
    // No code is signed for the account meanwhile that this would miss.
    super::hold(&mut tx, account.as_deref().unwrap_or_default()).await?;
    let denied = sqlx::query(DENY)
        .bind(denial.reason.as_str().to_owned())
        .bind(denial.at.as_micros())
        .bind(denial.until.as_micros())
        .bind(account.clone())
        .bind(denial.credential.as_bytes().to_vec())
        .execute(&mut *tx);
    denied.await.map_err(&failed)?;
    let noted = sqlx::query(NOTE_DENIED)
        .bind(version)
        .bind(denial.at.as_micros())
        .bind(denial.credential.as_bytes().to_vec())
        .bind(account)
        .execute(&mut *tx);
    noted.await.map_err(&failed)?;
    tx.commit().await.map_err(&failed)?;
    Ok(version.unsigned_abs())
}

pub(super) async fn allow(
    store: &PostgresStore,
    credential: CredentialId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let failed = backend("take a code off the deny list");
    let mut tx = begin_change(store).await?;
    let version = next_version(&mut tx).await?;
    let account = account_of(&mut tx, credential).await?;
    let noted = sqlx::query(NOTE_ALLOWED)
        .bind(version)
        .bind(now.as_micros())
        .bind(credential.as_bytes().to_vec())
        .bind(account.clone())
        .execute(&mut *tx);
    noted.await.map_err(&failed)?;
    let allowed = sqlx::query(ALLOW)
        .bind(credential.as_bytes().to_vec())
        .bind(account)
        .execute(&mut *tx);
    let removed = allowed.await.map_err(&failed)?.rows_affected();
    tx.commit().await.map_err(&failed)?;
    // With nothing removed nothing was noted, and the list keeps its version.
    let version = version.unsigned_abs();
    Ok(if removed == 0 {
        version.saturating_sub(1)
    } else {
        version
    })
}

pub(super) async fn list(store: &PostgresStore, now: Timestamp) -> Result<DenyList, StoreError> {
    let failed = backend("read the deny list");
    // Reading takes no write lock as long as no entry's end has come.
    let mut tx = store.begin().await.map_err(&failed)?;
    let expired = sqlx::query(SELECT_EXPIRED)
        .bind(now.as_micros())
        .fetch_optional(&mut *tx);
    if expired.await.map_err(&failed)?.is_none() {
        return read(&mut tx).await;
    }
    drop(tx);
    let mut tx = begin_change(store).await?;
    let version = next_version(&mut tx).await?;
    let noted = sqlx::query(NOTE_EXPIRED)
        .bind(version)
        .bind(now.as_micros())
        .execute(&mut *tx);
    noted.await.map_err(&failed)?;
    let dropped = sqlx::query(EXPIRE).bind(now.as_micros()).execute(&mut *tx);
    dropped.await.map_err(&failed)?;
    let list = read(&mut tx).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(list)
}

/// The list's version; where entries have ended it is the one after they are dropped.
pub(super) async fn version(store: &PostgresStore, now: Timestamp) -> Result<u64, StoreError> {
    let failed = backend("read the deny list's version");
    let mut tx = store.begin().await.map_err(&failed)?;
    let expired = sqlx::query(SELECT_EXPIRED)
        .bind(now.as_micros())
        .fetch_optional(&mut *tx);
    if expired.await.map_err(&failed)?.is_none() {
        let row = sqlx::query(SELECT_VERSION).fetch_one(&mut *tx).await;
        return unsigned(&row.map_err(&failed)?, "version");
    }
    drop(tx);
    Ok(list(store, now).await?.version)
}

/// Begins a change of the list: one after the other, so that each has its own version.
pub(super) async fn begin_change(
    store: &PostgresStore,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let failed = backend("change the deny list");
    let mut tx = store.begin().await.map_err(&failed)?;
    let held = sqlx::query(HOLD_LIST).execute(&mut *tx).await;
    held.map_err(&failed)?;
    Ok(tx)
}

/// Version and entries as one transaction sees them.
async fn read(conn: &mut PgConnection) -> Result<DenyList, StoreError> {
    let failed = backend("read the deny list");
    let version = sqlx::query(SELECT_VERSION).fetch_one(&mut *conn).await;
    let version = unsigned(&version.map_err(&failed)?, "version")?;
    let rows = sqlx::query(SELECT_ENTRIES).fetch_all(&mut *conn).await;
    let mut entries = Vec::new();
    for row in rows.map_err(&failed)? {
        entries.push(CredentialId::from_bytes(array(&row, "credential_id")?));
    }
    Ok(DenyList { version, entries })
}

pub(super) async fn next_version(conn: &mut PgConnection) -> Result<i64, StoreError> {
    let row = sqlx::query(SELECT_VERSION).fetch_one(conn).await;
    let row = row.map_err(backend("read the deny list's version"))?;
    Ok(crate::columns::int(&row, "version")?.saturating_add(1))
}

async fn account_of(
    conn: &mut PgConnection,
    credential: CredentialId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query(SELECT_ACCOUNT)
        .bind(credential.as_bytes().to_vec())
        .fetch_optional(conn)
        .await
        .map_err(backend("look up whose code it is"))?;
    let account = row
        .map(|row| array_or_null::<16>(&row, "account_id"))
        .transpose()?;
    Ok(account.flatten().map(Vec::from))
}
