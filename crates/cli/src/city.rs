//! `faregate city check`: what is wrong with a feed or a city package, all of it in one run.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use tariff::{City, Defect, Feed, LoadReport, Severity};

use crate::output::Reader;
use crate::package;

/// The report for a program.
#[derive(Serialize)]
struct Report<'a> {
    path: String,
    /// `city` or `feed`.
    kind: &'static str,
    /// Whether it loads.
    ok: bool,
    errors: usize,
    warnings: usize,
    notes: &'a [String],
    /// At most 1,000 errors and 1,000 warnings; the counts are of all.
    defects: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    severity: &'static str,
    file: &'a str,
    row: Option<u64>,
    field: Option<&'a str>,
    value: Option<&'a str>,
    expected: &'a str,
}

/// Checks the feed or city package at `path` and prints the report. False: it does not load.
///
/// # Errors
/// When it cannot be read at all.
pub(crate) fn check(path: &Path, json: bool) -> Result<bool> {
    let package = package::read(path)?;
    let found = if package.is_city() {
        City::load(&package.files).map(|city| city.warnings().clone())
    } else {
        Feed::read(&package.feed()).map(|feed| feed.warnings().clone())
    };
    let found = found.unwrap_or_else(|report| report);
    let ok = found.is_sound();
    let kind = if package.is_city() { "city" } else { "feed" };
    let counts = count(&found);
    let mut lines = String::new();
    for note in &package.notes {
        writeln!(lines, "note: {note}")?;
    }
    writeln!(lines, "{found}")?;
    let verdict = if ok { "loads" } else { "does not load" };
    writeln!(lines, "{}: this {kind} {verdict}", path.display())?;
    let report = Report {
        path: path.display().to_string(),
        kind,
        ok,
        errors: counts.0,
        warnings: counts.1,
        notes: &package.notes,
        defects: all(&found).map(told).collect(),
    };
    Reader::of(json).print(&report, &lines)?;
    Ok(ok)
}

/// Errors and warnings found, kept or not.
fn count(report: &LoadReport) -> (usize, usize) {
    let errors = report.defects().len();
    let warnings = report.warnings().len();
    (
        errors.saturating_add(report.left_off()),
        warnings.saturating_add(report.warnings_left_off()),
    )
}

fn all(report: &LoadReport) -> impl Iterator<Item = &Defect> {
    report.defects().iter().chain(report.warnings())
}

fn told(defect: &Defect) -> Told<'_> {
    Told {
        severity: match defect.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        file: &defect.file,
        row: defect.row,
        field: defect.field.as_deref(),
        value: defect.value.as_deref(),
        expected: &defect.expected,
    }
}
