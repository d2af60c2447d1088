//! What an issuer grants: rider category, party size, product, and a credential's length of life.

use units::Span;

/// The rider category's number in the city's table (GTFS `rider_categories`), 0 to 255.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RiderCategory(u8);

/// How many riders one code admits, 1 to 255.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PartySize(u8);

/// The product's number in the city's table (GTFS `fare_products`), 0 to 65535.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProductCode(u16);

/// How long before its end a credential starts, 1 to 255 hours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LifeHours(u8);

/// What a credential or ticket entitles to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Entitlement {
    /// Who travels.
    pub category: RiderCategory,
    /// How many.
    pub party: PartySize,
    /// On which product.
    pub product: ProductCode,
}

impl RiderCategory {
    /// Category number `code`.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        Self(code)
    }

    /// The number.
    #[must_use]
    pub const fn as_code(self) -> u8 {
        self.0
    }
}

impl PartySize {
    /// One rider.
    pub const ONE: Self = Self(1);

    /// A party of `riders`; `None` for nobody.
    #[must_use]
    pub const fn new(riders: u8) -> Option<Self> {
        if riders == 0 {
            None
        } else {
            Some(Self(riders))
        }
    }

    /// Number of riders, at least 1.
    #[must_use]
    pub const fn as_riders(self) -> u8 {
        self.0
    }
}

impl ProductCode {
    /// Product number `number`.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_number(self) -> u16 {
        self.0
    }
}

impl LifeHours {
    /// A life of `hours`; `None` for no life at all.
    #[must_use]
    pub const fn new(hours: u8) -> Option<Self> {
        if hours == 0 { None } else { Some(Self(hours)) }
    }

    /// Hours, at least 1.
    #[must_use]
    pub const fn as_hours(self) -> u8 {
        self.0
    }

    /// The same as a span of time.
    #[must_use]
    pub fn as_span(self) -> Span {
        Span::from_secs(i64::from(self.0).saturating_mul(3600))
    }
}
