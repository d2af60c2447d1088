//! Defects of a feed's or a city's files: all of one run, each with its place.

use std::fmt;

/// How bad a defect is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The files do not say what a fare is, or contradict themselves: they do not load.
    Error,
    /// Against the reference, and with one clear meaning all the same: they load.
    Warning,
}

/// One thing wrong with the files of a feed or city.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Defect {
    /// Whether the files load all the same.
    pub severity: Severity,
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

/// What is wrong with the files, at most [`LoadReport::DEFECTS_MAX`] errors and as many warnings.
#[derive(Clone, PartialEq, Eq, Debug, Default, thiserror::Error)]
pub struct LoadReport {
    errors: Vec<Defect>,
    warnings: Vec<Defect>,
    left_off: usize,
    warnings_left_off: usize,
}

impl Defect {
    /// Characters of a value that a defect repeats: enough to find it, too few to flood a log.
    pub const VALUE_CHARS_MAX: usize = 80;

    /// The same as a warning.
    #[must_use]
    pub(crate) fn warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    /// A defect of `file` as a whole.
    pub(crate) fn of_file(file: &str, expected: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
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
            severity: Severity::Error,
            file: file.to_owned(),
            row: Some(row),
            field: Some(field.to_owned()),
            value: Some(value.chars().take(Self::VALUE_CHARS_MAX).collect()),
            expected: expected.into(),
        }
    }
}

impl LoadReport {
    /// Errors kept in one report, and warnings: more are counted, not listed.
    pub const DEFECTS_MAX: usize = 1000;

    /// The errors in the order they were found.
    #[must_use]
    pub fn defects(&self) -> &[Defect] {
        &self.errors
    }

    /// How many further errors were found and not kept.
    #[must_use]
    pub const fn left_off(&self) -> usize {
        self.left_off
    }

    /// The warnings in the order they were found.
    #[must_use]
    pub fn warnings(&self) -> &[Defect] {
        &self.warnings
    }

    /// How many further warnings were found and not kept.
    #[must_use]
    pub const fn warnings_left_off(&self) -> usize {
        self.warnings_left_off
    }

    /// Whether it holds no error: the files load.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.errors.is_empty()
    }

    pub(crate) const fn new() -> Self {
        Self {
            errors: Vec::new(),
            warnings: Vec::new(),
            left_off: 0,
            warnings_left_off: 0,
        }
    }

    pub(crate) fn push(&mut self, defect: Defect) {
        let (list, left_off) = match defect.severity {
            Severity::Error => (&mut self.errors, &mut self.left_off),
            Severity::Warning => (&mut self.warnings, &mut self.warnings_left_off),
        };
        if list.len() < Self::DEFECTS_MAX {
            list.push(defect);
        } else {
            *left_off = left_off.saturating_add(1);
        }
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
        list(f, "error", &self.errors, self.left_off)?;
        if !self.warnings.is_empty() {
            f.write_str("\n")?;
            list(f, "warning", &self.warnings, self.warnings_left_off)?;
        }
        Ok(())
    }
}

fn list(f: &mut fmt::Formatter<'_>, what: &str, defects: &[Defect], more: usize) -> fmt::Result {
    let found = defects.len().saturating_add(more);
    write!(f, "{found} {what}{}", if found == 1 { "" } else { "s" })?;
    for defect in defects {
        write!(f, "\n  {defect}")?;
    }
    match more {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more"),
    }
}
