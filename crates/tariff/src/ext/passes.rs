//! `fare_passes.txt`: passes that are bought, and passes that rides earn.

use units::TextId;

use super::cells;
use super::{Known, Period, Ride, Scope};
use crate::{CityFiles, LoadReport, RuleRef};

const FILE: &str = "fare_passes.txt";

/// The rows of one `pass_id`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pass {
    /// `pass_id`.
    pub id: TextId,
    /// `pass_name`, else the id.
    pub name: String,
    /// How it comes into force.
    pub kind: PassKind,
    /// `period`: over which days rides are counted; of a bought pass, unused.
    pub period: Period,
    /// Which rides are counted and covered; any of them.
    pub scopes: Vec<Scope>,
    /// Its first row.
    pub rule: RuleRef,
}

/// How a pass comes into force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PassKind {
    /// After this many rides of the period the rest of the period is free (`rides`).
    Earned {
        /// How many.
        rides: i64,
    },
    /// The rider's code carries this product number (`product_number`).
    Bought {
        /// The number in the code's entitlement.
        product_number: u16,
    },
}

impl Pass {
    /// Whether `ride` is counted or covered by it. A missing tap is never covered: nobody knows
    /// where the rider went.
    #[must_use]
    pub fn holds(&self, ride: &Ride<'_>) -> bool {
        !ride.is_incomplete && self.scopes.iter().any(|scope| scope.holds(ride))
    }
}

pub(super) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> Vec<Pass> {
    let mut passes: Vec<Pass> = Vec::new();
    let required = ["pass_id", "kind"];
    cells::rows(files, FILE, &required, known, report, |cells| {
        let id = cells.id("pass_id");
        let (kind, period) = match cells.text("kind") {
            "earned" => {
                let rides = cells.number("rides", 1..=10_000);
                (PassKind::Earned { rides }, Period::read(cells))
            }
            "bought" => {
                let number = cells.number("product_number", 1..=65_535);
                let product_number = u16::try_from(number).unwrap_or(u16::MAX);
                (PassKind::Bought { product_number }, Some(Period::Day))
            }
            _ => {
                cells.defect("kind", "earned or bought");
                return None;
            }
        };
        let scope = cells.scope();
        let (id, period) = (id?, period?);
        let name = cells.name("pass_name", &id);
        let rule = cells.rule();
        if !cells.is_good() {
            return None;
        }
        let Some(pass) = passes.iter_mut().find(|pass| pass.id == id) else {
            passes.push(Pass {
                id,
                name,
                kind,
                period,
                scopes: vec![scope],
                rule,
            });
            return Some(());
        };
        if (pass.kind, pass.period) != (kind, period) {
            let expected = "kind, rides, product and period of the earlier rows of this pass_id";
            cells.defect("kind", expected);
        }
        pass.scopes.push(scope);
        Some(())
    });
    passes
}
