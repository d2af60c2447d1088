//! Signing keys in memory: which one signs now, and which ones readers should trust.

use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use units::{KeyId, Span, Timestamp};
use wire::{IssuerKey, KeyError};

use crate::ChallengeSecret;

/// Bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

/// Something that signs with one private key: a seed in memory, or hardware.
///
/// It takes the message and nothing else. A signer that also takes a public key can be made to
/// give its private key away (RUSTSEC-2022-0093).
///
/// ```compile_fail
/// use issuer::{SeedSigner, Signer};
///
/// let signer = SeedSigner::new(&[7; 32]);
/// let signature = signer.sign(b"message", &signer.public_key());
/// ```
pub trait Signer: Send + Sync {
    /// Signs `message` with Ed25519.
    ///
    /// # Errors
    /// [`SignerError`] when the key cannot be reached.
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignerError>;
}

/// Why a signer gave no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signer gave no signature: {0}")]
pub struct SignerError(pub String);

/// A signer whose private key is in this process; zeroed when dropped.
pub struct SeedSigner(SigningKey);

impl SeedSigner {
    /// The signer of the private key `seed` (RFC 8032 section 5.1.5).
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs; a key in memory always can.
    pub(crate) fn sign_in_memory(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).to_bytes()
    }
}

impl Signer for SeedSigner {
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignerError> {
        Ok(self.sign_in_memory(message))
    }
}

impl fmt::Debug for SeedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedSigner(..)")
    }
}

/// One key: what readers hold of it, how long it signs, and its signer.
pub struct RingKey {
    public: IssuerKey,
    sign_until: Timestamp,
    signer: Box<dyn Signer>,
}

impl RingKey {
    /// A key that signs from `public.not_before()` up to and without `sign_until`.
    #[must_use]
    pub fn new(public: IssuerKey, sign_until: Timestamp, signer: Box<dyn Signer>) -> Self {
        Self {
            public,
            sign_until,
            signer,
        }
    }

    /// What readers hold: name, public key, time in force.
    #[must_use]
    pub fn public(&self) -> &IssuerKey {
        &self.public
    }

    /// First instant at which it signs no more.
    #[must_use]
    pub fn sign_until(&self) -> Timestamp {
        self.sign_until
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignerError> {
        self.signer.sign(message)
    }

    fn signs_at(&self, now: Timestamp) -> bool {
        self.public.not_before() <= now && now < self.sign_until
    }

    /// The longest life of a code that this key may sign on its last day.
    fn longest_life(&self) -> Span {
        self.public.not_after().since(self.sign_until)
    }
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingKey")
            .field("public", &self.public)
            .field("sign_until", &self.sign_until)
            .finish_non_exhaustive()
    }
}

/// The issuer's keys: past, present and those announced for later.
#[derive(Debug)]
pub struct KeyRing {
    challenge_secret: ChallengeSecret,
    keys: Vec<RingKey>,
}

/// Why keys make no ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// A public key is no usable point.
    #[error("key {kid} is not usable")]
    Key {
        /// The key.
        kid: KeyId,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// Codes would outlive the time in which readers trust the key that signed them.
    #[error(
        "codes live up to {life_s} s, but key {kid} is trusted only {trusted_s} s after it \
         stops signing"
    )]
    CodesOutliveKey {
        /// The key.
        kid: KeyId,
        /// Longest life of a code, in seconds.
        life_s: i64,
        /// From the last signature to the end of trust, in seconds.
        trusted_s: i64,
    },
}

impl KeyRing {
    /// A ring of `keys`, in any order.
    #[must_use]
    pub fn new(challenge_secret: ChallengeSecret, mut keys: Vec<RingKey>) -> Self {
        keys.sort_by_key(|key| (key.public.not_before(), key.public.kid()));
        Self {
            challenge_secret,
            keys,
        }
    }

    /// The key that signs at `now`: of those that may, the one that started last.
    #[must_use]
    pub fn signing_at(&self, now: Timestamp) -> Option<&RingKey> {
        self.keys.iter().rev().find(|key| key.signs_at(now))
    }

    /// What readers should hold at `now`: every key still trusted, also those that start later.
    pub fn trusted_at(&self, now: Timestamp) -> impl Iterator<Item = &IssuerKey> {
        self.keys
            .iter()
            .map(RingKey::public)
            .filter(move |key| key.not_after() > now)
    }

    /// Every key's public side, former keys included.
    pub fn keys(&self) -> impl Iterator<Item = &IssuerKey> {
        self.keys.iter().map(RingKey::public)
    }

    pub(crate) fn challenge_secret(&self) -> &ChallengeSecret {
        &self.challenge_secret
    }

    /// Checks at the start what would otherwise fail on a key's last day.
    pub(crate) fn check_lives(&self, longest: Span, now: Timestamp) -> Result<(), KeyRingError> {
        for key in self.keys.iter().filter(|key| key.sign_until > now) {
            if key.longest_life() < longest {
                return Err(KeyRingError::CodesOutliveKey {
                    kid: key.public.kid(),
                    life_s: longest.as_secs(),
                    trusted_s: key.longest_life().as_secs(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn key(seed: u8, not_before: i64, sign_until: i64, not_after: i64) -> RingKey {
        let signer = SeedSigner::new(&[seed; 32]);
        let kid = KeyId::from_bytes([seed; 4]);
        let public =
            IssuerKey::new(kid, &signer.public_key(), at(not_before), at(not_after)).unwrap();
        RingKey::new(public, at(sign_until), Box::new(signer))
    }

    fn ring(keys: Vec<RingKey>) -> KeyRing {
        KeyRing::new(ChallengeSecret::from_bytes([0xee; 32]), keys)
    }

    #[test]
    fn the_key_that_started_last_signs() {
        let ring = ring(vec![key(2, 100, 200, 230), key(1, 0, 120, 150)]);
        let check = |now: i64, signing: Option<u8>, trusted: &[u8]| {
            let kid = ring
                .signing_at(at(now))
                .map(|key| key.public().kid().as_bytes()[0]);
            assert_eq!(kid, signing, "signs at {now}");
            let kids: Vec<u8> = ring
                .trusted_at(at(now))
                .map(|key| key.kid().as_bytes()[0])
                .collect();
            assert_eq!(kids, trusted, "trusted at {now}");
        };
        check(-1, None, &[1, 2]);
        check(0, Some(1), &[1, 2]);
        check(99, Some(1), &[1, 2]);
        check(100, Some(2), &[1, 2]);
        check(150, Some(2), &[2]);
        check(199, Some(2), &[2]);
        check(200, None, &[2]);
        check(230, None, &[]);
    }

    #[test]
    fn codes_that_outlive_their_key_are_found_at_the_start() {
        let ring = ring(vec![key(1, 0, 100, 130)]);
        assert_eq!(ring.check_lives(Span::from_secs(30), at(0)), Ok(()));
        let error = ring.check_lives(Span::from_secs(31), at(0)).unwrap_err();
        insta::assert_snapshot!(
            error,
            @"codes live up to 31 s, but key 01010101 is trusted only 30 s after it stops signing"
        );
        assert_eq!(ring.check_lives(Span::from_secs(31), at(100)), Ok(()));
    }

    #[test]
    fn secrets_show_in_no_debug() {
        let ring = ring(vec![key(0xab, 0, 100, 130)]);
        let text = format!("{ring:?} {:?}", SeedSigner::new(&[0xab; 32]));
        for secret in ["abababababab", "171, 171", "eeeeee", "238, 238"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
