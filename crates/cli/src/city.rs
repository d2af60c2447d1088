//! `faregate city check`: what is wrong with a feed or a city package, all of it in one run.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use tariff::{City, Defect, Feed, LoadReport, Severity};

use crate::output::Reader;
use crate::package::Package;

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
    let package = Package::read(path)?;
    let read = Feed::read(&package.feed());
    let mut reports: Vec<LoadReport> = Vec::new();
    match read {
        Ok(feed) => reports.push(feed.warnings().clone()),
        Err(report) => reports.push(report),
    }
    // A city is checked as a city where its feed is sound: no defect is told twice.
    if package.is_city()
        && reports.iter().all(LoadReport::is_sound)
        && let Err(report) = City::load(&package.files)
    {
        reports.push(report);
    }
    let ok = reports.iter().all(LoadReport::is_sound);
    let kind = if package.is_city() { "city" } else { "feed" };
    let counts = count(&reports);
    let mut lines = String::new();
    for note in &package.notes {
        writeln!(lines, "note: {note}")?;
    }
    for report in &reports {
        writeln!(lines, "{report}")?;
    }
    let verdict = if ok { "loads" } else { "does not load" };
    writeln!(lines, "{}: this {kind} {verdict}", path.display())?;
    let report = Report {
        path: path.display().to_string(),
        kind,
        ok,
        errors: counts.0,
        warnings: counts.1,
        notes: &package.notes,
        defects: reports.iter().flat_map(all).map(told).collect(),
    };
    Reader::of(json).print(&report, &lines)?;
    Ok(ok)
}

/// Errors and warnings found, kept or not.
fn count(reports: &[LoadReport]) -> (usize, usize) {
    reports.iter().fold((0, 0), |(errors, warnings), report| {
        let more_errors = report.defects().len().saturating_add(report.left_off());
        let more_warnings = report
            .warnings()
            .len()
            .saturating_add(report.warnings_left_off());
        (
            errors.saturating_add(more_errors),
            warnings.saturating_add(more_warnings),
        )
    })
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
