//! Sums over riders, in memory that does not grow with them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Bill;

/// Distinct changes that are counted one by one; with more, amounts are rounded ten times coarser.
const DISTINCT_MAX: usize = 100_000;

/// What is known of a set of riders so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    riders: u64,
    more: u64,
    less: u64,
    before: i128,
    after: i128,
    unpriced_before: u64,
    unpriced_after: u64,
    deltas: Deltas,
}

/// How often each change of a rider's total was seen.
#[derive(Clone, Debug)]
pub(super) struct Deltas {
    /// Minor units that changes are rounded to.
    step: i64,
    counts: BTreeMap<i64, u64>,
    seen: u64,
}

/// The sums of a set of riders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Impact {
    pub(super) riders: u64,
    pub(super) before_minor: i64,
    pub(super) after_minor: i64,
    pub(super) change_minor: i64,
    pub(super) pay_more: u64,
    pub(super) pay_less: u64,
    pub(super) pay_the_same: u64,
    /// Journeys that no rule prices; they are in no sum.
    pub(super) unpriced_before: u64,
    pub(super) unpriced_after: u64,
    /// Of riders' changes.
    pub(super) quantiles: Quantiles,
}

/// Of riders' changes in minor units, nearest rank.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(super) struct Quantiles {
    pub(super) least: i64,
    pub(super) p5: i64,
    pub(super) p25: i64,
    pub(super) median: i64,
    pub(super) p75: i64,
    pub(super) p95: i64,
    pub(super) most: i64,
}

impl Tally {
    pub(super) fn add(&mut self, before: Bill, after: Bill) {
        let delta = after.paid.saturating_sub(before.paid);
        self.riders += 1;
        self.more += u64::from(delta > 0);
        self.less += u64::from(delta < 0);
        self.before += i128::from(before.paid);
        self.after += i128::from(after.paid);
        self.unpriced_before += before.unpriced;
        self.unpriced_after += after.unpriced;
        self.deltas.add(delta);
    }

    pub(super) const fn deltas(&self) -> &Deltas {
        &self.deltas
    }

    pub(super) fn impact(&self) -> Impact {
        // A city's revenue fits: 2^63 minor units are more money than there is.
        let minor = |sum: i128| i64::try_from(sum).unwrap_or(i64::MAX);
        Impact {
            riders: self.riders,
            before_minor: minor(self.before),
            after_minor: minor(self.after),
            change_minor: minor(self.after - self.before),
            pay_more: self.more,
            pay_less: self.less,
            pay_the_same: self.riders - self.more - self.less,
            unpriced_before: self.unpriced_before,
            unpriced_after: self.unpriced_after,
            quantiles: self.deltas.quantiles(),
        }
    }
}

impl Default for Deltas {
    fn default() -> Self {
        Self {
            step: 1,
            counts: BTreeMap::new(),
            seen: 0,
        }
    }
}

impl Deltas {
    pub(super) fn add(&mut self, delta: i64) {
        self.seen += 1;
        *self.counts.entry(rounded(delta, self.step)).or_default() += 1;
        if self.counts.len() > DISTINCT_MAX {
            self.step = self.step.saturating_mul(10);
            let finer = std::mem::take(&mut self.counts);
            for (delta, count) in finer {
                *self.counts.entry(rounded(delta, self.step)).or_default() += count;
            }
        }
    }

    /// Changes and how many riders have each, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.counts.iter().map(|(delta, count)| (*delta, *count))
    }

    /// The smallest change that at least `part` of `of` riders do not exceed (nearest rank).
    pub(super) fn at(&self, part: u64, of: u64) -> i64 {
        let rank = (self.seen * part).div_ceil(of).max(1);
        let mut below = 0;
        for (delta, count) in self.iter() {
            below += count;
            if below >= rank {
                return delta;
            }
        }
        0
    }

    fn quantiles(&self) -> Quantiles {
        let at = |per_cent| self.at(per_cent, 100);
        Quantiles {
            least: at(0),
            p5: at(5),
            p25: at(25),
            median: at(50),
            p75: at(75),
            p95: at(95),
            most: at(100),
        }
    }
}

/// Rounded towards zero, so that a change never turns into none only by its sign.
const fn rounded(delta: i64, step: i64) -> i64 {
    delta / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let mut deltas = Deltas::default();
        for delta in [10, -5, 0, 0, 40] {
            deltas.add(delta);
        }
        // In order: -5 0 0 10 40. Rank of a quarter: ceil(1.25) = 2; of 95 %: ceil(4.75) = 5.
        let expected = Quantiles {
            least: -5,
            p5: -5,
            p25: 0,
            median: 0,
            p75: 10,
            p95: 40,
            most: 40,
        };
        assert_eq!(deltas.quantiles(), expected);
        assert_eq!(Deltas::default().quantiles(), Quantiles::default());
    }

    #[test]
    fn memory_is_bounded() {
        let mut deltas = Deltas::default();
        for delta in 0..1_000_000 {
            deltas.add(delta);
        }
        assert!(
            deltas.counts.len() <= DISTINCT_MAX,
            "{}",
            deltas.counts.len()
        );
        let median = deltas.at(1, 2);
        assert!((499_000..=500_000).contains(&median), "{median}");
        assert_eq!(
            deltas.iter().map(|(_, count)| count).sum::<u64>(),
            1_000_000
        );
    }
}
