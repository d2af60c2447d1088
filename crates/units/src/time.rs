//! Time: instants in UTC, spans between them, and service days.

use core::fmt;

/// An instant: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

/// A length of time in microseconds, of either sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span(i64);

/// The calendar date a journey is counted to, as days since 1970-01-01.
///
/// A service day may run past midnight (GTFS: "25:10:00"); which instants belong to it depends
/// on the city's time zone and is decided in crate `tariff`, never here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServiceDay(i32);

/// Why a text is no service day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DayError {
    /// Not of the form `YYYY-MM-DD`.
    #[error("a service day is written YYYY-MM-DD")]
    Form,
    /// No such date in the calendar.
    #[error("there is no day {day} in month {month} of {year}")]
    NoSuchDate {
        /// The year as written.
        year: i32,
        /// The month as written.
        month: u8,
        /// The day as written.
        day: u8,
    },
}

const MICROS_PER_SEC: i64 = 1_000_000;

impl Timestamp {
    /// The instant `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `secs` whole seconds after the epoch; saturates at the ends of the range.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(MICROS_PER_SEC))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SEC)
    }

    /// `self + span`, saturating at the ends of the range.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// `self - span`, saturating at the ends of the range.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// The span from `earlier` to `self` (negative when `self` is before it), saturating.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A span of `secs` seconds, saturating.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(MICROS_PER_SEC))
    }

    /// Microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded towards minus infinity.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SEC)
    }
}

impl ServiceDay {
    /// The day `days` days after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn as_days(self) -> i32 {
        self.0
    }

    /// The date in the Gregorian calendar: year, month 1–12, day 1–31.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "i64 holds every i32 day count"
    )]
    pub fn to_date(self) -> (i32, u8, u8) {
        // Civil-from-days: years start on 1 March, so the leap day is the last of a year.
        let z = i64::from(self.0) + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (
            i32::try_from(year).unwrap_or(i32::MAX),
            u8::try_from(month).unwrap_or(1),
            u8::try_from(day).unwrap_or(1),
        )
    }

    /// The service day of a date of the Gregorian calendar, years 1 to 9999.
    ///
    /// # Errors
    /// [`DayError::NoSuchDate`] for 30 February and its like.
    #[expect(clippy::arithmetic_side_effects, reason = "years are bounded by 9999")]
    pub fn from_date(year: i32, month: u8, day: u8) -> Result<Self, DayError> {
        let wrong = DayError::NoSuchDate { year, month, day };
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(wrong);
        }
        let shifted_year = i64::from(year) - i64::from(month <= 2);
        let era = shifted_year.div_euclid(400);
        let year_of_era = shifted_year.rem_euclid(400);
        let month_index = (i64::from(month) + 9) % 12;
        let day_of_year = (153 * month_index + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        let found = Self(i32::try_from(days).map_err(|_| wrong)?);
        if found.to_date() == (year, month, day) {
            Ok(found)
        } else {
            Err(wrong)
        }
    }

    /// Reads `YYYY-MM-DD` (RFC 3339 full-date).
    ///
    /// # Errors
    /// [`DayError`] when the form is another or the calendar has no such date.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let (year, rest) = text.split_once('-').ok_or(DayError::Form)?;
        let (month, day) = rest.split_once('-').ok_or(DayError::Form)?;
        let digits = |part: &str, len: usize| {
            part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return Err(DayError::Form);
        }
        Self::from_date(
            year.parse().map_err(|_| DayError::Form)?,
            month.parse().map_err(|_| DayError::Form)?,
            day.parse().map_err(|_| DayError::Form)?,
        )
    }
}

impl fmt::Display for ServiceDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.to_date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn known_days() {
        // Days computed with `date -u -d DATE +%s` divided by 86400.
        for (text, days) in [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2019-01-07", 17_903),
            ("0001-01-01", -719_162),
        ] {
            let day = ServiceDay::parse(text).unwrap();
            assert_eq!((day.as_days(), day.to_string().as_str()), (days, text));
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for days in -150_000..150_000 {
            let (year, month, day) = ServiceDay::from_days(days).to_date();
            assert_eq!(
                ServiceDay::from_date(year, month, day),
                Ok(ServiceDay::from_days(days))
            );
        }
    }

    #[test]
    fn dates_that_are_none_are_refused() {
        for bad in [
            "2019-02-29",
            "2019-13-01",
            "2019-00-10",
            "2019-04-31",
            "0000-01-01",
        ] {
            assert!(
                matches!(ServiceDay::parse(bad), Err(DayError::NoSuchDate { .. })),
                "{bad}"
            );
        }
        for bad in [
            "",
            "2019-1-07",
            "2019/01/07",
            "+019-01-07",
            "2019-01-07Z",
            "2019-01--7",
        ] {
            assert_eq!(ServiceDay::parse(bad), Err(DayError::Form), "{bad}");
        }
    }

    #[test]
    fn seconds_round_down_also_before_the_epoch() {
        assert_eq!(Timestamp::from_micros(-1).as_secs(), -1);
        assert_eq!(Timestamp::from_secs(i64::MAX).as_micros(), i64::MAX);
        assert_eq!(
            Timestamp::from_secs(5).since(Timestamp::from_secs(7)),
            Span::from_secs(-2)
        );
    }
}
