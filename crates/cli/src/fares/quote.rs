//! `faregate fares quote`: what itineraries cost, each line with its rule.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use intake::itinerary::{self, Asked, Itinerary, Ride};
use serde::Serialize;
use serde_json::Value;
use tariff::explain::{self, Language};
use tariff::fares::{Bought, Fares, Leg, Line, Priced, Rider, Status, Work};

use crate::arguments::QuoteArguments;
use crate::output::Reader;
use crate::package;

#[derive(Serialize)]
struct Quote<'a> {
    id: &'a Value,
    status: &'static str,
    /// Over the priced legs; null where none is priced, or the status is ambiguous.
    total_minor: Option<i64>,
    currency: Option<String>,
    /// Places of legs, from 0.
    unpriced_legs: Vec<usize>,
    lines: Vec<QuoteLine<'a>>,
    /// Why there is no total, or not over all legs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<String>,
}

#[derive(Serialize)]
struct QuoteLine<'a> {
    legs: Vec<usize>,
    /// Null where nothing is bought: a free transfer.
    product_id: Option<&'a str>,
    amount_minor: i64,
    rule: RulePlace,
    because: String,
}

#[derive(Serialize)]
struct RulePlace {
    file: &'static str,
    row: u32,
}

/// Prices the itineraries. False: there are some, and none of them can be read.
///
/// # Errors
/// When the city cannot be read, or nothing of the itineraries.
pub(super) fn run(arguments: &QuoteArguments) -> Result<bool> {
    let language = arguments.language;
    let package = package::read(&arguments.city)?;
    let fares = Fares::new(package::feed(&package, &arguments.city)?);
    let itineraries = read_legs(&arguments.legs, &fares)?;
    let mut work = Work::default();
    let mut lines = String::new();
    let mut quotes = Vec::with_capacity(itineraries.len());
    for itinerary in &itineraries {
        let quote = quote(&fares, itinerary, language, &mut work);
        describe(&quote, &mut lines)?;
        quotes.push(quote);
    }
    Reader::of(arguments.json).print(&quotes, &lines)?;
    Ok(any_readable(&itineraries))
}

/// Whether there is one that can be priced, or none at all.
pub(super) fn any_readable(itineraries: &[Itinerary]) -> bool {
    itineraries.is_empty() || itineraries.iter().any(|one| one.asked.is_ok())
}

/// Reads the itineraries at `path`, and tells mistakes and notes on standard error.
pub(super) fn read_legs(path: &Path, fares: &Fares) -> Result<Vec<Itinerary>> {
    let mut text = Vec::new();
    let limit = u64::try_from(itinerary::BYTES_MAX)?.saturating_add(1);
    let shown = path.display();
    if path == Path::new("-") {
        let input = std::io::stdin().lock();
        input.take(limit).read_to_end(&mut text)?;
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {shown}"))?;
        file.take(limit).read_to_end(&mut text)?;
    }
    let read = itinerary::read(&text, fares).with_context(|| format!("cannot use {shown}"))?;
    let mistakes = read.all.iter().filter_map(|one| one.asked.as_ref().err());
    for (told, mistake) in mistakes.enumerate() {
        if told >= itinerary::NOTES_MAX {
            eprintln!("more itineraries cannot be read; their answers say why");
            break;
        }
        eprintln!("not priced: {}", mistake.said);
    }
    for note in &read.notes {
        eprintln!("note: {note}");
    }
    if read.notes_left_off > 0 {
        eprintln!("note: {} more", read.notes_left_off);
    }
    Ok(read.all)
}

/// The legs and the rider of an itinerary.
pub(super) fn of_asked<'a>(fares: &Fares, asked: &'a Asked) -> (Rider, Vec<Leg<'a>>) {
    (
        asked.rider(fares),
        asked.legs.iter().map(Ride::leg).collect(),
    )
}

fn quote<'a>(
    fares: &'a Fares,
    itinerary: &'a Itinerary,
    language: Language,
    work: &mut Work,
) -> Quote<'a> {
    let asked = match &itinerary.asked {
        Ok(asked) => asked,
        Err(mistake) => {
            return Quote {
                id: &itinerary.id,
                status: Status::Unpriced.word(),
                total_minor: None,
                currency: None,
                unpriced_legs: (0..mistake.legs).collect(),
                lines: Vec::new(),
                because: vec![mistake.said.clone()],
            };
        }
    };
    let (rider, legs) = of_asked(fares, asked);
    let priced = fares.price(&rider, &legs, work);
    let lines = priced.lines.iter();
    let line = |line: &Line| QuoteLine {
        legs: line.legs.clone().collect(),
        product_id: bought(fares, line.bought),
        amount_minor: line.amount.as_minor(),
        rule: RulePlace {
            file: line.file.name(),
            row: line.row,
        },
        because: explain::line(fares, &legs, line, language),
    };
    Quote {
        id: &itinerary.id,
        status: priced.status.word(),
        total_minor: priced.total.map(|total| total.as_minor()),
        currency: priced.total.map(|total| total.currency().code().to_owned()),
        lines: lines.map(line).collect(),
        because: reasons(fares, &priced, language),
        unpriced_legs: priced.unpriced,
    }
}

pub(super) fn bought(fares: &Fares, bought: Bought) -> Option<&str> {
    let ids = &fares.feed().ids;
    match bought {
        Bought::Product(product) => Some(ids.products.text(product)),
        Bought::Fare(fare) => Some(ids.fares.text(fare)),
        Bought::Nothing => None,
    }
}

pub(super) fn reasons(fares: &Fares, priced: &Priced, language: Language) -> Vec<String> {
    if let Status::Ambiguous(why) = priced.status {
        return vec![explain::ambiguous(why, language).to_owned()];
    }
    let legs = priced.unpriced.iter();
    legs.map(|leg| explain::unpriced(fares, *leg, language))
        .collect()
}

/// For a person: the total, then a row per line.
fn describe(quote: &Quote<'_>, out: &mut String) -> Result<()> {
    let id = id(quote.id);
    let currency = quote.currency.as_deref().unwrap_or_default();
    let total = money(quote.total_minor, currency);
    writeln!(out, "{id:<24} {:<10} {total:>16}", quote.status)?;
    for line in &quote.lines {
        let amount = money(Some(line.amount_minor), currency);
        writeln!(out, "  {amount:>16}  {}", line.because)?;
    }
    for reason in &quote.because {
        writeln!(out, "  {:>16}  {reason}", "")?;
    }
    Ok(())
}

/// The id of an itinerary for a person.
pub(super) fn id(id: &Value) -> String {
    match id {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    }
}

fn money(minor: Option<i64>, currency: &str) -> String {
    match (minor, units::Currency::from_code(currency)) {
        (Some(minor), Ok(currency)) => units::Balance::new(minor, currency).to_string(),
        (Some(minor), Err(_)) => minor.to_string(),
        (None, _) => String::new(),
    }
}
