//! The presentation: a credential and the time, signed by the phone's key, good for seconds.
//!
//! A `COSE_Sign1` whose protected header carries the credential itself (`kcwt`, RFC 9528) and
//! whose payload is the CWT claims `iat` (241 bytes in all) or, bound to one gate, `aud` and `iat`
//! (251 bytes).

use arrayvec::{ArrayString, ArrayVec};
use core::fmt::Write as _;
use units::{GateId, Timestamp};

use crate::claims::{read_secs, secs};
use crate::cose::{KCWT, SIGNATURE_BYTES, Sign1, Signed, ToBeSigned, write_header};
use crate::credential::{CREDENTIAL_BYTES_MAX, ParsedCredential, VerifiedCredential};
use crate::error::{DecodeError, EncodeError, VerifyError};
use crate::key::{Issuer, SignatureError};
use crate::writer::{MAP, Writer};

/// Bytes of a presentation bound to one gate; one way it has 241.
pub const PRESENTATION_BYTES_MAX: usize = 251;

/// CWT claim `aud` (RFC 8392 section 3.1.3).
const AUD: i64 = 3;
/// CWT claim `iat` (RFC 8392 section 3.1.6).
const IAT: i64 = 6;
/// Bytes of the header's and the payload's content.
const HEADER_BYTES_MAX: usize = 4 + CREDENTIAL_BYTES_MAX;
const PAYLOAD_BYTES_MAX: usize = 17;

/// What a presentation says, for signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentationClaims {
    /// `iat`: the phone's clock; rounded down to a whole second.
    pub issued_at: Timestamp,
    /// `aud`: the only gate that may take it, which stops live relay; `None` for one-way codes.
    pub gate: Option<GateId>,
}

impl PresentationClaims {
    /// The presentation of `credential` (its bytes) without its signature.
    ///
    /// # Errors
    /// [`EncodeError::NotACredential`] when `credential` is none,
    /// [`EncodeError::TimeOutOfRange`] when `issued_at` does not fit.
    pub fn to_be_signed(
        &self,
        credential: &[u8],
    ) -> Result<ToBeSigned<PRESENTATION_BYTES_MAX>, EncodeError> {
        ParsedCredential::parse(credential).map_err(EncodeError::NotACredential)?;
        let mut header = Writer::<HEADER_BYTES_MAX>::default();
        write_header(&mut header, KCWT).raw(credential);
        let mut payload = Writer::<PAYLOAD_BYTES_MAX>::default();
        match self.gate {
            None => payload.head(MAP, 1),
            Some(gate) => payload.head(MAP, 2).int(AUD).text(&gate_name(gate)),
        };
        payload.int(IAT).int(secs("iat", self.issued_at)?);
        ToBeSigned::new(
            &header.finish("protected header")?,
            &payload.finish("presentation payload")?,
        )
    }

    /// The presentation of `credential` (its bytes), signed by `sign` with the phone's key.
    ///
    /// # Errors
    /// [`EncodeError::NotACredential`] when `credential` is none,
    /// [`EncodeError::TimeOutOfRange`] when `issued_at` does not fit.
    pub fn sign(
        &self,
        credential: &[u8],
        sign: impl FnOnce(&[u8]) -> [u8; SIGNATURE_BYTES],
    ) -> Result<ArrayVec<u8, PRESENTATION_BYTES_MAX>, EncodeError> {
        let object = self.to_be_signed(credential)?;
        object.finish(&sign(object.message()))
    }
}

/// A presentation of the right shape, its signatures not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedPresentation<'a> {
    signed: Signed<'a>,
    credential: ParsedCredential<'a>,
    issued_at: Timestamp,
    gate: Option<GateId>,
}

impl<'a> ParsedPresentation<'a> {
    pub(crate) fn read(envelope: Sign1<'a>) -> Result<Self, DecodeError> {
        let mut header = envelope.header;
        header.key(KCWT)?;
        let credential = ParsedCredential::read(&mut header.reader)?;
        header.end()?;
        let mut payload = envelope.payload;
        let mut claims = payload.map()?;
        let gate = if claims.peek(&payload)? == Some(AUD) {
            claims.key(&mut payload, AUD)?;
            let at = payload.at();
            let gate = GateId::parse(payload.text()?).map_err(|_| DecodeError::NotAGate { at })?;
            Some(gate)
        } else {
            None
        };
        claims.key(&mut payload, IAT)?;
        let issued_at = read_secs(&mut payload, "iat")?;
        claims.end(&payload)?;
        Ok(Self::new(envelope.signed, credential, issued_at, gate))
    }

    #[inline]
    pub(crate) const fn new(
        signed: Signed<'a>,
        credential: ParsedCredential<'a>,
        issued_at: Timestamp,
        gate: Option<GateId>,
    ) -> Self {
        Self {
            signed,
            credential,
            issued_at,
            gate,
        }
    }

    /// Checks the issuer's signature on the credential, then the holder's on the presentation.
    ///
    /// # Errors
    /// [`VerifyError`] when `key` is another key or one of the two does not hold.
    pub fn verify(&self, key: &impl Issuer) -> Result<VerifiedPresentation<'a>, VerifyError> {
        let credential = self.credential.verify(key)?;
        let message = self
            .signed
            .message()
            .ok_or(VerifyError::Holder(SignatureError::Mismatch))?;
        credential
            .holder()
            .verify(&message, self.signed.signature)
            .map_err(VerifyError::Holder)?;
        Ok(VerifiedPresentation {
            credential,
            issued_at: self.issued_at,
            gate: self.gate,
        })
    }

    /// The credential it carries.
    #[must_use]
    pub const fn credential(&self) -> &ParsedCredential<'a> {
        &self.credential
    }

    /// When the phone's clock says it was made (`iat`).
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The only gate that may take it (`aud`); `None` for a one-way code.
    #[must_use]
    pub const fn gate(&self) -> Option<GateId> {
        self.gate
    }
}

/// A presentation that issuer and holder signed. Only [`ParsedPresentation::verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedPresentation<'a> {
    credential: VerifiedCredential<'a>,
    issued_at: Timestamp,
    gate: Option<GateId>,
}

impl<'a> VerifiedPresentation<'a> {
    /// The credential it carries.
    #[must_use]
    pub const fn credential(&self) -> &VerifiedCredential<'a> {
        &self.credential
    }

    /// When the phone's clock says it was made (`iat`).
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The only gate that may take it (`aud`); `None` for a one-way code.
    #[must_use]
    pub const fn gate(&self) -> Option<GateId> {
        self.gate
    }
}

/// Eight lower-case hexadecimal digits: the `Display` form of a gate id.
fn gate_name(gate: GateId) -> ArrayString<8> {
    let mut name = ArrayString::new();
    // Cannot fail: `GateId` prints exactly 8 characters.
    let _ = write!(name, "{gate}");
    name
}
