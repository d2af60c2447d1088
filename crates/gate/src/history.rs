//! What an agent knows of its journal's past: when records were written, and how many there are of
//! each epoch.

use std::collections::{BTreeMap, VecDeque};

use journal::Position;
use units::{Span, Timestamp};

/// How fine ages are known.
const SAMPLE_EVERY: Span = Span::from_secs(3_600);

/// Most samples: more than a year of hours.
const SAMPLES_MAX: usize = 10_000;

/// Records by age and by epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Times in ascending order, and the record that was written then.
    samples: VecDeque<(Timestamp, Position)>,
    /// The first record's number and the one after the last, by epoch.
    epochs: BTreeMap<u32, (u64, u64)>,
}

impl History {
    /// A record that is in the journal; `at`, where its time is known.
    pub(crate) fn take(&mut self, position: Position, at: Option<Timestamp>) {
        let after = position.seq().saturating_add(1);
        let known = (position.seq(), after);
        let epoch = self.epochs.entry(position.epoch()).or_insert(known);
        epoch.1 = epoch.1.max(after);
        let Some(at) = at else {
            return;
        };
        // The clock was wrong before, or is now: nothing is taken to be younger than what follows.
        while self.samples.back().is_some_and(|(time, _)| *time > at) {
            self.samples.pop_back();
        }
        let last = self.samples.back();
        if last.is_none_or(|(time, _)| at >= time.plus(SAMPLE_EVERY)) {
            self.samples.push_back((at, position));
        }
        if self.samples.len() > SAMPLES_MAX {
            self.samples.pop_front();
        }
    }

    /// A record before which none was written after `since`.
    pub(crate) fn keep_from(&mut self, since: Timestamp) -> Option<Position> {
        while self.samples.get(1).is_some_and(|(time, _)| *time <= since) {
            self.samples.pop_front();
        }
        self.samples.front().map(|(_, position)| *position)
    }

    /// How many records there are from `from` to `until`.
    pub(crate) fn between(&self, from: Position, until: Position) -> u64 {
        let mut records = 0_u64;
        for (epoch, (first, end)) in self.epochs.range(from.epoch()..=until.epoch()) {
            let (mut first, mut end) = (*first, *end);
            if *epoch == from.epoch() {
                first = first.max(from.seq());
            }
            if *epoch == until.epoch() {
                end = end.min(until.seq());
            }
            records = records.saturating_add(end.saturating_sub(first));
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_secs(hours * HOUR)
    }

    #[test]
    fn what_is_younger_is_kept_and_nothing_much_older() {
        let mut history = History::default();
        assert_eq!(history.keep_from(at(0)), None);
        for seq in 0..100 {
            // Four records an hour.
            let time = Timestamp::from_secs(i64::try_from(seq).unwrap() * HOUR / 4);
            history.take(Position::new(1, seq), Some(time));
        }
        // Record 40 was written in hour 10.
        assert_eq!(history.keep_from(at(9)), Some(Position::new(1, 36)));
        assert_eq!(history.keep_from(at(10)), Some(Position::new(1, 40)));
        let later = at(10).plus(Span::from_secs(HOUR - 1));
        assert_eq!(history.keep_from(later), Some(Position::new(1, 40)));
        assert_eq!(history.keep_from(at(1_000)), Some(Position::new(1, 96)));
    }

    #[test]
    fn a_clock_that_jumps_makes_nothing_look_younger_or_stay_for_years() {
        let mut history = History::default();
        history.take(Position::new(1, 0), Some(at(10)));
        history.take(Position::new(1, 1), Some(at(100_000)));
        history.take(Position::new(1, 2), Some(at(11)));
        history.take(Position::new(1, 3), Some(at(12)));
        assert_eq!(history.keep_from(at(10)), Some(Position::new(1, 0)));
        assert_eq!(history.keep_from(at(11)), Some(Position::new(1, 2)));
        assert_eq!(history.keep_from(at(13)), Some(Position::new(1, 3)));
    }

    #[test]
    fn records_are_counted_over_epochs_and_samples_are_bounded() {
        let mut history = History::default();
        for seq in 5..10 {
            history.take(Position::new(1, seq), None);
        }
        for seq in 0..3 {
            history.take(Position::new(4, seq), None);
        }
        let count = |from: (u32, u64), until: (u32, u64)| {
            let [from, until] = [from, until].map(|(epoch, seq)| Position::new(epoch, seq));
            history.between(from, until)
        };
        assert_eq!(count((0, 0), (4, 3)), 8);
        assert_eq!(count((1, 7), (4, 2)), 5);
        assert_eq!(count((1, 10), (4, 3)), 3);
        assert_eq!(count((4, 3), (4, 3)), 0);
        assert_eq!(count((1, 6), (1, 8)), 2);
        let mut history = History::default();
        for seq in 0..20_000 {
            let hours = i64::try_from(seq).unwrap();
            history.take(Position::new(1, seq), Some(at(hours)));
        }
        assert_eq!(history.samples.len(), SAMPLES_MAX);
    }
}
