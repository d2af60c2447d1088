//! Ids: one type each, so that no two kinds are ever exchanged.

use core::fmt;

use uuid::Uuid;

/// Why a text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Not a UUID in its hyphenated form (RFC 9562 section 4).
    #[error("an id is a UUID, like 0190163d-8694-739b-aea5-966c26f8ad91")]
    NotAUuid,
    /// Not the right number of hexadecimal digits.
    #[error("expected {expected} hexadecimal digits")]
    NotHex {
        /// How many digits the id has.
        expected: usize,
    },
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        /// Sixteen bytes; written as a hyphenated UUID (RFC 9562).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id made of these sixteen bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes, in network order.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads the hyphenated form.
            ///
            /// # Errors
            /// [`IdError::NotAUuid`] for anything else.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if text.len() != uuid::fmt::Hyphenated::LENGTH {
                    return Err(IdError::NotAUuid);
                }
                let uuid = Uuid::try_parse(text).map_err(|_| IdError::NotAUuid)?;
                Ok(Self(uuid.into_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(Uuid::from_bytes_ref(&self.0).as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )*};
}

uuid_ids! {
    /// A credential or a ticket: the CWT claim `cti`, what replay memory, deny list and charging
    /// are keyed on.
    CredentialId;
    /// A rider's account: who is charged. Never appears in a code.
    AccountId;
    /// A device that signs tap batches: a gate reader or a bus validator.
    DeviceId;
    /// A transit operator that earns a share of fares.
    OperatorId;
    /// One tap, unique in the city.
    TapId;
    /// One journey of one rider.
    JourneyId;
    /// One entry of the ledger.
    EntryId;
    /// One charge to one rider.
    ChargeId;
    /// A payment provider that a city uses, or a rider's money paid ahead.
    ProviderId;
    /// One payment: what a rider owes for a pay window, as one sum for a provider.
    PaymentId;
    /// What somebody asks to have put right: a refund that staff propose, a rider's appeal.
    CorrectionId;
}

/// An issuer key's short name (COSE `kid`, RFC 9052 section 3.1): four bytes, written in hex.
///
/// Not unique in the world: two issuers may have the same; a verifier tries each key it trusts
/// under that name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

/// The number of a gate inside its city, for codes bound to one gate; written as 8 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GateId(u32);

impl KeyId {
    /// The key id made of these four bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// Reads eight hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError::NotHex`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_hex_u32(text).map(|number| Self(number.to_be_bytes()))
    }
}

impl GateId {
    /// Gate number `number`.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_number(self) -> u32 {
        self.0
    }

    /// Reads eight lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError::NotHex`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_hex_u32(text).map(Self)
    }
}

fn parse_hex_u32(text: &str) -> Result<u32, IdError> {
    let wrong = IdError::NotHex { expected: 8 };
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 8 || !text.bytes().all(lower_hex) {
        return Err(wrong);
    }
    u32::from_str_radix(text, 16).map_err(|_| wrong)
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Display for GateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for GateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GateId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_uuid_has_one_text() {
        let text = "0190163d-8694-739b-aea5-966c26f8ad91";
        assert_eq!(AccountId::parse(text).unwrap().to_string(), text);
        for bad in [
            "",
            "0190163d8694739baea5966c26f8ad91",
            "{0190163d-8694-739b-aea5-966c26f8ad9}",
        ] {
            assert_eq!(AccountId::parse(bad), Err(IdError::NotAUuid), "{bad}");
        }
    }

    #[test]
    fn short_ids_are_eight_hex_digits() {
        assert_eq!(
            KeyId::parse("00c0ffee").unwrap().as_bytes(),
            &[0, 0xc0, 0xff, 0xee]
        );
        assert_eq!(GateId::from_number(255).to_string(), "000000ff");
        for bad in ["", "c0ffee", "00C0FFEE", "+0c0ffee", "00c0ffeee"] {
            assert!(GateId::parse(bad).is_err(), "{bad}");
        }
    }
}
