//! `faregate export`: the books as files that other programs read.

mod hledger;
mod table;
mod tables;
mod tides;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::Open;
use super::arguments::{ExportArguments, ExportFormat};
use crate::output::Reader;
use table::Format;

#[derive(Serialize)]
struct Exported {
    files: Vec<Written>,
}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: String,
    /// Rows of a table, transactions of a journal.
    rows: u64,
}

/// Writes the books.
///
/// # Errors
/// When the city or the database cannot be read, or a file cannot be written.
pub(crate) async fn run(arguments: &ExportArguments) -> Result<bool> {
    let mut open = Open::new(&arguments.books).await?;
    let making = || format!("cannot make {}", arguments.out.display());
    std::fs::create_dir_all(&arguments.out).with_context(making)?;
    let files = match arguments.format {
        ExportFormat::Csv => tables::write(&mut open, &arguments.out, Format::Csv).await?,
        ExportFormat::Parquet => tables::write(&mut open, &arguments.out, Format::Parquet).await?,
        ExportFormat::Tides => tides::write(&mut open, &arguments.out).await?,
        ExportFormat::Hledger => hledger::write(&mut open, &arguments.out).await?,
    };
    let exported = Exported { files };
    let lines = exported
        .files
        .iter()
        .map(|one| format!("wrote {} ({})\n", one.file, one.rows));
    let lines: String = lines.collect();
    Reader::of(arguments.json).print(&exported, &lines)?;
    Ok(true)
}

/// A file of the folder, opened for writing, with its path.
fn create(folder: &Path, name: &str) -> Result<(BufWriter<File>, PathBuf)> {
    let path = folder.join(name);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok((BufWriter::new(file), path))
}
