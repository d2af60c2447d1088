//! The file's bytes: JSON inside age's passphrase encryption (scrypt, ChaCha20-Poly1305).
//!
//! Any `age` tool opens it: `age --decrypt faregate.keys`.

use core::fmt;

use age::scrypt;
use api::{Rfc3339, Text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use units::KeyId;
use zeroize::Zeroizing;

use super::{FileKey, KEYS_MAX, KeyFile, Seed, kid_of};
use crate::{ChallengeSecret, SeedSigner};

/// The one format there is; a file of another is refused by name.
const FORMAT: u32 = 1;

/// Bytes the JSON of one key takes at most, so that the buffer never grows and leaves copies.
const KEY_JSON_BYTES_MAX: usize = 256;

/// scrypt's cost: 2^n steps of 1 KiB times 8.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WorkFactor(u8);

impl WorkFactor {
    /// About a second on a server of today.
    pub const DEFAULT: Self = Self(18);
    /// No protection at all: a test's.
    pub const FOR_TESTS: Self = Self(1);
    /// The dearest that is opened: 64 times the default, so no file can stall us for long.
    pub const MAX: Self = Self(24);

    /// A cost of 2^`log_n`; `None` outside 1 to 24.
    #[must_use]
    pub const fn new(log_n: u8) -> Option<Self> {
        if log_n >= 1 && log_n <= Self::MAX.0 {
            Some(Self(log_n))
        } else {
            None
        }
    }
}

/// Why keys were not encrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The keys have no JSON form.
    #[error("the keys could not be written as JSON")]
    Json(#[source] serde_json::Error),
    /// age failed.
    #[error("the keys could not be encrypted")]
    Encrypt(#[source] age::EncryptError),
}

/// Why bytes are no key file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The wrong passphrase, or bytes that are no age file.
    #[error("the key file does not open: wrong passphrase, or not a key file")]
    Decrypt(#[source] age::DecryptError),
    /// What was inside is not what we write. The text of the error holds no secret.
    #[error("the key file's content is wrong at line {line}, column {column}")]
    Json {
        /// Line inside the decrypted JSON, from 1.
        line: usize,
        /// Column inside the line.
        column: usize,
    },
    /// A later Faregate wrote it.
    #[error("expected key file format {expected}, got {got}")]
    Format {
        /// The format we read.
        expected: u32,
        /// The file's format.
        got: u32,
    },
    /// A key's id is not the one of its public key, or is there twice.
    #[error("key {kid} does not have the id of its public key, or is there twice")]
    KeyId {
        /// The key.
        kid: KeyId,
    },
    /// A key's times are not in order.
    #[error("key {kid} must start, stop signing and stop being trusted in this order")]
    Times {
        /// The key.
        kid: KeyId,
    },
    /// More keys than a file may hold.
    #[error("a key file holds at most {KEYS_MAX} keys, this one has {got}")]
    TooManyKeys {
        /// Keys in the file.
        got: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFile {
    format: u32,
    challenge_secret: Seed,
    keys: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    kid: Text<KeyId>,
    seed: Seed,
    not_before: Rfc3339,
    sign_until: Rfc3339,
    trusted_until: Rfc3339,
}

impl KeyFile {
    /// Encrypts the keys under `passphrase`. Salt and file key are random, so equal files have
    /// different bytes.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(&self, passphrase: &SecretString, work: WorkFactor) -> Result<Vec<u8>, SealError> {
        let stored = StoredFile {
            format: FORMAT,
            challenge_secret: Seed(Zeroizing::new(*self.challenge_secret.as_bytes())),
            keys: self.keys.iter().map(StoredKey::from_key).collect(),
        };
        let size = self
            .keys
            .len()
            .saturating_add(1)
            .saturating_mul(KEY_JSON_BYTES_MAX);
        let mut json = Zeroizing::new(Vec::with_capacity(size));
        serde_json::to_writer(&mut *json, &stored).map_err(SealError::Json)?;
        let mut recipient = scrypt::Recipient::new(passphrase.clone());
        recipient.set_work_factor(work.0);
        age::encrypt(&recipient, &json).map_err(SealError::Encrypt)
    }

    /// Decrypts what [`KeyFile::seal`] made and checks every key.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(sealed: &[u8], passphrase: &SecretString) -> Result<Self, OpenError> {
        let mut identity = scrypt::Identity::new(passphrase.clone());
        identity.set_max_work_factor(WorkFactor::MAX.0);
        let json = Zeroizing::new(age::decrypt(&identity, sealed).map_err(OpenError::Decrypt)?);
        // serde_json's own text may quote a value, so only the place is kept.
        let stored: StoredFile =
            serde_json::from_slice(&json).map_err(|error| OpenError::Json {
                line: error.line(),
                column: error.column(),
            })?;
        if stored.format != FORMAT {
            return Err(OpenError::Format {
                expected: FORMAT,
                got: stored.format,
            });
        }
        if stored.keys.len() > KEYS_MAX {
            return Err(OpenError::TooManyKeys {
                got: stored.keys.len(),
            });
        }
        let mut keys: Vec<FileKey> = Vec::with_capacity(stored.keys.len());
        for key in stored.keys {
            let key = key.into_key()?;
            if keys.iter().any(|known| known.kid == key.kid) {
                return Err(OpenError::KeyId { kid: key.kid });
            }
            keys.push(key);
        }
        Ok(Self {
            challenge_secret: ChallengeSecret::from_bytes(*stored.challenge_secret.0),
            keys,
        })
    }
}

impl StoredKey {
    fn from_key(key: &FileKey) -> Self {
        Self {
            kid: Text(key.kid),
            seed: key.seed.clone(),
            not_before: Rfc3339(key.not_before),
            sign_until: Rfc3339(key.sign_until),
            trusted_until: Rfc3339(key.trusted_until),
        }
    }

    fn into_key(self) -> Result<FileKey, OpenError> {
        let kid = self.kid.0;
        if kid_of(&SeedSigner::new(&self.seed.0).public_key()) != kid {
            return Err(OpenError::KeyId { kid });
        }
        let (start, stop, end) = (self.not_before.0, self.sign_until.0, self.trusted_until.0);
        if start > stop || stop > end {
            return Err(OpenError::Times { kid });
        }
        Ok(FileKey {
            kid,
            seed: self.seed,
            not_before: start,
            sign_until: stop,
            trusted_until: end,
        })
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SeedVisitor)
    }
}

struct SeedVisitor;

impl Visitor<'_> for SeedVisitor {
    type Value = Seed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("32 bytes in base64url without padding")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Seed, E> {
        let wrong = || E::custom("expected 32 bytes in base64url without padding");
        // The decoder wants room for whole groups of three bytes.
        let mut buffer = Zeroizing::new([0; 33]);
        let length = URL_SAFE_NO_PAD.decode_slice(text, buffer.as_mut_slice());
        match (length, buffer.first_chunk::<32>()) {
            (Ok(32), Some(seed)) => Ok(Seed(Zeroizing::new(*seed))),
            _ => Err(wrong()),
        }
    }
}
