//! Defects of a city's files: all of one run, each with its place.

use std::fmt;

/// One thing wrong with the files of a city.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Defect {
    /// The file, relative to the city's folder, with `/`.
    pub file: String,
    /// The line in the file; the header of a table is line 1. `None`: the file as a whole.
    pub row: Option<u64>,
    /// The column or key.
    pub field: Option<String>,
    /// What is there, cut to [`Defect::VALUE_CHARS_MAX`] characters.
    pub value: Option<String>,
    /// What should be there.
    pub expected: String,
}

/// Why a city does not load: every defect found, at most [`LoadReport::DEFECTS_MAX`] of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, thiserror::Error)]
pub struct LoadReport {
    defects: Vec<Defect>,
    left_off: usize,
}

impl Defect {
    /// Characters of a value that a defect repeats: enough to find it, too few to flood a log.
    pub const VALUE_CHARS_MAX: usize = 80;

    /// A defect of `file` as a whole.
    pub(crate) fn of_file(file: &str, expected: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            row: None,
            field: None,
            value: None,
            expected: expected.into(),
        }
    }

    /// A defect of one field in one row.
    pub(crate) fn of_field(
        file: &str,
        row: u64,
        field: &str,
        value: &str,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            row: Some(row),
            field: Some(field.to_owned()),
            value: Some(value.chars().take(Self::VALUE_CHARS_MAX).collect()),
            expected: expected.into(),
        }
    }
}

impl LoadReport {
    /// Defects kept in one report: more are counted, not listed.
    pub const DEFECTS_MAX: usize = 1000;

    /// The defects in the order they were found.
    #[must_use]
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// How many further defects were found and not kept.
    #[must_use]
    pub const fn left_off(&self) -> usize {
        self.left_off
    }

    pub(crate) const fn new() -> Self {
        Self {
            defects: Vec::new(),
            left_off: 0,
        }
    }

    pub(crate) fn push(&mut self, defect: Defect) {
        if self.defects.len() < Self::DEFECTS_MAX {
            self.defects.push(defect);
        } else {
            self.left_off = self.left_off.saturating_add(1);
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.defects.is_empty()
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": expected {}", self.expected)?;
        match &self.value {
            Some(value) => write!(f, ", got {value:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.defects.len().saturating_add(self.left_off);
        write!(
            f,
            "the city has {found} defect{}",
            if found == 1 { "" } else { "s" }
        )?;
        for defect in &self.defects {
            write!(f, "\n  {defect}")?;
        }
        match self.left_off {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
