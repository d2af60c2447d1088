//! Why a list is none.

use units::KeyId;

use crate::error::{DecodeError, EncodeError};
use crate::key::{KeyError, SignatureError};
use crate::lists::ListName;

/// Why bytes are no list of ours, or not the list that was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// Not the one encoding of `docs/WIRE.md`.
    #[error("not the form of docs/WIRE.md")]
    Form(#[from] DecodeError),
    /// It does not fit its fields.
    #[error("it cannot be written")]
    Encode(#[from] EncodeError),
    /// Another kind of object under a good signature.
    #[error("the object is of another kind")]
    OtherKind,
    /// Signatures not in ascending order of their key, or two of one key.
    #[error("signature {index}: keys must be in ascending order, each once")]
    SignerOrder {
        /// Which, from 0.
        index: usize,
    },
    /// Keys not in ascending order, or one twice.
    #[error("key {index}: keys must be in ascending order, each once")]
    KeyOrder {
        /// Which, from 0.
        index: usize,
    },
    /// Two keys of one name: a signature would not say whose it is.
    #[error("two keys have the name {kid}")]
    SameKeyId {
        /// The name.
        kid: KeyId,
    },
    /// Bytes that are no usable key.
    #[error("key {kid} is not usable")]
    Key {
        /// Its name.
        kid: KeyId,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// A role that nobody can fill, or a key outside all roles or in two.
    #[error("each key has one role, and each role at least as many keys as its threshold")]
    Roles,
    /// A time that ends before it begins.
    #[error("it ends before it begins")]
    Times,
    /// Version 0: the first is 1.
    #[error("versions begin at 1")]
    NoVersion,
    /// A signature by a key that has no say here.
    #[error("key {kid} has no say here")]
    Stranger {
        /// Its name.
        kid: KeyId,
    },
    /// A signature that does not hold.
    #[error("the signature of key {kid} does not hold")]
    Signature {
        /// Its name.
        kid: KeyId,
        /// Why.
        #[source]
        source: SignatureError,
    },
    /// Too few distinct keys signed.
    #[error("expected signatures of {expected} keys, got {got}")]
    Threshold {
        /// The threshold.
        expected: u32,
        /// Distinct keys that signed.
        got: u32,
    },
    /// Another length than the snapshot says.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// As signed.
        expected: u64,
        /// As received.
        got: u64,
    },
    /// Another hash than the snapshot says.
    #[error("the bytes are not those that the snapshot names")]
    Hash,
    /// Another city, version or date than the snapshot says.
    #[error("the {name} does not say of itself what the snapshot says of it")]
    Claims {
        /// Which list.
        name: ListName,
    },
    /// The head of a deny list or delta is none.
    #[error("not the head of a deny list or delta")]
    DenyHead,
    /// Ids out of ascending order, or one twice.
    #[error("entry {index}: ids must be in ascending order, each once")]
    EntryOrder {
        /// Which, from 0.
        index: u64,
    },
    /// A delta that removes what is not there or adds what is.
    #[error("the delta does not fit its base")]
    DeltaMismatch,
}
