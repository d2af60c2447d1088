//! Opening the database and its two ways in: one writer, several readers.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use settlement::ports::StoreError;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Error, Transaction};

use crate::open::{self, OpenError};

/// Connections that read at the same time. Readers never wait for the writer in WAL mode.
const READERS_MAX: u32 = 4;

/// How long a statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In this process only, gone with it.
    Memory,
    /// In this file, made when it is not there.
    File(PathBuf),
}

/// Why a text is no location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected sqlite:PATH, sqlite://PATH, sqlite::memory: or a path, got {got:?}")]
pub struct LocationError {
    /// The text.
    pub got: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("sqlite::memory:"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Location {
    /// Reads a database URL; a text without `sqlite:` is taken as a path.
    ///
    /// # Errors
    /// [`LocationError`] for an empty path and for URLs of other databases.
    pub fn parse(url: &str) -> Result<Self, LocationError> {
        let wrong = || LocationError {
            got: url.to_owned(),
        };
        let path = match url.strip_prefix("sqlite:") {
            Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
            None if url.contains("://") => return Err(wrong()),
            None => url,
        };
        match path {
            "" => Err(wrong()),
            ":memory:" => Ok(Self::Memory),
            path => Ok(Self::File(PathBuf::from(path))),
        }
    }
}

/// An open database. Cheap to clone: clones share the connections.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the database, makes it where there is none, and brings its tables to this version.
    ///
    /// # Errors
    /// [`OpenError`] when the file is no database of ours or cannot be written.
    pub async fn open(location: &Location) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Open {
            location: location.clone(),
            source,
        };
        let base = SqliteConnectOptions::new()
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .synchronous(SqliteSynchronous::Full);
        let store = match location {
            // A memory database lives in its one connection: it reads and writes in turn.
            Location::Memory => {
                let options = base.in_memory(true).shared_cache(false);
                let pool = pool(1).connect_with(options).await.map_err(failed)?;
                Self {
                    writer: pool.clone(),
                    readers: pool,
                }
            }
            Location::File(path) => {
                let options = base
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal);
                let writer = pool(1)
                    .connect_with(options.clone())
                    .await
                    .map_err(failed)?;
                let readers = pool(READERS_MAX).connect_lazy_with(options.read_only(true));
                Self { writer, readers }
            }
        };
        open::prepare(&store.writer, location).await?;
        Ok(store)
    }

    /// Closes every connection, waiting for work under way; a file database is checkpointed.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Begins a transaction that writes. It takes the write lock at once (`BEGIN IMMEDIATE`): one
    /// that began by reading would fail instead of waiting when another process writes in between.
    pub(crate) async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Begins a transaction that only reads and sees one state of the database throughout.
    pub(crate) async fn begin_read(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.readers.begin().await
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Names what was tried when the driver failed: `.map_err(backend("store a batch"))`.
pub(crate) fn backend(what: &'static str) -> impl Fn(Error) -> StoreError {
    move |source| StoreError::Backend {
        what,
        source: Box::new(source),
    }
}
