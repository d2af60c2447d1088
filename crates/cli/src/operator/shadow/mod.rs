//! `faregate settle --shadow`: what another tariff, or this release, would have charged for the
//! taps in the books. Nothing is written.
//!
//! Memory holds a page of riders and the rows in which the packages differ, however many taps there
//! are: each change is told as it is found.

mod cause;
mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use settlement::model::{StoredFare, StoredJourney};
use settlement::shadow::{ChangedDay, ChangedJourney, replay};
use units::{Balance, Currency};

use super::Open;
use crate::database::DatabaseArguments;
use crate::package;
use crate::world::Stopwatch;
use cause::{Cause, Causes, Tariff};

/// One changed charge.
#[derive(Serialize)]
struct Change {
    rider: String,
    day: String,
    old_minor: i128,
    new_minor: i128,
    difference_minor: i128,
    cause: Cause,
    journeys: Vec<Journey>,
}

/// A journey that costs something else. `null` where the taps make no such journey, or where it has
/// no fare.
#[derive(Serialize)]
struct Journey {
    id: Option<String>,
    old_minor: Option<i64>,
    new_minor: Option<i64>,
    old_because: Option<String>,
    new_because: Option<String>,
}

#[derive(Serialize, Default)]
struct OfCause {
    days: u64,
    difference_minor: i128,
}

/// What the replay came to.
#[derive(Serialize, Default)]
struct Totals {
    old: String,
    new: String,
    currency: String,
    riders: u64,
    days: u64,
    /// Days whose taps had not been settled: both sides were computed.
    unsettled_days: u64,
    journeys: u64,
    /// Journeys without a fare by the new tariff.
    unpriced: u64,
    old_minor: i128,
    new_minor: i128,
    difference_minor: i128,
    changed_days: u64,
    by_cause: BTreeMap<&'static str, OfCause>,
    wall_s: f64,
}

/// Replays the taps in the books of `database`, which were charged by the package `old`, by the
/// package `new`; true: every change is explained.
///
/// # Errors
/// When a package or the database cannot be read.
pub(crate) async fn run(
    database: &DatabaseArguments,
    old: &Path,
    new: &Path,
    json: bool,
) -> Result<bool> {
    let watch = Stopwatch::start();
    let mut causes = Causes::new(tariff(old)?, tariff(new)?);
    let (was, is) = (causes.old.city.currency(), causes.new.city.currency());
    if was != is {
        bail!("fares in {was} and in {is} cannot be compared");
    }
    let store = database.open_existing().await?;
    let mut open = Open::of(causes.old.city.clone(), store);
    let mut totals = Totals {
        old: old.display().to_string(),
        new: new.display().to_string(),
        currency: was.to_string(),
        ..Totals::default()
    };
    let mut teller = Teller::new(json, was)?;
    loop {
        let page = open.page().await?;
        if page.is_empty() {
            break;
        }
        for record in &page {
            let replayed = replay(&causes.old.city, &causes.new.city, record);
            totals.riders += 1;
            totals.days += replayed.days;
            totals.unsettled_days += replayed.unsettled;
            totals.journeys += replayed.journeys;
            totals.unpriced += replayed.unpriced;
            totals.old_minor += replayed.old_minor;
            totals.new_minor += replayed.new_minor;
            for changed in &replayed.changed {
                let change = told(changed, causes.of(changed));
                totals.add(&change);
                open.counter.suspend(|| teller.tell(&change))?;
            }
        }
    }
    totals.difference_minor = totals.new_minor - totals.old_minor;
    totals.wall_s = watch.seconds();
    teller.end(&totals)?;
    Ok(!totals.by_cause.contains_key("unexplained"))
}

fn tariff(path: &Path) -> Result<Tariff> {
    let package = package::read(path)?;
    Ok(Tariff {
        city: package::city(&package, path)?,
        files: package.files,
    })
}

fn told(changed: &ChangedDay, cause: Cause) -> Change {
    Change {
        rider: changed.account.to_string(),
        day: changed.day.to_string(),
        old_minor: changed.old_minor,
        new_minor: changed.new_minor,
        difference_minor: changed.new_minor - changed.old_minor,
        cause,
        journeys: changed.journeys.iter().map(journey).collect(),
    }
}

fn journey(changed: &ChangedJourney) -> Journey {
    let fare = |side: &Option<StoredJourney>| match side.as_ref()?.fare {
        StoredFare::Priced(fare) => Some(fare.as_minor()),
        StoredFare::Unpriced => None,
    };
    let because = |side: &Option<StoredJourney>| Some(side.as_ref()?.because.clone());
    let either = changed.new.as_ref().or(changed.old.as_ref());
    Journey {
        id: either.map(|journey| journey.id.to_string()),
        old_minor: fare(&changed.old),
        new_minor: fare(&changed.new),
        old_because: because(&changed.old),
        new_because: because(&changed.new),
    }
}

impl Totals {
    fn add(&mut self, change: &Change) {
        self.changed_days += 1;
        let of_cause = self.by_cause.entry(change.cause.class()).or_default();
        of_cause.days += 1;
        of_cause.difference_minor += change.difference_minor;
    }
}

/// Tells changes as they come: as parts of one JSON object, or as lines.
struct Teller {
    json: bool,
    currency: Currency,
    told: u64,
}

impl Teller {
    fn new(json: bool, currency: Currency) -> Result<Self> {
        if json {
            write!(std::io::stdout(), "{{\"changes\": [")?;
        }
        Ok(Self {
            json,
            currency,
            told: 0,
        })
    }

    fn tell(&mut self, change: &Change) -> Result<()> {
        let mut out = std::io::stdout().lock();
        self.told += 1;
        if !self.json {
            return Ok(out.write_all(lines(change, self.currency)?.as_bytes())?);
        }
        let comma = if self.told > 1 { ",\n" } else { "\n" };
        write!(out, "{comma}{}", serde_json::to_string(change)?)?;
        Ok(())
    }

    fn end(self, totals: &Totals) -> Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            // The members of the totals stand beside the changes.
            let totals = serde_json::to_string_pretty(totals)?;
            writeln!(out, "\n],{}", totals.trim_start_matches('{'))?;
        } else {
            out.write_all(summary(totals, self.currency)?.as_bytes())?;
        }
        Ok(out.flush()?)
    }
}

/// An amount for a person; sums of a city leave 64 bits only where nobody reads them.
fn money(minor: i128, currency: Currency) -> Balance {
    let most = if minor < 0 { i64::MIN } else { i64::MAX };
    Balance::new(i64::try_from(minor).unwrap_or(most), currency)
}

fn lines(change: &Change, currency: Currency) -> Result<String> {
    let mut lines = String::new();
    let money = |minor| money(minor, currency);
    writeln!(
        lines,
        "{} {}  {} -> {}  ({}, {})",
        change.rider,
        change.day,
        money(change.old_minor),
        money(change.new_minor),
        money(change.difference_minor),
        change.cause.class()
    )?;
    for journey in &change.journeys {
        for (what, because) in [("old", &journey.old_because), ("new", &journey.new_because)] {
            let none = "(these taps make another journey)";
            writeln!(lines, "    {what}  {}", because.as_deref().unwrap_or(none))?;
        }
    }
    match &change.cause {
        Cause::TariffVersion {
            old_since,
            new_since,
        } => {
            let since = |day: &Option<String>| day.clone().unwrap_or("the beginning".to_owned());
            let (old, new) = (since(old_since), since(new_since));
            writeln!(lines, "    the tariff in force since {old}, now {new}")?;
        }
        Cause::RuleRow { rows } => {
            for row in rows {
                let (file, number, text) = (&row.file, row.row, &row.text);
                writeln!(lines, "    {}  {file} row {number}: {text}", row.only_in)?;
            }
        }
        Cause::Unexplained { reproduced_minor } => writeln!(
            lines,
            "    UNEXPLAINED: by the tariff it was charged by, these taps now cost {}",
            money(*reproduced_minor)
        )?,
    }
    Ok(lines)
}

fn summary(totals: &Totals, currency: Currency) -> Result<String> {
    let mut lines = String::new();
    let money = |minor| money(minor, currency);
    writeln!(
        lines,
        "{} riders, {} days, {} journeys: {} -> {} ({})",
        totals.riders,
        totals.days,
        totals.journeys,
        money(totals.old_minor),
        money(totals.new_minor),
        money(totals.difference_minor)
    )?;
    if totals.unsettled_days > 0 {
        writeln!(
            lines,
            "{} days were not settled yet: computed by both tariffs",
            totals.unsettled_days
        )?;
    }
    if totals.unpriced > 0 {
        writeln!(
            lines,
            "{} journeys have no fare by the new tariff",
            totals.unpriced
        )?;
    }
    writeln!(lines, "{} charges change", totals.changed_days)?;
    for (class, of_cause) in &totals.by_cause {
        let (days, difference) = (of_cause.days, money(of_cause.difference_minor));
        writeln!(lines, "  {class:<16} {days:>9}  {difference}")?;
    }
    writeln!(lines, "in {:.1} s; nothing was written", totals.wall_s)?;
    Ok(lines)
}
