//! Over which service days money and rides are counted together.

use units::ServiceDay;

use super::cells::Cells;

/// A window of whole service days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Period {
    /// One service day.
    Day,
    /// Seven service days from this weekday on: 1 = Monday to 7 = Sunday (ISO 8601).
    Week {
        /// The first weekday.
        starts: u8,
    },
    /// The service days of one calendar month.
    Month,
    /// A service day and the `days - 1` before it.
    Rolling {
        /// How many days, 2 to 366.
        days: u16,
    },
}

impl Period {
    /// Reads the columns `period`, `week_starts` and `period_days`.
    pub(crate) fn read(cells: &mut Cells<'_>) -> Option<Self> {
        match cells.text("period") {
            "day" => Some(Self::Day),
            "week" => {
                let starts = cells.number_or("week_starts", 1, 1..=7);
                Some(Self::Week {
                    starts: u8::try_from(starts).unwrap_or(1),
                })
            }
            "month" => Some(Self::Month),
            "rolling" => {
                let days = cells.number("period_days", 2..=366);
                Some(Self::Rolling {
                    days: u16::try_from(days).unwrap_or(2),
                })
            }
            _ => {
                cells.defect("period", "day, week, month or rolling");
                None
            }
        }
    }

    /// The first day of the window that `day` is in.
    #[must_use]
    pub fn first_day(self, day: ServiceDay) -> ServiceDay {
        let days = day.as_days();
        match self {
            Self::Day => day,
            Self::Week { starts } => {
                // 1970-01-01 was a Thursday, ISO weekday 4.
                let weekday = days.saturating_add(3).rem_euclid(7).saturating_add(1);
                let back = weekday.saturating_sub(i32::from(starts)).rem_euclid(7);
                ServiceDay::from_days(days.saturating_sub(back))
            }
            Self::Month => {
                let (_, _, of_month) = day.to_date();
                ServiceDay::from_days(days.saturating_sub(i32::from(of_month).saturating_sub(1)))
            }
            Self::Rolling { days: length } => {
                ServiceDay::from_days(days.saturating_sub(i32::from(length).saturating_sub(1)))
            }
        }
    }

    /// The last day whose fares a tap on `day` can change; `None`: no bound, for each day's result
    /// enters the next window.
    #[must_use]
    pub fn last_day(self, day: ServiceDay) -> Option<ServiceDay> {
        match self {
            Self::Day => Some(day),
            Self::Week { .. } => {
                let first = self.first_day(day).as_days();
                Some(ServiceDay::from_days(first.saturating_add(6)))
            }
            Self::Month => {
                let first = self.first_day(day).as_days();
                // Some day of the next month, taken back to the day before its first.
                let beyond = ServiceDay::from_days(first.saturating_add(31));
                let beyond = self.first_day(beyond).as_days();
                Some(ServiceDay::from_days(beyond.saturating_sub(1)))
            }
            Self::Rolling { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> ServiceDay {
        ServiceDay::parse(text).unwrap()
    }

    #[test]
    fn windows_by_hand() {
        // 2024-02-29 was a Thursday (`date -d 2024-02-29 +%u` = 4).
        let thursday = day("2024-02-29");
        let monday = Period::Week { starts: 1 };
        assert_eq!(monday.first_day(thursday), day("2024-02-26"));
        assert_eq!(monday.last_day(thursday), Some(day("2024-03-03")));
        let friday = Period::Week { starts: 5 };
        assert_eq!(friday.first_day(thursday), day("2024-02-23"));
        let thursdays = Period::Week { starts: 4 };
        assert_eq!(thursdays.first_day(thursday), thursday);
        assert_eq!(Period::Month.first_day(thursday), day("2024-02-01"));
        assert_eq!(Period::Month.last_day(thursday), Some(thursday));
        assert_eq!(
            Period::Month.last_day(day("2024-12-05")),
            Some(day("2024-12-31"))
        );
        let rolling = Period::Rolling { days: 7 };
        assert_eq!(rolling.first_day(thursday), day("2024-02-23"));
        assert_eq!(rolling.last_day(thursday), None);
    }
}
