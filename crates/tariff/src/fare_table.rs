//! The fare table: leg rules indexed for lookup.

use std::fmt;

use units::{Amount, ProductId};

/// A row of a city's file that decided something.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleRef {
    /// The file, relative to the city's folder.
    pub file: String,
    /// The line in it; the header of a table is line 1.
    pub row: u64,
}

/// What the fare table says of one leg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegFare {
    /// The price.
    pub amount: Amount,
    /// The product to hold.
    pub product: ProductId,
    /// Its name for riders; the id where the files give none.
    pub product_name: String,
    /// The row of `fare_leg_rules.txt` that allows it.
    pub rule: RuleRef,
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} row {}", self.file, self.row)
    }
}
