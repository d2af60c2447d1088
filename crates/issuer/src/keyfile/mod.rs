//! The issuer's key file: signing keys with their times, encrypted under a passphrase.
//!
//! A key's life: it is announced at once, signs from `not_before` (so that readers that sync
//! seldom hold it by then) until `sign_until`, and is trusted until `trusted_until`, when the
//! last code it signed has expired. Rotation overlaps two keys; withdrawal ends one on the spot.

mod disk;
mod sealed;

use core::fmt;

use sha2::{Digest as _, Sha256};
use units::{KeyId, Span, Timestamp};
use wire::IssuerKey;
use zeroize::Zeroizing;

use crate::{ChallengeSecret, Chance, KeyRing, KeyRingError, RingKey, SeedSigner};

pub(crate) use disk::store as replace_file;
pub use disk::{DiskError, load, store};
pub use sealed::{OpenError, SealError, WorkFactor};

/// Keys one file may hold: two years of weekly rotation.
pub const KEYS_MAX: usize = 128;

/// Seeds tried for one whose key id is new; a second try is needed once in 2^32 / keys.
const KID_TRIES_MAX: u32 = 16;

/// How long keys sign and codes live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyLives {
    /// How long a key signs if nobody rotates it.
    pub signing: Span,
    /// Longest life of a code it may sign: for so long it stays trusted afterwards.
    pub longest_code: Span,
}

impl Default for KeyLives {
    /// 90 days of signing; codes of up to 255 hours, the longest a credential can say.
    fn default() -> Self {
        Self {
            signing: Span::from_secs(90 * 86_400),
            longest_code: Span::from_secs(255 * 3600),
        }
    }
}

/// A secret seed (RFC 8032 section 5.1.5): zeroed when dropped, never shown.
#[derive(Clone)]
struct Seed(Zeroizing<[u8; 32]>);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// One key of the file.
#[derive(Clone, Debug)]
pub struct FileKey {
    kid: KeyId,
    seed: Seed,
    not_before: Timestamp,
    sign_until: Timestamp,
    trusted_until: Timestamp,
}

/// The file's content in memory.
#[derive(Clone, Debug)]
pub struct KeyFile {
    challenge_secret: ChallengeSecret,
    keys: Vec<FileKey>,
}

/// Why keys could not be made, rotated or withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file holds as many keys as it may.
    #[error("a key file holds at most {max} keys", max = KEYS_MAX)]
    TooManyKeys,
    /// The random source gave only keys whose id is taken, or bytes that are no key.
    #[error("no new key in {tries} tries: the random source repeats itself", tries = KID_TRIES_MAX)]
    NoNewKey,
    /// A rotation is under way whose key starts no earlier than the new one would.
    #[error("key {kid} is announced to start at or after the new key's start: raise the lead")]
    RotationPending {
        /// The announced key.
        kid: KeyId,
    },
    /// A lead or life is negative or nothing.
    #[error("lead and lives cannot be negative, and a key must sign for some time")]
    BadTimes,
    /// No such key.
    #[error("there is no key {kid} in this file")]
    NoSuchKey {
        /// The key that was asked for.
        kid: KeyId,
    },
}

impl FileKey {
    /// First four bytes of SHA-256 over the public key.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        self.kid
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        SeedSigner::new(&self.seed.0).public_key()
    }

    /// Signs a root or snapshot: `message` is `wire::lists::list_message`.
    pub(crate) fn sign_list(&self, message: &[u8]) -> [u8; crate::SIGNATURE_BYTES] {
        SeedSigner::new(&self.seed.0).sign_in_memory(message)
    }

    /// First instant at which it signs.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// First instant at which it signs no more.
    #[must_use]
    pub const fn sign_until(&self) -> Timestamp {
        self.sign_until
    }

    /// Last instant at which readers take its codes.
    #[must_use]
    pub const fn trusted_until(&self) -> Timestamp {
        self.trusted_until
    }
}

impl KeyFile {
    /// A file with one key that signs from `now`.
    ///
    /// # Errors
    /// [`KeyFileError::BadTimes`] or [`KeyFileError::NoNewKey`].
    pub fn create(
        now: Timestamp,
        lives: &KeyLives,
        chance: Chance<'_>,
    ) -> Result<Self, KeyFileError> {
        let mut secret = Zeroizing::new([0; 32]);
        chance(secret.as_mut_slice());
        let mut file = Self {
            challenge_secret: ChallengeSecret::from_bytes(*secret),
            keys: Vec::new(),
        };
        file.add(now, lives, chance)?;
        Ok(file)
    }

    /// Adds a key that starts signing `lead` after `now`. The keys that sign until then stop at
    /// that instant and stay trusted until their last code has expired.
    ///
    /// `lead` is how long readers get to learn of the new key: longer than the longest a reader
    /// goes without a sync.
    ///
    /// # Errors
    /// [`KeyFileError`]; the file is unchanged then.
    pub fn rotate(
        &mut self,
        now: Timestamp,
        lead: Span,
        lives: &KeyLives,
        chance: Chance<'_>,
    ) -> Result<KeyId, KeyFileError> {
        if lead < Span::ZERO {
            return Err(KeyFileError::BadTimes);
        }
        let start = now.plus(lead);
        let pending = |key: &&FileKey| key.not_before > now && key.not_before >= start;
        if let Some(key) = self.keys.iter().find(pending) {
            return Err(KeyFileError::RotationPending { kid: key.kid });
        }
        let kid = self.add(start, lives, chance)?;
        for key in self
            .keys
            .iter_mut()
            .filter(|key| key.kid != kid && key.sign_until > start)
        {
            key.sign_until = start;
            key.trusted_until = key.trusted_until.min(start.plus(lives.longest_code));
        }
        Ok(kid)
    }

    /// Ends a key at `now`: it signs no more and readers that sync take none of its codes. For a
    /// key that may be in wrong hands; rotate with a lead of zero first, so that another signs.
    ///
    /// # Errors
    /// [`KeyFileError::NoSuchKey`].
    pub fn withdraw(&mut self, kid: KeyId, now: Timestamp) -> Result<(), KeyFileError> {
        let key = self
            .keys
            .iter_mut()
            .find(|key| key.kid == kid)
            .ok_or(KeyFileError::NoSuchKey { kid })?;
        key.not_before = key.not_before.min(now);
        key.sign_until = key.sign_until.min(now);
        key.trusted_until = key.trusted_until.min(now);
        Ok(())
    }

    /// Every key, without its secret, in the order they were added.
    #[must_use]
    pub fn keys(&self) -> &[FileKey] {
        &self.keys
    }

    /// The keys, ready to sign.
    ///
    /// # Errors
    /// [`KeyRingError::Key`] when a public key is not usable, which no honest file has.
    pub fn to_ring(&self) -> Result<KeyRing, KeyRingError> {
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let signer = SeedSigner::new(&key.seed.0);
            let public = IssuerKey::new(
                key.kid,
                &signer.public_key(),
                key.not_before,
                key.trusted_until,
            )
            .map_err(|source| KeyRingError::Key {
                kid: key.kid,
                source,
            })?;
            keys.push(RingKey::new(public, key.sign_until, Box::new(signer)));
        }
        Ok(KeyRing::new(self.challenge_secret.clone(), keys))
    }

    fn add(
        &mut self,
        start: Timestamp,
        lives: &KeyLives,
        chance: Chance<'_>,
    ) -> Result<KeyId, KeyFileError> {
        if lives.signing <= Span::ZERO || lives.longest_code < Span::ZERO {
            return Err(KeyFileError::BadTimes);
        }
        if self.keys.len() >= KEYS_MAX {
            return Err(KeyFileError::TooManyKeys);
        }
        for _ in 0..KID_TRIES_MAX {
            let mut seed = Seed(Zeroizing::new([0; 32]));
            chance(seed.0.as_mut_slice());
            let kid = kid_of(&SeedSigner::new(&seed.0).public_key());
            if self.keys.iter().all(|key| key.kid != kid) {
                let sign_until = start.plus(lives.signing);
                let trusted_until = sign_until.plus(lives.longest_code);
                self.keys.push(FileKey {
                    kid,
                    seed,
                    not_before: start,
                    sign_until,
                    trusted_until,
                });
                return Ok(kid);
            }
        }
        Err(KeyFileError::NoNewKey)
    }
}

/// A key's short name: the first four bytes of SHA-256 over its public key.
fn kid_of(public_key: &[u8; 32]) -> KeyId {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(public_key));
    KeyId::from_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests;
