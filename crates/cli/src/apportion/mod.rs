//! `faregate apportion`: statements of what each agency earned, and checking them.

mod archive;
pub(crate) mod arguments;
mod journeys;
mod paper;
mod verify;

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use settlement::apportion::statement::{self, Statement};
use settlement::apportion::{published, shares};
use tariff::City;
use units::{Balance, ServiceDay};

use crate::output::Reader;
use crate::world::system_now;
use crate::{folder, progress};
use archive::{Archive, Total, totals_of};
use arguments::{ApportionCommand, StatementArguments};

/// Does what `faregate apportion` asks. False: a statement is not what its journeys say.
///
/// # Errors
/// When a file or the database cannot be read or written, with its place.
pub(crate) async fn run(command: &ApportionCommand) -> Result<bool> {
    match command {
        ApportionCommand::Statement(arguments) => next(arguments).await,
        ApportionCommand::Verify(arguments) => verify::run(arguments),
    }
}

#[derive(Serialize)]
struct Made {
    number: u32,
    first_day: String,
    last_day: String,
    journeys: u64,
    /// Minor units that riders paid for the period's journeys: the sum of its shares.
    net_revenue_minor: i64,
    /// Changes of days that earlier statements covered.
    adjustments: usize,
    currency: String,
    totals: Vec<Total>,
    files: Vec<String>,
}

async fn next(arguments: &StatementArguments) -> Result<bool> {
    let city = folder::load_city(arguments.city.as_deref())?;
    let mut archive = Archive::open(&arguments.out, &city)?;
    let days = period(arguments, &archive.statements)?;
    let first = archive
        .statements
        .first()
        .map_or(*days.start(), |first| *first.days.start());
    let store = arguments.database.open_existing().await?;
    let waiting = progress::counter("reading journeys");
    waiting.enable_steady_tick(std::time::Duration::from_millis(200));
    let mut published = published::read(&store, &city, &(first..=*days.end())).await?;
    waiting.finish_and_clear();
    let now = shares::of_days(&city, &published)?;
    let made = statement::next(&archive.statements, &days, &now)?;
    // What no number of this statement follows from has been published before.
    published.retain(|day, _| {
        days.contains(day) || made.adjustments.iter().any(|change| change.day == *day)
    });
    let files = archive.add(&city, &made, &published, system_now())?;
    let report = told(&city, &made, &published, files)?;
    Reader::of(arguments.json).print(&report, &lines(&city, &report)?)?;
    Ok(true)
}

fn period(
    arguments: &StatementArguments,
    earlier: &[Statement],
) -> Result<std::ops::RangeInclusive<ServiceDay>> {
    let day = |text: &str, option: &'static str| ServiceDay::parse(text).context(option);
    let through = day(&arguments.through, "--through")?;
    let from = match (&arguments.from, earlier.last()) {
        (Some(from), _) => day(from, "--from")?,
        (None, Some(last)) => ServiceDay::from_days(last.days.end().as_days().saturating_add(1)),
        (None, None) => bail!(
            "--from is wanted: {} has no statement",
            arguments.out.display()
        ),
    };
    Ok(from..=through)
}

fn told(
    city: &City,
    made: &Statement,
    published: &published::Published,
    files: Vec<String>,
) -> Result<Made> {
    let mut net = shares::Shares::new();
    for of_day in made.shares.values() {
        shares::add(&mut net, of_day)?;
    }
    let of_period = published.range(made.days.clone());
    let journeys = of_period
        .flat_map(|(_, riders)| riders)
        .map(Vec::len)
        .sum::<usize>();
    Ok(Made {
        number: made.number,
        first_day: made.days.start().to_string(),
        last_day: made.days.end().to_string(),
        journeys: u64::try_from(journeys)?,
        net_revenue_minor: net.values().sum(),
        adjustments: made.adjustments.len(),
        currency: city.currency().to_string(),
        totals: totals_of(city, made)?,
        files,
    })
}

fn lines(city: &City, made: &Made) -> Result<String> {
    let money = |minor| Balance::new(minor, city.currency());
    let mut lines = String::new();
    let Made {
        number,
        first_day,
        last_day,
        journeys,
        adjustments,
        ..
    } = made;
    writeln!(
        lines,
        "Statement {number}: {first_day} to {last_day}, {journeys} journeys"
    )?;
    for total in &made.totals {
        writeln!(
            lines,
            "  {:>14}  {}",
            money(total.minor).to_string(),
            total.name
        )?;
    }
    let net = money(made.net_revenue_minor);
    writeln!(
        lines,
        "{net} earned in the period, {adjustments} changes of earlier days"
    )?;
    for file in &made.files {
        writeln!(lines, "  wrote {file}")?;
    }
    Ok(lines)
}
