//! `faregate settle`: a file of anybody's taps becomes journeys, fares and charges.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use settlement::ingest::csv::{Format, RejectedRow};
use settlement::ports::SettlementStore as _;
use settlement::{charge, dump, ingest};
use units::{Balance, Currency, ServiceDay};

use crate::arguments::{SettleArguments, TapsFormat};
use crate::books::{self, Books};
use crate::output::Reader;
use crate::world::{Stopwatch, system_now};
use crate::{folder, operator, progress};

/// Rejected rows that are listed one by one; the rest is counted by reason.
const REJECTED_LISTED_MAX: usize = 1_000;

#[derive(Serialize)]
struct Settled {
    /// Taps in the books.
    taps: u64,
    /// Rows of the file that repeat a tap.
    duplicates: u64,
    /// Rows of the file that were left out.
    rejected: u64,
    /// Rejected rows, by reason.
    by_reason: BTreeMap<&'static str, u64>,
    rejected_rows: Vec<Rejected>,
    #[serde(flatten)]
    books: Books,
    wall_s: f64,
}

#[derive(Serialize)]
struct Rejected {
    /// The row's number in the file; the header is row 1.
    row: u64,
    reason: &'static str,
    detail: String,
}

/// Settles the file; true when the books recompute.
///
/// # Errors
/// When the city, the file or the database cannot be read, with the place.
pub(crate) async fn run(arguments: &SettleArguments) -> Result<bool> {
    if let Some(shadow) = &arguments.shadow {
        let (database, city) = (&arguments.database, &arguments.city);
        return operator::shadow(database, city, shadow, arguments.json).await;
    }
    let taps = arguments.taps.as_deref().context("--taps is wanted")?;
    let watch = Stopwatch::start();
    let city = folder::load_city(Some(&arguments.city))?;
    let path = taps.display();
    let file = File::open(taps).with_context(|| format!("cannot read {path}"))?;
    let size = file
        .metadata()
        .with_context(|| format!("cannot read {path}"))?
        .len();
    let store = arguments.database.open().await?;
    if !store.gates().await?.is_empty() {
        bail!(
            "{} is a served city's; settle files into a database of their own",
            arguments.database.address()?
        );
    }
    let now = system_now();

    let mut listed: Vec<Rejected> = Vec::new();
    let source = progress::reading("reading taps", size, file);
    let format = match arguments.format {
        TapsFormat::Csv => Format::Taps,
        TapsFormat::Tides => Format::Tides,
    };
    let report = ingest::rows::store_as(format, &store, &city, source, now, |row: RejectedRow| {
        if listed.len() < REJECTED_LISTED_MAX {
            let (number, reason) = (row.number, row.reason);
            listed.push(Rejected {
                row: number,
                reason: reason.name(),
                detail: reason.to_string(),
            });
        }
    })
    .await
    .with_context(|| path.to_string())?;
    // Conflicts are found a transaction later than the rows around them.
    listed.sort_by_key(|rejected| rejected.row);
    let every_day = charge::through(ServiceDay::from_days(i32::MAX));
    books::bring_up_to_date(&store, &city, &every_day, now).await?;

    let books = books::read(&store, &city).await?;
    if let Some(path) = &arguments.dump {
        let text = dump::canonical(&store).await?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let taps = settlement::summary::of_store(&store, city.currency())
        .await?
        .taps;
    let settled = Settled {
        taps,
        duplicates: report.duplicates,
        rejected: report.rejected,
        by_reason: report.rejected_by_reason,
        rejected_rows: listed,
        books,
        wall_s: watch.seconds(),
    };
    // So that the database is one whole file, which may be copied.
    store.close().await;
    Reader::of(arguments.json).print(&settled, &settled.lines(city.currency())?)?;
    Ok(settled.books.recompute_equal && settled.books.faulty_days == 0)
}

impl Settled {
    fn lines(&self, currency: Currency) -> Result<String> {
        let mut lines = String::new();
        let books = &self.books;
        let time = Duration::from_secs_f64(self.wall_s);
        writeln!(
            lines,
            "{} taps, {} rows repeated one",
            self.taps, self.duplicates
        )?;
        writeln!(
            lines,
            "{} journeys, {} incomplete",
            books.journeys, books.incomplete
        )?;
        if books.unpriced > 0 {
            writeln!(
                lines,
                "{} journeys have no fare: no rule prices them",
                books.unpriced
            )?;
        }
        let charged = Balance::new(books.charged_minor, currency);
        writeln!(lines, "{} charges, {charged} in all", books.charges)?;
        let verdict = if books.recompute_equal {
            "gives the same"
        } else {
            "DIFFERS"
        };
        writeln!(
            lines,
            "ledger sum {}; recomputing {verdict}",
            books.ledger_sum_minor
        )?;
        write!(
            lines,
            "{}",
            books::fault_lines(books.faulty_days, &books.faults)
        )?;
        if self.rejected > 0 {
            writeln!(lines, "{} rows were left out:", self.rejected)?;
            for row in &self.rejected_rows {
                writeln!(lines, "  row {}: {} ({})", row.row, row.detail, row.reason)?;
            }
            let listed = u64::try_from(self.rejected_rows.len()).unwrap_or(u64::MAX);
            if self.rejected > listed {
                writeln!(lines, "  and {} more", self.rejected - listed)?;
            }
        }
        writeln!(lines, "in {time:.2?}")?;
        Ok(lines)
    }
}
