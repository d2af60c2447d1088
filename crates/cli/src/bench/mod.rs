//! `faregate bench gate`: what a gate does on this machine, with the agent's own core.

mod city;
mod denied;
mod medium;
mod memory;
mod row;
mod server;
mod station;

use anyhow::{Context as _, Result, bail};
use gate::agent::Agent;
use gate::machine::{self, Stopwatch};
use gate::media::FileMedia;
use journal::Media;
use wire::tap::TapKind;

use crate::arguments::GateBenchArguments;
use crate::output::Reader;
use city::City;
use medium::Unsynced;
use row::Row;
use station::Station;

/// The deny list of the runs that are timed: short, so that memory is measured apart from time.
const DENIED_WHEN_TIMED: u32 = 1_000;

/// What scan to open has to keep at p99, in microseconds: half of what London allows a reader.
const OPEN_US_MAX: f64 = 250_000.0;

/// Codes made at once.
const MADE_AT_ONCE: u32 = 250;

/// Does what the command line asks.
///
/// # Errors
/// When a folder cannot be written, a good code is refused, or there is no agent to start.
pub(crate) fn gate(arguments: &GateBenchArguments) -> Result<bool> {
    let place = match &arguments.dir {
        Some(dir) => tempfile::tempdir_in(dir).with_context(|| dir.display().to_string())?,
        None => tempfile::tempdir()?,
    };
    let city = City::new()?;
    let lists = city.publish(None, city::denied(0..DENIED_WHEN_TIMED))?;
    let station = |name: &str| -> Result<Station> {
        let station = Station::new(&place.path().join(name), &city, "")?;
        city.install(&station.lists(), &lists)?;
        Ok(station)
    };
    let synced = station("synced")?;
    let media = FileMedia::open(&synced.journal())?;
    let agent = gate::run::open_on(&synced.config()?, media)?;
    let with = show(agent, arguments.codes)?;
    let unsynced = station("unsynced")?;
    let media = Unsynced(FileMedia::open(&unsynced.journal())?);
    let agent = gate::run::open_on(&unsynced.config()?, media)?;
    let without = show(agent, arguments.codes)?;

    let mut rows = times(&with, &without);
    if arguments.denied > 0 {
        let station = place.path().join("memory");
        rows.extend(memory::rows(&station, &city, arguments)?);
    }
    if arguments.denied_long > 0 {
        let station = place.path().join("memory-long");
        rows.extend(memory::rows_long(&station, &city, arguments)?);
    }
    let text = row::table(&rows, place.path())?;
    Reader::of(arguments.json).print(&rows, &text)?;
    Ok(!rows.iter().any(Row::missed))
}

fn times(with: &Run, without: &Run) -> Vec<Row> {
    let decided = &with.decided_us;
    let (opened, rate) = (&with.opened_us, "codes/s");
    let row = |id, what: &str, ours, unit| Row::new(id, what, ours, unit);
    let p50 = "scan to open door, tap on disk (fdatasync), median";
    let whole = "codes through the agent on one core";
    vec![
        row(
            "agent_decision_p50",
            "decision in the agent, median",
            quantile(decided, 500),
            "µs",
        ),
        row(
            "agent_decision_p99",
            "the same, p99",
            quantile(decided, 990),
            "µs",
        ),
        row(
            "agent_decision_p999",
            "the same, p99.9",
            quantile(decided, 999),
            "µs",
        ),
        row("scan_to_open_p50", p50, quantile(opened, 500), "µs"),
        row(
            "scan_to_open_p99",
            "the same, p99",
            quantile(opened, 990),
            "µs",
        )
        .at_most(OPEN_US_MAX),
        row(
            "scan_to_open_p999",
            "the same, p99.9",
            quantile(opened, 999),
            "µs",
        ),
        row(
            "agent_codes_fsync",
            &format!("{whole}, each on disk before the next"),
            with.per_second,
            rate,
        ),
        row(
            "agent_codes",
            &format!("{whole}, without fsync"),
            without.per_second,
            rate,
        ),
    ]
}

/// What a run took.
struct Run {
    /// Sorted.
    decided_us: Vec<f64>,
    /// Sorted.
    opened_us: Vec<f64>,
    per_second: f64,
}

/// Shows so many codes, each once; each must open. They are made a few at a time, and not within
/// what is timed: a presentation lives for seconds.
fn show<M: Media>(mut agent: Agent<M>, count: u32) -> Result<Run> {
    let (mut decided_us, mut opened_us) = (Vec::new(), Vec::new());
    let mut seconds = 0.0;
    let mut first = 0;
    while first < count {
        let last = count.min(first + MADE_AT_ONCE);
        let codes = station::codes(first..last)?;
        let whole = Stopwatch::start();
        for code in &codes {
            let watch = Stopwatch::start();
            let answer = agent.scan(code.as_bytes(), TapKind::On, machine::now(), watch);
            if answer.code() != wire::tap::PERMITTED {
                bail!("a good code was refused: {}", answer.reason());
            }
            opened_us.push(f64::from(u32::try_from(answer.took_us)?));
            decided_us.push(f64::from(u32::try_from(answer.decided_us)?));
        }
        seconds += whole.elapsed().as_secs_f64();
        first = last;
    }
    decided_us.sort_by(f64::total_cmp);
    opened_us.sort_by(f64::total_cmp);
    Ok(Run {
        decided_us,
        opened_us,
        per_second: f64::from(count) / seconds,
    })
}

/// The value below which so many thousandths lie (nearest rank).
fn quantile(sorted: &[f64], thousandths: usize) -> f64 {
    let rank = (sorted.len() * thousandths).div_ceil(1000);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_nearest_rank() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let at = |thousandths| quantile(&values, thousandths).to_string();
        assert_eq!([at(500), at(990), at(999)], ["500", "990", "999"]);
        assert_eq!(quantile(&[7.0], 1).to_string(), "7");
        assert_eq!(quantile(&[], 500).to_string(), "0");
    }
}
