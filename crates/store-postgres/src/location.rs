//! Where a database is, and what is asked of the way there.

use std::fmt;
use std::net::IpAddr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What a URL may say about TLS, as libpq names it.
const TLS_PARAMETERS: [&str; 2] = ["sslmode=", "ssl-mode="];

/// A database of a PostgreSQL server, with what a client needs to be let in. Shown, it holds no
/// password.
#[derive(Clone)]
pub struct Location(Box<PgConnectOptions>);

/// Why a URL is none of a PostgreSQL database.
#[derive(Debug, thiserror::Error)]
#[error("not understood as postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
pub struct LocationError(#[source] sqlx::Error);

impl Location {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE` with parameters as libpq names them:
    /// `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `host` (a folder: a Unix socket),
    /// `application_name`, `options`. What is left out comes from libpq's environment variables
    /// (`PGHOST`, `PGUSER`, `PGPASSWORD` and so on) and its password file.
    ///
    /// A server on another machine is asked for TLS and must prove its name (`verify-full`) unless
    /// `sslmode` says otherwise: libpq's own default goes on in the clear when TLS fails.
    ///
    /// # Errors
    /// [`LocationError`] when it is no such URL.
    pub fn parse(url: &str) -> Result<Self, LocationError> {
        let options: PgConnectOptions = url.parse().map_err(LocationError)?;
        let said = TLS_PARAMETERS.iter().any(|name| url.contains(name));
        let by_default = matches!(options.get_ssl_mode(), PgSslMode::Prefer);
        if by_default && !said && !is_here(&options) {
            return Ok(Self(Box::new(options.ssl_mode(PgSslMode::VerifyFull))));
        }
        Ok(Self(Box::new(options)))
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.0)
    }
}

/// Whether the server is on this machine: a socket's file, or an address that leaves no machine.
fn is_here(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = bare.parse().ok();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || address.is_some_and(|address| address.is_loopback())
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}@", self.0.get_username())?;
        match self.0.get_socket() {
            Some(folder) => write!(f, "{}", folder.display())?,
            None => write!(f, "{}:{}", self.0.get_host(), self.0.get_port())?,
        }
        write!(f, "/{}", self.0.get_database().unwrap_or_default())
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_must_prove_who_it_is_unless_told_otherwise() {
        let mode = |url: &str| format!("{:?}", Location::parse(url).unwrap().0.get_ssl_mode());
        assert_eq!(mode("postgres://anna@db.example.org/city"), "VerifyFull");
        assert_eq!(mode("postgres://anna@192.0.2.7/city"), "VerifyFull");
        assert_eq!(mode("postgres://anna@db/city?sslmode=prefer"), "Prefer");
        assert_eq!(mode("postgres://anna@db/city?sslmode=disable"), "Disable");
        for here in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
            assert_eq!(
                mode(&format!("postgres://anna@{here}/city")),
                "Prefer",
                "{here}"
            );
        }
    }
}
