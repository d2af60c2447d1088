//! One extension file: header, rows, typed cells; every defect with its place.

use std::collections::BTreeMap;

use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};

use crate::{CityFiles, Defect, LoadReport};

/// Bytes of one file: the largest national feeds have stop files of some 50 MB.
pub(crate) const FILE_BYTES_MAX: usize = 128 << 20;

/// Rows of one file: twice the leg rules of a full matrix of 700 stations.
pub(crate) const ROWS_MAX: usize = 1_000_000;

/// Bytes of one name shown to riders, so that an explanation has a length.
pub(crate) const NAME_BYTES_MAX: usize = 512;

/// A file that has been read; cells are trimmed, unknown columns stay unread.
pub(crate) struct Table {
    pub(crate) file: String,
    columns: BTreeMap<String, usize>,
    pub(crate) rows: Vec<Row>,
}

/// One row and its line in the file (the header is line 1).
pub(crate) struct Row {
    pub(crate) line: u64,
    cells: StringRecord,
}

impl Table {
    /// Reads `file`; an absent one is an empty table. Defects go to `report`.
    pub(crate) fn read(
        files: &CityFiles,
        file: &str,
        required_columns: &[&str],
        report: &mut LoadReport,
    ) -> Self {
        let mut table = Self {
            file: file.to_owned(),
            columns: BTreeMap::new(),
            rows: Vec::new(),
        };
        let Some(bytes) = files.0.get(file) else {
            return table;
        };
        if bytes.len() > FILE_BYTES_MAX {
            report.push(Defect::of_file(
                file,
                format!("at most {FILE_BYTES_MAX} bytes"),
            ));
            return table;
        }
        // The reader skips a byte order mark, which GTFS "File Requirements" allows.
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .trim(Trim::All)
            .from_reader(bytes.as_slice());
        let mut record = ByteRecord::new();
        let mut header_seen = false;
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    report.push(Defect::of_file(file, format!("readable CSV ({error})")));
                    break;
                }
            }
            let line = record.position().map_or(1, csv::Position::line);
            let cells = table.checked(&record, line, report);
            if !header_seen {
                header_seen = true;
                table.take_header(cells.as_ref(), line, required_columns, report);
                continue;
            }
            if table.rows.len() >= ROWS_MAX {
                report.push(Defect::of_file(file, format!("at most {ROWS_MAX} rows")));
                break;
            }
            if let Some(cells) = cells {
                table.rows.push(Row { line, cells });
            }
        }
        if !header_seen {
            report.push(Defect::of_file(file, "a first line with the column names"));
        }
        table
    }

    /// Whether the file has this column at all.
    pub(crate) fn has_column(&self, field: &str) -> bool {
        self.columns.contains_key(field)
    }

    /// The text of a cell; empty where the column or the cell is absent.
    pub(crate) fn text<'a>(&self, row: &'a Row, field: &str) -> &'a str {
        self.columns
            .get(field)
            .and_then(|index| row.cells.get(*index))
            .unwrap_or("")
    }

    /// Notes a defect of a cell.
    pub(crate) fn defect(
        &self,
        row: &Row,
        field: &str,
        expected: impl Into<String>,
        report: &mut LoadReport,
    ) {
        report.push(Defect::of_field(
            &self.file,
            row.line,
            field,
            self.text(row, field),
            expected,
        ));
    }

    /// A name for riders, at most [`NAME_BYTES_MAX`] bytes; may be empty.
    pub(crate) fn name(&self, row: &Row, field: &str, report: &mut LoadReport) -> String {
        let text = self.text(row, field);
        if text.len() > NAME_BYTES_MAX {
            self.defect(
                row,
                field,
                format!("at most {NAME_BYTES_MAX} bytes"),
                report,
            );
        }
        text.to_owned()
    }

    /// The cells as text, or `None` after noting what no table can hold.
    fn checked(
        &self,
        record: &ByteRecord,
        line: u64,
        report: &mut LoadReport,
    ) -> Option<StringRecord> {
        let mut good = true;
        for (index, cell) in record.iter().enumerate() {
            let expected = if std::str::from_utf8(cell).is_err() {
                "UTF-8 text"
            } else if cell
                .iter()
                .any(|byte| matches!(byte, b'\t' | b'\r' | b'\n'))
            {
                // Also what is left of a quote that nobody closed.
                "no tab or line break inside a value (GTFS File Requirements)"
            } else if !self.columns.is_empty() && index >= self.columns.len() && !cell.is_empty() {
                "no more cells than the header has columns"
            } else {
                continue;
            };
            good = false;
            let name = self.columns.iter().find(|(_, column)| **column == index);
            let field = name.map_or_else(
                || format!("column {}", index.saturating_add(1)),
                |(name, _)| name.clone(),
            );
            let value = String::from_utf8_lossy(cell);
            report.push(Defect::of_field(&self.file, line, &field, &value, expected));
        }
        if good {
            StringRecord::from_byte_record(record.clone()).ok()
        } else {
            None
        }
    }

    fn take_header(
        &mut self,
        cells: Option<&StringRecord>,
        line: u64,
        required_columns: &[&str],
        report: &mut LoadReport,
    ) {
        let Some(cells) = cells else { return };
        for (index, name) in cells.iter().enumerate() {
            // Unnamed columns are unknown columns; each still holds its place.
            let key = if name.is_empty() {
                format!("column {index}")
            } else {
                name.to_owned()
            };
            if self.columns.insert(key, index).is_some() {
                let expected = "each column once";
                report.push(Defect::of_field(&self.file, line, name, name, expected));
            }
        }
        for name in required_columns {
            if !self.columns.contains_key(*name) {
                let expected = format!("a column {name}");
                report.push(Defect {
                    row: Some(line),
                    ..Defect::of_file(&self.file, expected)
                });
            }
        }
    }
}
