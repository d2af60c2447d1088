//! Money: integers of minor units, one currency, checked arithmetic.

use core::fmt;

use crate::Currency;

/// Money that cannot be negative: a fare, a charge, a cap. In minor units of its currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Amount {
    currency: Currency,
    minor: i64,
}

/// Money that can be negative: a posting, the balance of an account. In minor units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Balance {
    currency: Currency,
    minor: i64,
}

/// A division that loses nothing: `quotient * divisor + remainder` is what was divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Split {
    /// What each part gets, in minor units.
    pub quotient: Amount,
    /// What is left over and somebody must get; below the divisor, in minor units.
    pub remainder: Amount,
}

/// Why a number is no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// An [`Amount`] was to be made of a negative number.
    #[error("an amount cannot be negative, got {0} minor units")]
    Negative(i64),
}

impl Amount {
    /// Makes an amount of `minor` minor units (fen, cents).
    ///
    /// # Errors
    /// [`MoneyError::Negative`] when `minor` is below zero.
    pub const fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor < 0 {
            Err(MoneyError::Negative(minor))
        } else {
            Ok(Self { currency, minor })
        }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { currency, minor: 0 }
    }

    /// The currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Minor units, at least 0.
    #[must_use]
    pub const fn as_minor(&self) -> i64 {
        self.minor
    }

    /// The same money as a signed balance.
    #[must_use]
    pub const fn to_balance(self) -> Balance {
        Balance {
            currency: self.currency,
            minor: self.minor,
        }
    }

    /// The sum, or `None` on overflow or where the currencies differ.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self {
            currency: self.currency,
            minor: self.minor.checked_add(other.minor)?,
        })
    }

    /// Divides into `parts` equal amounts and what is left; `None` when `parts` is 0.
    #[must_use]
    pub fn split(self, parts: u32) -> Option<Split> {
        let parts = i64::from(parts);
        let quotient = self.minor.checked_div(parts)?;
        let remainder = self.minor.checked_rem(parts)?;
        Some(Split {
            quotient: Self {
                currency: self.currency,
                minor: quotient,
            },
            remainder: Self {
                currency: self.currency,
                minor: remainder,
            },
        })
    }
}

impl Balance {
    /// Makes a balance of `minor` minor units, of either sign.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { currency, minor }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { currency, minor: 0 }
    }

    /// The currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Minor units, of either sign.
    #[must_use]
    pub const fn as_minor(&self) -> i64 {
        self.minor
    }

    /// The sum, or `None` on overflow or where the currencies differ.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self {
            currency: self.currency,
            minor: self.minor.checked_add(other.minor)?,
        })
    }

    /// The difference, or `None` on overflow or where the currencies differ.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.checked_neg()?)
    }

    /// The opposite, or `None` on overflow.
    #[must_use]
    pub fn checked_neg(self) -> Option<Self> {
        Some(Self {
            currency: self.currency,
            minor: self.minor.checked_neg()?,
        })
    }

    /// The same money as an amount, or `None` when it is negative.
    #[must_use]
    pub fn to_amount(self) -> Option<Amount> {
        Amount::new(self.minor, self.currency).ok()
    }
}

fn write_money(f: &mut fmt::Formatter<'_>, currency: Currency, minor: i64) -> fmt::Result {
    let sign = if minor < 0 { "-" } else { "" };
    let digits = currency.minor_digits();
    let units = minor.unsigned_abs();
    let scale = 10u64.checked_pow(digits).unwrap_or(1);
    let whole = units.checked_div(scale).unwrap_or(0);
    let part = units.checked_rem(scale).unwrap_or(0);
    if digits == 0 {
        write!(f, "{currency} {sign}{whole}")
    } else {
        let width = usize::try_from(digits).unwrap_or(2);
        write!(f, "{currency} {sign}{whole}.{part:0width$}")
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_money(f, self.currency, self.minor)
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_money(f, self.currency, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn of(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn prints_the_currency_s_own_digits() {
        let check = |minor, code, text: &str| {
            assert_eq!(Balance::new(minor, of(code)).to_string(), text);
        };
        check(305, "CNY", "CNY 3.05");
        check(-5, "CNY", "CNY -0.05");
        check(1250, "JPY", "JPY 1250");
        check(1250, "KWD", "KWD 1.250");
        check(i64::MIN, "CNY", "CNY -92233720368547758.08");
    }

    #[test]
    fn currencies_never_mix_and_overflow_is_none() {
        let one = Amount::new(1, of("CNY")).unwrap();
        assert_eq!(one.checked_add(Amount::new(1, of("EUR")).unwrap()), None);
        assert_eq!(
            one.checked_add(Amount::new(i64::MAX, of("CNY")).unwrap()),
            None
        );
        assert_eq!(Balance::new(i64::MIN, of("CNY")).checked_neg(), None);
        assert_eq!(Amount::new(-1, of("CNY")), Err(MoneyError::Negative(-1)));
    }

    #[test]
    fn a_split_gives_back_every_fen() {
        let split = Amount::new(1000, of("CNY")).unwrap().split(3).unwrap();
        assert_eq!(
            (split.quotient.as_minor(), split.remainder.as_minor()),
            (333, 1)
        );
        assert_eq!(Amount::zero(of("CNY")).split(0), None);
    }
}
