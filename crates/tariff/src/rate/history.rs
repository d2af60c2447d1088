//! Windows of several days: which days a fare depends on.

use std::collections::BTreeMap;

use units::{AccountId, ServiceDay};

use super::{Carry, rate_day_after};
use crate::ext::Period;
use crate::{City, DayRating, Tap};

/// Rates every service day of a rider's taps, in order.
#[must_use]
pub fn rate_days(city: &City, account: AccountId, taps: &[Tap]) -> Vec<(ServiceDay, DayRating)> {
    let mut days: BTreeMap<ServiceDay, Vec<Tap>> = BTreeMap::new();
    for tap in taps {
        days.entry(city.service_day(tap.at)).or_default().push(*tap);
    }
    let mut carry = Carry::default();
    days.iter()
        .map(|(day, taps)| {
            let rating = rate_day_after(city, account, *day, taps, &mut carry);
            (*day, rating)
        })
        .collect()
}

/// The first service day whose taps the fares of `day` depend on: `day` itself where nothing is
/// counted over days; `None` where every earlier day counts.
///
/// What was paid on the first day of one window may depend on another window that was open then,
/// so the answer is a day on which all of them begin: with weeks and months a Monday that is the
/// first of a month. Rolling windows, and weeks that start on different days, never do.
#[must_use]
pub fn window_start(city: &City, day: ServiceDay) -> Option<ServiceDay> {
    let periods = periods(city)?;
    let first = |day| {
        let firsts = periods.iter().map(|period| period.first_day(day));
        firsts.min().unwrap_or(day)
    };
    Some(settled(day, first))
}

/// The last service day whose fares taps of `day` can change, `None`: no bound. The counterpart
/// of [`window_start`].
#[must_use]
pub fn windows_end(city: &City, day: ServiceDay) -> Option<ServiceDay> {
    let periods = periods(city)?;
    let last = |day| {
        let lasts = periods.iter().filter_map(|period| period.last_day(day));
        lasts.max().unwrap_or(day)
    };
    Some(settled(day, last))
}

/// The kinds of windows of all tariffs of a city; `None` where they never all begin on one day.
fn periods(city: &City) -> Option<Vec<Period>> {
    let tariffs = city.tariffs();
    let mut periods: Vec<Period> = tariffs.flat_map(|one| one.extensions().periods()).collect();
    periods.sort_unstable();
    periods.dedup();
    let weeks = |period: &&Period| matches!(period, Period::Week { .. });
    let rolls = |period: &Period| matches!(period, Period::Rolling { .. });
    let bounded = periods.iter().filter(weeks).count() <= 1 && !periods.iter().any(rolls);
    bounded.then_some(periods)
}

/// Goes on from `day` until a step changes nothing. Every year has a month that begins on a given
/// weekday, so that weeks and months take some dozens of steps.
fn settled(mut day: ServiceDay, step: impl Fn(ServiceDay) -> ServiceDay) -> ServiceDay {
    loop {
        let next = step(day);
        if next == day {
            return day;
        }
        day = next;
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::testing;

    fn bounds(periods: &[&str], day: &str) -> (Option<String>, Option<String>) {
        let mut files = testing::city_files();
        let mut text = String::from("cap_id,period,week_starts,period_days,amount\n");
        for (number, period) in periods.iter().enumerate() {
            writeln!(text, "c{number},{period},9.00").unwrap();
        }
        files.0.insert("gtfs/fare_caps.txt".to_owned(), text.into());
        let city = City::load(&files).unwrap();
        let day = ServiceDay::parse(day).unwrap();
        let text = |day: Option<ServiceDay>| day.map(|day| day.to_string());
        (
            text(window_start(&city, day)),
            text(windows_end(&city, day)),
        )
    }

    fn between(first: &str, last: &str) -> (Option<String>, Option<String>) {
        (Some(first.to_owned()), Some(last.to_owned()))
    }

    #[test]
    fn one_kind_of_window_bounds_itself() {
        let thursday = "2024-02-29";
        assert_eq!(bounds(&[], thursday), between(thursday, thursday));
        assert_eq!(bounds(&["day,,"], thursday), between(thursday, thursday));
        let week = bounds(&["week,1,", "day,,", "week,1,"], thursday);
        assert_eq!(week, between("2024-02-26", "2024-03-03"));
        let month = bounds(&["month,,", "day,,"], thursday);
        assert_eq!(month, between("2024-02-01", "2024-02-29"));
        assert_eq!(bounds(&["rolling,,3"], thursday), (None, None));
    }

    /// Calendars: 2024-04-01 and 2024-07-01 were Mondays, the first days of the months between
    /// were a Wednesday and a Saturday. 2023-12-01 and 2024-03-01 were Fridays, a Monday and a
    /// Thursday in between.
    #[test]
    fn weeks_and_months_reach_to_where_both_begin() {
        let both = ["week,1,", "month,,"];
        assert_eq!(
            bounds(&both, "2024-05-15"),
            between("2024-04-01", "2024-06-30")
        );
        assert_eq!(
            bounds(&both, "2024-04-01"),
            between("2024-04-01", "2024-06-30")
        );
        assert_eq!(
            bounds(&both, "2024-06-30"),
            between("2024-04-01", "2024-06-30")
        );
        let fridays = ["week,5,", "month,,"];
        assert_eq!(
            bounds(&fridays, "2024-01-31"),
            between("2023-12-01", "2024-02-29")
        );
        assert_eq!(bounds(&["week,1,", "week,2,"], "2024-05-15"), (None, None));
    }
}
