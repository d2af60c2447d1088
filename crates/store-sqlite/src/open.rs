//! Is the file ours, and of which version are its tables.

use sqlx::Error;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::SqlitePool;

use crate::Location;

/// The tables, step by step.
static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Whether there is a record of steps, and whether there are tables.
const LOOK: &str = "\
SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'), \
       EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table')";

/// Steps on record, and whether the first of ours is among them.
const STEPS: &str = "\
SELECT count(*), count(*) FILTER (WHERE version = ?1 AND checksum = ?2) FROM _sqlx_migrations";

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file could not be opened as a database.
    #[error("the database {location} cannot be opened")]
    Open {
        /// Where.
        location: Location,
        /// What the driver said.
        #[source]
        source: Error,
    },
    /// The file was written by a later version of this program.
    #[error(
        "{location} has tables of a newer version (step {step}); this program is too old for it"
    )]
    Newer {
        /// Where.
        location: Location,
        /// The first step that this version does not know.
        step: i64,
    },
    /// The file belongs to something else.
    #[error("{location} holds tables that are not Faregate's; name a file of its own")]
    Foreign {
        /// Where.
        location: Location,
    },
    /// The tables could not be brought to this version.
    #[error("the tables of {location} cannot be brought to this version")]
    Migrate {
        /// Where.
        location: Location,
        /// What the migrator said.
        #[source]
        source: MigrateError,
    },
}

/// Brings the tables to this version where the database is empty or ours.
pub(crate) async fn prepare(pool: &SqlitePool, location: &Location) -> Result<(), OpenError> {
    let at = || location.clone();
    let is_ours = is_ours(pool).await;
    if !is_ours.map_err(|source| OpenError::Open {
        location: at(),
        source,
    })? {
        return Err(OpenError::Foreign { location: at() });
    }
    match MIGRATOR.run(pool).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(step)) => Err(OpenError::Newer {
            location: at(),
            step,
        }),
        Err(source) => Err(OpenError::Migrate {
            location: at(),
            source,
        }),
    }
}

async fn is_ours(pool: &SqlitePool) -> Result<bool, Error> {
    let (has_record, has_tables): (bool, bool) = sqlx::query_as(LOOK).fetch_one(pool).await?;
    let Some(first) = MIGRATOR.iter().next().filter(|_| has_record) else {
        return Ok(!has_tables);
    };
    let (steps, ours): (i64, i64) = sqlx::query_as(STEPS)
        .bind(first.version)
        .bind(&*first.checksum)
        .fetch_one(pool)
        .await?;
    Ok(ours > 0 || steps == 0)
}
