//! Tables `accounts`, `phones`, `sessions` and `used_challenges`.

use issuer::{DeviceRegistration, RegistrationOutcome, Rider, SessionHash};
use settlement::ports::StoreError;
use sqlx::postgres::PgRow;
use units::{AccountId, Timestamp};
use wire::HolderKey;

use super::entitlement;
use crate::PostgresStore;
use crate::columns::array;
use crate::store::backend;

const FORGET_CHALLENGES: &str = "DELETE FROM used_challenges WHERE expires_at <= $1";

const USE_CHALLENGE: &str = "INSERT INTO used_challenges (challenge_hash, expires_at) \
     VALUES ($1, $2) ON CONFLICT (challenge_hash) DO NOTHING";

const SELECT_PHONE: &str = "SELECT phones.public_key, accounts.account_id, category, party, \
     product FROM phones JOIN accounts ON accounts.account_id = phones.account_id \
     WHERE phones.public_key = $1";

const INSERT_ACCOUNT: &str = "INSERT INTO accounts (account_id, category, party, product, \
     created_at) VALUES ($1, $2, $3, $4, $5)";

const INSERT_PHONE: &str =
    "INSERT INTO phones (public_key, account_id, registered_at) VALUES ($1, $2, $3)";

const UPSERT_SESSION: &str = "INSERT INTO sessions (public_key, session_hash, expires_at) \
     VALUES ($1, $2, $3) ON CONFLICT (public_key) DO UPDATE \
     SET session_hash = excluded.session_hash, expires_at = excluded.expires_at";

const SELECT_RIDER: &str = "SELECT phones.public_key, accounts.account_id, category, party, \
     product FROM sessions JOIN phones ON phones.public_key = sessions.public_key \
     JOIN accounts ON accounts.account_id = phones.account_id \
     WHERE session_hash = $1 AND sessions.expires_at > $2";

pub(super) async fn register(
    store: &PostgresStore,
    registration: &DeviceRegistration,
) -> Result<RegistrationOutcome, StoreError> {
    let failed = backend("register a device");
    let mut tx = store.begin().await.map_err(&failed)?;
    // Two registrations of one phone come one after the other.
    super::hold(&mut tx, registration.holder.as_bytes()).await?;
    let forgotten = sqlx::query(FORGET_CHALLENGES)
        .bind(registration.at.as_micros())
        .execute(&mut *tx);
    forgotten.await.map_err(&failed)?;
    let used = sqlx::query(USE_CHALLENGE)
        .bind(registration.challenge.as_bytes().to_vec())
        .bind(registration.challenge_until.as_micros())
        .execute(&mut *tx);
    if used.await.map_err(&failed)?.rows_affected() == 0 {
        return Ok(RegistrationOutcome::ChallengeUsed);
    }

    let key = registration.holder.as_bytes().to_vec();
    let known = sqlx::query(SELECT_PHONE)
        .bind(key.clone())
        .fetch_optional(&mut *tx);
    let rider = if let Some(row) = known.await.map_err(&failed)? {
        read_rider(&row)?
    } else {
        let granted = registration.entitlement;
        let account = sqlx::query(INSERT_ACCOUNT)
            .bind(registration.account.as_bytes().to_vec())
            .bind(i64::from(granted.category.as_code()))
            .bind(i64::from(granted.party.as_riders()))
            .bind(i64::from(granted.product.as_number()))
            .bind(registration.at.as_micros())
            .execute(&mut *tx);
        account.await.map_err(&failed)?;
        let phone = sqlx::query(INSERT_PHONE)
            .bind(key.clone())
            .bind(registration.account.as_bytes().to_vec())
            .bind(registration.at.as_micros())
            .execute(&mut *tx);
        phone.await.map_err(&failed)?;
        Rider {
            account: registration.account,
            holder: registration.holder,
            entitlement: granted,
        }
    };
    let session = sqlx::query(UPSERT_SESSION)
        .bind(key)
        .bind(registration.session.as_bytes().to_vec())
        .bind(registration.session_until.as_micros())
        .execute(&mut *tx);
    session.await.map_err(&failed)?;
    tx.commit().await.map_err(&failed)?;
    Ok(RegistrationOutcome::Registered(rider))
}

pub(super) async fn rider(
    store: &PostgresStore,
    session: &SessionHash,
    now: Timestamp,
) -> Result<Option<Rider>, StoreError> {
    let failed = backend("look a session up");
    let mut tx = store.begin().await.map_err(&failed)?;
    let row = sqlx::query(SELECT_RIDER)
        .bind(session.as_bytes().to_vec())
        .bind(now.as_micros())
        .fetch_optional(&mut *tx);
    row.await
        .map_err(&failed)?
        .as_ref()
        .map(read_rider)
        .transpose()
}

fn read_rider(row: &PgRow) -> Result<Rider, StoreError> {
    Ok(Rider {
        account: AccountId::from_bytes(array(row, "account_id")?),
        holder: HolderKey::from_bytes(&array(row, "public_key")?)
            .map_err(|source| StoreError::corrupt("phones.public_key", source))?,
        entitlement: entitlement(row)?,
    })
}
