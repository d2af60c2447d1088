//! The clock on the wall of a city, and its service days.

use units::{ServiceDay, Timestamp};

const DAY: i64 = 86_400;

/// Which offset holds since when: all that is asked of a time zone here.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Seconds since 1970 in UTC, and the seconds to add to UTC from then on; the first holds
    /// since ever.
    pub offsets: Vec<(i64, i64)>,
    /// Seconds after midnight at which a service day begins.
    pub day_starts: i64,
}

/// An instant, and what the clock on the wall shows then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// The date on the wall.
    pub date: ServiceDay,
    /// Seconds since midnight on the wall.
    pub second: i64,
}

impl Clock {
    /// What the wall shows at an instant.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> Moment {
        let seconds = at.as_micros().div_euclid(1_000_000);
        let offset = self
            .offsets
            .iter()
            .enumerate()
            .filter(|(place, (since, _))| *place == 0 || *since <= seconds)
            .map(|(_, (_, offset))| *offset)
            .next_back();
        let wall = seconds + offset.unwrap_or(0);
        Moment {
            at,
            date: day_number(wall.div_euclid(DAY)),
            second: wall.rem_euclid(DAY),
        }
    }

    /// When a service day begins: of two such moments the first; a moment that the clocks skip is
    /// as long after the jump.
    #[must_use]
    pub fn opens(&self, day: ServiceDay) -> Timestamp {
        let wall = i64::from(day.as_days()) * DAY + self.day_starts;
        for (place, (since, offset)) in self.offsets.iter().enumerate() {
            let ends = self.offsets.get(place + 1).map(|(since, _)| *since);
            let begun = place == 0 || *since <= wall - offset;
            if begun && ends.is_none_or(|ends| wall - offset < ends) {
                return Timestamp::from_secs(wall - offset);
            }
            // Skipped: by the old offset it is after the change, by the new one before it.
            let next = self.offsets.get(place + 1);
            if let Some((ends, new)) = next
                && wall - offset >= *ends
                && wall - new < *ends
            {
                return Timestamp::from_secs(wall - offset);
            }
        }
        Timestamp::from_secs(wall)
    }

    /// The service day of an instant.
    #[must_use]
    pub fn service_day(&self, at: Timestamp) -> ServiceDay {
        let date = self.moment(at).date.as_days();
        let mut found = ServiceDay::from_days(date - 2);
        for day in date - 1..=date + 1 {
            if self.opens(ServiceDay::from_days(day)) <= at {
                found = ServiceDay::from_days(day);
            }
        }
        found
    }
}

/// The day so many days after 1970-01-01.
pub(crate) fn day_number(days: i64) -> ServiceDay {
    ServiceDay::from_days(i32::try_from(days).unwrap_or(i32::MAX))
}
