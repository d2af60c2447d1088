//! `faregate explain CHARGE`: what somebody paid for, down to the taps.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use api::{ChargeExplanation, ExplainedJourney, NotPriced, RequestBody};
use settlement::corrections::{CorrectionFilter, CorrectionStore as _};
use settlement::model::Correction;
use store::Store;
use tariff::City;
use tariff::explain::Language;
use units::{AccountId, Balance, ChargeId};

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
    let explained = explain(&city, &store, id, arguments.language).await;
    store.close().await;
    let explained = explained?;
    Reader::of(arguments.json).print(&explained, &lines(&city, &explained)?)?;
    Ok(true)
}

async fn explain(
    city: &City,
    store: &Store,
    id: ChargeId,
    language: Language,
) -> Result<ChargeExplanation> {
    let charge = store.charge(id).await?;
    let charge = charge.with_context(|| format!("the database has no charge {id}"))?;
    let requests = requests_of(store, charge.account).await?;
    Ok(server::explain(store, city, &charge, &requests, language).await?)
}

fn lines(city: &City, explained: &ChargeExplanation) -> Result<String> {
    let money = |minor| Balance::new(minor, city.currency());
    let mut lines = String::new();
    let (amount, because) = (money(explained.amount_minor), &explained.because);
    writeln!(lines, "{amount}  {because}")?;
    for journey in &explained.of_day.journeys {
        writeln!(lines, "\n{}", journey_lines(city, journey).join("\n"))?;
    }
    for tap in &explained.of_day.not_priced {
        writeln!(lines, "\n{}", tap_line(tap))?;
    }
    if explained.of_day.charges.len() > 1 {
        writeln!(lines, "\nAll charges of {}:", explained.day.0)?;
        for charge in &explained.of_day.charges {
            let amount = money(charge.amount_minor);
            writeln!(lines, "  {amount}  {}", charge.because)?;
        }
    }
    for request in &explained.of_day.requests {
        writeln!(lines, "\n{}", request_line(city, request))?;
    }
    Ok(lines)
}

/// A journey for a person: fare, taps, and the reason of each amount.
pub(super) fn journey_lines(city: &City, journey: &ExplainedJourney) -> Vec<String> {
    let money = |minor| Balance::new(minor, city.currency());
    let fare = journey
        .fare_minor
        .map_or("no fare".to_owned(), |fare| money(fare).to_string());
    let mut lines = vec![format!("{fare}  ({})", journey.status)];
    for tap in &journey.taps {
        lines.push(format!("  {} tap {:<3} {}", tap.at, tap.kind, tap.stop));
    }
    if journey.lines.is_empty() {
        lines.push(format!("  {}", journey.because));
    }
    for line in &journey.lines {
        lines.push(format!("  {}  {}", money(line.amount_minor), line.because));
        if let (Some(file), Some(row)) = (&line.file, line.row) {
            lines.push(format!("      {file}, row {row}"));
        }
    }
    lines
}

/// A tap that is not priced, for a person.
pub(super) fn tap_line(tap: &NotPriced) -> String {
    format!("tap {} costs nothing: {}", tap.tap.0, tap.why)
}

/// A refund or an appeal, for a person.
pub(super) fn request_line(city: &City, request: &RequestBody) -> String {
    let asked = Balance::new(request.amount_minor, city.currency());
    let (kind, reason, state) = (&request.kind, &request.reason, &request.state);
    format!("{kind} of {asked} ({reason}), {state}: {}", request.note)
}

/// The refunds and appeals of `account`.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn requests_of(store: &Store, account: AccountId) -> Result<Vec<Correction>> {
    let of_account = CorrectionFilter {
        account: Some(account),
        ..CorrectionFilter::default()
    };
    Ok(store.corrections(&of_account, None, REQUESTS_MAX).await?)
}
