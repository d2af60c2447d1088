//! Where a database is, as an operator writes it.

use std::fmt;

use store_postgres::Location as PostgresLocation;
use store_sqlite::{Location as SqliteLocation, LocationError};

/// Where a database is. Shown, it holds no password.
#[derive(Debug, Clone)]
pub enum Address {
    /// A file, or the memory of this process.
    Sqlite(SqliteLocation),
    /// A database of a PostgreSQL server.
    Postgres(PostgresLocation),
}

/// Why a text says of no database where it is.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Neither a path nor a URL of a database that is known here. The text is not told again: it
    /// may hold a password.
    #[error("expected a path, sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Unknown(#[source] Option<LocationError>),
    /// A URL of PostgreSQL that is none.
    #[error(transparent)]
    Postgres(#[from] store_postgres::LocationError),
}

impl Address {
    /// Reads a path, `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE` with the
    /// parameters of [`PostgresLocation::parse`].
    ///
    /// # Errors
    /// [`AddressError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(PostgresLocation::parse(text)?));
        }
        // A text with `://` is a URL that somebody got wrong, and may hold a password.
        let is_url = text.contains("://") && !text.starts_with("sqlite:");
        match SqliteLocation::parse(text) {
            Ok(location) => Ok(Self::Sqlite(location)),
            Err(_) if is_url => Err(AddressError::Unknown(None)),
            Err(error) => Err(AddressError::Unknown(Some(error))),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(location) => location.fmt(f),
            Self::Postgres(location) => location.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_a_url_and_shows_no_password() {
        let shown = |text: &str| Address::parse(text).map(|address| address.to_string());
        for (text, expected) in [
            ("faregate.db", "faregate.db"),
            ("/var/lib/faregate.db", "/var/lib/faregate.db"),
            ("sqlite:///var/lib/faregate.db", "/var/lib/faregate.db"),
            ("sqlite::memory:", "sqlite::memory:"),
            (
                "postgres://anna:hush@db/city",
                "postgres://anna@db:5432/city",
            ),
            (
                "postgresql://anna:hush@db:6432/city",
                "postgres://anna@db:6432/city",
            ),
            (
                "postgres://anna@db/city?password=hush",
                "postgres://anna@db:5432/city",
            ),
            (
                "postgres://anna@[::1]:5433/city",
                "postgres://anna@[::1]:5433/city",
            ),
            (
                "postgres:///city?host=/run/pg&user=anna",
                "postgres://anna@/run/pg/city",
            ),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), expected);
            assert!(!format!("{address:?}").contains("hush"), "{text}");
        }
        for text in [
            "",
            "mysql://anna:hush@db/city",
            "sqlite:",
            "postgres://a:hush@b:port/c",
        ] {
            let error = shown(text).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(!told.contains("hush"), "{told}");
        }
    }
}
