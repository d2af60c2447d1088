//! Places and products by their GTFS ids: short texts, held inline.

use core::fmt;

use arrayvec::ArrayString;

/// Why a text is no id of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Nothing between the quotes.
    #[error("an id cannot be empty")]
    Empty,
    /// More than [`TextId::BYTES_MAX`] bytes of UTF-8.
    #[error("an id has at most {max} bytes, this one has {got}", max = TextId::BYTES_MAX)]
    TooLong {
        /// Bytes the text has.
        got: usize,
    },
    /// A control character, which no feed needs and every log dreads.
    #[error("an id cannot hold control characters")]
    Control,
}

/// A text id as GTFS has them, 1 to 64 bytes of UTF-8, held without an allocator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(ArrayString<{ TextId::BYTES_MAX }>);

impl TextId {
    /// The longest id in bytes. GTFS sets no limit; the longest in the feeds we know has 48.
    pub const BYTES_MAX: usize = 64;

    /// Takes a text as an id.
    ///
    /// # Errors
    /// [`PlaceError`] when it is empty, too long, or holds control characters.
    pub fn new(text: &str) -> Result<Self, PlaceError> {
        if text.is_empty() {
            return Err(PlaceError::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(PlaceError::Control);
        }
        ArrayString::from(text)
            .map(Self)
            .map_err(|_| PlaceError::TooLong { got: text.len() })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(TextId);

        impl $name {
            /// Takes a text as an id.
            ///
            /// # Errors
            /// [`PlaceError`] when it is empty, too long, or holds control characters.
            pub fn new(text: &str) -> Result<Self, PlaceError> {
                TextId::new(text).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

text_ids! {
    /// A stop or station (`stops.stop_id`).
    StopId;
    /// A route (`routes.route_id`).
    RouteId;
    /// A fare area (`areas.area_id`).
    AreaId;
    /// A network of routes (`networks.network_id`).
    NetworkId;
    /// A fare product (`fare_products.fare_product_id`).
    ProductId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_can_be_ids() {
        assert_eq!(StopId::new("凤起路").unwrap().as_str(), "凤起路");
        assert_eq!(StopId::new(""), Err(PlaceError::Empty));
        assert_eq!(StopId::new("a\nb"), Err(PlaceError::Control));
        let long = "x".repeat(65);
        assert_eq!(StopId::new(&long), Err(PlaceError::TooLong { got: 65 }));
        assert!(StopId::new(&long[..64]).is_ok());
    }
}
