//! `fare_caps.txt`: the most that a rider pays in a window of days.

use units::TextId;

use super::cells::{self, Cells};
use super::{Known, Period, Ride, Scope};
use crate::{CityFiles, LoadReport, RuleRef};

const FILE: &str = "fare_caps.txt";

/// The rows of one `cap_id`: the rides that any of them holds are counted together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cap {
    /// `cap_id`.
    pub id: TextId,
    /// `cap_name`, else the id.
    pub name: String,
    /// `period`: the same in all its rows.
    pub period: Period,
    /// `counts_incomplete`: whether journeys with a missing tap are counted and capped.
    pub counts_incomplete: bool,
    /// Its rows in file order.
    pub rows: Vec<CapRow>,
}

/// One row of a cap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapRow {
    /// Which rides.
    pub scope: Scope,
    /// The limit in minor units that comes into force with the first ride this row holds.
    pub amount: i64,
    /// The row.
    pub rule: RuleRef,
}

impl Cap {
    /// The row with the greatest amount that holds `ride` (of equal ones the first) and its place.
    #[must_use]
    pub fn row(&self, ride: &Ride<'_>) -> Option<(usize, &CapRow)> {
        if ride.is_incomplete && !self.counts_incomplete {
            return None;
        }
        let mut best: Option<(usize, &CapRow)> = None;
        let holding = |(_, row): &(usize, &CapRow)| row.scope.holds(ride);
        for (place, row) in self.rows.iter().enumerate().filter(holding) {
            if best.is_none_or(|(_, known)| row.amount > known.amount) {
                best = Some((place, row));
            }
        }
        best
    }
}

struct Row {
    id: TextId,
    name: String,
    period: Period,
    counts_incomplete: bool,
    limit: CapRow,
}

pub(super) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> Vec<Cap> {
    let mut caps: Vec<Cap> = Vec::new();
    let required = ["cap_id", "period", "amount"];
    cells::rows(files, FILE, &required, known, report, |cells| {
        let row = row(cells)?;
        if !cells.is_good() {
            return None;
        }
        let Some(cap) = caps.iter_mut().find(|cap| cap.id == row.id) else {
            caps.push(Cap {
                id: row.id,
                name: row.name,
                period: row.period,
                counts_incomplete: row.counts_incomplete,
                rows: vec![row.limit],
            });
            return Some(());
        };
        if cap.period != row.period {
            cells.defect("period", "the period of the earlier rows of this cap_id");
        }
        if cap.counts_incomplete != row.counts_incomplete {
            let expected = "the value of the earlier rows of this cap_id";
            cells.defect("counts_incomplete", expected);
        }
        cap.rows.push(row.limit);
        Some(())
    });
    caps
}

fn row(cells: &mut Cells<'_>) -> Option<Row> {
    let id = cells.id("cap_id");
    let period = Period::read(cells);
    let amount = cells.amount("amount");
    let scope = cells.scope();
    let counts_incomplete = cells.flag("counts_incomplete", true);
    let id = id?;
    Some(Row {
        name: cells.name("cap_name", &id),
        id,
        period: period?,
        counts_incomplete,
        limit: CapRow {
            scope,
            amount: amount?,
            rule: cells.rule(),
        },
    })
}
