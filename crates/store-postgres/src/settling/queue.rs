//! The queue: which days wait, taking some of them, taking them off.

use std::collections::BTreeSet;

use settlement::ports::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, ServiceDay};

use crate::PostgresStore;
use crate::columns::{array, day, int};
use crate::store::backend;

/// Service days and shards with work, in order. Steps from one to the next in the index, so that
/// it costs as much as there are places, not rows.
const SELECT_PLACES: &str = "WITH RECURSIVE places AS ( \
     (SELECT service_day, shard FROM new_taps ORDER BY service_day, shard LIMIT 1) \
     UNION ALL SELECT n.service_day, n.shard FROM places p CROSS JOIN LATERAL \
     (SELECT t.service_day, t.shard FROM new_taps t \
         WHERE (t.service_day, t.shard) > (p.service_day, p.shard) \
         ORDER BY t.service_day, t.shard LIMIT 1) n) \
     SELECT service_day, shard FROM places \
     UNION SELECT service_day, shard FROM dirty_days ORDER BY service_day, shard";

const HOLD: &str = "SELECT shard FROM shards WHERE shard = $1 FOR UPDATE SKIP LOCKED";

const WAIT: &str = "SELECT shard FROM shards WHERE shard = $1 FOR UPDATE";

/// In order of arrival for each device: a note never comes before its tap.
const SELECT_PARCELS: &str = "SELECT service_day, shard, parcel, items, packed FROM new_taps \
     WHERE service_day = $1 AND shard = $2 ORDER BY device_id, parcel LIMIT $3";

const SELECT_DIRTY: &str = "SELECT account_id FROM dirty_days \
     WHERE service_day = $1 AND shard = $2 ORDER BY account_id LIMIT $3";

const DELETE_PARCELS: &str =
    "DELETE FROM new_taps WHERE service_day = $1 AND shard = ANY($2) AND parcel = ANY($3)";

const DELETE_DIRTY: &str = "DELETE FROM dirty_days WHERE service_day = $1 AND account_id = ANY($2)";

/// A service day and a shard.
pub(super) type Place = (ServiceDay, i16);

/// Items for which a transaction is worth its flush of the disk. Who has so many leaves the other
/// shards to other workers.
const ENOUGH: i64 = 20_000;

/// Work of one service day that this transaction has taken.
pub(super) struct Taken {
    pub(super) day: ServiceDay,
    /// Parcels of taps and notes.
    pub(super) rows: Vec<PgRow>,
    /// Accounts whose day is to be settled for another day's sake.
    pub(super) dirty: BTreeSet<AccountId>,
    shards: Vec<i16>,
    parcels: Vec<i64>,
}

pub(super) async fn places(store: &PostgresStore) -> Result<Vec<Place>, StoreError> {
    let rows = sqlx::query(SELECT_PLACES).fetch_all(&store.pool).await;
    let place = |row: &PgRow| {
        let shard = row.try_get("shard").map_err(backend("read the queue"))?;
        Ok((day(row, "service_day")?, shard))
    };
    rows.map_err(backend("read the queue"))?
        .iter()
        .map(place)
        .collect()
}

/// Holds shards that nobody else holds, in order, and takes all that waits in them on the first
/// service day that is found: of one that holds [`ENOUGH`], or of several, and at most about
/// `limit`. `None` where there is nothing to take.
pub(super) async fn take(
    conn: &mut PgConnection,
    places: &[Place],
    limit: u32,
) -> Result<Option<Taken>, StoreError> {
    let mut taken: Option<Taken> = None;
    let mut left = i64::from(limit);
    for (day, shard) in places {
        let is_enough = left <= 0 || i64::from(limit) - left >= ENOUGH;
        if is_enough || taken.as_ref().is_some_and(|taken| taken.day != *day) {
            break;
        }
        let held = sqlx::query(HOLD).bind(shard).fetch_optional(&mut *conn);
        if held.await.map_err(backend("hold a shard"))?.is_none() {
            continue;
        }
        let mut found = taken.take().unwrap_or_else(|| Taken {
            day: *day,
            rows: Vec::new(),
            dirty: BTreeSet::new(),
            shards: Vec::new(),
            parcels: Vec::new(),
        });
        left = found.add(conn, (*day, *shard), left).await?;
        taken = (!found.rows.is_empty() || !found.dirty.is_empty()).then_some(found);
    }
    Ok(taken)
}

/// Waits until nobody holds `shard`.
pub(super) async fn wait(store: &PostgresStore, shard: i16) -> Result<(), StoreError> {
    let held = sqlx::query(WAIT).bind(shard).execute(&store.pool).await;
    held.map_err(backend("wait for a shard"))?;
    Ok(())
}

impl Taken {
    /// The shards held.
    pub(super) fn shards(&self) -> &[i16] {
        &self.shards
    }

    /// Takes what waits in a place and gives how many more days to take.
    async fn add(
        &mut self,
        conn: &mut PgConnection,
        (day, shard): Place,
        mut left: i64,
    ) -> Result<i64, StoreError> {
        let failed = backend("take days");
        let bind = |sql: &'static str| sqlx::query(sql).bind(day.as_days()).bind(shard).bind(left);
        let rows = bind(SELECT_PARCELS).fetch_all(&mut *conn);
        let mut rows = rows.await.map_err(&failed)?;
        let mut parcels = Vec::new();
        for row in &rows {
            if left <= 0 {
                break;
            }
            left -= int(row, "items")?;
            parcels.push(int(row, "parcel")?);
        }
        rows.truncate(parcels.len());
        self.rows.extend(rows);
        self.shards.push(shard);
        self.parcels.extend(parcels);
        let dirty = sqlx::query(SELECT_DIRTY)
            .bind(day.as_days())
            .bind(shard)
            .bind(left.max(0))
            .fetch_all(conn);
        for row in &dirty.await.map_err(&failed)? {
            left -= 1;
            self.dirty
                .insert(AccountId::from_bytes(array(row, "account_id")?));
        }
        Ok(left)
    }

    /// Takes the days off the queue.
    pub(super) async fn remove(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        let failed = backend("take days off the queue");
        let parcels = sqlx::query(DELETE_PARCELS)
            .bind(self.day.as_days())
            .bind(&self.shards)
            .bind(&self.parcels)
            .execute(&mut *conn);
        parcels.await.map_err(&failed)?;
        if self.dirty.is_empty() {
            return Ok(());
        }
        let accounts = self.dirty.iter().map(|id| id.as_bytes().to_vec());
        let dirty = sqlx::query(DELETE_DIRTY)
            .bind(self.day.as_days())
            .bind(accounts.collect::<Vec<_>>())
            .execute(conn);
        dirty.await.map_err(&failed)?;
        Ok(())
    }
}
