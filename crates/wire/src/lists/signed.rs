//! The envelope of root and snapshot: `COSE_Sign` (RFC 9052 section 4.1), untagged, with one
//! signature per key, Ed25519, keys in ascending order of their names.

use arrayvec::ArrayVec;
use sha2::{Digest as _, Sha256};
use units::KeyId;

use crate::cbor::Reader;
use crate::cose::{ALG, ED25519, KID, SIGNATURE_BYTES};
use crate::error::{DecodeError, EncodeError};
use crate::key::PublicKey;
use crate::lists::{ListError, Role, Root};
use crate::writer::{ARRAY, MAP, Writer};

/// Most signatures of one object: every key of the old root and of the new one.
pub const SIGNATURES_MAX: usize = 32;

/// Most bytes of a payload.
pub(super) const PAYLOAD_BYTES_MAX: usize = 768;

/// Most bytes of a signed object: the payload and [`SIGNATURES_MAX`] signatures of 78 bytes.
pub const SIGNED_BYTES_MAX: usize = 4096;

/// Most bytes of the message that one key signs.
pub const LIST_MESSAGE_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + 64;

/// Header label `typ` (RFC 9596): no object passes for one of another kind.
const TYP: i64 = 16;
/// `Sig_structure` up to the body's header: array of 5, "Signature" (RFC 9052 section 4.4).
const SIG_STRUCTURE_START: &[u8; 11] = b"\x85\x69Signature";
const NO_EXTERNAL: &[u8; 1] = b"\x40";
const NO_UNPROTECTED: &[u8; 1] = b"\xa0";
const BODY_HEADER_MAX: usize = 32;
const SIGNER_HEADER_MAX: usize = 16;

/// What is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignedKind {
    /// Keys and thresholds.
    Root,
    /// What binds the lists.
    Snapshot,
}

impl SignedKind {
    /// The media type without `application/`, as in the header `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "faregate-root+cbor",
            Self::Snapshot => "faregate-snapshot+cbor",
        }
    }

    fn body_header(self) -> Result<ArrayVec<u8, BODY_HEADER_MAX>, EncodeError> {
        let mut out = Writer::<BODY_HEADER_MAX>::default();
        out.head(MAP, 1).int(TYP).text(self.as_str());
        out.finish("header")
    }
}

/// One key's signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListSignature {
    /// Its name, [`key_id`].
    pub kid: KeyId,
    /// Over [`list_message`].
    pub signature: [u8; SIGNATURE_BYTES],
}

/// The name of a key that signs lists: the first four bytes of SHA-256 over it.
#[must_use]
pub fn key_id(public_key: &[u8; 32]) -> KeyId {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(public_key));
    KeyId::from_bytes([a, b, c, d])
}

/// The `Sig_structure` (RFC 9052 section 4.4) that key `kid` signs for this payload.
///
/// # Errors
/// [`EncodeError::TooLong`] for a payload that no list has.
pub fn list_message(
    what: SignedKind,
    kid: KeyId,
    payload: &[u8],
) -> Result<ArrayVec<u8, LIST_MESSAGE_BYTES_MAX>, EncodeError> {
    let mut out = Writer::<LIST_MESSAGE_BYTES_MAX>::default();
    out.raw(SIG_STRUCTURE_START)
        .bytes(&what.body_header()?)
        .bytes(&signer_header(kid)?)
        .raw(NO_EXTERNAL)
        .bytes(payload);
    out.finish("Sig_structure")
}

/// The object: payload and signatures, in any order, none of which is checked here.
///
/// # Errors
/// [`ListError::SignerOrder`] for two signatures of one key, [`ListError::Encode`] for too many.
pub fn assemble(
    kind: SignedKind,
    payload: &[u8],
    signatures: &[ListSignature],
) -> Result<ArrayVec<u8, SIGNED_BYTES_MAX>, ListError> {
    let mut sorted = ArrayVec::<ListSignature, SIGNATURES_MAX>::new();
    let too_many = EncodeError::TooLong {
        field: "signatures",
        max: SIGNATURES_MAX,
        got: signatures.len(),
    };
    for signature in signatures {
        sorted.try_push(*signature).map_err(|_| too_many)?;
    }
    sorted.sort_unstable_by_key(|signature| signature.kid);
    let mut out = Writer::<SIGNED_BYTES_MAX>::default();
    out.head(ARRAY, 4)
        .bytes(&kind.body_header()?)
        .raw(NO_UNPROTECTED)
        .bytes(payload)
        .head(ARRAY, u64::try_from(sorted.len()).unwrap_or(u64::MAX));
    let mut last = None;
    for (index, entry) in sorted.iter().enumerate() {
        if last == Some(entry.kid) {
            return Err(ListError::SignerOrder { index });
        }
        last = Some(entry.kid);
        out.head(ARRAY, 3)
            .bytes(&signer_header(entry.kid)?)
            .raw(NO_UNPROTECTED)
            .bytes(&entry.signature);
    }
    Ok(out.finish("signed list")?)
}

fn signer_header(kid: KeyId) -> Result<ArrayVec<u8, SIGNER_HEADER_MAX>, EncodeError> {
    let mut out = Writer::<SIGNER_HEADER_MAX>::default();
    out.head(MAP, 2).int(ALG).int(ED25519);
    out.int(KID).bytes(kid.as_bytes());
    out.finish("header")
}

/// An envelope whose encoding is checked; its signatures are not.
#[derive(Clone, Debug)]
pub struct Signed<'a> {
    what: SignedKind,
    content: Reader<'a>,
    signatures: ArrayVec<(KeyId, &'a [u8; SIGNATURE_BYTES]), SIGNATURES_MAX>,
}

impl<'a> Signed<'a> {
    /// Reads an object of this kind.
    ///
    /// # Errors
    /// [`ListError`] for any bytes but the one encoding of such an object.
    pub fn read(what: SignedKind, bytes: &'a [u8]) -> Result<Self, ListError> {
        if bytes.len() > SIGNED_BYTES_MAX {
            return Err(ListError::Form(DecodeError::TooLong {
                max: SIGNED_BYTES_MAX,
                got: bytes.len(),
            }));
        }
        let mut reader = Reader::new(bytes);
        reader.check()?;
        reader.array_of(4, "items in COSE_Sign")?;
        let header = reader.bytes()?;
        header.check()?;
        if header.remaining() != what.body_header()?.as_slice() {
            return Err(ListError::OtherKind);
        }
        empty_map(&mut reader)?;
        let content = reader.bytes()?;
        content.check()?;
        let count = reader.items()?;
        let mut signatures = ArrayVec::new();
        let mut last = None;
        for index in 0..count {
            reader.array_of(3, "items in COSE_Signature")?;
            let kid = signer(reader.bytes()?)?;
            empty_map(&mut reader)?;
            let signature = reader.bytes_exact("bytes in the signature")?;
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            if last >= Some(kid) {
                return Err(ListError::SignerOrder { index });
            }
            last = Some(kid);
            let pushed = signatures.try_push((kid, signature));
            pushed.map_err(|_| ListError::SignerOrder { index })?;
        }
        Ok(Self {
            what,
            content,
            signatures,
        })
    }

    /// The payload, which nobody has vouched for yet.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.content.remaining()
    }

    /// The signatures, in ascending order of their keys.
    pub fn signatures(&self) -> impl Iterator<Item = ListSignature> {
        self.signatures
            .iter()
            .map(|(kid, signature)| ListSignature {
                kid: *kid,
                signature: **signature,
            })
    }

    pub(super) const fn content(&self) -> Reader<'a> {
        self.content
    }

    /// Refuses a signature by a key that is in none of these roles.
    pub(super) fn refuse_strangers(&self, roles: &[(&Root, Role)]) -> Result<(), ListError> {
        for (kid, _) in &self.signatures {
            if !roles
                .iter()
                .any(|(root, role)| root.key_in(*role, *kid).is_some())
            {
                return Err(ListError::Stranger { kid: *kid });
            }
        }
        Ok(())
    }

    /// Refuses it unless as many *distinct* keys of the role signed as its threshold says. A
    /// signature of such a key that does not hold is an error, not a missing one: an object has
    /// one form. Signatures of other keys do not count.
    pub(super) fn refuse_below(&self, root: &Root, role: Role) -> Result<(), ListError> {
        let mut signed: u16 = 0;
        for (kid, signature) in &self.signatures {
            let Some((index, public)) = root.key_in(role, *kid) else {
                continue;
            };
            let key = PublicKey::from_bytes(public)
                .map_err(|source| ListError::Key { kid: *kid, source })?;
            let message = list_message(self.what, *kid, self.payload())?;
            key.verify(&message, signature)
                .map_err(|source| ListError::Signature { kid: *kid, source })?;
            signed |= index;
        }
        let (got, expected) = (signed.count_ones(), u32::from(role.threshold));
        if got < expected {
            return Err(ListError::Threshold { expected, got });
        }
        Ok(())
    }
}

fn empty_map(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    let at = reader.at();
    let got = reader.map()?.left();
    if got == 0 {
        return Ok(());
    }
    Err(DecodeError::UnprotectedHeader { at, got })
}

fn signer(header: Reader<'_>) -> Result<KeyId, DecodeError> {
    header.check()?;
    let mut reader = header;
    let mut map = reader.map()?;
    map.key(&mut reader, ALG)?;
    let at = reader.at();
    let got = reader.int()?;
    if got != ED25519 {
        return Err(DecodeError::WrongAlgorithm { at, got });
    }
    map.key(&mut reader, KID)?;
    let kid = KeyId::from_bytes(*reader.bytes_exact("bytes in kid")?);
    map.end(&reader)?;
    Ok(kid)
}
