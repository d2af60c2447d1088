//! Periods as staff write them.

use std::ops::RangeInclusive;

use anyhow::{Context as _, Result, ensure};
use units::ServiceDay;

/// The service days of `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DD..YYYY-MM-DD`.
///
/// # Errors
/// When it is none of these, or ends before it begins.
pub(super) fn parse(text: &str) -> Result<RangeInclusive<ServiceDay>> {
    let expected =
        || format!("--period {text}: expected YYYY-MM, YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD");
    if let Some((from, to)) = text.split_once("..") {
        let first = ServiceDay::parse(from).with_context(expected)?;
        let last = ServiceDay::parse(to).with_context(expected)?;
        ensure!(first <= last, "--period {text}: ends before it begins");
        return Ok(first..=last);
    }
    if let Ok(day) = ServiceDay::parse(text) {
        return Ok(day..=day);
    }
    let first = ServiceDay::parse(&format!("{text}-01")).with_context(expected)?;
    let (year, month, _) = first.to_date();
    let (year, month) = match month {
        12 => (year.saturating_add(1), 1),
        month => (year, month.saturating_add(1)),
    };
    let next = ServiceDay::from_date(year, month, 1).with_context(expected)?;
    Ok(first..=ServiceDay::from_days(next.as_days().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_days_months_and_ranges() {
        for (text, first, last) in [
            ("2020-02", "2020-02-01", "2020-02-29"),
            ("2019-12", "2019-12-01", "2019-12-31"),
            ("2019-01-07", "2019-01-07", "2019-01-07"),
            ("2019-01-07..2019-02-01", "2019-01-07", "2019-02-01"),
        ] {
            let found = parse(text).unwrap();
            assert_eq!(found.start().to_string(), first, "{text}");
            assert_eq!(found.end().to_string(), last, "{text}");
        }
        for bad in [
            "",
            "2019",
            "2019-13",
            "2019-02-30",
            "2019-01-02..2019-01-01",
            "..",
            "x..y",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
