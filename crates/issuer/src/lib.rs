//! # issuer
//!
//! **What**: devices, sessions and signing keys become credentials and tickets.
//!
//! **Why it exists**: whoever signs fare codes can travel free and let others travel free. So
//! everything that signs is in this one crate, and each signature is on record before it exists.
//!
//! **Where it sits**: layer L2/L3, above `wire` and `api`. The routes of `server` call
//! [`Issuer`]; the command line makes and rotates a [`keyfile::KeyFile`]; a store crate stands
//! behind [`IssuanceStore`]. It knows no HTTP, no SQL, no clock and no random source: `now` and
//! [`Chance`] are arguments.
//!
//! **Invariants**
//! 1. A signature leaves this crate only after the store has committed an [`IssuanceRecord`]
//!    that holds the hash of the signed bytes.
//! 2. A signature leaves only if it verifies under the key that readers hold.
//! 3. A [`Signer`] is asked with the message alone: no caller can hand it a public key.
//! 4. Secrets are zeroed when dropped, show in no `Debug` and are written nowhere but in the
//!    encrypted key file. A session is stored as the hash of its token.
//! 5. A deny list's version grows with every change; equal versions are equal lists.
//!
//! ```
//! use issuer::keyfile::{KeyFile, KeyLives, WorkFactor};
//! use secrecy::SecretString;
//! use units::Timestamp;
//!
//! let now = Timestamp::from_secs(1_546_819_200);
//! let chance = |bytes: &mut [u8]| bytes.fill(7); // a random source, in earnest
//! let file = KeyFile::create(now, &KeyLives::default(), &chance)?;
//!
//! let passphrase = SecretString::from("correct horse battery staple");
//! let sealed = file.seal(&passphrase, WorkFactor::FOR_TESTS)?;
//! let opened = KeyFile::open(&sealed, &passphrase)?;
//! assert_eq!(opened.keys().len(), 1);
//! assert!(opened.to_ring()?.signing_at(now).is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod keyfile;
pub mod lists;
pub mod picture;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

mod challenge;
mod deny;
mod error;
mod issue;
mod keys;
mod port;
mod register;
mod service;

#[cfg(test)]
mod crash_tests;

pub use challenge::{
    Challenge, ChallengeError, ChallengeSecret, DEVICE_PROOF_DOMAIN, proof_message,
};
pub use deny::{DenyReason, DenyReasonError};
pub use error::{DenyError, IssueError, RegisterError, SessionError};
pub use issue::{IssuedCredential, IssuedTicket, TicketWish};
pub use keys::{KeyRing, KeyRingError, RingKey, SIGNATURE_BYTES, SeedSigner, Signer, SignerError};
pub use port::{
    ChallengeHash, CodeKind, Denial, DenyList, DeviceRegistration, IssuanceRecord, IssuanceStore,
    MessageHash, Recorded, RegistrationOutcome, Rider, SessionHash,
};
pub use register::{Registered, Registration};
pub use service::{Chance, Issuer, Lives};
