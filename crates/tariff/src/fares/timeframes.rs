//! Section `timeframes.txt`: which timeframes hold at a moment.

use super::Moment;
use crate::Feed;
use crate::feed::{ServiceIx, TimeframeIx};

/// The intervals of each timeframe group.
#[derive(Clone, Debug)]
pub(super) struct Timeframes {
    /// By group: start and end in seconds of the day, and the service whose days count.
    groups: Vec<Vec<(u32, u32, ServiceIx)>>,
}

impl Timeframes {
    pub(super) fn new(feed: &Feed) -> Self {
        let mut groups = vec![Vec::new(); feed.ids.timeframes.len()];
        for row in &feed.timeframes {
            if let Some(group) = groups.get_mut(row.group.index()) {
                group.push((row.start_s, row.end_s, row.service));
            }
        }
        Self { groups }
    }

    /// Section `fare_leg_rules.txt`, fields `from_timeframe_group_id` and `to_timeframe_group_id`:
    /// at least one row of the group whose service runs on the "current day" of the moment and
    /// whose interval, its end not included, holds the time of day. An empty cell always matches; a
    /// moment that is not known matches no group.
    pub(super) fn hold(
        &self,
        feed: &Feed,
        group: Option<TimeframeIx>,
        moment: Option<Moment>,
    ) -> bool {
        let Some(group) = group else { return true };
        let (Some(rows), Some(moment)) = (self.groups.get(group.index()), moment) else {
            return false;
        };
        rows.iter().any(|(start, end, service)| {
            (*start..*end).contains(&moment.second)
                && feed
                    .services
                    .get(service.index())
                    .is_some_and(|service| service.runs_on(moment.day))
        })
    }
}
