//! `faregate fares explain`: why travel costs what it costs, as data and as sentences.

mod itineraries;
mod riders;

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::arguments::ExplainArguments;
use crate::package;

/// Explains the taps or the itineraries.
///
/// # Errors
/// When a file cannot be used, with its place.
pub(super) fn run(arguments: &ExplainArguments) -> Result<bool> {
    let package = package::read(&arguments.city)?;
    match (&arguments.taps, &arguments.legs) {
        (Some(taps), _) => riders::run(arguments, &package, taps),
        (None, Some(legs)) => itineraries::run(arguments, &package, legs),
        (None, None) => anyhow::bail!("--taps or --legs is wanted"),
    }
}

/// A row of a city's files.
#[derive(Serialize)]
struct RulePlace<'a> {
    file: &'a str,
    row: u64,
}

/// A JSON array written as its items come, so that it may be longer than memory.
struct Array<W> {
    out: W,
    empty: bool,
}

impl<W: Write> Array<W> {
    fn begin(mut out: W) -> Result<Self> {
        write!(out, "[")?;
        Ok(Self { out, empty: true })
    }

    fn push(&mut self, item: &impl Serialize) -> Result<()> {
        writeln!(self.out, "{}", if self.empty { "" } else { "," })?;
        self.empty = false;
        serde_json::to_writer(&mut self.out, item)?;
        Ok(())
    }

    fn end(mut self) -> Result<()> {
        writeln!(self.out, "\n]")?;
        self.out.flush()?;
        Ok(())
    }
}
