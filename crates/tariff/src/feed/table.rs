//! One file as rows of cells: limits, encoding, header, line numbers. One row is in memory at a
//! time; every defect is told with its place.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::files::{FeedFile, FeedFiles};
use super::text;
use crate::{Defect, LoadReport};

/// Bytes of one file: the largest national feeds have stop files of some 50 MB.
pub const FILE_BYTES_MAX: usize = 128 << 20;

/// Rows of one file: the leg rules of a full matrix of 1,000 stations. Larger matrices have a file
/// of their own (docs/FARES.md).
pub const ROWS_MAX: u32 = 1_000_000;

/// Columns of one file; the reference names at most some twenty.
pub const COLUMNS_MAX: usize = 256;

/// Bytes of one id. The reference sets no limit; the longest in the feeds we know has 48.
pub const ID_BYTES_MAX: usize = 255;

/// Bytes of one name shown to riders, so that an explanation has a length.
pub const NAME_BYTES_MAX: usize = 512;

/// A file that is being read.
pub(crate) struct Table<'a> {
    path: String,
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    header: Vec<String>,
    record: StringRecord,
    /// Bytes up to `counted` hold `lines` line breaks.
    counted: usize,
    lines: u32,
    rows: u32,
}

/// A column that a reader knows, and where the file has it.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    index: Option<usize>,
}

impl Column {
    /// Whether the file has it.
    pub(super) const fn exists(self) -> bool {
        self.index.is_some()
    }
}

/// One row of a file.
pub(crate) struct Row<'t> {
    pub(crate) line: u32,
    path: &'t str,
    header: &'t [String],
    cells: &'t StringRecord,
}

impl<'a> Table<'a> {
    /// Opens `file`. `None`: it is absent, empty, or cannot be read as text; the last two are told.
    pub(super) fn open(
        files: &FeedFiles<'a>,
        file: FeedFile,
        report: &mut LoadReport,
    ) -> Option<Self> {
        Self::of(files.path(file), files.get(file)?, report)
    }

    /// Opens the file at `path` with these bytes. `None`, which is told: it is empty, or no text.
    pub(crate) fn of(path: String, bytes: &'a [u8], report: &mut LoadReport) -> Option<Self> {
        let bytes = text::check(bytes, &path, report)?;
        // Blank files are what exporters write for tables without rows.
        if bytes.iter().all(u8::is_ascii_whitespace) {
            let expected = "a first line with the names of the columns; read as no file";
            report.push(Defect::of_file(&path, expected).warning());
            return None;
        }
        let reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .trim(Trim::All)
            .from_reader(bytes);
        let mut table = Self {
            path,
            bytes,
            reader,
            header: Vec::new(),
            record: StringRecord::new(),
            counted: 0,
            lines: 0,
            rows: 0,
        };
        table.take_header(report).then_some(table)
    }

    /// A column that the reference requires; a file without it has one defect, not one a row.
    pub(super) fn required(&self, name: &'static str, report: &mut LoadReport) -> Column {
        self.require(name, report);
        self.optional(name)
    }

    /// Tells where a required column is missing.
    pub(crate) fn require(&self, name: &str, report: &mut LoadReport) {
        if !self.header.iter().any(|text| text == name) {
            report.push(self.missing(name));
        }
    }

    /// A column that the reference requires and no fare depends on.
    pub(super) fn expected(&self, name: &'static str, report: &mut LoadReport) -> Column {
        let column = self.optional(name);
        if column.index.is_none() {
            report.push(self.missing(name).warning());
        }
        column
    }

    /// A column that may be left out.
    pub(super) fn optional(&self, name: &'static str) -> Column {
        let index = self.header.iter().position(|text| text == name);
        Column { name, index }
    }

    fn missing(&self, name: &str) -> Defect {
        Defect {
            row: Some(1),
            ..Defect::of_file(&self.path, format!("a column {name}"))
        }
    }

    /// The next row that is sound as a row; what is wrong with others is told.
    pub(crate) fn next(&mut self, report: &mut LoadReport) -> Option<Row<'_>> {
        loop {
            if !self.read(report) {
                return None;
            }
            if self.record.iter().all(str::is_empty) {
                continue;
            }
            self.rows = self.rows.saturating_add(1);
            if self.rows > ROWS_MAX {
                let expected = format!("at most {ROWS_MAX} rows; the others are not read");
                report.push(Defect::of_file(&self.path, expected));
                return None;
            }
            if self.is_sound(report) {
                break;
            }
        }
        Some(Row {
            line: self.line(),
            path: &self.path,
            header: &self.header,
            cells: &self.record,
        })
    }

    /// Reads a record into `self.record` and counts its line.
    fn read(&mut self, report: &mut LoadReport) -> bool {
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                let expected = format!("readable comma-separated text ({error})");
                report.push(Defect::of_file(&self.path, expected));
                return false;
            }
        }
        // The reader's own count is late by blank lines and by the second half of a CRLF.
        let from = self.record.position().map_or(0, csv::Position::byte);
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let blank = self.bytes.get(from..).unwrap_or_default().iter();
        let start = from.saturating_add(
            blank
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count(),
        );
        let passed = self.bytes.get(self.counted..start).unwrap_or_default();
        let breaks = passed
            .iter()
            .map(|byte| usize::from(*byte == b'\n'))
            .sum::<usize>();
        self.lines = self
            .lines
            .saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.counted = start;
        true
    }

    const fn line(&self) -> u32 {
        self.lines.saturating_add(1)
    }

    fn is_sound(&self, report: &mut LoadReport) -> bool {
        let mut good = true;
        for (index, cell) in self.record.iter().enumerate() {
            let expected = if cell
                .bytes()
                .any(|byte| matches!(byte, b'\t' | b'\r' | b'\n'))
            {
                // Also what is left of a quote that nobody closed.
                "no tab or line break inside a value (reference, File Requirements)"
            } else if index >= self.header.len() && !cell.is_empty() {
                "no more cells than the header has columns"
            } else {
                continue;
            };
            good = false;
            let number = index.saturating_add(1);
            let named = self.header.get(index).filter(|name| !name.is_empty());
            let field = named.map_or_else(|| format!("column {number}"), Clone::clone);
            let row = u64::from(self.line());
            report.push(Defect::of_field(&self.path, row, &field, cell, expected));
        }
        good
    }

    fn take_header(&mut self, report: &mut LoadReport) -> bool {
        if !self.read(report) {
            return false;
        }
        if self.record.len() > COLUMNS_MAX {
            let expected = format!("at most {COLUMNS_MAX} columns");
            report.push(Defect::of_file(&self.path, expected));
            return false;
        }
        self.header = self.record.iter().map(str::to_owned).collect();
        let mut good = true;
        for (index, name) in self.header.iter().enumerate() {
            let earlier = self.header.iter().take(index);
            if !name.is_empty() && earlier.clone().any(|other| other == name) {
                let row = u64::from(self.line());
                report.push(Defect::of_field(
                    &self.path,
                    row,
                    name,
                    name,
                    "each column once",
                ));
                good = false;
            }
        }
        good
    }
}

impl<'t> Row<'t> {
    /// The text of a cell; empty where the column or the cell is absent.
    pub(super) fn text(&self, column: Column) -> &'t str {
        column
            .index
            .and_then(|index| self.cells.get(index))
            .unwrap_or("")
    }

    /// A defect of a cell.
    pub(super) fn defect(&self, column: Column, expected: impl Into<String>) -> Defect {
        let row = u64::from(self.line);
        Defect::of_field(self.path, row, column.name, self.text(column), expected)
    }

    /// Whether the file has the column `field`.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.header.iter().any(|name| name == field)
    }

    /// The text of a cell by its column's name; empty where the column or the cell is absent.
    pub(crate) fn cell(&self, field: &str) -> &'t str {
        let index = self.header.iter().position(|name| name == field);
        index.and_then(|index| self.cells.get(index)).unwrap_or("")
    }

    /// A defect of a cell by its column's name.
    pub(crate) fn defect_of(&self, field: &str, expected: impl Into<String>) -> Defect {
        let row = u64::from(self.line);
        Defect::of_field(self.path, row, field, self.cell(field), expected)
    }
}
