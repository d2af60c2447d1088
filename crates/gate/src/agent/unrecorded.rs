//! What a gate does with good codes while its journal cannot be written.
//!
//! By default it stays shut: who breaks a gate's disk wins nothing (threat T21). A city may let it
//! open instead, for so many riders and for so long, never silently. What they showed is held in
//! memory and written down as soon as the journal writes again; a restart before that loses it.

use std::collections::VecDeque;

use journal::Position;
use units::{Span, Timestamp};
use wire::tap::TapKind;

/// For how long the passes of one outage count, in microseconds: an outage that is made again and
/// again opens the gate no more often than one a day.
const COUNTED_US: u64 = 24 * 3_600 * 1_000_000;

/// What happens to good codes while the journal cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UnrecordedRule {
    /// Nobody passes.
    #[default]
    Shut,
    /// Some pass.
    Open {
        /// How many, in all outages of a day.
        passes: u32,
        /// How long after the beginning of an outage.
        within: Span,
    },
}

/// A pass of which nothing is written down yet.
#[derive(Clone, Debug)]
pub(super) struct HeldTap {
    pub(super) id: u64,
    pub(super) at: Timestamp,
    pub(super) kind: TapKind,
    pub(super) decision: u16,
    pub(super) evidence: Vec<u8>,
}

/// The tap for which the door opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passed {
    /// In the journal.
    Recorded(Position),
    /// Held.
    Held(u64),
}

/// Outages, passes in them, and what was shown. Times are microseconds of a steady clock, which
/// nobody sets.
#[derive(Debug, Default)]
pub(super) struct Unrecorded {
    rule: UnrecordedRule,
    /// When the present outage began.
    outage: Option<u64>,
    /// When the passes that count began.
    counted_since: Option<u64>,
    passed: u32,
    /// In order.
    pub(super) held: VecDeque<HeldTap>,
    next_id: u64,
}

impl Unrecorded {
    pub(super) fn new(rule: UnrecordedRule) -> Self {
        Self {
            rule,
            ..Self::default()
        }
    }

    /// The journal did not take a tap.
    pub(super) fn failed(&mut self, at_us: u64) {
        self.outage.get_or_insert(at_us);
    }

    /// The journal writes again.
    pub(super) const fn recovered(&mut self) {
        self.outage = None;
    }

    /// How many more may pass now; none while the journal writes, or where the rule is to shut.
    pub(super) fn left(&self, at_us: u64) -> Option<u32> {
        let UnrecordedRule::Open { passes, within } = self.rule else {
            return None;
        };
        let since = self.outage?;
        let within = u64::try_from(within.as_micros()).unwrap_or(0);
        let over = at_us.saturating_sub(since) > within;
        Some(match self.counted(at_us) {
            _ if over => 0,
            Some(_) => passes.saturating_sub(self.passed),
            None => passes,
        })
    }

    /// When the passes that count began, if they still do. An outage never gets new ones.
    fn counted(&self, at_us: u64) -> Option<u64> {
        let kept = self.outage.unwrap_or(at_us);
        let since = self.counted_since?;
        (kept.saturating_sub(since) < COUNTED_US).then_some(since)
    }

    /// Takes one pass, if there is one. Gives how many are left after it.
    pub(super) fn take(&mut self, at_us: u64) -> Option<u32> {
        let left = self.left(at_us)?.checked_sub(1)?;
        if self.counted(at_us).is_none() {
            (self.counted_since, self.passed) = (Some(at_us), 0);
        }
        self.passed = self.passed.saturating_add(1);
        Some(left)
    }

    /// Holds what the journal did not take.
    pub(super) fn hold(
        &mut self,
        at: Timestamp,
        kind: TapKind,
        decision: u16,
        evidence: &[u8],
    ) -> u64 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        self.held.push_back(HeldTap {
            id,
            at,
            kind,
            decision,
            evidence: evidence.to_vec(),
        });
        id
    }

    /// Nobody went through: there is nothing to write down.
    pub(super) fn drop_held(&mut self, id: u64) {
        self.held.retain(|tap| tap.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const DAY: u64 = 86_400 * SECOND;

    fn open() -> Unrecorded {
        Unrecorded::new(UnrecordedRule::Open {
            passes: 3,
            within: Span::from_secs(60),
        })
    }

    #[test]
    fn the_default_lets_nobody_pass() {
        let mut shut = Unrecorded::new(UnrecordedRule::default());
        shut.failed(0);
        assert_eq!((shut.take(0), shut.left(0)), (None, None));
    }

    #[test]
    fn so_many_pass_and_no_more() {
        let mut gate = open();
        assert_eq!(gate.take(0), None, "the journal writes");
        gate.failed(0);
        let taken: Vec<_> = (0..5).map(|second| gate.take(second * SECOND)).collect();
        assert_eq!(taken, [Some(2), Some(1), Some(0), None, None]);
        assert_eq!(gate.left(5 * SECOND), Some(0));
    }

    #[test]
    fn the_time_runs_from_the_beginning_of_the_outage() {
        let mut gate = open();
        gate.failed(0);
        gate.failed(50 * SECOND);
        assert_eq!(gate.take(60 * SECOND), Some(2));
        assert_eq!(gate.take(60 * SECOND + 1), None);
        gate.recovered();
        gate.failed(100 * SECOND);
        assert_eq!(
            gate.take(101 * SECOND),
            Some(1),
            "a new time, the same passes"
        );
    }

    #[test]
    fn outages_of_one_day_share_their_passes_and_a_long_one_gets_no_new_ones() {
        let mut gate = open();
        for outage in 0..10 {
            gate.failed(outage * 1000 * SECOND);
            let taken = gate.take(outage * 1000 * SECOND).is_some();
            assert_eq!(taken, outage < 3, "outage {outage}");
            gate.recovered();
        }
        gate.failed(DAY - 1);
        assert_eq!(gate.take(DAY - 1), None);
        assert_eq!(gate.take(DAY + 1), None, "this outage began within the day");
        gate.recovered();
        gate.failed(DAY + 2);
        assert_eq!(gate.take(DAY + 2), Some(2));
    }
}
