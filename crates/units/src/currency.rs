//! ISO 4217 currencies: a code and the number of digits of its minor unit.

use core::fmt;

/// A currency: its ISO 4217 alphabetic code and the digits of its minor unit (0 to 4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
}

/// Why a text names no currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CurrencyError {
    /// The text is not three capital ASCII letters.
    #[error("a currency code is three capital letters (ISO 4217), like CNY")]
    NotThreeCapitals,
}

impl Currency {
    /// Reads an ISO 4217 alphabetic code such as `"CNY"`.
    ///
    /// # Errors
    /// [`CurrencyError::NotThreeCapitals`] when `code` has not that shape. Whether the code is
    /// *assigned* is checked where a city is loaded (crate `tariff`).
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        match *code.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => {
                Ok(Self { code: [a, b, c] })
            }
            _ => Err(CurrencyError::NotThreeCapitals),
        }
    }

    /// The alphabetic code, three capital letters.
    #[must_use]
    pub fn code(&self) -> &str {
        core::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Digits of the minor unit: 2 for CNY (fen), 0 for JPY, 3 for KWD (ISO 4217 table A.1).
    #[must_use]
    pub fn minor_digits(&self) -> u32 {
        match &self.code {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso_currency::IntoEnumIterator as _;
    use std::string::ToString;

    #[test]
    fn digits_agree_with_iso_4217() {
        let mut seen = 0;
        for iso in iso_currency::Currency::iter() {
            let ours = Currency::from_code(iso.code()).unwrap();
            if let Some(digits) = iso.exponent() {
                assert_eq!(ours.minor_digits(), u32::from(digits), "{iso}");
                seen += 1;
            }
        }
        assert!(seen > 150, "the ISO table was read: {seen}");
    }

    #[test]
    fn only_three_capitals_are_a_code() {
        for bad in ["", "CN", "cny", "CNYY", "C1Y", "¥¥¥"] {
            assert!(Currency::from_code(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Currency::from_code("KWD").unwrap().to_string(), "KWD");
    }
}
