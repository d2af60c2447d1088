//! Tables: taps, journeys, charges and postings, a row each.

use std::path::Path;

use anyhow::Result;
use settlement::model::{AccountRecord, StoredFare, status_as_str};
use tariff::TapKind;

use super::super::Open;
use super::Written;
use super::table::Kind::{Day, Instant, Integer, Text};
use super::table::{Cell, Column, Format, Table};

const TAPS: [Column; 7] = [
    Column("tap_id", Text, false),
    Column("account_id", Text, false),
    Column("service_day", Day, false),
    Column("at", Instant, false),
    Column("kind", Text, false),
    Column("stop_id", Text, false),
    Column("flag", Text, true),
];
const JOURNEYS: [Column; 9] = [
    Column("journey_id", Text, false),
    Column("account_id", Text, false),
    Column("service_day", Day, false),
    Column("status", Text, false),
    Column("started_at", Instant, false),
    Column("fare_minor", Integer, true),
    Column("currency", Text, true),
    Column("tap_ids", Text, false),
    Column("because", Text, false),
];
const CHARGES: [Column; 9] = [
    Column("charge_id", Text, false),
    Column("account_id", Text, false),
    Column("service_day", Day, false),
    Column("revision", Integer, false),
    Column("amount_minor", Integer, false),
    Column("currency", Text, false),
    Column("state", Text, false),
    Column("at", Instant, false),
    Column("because", Text, false),
];
const POSTINGS: [Column; 9] = [
    Column("entry_id", Text, false),
    Column("account_id", Text, false),
    Column("service_day", Day, false),
    Column("at", Instant, false),
    Column("kind", Text, false),
    Column("ledger_account", Text, false),
    Column("amount_minor", Integer, false),
    Column("currency", Text, false),
    Column("description", Text, false),
];

/// Writes the four tables into `folder`.
pub(super) async fn write(open: &mut Open, folder: &Path, format: Format) -> Result<Vec<Written>> {
    let mut taps = Table::new(folder, "taps", &TAPS, format)?;
    let mut journeys = Table::new(folder, "journeys", &JOURNEYS, format)?;
    let mut charges = Table::new(folder, "charges", &CHARGES, format)?;
    let mut postings = Table::new(folder, "postings", &POSTINGS, format)?;
    loop {
        let page = open.page().await?;
        if page.is_empty() {
            break;
        }
        for record in &page {
            add_taps(&mut taps, record)?;
            add_journeys(&mut journeys, record)?;
            add_charges(&mut charges, record)?;
            add_postings(&mut postings, record)?;
        }
    }
    [taps, journeys, charges, postings]
        .into_iter()
        .map(Table::end)
        .collect()
}

fn add_taps(table: &mut Table, record: &AccountRecord) -> Result<()> {
    for stored in &record.taps {
        let flag = record.flags.iter().find(|flag| flag.0 == stored.tap.id);
        let kind = match stored.tap.kind {
            TapKind::On => "on",
            TapKind::Off => "off",
        };
        table.row(vec![
            Cell::text(stored.tap.id),
            Cell::text(record.account),
            Cell::Day(stored.day),
            Cell::Instant(stored.tap.at),
            Cell::text(kind),
            Cell::text(stored.tap.stop),
            flag.map_or(Cell::Nothing, |flag| Cell::text(flag.1.as_str())),
        ])?;
    }
    Ok(())
}

fn add_journeys(table: &mut Table, record: &AccountRecord) -> Result<()> {
    for journey in &record.journeys {
        let taps: Vec<String> = journey.taps.iter().map(ToString::to_string).collect();
        // An unpriced journey has no fare; that of a free one is 0.
        let (fare, currency) = match journey.fare {
            StoredFare::Priced(fare) => {
                (Cell::Integer(fare.as_minor()), Cell::text(fare.currency()))
            }
            StoredFare::Unpriced => (Cell::Nothing, Cell::Nothing),
        };
        table.row(vec![
            Cell::text(journey.id),
            Cell::text(record.account),
            Cell::Day(journey.day),
            Cell::text(status_as_str(journey.status)),
            Cell::Instant(journey.started_at),
            fare,
            currency,
            Cell::Text(taps.join(" ")),
            Cell::text(&journey.because),
        ])?;
    }
    Ok(())
}

fn add_charges(table: &mut Table, record: &AccountRecord) -> Result<()> {
    for charge in &record.charges {
        table.row(vec![
            Cell::text(charge.id),
            Cell::text(record.account),
            Cell::Day(charge.day),
            Cell::Integer(i64::from(charge.revision)),
            Cell::Integer(charge.amount.as_minor()),
            Cell::text(charge.amount.currency()),
            Cell::text(charge.state.as_str()),
            Cell::Instant(charge.at),
            Cell::text(&charge.because),
        ])?;
    }
    Ok(())
}

fn add_postings(table: &mut Table, record: &AccountRecord) -> Result<()> {
    for posted in &record.entries {
        for posting in posted.entry.postings() {
            table.row(vec![
                Cell::text(posted.entry.id()),
                Cell::text(record.account),
                Cell::Day(posted.day),
                Cell::Instant(posted.entry.at()),
                Cell::text(posted.entry.kind()),
                Cell::text(posting.account),
                Cell::Integer(posting.amount.as_minor()),
                Cell::text(posting.amount.currency()),
                Cell::text(posted.entry.description()),
            ])?;
        }
    }
    Ok(())
}
