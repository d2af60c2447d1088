//! The gate's clock: the machine's two clocks, and what proves them.
//!
//! The high-water mark is rebuilt from the journal before the first code is judged: from the taps
//! whose record says that their clock was proven. Nothing else is stored.

use units::{Span, Timestamp};
use validator::{Clock, ClockRules, Reading};
use wire::ClockState;
use wire::tap::TapRecord;

use crate::machine::Stopwatch;

/// A [`Clock`] with the monotonic clock of this start.
#[derive(Clone, Debug)]
pub struct GateClock {
    clock: Clock,
    started: Stopwatch,
    last: Reading,
}

/// The time of a header `Date` (RFC 9110 section 5.6.7).
#[must_use]
pub fn time_of(date: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(date).ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs())
        .ok()
        .map(Timestamp::from_secs)
}

impl GateClock {
    /// A clock that has proof of nothing yet.
    #[must_use]
    pub fn start(rules: ClockRules) -> Self {
        let mut clock = Clock::new(rules);
        let last = clock.read(Timestamp::from_secs(0), Span::ZERO);
        Self {
            clock,
            started: Stopwatch::start(),
            last,
        }
    }

    /// Takes the time of a tap of the journal, if its clock was proven.
    pub fn recall(&mut self, payload: &[u8]) {
        if let Ok(record) = TapRecord::decode(payload)
            && record.clock == ClockState::Proven
        {
            self.past(record.at);
        }
    }

    /// This instant is past: a list in use was signed then.
    pub fn past(&mut self, instant: Timestamp) {
        self.clock.past(instant);
    }

    /// It is `time` now, give or take `error`: an authenticated answer that has just come. Says
    /// whether it was taken.
    pub fn signed(&mut self, time: Timestamp, error: Span) -> bool {
        let mono = self.mono();
        self.clock.signed(time, error, mono)
    }

    /// The header `Date` of an authenticated answer to a question asked when `watch` was started:
    /// whole seconds, cut off, and as old as the question at most. Says whether it was taken.
    pub fn answered(&mut self, date: &str, watch: Stopwatch) -> bool {
        let Some(date) = time_of(date) else {
            return false;
        };
        let latest = 1_000_000_u64.saturating_add(watch.micros());
        let half = Span::from_micros(i64::try_from(latest / 2).unwrap_or(i64::MAX));
        self.signed(date.plus(half), half)
    }

    /// What time it is by the machine's clock and all that is proven.
    pub fn read(&mut self, wall: Timestamp) -> Reading {
        let mono = self.mono();
        self.last = self.clock.read(wall, mono);
        self.last
    }

    /// The last reading: for the record of the tap that it was made for, and for metrics.
    #[must_use]
    pub const fn last(&self) -> Reading {
        self.last
    }

    /// The high-water mark: the latest instant that is certainly past.
    #[must_use]
    pub const fn mark(&self) -> Option<Timestamp> {
        self.clock.mark()
    }

    fn mono(&self) -> Span {
        Span::from_micros(i64::try_from(self.started.micros()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_proves_the_time_to_its_round_trip() {
        let mut clock = GateClock::start(ClockRules::default());
        assert!(!clock.answered("yesterday", Stopwatch::start()));
        assert!(clock.answered("Sun, 06 Nov 1994 08:49:37 GMT", Stopwatch::start()));
        let wall = Timestamp::from_secs(4_000_000_000);
        let reading = clock.read(wall);
        assert_eq!(reading.state(), ClockState::Proven);
        let off = reading.time.since(Timestamp::from_secs(784_111_777));
        // Half a second of cut-off, and what this test itself takes.
        assert!((0..=30).contains(&off.as_secs()), "{off:?}");
        assert_eq!(clock.last(), reading);
    }
}
