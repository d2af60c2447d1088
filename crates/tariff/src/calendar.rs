//! Service days: which instants belong to which date, in the city's time zone.

use std::sync::LazyLock;

use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use units::{ServiceDay, Timestamp};

/// A time zone and the wall-clock time at which its service days start.
///
/// Zones come from the tz database compiled into the program, never from the machine, so the same
/// program gives the same days everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    day_starts: civil::Time,
}

/// The zone of an IANA name, spelt exactly as the tz database spells it.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    // One database, because each keeps the zones that it has read.
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    let zone = ZONES.get(name).ok()?;
    (zone.iana_name() == Some(name)).then_some(zone)
}

/// Reads `HH:MM` from 00:00 to 11:59: a day that started at noon or later would be counted to a
/// date that most of it is not on.
pub(crate) fn day_start(text: &str) -> Option<civil::Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i8>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    if hour >= 12 {
        return None;
    }
    civil::Time::new(hour, minute, 0, 0).ok()
}

impl Calendar {
    pub(crate) const fn new(zone: TimeZone, day_starts: civil::Time) -> Self {
        Self { zone, day_starts }
    }

    /// When `day` starts (inclusive) and the next one starts (exclusive).
    ///
    /// The start is the instant at which clocks first show the time of `service_day_starts` on that
    /// date; where they jump over it, the instant as long after the jump (the rule of RFC 5545
    /// section 3.3.5, which jiff calls "compatible"). So the days around a change of clocks have
    /// 23 or 25 hours, and every instant belongs to exactly one day.
    pub(crate) fn bounds(&self, day: ServiceDay) -> (Timestamp, Timestamp) {
        let next = ServiceDay::from_days(day.as_days().saturating_add(1));
        (self.start(day), self.start(next))
    }

    /// The service day that `at` belongs to.
    pub(crate) fn day(&self, at: Timestamp) -> ServiceDay {
        let date = self.zone.to_datetime(instant(at)).date();
        let mut day = ServiceDay::from_date(
            i32::from(date.year()),
            u8::try_from(date.month()).unwrap_or(1),
            u8::try_from(date.day()).unwrap_or(1),
        )
        .unwrap_or(ServiceDay::from_days(0));
        // The calendar date is right or one too late; where a zone skipped a date, two.
        for _ in 0..2 {
            if at < self.start(day) {
                day = ServiceDay::from_days(day.as_days().saturating_sub(1));
            }
        }
        day
    }

    /// What clocks show at an instant.
    pub(crate) fn local(&self, at: Timestamp) -> civil::DateTime {
        self.zone.to_datetime(instant(at))
    }

    fn start(&self, day: ServiceDay) -> Timestamp {
        let (year, month, day_of_month) = day.to_date();
        let date = i16::try_from(year).ok().and_then(|year| {
            let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day_of_month).ok()?);
            civil::Date::new(year, month, day).ok()
        });
        let zoned = date.and_then(|date| {
            date.to_datetime(self.day_starts)
                .to_zoned(self.zone.clone())
                .ok()
        });
        match zoned {
            Some(zoned) => Timestamp::from_micros(zoned.timestamp().as_microsecond()),
            // Beyond the years jiff knows (-9999 to 9999) nobody travels.
            None if day.as_days() < 0 => Timestamp::from_micros(i64::MIN),
            None => Timestamp::from_micros(i64::MAX),
        }
    }
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    let nearest = if at.as_micros() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    };
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar(name: &str, starts: &str) -> Calendar {
        Calendar::new(zone(name).unwrap(), day_start(starts).unwrap())
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn check(calendar: &Calendar, instant: &str, day: &str) {
        assert_eq!(calendar.day(at(instant)).to_string(), day, "{instant}");
    }

    #[test]
    fn a_service_day_runs_past_midnight() {
        // Shanghai is UTC+8 all year: 03:00 there is 19:00 UTC of the day before.
        let shanghai = calendar("Asia/Shanghai", "03:00");
        check(&shanghai, "2019-01-06T18:59:59.999999Z", "2019-01-06");
        check(&shanghai, "2019-01-06T19:00:00Z", "2019-01-07");
        check(&shanghai, "2019-01-07T16:30:00Z", "2019-01-07"); // 00:30 on the 8th
        check(&shanghai, "2019-01-07T19:00:00Z", "2019-01-08");
    }

    #[test]
    fn days_around_a_change_of_clocks_have_23_and_25_hours() {
        let berlin = calendar("Europe/Berlin", "03:00");
        // 2024-03-31 02:00 CET jumps to 03:00 CEST (01:00 UTC): 03:00 exists once, at the jump.
        let spring = ServiceDay::parse("2024-03-30").unwrap();
        assert_eq!(
            berlin.bounds(spring),
            (at("2024-03-30T02:00:00Z"), at("2024-03-31T01:00:00Z"))
        );
        // 2024-10-27 03:00 CEST falls back to 02:00 CET (01:00 UTC): 03:00 CET is 02:00 UTC.
        let autumn = ServiceDay::parse("2024-10-26").unwrap();
        assert_eq!(
            berlin.bounds(autumn),
            (at("2024-10-26T01:00:00Z"), at("2024-10-27T02:00:00Z"))
        );
        check(&berlin, "2024-10-27T00:30:00Z", "2024-10-26"); // the first 02:30
        check(&berlin, "2024-10-27T01:30:00Z", "2024-10-26"); // the second
    }

    #[test]
    fn a_start_that_clocks_skip_or_show_twice() {
        let berlin = calendar("Europe/Berlin", "02:30");
        let starts = |day: &str| berlin.bounds(ServiceDay::parse(day).unwrap()).0;
        assert_eq!(starts("2024-03-31"), at("2024-03-31T01:30:00Z")); // 03:30 CEST
        assert_eq!(starts("2024-10-27"), at("2024-10-27T00:30:00Z")); // the first 02:30
    }

    #[test]
    fn a_date_that_a_zone_skipped_is_an_empty_day() {
        // Samoa went from 2011-12-29 straight to 2011-12-31 (tz database, Pacific/Apia).
        let apia = calendar("Pacific/Apia", "03:00");
        let (start, end) = apia.bounds(ServiceDay::parse("2011-12-30").unwrap());
        assert_eq!(start, end);
        check(&apia, "2011-12-30T12:59:59Z", "2011-12-29"); // 02:59:59 on the 31st, UTC+14
        check(&apia, "2011-12-30T13:00:00Z", "2011-12-31");
    }

    #[test]
    fn what_is_no_zone_or_start() {
        for bad in ["", "Asia/Shangai", "asia/shanghai", "+08:00", "CST6CDT "] {
            assert!(zone(bad).is_none(), "{bad:?}");
        }
        for bad in [
            "",
            "3:00",
            "03:60",
            "12:00",
            "24:00",
            "03:00:00",
            "+3:00",
            "０３:00",
        ] {
            assert!(day_start(bad).is_none(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_is_inside_the_day_it_belongs_to(
            micros in any::<i64>(),
            secs in -4_000_000_000i64..8_000_000_000,
            name in prop::sample::select(vec![
                "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia",
                "America/St_Johns", "Africa/Casablanca",
            ]),
            start in prop::sample::select(vec!["00:00", "02:30", "03:00", "11:59"]),
        ) {
            let calendar = calendar(name, start);
            let at = Timestamp::from_secs(secs);
            let (from, to) = calendar.bounds(calendar.day(at));
            prop_assert!(from <= at && at < to, "{from:?} {at:?} {to:?}");
            // Any instant at all gets some day.
            let _ = calendar.day(Timestamp::from_micros(micros));
        }
    }
}
