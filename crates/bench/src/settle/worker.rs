//! Settling in a process of its own, so that its memory is its own too.

use std::io::Write as _;
use std::process::Command;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use store_postgres::{Location, PostgresStore};
use tokio::task::JoinSet;

use super::city::Day;
use crate::measure::timed;

/// What settling came to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Settled {
    /// From the first statement to the last commit.
    pub(super) seconds: f64,
    /// Riders' days taken.
    pub(super) days: u64,
    /// The most memory the process ever had (`VmHWM`), in MB of 10^6 bytes.
    pub(super) peak_mb: f64,
}

/// Runs this program as a worker on `url` and waits for it.
///
/// # Errors
/// When it cannot be started or fails.
pub(super) fn run(url: &str, workers: usize) -> anyhow::Result<Settled> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["settle-worker", "--url", url, "--workers"]);
    let output = command.arg(workers.to_string()).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    anyhow::ensure!(output.status.success(), "the worker failed: {said}");
    serde_json::from_slice(&output.stdout).context("what the worker printed")
}

/// Settles everything that waits, and prints what it came to.
///
/// # Errors
/// When the store refuses.
pub(crate) fn main(url: &str, workers: usize) -> anyhow::Result<()> {
    let day = std::sync::Arc::new(Day::new(1)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?;
    let store = runtime.block_on(PostgresStore::open(&Location::parse(url)?))?;
    let (seconds, days) = timed(|| {
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..workers {
                let (store, day) = (store.clone(), std::sync::Arc::clone(&day));
                tasks.spawn(async move {
                    settlement::settle::all(&store, &day.city, day.hour(26)).await
                });
            }
            let mut days = 0;
            while let Some(settled) = tasks.join_next().await {
                days += settled??;
            }
            anyhow::Ok(days)
        })
    });
    let settled = Settled {
        seconds,
        days: days?,
        peak_mb: crate::fares::peak_mb()?.context("no /proc on this system")?,
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &settled)?;
    Ok(out.flush()?)
}
