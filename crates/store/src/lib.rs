//! # store
//!
//! **What**: the database of a city as one type, [`Store`]: SQLite or PostgreSQL, whichever the
//! operator names when a program starts.
//!
//! **Why it exists**: programs know their database only when they run, and the ports of
//! `settlement` and `issuer` are chosen when they are compiled. One value that is either store
//! lets every command and route be written once.
//!
//! **Where it sits**: layer L2, above the adapters; `server` and `cli` hold it.
//!
//! **Invariants**: it decides nothing, each method of a port is the same method of the store
//! inside; an [`Address`] shown to anybody holds no password.
//!
//! ```
//! use settlement::ports::SettlementStore as _;
//! use store::{Address, Store};
//!
//! let city = Address::parse("postgres://faregate:secret@127.0.0.1/city")?;
//! assert_eq!(city.to_string(), "postgres://faregate@127.0.0.1:5432/city");
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let store = Store::open(&Address::parse("sqlite::memory:")?).await?;
//! assert_eq!(store.counts().await?.journeys, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod charging_port;
mod corrections;
mod issuance;
mod operator;
mod settlement_port;

use issuer::IssuanceRecord;
use settlement::ports::StoreError;
use store_postgres::PostgresStore;
use store_sqlite::SqliteStore;

pub use address::{Address, AddressError};

/// Does with the store inside what `$call` says.
macro_rules! inside {
    ($store:expr, $inner:ident => $call:expr) => {
        match $store {
            $crate::Store::Sqlite($inner) => $call,
            $crate::Store::Postgres($inner) => $call,
        }
    };
}
use inside;

/// An open database. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub enum Store {
    /// A file of this machine.
    Sqlite(SqliteStore),
    /// A database server.
    Postgres(PostgresStore),
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite.
    #[error(transparent)]
    Sqlite(#[from] store_sqlite::OpenError),
    /// PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] store_postgres::OpenError),
}

impl Store {
    /// Opens the database and brings its tables to this version; an SQLite file is made where
    /// there is none, a PostgreSQL database must be there.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(address: &Address) -> Result<Self, OpenError> {
        Ok(match address {
            Address::Sqlite(location) => Self::Sqlite(SqliteStore::open(location).await?),
            Address::Postgres(location) => Self::Postgres(PostgresStore::open(location).await?),
        })
    }

    /// Closes every connection, waiting for work under way; a file is whole afterwards and may be
    /// copied.
    pub async fn close(&self) {
        inside!(self, store => store.close().await);
    }

    /// The newest signature on record; `None` in a new database.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn newest_issuance(&self) -> Result<Option<IssuanceRecord>, StoreError> {
        inside!(self, store => store.newest_issuance().await)
    }
}

impl From<SqliteStore> for Store {
    fn from(store: SqliteStore) -> Self {
        Self::Sqlite(store)
    }
}

impl From<PostgresStore> for Store {
    fn from(store: PostgresStore) -> Self {
        Self::Postgres(store)
    }
}
