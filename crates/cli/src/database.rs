//! Where the books are, as an operator says it, and opening them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use store::{Address, Store};
use store_sqlite::Location;

/// Which database.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArguments {
    /// The database: the path of an SQLite file, or `postgres://USER:PASSWORD@HOST/DATABASE`. Other
    /// users of the machine see a command line: keep a password in the environment variable, in
    /// --db-file, or in libpq's PGPASSWORD and ~/.pgpass.
    #[arg(
        long,
        env = "FAREGATE_DB",
        hide_env_values = true,
        required_unless_present = "db_file"
    )]
    pub db: Option<String>,
    /// A file that holds what --db would say; where it is given, --db does not count.
    #[arg(long, value_name = "FILE")]
    pub db_file: Option<PathBuf>,
}

impl DatabaseArguments {
    /// What the operator said.
    ///
    /// # Errors
    /// When the file cannot be read, or what is said names no database.
    pub(crate) fn address(&self) -> Result<Address> {
        let Some(path) = &self.db_file else {
            let Some(text) = &self.db else {
                bail!("--db or --db-file is wanted");
            };
            return Address::parse(text).context("--db");
        };
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        Address::parse(text.trim()).with_context(|| path.display().to_string())
    }

    /// Opens the database and brings its tables up to date; an SQLite file is made where it is
    /// missing.
    ///
    /// # Errors
    /// When no database is named, or it cannot be opened.
    pub(crate) async fn open(&self) -> Result<Store> {
        Ok(Store::open(&self.address()?).await?)
    }

    /// Opens books that are only read: a file that is missing is a slip, not a new city.
    ///
    /// # Errors
    /// As [`Self::open`], and when there is no such file.
    pub(crate) async fn open_existing(&self) -> Result<Store> {
        let address = self.address()?;
        if let Address::Sqlite(Location::File(path)) = &address {
            ensure!(path.exists(), "--db: {} does not exist", path.display());
        }
        Ok(Store::open(&address).await?)
    }
}
