//! How a rider pays: through whom, by what means, and how often.

use units::{AccountId, ProviderId, ServiceDay};

use crate::model::UnknownValue;

/// How many days of travel one payment gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayWindow {
    /// A service day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

/// How one rider pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentProfile {
    /// Who.
    pub account: AccountId,
    /// Through whom.
    pub provider: ProviderId,
    /// How often.
    pub window: PayWindow,
    /// By what.
    pub means: Means,
}

/// Who is asked for a payment, and how they know the rider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// Through whom.
    pub provider: ProviderId,
    /// What the provider knows the rider by ([`Means::payer`]).
    pub reference: Option<String>,
}

/// What a provider knows a rider by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// What the rider paid ahead.
    Balance,
    /// A customer of the provider's, by its own word (`cus_…`).
    Customer(String),
    /// A mandate that the rider signed for a bank account.
    Mandate(Mandate),
}

/// A rider's leave to collect from a bank account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Its reference, at most 35 characters.
    pub reference: String,
    /// When it was signed.
    pub signed: ServiceDay,
    /// Whose account it is.
    pub name: String,
    /// The account.
    pub iban: String,
}

impl Means {
    /// What the provider knows the rider by.
    #[must_use]
    pub fn payer(&self) -> Option<&str> {
        match self {
            Self::Balance => None,
            Self::Customer(customer) => Some(customer),
            Self::Mandate(mandate) => Some(&mandate.reference),
        }
    }
}

impl PayWindow {
    /// Every length.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        let known = Self::ALL.into_iter().find(|window| window.as_str() == text);
        known.ok_or_else(|| UnknownValue {
            expected: "day, week or month",
            got: text.to_owned(),
        })
    }

    /// The first day of the window that `day` lies in.
    #[must_use]
    pub fn first_day(self, day: ServiceDay) -> ServiceDay {
        let days = day.as_days();
        let back = match self {
            Self::Day => 0,
            // 1970-01-01 was a Thursday, three days after a Monday.
            Self::Week => days.saturating_add(3).rem_euclid(7),
            Self::Month => i32::from(day.to_date().2) - 1,
        };
        ServiceDay::from_days(days.saturating_sub(back))
    }

    /// The last day of the newest window that is over when `closed` is.
    #[must_use]
    pub fn closed_through(self, closed: ServiceDay) -> ServiceDay {
        let next = ServiceDay::from_days(closed.as_days().saturating_add(1));
        ServiceDay::from_days(self.first_day(next).as_days().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> ServiceDay {
        ServiceDay::parse(text).unwrap()
    }

    #[test]
    fn windows_are_those_of_the_calendar() {
        // 2019-01-07 was a Monday, 2020 a leap year.
        for (window, inside, first) in [
            (PayWindow::Day, "2019-01-09", "2019-01-09"),
            (PayWindow::Week, "2019-01-07", "2019-01-07"),
            (PayWindow::Week, "2019-01-13", "2019-01-07"),
            (PayWindow::Week, "1970-01-01", "1969-12-29"),
            (PayWindow::Month, "2020-02-29", "2020-02-01"),
            (PayWindow::Month, "2020-03-01", "2020-03-01"),
        ] {
            assert_eq!(window.first_day(day(inside)), day(first), "{inside}");
        }
    }

    #[test]
    fn a_window_is_over_with_its_last_day_and_not_before() {
        for (window, closed, through) in [
            (PayWindow::Day, "2019-01-09", "2019-01-09"),
            (PayWindow::Week, "2019-01-12", "2019-01-06"),
            (PayWindow::Week, "2019-01-13", "2019-01-13"),
            (PayWindow::Month, "2020-02-28", "2020-01-31"),
            (PayWindow::Month, "2020-02-29", "2020-02-29"),
        ] {
            assert_eq!(window.closed_through(day(closed)), day(through), "{closed}");
        }
    }

    #[test]
    fn the_stored_texts_are_read_again() {
        for window in PayWindow::ALL {
            assert_eq!(PayWindow::parse(window.as_str()), Ok(window));
        }
        assert!(PayWindow::parse("year").is_err());
    }
}
