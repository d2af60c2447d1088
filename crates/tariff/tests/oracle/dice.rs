//! Choices from a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Choices that a seed makes.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From 0 to `n - 1`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap();
        usize::try_from(self.0.next_u64() % n).unwrap()
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let n = usize::try_from(high - low + 1).unwrap();
        low + i64::try_from(self.below(n)).unwrap()
    }

    /// An amount from `low` to `high`, as often as not a round one: sums of round amounts meet the
    /// edges of tiers and caps.
    pub(crate) fn amount(&mut self, low: i64, high: i64) -> i64 {
        if self.chance(50) {
            self.between(low / 50, high / 50) * 50
        } else {
            self.between(low, high)
        }
    }

    /// True in so many of a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// One of them, or with this chance the empty one.
    pub(crate) fn pick_or_empty<'a>(&mut self, percent: usize, of: &[&'a str]) -> &'a str {
        if self.chance(percent) {
            ""
        } else {
            self.pick(of)
        }
    }
}
