//! `fare_tiers.txt`: discounts that grow with what was spent in a window of days.

use units::TextId;

use super::cells;
use super::{Known, Period, Ride, Scope};
use crate::{CityFiles, LoadReport, RuleRef};

const FILE: &str = "fare_tiers.txt";

/// The rows of one `tier_id`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tier {
    /// `tier_id`.
    pub id: TextId,
    /// `tier_name`, else the id.
    pub name: String,
    /// `period`: the same in all its rows.
    pub period: Period,
    /// `counts`: whether full fares are summed instead of what was paid.
    pub counts_full_fares: bool,
    /// Which rides are counted and discounted; any of them.
    pub scopes: Vec<Scope>,
    /// The steps in file order.
    pub steps: Vec<TierStep>,
}

/// One row of a tier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TierStep {
    /// Which rides this row discounts.
    pub scope: Scope,
    /// `from_amount`: spent so far, inclusive, minor units.
    pub from: i64,
    /// `to_amount`: spent so far, exclusive; `None` = no end.
    pub to: Option<i64>,
    /// `pay_percent`, 0 to 100.
    pub pay_percent: i64,
    /// The row.
    pub rule: RuleRef,
}

impl Tier {
    /// Whether `ride` is counted: some row holds it.
    #[must_use]
    pub fn counts(&self, ride: &Ride<'_>) -> bool {
        !ride.is_incomplete && self.scopes.iter().any(|scope| scope.holds(ride))
    }

    /// The step with the least `pay_percent` for a ride before which `spent` was spent (of equal
    /// ones the first) and its place.
    #[must_use]
    pub fn step(&self, ride: &Ride<'_>, spent: i64) -> Option<(usize, &TierStep)> {
        let in_force = |(_, step): &(usize, &TierStep)| {
            step.from <= spent && step.to.is_none_or(|to| spent < to) && step.scope.holds(ride)
        };
        self.steps
            .iter()
            .enumerate()
            .filter(in_force)
            .min_by_key(|(_, step)| step.pay_percent)
    }
}

/// `percent` per cent of `minor`, rounded to the nearest minor unit, halves up.
#[must_use]
pub(crate) fn percent_of(minor: i64, percent: i64) -> i64 {
    let scaled = i128::from(minor).saturating_mul(i128::from(percent));
    let rounded = scaled.saturating_add(50).div_euclid(100);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

pub(super) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> Vec<Tier> {
    let mut tiers: Vec<Tier> = Vec::new();
    let required = ["tier_id", "period", "from_amount", "pay_percent"];
    cells::rows(files, FILE, &required, known, report, |cells| {
        let id = cells.id("tier_id");
        let period = Period::read(cells);
        let from = cells.amount("from_amount");
        let to = cells.optional_amount("to_amount");
        let pay_percent = cells.number("pay_percent", 0..=100);
        let scope = cells.scope();
        let counts_full_fares = match cells.text("counts") {
            "" | "paid" => false,
            "fare" => true,
            _ => {
                cells.defect("counts", "paid or fare");
                return None;
            }
        };
        let (id, period, from) = (id?, period?, from?);
        if to.is_some_and(|to| to <= from) {
            cells.defect("to_amount", "an amount above from_amount, or nothing");
        }
        let name = cells.name("tier_name", &id);
        let step = TierStep {
            scope: scope.clone(),
            from,
            to,
            pay_percent,
            rule: cells.rule(),
        };
        if !cells.is_good() {
            return None;
        }
        let Some(tier) = tiers.iter_mut().find(|tier| tier.id == id) else {
            tiers.push(Tier {
                id,
                name,
                period,
                counts_full_fares,
                scopes: vec![scope],
                steps: vec![step],
            });
            return Some(());
        };
        if tier.period != period {
            cells.defect("period", "the period of the earlier rows of this tier_id");
        }
        if tier.counts_full_fares != counts_full_fares {
            cells.defect("counts", "the value of the earlier rows of this tier_id");
        }
        if !tier.scopes.contains(&scope) {
            tier.scopes.push(scope);
        }
        tier.steps.push(step);
        Some(())
    });
    tiers
}
