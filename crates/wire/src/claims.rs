//! What credentials, tickets and presentations have in common: claims and the `kid` header.

use arrayvec::ArrayVec;
use units::{KeyId, Timestamp};

use crate::cbor::Reader;
use crate::cose::{KID, Sign1, Signed, write_header};
use crate::entitlement::{Entitlement, PartySize, ProductCode, RiderCategory};
use crate::error::{DecodeError, EncodeError, VerifyError};
use crate::key::{Issuer, SignatureError};
use crate::writer::Writer;

/// CWT claim `exp` (RFC 8392 section 3.1.4).
pub(crate) const EXP: i64 = 4;
/// CWT claim `cti` (RFC 8392 section 3.1.7).
pub(crate) const CTI: i64 = 7;
/// CWT claim `cnf` (RFC 8747 section 3.1).
pub(crate) const CNF: i64 = 8;
/// Our private claim: RFC 8392 section 9.1.1 leaves numbers below −65536 to private use.
pub(crate) const ENTITLEMENT: i64 = -65_537;

/// Bytes of the content of the header with `kid`.
const KID_HEADER_BYTES: usize = 9;

/// Earliest time in a code, in seconds: below it CBOR has a shorter form, and sizes would vary.
pub(crate) const SECS_MIN: u32 = 1 << 16;

/// The protected header `{1: -19, 4: kid}`.
pub(crate) fn kid_header(kid: KeyId) -> Result<ArrayVec<u8, KID_HEADER_BYTES>, EncodeError> {
    let mut header = Writer::<KID_HEADER_BYTES>::default();
    write_header(&mut header, KID).bytes(kid.as_bytes());
    header.finish("protected header")
}

/// The rest of the protected header `{1: -19, 4: kid}`.
pub(crate) fn read_kid(envelope: &Sign1<'_>) -> Result<KeyId, DecodeError> {
    let mut header = envelope.header;
    header.key(KID)?;
    let kid = KeyId::from_bytes(*header.reader.bytes_exact("bytes in kid")?);
    header.end()?;
    Ok(kid)
}

/// Checks the issuer's signature on what names the key `kid`.
pub(crate) fn verify_issuer(
    key: &impl Issuer,
    kid: KeyId,
    signed: &Signed<'_>,
) -> Result<(), VerifyError> {
    if key.kid() != kid {
        return Err(VerifyError::OtherKey {
            expected: key.kid(),
            got: kid,
        });
    }
    let message = signed
        .message()
        .ok_or(VerifyError::Issuer(SignatureError::Mismatch))?;
    key.verify(&message, signed.signature)
        .map_err(VerifyError::Issuer)
}

/// A time claim: whole seconds in exactly five bytes.
pub(crate) fn read_secs(
    reader: &mut Reader<'_>,
    claim: &'static str,
) -> Result<Timestamp, DecodeError> {
    let secs = reader.uint_in(claim, SECS_MIN, u32::MAX)?;
    Ok(Timestamp::from_secs(i64::from(secs)))
}

/// A time for a claim, rounded down to whole seconds.
pub(crate) fn secs(field: &'static str, at: Timestamp) -> Result<i64, EncodeError> {
    let got = at.as_secs();
    match u32::try_from(got) {
        Ok(fits) if fits >= SECS_MIN => Ok(got),
        _ => Err(EncodeError::TimeOutOfRange { field, got }),
    }
}

/// The entitlement in the private claim that starts at `at`.
#[inline]
pub(crate) fn read_entitlement(
    at: usize,
    category: u8,
    party: u8,
    product: [u8; 2],
) -> Result<Entitlement, DecodeError> {
    let nobody = DecodeError::OutOfRange {
        at,
        field: "party size",
        min: 1,
        max: 255,
        got: 0,
    };
    Ok(Entitlement {
        category: RiderCategory::from_code(category),
        party: PartySize::new(party).ok_or(nobody)?,
        product: ProductCode::from_number(u16::from_be_bytes(product)),
    })
}
