//! `faregate explain CHARGE`: what somebody paid for, down to the taps.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use api::ChargeExplanation;
use settlement::corrections::{CorrectionFilter, CorrectionStore as _};
use settlement::ports::SettlementStore as _;
use store::Store;
use tariff::City;
use units::{Balance, ChargeId};

use super::arguments::ExplainChargeArguments;
use crate::folder;
use crate::output::Reader;

/// Refunds and appeals of a rider that are read.
const REQUESTS_MAX: u32 = 1_000;

/// Explains the charge.
///
/// # Errors
/// When there is no such charge, or the city or the database cannot be read.
pub(crate) async fn run(arguments: &ExplainChargeArguments) -> Result<bool> {
    let id = ChargeId::parse(&arguments.charge).context("the id of the charge")?;
    let city = folder::load_city(arguments.books.city.as_deref())?;
    let store = arguments.books.database.open_existing().await?;
    let explained = explain(&city, &store, id).await;
    store.close().await;
    let explained = explained?;
    Reader::of(arguments.json).print(&explained, &lines(&city, &explained)?)?;
    Ok(true)
}

async fn explain(city: &City, store: &Store, id: ChargeId) -> Result<ChargeExplanation> {
    let charge = store.charge(id).await?;
    let charge = charge.with_context(|| format!("the database has no charge {id}"))?;
    let record = store.day_record(charge.account, charge.day).await?;
    let of_account = CorrectionFilter {
        account: Some(charge.account),
        ..CorrectionFilter::default()
    };
    let requests = store.corrections(&of_account, None, REQUESTS_MAX).await?;
    Ok(server::explanation(city, &charge, &record, &requests))
}

fn lines(city: &City, explained: &ChargeExplanation) -> Result<String> {
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
        writeln!(lines, "\ntap {} costs nothing: {}", tap.tap.0, tap.why)?;
    }
    if explained.charges.len() > 1 {
        writeln!(lines, "\nAll charges of {}:", explained.day.0)?;
        for charge in &explained.charges {
            writeln!(
                lines,
                "  {}  {}",
                money(charge.amount_minor),
                charge.because
            )?;
        }
    }
    for request in &explained.requests {
        let asked = money(request.amount_minor);
        writeln!(
            lines,
            "\n{} of {asked} ({}), {}: {}",
            request.kind, request.reason, request.state, request.note
        )?;
    }
    Ok(lines)
}
