//! # services
//!
//! **What**: private instances of the real servers that tests and benchmarks run against:
//! PostgreSQL, Redis, a Redis Cluster.
//!
//! **Why it exists**: a store is only as right as the database makes it, so no test of one uses a
//! stand-in; and no test may touch a server that somebody else uses.
//!
//! **Where it sits**: on top, a dev-dependency of tests and a part of `bench`; nothing that ships
//! uses it. `cargo xtask test` installs the programs where they are missing.
//!
//! **Invariants**: each instance listens on a free port of 127.0.0.1 and keeps its files in a
//! temporary folder of its own; it ends with the value that stands for it, when a test panics too,
//! and with the process that started it, when that is killed; servers that refuse to run as root
//! run as `nobody`.
//!
//! ```no_run
//! let server = services::Postgres::start()?;
//! let url = server.create_database()?; // postgres://faregate@127.0.0.1:40123/test_1
//! # Ok::<(), services::ServiceError>(())
//! ```

mod instance;
mod postgres;
mod redis;

pub use postgres::{GUARDED_USER, Postgres};
pub use redis::{Redis, RedisCluster};

/// Why a server could not be started or told something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A program is not installed.
    #[error("{program} is not here: install Debian's package {package}, or run cargo xtask test")]
    Missing {
        /// The program looked for.
        program: &'static str,
        /// The package that has it.
        package: &'static str,
    },
    /// A program could not be run, or a folder not be made.
    #[error("could not {what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A program refused.
    #[error("could not {what}: {said}")]
    Refused {
        /// What was tried.
        what: &'static str,
        /// What the program printed.
        said: String,
    },
    /// A server did not answer in time.
    #[error("{program} did not answer within {seconds} s; it said: {said}")]
    Silent {
        /// The server.
        program: &'static str,
        /// How long it was given.
        seconds: u64,
        /// The end of its log.
        said: String,
    },
}

impl ServiceError {
    /// Names what was tried when the system failed: `.map_err(ServiceError::io("make a folder"))`.
    fn io(what: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
