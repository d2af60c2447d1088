//! The ticket: a code signed by the issuer alone, for its bearer, good for a minute or one ride.
//!
//! A CWT (RFC 8392) of exactly 121 bytes with `exp`, `nbf`, `cti` and one private claim.

use arrayvec::ArrayVec;
use units::{CredentialId, KeyId, Timestamp};

use crate::claims::{
    CNF, CTI, ENTITLEMENT, EXP, kid_header, read_entitlement, read_kid, read_secs, secs,
    verify_issuer,
};
use crate::cose::{SIGNATURE_BYTES, Sign1, Signed, ToBeSigned};
use crate::entitlement::Entitlement;
use crate::error::{DecodeError, EncodeError, VerifyError};
use crate::key::Issuer;
use crate::writer::{MAP, Writer};

/// Bytes of every ticket. The limit of the profile is 144.
pub const TICKET_BYTES_MAX: usize = 121;

/// CWT claim `nbf` (RFC 8392 section 3.1.5).
const NBF: i64 = 5;
/// Bytes of the payload's content.
const PAYLOAD_BYTES: usize = 41;

/// What a ticket says, for signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketClaims {
    /// `cti`: what replay, deny list and charging are keyed on.
    pub id: CredentialId,
    /// `nbf`: first instant at which it may travel; rounded down to a whole second.
    pub starts: Timestamp,
    /// `exp`: first instant at which it is over; rounded down to a whole second.
    pub expires: Timestamp,
    /// What it entitles to.
    pub entitlement: Entitlement,
}

impl TicketClaims {
    /// The ticket without its signature.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when a time does not fit.
    pub fn to_be_signed(&self, kid: KeyId) -> Result<ToBeSigned<TICKET_BYTES_MAX>, EncodeError> {
        let Entitlement {
            category,
            party,
            product,
        } = self.entitlement;
        let [product_high, product_low] = product.as_number().to_be_bytes();
        let mut payload = Writer::<PAYLOAD_BYTES>::default();
        payload
            .head(MAP, 4)
            .int(EXP)
            .int(secs("exp", self.expires)?)
            .int(NBF)
            .int(secs("nbf", self.starts)?)
            .int(CTI)
            .bytes(self.id.as_bytes())
            .int(ENTITLEMENT)
            .bytes(&[
                category.as_code(),
                party.as_riders(),
                product_high,
                product_low,
            ]);
        ToBeSigned::new(&kid_header(kid)?, &payload.finish("ticket payload")?)
    }

    /// The ticket, signed by `sign` under the issuer key `kid`.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when a time does not fit.
    pub fn sign(
        &self,
        kid: KeyId,
        sign: impl FnOnce(&[u8]) -> [u8; SIGNATURE_BYTES],
    ) -> Result<ArrayVec<u8, TICKET_BYTES_MAX>, EncodeError> {
        let object = self.to_be_signed(kid)?;
        object.finish(&sign(object.message()))
    }
}

/// A ticket of the right shape, its signature not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedTicket<'a> {
    signed: Signed<'a>,
    kid: KeyId,
    id: CredentialId,
    starts: Timestamp,
    expires: Timestamp,
    entitlement: Entitlement,
}

impl<'a> ParsedTicket<'a> {
    pub(crate) fn read(envelope: Sign1<'a>) -> Result<Self, DecodeError> {
        let kid = read_kid(&envelope)?;
        let mut payload = envelope.payload;
        let mut claims = payload.map()?;
        claims.key(&mut payload, EXP)?;
        let expires = read_secs(&mut payload, "exp")?;
        if is_credential(envelope) {
            return Err(DecodeError::CredentialAlone { at: payload.at() });
        }
        claims.key(&mut payload, NBF)?;
        let starts = read_secs(&mut payload, "nbf")?;
        claims.key(&mut payload, CTI)?;
        let id = CredentialId::from_bytes(*payload.bytes_exact("bytes in cti")?);
        claims.key(&mut payload, ENTITLEMENT)?;
        let at = payload.at();
        let [category, party, high, low] = *payload.bytes_exact("bytes in claim -65537")?;
        claims.end(&payload)?;
        let entitlement = read_entitlement(at, category, party, [high, low])?;
        Ok(Self::new(
            envelope.signed,
            kid,
            id,
            (starts, expires),
            entitlement,
        ))
    }

    #[inline]
    pub(crate) const fn new(
        signed: Signed<'a>,
        kid: KeyId,
        id: CredentialId,
        (starts, expires): (Timestamp, Timestamp),
        entitlement: Entitlement,
    ) -> Self {
        Self {
            signed,
            kid,
            id,
            starts,
            expires,
            entitlement,
        }
    }

    /// Checks the issuer's signature.
    ///
    /// # Errors
    /// [`VerifyError`] when `key` is another key or the signature does not hold.
    pub fn verify(&self, key: &impl Issuer) -> Result<VerifiedTicket<'a>, VerifyError> {
        verify_issuer(key, self.kid, &self.signed)?;
        Ok(VerifiedTicket { parsed: *self })
    }

    /// The issuer key it names.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        self.kid
    }

    /// Its id (`cti`).
    #[must_use]
    pub const fn id(&self) -> CredentialId {
        self.id
    }

    /// First instant at which it may travel (`nbf`).
    #[must_use]
    pub const fn starts(&self) -> Timestamp {
        self.starts
    }

    /// First instant at which it is over (`exp`).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// What it entitles to.
    #[must_use]
    pub const fn entitlement(&self) -> Entitlement {
        self.entitlement
    }
}

/// A ticket that its issuer signed. Only [`ParsedTicket::verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedTicket<'a> {
    parsed: ParsedTicket<'a>,
}

impl<'a> VerifiedTicket<'a> {
    pub(crate) const fn signed(&self) -> &Signed<'a> {
        &self.parsed.signed
    }

    /// The issuer key that signed it.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        self.parsed.kid
    }

    /// Its id (`cti`).
    #[must_use]
    pub const fn id(&self) -> CredentialId {
        self.parsed.id
    }

    /// First instant at which it may travel (`nbf`).
    #[must_use]
    pub const fn starts(&self) -> Timestamp {
        self.parsed.starts
    }

    /// First instant at which it is over (`exp`).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.parsed.expires
    }

    /// What it entitles to.
    #[must_use]
    pub const fn entitlement(&self) -> Entitlement {
        self.parsed.entitlement
    }
}

/// Whether the payload has the claims `exp`, `cti`, `cnf` with which a credential begins.
fn is_credential(envelope: Sign1<'_>) -> bool {
    let begins = |mut payload: crate::cbor::Reader<'_>| {
        let mut claims = payload.map()?;
        claims.key(&mut payload, EXP)?;
        payload.uint()?;
        claims.key(&mut payload, CTI)?;
        payload.bytes()?;
        claims.key(&mut payload, CNF)
    };
    begins(envelope.payload).is_ok()
}
