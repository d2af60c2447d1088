//! Explaining itineraries: legs, rule, product, transfer.

use std::fmt::Write as _;
use std::io::BufWriter;
use std::path::Path;

use anyhow::Result;
use intake::itinerary::Itinerary;
use serde::Serialize;
use serde_json::Value;
use tariff::explain::{self, Language};
use tariff::fares::{Fares, Line, LineKind, Status, Work};
use tariff::feed::TransferType;

use super::super::arguments::ExplainArguments;
use super::super::quote;
use super::{Array, RulePlace};
use crate::package;
use intake::Package;

#[derive(Serialize)]
struct Explained<'a> {
    id: &'a Value,
    status: &'static str,
    total_minor: Option<i64>,
    currency: Option<String>,
    lines: Vec<Told<'a>>,
    /// Places of legs that no rule prices, from 0.
    unpriced_legs: Vec<usize>,
    because: Vec<String>,
}

#[derive(Serialize)]
struct Told<'a> {
    legs: Vec<usize>,
    rule: RulePlace<'a>,
    /// `leg`, `transfer` or `itinerary` (Fares v1).
    kind: &'static str,
    /// Of a transfer: `fare_transfer_type`.
    transfer_type: Option<u8>,
    product_id: Option<&'a str>,
    /// The rows of `fare_leg_rules.txt` that matched the legs; the cheapest was taken.
    matching_rows: Vec<u32>,
    amount_minor: i64,
    because: String,
}

/// Explains every itinerary of the file.
pub(super) fn run(arguments: &ExplainArguments, package: &Package, path: &Path) -> Result<bool> {
    let fares = Fares::new(package::feed(package, &arguments.city)?);
    let itineraries = quote::read_legs(path, &fares)?;
    let mut work = Work::default();
    let out = std::io::stdout().lock();
    if arguments.json {
        let mut array = Array::begin(BufWriter::new(out))?;
        for itinerary in &itineraries {
            array.push(&explain(&fares, itinerary, arguments.language, &mut work))?;
        }
        array.end()?;
        return Ok(quote::any_readable(&itineraries));
    }
    let mut lines = String::new();
    for itinerary in &itineraries {
        let told = explain(&fares, itinerary, arguments.language, &mut work);
        writeln!(lines, "{}: {}", quote::id(told.id), told.status)?;
        let sentences = told.lines.iter().map(|line| &line.because);
        for sentence in sentences.chain(&told.because) {
            writeln!(lines, "  {sentence}")?;
        }
    }
    std::io::Write::write_all(&mut BufWriter::new(out), lines.as_bytes())?;
    Ok(quote::any_readable(&itineraries))
}

fn explain<'a>(
    fares: &'a Fares,
    itinerary: &'a Itinerary,
    language: Language,
    work: &mut Work,
) -> Explained<'a> {
    let asked = match &itinerary.asked {
        Ok(asked) => asked,
        Err(mistake) => {
            return Explained {
                id: &itinerary.id,
                status: Status::Unpriced.word(),
                total_minor: None,
                currency: None,
                lines: Vec::new(),
                unpriced_legs: (0..mistake.legs).collect(),
                because: vec![mistake.said.clone()],
            };
        }
    };
    let (rider, legs) = quote::of_asked(fares, asked);
    let priced = fares.price(&rider, &legs, work);
    let matches = fares.matches(&legs);
    let told = |line: &Line| {
        let rows = matches
            .iter()
            .filter(|(legs, _)| legs.start < line.legs.end && line.legs.start < legs.end)
            .flat_map(|(_, rows)| rows.iter().copied());
        let (kind, transfer_type) = kind(line.kind);
        Told {
            legs: line.legs.clone().collect(),
            rule: RulePlace {
                file: line.file.name(),
                row: u64::from(line.row),
            },
            kind,
            transfer_type,
            product_id: quote::bought(fares, line.bought),
            matching_rows: rows.collect(),
            amount_minor: line.amount.as_minor(),
            because: explain::line(fares, &legs, line, language),
        }
    };
    Explained {
        id: &itinerary.id,
        status: priced.status.word(),
        total_minor: priced.total.map(|total| total.as_minor()),
        currency: priced.total.map(|total| total.currency().code().to_owned()),
        lines: priced.lines.iter().map(told).collect(),
        because: quote::reasons(fares, &priced, language),
        unpriced_legs: priced.unpriced,
    }
}

const fn kind(kind: LineKind) -> (&'static str, Option<u8>) {
    match kind {
        LineKind::Leg => ("leg", None),
        LineKind::Itinerary => ("itinerary", None),
        LineKind::Transfer(kind) => (
            "transfer",
            Some(match kind {
                TransferType::FromPlusTransfer => 0,
                TransferType::FromPlusTransferPlusTo => 1,
                TransferType::TransferOnly => 2,
            }),
        ),
    }
}
