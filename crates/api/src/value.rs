//! Values inside bodies: base64url, RFC 3339 times, ids as text, session tokens.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use units::{
    AccountId, ChargeId, CorrectionId, CredentialId, DeviceId, GateId, JourneyId, KeyId, NetworkId,
    OperatorId, PaymentId, RouteId, ServiceDay, StopId, TapId, Timestamp,
};
use zeroize::Zeroizing;

/// Why a text is not the value its field wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not base64url without padding (RFC 4648 section 5).
    #[error("expected base64url without padding (RFC 4648 section 5)")]
    NotBase64Url,
    /// Base64url of another number of bytes.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// Bytes the field has.
        expected: usize,
        /// Bytes the text held.
        got: usize,
    },
    /// Not an RFC 3339 time with an offset.
    #[error("expected an RFC 3339 time, like 2019-01-07T08:15:00Z")]
    NotRfc3339,
    /// Not the id the field wants; the text says which form.
    #[error("{0}")]
    Id(String),
}

/// Exactly `N` bytes, written as base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Base64Url<const N: usize>(pub [u8; N]);

/// Bytes of any number, written as base64url without padding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Base64Bytes(pub Vec<u8>);

/// An instant, written as RFC 3339 in UTC: `2019-01-07T08:15:00Z`, with up to six decimals of a
/// second. Read with any offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rfc3339(pub Timestamp);

/// A value written as its one text form: the ids of `units`, a service day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Text<T>(pub T);

/// The secret that stands for a rider's session: 32 random bytes, sent as
/// `Authorization: Bearer <base64url>`. Zeroed when dropped, absent from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(Zeroizing<[u8; 32]>);

/// A value with one text form, so that [`Text`] can read and write it.
pub trait TextForm: fmt::Display + Sized {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`ValueError`] saying which form was expected.
    fn from_text(text: &str) -> Result<Self, ValueError>;
}

macro_rules! text_forms {
    ($($kind:ident :: $read:ident),* $(,)?) => {$(
        impl TextForm for $kind {
            fn from_text(text: &str) -> Result<Self, ValueError> {
                $kind::$read(text).map_err(|error| ValueError::Id(error.to_string()))
            }
        }
    )*};
}

text_forms! {
    AccountId::parse, ChargeId::parse, CorrectionId::parse, CredentialId::parse, DeviceId::parse,
    GateId::parse, JourneyId::parse, KeyId::parse, OperatorId::parse, PaymentId::parse,
    ServiceDay::parse, TapId::parse, NetworkId::new, RouteId::new, StopId::new,
}

fn decode(text: &str) -> Result<Vec<u8>, ValueError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| ValueError::NotBase64Url)
}

impl<const N: usize> Base64Url<N> {
    /// Reads `N` bytes from base64url without padding; only the canonical text is taken.
    ///
    /// # Errors
    /// [`ValueError::NotBase64Url`] or [`ValueError::Length`].
    pub fn from_text(text: &str) -> Result<Self, ValueError> {
        let bytes = decode(text)?;
        let got = bytes.len();
        let bytes = bytes
            .try_into()
            .map_err(|_| ValueError::Length { expected: N, got })?;
        Ok(Self(bytes))
    }
}

impl<const N: usize> fmt::Display for Base64Url<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Base64Bytes {
    /// Reads bytes from base64url without padding.
    ///
    /// # Errors
    /// [`ValueError::NotBase64Url`].
    pub fn from_text(text: &str) -> Result<Self, ValueError> {
        decode(text).map(Self)
    }
}

impl fmt::Display for Base64Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl Rfc3339 {
    /// Reads an RFC 3339 time with any offset; more than six decimals are cut.
    ///
    /// # Errors
    /// [`ValueError::NotRfc3339`].
    pub fn from_text(text: &str) -> Result<Self, ValueError> {
        let time: jiff::Timestamp = text.parse().map_err(|_| ValueError::NotRfc3339)?;
        Ok(Self(Timestamp::from_micros(time.as_microsecond())))
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Instants that no calendar holds (beyond year 9999) are clamped to its ends.
        let micros = self.0.as_micros();
        let end = if micros < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        let time = jiff::Timestamp::from_microsecond(micros).unwrap_or(end);
        fmt::Display::fmt(&time, f)
    }
}

impl SessionToken {
    /// The token made of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes: only their hash may be stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the text of a `Bearer` header: 43 characters of base64url.
    ///
    /// # Errors
    /// [`ValueError`] for any other text.
    pub fn from_text(text: &str) -> Result<Self, ValueError> {
        Base64Url::<32>::from_text(text).map(|bytes| Self::from_bytes(bytes.0))
    }

    /// The text for a `Bearer` header.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.as_bytes())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

impl Serialize for SessionToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for SessionToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text).map_err(D::Error::custom)
    }
}

macro_rules! serde_by_text {
    ($($kind:ty, [$($generics:tt)*], [$($where:tt)*];)*) => {$(
        impl<$($generics)*> Serialize for $kind where $($where)* {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de, $($generics)*> Deserialize<'de> for $kind where $($where)* {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_text(&text).map_err(D::Error::custom)
            }
        }
    )*};
}

serde_by_text! {
    Base64Url<N>, [const N: usize], [];
    Base64Bytes, [], [];
    Rfc3339, [], [];
    Text<T>, [T], [T: TextForm];
}

impl<T: TextForm> Text<T> {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`ValueError`] saying which form was expected.
    pub fn from_text(text: &str) -> Result<Self, ValueError> {
        T::from_text(text).map(Self)
    }
}

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64url_has_one_text_per_value() {
        // RFC 4648 section 10, without padding; the last two differ only in unused bits.
        assert_eq!(Base64Url::from_text("Zm9vYg"), Ok(Base64Url(*b"foob")));
        assert_eq!(Base64Url(*b"foob").to_string(), "Zm9vYg");
        assert_eq!(
            Base64Url::from_text("-_-_"),
            Ok(Base64Url([0xfb, 0xff, 0xbf]))
        );
        for bad in ["Zm9vYg==", "Zm9vYh", "Zm9v Yg", "+/+/", "Zm9vY"] {
            assert_eq!(
                Base64Bytes::from_text(bad),
                Err(ValueError::NotBase64Url),
                "{bad}"
            );
        }
        assert_eq!(
            Base64Url::<32>::from_text("Zm9vYg"),
            Err(ValueError::Length {
                expected: 32,
                got: 4
            })
        );
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        // `date -u -d 2019-01-07T00:15:00Z +%s`
        let time = Timestamp::from_secs(1_546_820_100);
        assert_eq!(Rfc3339(time).to_string(), "2019-01-07T00:15:00Z");
        assert_eq!(
            Rfc3339::from_text("2019-01-07T08:15:00+08:00"),
            Ok(Rfc3339(time))
        );
        for bad in [
            "",
            "2019-01-07",
            "2019-01-07T08:15:00",
            "now",
            "2019-02-30T00:00:00Z",
        ] {
            assert_eq!(
                Rfc3339::from_text(bad),
                Err(ValueError::NotRfc3339),
                "{bad}"
            );
        }
        assert_eq!(
            Rfc3339(Timestamp::from_micros(i64::MAX)).to_string(),
            "9999-12-30T22:00:00.999999999Z"
        );
    }

    #[test]
    fn a_session_token_never_shows_in_debug() {
        let token = SessionToken::from_bytes([7; 32]);
        insta::assert_snapshot!(format!("{token:?}"), @"SessionToken(..)");
        assert_eq!(SessionToken::from_text(&token.to_text()), Ok(token));
    }

    proptest! {
        #[test]
        fn every_time_comes_back(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let time = Rfc3339(Timestamp::from_micros(micros));
            prop_assert_eq!(Rfc3339::from_text(&time.to_string()), Ok(time));
        }

        #[test]
        fn every_byte_string_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let value = Base64Bytes(bytes);
            prop_assert_eq!(Base64Bytes::from_text(&value.to_string()), Ok(value.clone()));
        }
    }
}
