//! Opening the database, its connections, and the partitions of riders' days.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use settlement::ports::StoreError;
use sqlx::postgres::{PgPool, PgPoolOptions, Postgres};
use sqlx::{Error, Transaction};
use units::{AccountId, ServiceDay};

use crate::Location;
use crate::names::Names;
use crate::open::{self, OpenError};

/// Connections of one process: more than a machine has cores, far fewer than a server's 100.
const CONNECTIONS_MAX: u32 = 12;

/// Connections for names, partitions and the issuance log, which are asked for while others are
/// inside transactions; they wait for nobody.
const ASIDE_CONNECTIONS_MAX: u32 = 2;

/// Shards of accounts: how many workers can settle at once. The rows of table `shards`.
pub(crate) const SHARDS: u8 = 32;

/// Takes the lock of a shard: whoever settles, charges or corrects days of its accounts holds it.
pub(crate) const HOLD_SHARD: &str = "SELECT shard FROM shards WHERE shard = $1 FOR UPDATE";

/// Locks out other processes that make partitions at the same time.
const PARTITION_LOCK: i64 = 0x6661_7265_6761_7465;

/// An open database. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
    pub(crate) aside: PgPool,
    pub(crate) names: Arc<Names>,
    partitions: Arc<Mutex<BTreeSet<ServiceDay>>>,
}

impl PostgresStore {
    /// Opens the database and brings its tables to this version; several processes may do so at
    /// once.
    ///
    /// # Errors
    /// [`OpenError`] when no database answers, it is not ours, or it may not be written.
    pub async fn open(location: &Location) -> Result<Self, OpenError> {
        open::prepare(location).await?;
        let pool = |connections| {
            let pool = PgPoolOptions::new().max_connections(connections);
            pool.connect_lazy_with(location.options())
        };
        let aside = pool(ASIDE_CONNECTIONS_MAX);
        Ok(Self {
            pool: pool(CONNECTIONS_MAX),
            names: Arc::new(Names::new(aside.clone())),
            aside,
            partitions: Arc::default(),
        })
    }

    /// Closes every connection, waiting for work under way.
    pub async fn close(&self) {
        self.pool.close().await;
        self.aside.close().await;
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.pool.begin().await
    }

    /// Makes the partitions of `days` where there are none. It takes the lock that making one
    /// takes in a transaction of its own, so that nobody waits for it with rows locked.
    pub(crate) async fn make_partitions(
        &self,
        days: &BTreeSet<ServiceDay>,
    ) -> Result<(), StoreError> {
        let missing: Vec<ServiceDay> = {
            let made = self.partitions.lock();
            let made = made.unwrap_or_else(PoisonError::into_inner);
            days.difference(&made).copied().collect()
        };
        for day in missing {
            make_partition(&self.aside, day)
                .await
                .map_err(backend("make a partition"))?;
            self.partitions
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(day);
        }
        Ok(())
    }
}

/// Attaching locks out others that attach, and nobody that reads or writes.
async fn make_partition(pool: &PgPool, day: ServiceDay) -> Result<(), Error> {
    let days = i64::from(day.as_days());
    let sign = if days < 0 { "before_" } else { "" };
    let name = format!("rider_days_{sign}{}", days.unsigned_abs());
    let mut tx = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(PARTITION_LOCK)
        .execute(&mut *tx)
        .await?;
    let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(name.clone())
        .fetch_one(&mut *tx)
        .await?;
    if !there {
        // The name and the bounds are made of one integer.
        let create = format!("CREATE TABLE {name} (LIKE rider_days INCLUDING ALL)");
        sqlx::query(sqlx::AssertSqlSafe(create))
            .execute(&mut *tx)
            .await?;
        let attach = format!(
            "ALTER TABLE rider_days ATTACH PARTITION {name} FOR VALUES FROM ({days}) TO ({})",
            days + 1
        );
        sqlx::query(sqlx::AssertSqlSafe(attach))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await
}

/// The shard of an account. Ids are random or hashed; their last byte is as good as any.
pub(crate) fn shard_of(account: AccountId) -> i16 {
    let last = account.as_bytes().last().copied().unwrap_or(0);
    i16::from(last % SHARDS)
}

/// Names what was tried when the driver failed: `.map_err(backend("store a batch"))`.
pub(crate) fn backend(what: &'static str) -> impl Fn(Error) -> StoreError {
    move |source| StoreError::Backend {
        what,
        source: Box::new(source),
    }
}
