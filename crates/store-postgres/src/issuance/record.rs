//! Table `issuances`: the record of signatures, each row there before its signature is.

use issuer::{CodeKind, IssuanceRecord, MessageHash, Recorded};
use settlement::ports::StoreError;
use sqlx::postgres::PgRow;
use units::{AccountId, CredentialId, KeyId};

use super::entitlement;
use crate::PostgresStore;
use crate::columns::{array, int, time};
use crate::store::backend;

const SELECT_DENIED: &str = "SELECT 1 FROM deny_entries WHERE account_id = $1 AND expires_at > $2 \
     LIMIT 1";

const INSERT: &str = "INSERT INTO issuances (credential_id, account_id, kid, kind, category, \
     party, product, message_hash, starts_at, expires_at, recorded_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const SELECT: &str = "SELECT credential_id, account_id, kid, kind, category, party, product, \
     message_hash, starts_at, expires_at, recorded_at FROM issuances WHERE credential_id = $1";

const SELECT_NEWEST: &str = "SELECT credential_id, account_id, kid, kind, category, party, \
     product, message_hash, starts_at, expires_at, recorded_at FROM issuances \
     ORDER BY credential_id DESC LIMIT 1";

pub(super) async fn append(
    store: &PostgresStore,
    record: &IssuanceRecord,
) -> Result<Recorded, StoreError> {
    let failed = backend("record a signature");
    let mut tx = store.begin().await.map_err(&failed)?;
    // A denial holds the same lock: it either comes first and refuses this, or comes after and
    // finds this row.
    super::hold(&mut tx, record.account.as_bytes()).await?;
    let denied = sqlx::query(SELECT_DENIED)
        .bind(record.account.as_bytes().to_vec())
        .bind(record.recorded_at.as_micros())
        .fetch_optional(&mut *tx);
    if denied.await.map_err(&failed)?.is_some() {
        return Ok(Recorded::AccountDenied);
    }
    let inserted = sqlx::query(INSERT)
        .bind(record.id.as_bytes().to_vec())
        .bind(record.account.as_bytes().to_vec())
        .bind(record.kid.as_bytes().to_vec())
        .bind(kind_number(record.kind))
        .bind(i64::from(record.entitlement.category.as_code()))
        .bind(i64::from(record.entitlement.party.as_riders()))
        .bind(i64::from(record.entitlement.product.as_number()))
        .bind(record.message.as_bytes().to_vec())
        .bind(record.starts_at.as_micros())
        .bind(record.expires_at.as_micros())
        .bind(record.recorded_at.as_micros())
        .execute(&mut *tx);
    inserted.await.map_err(&failed)?;
    tx.commit().await.map_err(&failed)?;
    Ok(Recorded::Yes)
}

pub(super) async fn one(
    store: &PostgresStore,
    id: CredentialId,
) -> Result<Option<IssuanceRecord>, StoreError> {
    let failed = backend("read the record of signatures");
    let mut tx = store.begin().await.map_err(&failed)?;
    let row = sqlx::query(SELECT)
        .bind(id.as_bytes().to_vec())
        .fetch_optional(&mut *tx);
    row.await.map_err(&failed)?.as_ref().map(read).transpose()
}

/// The newest record: ids are made in the order of time (UUID version 7).
pub(super) async fn newest(store: &PostgresStore) -> Result<Option<IssuanceRecord>, StoreError> {
    let failed = backend("read the record of signatures");
    let mut tx = store.begin().await.map_err(&failed)?;
    let row = sqlx::query(SELECT_NEWEST).fetch_optional(&mut *tx);
    row.await.map_err(&failed)?.as_ref().map(read).transpose()
}

fn read(row: &PgRow) -> Result<IssuanceRecord, StoreError> {
    Ok(IssuanceRecord {
        id: CredentialId::from_bytes(array(row, "credential_id")?),
        account: AccountId::from_bytes(array(row, "account_id")?),
        kid: KeyId::from_bytes(array(row, "kid")?),
        kind: match int(row, "kind")? {
            1 => CodeKind::Credential,
            2 => CodeKind::Ticket,
            got => {
                let expected = "1 (credential) or 2 (ticket)";
                return Err(StoreError::out_of_range("issuances.kind", expected, got));
            }
        },
        entitlement: entitlement(row)?,
        message: MessageHash::from_bytes(array(row, "message_hash")?),
        starts_at: time(row, "starts_at")?,
        expires_at: time(row, "expires_at")?,
        recorded_at: time(row, "recorded_at")?,
    })
}

const fn kind_number(kind: CodeKind) -> i64 {
    match kind {
        CodeKind::Credential => 1,
        CodeKind::Ticket => 2,
    }
}
