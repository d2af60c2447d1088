//! `fare_windows.txt`: for a time after boarding, riders pay no more than their dearest ride.

use units::TextId;

use super::cells;
use super::{Known, Ride, Scope};
use crate::{CityFiles, LoadReport, RuleRef};

const FILE: &str = "fare_windows.txt";

/// The rows of one `window_id`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransferWindow {
    /// `window_id`.
    pub id: TextId,
    /// `window_name`, else the id.
    pub name: String,
    /// `duration_seconds` from the boarding that opened it, inclusive.
    pub seconds: i64,
    /// `reopens`: whether a ride that costs more opens it anew.
    pub reopens: bool,
    /// Which rides; any of them.
    pub scopes: Vec<Scope>,
    /// Its first row.
    pub rule: RuleRef,
}

impl TransferWindow {
    /// Whether `ride` opens the window and is covered by it.
    #[must_use]
    pub fn holds(&self, ride: &Ride<'_>) -> bool {
        !ride.is_incomplete && self.scopes.iter().any(|scope| scope.holds(ride))
    }
}

pub(super) fn read(
    files: &CityFiles,
    known: &Known<'_>,
    report: &mut LoadReport,
) -> Vec<TransferWindow> {
    let mut windows: Vec<TransferWindow> = Vec::new();
    let required = ["window_id", "duration_seconds"];
    cells::rows(files, FILE, &required, known, report, |cells| {
        let id = cells.id("window_id");
        let seconds = cells.number("duration_seconds", 1..=86_400);
        let reopens = cells.flag("reopens", false);
        let scope = cells.scope();
        let id = id?;
        let name = cells.name("window_name", &id);
        let rule = cells.rule();
        if !cells.is_good() {
            return None;
        }
        let Some(window) = windows.iter_mut().find(|window| window.id == id) else {
            windows.push(TransferWindow {
                id,
                name,
                seconds,
                reopens,
                scopes: vec![scope],
                rule,
            });
            return Some(());
        };
        if (window.seconds, window.reopens) != (seconds, reopens) {
            let expected = "duration_seconds and reopens of the earlier rows of this window_id";
            cells.defect("duration_seconds", expected);
        }
        window.scopes.push(scope);
        Some(())
    });
    windows
}
