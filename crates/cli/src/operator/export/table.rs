//! A table under writing: columns with types, as CSV or as Parquet.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use api::Rfc3339;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use units::{ServiceDay, Timestamp};

use super::{Written, create};

/// Rows of one Parquet row group: what is held in memory at a time.
const ROWS_PER_GROUP: usize = 50_000;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Integer,
    Day,
    Instant,
}

/// A column: its name, what it holds, and whether a row may have nothing there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column(pub(super) &'static str, pub(super) Kind, pub(super) bool);

/// One cell of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Cell {
    Text(String),
    Integer(i64),
    Day(ServiceDay),
    Instant(Timestamp),
    Nothing,
}

impl Cell {
    /// The text of something.
    pub(super) fn text(of: impl std::fmt::Display) -> Self {
        Self::Text(of.to_string())
    }
}

/// The file format of tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Csv,
    Parquet,
}

/// One table under writing.
pub(super) struct Table {
    path: PathBuf,
    rows: u64,
    sink: Sink,
}

enum Sink {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Parquet(Box<Groups>),
}

impl Table {
    /// Begins `name` (without an ending) in `folder`.
    pub(super) fn new(
        folder: &Path,
        name: &str,
        columns: &'static [Column],
        format: Format,
    ) -> Result<Self> {
        let ending = match format {
            Format::Csv => "csv",
            Format::Parquet => "parquet",
        };
        let (file, path) = create(folder, &format!("{name}.{ending}"))?;
        let sink = match format {
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(file);
                writer.write_record(columns.iter().map(|column| column.0))?;
                Sink::Csv(Box::new(writer))
            }
            Format::Parquet => Sink::Parquet(Box::new(Groups::new(file, columns)?)),
        };
        Ok(Self {
            path,
            rows: 0,
            sink,
        })
    }

    /// Adds a row: a cell for each column.
    pub(super) fn row(&mut self, cells: Vec<Cell>) -> Result<()> {
        let writing = || format!("cannot write {}", self.path.display());
        match &mut self.sink {
            Sink::Csv(writer) => writer
                .write_record(cells.iter().map(plain))
                .with_context(writing)?,
            Sink::Parquet(groups) => groups.row(cells).with_context(writing)?,
        }
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    /// Ends the file.
    pub(super) fn end(self) -> Result<Written> {
        let writing = || format!("cannot write {}", self.path.display());
        match self.sink {
            Sink::Csv(mut writer) => writer.flush().with_context(writing)?,
            Sink::Parquet(groups) => groups.end().with_context(writing)?,
        }
        Ok(Written {
            file: self.path.display().to_string(),
            rows: self.rows,
        })
    }
}

/// A cell as text.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => number.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::Instant(at) => Rfc3339(*at).to_string(),
        Cell::Nothing => String::new(),
    }
}

/// A Parquet file: rows wait until they fill a group, which is written column by column.
struct Groups {
    columns: &'static [Column],
    writer: SerializedFileWriter<BufWriter<File>>,
    waiting: Vec<Vec<Cell>>,
}

impl Groups {
    fn new(file: BufWriter<File>, columns: &'static [Column]) -> Result<Self> {
        let fields = columns.iter().map(|Column(name, kind, optional)| {
            let repetition = if *optional { "OPTIONAL" } else { "REQUIRED" };
            let (physical, logical) = match kind {
                Kind::Text => ("BYTE_ARRAY", " (STRING)"),
                Kind::Integer => ("INT64", ""),
                Kind::Day => ("INT32", " (DATE)"),
                Kind::Instant => ("INT64", " (TIMESTAMP(MICROS,true))"),
            };
            format!("{repetition} {physical} {name}{logical};")
        });
        let schema = format!("message faregate {{ {} }}", fields.collect::<String>());
        let schema = Arc::new(parse_message_type(&schema)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("faregate".to_owned())
            .build();
        Ok(Self {
            columns,
            writer: SerializedFileWriter::new(file, schema, Arc::new(properties))?,
            waiting: Vec::new(),
        })
    }

    fn row(&mut self, cells: Vec<Cell>) -> Result<()> {
        self.waiting.push(cells);
        if self.waiting.len() >= ROWS_PER_GROUP {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for (place, column) in self.columns.iter().enumerate() {
            let cells = self.waiting.iter().map(|row| row.get(place));
            let cells: Option<Vec<&Cell>> = cells.collect();
            let cells = cells.context("a row has fewer cells than the table has columns")?;
            write_column(&mut group, *column, &cells)?;
        }
        group.close()?;
        self.waiting.clear();
        Ok(())
    }

    fn end(mut self) -> Result<()> {
        self.flush()?;
        let mut file = self.writer.into_inner()?;
        Ok(std::io::Write::flush(&mut file)?)
    }
}

fn write_column(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    Column(name, kind, optional): Column,
    cells: &[&Cell],
) -> Result<()> {
    let Some(mut out) = group.next_column()? else {
        bail!("the table has no column {name}");
    };
    let is_there = |cell: &&Cell| !matches!(cell, Cell::Nothing);
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(is_there(cell))).collect();
    let levels = optional.then_some(levels.as_slice());
    match kind {
        Kind::Text => {
            let values = cells.iter().filter_map(|cell| match cell {
                Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                _ => None,
            });
            let values: Vec<ByteArray> = values.collect();
            out.typed::<ByteArrayType>()
                .write_batch(&values, levels, None)?;
        }
        Kind::Integer | Kind::Instant => {
            let values = cells.iter().filter_map(|cell| match cell {
                Cell::Integer(number) => Some(*number),
                Cell::Instant(at) => Some(at.as_micros()),
                _ => None,
            });
            let values: Vec<i64> = values.collect();
            out.typed::<Int64Type>()
                .write_batch(&values, levels, None)?;
        }
        Kind::Day => {
            let values = cells.iter().filter_map(|cell| match cell {
                Cell::Day(day) => Some(day.as_days()),
                _ => None,
            });
            let values: Vec<i32> = values.collect();
            out.typed::<Int32Type>()
                .write_batch(&values, levels, None)?;
        }
    }
    out.close()?;
    Ok(())
}
