//! The servers that tests start for themselves (crate `services`) and the programs that they ask:
//! installed where missing.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::process::announce;
use crate::setup::install;

/// Makes PostgreSQL's programs be there, from Debian's packages when missing. The package also
/// starts a server of its own, which no test touches.
///
/// # Errors
/// When there is none and it cannot be installed.
pub(crate) fn postgres() -> Result<PathBuf> {
    announce("postgresql: a server for the tests of the store");
    let find = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten();
        let paths = versions
            .flatten()
            .map(|entry| entry.path().join("bin/initdb"));
        let known = ["/usr/local/pgsql/bin/initdb", "/usr/local/bin/initdb"].map(PathBuf::from);
        paths.chain(known).find(|path| path.exists())
    };
    if let Some(path) = find() {
        return Ok(path);
    }
    install("postgresql")?;
    find().context("the store's tests need PostgreSQL 15 or later: install it and run this again")
}

/// The path of a redis-server, installed from Debian's packages when missing.
///
/// # Errors
/// When there is none and it cannot be installed.
pub(crate) fn redis() -> Result<PathBuf> {
    announce("redis: a server for the tests of what is hot");
    let known = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"];
    let find = || known.iter().map(PathBuf::from).find(|path| path.exists());
    if let Some(path) = find() {
        return Ok(path);
    }
    install("redis-server")?;
    find().context("the tests need redis-server: install it and run this again")
}

/// The path of hledger, installed from Debian's packages when missing.
///
/// # Errors
/// When there is none and it cannot be installed.
pub(crate) fn hledger() -> Result<PathBuf> {
    announce("hledger: plain-text accounting that checks the ledger's journals");
    let known = ["/usr/bin/hledger", "/usr/local/bin/hledger"];
    let find = || known.iter().map(PathBuf::from).find(|path| path.exists());
    if let Some(path) = find() {
        return Ok(path);
    }
    install("hledger")?;
    find().context("the ledger's tests need hledger: install it and run this again")
}
