//! Rows of results, as a table for people and as JSON for machines.

use std::io::Write as _;

use serde::Serialize;

/// One result.
#[derive(Serialize, Debug)]
pub(crate) struct Row {
    /// Stable name.
    pub(crate) id: &'static str,
    /// What was compared.
    pub(crate) what: String,
    pub(crate) ours: f64,
    /// The other side; absent where the target is about ours alone.
    pub(crate) theirs: Option<f64>,
    pub(crate) unit: &'static str,
    /// Ours through theirs, the median of the rounds' ratios.
    pub(crate) ratio: Option<f64>,
    /// What was promised, in words; absent where nothing was.
    pub(crate) target: Option<String>,
    /// Whether this run kept it.
    pub(crate) met: Option<bool>,
}

impl Row {
    /// A row without a promise.
    pub(crate) fn plain(id: &'static str, what: &str, ours: f64, unit: &'static str) -> Self {
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

    /// Ours may be at most `max`.
    #[must_use]
    pub(crate) fn at_most(mut self, max: f64) -> Self {
        self.promise(&format!("≤ {max} {}", self.unit), self.ours <= max);
        self
    }

    /// Ours must be at least `min`.
    #[must_use]
    pub(crate) fn at_least(mut self, min: f64) -> Self {
        self.promise(&format!("≥ {min} {}", self.unit), self.ours >= min);
        self
    }

    #[must_use]
    pub(crate) fn against(mut self, theirs: f64, ratio: f64) -> Self {
        (self.theirs, self.ratio) = (Some(theirs), Some(ratio));
        self
    }

    /// Ours may take at most this part of their time.
    #[must_use]
    pub(crate) fn ratio_at_most(mut self, max: f64) -> Self {
        let kept = self.ratio.is_some_and(|ratio| ratio <= max);
        self.promise(&format!("≤ {max}×"), kept);
        self
    }

    /// Ours must be at least this part of theirs.
    #[must_use]
    pub(crate) fn ratio_at_least(mut self, min: f64) -> Self {
        let kept = self.ratio.is_some_and(|ratio| ratio >= min);
        self.promise(&format!("≥ {min}×"), kept);
        self
    }

    /// Ours must be at least this many times as fast.
    #[must_use]
    pub(crate) fn times_faster(mut self, min: f64) -> Self {
        let kept = self.ratio.is_some_and(|ratio| 1.0 / ratio >= min);
        self.promise(&format!("≥ {min}× faster"), kept);
        self
    }

    fn promise(&mut self, target: &str, kept: bool) {
        let before = self.target.take().map_or(String::new(), |old| old + ", ");
        self.target = Some(before + target);
        self.met = Some(self.met.unwrap_or(true) && kept);
    }
}

/// Prints the rows.
///
/// # Errors
/// When standard output does not take them.
pub(crate) fn print(rows: &[Row], json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, rows)?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(
        out,
        "{:<62} {:>10} {:>10} {:<5} {:>7}  {:<24} met",
        "what", "ours", "theirs", "unit", "ratio", "target"
    )?;
    for row in rows {
        let number =
            |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
        let ratio = row
            .ratio
            .map_or(String::new(), |value| format!("{value:.3}"));
        let met = row.met.map_or("", |met| if met { "yes" } else { "NO" });
        writeln!(
            out,
            "{:<62} {:>10} {:>10} {:<5} {:>7}  {:<24} {met}",
            row.what,
            number(Some(row.ours)),
            number(row.theirs),
            row.unit,
            ratio,
            row.target.as_deref().unwrap_or("")
        )?;
    }
    Ok(())
}
