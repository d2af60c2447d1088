//! Tables: taps, journeys, charges and postings, a row each.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use api::Rfc3339;
use settlement::model::{AccountRecord, StoredFare, status_as_str};
use tariff::TapKind;

use super::super::Open;
use super::{Written, create};

const TAPS: [&str; 7] = [
    "tap_id",
    "account_id",
    "service_day",
    "at",
    "kind",
    "stop_id",
    "flag",
];
const JOURNEYS: [&str; 9] = [
    "journey_id",
    "account_id",
    "service_day",
    "status",
    "started_at",
    "fare_minor",
    "currency",
    "tap_ids",
    "because",
];
const CHARGES: [&str; 9] = [
    "charge_id",
    "account_id",
    "service_day",
    "revision",
    "amount_minor",
    "currency",
    "state",
    "at",
    "because",
];
const POSTINGS: [&str; 9] = [
    "entry_id",
    "account_id",
    "service_day",
    "at",
    "kind",
    "ledger_account",
    "amount_minor",
    "currency",
    "description",
];

/// One table under writing.
struct Table {
    writer: csv::Writer<BufWriter<File>>,
    path: PathBuf,
    rows: u64,
}

impl Table {
    fn new(folder: &Path, name: &str, columns: &[&str]) -> Result<Self> {
        let (file, path) = create(folder, name)?;
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(columns)?;
        Ok(Self {
            writer,
            path,
            rows: 0,
        })
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) -> Result<()> {
        let writing = || format!("cannot write {}", self.path.display());
        self.writer.write_record(cells).with_context(writing)?;
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    fn end(mut self) -> Result<Written> {
        self.writer
            .flush()
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(Written {
            file: self.path.display().to_string(),
            rows: self.rows,
        })
    }
}

/// Writes the four tables into `folder`.
pub(super) async fn write(open: &mut Open, folder: &Path) -> Result<Vec<Written>> {
    let mut taps = Table::new(folder, "taps.csv", &TAPS)?;
    let mut journeys = Table::new(folder, "journeys.csv", &JOURNEYS)?;
    let mut charges = Table::new(folder, "charges.csv", &CHARGES)?;
    let mut postings = Table::new(folder, "postings.csv", &POSTINGS)?;
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
        table.row([
            stored.tap.id.to_string(),
            record.account.to_string(),
            stored.day.to_string(),
            Rfc3339(stored.tap.at).to_string(),
            match stored.tap.kind {
                TapKind::On => "on",
                TapKind::Off => "off",
            }
            .to_owned(),
            stored.tap.stop.to_string(),
            flag.map_or("", |flag| flag.1.as_str()).to_owned(),
        ])?;
    }
    Ok(())
}

fn add_journeys(table: &mut Table, record: &AccountRecord) -> Result<()> {
    for journey in &record.journeys {
        let taps: Vec<String> = journey.taps.iter().map(ToString::to_string).collect();
        // An unpriced journey has no fare; that of a free one is 0.
        let (fare, currency) = match journey.fare {
            StoredFare::Priced(fare) => (fare.as_minor().to_string(), fare.currency().to_string()),
            StoredFare::Unpriced => (String::new(), String::new()),
        };
        table.row([
            journey.id.to_string(),
            record.account.to_string(),
            journey.day.to_string(),
            status_as_str(journey.status).to_owned(),
            Rfc3339(journey.started_at).to_string(),
            fare,
            currency,
            taps.join(" "),
            journey.because.clone(),
        ])?;
    }
    Ok(())
}

fn add_charges(table: &mut Table, record: &AccountRecord) -> Result<()> {
    for charge in &record.charges {
        table.row([
            charge.id.to_string(),
            record.account.to_string(),
            charge.day.to_string(),
            charge.revision.to_string(),
            charge.amount.as_minor().to_string(),
            charge.amount.currency().to_string(),
            charge.state.as_str().to_owned(),
            Rfc3339(charge.at).to_string(),
            charge.because.clone(),
        ])?;
    }
    Ok(())
}

fn add_postings(table: &mut Table, record: &AccountRecord) -> Result<()> {
    for posted in &record.entries {
        for posting in posted.entry.postings() {
            table.row([
                posted.entry.id().to_string(),
                record.account.to_string(),
                posted.day.to_string(),
                Rfc3339(posted.entry.at()).to_string(),
                posted.entry.kind().to_string(),
                posting.account.to_string(),
                posting.amount.as_minor().to_string(),
                posting.amount.currency().to_string(),
                posted.entry.description().to_owned(),
            ])?;
        }
    }
    Ok(())
}
