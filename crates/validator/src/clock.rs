//! The gate's clock, trusted only as far as it can prove.
//!
//! Three sources, none of which is read here: the *wall* clock, which may be set to anything, jump,
//! or come back from a dead battery in 1970; the *monotonic* clock, which runs since power-on and
//! drifts by a few parts in a million; and *evidence*, what somebody signed: the time of a server
//! just now, when a list was issued, what the journal says was proven before.
//!
//! Two values follow. The **mark** is the high-water mark: the latest instant that is certainly
//! past. It only grows, by evidence and with the monotonic clock, never by the wall clock, so that
//! no jump forward poisons it. The **anchor** is the last signed time of this power-on, from which
//! the monotonic clock counts on, with a bound on its error that grows by the drift.
//!
//! What the wall clock says is used while it agrees with them. What a reading is worth goes into
//! the decision ([`Trust`], `Policy::degraded`) and into the tap record ([`ClockState`]).
//! Everything here heals by itself: when signed time comes, or when somebody sets the wall clock
//! right.
//!
//! ```
//! use units::{Span, Timestamp};
//! use validator::{Clock, ClockRules, Trust};
//!
//! let mut clock = Clock::new(ClockRules::default());
//! let noon = Timestamp::from_secs(1_546_819_200);
//! clock.past(noon); // the journal's last tap with a proven clock
//! let boot = Span::from_secs(3);
//! // The battery is dead: it is 1970 again.
//! assert_eq!(clock.read(Timestamp::from_secs(8), boot).trust, Trust::Wrong);
//! // A server's signed answer, right to half a second.
//! let later = noon.plus(Span::from_secs(7200));
//! assert!(clock.signed(later, Span::from_micros(500_000), boot));
//! let reading = clock.read(Timestamp::from_secs(9), Span::from_secs(4));
//! assert_eq!((reading.trust, reading.time), (Trust::Proven, later.plus(Span::from_secs(1))));
//! ```

use units::{Span, Timestamp};
use wire::ClockState;

/// What a gate may assume of its clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockRules {
    /// Most that the monotonic clock drifts, in parts per million.
    pub drift_ppm: u32,
    /// Largest error of a reading that counts as proven; also how far a wall clock may be behind
    /// the mark without being wrong, for the clocks of others are not exact either.
    pub error_max: Span,
    /// How far ahead of the mark a wall clock that nothing confirms may be: longer than any gate
    /// stands without power.
    pub ahead_max: Span,
}

impl Default for ClockRules {
    /// 100 ppm; 10 s, which is reached a day after the last signed time; 90 days.
    fn default() -> Self {
        Self {
            drift_ppm: 100,
            error_max: Span::from_secs(10),
            ahead_max: Span::from_secs(90 * 86_400),
        }
    }
}

/// What a reading is worth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trust {
    /// Signed time confirms it, within the error that rules allow.
    Proven,
    /// Nothing confirms it and nothing contradicts it.
    Unproven,
    /// It is before what is certainly past, or absurdly far ahead.
    Wrong,
}

/// What time it is, and how that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The time to decide by.
    pub time: Timestamp,
    /// What it is worth.
    pub trust: Trust,
    /// Largest error of `time`, either way; `None` when no bound is known.
    pub error: Option<Span>,
    /// How far the wall clock is ahead of the time that is proven; `None` when none is. For
    /// metrics, and for staff.
    pub wall_ahead: Option<Span>,
}

impl Reading {
    /// What goes into a tap record.
    #[must_use]
    pub const fn state(&self) -> ClockState {
        match self.trust {
            Trust::Proven => ClockState::Proven,
            Trust::Unproven | Trust::Wrong => ClockState::Unproven,
        }
    }
}

impl From<Timestamp> for Reading {
    /// A time that the caller has proven.
    fn from(time: Timestamp) -> Self {
        Self {
            time,
            trust: Trust::Proven,
            error: Some(Span::ZERO),
            wall_ahead: Some(Span::ZERO),
        }
    }
}

/// Signed time, and when it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Anchor {
    time: Timestamp,
    error: Span,
    mono: Span,
}

/// A gate's clock: what it has proof of. One value per power-on; [`Clock::past`] carries over what
/// was proven before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    rules: ClockRules,
    mark: Option<Timestamp>,
    anchor: Option<Anchor>,
    /// The monotonic clock when the mark was last moved.
    mono: Option<Span>,
}

impl Clock {
    /// A clock that has proof of nothing yet.
    #[must_use]
    pub const fn new(rules: ClockRules) -> Self {
        Self {
            rules,
            mark: None,
            anchor: None,
            mono: None,
        }
    }

    /// The high-water mark: the latest instant that is certainly past.
    #[must_use]
    pub const fn mark(&self) -> Option<Timestamp> {
        self.mark
    }

    /// Evidence that `instant` is past: when a list in use was signed, or a tap of the journal
    /// whose record says that its clock was proven. Of other taps say nothing: they would carry a
    /// jump of the wall clock into the mark.
    pub fn past(&mut self, instant: Timestamp) {
        self.mark = self.mark.max(Some(instant));
    }

    /// Evidence that it is `time`, give or take `error`, when the monotonic clock says `mono`: a
    /// signed answer to a question just asked, whose round trip is in the error. Says whether it
    /// was taken: a time that is certainly past is somebody's old answer, and changes nothing.
    ///
    /// The signer is trusted: a wrong time ahead moves the mark, and is only outlived.
    pub fn signed(&mut self, time: Timestamp, error: Span, mono: Span) -> bool {
        self.run(mono);
        let error = error.max(Span::ZERO);
        if Some(time.plus(error)) < self.mark.map(|mark| mark.minus(self.rules.error_max)) {
            return false;
        }
        let is_better = match self.estimate(mono) {
            Some((estimate, bound)) => error <= bound || time.minus(error) > estimate.plus(bound),
            None => true,
        };
        if is_better {
            self.anchor = Some(Anchor { time, error, mono });
        }
        self.past(time.minus(error));
        true
    }

    /// Reads the clocks. `wall` may be anything; `mono` counts since power-on and never goes back
    /// (should it, the anchor is given up).
    pub fn read(&mut self, wall: Timestamp, mono: Span) -> Reading {
        self.run(mono);
        if let Some((estimate, bound)) = self.estimate(mono) {
            self.past(estimate.minus(bound));
            return self.anchored(wall, estimate, bound);
        }
        let (is_behind, is_ahead) = match self.mark {
            Some(mark) => (
                wall < mark.minus(self.rules.error_max),
                wall > mark.plus(self.rules.ahead_max),
            ),
            None => (false, false),
        };
        let mut reading = Reading {
            time: wall,
            trust: Trust::Unproven,
            error: None,
            wall_ahead: None,
        };
        if let (true, Some(mark)) = (is_behind || is_ahead, self.mark) {
            reading.time = mark;
            reading.trust = Trust::Wrong;
            reading.wall_ahead = Some(wall.since(mark));
        }
        reading
    }

    /// The wall clock, which somebody may keep better than the monotonic clock runs, where it is
    /// within the bound; else the estimate.
    fn anchored(&self, wall: Timestamp, estimate: Timestamp, bound: Span) -> Reading {
        let wall_ahead = wall.since(estimate);
        let off = wall_ahead.max(estimate.since(wall));
        let agrees = off <= bound;
        let (time, error) = if agrees {
            (wall, plus(bound, off))
        } else {
            (estimate, bound)
        };
        let trust = if bound <= self.rules.error_max {
            Trust::Proven
        } else {
            Trust::Unproven
        };
        Reading {
            time,
            trust,
            error: Some(error),
            wall_ahead: Some(wall_ahead),
        }
    }

    /// The anchor's time by now, and the bound on its error.
    fn estimate(&self, mono: Span) -> Option<(Timestamp, Span)> {
        let anchor = self.anchor?;
        let elapsed = minus(mono, anchor.mono);
        let bound = plus(anchor.error, self.drift(elapsed));
        Some((anchor.time.plus(elapsed), bound))
    }

    /// Lets the mark run with the monotonic clock, at the least speed that this has.
    fn run(&mut self, mono: Span) {
        let before = self.mono.replace(mono).unwrap_or(mono);
        if mono < before {
            self.anchor = None;
            return;
        }
        let elapsed = minus(mono, before);
        let least = minus(elapsed, self.drift(elapsed));
        self.mark = self.mark.map(|mark| mark.plus(least));
    }

    /// Most that `elapsed` is off, rounded up.
    fn drift(&self, elapsed: Span) -> Span {
        let parts = elapsed
            .as_micros()
            .saturating_mul(i64::from(self.rules.drift_ppm));
        Span::from_micros(parts.saturating_add(999_999) / 1_000_000)
    }
}

fn minus(span: Span, other: Span) -> Span {
    Span::from_micros(span.as_micros().saturating_sub(other.as_micros()))
}

fn plus(span: Span, other: Span) -> Span {
    Span::from_micros(span.as_micros().saturating_add(other.as_micros()))
}
