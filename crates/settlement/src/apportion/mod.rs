//! Apportionment: what riders paid, divided among the agencies that carried them.
//!
//! Three steps, each of which an operator can do again from what it is given:
//!
//! 1. [`published`]: the journeys of service days, without anything that names a rider;
//! 2. [`shares`]: who earned how much of each, by the city's rules and to the last minor unit;
//! 3. [`statement`]: the sums of a period by day and agency, and what changed since on days that
//!    earlier statements covered.

pub mod published;
pub mod shares;
pub mod statement;

use std::fmt;

use units::{PlaceError, TextId};

/// Who earns revenue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Earner {
    /// An agency of `agency.txt`.
    Agency(TextId),
    /// The city itself keeps what no rule gives to an agency.
    City,
}

impl Earner {
    /// The text of the city in files, where an agency has its id: no id has a blank.
    const CITY: &str = "(the city)";

    /// Reads what `Display` writes.
    ///
    /// # Errors
    /// [`PlaceError`] for a text that is neither.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        if text == Self::CITY {
            Ok(Self::City)
        } else {
            TextId::new(text).map(Self::Agency)
        }
    }
}

impl fmt::Display for Earner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agency(id) => f.write_str(id.as_str()),
            Self::City => f.write_str(Self::CITY),
        }
    }
}
