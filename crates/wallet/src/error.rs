//! Why a wallet keeps no credential or makes no code.

use units::Timestamp;
use wire::text::TextError;
use wire::{DecodeError, EncodeError, VerifyError};

/// Why a credential is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The bytes are no credential.
    #[error("the issuer sent no credential")]
    Decode(#[source] DecodeError),
    /// It names another key: no code made from it would open a gate.
    #[error("the credential is for another phone's key")]
    OtherKey,
    /// The issuer's signature does not hold.
    #[error("the credential was not signed by this issuer")]
    Verify(#[source] VerifyError),
}

/// Why no code is made. The sentences are for riders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresentError {
    /// Nothing was stored.
    #[error("this phone has no credential yet: connect to the network once")]
    NoCredential,
    /// The clock is before the credential's start.
    #[error("the credential starts in {in_s} s: check the phone's clock")]
    NotYetValid {
        /// When it starts.
        starts: Timestamp,
        /// Seconds until then.
        in_s: i64,
    },
    /// The credential is over.
    #[error("the credential expired {ago_s} s ago: connect to the network to renew it")]
    Expired {
        /// When it ended.
        expired: Timestamp,
        /// Seconds since then.
        ago_s: i64,
    },
    /// The time has no encoding.
    #[error("the code could not be made")]
    Encode(#[source] EncodeError),
    /// The code has no text.
    #[error("the code could not be written as text")]
    Text(#[source] TextError),
}
