//! Why bytes were refused, one variant per reason.

use units::KeyId;

use crate::key::{KeyError, SignatureError};

/// Why bytes are not one of our objects. `at` is the offset of the offending byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input ends inside an item.
    #[error("byte {at}: the input ends inside an item")]
    Truncated {
        /// Where the next byte was expected.
        at: usize,
    },
    /// Bytes after the object.
    #[error("byte {at}: {extra} bytes follow the object")]
    TrailingBytes {
        /// The first byte after the object.
        at: usize,
        /// How many there are.
        extra: usize,
    },
    /// More bytes than any object has; not read further.
    #[error("expected at most {max} bytes, got {got}")]
    TooLong {
        /// The limit.
        max: usize,
        /// Bytes given.
        got: usize,
    },
    /// An argument that fits a shorter head (RFC 8949 section 4.2.1).
    #[error("byte {at}: this number or length has a shorter encoding")]
    NotShortest {
        /// The head.
        at: usize,
    },
    /// An indefinite length (RFC 8949 section 4.2.1 forbids it in deterministic encoding).
    #[error("byte {at}: indefinite lengths are not accepted")]
    Indefinite {
        /// The head.
        at: usize,
    },
    /// Additional information 28 to 30 (RFC 8949 section 3: not well-formed).
    #[error("byte {at}: additional information 28 to 30 is reserved")]
    Reserved {
        /// The head.
        at: usize,
    },
    /// A float, a boolean, null or another simple value: no object of ours holds one.
    #[error("byte {at}: floats and simple values are not accepted")]
    FloatOrSimple {
        /// The head.
        at: usize,
    },
    /// A tag: our objects are untagged.
    #[error("byte {at}: expected an untagged item, got tag {tag}")]
    Tagged {
        /// The head.
        at: usize,
        /// The tag number.
        tag: u64,
    },
    /// Text that is not UTF-8.
    #[error("byte {at}: the text is not UTF-8")]
    NotUtf8 {
        /// The first byte of the text.
        at: usize,
    },
    /// Items nested deeper than any object of ours.
    #[error("byte {at}: items are nested deeper than {max}")]
    TooDeep {
        /// The item that is too deep.
        at: usize,
        /// The limit.
        max: u8,
    },
    /// Map keys out of bytewise order (RFC 8949 section 4.2.1).
    #[error("byte {at}: this key must come before the one in front of it")]
    KeyOrder {
        /// The key that comes too late.
        at: usize,
    },
    /// A map key given twice.
    #[error("byte {at}: this key was given before")]
    RepeatedKey {
        /// The second one.
        at: usize,
    },
    /// An item of another kind.
    #[error("byte {at}: expected {expected}")]
    WrongType {
        /// The head.
        at: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// An array or string of another length.
    #[error("byte {at}: expected {expected} of {what}, got {got}")]
    WrongLength {
        /// The head.
        at: usize,
        /// What is counted, e.g. "bytes in cti".
        what: &'static str,
        /// How many belong there.
        expected: u64,
        /// How many there are.
        got: u64,
    },
    /// Another key than the one that belongs there.
    #[error("byte {at}: expected key {expected}, got key {got}")]
    UnexpectedKey {
        /// The key.
        at: usize,
        /// The key that belongs there.
        expected: i64,
        /// The key found.
        got: i64,
    },
    /// The map ends before a key it must have.
    #[error("byte {at}: the map ends before key {expected}")]
    MissingKey {
        /// The end of the map.
        at: usize,
        /// The key that belongs there.
        expected: i64,
    },
    /// A key after the last one the object has.
    #[error("byte {at}: key {got} does not belong here")]
    ExtraKey {
        /// The key.
        at: usize,
        /// The key found.
        got: i64,
    },
    /// An algorithm other than Ed25519 (COSE −19, RFC 9864).
    #[error("byte {at}: expected algorithm -19 (Ed25519), got {got}")]
    WrongAlgorithm {
        /// The value.
        at: usize,
        /// The algorithm found.
        got: i64,
    },
    /// The header `crit` (RFC 9052 section 3.1): it demands an extension we do not know.
    #[error("byte {at}: the critical headers (label 2) are unknown")]
    CriticalHeader {
        /// The label.
        at: usize,
    },
    /// Something in the unprotected header, which nobody signed.
    #[error("byte {at}: expected an empty unprotected header, got {got} entries")]
    UnprotectedHeader {
        /// The map.
        at: usize,
        /// Entries found.
        got: u64,
    },
    /// A holder key of another type than OKP (RFC 9053 section 7.2).
    #[error("byte {at}: expected key type 1 (OKP), got {got}")]
    WrongKeyType {
        /// The value.
        at: usize,
        /// The key type found.
        got: i64,
    },
    /// A holder key on another curve than Ed25519.
    #[error("byte {at}: expected curve 6 (Ed25519), got {got}")]
    WrongCurve {
        /// The value.
        at: usize,
        /// The curve found.
        got: i64,
    },
    /// A number outside the range of its field.
    #[error("byte {at}: {field} must be {min} to {max}, got {got}")]
    OutOfRange {
        /// The value.
        at: usize,
        /// The field.
        field: &'static str,
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
        /// The value found.
        got: u64,
    },
    /// `aud` that is no gate id (8 lower-case hexadecimal digits).
    #[error("byte {at}: aud is no gate id")]
    NotAGate {
        /// The text.
        at: usize,
    },
    /// Text that is no id of a stop or route.
    #[error("byte {at}: {field} is no id")]
    NotAnId {
        /// The text.
        at: usize,
        /// The field.
        field: &'static str,
    },
    /// A credential without its presentation. It is not secret, so it opens nothing by itself.
    #[error("byte {at}: a credential must come inside a presentation")]
    CredentialAlone {
        /// The claim that tells.
        at: usize,
    },
}

/// Why an object cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A time that five CBOR bytes cannot hold: 1970-01-01T18:12:16Z to 2106-02-07T06:28:15Z.
    #[error("{field} must be 65536 to 4294967295 s since 1970, got {got}")]
    TimeOutOfRange {
        /// The claim.
        field: &'static str,
        /// Seconds since 1970.
        got: i64,
    },
    /// The bytes given as a credential are none.
    #[error("not a credential")]
    NotACredential(#[source] DecodeError),
    /// More bytes than the field or the object holds.
    #[error("{field} holds at most {max} bytes, got {got}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// The limit.
        max: usize,
        /// Bytes given.
        got: usize,
    },
}

/// Why signatures on a well-formed object do not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The object names another issuer key.
    #[error("expected issuer key {expected}, got {got}")]
    OtherKey {
        /// The key given.
        expected: KeyId,
        /// The key named.
        got: KeyId,
    },
    /// The issuer's signature.
    #[error("the issuer's signature does not hold")]
    Issuer(#[source] SignatureError),
    /// The holder's key, signed by the issuer, is unusable.
    #[error("the holder's key is unusable")]
    HolderKey(#[source] KeyError),
    /// The holder's signature.
    #[error("the holder's signature does not hold")]
    Holder(#[source] SignatureError),
}
