//! Counts over the whole database.

use std::collections::BTreeMap;

use settlement::ports::{Counts, StoreError};
use sqlx::sqlite::SqliteConnection;
use units::Currency;

use crate::SqliteStore;
use crate::columns::{currency, int, text, unsigned};
use crate::store::backend;

const RIDERS: &str = "SELECT count(*) AS n FROM (SELECT DISTINCT account_id FROM taps)";
const PERMITTED: &str = "SELECT count(*) AS n FROM taps";
const REFUSED: &str =
    "SELECT CAST(decision AS TEXT) AS name, count(*) AS n FROM refused_taps GROUP BY decision";
const QUARANTINED: &str = "SELECT reason AS name, count(*) AS n FROM quarantine GROUP BY reason";
const FLAGGED: &str = "SELECT flag AS name, count(*) AS n FROM tap_flags GROUP BY flag";
const CONFLICTS: &str = "SELECT (SELECT count(*) FROM record_conflicts) \
     + (SELECT coalesce(sum(more), 0) FROM conflict_counts) AS n";
const CHAIN_BREAKS: &str = "SELECT count(*) AS n FROM batches WHERE continuity = 'broken'";
const JOURNEYS: &str = "SELECT count(*) AS n FROM journeys";
const INCOMPLETE: &str = "SELECT count(*) AS n FROM journeys WHERE status <> 'complete'";
const UNPRICED: &str = "SELECT count(*) AS n FROM journeys WHERE fare_minor IS NULL";
const FARES: &str =
    "SELECT currency, sum(fares_minor) AS minor FROM account_days GROUP BY currency";
const CHARGES: &str = "SELECT count(*) AS n FROM charges";
const CHARGED: &str = "SELECT currency, sum(amount_minor) AS minor FROM charges GROUP BY currency";
const LEDGER: &str = "SELECT currency, sum(minor) AS minor FROM postings GROUP BY currency";
const UNJUDGED: &str = "SELECT coalesce(sum(next_seq - first_seq), 0) AS n FROM unjudged_runs";
const DIRTY: &str = "SELECT count(*) AS n FROM dirty_days";
const FAULTY: &str = "SELECT count(*) AS n FROM day_faults";

pub(crate) async fn all(store: &SqliteStore) -> Result<Counts, StoreError> {
    let mut tx = store.begin_read().await.map_err(backend("count"))?;
    let conn: &mut SqliteConnection = &mut tx;
    let mut refused = BTreeMap::new();
    for (code, count) in by_name(conn, REFUSED).await? {
        let code = code.parse::<u16>();
        let code = code.map_err(|error| StoreError::corrupt("refused_taps.decision", error))?;
        refused.insert(code, count);
    }
    Ok(Counts {
        riders: count(conn, RIDERS).await?,
        permitted: count(conn, PERMITTED).await?,
        refused,
        quarantined: by_name(conn, QUARANTINED).await?,
        flagged: by_name(conn, FLAGGED).await?,
        conflicts: count(conn, CONFLICTS).await?,
        chain_breaks: count(conn, CHAIN_BREAKS).await?,
        journeys: count(conn, JOURNEYS).await?,
        incomplete: count(conn, INCOMPLETE).await?,
        unpriced: count(conn, UNPRICED).await?,
        fares_minor: money(conn, FARES).await?,
        charges: count(conn, CHARGES).await?,
        charged_minor: money(conn, CHARGED).await?,
        ledger_sum_minor: money(conn, LEDGER).await?,
        unjudged: count(conn, UNJUDGED).await?,
        dirty_days: count(conn, DIRTY).await?,
        faulty_days: count(conn, FAULTY).await?,
    })
}

async fn count(conn: &mut SqliteConnection, sql: &'static str) -> Result<u64, StoreError> {
    let row = sqlx::query(sql).fetch_one(conn).await;
    unsigned(&row.map_err(backend("count"))?, "n")
}

async fn by_name(
    conn: &mut SqliteConnection,
    sql: &'static str,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows = sqlx::query(sql).fetch_all(conn).await;
    rows.map_err(backend("count"))?
        .iter()
        .map(|row| Ok((text(row, "name")?.to_owned(), unsigned(row, "n")?)))
        .collect()
}

async fn money(
    conn: &mut SqliteConnection,
    sql: &'static str,
) -> Result<BTreeMap<Currency, i64>, StoreError> {
    let rows = sqlx::query(sql).fetch_all(conn).await;
    rows.map_err(backend("add up money"))?
        .iter()
        .map(|row| Ok((currency(row, "currency")?, int(row, "minor")?)))
        .collect()
}
