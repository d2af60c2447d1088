//! Why the issuer did not do what it was asked, one enum per use case.

use units::Timestamp;
use wire::text::TextError;
use wire::{EncodeError, KeyError, SignatureError};

use crate::{ChallengeError, SignerError};

/// Why no code was issued. `E` is the store's error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError<E: core::error::Error + 'static> {
    /// The store failed: nothing was signed.
    #[error("the record of signatures could not be written")]
    Store(#[source] E),
    /// No key signs at this time: rotation was forgotten.
    #[error("no issuer key signs at {}", api::Rfc3339(*at))]
    NoSigningKey {
        /// Now.
        at: Timestamp,
    },
    /// A code of the account is on the deny list.
    #[error("the account is on the deny list")]
    AccountDenied,
    /// The account may not travel as what was asked for.
    #[error("{field}: the account is entitled to {entitled}, not to {got}")]
    NotEntitled {
        /// Which part of the wish.
        field: &'static str,
        /// What the account has; for a party the largest.
        entitled: u16,
        /// What was asked for.
        got: u16,
    },
    /// A ticket of this life is not made.
    #[error("a ticket lives 1 to {max_s} s, not {got_s} s")]
    Life {
        /// The longest, in seconds.
        max_s: i64,
        /// What was asked for, in seconds.
        got_s: i64,
    },
    /// The claims have no encoding.
    #[error("the code could not be encoded")]
    Encode(#[source] EncodeError),
    /// The code is too long for its text form.
    #[error("the code could not be written as text")]
    Text(#[source] TextError),
    /// The signer failed. The record stays: it says that a signature may exist.
    #[error("the signer failed")]
    Signer(#[source] SignerError),
    /// What the signer gave does not verify: a fault or another key. It was thrown away.
    #[error("the signature does not verify under key that readers hold: it was not released")]
    NotReleased,
}

/// Why a device was not registered. `E` is the store's error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError<E: core::error::Error + 'static> {
    /// The public key is no usable point.
    #[error("the public key is not usable")]
    PublicKey(#[source] KeyError),
    /// The challenge is not ours, or too old.
    #[error("the challenge cannot be answered")]
    Challenge(#[source] ChallengeError),
    /// The challenge was used before.
    #[error("the challenge has been used")]
    ChallengeUsed,
    /// The signature does not fit.
    #[error("the proof is no signature by this key over this challenge and key")]
    Proof(#[source] SignatureError),
    /// The store failed.
    #[error("the device could not be registered")]
    Store(#[source] E),
    /// The device is registered, but its first credential was not issued.
    #[error("the device is registered, but no credential was issued")]
    Issue(#[source] IssueError<E>),
}

/// Why a session could not be looked up. `E` is the store's error.
#[derive(Debug, thiserror::Error)]
#[error("the session could not be looked up")]
pub struct SessionError<E: core::error::Error + 'static>(#[source] pub E);

/// Why the deny list could not be read or changed. `E` is the store's error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DenyError<E: core::error::Error + 'static> {
    /// The store failed.
    #[error("the deny list could not be reached")]
    Store(#[source] E),
    /// The entry would be over before it begins.
    #[error("a deny list entry must end after now, not at {}", api::Rfc3339(*until))]
    EndsInThePast {
        /// The end that was asked for.
        until: Timestamp,
    },
}
