//! `faregate explain CHARGE`: what somebody paid for, down to the taps.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use settlement::model::{AccountRecord, StoredCharge, StoredFare, StoredJourney, status_as_str};
use tariff::{City, TapKind};
use units::{Balance, ChargeId};

use super::Open;
use super::arguments::ExplainChargeArguments;
use crate::output::Reader;

#[derive(Serialize)]
struct Explained {
    charge: String,
    account: String,
    day: String,
    revision: u32,
    amount_minor: i64,
    currency: String,
    state: &'static str,
    because: String,
    /// The day's journeys as they stand now.
    journeys: Vec<ToldJourney>,
    /// Taps that are not priced, and why.
    not_priced: Vec<NotPriced>,
    /// Every charge of the day; together they are the day's fares.
    charges: Vec<ToldCharge>,
}

#[derive(Serialize)]
struct ToldJourney {
    journey: String,
    status: &'static str,
    fare_minor: Option<i64>,
    because: String,
    taps: Vec<ToldTap>,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct ToldTap {
    tap: String,
    /// What clocks in the city showed.
    at: String,
    kind: &'static str,
    stop: String,
}

#[derive(Serialize)]
struct Line {
    amount_minor: i64,
    file: Option<String>,
    row: Option<u64>,
    because: String,
}

#[derive(Serialize)]
struct NotPriced {
    tap: String,
    why: &'static str,
}

#[derive(Serialize)]
struct ToldCharge {
    charge: String,
    revision: u32,
    amount_minor: i64,
    because: String,
}

/// Explains the charge.
///
/// # Errors
/// When there is no such charge, or the city or the database cannot be read.
pub(crate) async fn run(arguments: &ExplainChargeArguments) -> Result<bool> {
    let id = ChargeId::parse(&arguments.charge).context("the id of the charge")?;
    let mut open = Open::new(&arguments.books).await?;
    loop {
        let page = open.page().await?;
        if page.is_empty() {
            bail!("{} has no charge {id}", arguments.books.database.address()?);
        }
        for record in &page {
            if let Some(charge) = record.charges.iter().find(|charge| charge.id == id) {
                open.counter.finish_and_clear();
                let explained = explain(&open.city, record, charge);
                let lines = lines(&open.city, &explained)?;
                Reader::of(arguments.json).print(&explained, &lines)?;
                return Ok(true);
            }
        }
    }
}

fn explain(city: &City, record: &AccountRecord, charge: &StoredCharge) -> Explained {
    let journeys = record
        .journeys
        .iter()
        .filter(|journey| journey.day == charge.day);
    let of_day = |flag: &&(units::TapId, settlement::model::TapFlag)| {
        let tap = record.taps.iter().find(|tap| tap.tap.id == flag.0);
        tap.is_some_and(|tap| tap.day == charge.day)
    };
    let not_priced = record
        .flags
        .iter()
        .filter(of_day)
        .map(|(tap, flag)| NotPriced {
            tap: tap.to_string(),
            why: flag.as_str(),
        });
    let charges = record
        .charges
        .iter()
        .filter(|other| other.day == charge.day);
    let charges = charges.map(|other| ToldCharge {
        charge: other.id.to_string(),
        revision: other.revision,
        amount_minor: other.amount.as_minor(),
        because: other.because.clone(),
    });
    Explained {
        charge: charge.id.to_string(),
        account: charge.account.to_string(),
        day: charge.day.to_string(),
        revision: charge.revision,
        amount_minor: charge.amount.as_minor(),
        currency: charge.amount.currency().to_string(),
        state: charge.state.as_str(),
        because: charge.because.clone(),
        journeys: journeys
            .map(|journey| told(city, record, journey))
            .collect(),
        not_priced: not_priced.collect(),
        charges: charges.collect(),
    }
}

fn told(city: &City, record: &AccountRecord, journey: &StoredJourney) -> ToldJourney {
    let taps = journey.taps.iter();
    let taps = taps.filter_map(|id| record.taps.iter().find(|tap| tap.tap.id == *id));
    let taps = taps.map(|stored| ToldTap {
        tap: stored.tap.id.to_string(),
        at: city.wall_clock(stored.tap.at),
        kind: match stored.tap.kind {
            TapKind::On => "on",
            TapKind::Off => "off",
        },
        stop: city
            .stop(&stored.tap.stop)
            .map_or_else(|| stored.tap.stop.to_string(), |stop| stop.name.clone()),
    });
    let lines = journey.lines.iter().map(|line| Line {
        amount_minor: line.amount.as_minor(),
        file: line.rule.as_ref().map(|rule| rule.file.clone()),
        row: line.rule.as_ref().map(|rule| rule.row),
        because: line.because.clone(),
    });
    ToldJourney {
        journey: journey.id.to_string(),
        status: status_as_str(journey.status),
        fare_minor: match journey.fare {
            StoredFare::Priced(amount) => Some(amount.as_minor()),
            StoredFare::Unpriced => None,
        },
        because: journey.because.clone(),
        taps: taps.collect(),
        lines: lines.collect(),
    }
}

fn lines(city: &City, explained: &Explained) -> Result<String> {
    let money = |minor| Balance::new(minor, city.currency());
    let mut lines = String::new();
    writeln!(
        lines,
        "{}  {}",
        money(explained.amount_minor),
        explained.because
    )?;
    for journey in &explained.journeys {
        let fare = journey
            .fare_minor
            .map_or("no fare".to_owned(), |fare| money(fare).to_string());
        writeln!(lines, "\n{fare}  ({})", journey.status)?;
        for tap in &journey.taps {
            writeln!(lines, "  {} tap {:<3} {}", tap.at, tap.kind, tap.stop)?;
        }
        if journey.lines.is_empty() {
            writeln!(lines, "  {}", journey.because)?;
        }
        for line in &journey.lines {
            writeln!(lines, "  {}  {}", money(line.amount_minor), line.because)?;
            if let (Some(file), Some(row)) = (&line.file, line.row) {
                writeln!(lines, "      {file}, row {row}")?;
            }
        }
    }
    for tap in &explained.not_priced {
        writeln!(lines, "\ntap {} costs nothing: {}", tap.tap, tap.why)?;
    }
    if explained.charges.len() > 1 {
        writeln!(lines, "\nAll charges of {}:", explained.day)?;
        for charge in &explained.charges {
            writeln!(
                lines,
                "  {}  {}",
                money(charge.amount_minor),
                charge.because
            )?;
        }
    }
    Ok(lines)
}
