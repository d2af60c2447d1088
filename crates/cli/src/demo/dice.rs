//! Chance from a seed: the same seed makes the same morning.

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// A stream of chance; each purpose draws from its own, so that one never disturbs another.
pub(super) struct Dice(ChaCha12Rng);

impl Dice {
    /// The stream for `purpose` in the world of `seed`.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Self(rng)
    }

    /// A number from 0 up to and without `bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64().checked_rem(bound).unwrap_or(0)
    }

    /// True in `percent` of 100 throws.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, or `None` when there is none.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(items.len()).unwrap_or(0);
        items.get(usize::try_from(self.below(count)).unwrap_or(0))
    }

    /// Fills `bytes` with chance.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// Thirty-two bytes of chance: the seed of a key.
    pub(super) fn key_seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        seed
    }
}
