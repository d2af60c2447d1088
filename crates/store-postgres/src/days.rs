//! Tables `rider_days` and `charged_days`: a rider's day, its taps and what they came to.

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{AccountDay, StoredJourney, StoredTap, TapFlag};
use settlement::ports::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, Amount, ServiceDay, TapId};

use crate::columns::{amount, array, bytes, currency, day, unsigned_32};
use crate::ledger_pages::words;
use crate::names::Names;
use crate::pack::{Unpacker, day, tap};
use crate::store::backend;

/// The columns of a day with its charges.
macro_rules! select_days {
    ($rest:literal) => {
        concat!(
            "SELECT r.account_id, r.service_day, r.revision, r.fares_minor, r.currency, \
             r.packed_taps, r.statement, c.charge_revision, c.closed, c.charged_minor, \
             c.refunds_minor, c.credited_minor \
             FROM rider_days r LEFT JOIN charged_days c \
             ON c.account_id = r.account_id AND c.service_day = r.service_day ",
            $rest
        )
    };
}

/// A look into the index for each account: a day that was filled just now has no statistics yet,
/// and a planner without them would read all of it.
const SELECT_OF_DAY: &str = concat!(
    "SELECT d.* FROM unnest($2::bytea[]) AS a (account_id) CROSS JOIN LATERAL (",
    select_days!("WHERE r.service_day = $1 AND r.account_id = a.account_id LIMIT 1"),
    ") AS d"
);

/// In order, so that it is one look into the index, whatever a planner believes of a new day.
const SELECT_ANY: &str = "SELECT shard FROM rider_days \
     WHERE service_day = $1 AND shard = ANY($2) ORDER BY shard LIMIT 1";

const SELECT_OF_ACCOUNTS: &str =
    select_days!("WHERE r.account_id = ANY($1) ORDER BY r.account_id, r.service_day");

const SELECT_TAPS_BETWEEN: &str = "SELECT account_id, service_day, packed_taps FROM rider_days \
     WHERE account_id = ANY($1) AND service_day >= $2 AND service_day < $3";

const SELECT_TAPS_OF: &str = "SELECT r.account_id, r.service_day, r.packed_taps \
     FROM unnest($1::bytea[], $2::integer[]) AS d (account_id, service_day) \
     JOIN rider_days r ON r.account_id = d.account_id AND r.service_day = d.service_day";

const UPSERT_CHARGED: &str = "INSERT INTO charged_days (account_id, service_day, \
     charge_revision, closed, charged_minor, refunds_minor, credited_minor) \
     SELECT * FROM unnest($1::bytea[], $2::integer[], $3::integer[], $4::boolean[], \
     $5::bigint[], $6::bigint[], $7::bigint[]) ON CONFLICT (account_id, service_day) \
     DO UPDATE SET charge_revision = excluded.charge_revision, closed = excluded.closed, \
     charged_minor = excluded.charged_minor, refunds_minor = excluded.refunds_minor, \
     credited_minor = excluded.credited_minor";

/// A rider's day as it is stored.
#[derive(Debug)]
pub(crate) struct RiderDay {
    pub(crate) taps: Vec<StoredTap>,
    pub(crate) journeys: Vec<StoredJourney>,
    pub(crate) flags: Vec<(TapId, TapFlag)>,
    pub(crate) stands: AccountDay,
}

/// Whether anything of `shards` is stored on `day`.
pub(crate) async fn is_any_of(
    conn: &mut PgConnection,
    day: ServiceDay,
    shards: &[i16],
) -> Result<bool, StoreError> {
    let any = sqlx::query(SELECT_ANY).bind(day.as_days()).bind(shards);
    let any = any.fetch_optional(conn).await;
    Ok(any.map_err(backend("look for riders' days"))?.is_some())
}

/// The stored days of `accounts` on `day`.
pub(crate) async fn of_day(
    conn: &mut PgConnection,
    names: &Names,
    day: ServiceDay,
    accounts: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, RiderDay>, StoreError> {
    let rows = sqlx::query(SELECT_OF_DAY)
        .bind(day.as_days())
        .bind(ids(accounts))
        .fetch_all(conn)
        .await
        .map_err(backend("read riders' days"))?;
    let read = read_all(&rows, names).await?;
    Ok(read
        .into_iter()
        .map(|day| (day.stands.account, day))
        .collect())
}

/// Every stored day of `accounts`, ordered by account and day.
pub(crate) async fn of_accounts(
    conn: &mut PgConnection,
    names: &Names,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<RiderDay>, StoreError> {
    let rows = sqlx::query(SELECT_OF_ACCOUNTS)
        .bind(ids(accounts))
        .fetch_all(conn)
        .await
        .map_err(backend("read riders' days"))?;
    read_all(&rows, names).await
}

/// The taps of `accounts` from `first` to right before `end`.
pub(crate) async fn taps_between(
    conn: &mut PgConnection,
    names: &Names,
    accounts: &BTreeSet<AccountId>,
    (first, end): (ServiceDay, ServiceDay),
) -> Result<Vec<StoredTap>, StoreError> {
    let rows = sqlx::query(SELECT_TAPS_BETWEEN)
        .bind(ids(accounts))
        .bind(first.as_days())
        .bind(end.as_days())
        .fetch_all(conn)
        .await
        .map_err(backend("read earlier days"))?;
    read_taps(&rows, names).await
}

/// The taps of these days.
pub(crate) async fn taps_of(
    conn: &mut PgConnection,
    names: &Names,
    days: &BTreeSet<(AccountId, ServiceDay)>,
) -> Result<Vec<StoredTap>, StoreError> {
    let accounts: Vec<Vec<u8>> = days.iter().map(|day| day.0.as_bytes().to_vec()).collect();
    let rows = sqlx::query(SELECT_TAPS_OF)
        .bind(accounts)
        .bind(days.iter().map(|day| day.1.as_days()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await
        .map_err(backend("read other days"))?;
    read_taps(&rows, names).await
}

async fn read_taps(rows: &[PgRow], names: &Names) -> Result<Vec<StoredTap>, StoreError> {
    let words = words(rows, names, &["packed_taps"]).await?;
    let mut taps = Vec::new();
    for row in rows {
        let column: &[u8] = row.try_get("packed_taps").map_err(backend("read taps"))?;
        let mut packed = Unpacker::new(column, &words)?;
        taps.extend(tap::read_all(&mut packed, place(row)?)?);
    }
    Ok(taps)
}

async fn read_all(rows: &[PgRow], names: &Names) -> Result<Vec<RiderDay>, StoreError> {
    let words = words(rows, names, &["packed_taps", "statement"]).await?;
    let mut days = Vec::with_capacity(rows.len());
    for row in rows {
        let place = place(row)?;
        let (taps, statement) = (bytes(row, "packed_taps")?, bytes(row, "statement")?);
        let taps = tap::read_all(&mut Unpacker::new(&taps, &words)?, place)?;
        let day = day::read(&mut Unpacker::new(&statement, &words)?, place, &taps)?;
        days.push(RiderDay {
            taps,
            journeys: day.journeys,
            flags: day.flags,
            stands: read_stands(row)?,
        });
    }
    Ok(days)
}

fn place(row: &PgRow) -> Result<(AccountId, ServiceDay), StoreError> {
    let account = AccountId::from_bytes(array(row, "account_id")?);
    Ok((account, day(row, "service_day")?))
}

/// Where a day stands, from a row with its charges.
pub(crate) fn read_stands(row: &PgRow) -> Result<AccountDay, StoreError> {
    let failed = backend("read a day's charges");
    let (account, day) = place(row)?;
    let currency = currency(row, "currency")?;
    let closed: Option<bool> = row.try_get("closed").map_err(&failed)?;
    let zero = Amount::zero(currency);
    let (charged, refunds, credited, charge_revision) = match closed {
        None => (zero, zero, zero, 0),
        Some(_) => (
            amount(row, "charged_minor", currency)?,
            amount(row, "refunds_minor", currency)?,
            amount(row, "credited_minor", currency)?,
            unsigned_32(row, "charge_revision")?,
        ),
    };
    Ok(AccountDay {
        account,
        day,
        revision: unsigned_32(row, "revision")?,
        fares: amount(row, "fares_minor", currency)?,
        charged,
        refunds,
        credited,
        charge_revision,
        closed: closed.unwrap_or(false),
    })
}

/// Writes what was charged for days, in place of what stood there.
pub(crate) async fn put_charged(
    conn: &mut PgConnection,
    days: &[AccountDay],
) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let upserted = sqlx::query(UPSERT_CHARGED)
        .bind(
            days.iter()
                .map(|day| day.account.as_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(days.iter().map(|day| day.day.as_days()).collect::<Vec<_>>())
        .bind(
            days.iter()
                .map(|day| narrow(day.charge_revision))
                .collect::<Vec<_>>(),
        )
        .bind(days.iter().map(|day| day.closed).collect::<Vec<_>>())
        .bind(
            days.iter()
                .map(|day| day.charged.as_minor())
                .collect::<Vec<_>>(),
        )
        .bind(
            days.iter()
                .map(|day| day.refunds.as_minor())
                .collect::<Vec<_>>(),
        )
        .bind(
            days.iter()
                .map(|day| day.credited.as_minor())
                .collect::<Vec<_>>(),
        )
        .execute(conn);
    upserted.await.map_err(backend("store what was charged"))?;
    Ok(())
}

/// A revision as a column holds it. A day that changes two thousand million times stays at the
/// last: its next entry would then break the ledger's chain and be refused.
pub(crate) fn narrow(revision: u32) -> i32 {
    i32::try_from(revision).unwrap_or(i32::MAX)
}

fn ids(accounts: &BTreeSet<AccountId>) -> Vec<Vec<u8>> {
    accounts.iter().map(|id| id.as_bytes().to_vec()).collect()
}
