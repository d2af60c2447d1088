//! Settlement, from a gate's upload to the books, against bare copying on the same servers.
//!
//! Rows of one kind are one module: `ingest` (PostgreSQL), `http` (the same behind a server),
//! `evidence` (riders' codes), `sqlite`, `day` (settling). Whoever adds another kind adds a module
//! and a line to [`rows`].

mod city;
mod day;
mod evidence;
mod http;
mod ingest;
mod raw;
mod sqlite;
mod uploads;
mod worker;

use services::Postgres;

use crate::report::Row;

pub(crate) use day::Sizes;
pub(crate) use worker::main as worker_main;

/// As a city's server is set up, with every commit synced (`fsync`, `synchronous_commit`).
const SETTINGS: [&str; 5] = [
    "shared_buffers=2GB",
    "wal_buffers=64MB",
    "max_wal_size=16GB",
    "checkpoint_timeout=30min",
    "jit=off",
];

/// The rows of `only` (a module's name), or all.
///
/// # Errors
/// When a server cannot be started or refuses.
pub(crate) fn rows(sizes: Sizes, only: Option<&str>) -> anyhow::Result<Vec<Row>> {
    let wanted = |group: &str| only.is_none_or(|only| only == group);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut rows = Vec::new();
    if wanted("sqlite") {
        rows.extend(sqlite::rows(&runtime)?);
    }
    if ["ingest", "http", "evidence", "day"]
        .into_iter()
        .any(wanted)
    {
        let server = Postgres::start_with(&SETTINGS)?;
        if wanted("ingest") {
            rows.extend(ingest::rows(&runtime, &server)?);
        }
        if wanted("http") {
            rows.extend(http::rows(&runtime, &server)?);
        }
        if wanted("evidence") {
            rows.extend(evidence::rows(&runtime, &server)?);
        }
        if wanted("day") {
            rows.extend(day::rows(&runtime, &server, sizes)?);
        }
    }
    anyhow::ensure!(
        !rows.is_empty(),
        "expected ingest, http, evidence, sqlite or day"
    );
    Ok(rows)
}
