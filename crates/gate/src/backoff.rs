//! How long to wait before trying again: doubled each time, spread by a number from outside.

use std::time::Duration;

/// Longest wait: a server that is back is found by all gates within this time.
pub const BACKOFF_MAX: Duration = Duration::from_mins(5);

/// Waits that grow.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits from `first` on.
    #[must_use]
    pub const fn new(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    /// It worked: the next wait is the first one again.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next wait: between half of the doubled time and all of it, as `chance` says.
    pub fn next(&mut self, chance: u32) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1).min(31);
        let whole = self.first.saturating_mul(factor).min(BACKOFF_MAX);
        let half = whole / 2;
        let part = u64::from(chance).saturating_mul(micros(half)) >> 32;
        half.saturating_add(Duration::from_micros(part))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_are_spread_over_their_upper_half() {
        let mut backoff = Backoff::new(Duration::from_secs(1));
        let waits: Vec<u64> = (0..12).map(|_| micros(backoff.next(0)) / 1000).collect();
        assert_eq!(waits[..5], [500, 1000, 2000, 4000, 8000]);
        assert_eq!(waits[11], 150_000);
        assert!(backoff.next(u32::MAX) > Duration::from_millis(299_900));
        backoff.reset();
        assert_eq!(backoff.next(1 << 31), Duration::from_millis(750));
    }
}
