//! Which timeframe groups hold at a moment (reference, section `timeframes.txt`).

use std::collections::BTreeMap;

use jiff::civil;
use units::{ServiceDay, TextId};

use crate::feed::{Feed, Service};

/// The timeframe groups of a city: of each, intervals in seconds of the day with their services.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeframes {
    groups: BTreeMap<TextId, Vec<(u32, u32, Service)>>,
}

impl Timeframes {
    /// Takes over the rows of `timeframes.txt`.
    pub(crate) fn new(feed: &Feed) -> Self {
        let mut groups: BTreeMap<TextId, Vec<_>> = BTreeMap::new();
        for row in &feed.timeframes {
            let service = feed.services.get(row.service.index()).cloned();
            if let Ok(group) = TextId::new(feed.ids.timeframes.text(row.group)) {
                let interval = (row.start_s, row.end_s, service.unwrap_or_default());
                groups.entry(group).or_default().push(interval);
            }
        }
        Self { groups }
    }

    /// The ids of all groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = TextId> + '_ {
        self.groups.keys().copied()
    }

    /// The groups that hold at a local date and time: one of their intervals, its end not
    /// included, on a date on which its service runs.
    pub(crate) fn at(&self, local: civil::DateTime) -> Vec<TextId> {
        let date = local.date();
        let Some(day) = u8::try_from(date.month())
            .ok()
            .zip(u8::try_from(date.day()).ok())
        else {
            return Vec::new();
        };
        let Ok(day) = ServiceDay::from_date(i32::from(date.year()), day.0, day.1) else {
            return Vec::new();
        };
        let midnight = date.to_datetime(civil::Time::midnight());
        let seconds = local.duration_since(midnight).as_secs();
        let holds = |(start, end, service): &(u32, u32, Service)| {
            (i64::from(*start)..i64::from(*end)).contains(&seconds) && service.runs_on(day)
        };
        let groups = self.groups.iter();
        groups
            .filter(|(_, intervals)| intervals.iter().any(holds))
            .map(|(group, _)| *group)
            .collect()
    }
}
