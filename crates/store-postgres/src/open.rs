//! The first connection: is there a server, does it let us in, is the database ours, and of which
//! version are its tables.

use std::io;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnection, PgDatabaseError};
use sqlx::{Connection as _, Error};

use crate::Location;

/// The tables, step by step.
static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// How long a server may take to answer: it may be busy, or start.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);

/// Whether there is a record of steps, and whether there are tables that came with no extension.
const LOOK: &str = "\
SELECT to_regclass('_sqlx_migrations') IS NOT NULL, EXISTS (
    SELECT FROM pg_class AS of
    WHERE of.relkind IN ('r', 'p') AND of.relnamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = of.oid AND deptype = 'e'))";

/// Steps on record, and whether the first of ours is among them.
const STEPS: &str = "\
SELECT count(*), count(*) FILTER (WHERE version = $1 AND checksum = $2) FROM _sqlx_migrations";

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nobody answers there, or not in time.
    #[error("no PostgreSQL answers: {at}")]
    Unreachable {
        /// Where.
        at: Location,
        /// What the system said.
        #[source]
        source: Error,
    },
    /// TLS was wanted and there is none, or the server's certificate is not to be trusted.
    #[error(
        "no TLS that can be trusted: {at} (sslmode and sslrootcert in the URL say what is asked)"
    )]
    Tls {
        /// Where.
        at: Location,
        /// What TLS said.
        #[source]
        source: Error,
    },
    /// The server knows no such user, or the password is wrong.
    #[error("PostgreSQL does not let this user in with this password: {at}")]
    Refused {
        /// Where.
        at: Location,
        /// What the server said.
        #[source]
        source: Error,
    },
    /// The server has no such database.
    #[error("PostgreSQL has no such database: {at} (make it with createdb)")]
    NoDatabase {
        /// Where.
        at: Location,
        /// What the server said.
        #[source]
        source: Error,
    },
    /// The database was written by a later version of this program.
    #[error("{at} has tables of a newer version (step {step}); this program is too old for it")]
    Newer {
        /// Where.
        at: Location,
        /// The first step that this version does not know.
        step: i64,
    },
    /// The database belongs to something else.
    #[error("{at} holds tables that are not Faregate's; give it a database of its own")]
    Foreign {
        /// Where.
        at: Location,
    },
    /// The tables could not be brought to this version.
    #[error("the tables of {at} cannot be brought to this version")]
    Migrate {
        /// Where.
        at: Location,
        /// What the migrator said.
        #[source]
        source: MigrateError,
    },
    /// Anything else that the server said.
    #[error("{at} cannot be opened")]
    Open {
        /// Where.
        at: Location,
        /// What it said.
        #[source]
        source: Error,
    },
}

/// Connects once and brings the tables to this version.
pub(crate) async fn prepare(location: &Location) -> Result<(), OpenError> {
    let at = || location.clone();
    let options = location.options();
    let connecting = PgConnection::connect_with(&options);
    let connection = match tokio::time::timeout(ANSWERS_WITHIN, connecting).await {
        Ok(connection) => connection,
        Err(late) => Err(Error::Io(io::Error::from(late))),
    };
    let mut connection = connection.map_err(|error| refused(at(), error))?;
    let is_ours = is_ours(&mut connection).await;
    if !is_ours.map_err(|source| OpenError::Open { at: at(), source })? {
        return Err(OpenError::Foreign { at: at() });
    }
    match MIGRATOR.run(&mut connection).await {
        Ok(()) => {}
        Err(MigrateError::VersionMissing(step)) => {
            return Err(OpenError::Newer { at: at(), step });
        }
        Err(source) => return Err(OpenError::Migrate { at: at(), source }),
    }
    // Nothing is under way: an end that is not said politely is one all the same.
    let _ = connection.close().await;
    Ok(())
}

fn refused(at: Location, source: Error) -> OpenError {
    match &source {
        // So TLS tells of a certificate that it does not trust.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            OpenError::Tls { at, source }
        }
        Error::Io(_) => OpenError::Unreachable { at, source },
        Error::Tls(_) => OpenError::Tls { at, source },
        Error::Database(said) => match said.try_downcast_ref().map(PgDatabaseError::code) {
            // invalid_password, invalid_authorization_specification
            Some("28P01" | "28000") => OpenError::Refused { at, source },
            // invalid_catalog_name
            Some("3D000") => OpenError::NoDatabase { at, source },
            _ => OpenError::Open { at, source },
        },
        _ => OpenError::Open { at, source },
    }
}

/// Whether the database is empty or has our tables.
async fn is_ours(connection: &mut PgConnection) -> Result<bool, Error> {
    let (has_record, has_tables): (bool, bool) =
        sqlx::query_as(LOOK).fetch_one(&mut *connection).await?;
    let Some(first) = MIGRATOR.iter().next().filter(|_| has_record) else {
        return Ok(!has_tables);
    };
    let (steps, ours): (i64, i64) = sqlx::query_as(STEPS)
        .bind(first.version)
        .bind(&*first.checksum)
        .fetch_one(&mut *connection)
        .await?;
    Ok(ours > 0 || steps == 0)
}
