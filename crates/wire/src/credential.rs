//! The credential: the issuer's word that a phone's key may travel, good for hours to days.
//!
//! A CWT (RFC 8392) of exactly 159 bytes with `exp`, `cti`, `cnf` (RFC 8747) and one private
//! claim. It is not secret and opens nothing by itself; see [`crate::ParsedPresentation`].

use arrayvec::ArrayVec;
use units::{CredentialId, KeyId, Timestamp};

use crate::cbor::Reader;
use crate::claims::{
    CNF, CTI, ENTITLEMENT, EXP, kid_header, read_entitlement, read_kid, read_secs, secs,
    verify_issuer,
};
use crate::cose::{SIGNATURE_BYTES, Sign1, Signed, ToBeSigned};
use crate::entitlement::{Entitlement, LifeHours};
use crate::error::{DecodeError, EncodeError, VerifyError};
use crate::key::{HolderKey, Issuer};
use crate::writer::{MAP, Writer};

/// Bytes of every credential.
pub const CREDENTIAL_BYTES_MAX: usize = 159;

/// `cnf` member `COSE_Key` (RFC 8747 section 3.1).
const COSE_KEY: i64 = 1;
/// `COSE_Key` parameter `kty` and its value OKP (RFC 9053 section 7.2).
const KTY: i64 = 1;
const OKP: i64 = 1;
/// `COSE_Key` parameter `crv` and its value Ed25519.
const CRV: i64 = -1;
const CRV_ED25519: i64 = 6;
/// `COSE_Key` parameter `x`, the public key.
const X: i64 = -2;

/// Bytes of the payload's content.
const PAYLOAD_BYTES: usize = 79;

/// What a credential says, for signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialClaims {
    /// `cti`: what replay, deny list and charging are keyed on.
    pub id: CredentialId,
    /// `cnf`: the phone's key.
    pub holder: HolderKey,
    /// What it entitles to.
    pub entitlement: Entitlement,
    /// `exp`: first instant at which it is over; rounded down to a whole second.
    pub expires: Timestamp,
    /// How long before `expires` it starts.
    pub life: LifeHours,
}

impl CredentialClaims {
    /// The credential without its signature.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when `expires` does not fit.
    pub fn to_be_signed(
        &self,
        kid: KeyId,
    ) -> Result<ToBeSigned<CREDENTIAL_BYTES_MAX>, EncodeError> {
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
            .int(CTI)
            .bytes(self.id.as_bytes())
            .int(CNF)
            .head(MAP, 1)
            .int(COSE_KEY)
            .head(MAP, 3)
            .int(KTY)
            .int(OKP)
            .int(CRV)
            .int(CRV_ED25519)
            .int(X)
            .bytes(self.holder.as_bytes())
            .int(ENTITLEMENT)
            .bytes(&[
                category.as_code(),
                party.as_riders(),
                product_high,
                product_low,
                self.life.as_hours(),
            ]);
        ToBeSigned::new(&kid_header(kid)?, &payload.finish("credential payload")?)
    }

    /// The credential, signed by `sign` under the issuer key `kid`.
    ///
    /// # Errors
    /// [`EncodeError::TimeOutOfRange`] when `expires` does not fit.
    pub fn sign(
        &self,
        kid: KeyId,
        sign: impl FnOnce(&[u8]) -> [u8; SIGNATURE_BYTES],
    ) -> Result<ArrayVec<u8, CREDENTIAL_BYTES_MAX>, EncodeError> {
        let object = self.to_be_signed(kid)?;
        object.finish(&sign(object.message()))
    }

    /// First instant at which the credential may travel.
    #[must_use]
    pub fn starts(&self) -> Timestamp {
        Timestamp::from_secs(self.expires.as_secs()).minus(self.life.as_span())
    }
}

/// A credential of the right shape, its signature not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedCredential<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) signed: Signed<'a>,
    pub(crate) kid: KeyId,
    pub(crate) id: CredentialId,
    pub(crate) holder: &'a [u8; 32],
    pub(crate) entitlement: Entitlement,
    pub(crate) expires: Timestamp,
    pub(crate) life: LifeHours,
}

impl<'a> ParsedCredential<'a> {
    /// Reads a credential by itself, as a phone gets it from the issuer.
    ///
    /// # Errors
    /// [`DecodeError`] when `bytes` are anything but one credential in its one encoding.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match crate::shape::credential(bytes) {
            Some(credential) => Ok(credential),
            None => Self::read(&mut crate::code::checked(bytes)?),
        }
    }

    /// Reads the credential at `reader`, whose encoding is checked.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let start = *reader;
        let envelope = Sign1::read(reader)?;
        let kid = read_kid(&envelope)?;
        let mut payload = envelope.payload;
        let mut claims = payload.map()?;
        claims.key(&mut payload, EXP)?;
        let expires = read_secs(&mut payload, "exp")?;
        claims.key(&mut payload, CTI)?;
        let id = CredentialId::from_bytes(*payload.bytes_exact("bytes in cti")?);
        claims.key(&mut payload, CNF)?;
        let holder = read_cnf(&mut payload)?;
        claims.key(&mut payload, ENTITLEMENT)?;
        let at = payload.at();
        let [category, party, high, low, hours] = *payload.bytes_exact("bytes in claim -65537")?;
        claims.end(&payload)?;
        Ok(Self {
            bytes: start.until(reader),
            signed: envelope.signed,
            kid,
            id,
            holder,
            entitlement: read_entitlement(at, category, party, [high, low])?,
            expires,
            life: LifeHours::new(hours).ok_or(DecodeError::OutOfRange {
                at,
                field: "life in hours",
                min: 1,
                max: 255,
                got: 0,
            })?,
        })
    }

    /// Checks the issuer's signature and the holder's key.
    ///
    /// # Errors
    /// [`VerifyError`] when `key` is another key, the signature does not hold, or the holder's
    /// key is no canonical point of large order.
    pub fn verify(&self, key: &impl Issuer) -> Result<VerifiedCredential<'a>, VerifyError> {
        verify_issuer(key, self.kid, &self.signed)?;
        let holder = HolderKey::from_bytes(self.holder).map_err(VerifyError::HolderKey)?;
        Ok(VerifiedCredential {
            parsed: *self,
            holder,
        })
    }

    /// The bytes it was read from.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
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

    /// The bytes of the holder's key, not yet known to be a point; verifying gives the key.
    #[must_use]
    pub const fn holder_bytes(&self) -> &'a [u8; 32] {
        self.holder
    }

    /// What it entitles to.
    #[must_use]
    pub const fn entitlement(&self) -> Entitlement {
        self.entitlement
    }

    /// First instant at which it may travel.
    #[must_use]
    pub fn starts(&self) -> Timestamp {
        self.expires.minus(self.life.as_span())
    }

    /// First instant at which it is over (`exp`).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// A credential that its issuer signed. Only [`ParsedCredential::verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedCredential<'a> {
    parsed: ParsedCredential<'a>,
    holder: HolderKey,
}

impl<'a> VerifiedCredential<'a> {
    pub(crate) const fn signed(&self) -> &Signed<'a> {
        &self.parsed.signed
    }

    /// The bytes it was read from.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.parsed.bytes
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

    /// The phone's key (`cnf`).
    #[must_use]
    pub const fn holder(&self) -> &HolderKey {
        &self.holder
    }

    /// What it entitles to.
    #[must_use]
    pub const fn entitlement(&self) -> Entitlement {
        self.parsed.entitlement
    }

    /// First instant at which it may travel.
    #[must_use]
    pub fn starts(&self) -> Timestamp {
        self.parsed.starts()
    }

    /// First instant at which it is over (`exp`).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.parsed.expires
    }
}

/// `{1: {1: 1, -1: 6, -2: x}}`: an Ed25519 key (RFC 8747 section 3.2, RFC 9053 section 7.2).
fn read_cnf<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8; 32], DecodeError> {
    let mut cnf = reader.map()?;
    cnf.key(reader, COSE_KEY)?;
    let mut key = reader.map()?;
    key.key(reader, KTY)?;
    let at = reader.at();
    let got = reader.int()?;
    if got != OKP {
        return Err(DecodeError::WrongKeyType { at, got });
    }
    key.key(reader, CRV)?;
    let at = reader.at();
    let got = reader.int()?;
    if got != CRV_ED25519 {
        return Err(DecodeError::WrongCurve { at, got });
    }
    key.key(reader, X)?;
    let x = reader.bytes_exact("bytes in x")?;
    key.end(reader)?;
    cnf.end(reader)?;
    Ok(x)
}
