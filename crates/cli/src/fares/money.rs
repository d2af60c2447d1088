//! Amounts of one currency as people read them in tables: grouped, and without its code.

use anyhow::{Context as _, Result};
use units::{Balance, Currency};

/// Writes amounts of a currency that the text around them names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money(Currency);

impl Money {
    /// Amounts of the currency with this ISO 4217 code.
    ///
    /// # Errors
    /// When there is no such currency.
    pub(super) fn of(code: &str) -> Result<Self> {
        let currency = Currency::from_code(code);
        Ok(Self(currency.with_context(|| format!("currency {code}"))?))
    }

    /// `1,234.50`, `−0.05`.
    pub(super) fn plain(self, minor: i64) -> String {
        let text = Balance::new(minor, self.0).to_string();
        let digits = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
        let sign = if minor < 0 { "−" } else { "" };
        format!("{sign}{}{rest}", grouped(whole))
    }

    /// As [`Money::plain`], with `+` before what is more than nothing.
    pub(super) fn signed(self, minor: i64) -> String {
        let sign = if minor > 0 { "+" } else { "" };
        format!("{sign}{}", self.plain(minor))
    }

    /// `CNY 1,234.50`.
    pub(super) fn named(self, minor: i64) -> String {
        format!("{} {}", self.0, self.plain(minor))
    }
}

/// A count with a comma between thousands.
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len().saturating_mul(4) / 3);
    for (left, digit) in (1..=digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if left % 3 == 1 && left > 1 {
            text.push(',');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_signed() {
        let check = |code: &str, minor, expected: [&str; 3]| {
            let money = Money::of(code).unwrap();
            let seen = [money.plain(minor), money.signed(minor), money.named(minor)];
            assert_eq!(seen, expected);
        };
        check("CNY", 0, ["0.00", "0.00", "CNY 0.00"]);
        check("CNY", -5, ["−0.05", "−0.05", "CNY −0.05"]);
        check("CNY", 99_999, ["999.99", "+999.99", "CNY 999.99"]);
        check(
            "CNY",
            123_456_789,
            ["1,234,567.89", "+1,234,567.89", "CNY 1,234,567.89"],
        );
        check("KRW", 100_000, ["100,000", "+100,000", "KRW 100,000"]);
        check(
            "KWD",
            -1_234_567,
            ["−1,234.567", "−1,234.567", "KWD −1,234.567"],
        );
        assert!(Money::of("??").is_err());
        assert_eq!((count(7).as_str(), count(41_458).as_str()), ("7", "41,458"));
    }
}
