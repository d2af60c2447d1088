//! The envelope of every signed object: `COSE_Sign1` (RFC 9052 section 4.2), untagged, with an
//! empty unprotected header, signed with Ed25519 (algorithm −19, RFC 9864).

use arrayvec::ArrayVec;

use crate::cbor::{Map, Reader};
use crate::code::CODE_BYTES_MAX;
use crate::error::{DecodeError, EncodeError};
use crate::writer::{ARRAY, MAP, Writer};

/// Bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

/// COSE algorithm Ed25519 (RFC 9864).
pub(crate) const ED25519: i64 = -19;
/// Header label `alg` (RFC 9052 section 3.1).
pub(crate) const ALG: i64 = 1;
/// Header label `crit` (RFC 9052 section 3.1).
const CRIT: i64 = 2;
/// Header label `kid` (RFC 9052 section 3.1).
pub(crate) const KID: i64 = 4;
/// Header label `kcwt` (RFC 9528 section 9.10).
pub(crate) const KCWT: i64 = 13;

/// `Sig_structure` up to the protected header: array of 4, "Signature1" (RFC 9052 section 4.4).
const SIG_STRUCTURE_START: &[u8; 12] = b"\x84\x6aSignature1";
/// External data of `Sig_structure`: none.
const NO_EXTERNAL: &[u8; 1] = b"\x40";
/// The unprotected header: an empty map.
const NO_UNPROTECTED: &[u8; 1] = b"\xa0";

/// Room for a `Sig_structure`: header and payload are parts of one object, so this always fits.
pub(crate) const SIG_STRUCTURE_MAX: usize =
    SIG_STRUCTURE_START.len() + NO_EXTERNAL.len() + CODE_BYTES_MAX;

/// What was signed, as received, and the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signed<'a> {
    /// The protected header with its byte-string head.
    pub(crate) protected_item: &'a [u8],
    /// The payload with its byte-string head.
    pub(crate) payload_item: &'a [u8],
    pub(crate) signature: &'a [u8; SIGNATURE_BYTES],
}

impl Signed<'_> {
    /// The bytes that were signed: `Sig_structure` around header and payload as received.
    pub(crate) fn message(&self) -> Option<ArrayVec<u8, SIG_STRUCTURE_MAX>> {
        sig_structure(self.protected_item, self.payload_item)
    }
}

/// An envelope whose encoding and algorithm are checked, its content not yet read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sign1<'a> {
    pub(crate) signed: Signed<'a>,
    /// The header map after `alg`.
    pub(crate) header: Header<'a>,
    /// The content of the payload.
    pub(crate) payload: Reader<'a>,
}

/// The rest of a protected header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'a> {
    pub(crate) reader: Reader<'a>,
    map: Map,
}

impl<'a> Sign1<'a> {
    /// Reads the envelope at `reader`, whose own encoding the caller has checked.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        reader.array_of(4, "items in COSE_Sign1")?;
        let before_header = *reader;
        let header = Header::read(reader.bytes()?)?;
        let protected_item = before_header.until(reader);
        let at = reader.at();
        let unprotected = reader.map()?;
        if unprotected.left() != 0 {
            return Err(DecodeError::UnprotectedHeader {
                at,
                got: unprotected.left(),
            });
        }
        let before_payload = *reader;
        let payload = reader.bytes()?;
        let payload_item = before_payload.until(reader);
        payload.check()?;
        let signature = reader.bytes_exact("bytes in the signature")?;
        Ok(Self {
            signed: Signed {
                protected_item,
                payload_item,
                signature,
            },
            header,
            payload,
        })
    }
}

impl<'a> Header<'a> {
    fn read(content: Reader<'a>) -> Result<Self, DecodeError> {
        content.check()?;
        let mut reader = content;
        let map = reader.map()?;
        let mut header = Self { reader, map };
        header.key(ALG)?;
        let at = header.reader.at();
        let got = header.reader.int()?;
        if got != ED25519 {
            return Err(DecodeError::WrongAlgorithm { at, got });
        }
        Ok(header)
    }

    /// The next label, or `None` at the end.
    pub(crate) fn peek(&self) -> Result<Option<i64>, DecodeError> {
        self.map.peek(&self.reader)
    }

    /// Reads the label `expected`.
    pub(crate) fn key(&mut self, expected: i64) -> Result<(), DecodeError> {
        self.map
            .key(&mut self.reader, expected)
            .map_err(|error| match error {
                DecodeError::UnexpectedKey { at, got: CRIT, .. } => {
                    DecodeError::CriticalHeader { at }
                }
                other => other,
            })
    }

    /// Refuses labels that are left.
    pub(crate) fn end(self) -> Result<(), DecodeError> {
        self.map.end(&self.reader)
    }
}

/// An object without its signature: what to sign, and how to finish when the signature is there.
///
/// For issuers that must keep a record of the message before they sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToBeSigned<const N: usize> {
    message: ArrayVec<u8, SIG_STRUCTURE_MAX>,
    object: ArrayVec<u8, N>,
}

impl<const N: usize> ToBeSigned<N> {
    pub(crate) fn new(protected: &[u8], payload: &[u8]) -> Result<Self, EncodeError> {
        let mut message = Writer::<SIG_STRUCTURE_MAX>::default();
        message
            .raw(SIG_STRUCTURE_START)
            .bytes(protected)
            .raw(NO_EXTERNAL)
            .bytes(payload);
        let mut object = Writer::<N>::default();
        object
            .head(ARRAY, 4)
            .bytes(protected)
            .raw(NO_UNPROTECTED)
            .bytes(payload);
        Ok(Self {
            message: message.finish("Sig_structure")?,
            object: object.finish("object")?,
        })
    }

    /// The `Sig_structure` (RFC 9052 section 4.4) to sign with Ed25519.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The object with its signature, which is not checked here.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] never, for the objects of this crate: their sizes are fixed.
    pub fn finish(
        &self,
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<ArrayVec<u8, N>, EncodeError> {
        let mut object = Writer::<N>::default();
        object.raw(&self.object).bytes(signature);
        object.finish("object")
    }
}

/// The content of a protected header: `{1: -19, label: …}` with the value written by `value`.
pub(crate) fn write_header<const N: usize>(writer: &mut Writer<N>, label: i64) -> &mut Writer<N> {
    writer.head(MAP, 2).int(ALG).int(ED25519).int(label)
}

fn sig_structure(protected: &[u8], payload: &[u8]) -> Option<ArrayVec<u8, SIG_STRUCTURE_MAX>> {
    let mut message = Writer::<SIG_STRUCTURE_MAX>::default();
    message
        .raw(SIG_STRUCTURE_START)
        .raw(protected)
        .raw(NO_EXTERNAL)
        .raw(payload);
    message.finish("Sig_structure").ok()
}
