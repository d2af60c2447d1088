//! Counts over the whole database.

use std::collections::{BTreeMap, BTreeSet};

use settlement::ports::{Counts, StoreError};
use sqlx::postgres::PgConnection;
use units::{AccountId, Currency};

use crate::PostgresStore;
use crate::columns::{array, currency, int, text, unsigned};
use crate::pages;
use crate::parcels::Item;
use crate::store::backend;

const RIDERS: &str = "SELECT DISTINCT account_id FROM rider_days";
const DAYS: &str = "SELECT coalesce(sum(taps), 0)::bigint AS taps, \
     coalesce(sum(journeys), 0)::bigint AS journeys, \
     coalesce(sum(incomplete), 0)::bigint AS incomplete, \
     coalesce(sum(unpriced), 0)::bigint AS unpriced FROM rider_days";
const REFUSED: &str = "SELECT decision::text AS name, count(*) AS n FROM refused_taps GROUP BY 1";
const QUARANTINED: &str = "SELECT reason AS name, count(*) AS n FROM quarantine GROUP BY reason";
const FLAGGED: &str = "SELECT flag AS name, count(*) AS n FROM \
     (SELECT unnest(flagged) AS flag FROM rider_days WHERE flagged IS NOT NULL) f GROUP BY flag";
const UNJUDGED: &str = "SELECT coalesce(sum(r.next_seq - r.first_seq), 0)::bigint AS n \
     FROM unjudged_runs u JOIN device_records r USING (device_id, epoch, first_seq)";
const FAULTY: &str = "SELECT count(*) AS n FROM day_faults";
const CONFLICTS: &str = "SELECT (SELECT count(*) FROM record_conflicts) \
     + (SELECT coalesce(sum(more), 0)::bigint FROM conflict_counts) AS n";
const CHAIN_BREAKS: &str = "SELECT count(*) AS n FROM batches WHERE continuity = 'broken'";
const FARES: &str =
    "SELECT currency, sum(fares_minor)::bigint AS minor FROM rider_days GROUP BY currency";
const CHARGES: &str = "SELECT count(*) AS n FROM charges";
const CHARGED: &str =
    "SELECT currency, sum(amount_minor)::bigint AS minor FROM charges GROUP BY currency";
const LEDGER: &str = "SELECT currency, sum(debits_minor + credits_minor)::bigint AS minor \
     FROM ledger_pages GROUP BY currency";

pub(crate) async fn all(store: &PostgresStore) -> Result<Counts, StoreError> {
    let mut tx = pages::snapshot(store).await?;
    let conn: &mut PgConnection = &mut tx;
    let mut refused = BTreeMap::new();
    for (code, count) in by_name(conn, REFUSED).await? {
        let code = code.parse::<u16>();
        let code = code.map_err(|error| StoreError::corrupt("refused_taps.decision", error))?;
        refused.insert(code, count);
    }
    let days = sqlx::query(DAYS).fetch_one(&mut *conn).await;
    let days = days.map_err(backend("count"))?;
    let waiting = pages::waiting(conn, &store.names).await?;
    let mut dirty = pages::dirty(conn).await?;
    dirty.extend(waiting.keys());
    let mut riders = riders(conn).await?;
    let mut permitted = unsigned(&days, "taps")?;
    for ((account, _), items) in &waiting {
        let taps = items
            .iter()
            .filter(|item| matches!(item, Item::Tap(_)))
            .count();
        permitted = permitted.saturating_add(u64::try_from(taps).unwrap_or(u64::MAX));
        riders.insert(*account);
    }
    Ok(Counts {
        riders: u64::try_from(riders.len()).unwrap_or(u64::MAX),
        permitted,
        refused,
        quarantined: by_name(conn, QUARANTINED).await?,
        flagged: by_name(conn, FLAGGED).await?,
        conflicts: count(conn, CONFLICTS).await?,
        chain_breaks: count(conn, CHAIN_BREAKS).await?,
        journeys: unsigned(&days, "journeys")?,
        incomplete: unsigned(&days, "incomplete")?,
        unpriced: unsigned(&days, "unpriced")?,
        fares_minor: money(conn, FARES).await?,
        charges: count(conn, CHARGES).await?,
        charged_minor: money(conn, CHARGED).await?,
        ledger_sum_minor: money(conn, LEDGER).await?,
        unjudged: count(conn, UNJUDGED).await?,
        dirty_days: u64::try_from(dirty.len()).unwrap_or(u64::MAX),
        faulty_days: count(conn, FAULTY).await?,
    })
}

async fn riders(conn: &mut PgConnection) -> Result<BTreeSet<AccountId>, StoreError> {
    let rows = sqlx::query(RIDERS).fetch_all(conn).await;
    let rows = rows.map_err(backend("count riders"))?;
    rows.iter()
        .map(|row| array(row, "account_id").map(AccountId::from_bytes))
        .collect()
}

async fn count(conn: &mut PgConnection, sql: &'static str) -> Result<u64, StoreError> {
    let row = sqlx::query(sql).fetch_one(conn).await;
    unsigned(&row.map_err(backend("count"))?, "n")
}

async fn by_name(
    conn: &mut PgConnection,
    sql: &'static str,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows = sqlx::query(sql).fetch_all(conn).await;
    rows.map_err(backend("count"))?
        .iter()
        .map(|row| Ok((text(row, "name")?.to_owned(), unsigned(row, "n")?)))
        .collect()
}

async fn money(
    conn: &mut PgConnection,
    sql: &'static str,
) -> Result<BTreeMap<Currency, i64>, StoreError> {
    let rows = sqlx::query(sql).fetch_all(conn).await;
    rows.map_err(backend("add up money"))?
        .iter()
        .map(|row| Ok((currency(row, "currency")?, int(row, "minor")?)))
        .collect()
}
