//! Statements: what each agency earned in a period, and what changed about earlier ones.
//!
//! A statement is never taken back. Taps that come late change the shares of days that a statement
//! has covered; the next statement lists each such change, so that all statements together always
//! say what the taps say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use units::ServiceDay;

use super::Earner;
use super::shares::{ShareError, Shares, add};

/// The statement of one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// From 1, without a gap.
    pub number: u32,
    /// The service days it covers.
    pub days: RangeInclusive<ServiceDay>,
    /// The shares of those of its days that have revenue.
    pub shares: BTreeMap<ServiceDay, Shares>,
    /// What changed since on days of earlier statements, ordered by day and earner.
    pub adjustments: Vec<Adjustment>,
}

/// What changed about one earner's day that an earlier statement covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    /// The day.
    pub day: ServiceDay,
    /// Whose.
    pub earner: Earner,
    /// What all earlier statements together said, in minor units.
    pub was_minor: i64,
    /// What the taps say now.
    pub is_minor: i64,
}

/// Why no statement can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The period begins on another day than the one after the statement before it: days would
    /// be in two statements, or in none.
    #[error("the period begins on {got}, expected {expected}, the day after statement {before}")]
    Begins {
        /// The number of the last statement.
        before: u32,
        /// The day after it.
        expected: ServiceDay,
        /// The first day asked for.
        got: ServiceDay,
    },
    /// The period ends before it begins.
    #[error("the period ends on {last}, before it begins on {first}")]
    Empty {
        /// The first day.
        first: ServiceDay,
        /// The last day.
        last: ServiceDay,
    },
    /// Numbers or days run out, or sums leave 64 bits.
    #[error("the sums of the statements leave 64 bits of minor units")]
    Overflow,
}

impl From<ShareError> for StatementError {
    fn from(_: ShareError) -> Self {
        Self::Overflow
    }
}

/// The next statement after `earlier`, for `days`; `now` are the shares of every day from the first
/// of the first statement to the last of `days`, as the taps say now.
///
/// # Errors
/// [`StatementError`].
pub fn next(
    earlier: &[Statement],
    days: &RangeInclusive<ServiceDay>,
    now: &BTreeMap<ServiceDay, Shares>,
) -> Result<Statement, StatementError> {
    let (first, last) = (*days.start(), *days.end());
    if last < first {
        return Err(StatementError::Empty { first, last });
    }
    if let Some(before) = earlier.last() {
        let expected = day_after(*before.days.end())?;
        if first != expected {
            return Err(StatementError::Begins {
                before: before.number,
                expected,
                got: first,
            });
        }
    }
    let number = u32::try_from(earlier.len()).ok();
    let said = said(earlier)?;
    Ok(Statement {
        number: number
            .and_then(|number| number.checked_add(1))
            .ok_or(StatementError::Overflow)?,
        days: days.clone(),
        shares: now
            .range(days.clone())
            .map(|(day, shares)| (*day, shares.clone()))
            .collect(),
        adjustments: adjustments(earlier, &said, now),
    })
}

fn day_after(day: ServiceDay) -> Result<ServiceDay, StatementError> {
    let next = day.as_days().checked_add(1);
    next.map(ServiceDay::from_days)
        .ok_or(StatementError::Overflow)
}

/// What `statements` together say of each day.
///
/// # Errors
/// [`StatementError::Overflow`].
pub fn said(statements: &[Statement]) -> Result<BTreeMap<ServiceDay, Shares>, StatementError> {
    let mut said: BTreeMap<ServiceDay, Shares> = BTreeMap::new();
    for statement in statements {
        for (day, shares) in &statement.shares {
            add(said.entry(*day).or_default(), shares)?;
        }
        for change in &statement.adjustments {
            add(said.entry(change.day).or_default(), &change.as_shares()?)?;
        }
    }
    Ok(said)
}

fn adjustments(
    earlier: &[Statement],
    said: &BTreeMap<ServiceDay, Shares>,
    now: &BTreeMap<ServiceDay, Shares>,
) -> Vec<Adjustment> {
    let (Some(first), Some(last)) = (earlier.first(), earlier.last()) else {
        return Vec::new();
    };
    let covered = *first.days.start()..=*last.days.end();
    let none = Shares::new();
    let days: BTreeSet<ServiceDay> = said
        .range(covered.clone())
        .chain(now.range(covered))
        .map(|(day, _)| *day)
        .collect();
    let mut changes = Vec::new();
    for day in days {
        let (was, is) = (
            said.get(&day).unwrap_or(&none),
            now.get(&day).unwrap_or(&none),
        );
        let earners: BTreeSet<&Earner> = was.keys().chain(is.keys()).collect();
        for earner in earners {
            let minor = |shares: &Shares| shares.get(earner).copied().unwrap_or(0);
            let change = Adjustment {
                day,
                earner: *earner,
                was_minor: minor(was),
                is_minor: minor(is),
            };
            if change.was_minor != change.is_minor {
                changes.push(change);
            }
        }
    }
    changes
}

impl Adjustment {
    /// What it adds to the statement, in minor units; below 0 where too much was stated.
    ///
    /// # Errors
    /// [`StatementError::Overflow`].
    pub fn minor(&self) -> Result<i64, StatementError> {
        let change = self.is_minor.checked_sub(self.was_minor);
        change.ok_or(StatementError::Overflow)
    }

    fn as_shares(&self) -> Result<Shares, StatementError> {
        Ok(Shares::from([(self.earner, self.minor()?)]))
    }
}

impl Statement {
    /// What each earner is to be paid by this statement: its days and the adjustments.
    ///
    /// # Errors
    /// [`StatementError::Overflow`].
    pub fn totals(&self) -> Result<Shares, StatementError> {
        let mut totals = Shares::new();
        for shares in self.shares.values() {
            add(&mut totals, shares)?;
        }
        for change in &self.adjustments {
            add(&mut totals, &change.as_shares()?)?;
        }
        Ok(totals)
    }
}
