//! Cells as values: ids, numbers, times, dates, money. Each tells what it cannot read.

use units::{Balance, Currency, ServiceDay};

use super::names::{Ix, Names};
use super::table::{Column, ID_BYTES_MAX, NAME_BYTES_MAX, Row};
use crate::LoadReport;
use crate::calendar;

/// Why a cell has no value: it has been told.
pub(super) struct Told;

/// The value of a cell that may be empty.
pub(super) type Cell<T> = Result<Option<T>, Told>;

impl<'t> Row<'t> {
    /// An id that must be there.
    pub(super) fn id(&self, column: Column, report: &mut LoadReport) -> Option<&'t str> {
        let text = self.text(column);
        let expected = if text.is_empty() {
            // A missing column is told once, by the header.
            if !column.exists() {
                return None;
            }
            "an id".to_owned()
        } else if text.len() > ID_BYTES_MAX {
            format!("an id of at most {ID_BYTES_MAX} bytes")
        } else if text.chars().any(char::is_control) {
            "an id without control characters".to_owned()
        } else {
            return Some(text);
        };
        report.push(self.defect(column, expected));
        None
    }

    /// A new id of the file that defines it.
    pub(super) fn define<T>(
        &self,
        column: Column,
        names: &mut Names<T>,
        report: &mut LoadReport,
    ) -> Option<Ix<T>> {
        let id = names.define(self.id(column, report)?);
        if id.is_none() {
            report.push(self.defect(column, "an id that no earlier row has"));
        }
        id
    }

    /// A reference that may be empty, to an id of the kind that `what` names, like "an area of
    /// areas.txt". Ids that no file lists are an error where the file is there, else one warning.
    pub(super) fn reference<T>(
        &self,
        column: Column,
        names: &mut Names<T>,
        what: &str,
        report: &mut LoadReport,
    ) -> Cell<Ix<T>> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        let id = names.intern(self.id(column, report).ok_or(Told)?);
        if !names.is_defined(id) {
            if names.listed {
                report.push(self.defect(column, what));
                return Err(Told);
            }
            if !names.told {
                names.told = true;
                let expected = format!(
                    "{what}, but that file has no rows; such ids are taken \
                    as they are, here and in the rows that follow"
                );
                report.push(self.defect(column, expected).warning());
            }
        }
        Ok(Some(id))
    }

    /// A reference that may be empty, to a set of rows: `what` is like "a group of
    /// timeframes.txt". A set without rows is clear (nothing is in it) and most likely an error of
    /// writing: one warning for each. MBTA's feed of 2024-09 has such.
    pub(super) fn set_reference<T>(
        &self,
        column: Column,
        names: &mut Names<T>,
        what: &str,
        report: &mut LoadReport,
    ) -> Cell<Ix<T>> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        let known = names.len();
        let id = names.intern(self.id(column, report).ok_or(Told)?);
        if names.len() > known {
            let expected = format!("{what}; nothing is in this one, so that the row never applies");
            report.push(self.defect(column, expected).warning());
        }
        Ok(Some(id))
    }

    /// A reference that must be there.
    pub(super) fn required_reference<T>(
        &self,
        column: Column,
        names: &mut Names<T>,
        what: &str,
        report: &mut LoadReport,
    ) -> Option<Ix<T>> {
        self.id(column, report)?;
        self.reference(column, names, what, report).ok().flatten()
    }

    /// A name for riders; may be empty.
    pub(super) fn name(&self, column: Column, report: &mut LoadReport) -> Box<str> {
        let text = self.text(column);
        if text.len() > NAME_BYTES_MAX {
            let expected = format!("a name of at most {NAME_BYTES_MAX} bytes");
            report.push(self.defect(column, expected));
            return "".into();
        }
        text.into()
    }

    /// A whole number from `min` up, or nothing.
    pub(super) fn whole(&self, column: Column, min: u32, report: &mut LoadReport) -> Cell<u32> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && number >= min => Ok(Some(number)),
            _ => {
                let expected = format!("a whole number from {min} to {}", u32::MAX);
                report.push(self.defect(column, expected));
                Err(Told)
            }
        }
    }

    /// One of the numbers `0..count`, or nothing.
    pub(super) fn choice(&self, column: Column, count: u8) -> Cell<u8> {
        match self.text(column).as_bytes() {
            [] => Ok(None),
            [digit @ b'0'..=b'9'] if digit.wrapping_sub(b'0') < count => {
                Ok(Some(digit.wrapping_sub(b'0')))
            }
            _ => Err(Told),
        }
    }

    /// A date (reference, Field Types: `YYYYMMDD`).
    pub(super) fn date(&self, column: Column, report: &mut LoadReport) -> Option<ServiceDay> {
        if !column.exists() {
            return None;
        }
        let date = date(self.text(column));
        if date.is_none() {
            report.push(self.defect(column, "a date of the calendar as YYYYMMDD"));
        }
        date
    }

    /// Seconds of a local time of at most 24:00:00, or nothing.
    pub(super) fn local_time(&self, column: Column, report: &mut LoadReport) -> Cell<u32> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        let time = seconds(self.text(column)).filter(|seconds| *seconds <= DAY_S);
        if time.is_none() {
            report.push(self.defect(column, "a time from 00:00:00 to 24:00:00 as HH:MM:SS"));
        }
        time.map(Some).ok_or(Told)
    }

    /// An IANA time zone, or nothing.
    pub(super) fn time_zone(&self, column: Column, report: &mut LoadReport) -> Option<Box<str>> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        if calendar::zone(text).is_none() {
            let expected = "a time zone of the IANA database, like Asia/Tokyo";
            report.push(self.defect(column, expected));
        }
        Some(text.into())
    }

    /// An amount of money of any sign.
    pub(super) fn money(
        &self,
        amount: Column,
        currency: Column,
        report: &mut LoadReport,
    ) -> Option<Balance> {
        if !amount.exists() || !currency.exists() {
            return None;
        }
        let known = iso_currency::Currency::from_code(self.text(currency))
            .and_then(|iso| Currency::from_code(iso.code()).ok());
        let Some(known) = known else {
            report.push(self.defect(currency, "an ISO 4217 currency code, like CNY"));
            return None;
        };
        let digits = known.minor_digits();
        let Some((minor, given)) = parse_minor(self.text(amount), digits) else {
            let expected = format!("an amount with {digits} decimals ({known})");
            report.push(self.defect(amount, expected));
            return None;
        };
        if given != digits && amount.name == "amount" {
            let expected =
                format!("an amount with {digits} decimals ({known}); the value is clear");
            report.push(self.defect(amount, expected).warning());
        }
        Some(Balance::new(minor, known))
    }
}

/// Seconds of a day.
pub(super) const DAY_S: u32 = 86_400;

fn date(text: &str) -> Option<ServiceDay> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    ServiceDay::from_date(year.parse().ok()?, month, day).ok()
}

/// `HH:MM:SS` or `H:MM:SS` as seconds.
fn seconds(text: &str) -> Option<u32> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |part: &str, lengths: &[usize]| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        (digits && lengths.contains(&part.len())).then(|| part.parse::<u32>().ok())?
    };
    if parts.next().is_some() {
        return None;
    }
    let (hours, minutes) = (number(hours, &[1, 2])?, number(minutes, &[2])?);
    let seconds = number(seconds, &[2])?;
    if minutes > 59 || seconds > 59 {
        return None;
    }
    hours
        .checked_mul(3600)?
        .checked_add(minutes.checked_mul(60)?)?
        .checked_add(seconds)
}

/// A decimal as minor units of `digits` decimals, and how many decimals it has. A value that is no
/// whole number of minor units is no amount.
fn parse_minor(text: &str, digits: u32) -> Option<(i64, u32)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
        Some(_) => return None,
        None => (text, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let wanted = usize::try_from(digits).ok()?;
    let (kept, beyond) = decimals.split_at_checked(wanted).unwrap_or((decimals, ""));
    if beyond.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let zeros = std::iter::repeat_n(b'0', wanted.saturating_sub(kept.len()));
    let minor = whole
        .bytes()
        .chain(kept.bytes())
        .chain(zeros)
        .try_fold(0i64, |minor, byte| {
            let digit = i64::from(byte.wrapping_sub(b'0'));
            let signed = if negative {
                digit.wrapping_neg()
            } else {
                digit
            };
            minor.checked_mul(10)?.checked_add(signed)
        })?;
    Some((minor, u32::try_from(decimals.len()).ok()?))
}
