//! Tables of comma-separated values, as RFC 4180 has them: enough for files that tests write.

use std::collections::BTreeMap;

/// A table's rows in the order of the file; every cell by the name of its column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The names of the columns.
    pub(crate) columns: Vec<String>,
    /// The rows below the header.
    pub(crate) rows: Vec<Row>,
}

/// One row; columns that the file lacks are empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row(BTreeMap<String, String>);

impl Row {
    /// The text of a cell, `""` where it is empty or not there.
    pub(crate) fn text(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }

    /// A whole number; `default` where the cell is empty.
    ///
    /// # Errors
    /// Says which cell is no number.
    pub(crate) fn number(&self, column: &str, default: i64) -> Result<i64, String> {
        match self.text(column) {
            "" => Ok(default),
            text => text.parse().map_err(|_| format!("{column}: {text}")),
        }
    }

    /// An amount of two decimals, in minor units; `None` where the cell is empty.
    ///
    /// # Errors
    /// Says which cell is no amount.
    pub(crate) fn money(&self, column: &str) -> Result<Option<i64>, String> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let digits = text.replacen('.', "", 1);
        let minor = digits.parse().map_err(|_| format!("{column}: {text}"))?;
        Ok(Some(minor))
    }
}

/// Reads a table.
pub(crate) fn read(text: &str) -> Table {
    let mut lines = records(text).into_iter();
    let columns = lines.next().unwrap_or_default();
    let rows = lines
        .map(|cells| Row(columns.iter().cloned().zip(cells).collect()))
        .collect();
    Table { columns, rows }
}

fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let (mut record, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '"' if quoted && rest.peek() == Some(&'"') => cell.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            '\r' if !quoted => {}
            other => cell.push(other),
        }
    }
    if !cell.is_empty() || !record.is_empty() {
        record.push(cell);
        records.push(record);
    }
    records.retain(|record| record.iter().any(|cell| !cell.is_empty()));
    records
}
