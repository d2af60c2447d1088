//! Opening the database that `--db` names.

use anyhow::{Context as _, Result};
use store_sqlite::{Location, SqliteStore};

/// Opens the database, makes it where it is missing, and brings its tables up to date.
///
/// # Errors
/// When the name is no SQLite path, or the database cannot be opened.
pub(crate) async fn open(name: &str) -> Result<SqliteStore> {
    let location = Location::parse(name).context("--db")?;
    Ok(SqliteStore::open(&location).await?)
}

/// Opens the database of books that are only read: one that is missing is a slip, not a new city.
///
/// # Errors
/// When the name is no SQLite path, nothing is there, or the database cannot be opened.
pub(crate) async fn open_existing(name: &str) -> Result<SqliteStore> {
    let path = std::path::Path::new(name.strip_prefix("sqlite://").unwrap_or(name));
    anyhow::ensure!(path.exists(), "--db: {} does not exist", path.display());
    open(name).await
}
