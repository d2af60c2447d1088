//! `faregate disruption`: declares a disruption in a city package, also one that is over: a row of
//! `disruptions.txt` (docs/FARES.md), which suspends the maximum fare of journeys that lack a tap.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;

use super::arguments::DisruptionArguments;
use crate::folder;
use crate::output::Reader;

/// The file and the columns that it may have.
const FILE: &str = "disruptions.txt";
const COLUMNS: [&str; 6] = [
    "disruption_id",
    "network_id",
    "stop_id",
    "start",
    "end",
    "incomplete_amount",
];

#[derive(Serialize)]
struct Declared {
    disruption: String,
    file: String,
    /// The row; the header is row 1.
    row: usize,
}

/// Writes the row, where the package is sound with it.
///
/// # Errors
/// When the package cannot be read or written, or would have defects: then it is as it was.
pub(crate) fn run(arguments: &DisruptionArguments) -> Result<bool> {
    // A defect that is there already is not this row's.
    folder::load_city(Some(&arguments.city))?;
    let path = arguments.city.join(&arguments.tariff).join(FILE);
    let before = match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let (after, row) = with_row(before.as_deref().unwrap_or_default(), arguments)?;
    write(&path, &after)?;
    if let Err(error) = folder::load_city(Some(&arguments.city)) {
        match before {
            Some(bytes) => write(&path, &bytes)?,
            None => std::fs::remove_file(&path)?,
        }
        return Err(error.context("nothing was declared"));
    }
    let told = Declared {
        disruption: arguments.id.clone(),
        file: path.display().to_string(),
        row,
    };
    let lines = format!(
        "declared in {}, row {row}; start servers again with the package, then run faregate \
         resettle for its days\n",
        told.file
    );
    Reader::of(arguments.json).print(&told, &lines)?;
    Ok(true)
}

/// Beside the file first, so that nobody reads half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("txt.new");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The table with the disruption, and which row that is. Columns that it lacks are added.
fn with_row(before: &[u8], arguments: &DisruptionArguments) -> Result<(Vec<u8>, usize)> {
    let mut reader = csv::ReaderBuilder::new().from_reader(before);
    let mut columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    for column in COLUMNS {
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    }
    let said = |column: &str| match column {
        "disruption_id" => Some(arguments.id.as_str()),
        "network_id" => arguments.network.as_deref(),
        "stop_id" => arguments.stop.as_deref(),
        "start" => Some(arguments.start.as_str()),
        "end" => Some(arguments.end.as_str()),
        "incomplete_amount" => arguments.incomplete_amount.as_deref(),
        _ => None,
    };
    let place = columns.iter().position(|column| column == "disruption_id");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns)?;
    let mut row = 2;
    for record in reader.records() {
        let record = record.with_context(|| format!("{FILE}, row {row}"))?;
        let known = place.and_then(|place| record.get(place));
        ensure!(
            known != Some(arguments.id.as_str()),
            "--id: row {row} of {FILE} has it"
        );
        let missing = columns.len().saturating_sub(record.len());
        let blanks = std::iter::repeat_n("", missing);
        writer.write_record(record.iter().chain(blanks))?;
        row += 1;
    }
    writer.write_record(
        columns
            .iter()
            .map(|column| said(column).unwrap_or_default()),
    )?;
    match writer.into_inner() {
        Ok(bytes) => Ok((bytes, row)),
        Err(error) => bail!("{error}"),
    }
}
