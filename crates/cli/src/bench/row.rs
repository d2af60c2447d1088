//! One figure, in the form of `cargo xtask bench`.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

/// One figure.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Row {
    /// Stable name.
    id: &'static str,
    /// What was measured.
    what: String,
    ours: f64,
    /// Nothing is compared here; the field is that of `cargo xtask bench`.
    theirs: Option<f64>,
    unit: &'static str,
    ratio: Option<f64>,
    /// What was promised, where something was.
    target: Option<String>,
    /// Whether this run kept it.
    met: Option<bool>,
}

impl Row {
    /// A figure without a promise.
    pub(super) fn new(id: &'static str, what: &str, ours: f64, unit: &'static str) -> Self {
        Self {
            id,
            what: what.to_owned(),
            ours,
            theirs: None,
            unit,
            ratio: None,
            target: None,
            met: None,
        }
    }

    /// It may be at most so much.
    pub(super) fn at_most(mut self, most: f64) -> Self {
        self.target = Some(format!("≤ {most} {}", self.unit));
        self.met = Some(self.ours <= most);
        self
    }

    /// Whether it broke a promise.
    pub(super) fn missed(&self) -> bool {
        self.met == Some(false)
    }
}

/// Rows for a person.
pub(super) fn table(rows: &[Row], place: &std::path::Path) -> Result<String> {
    let mut out = String::new();
    for row in rows {
        let kept = match row.met {
            None => "",
            Some(true) => "kept",
            Some(false) => "MISSED",
        };
        let target = row.target.as_deref().unwrap_or_default();
        let (what, ours, unit) = (&row.what, row.ours, row.unit);
        writeln!(out, "{what:<66} {ours:>10.1} {unit:<8} {target:<13} {kept}")?;
    }
    writeln!(out, "The journal was in {}.", place.display())?;
    Ok(out)
}
