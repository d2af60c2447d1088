//! The station's key: 32 bytes that every reader of the station holds, in a file. It hides codes
//! and proves that a message came from a reader of this station.

use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use validator::Passage;
use wire::tap::TapKind;
use zeroize::Zeroizing;

/// Bytes of a seal.
pub(crate) const SEAL_BYTES: usize = 32;

/// Before what a code's hash is taken of.
const CODE: &[u8] = b"faregate station code 1\0";

/// Why there is no station key. The file's content is not repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StationKeyError {
    /// The file cannot be read.
    #[error("{path}: the station key cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{path}: expected 64 hexadecimal digits")]
    NotAKey {
        /// Which.
        path: PathBuf,
    },
}

/// What stands for a code between readers: HMAC-SHA256 of its replay key, cut to 16 bytes. Who
/// does not hold the station's key learns nothing from it, and cannot make it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CodeHash(pub(crate) [u8; 16]);

/// The station's key. Shows itself in no `Debug`, and is zeroed when dropped.
pub struct StationKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for StationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StationKey")
    }
}

impl StationKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Reads the key: 64 hexadecimal digits, as `faregate-gate key new` writes them.
    ///
    /// # Errors
    /// [`StationKeyError`].
    pub fn read(path: &Path) -> Result<Self, StationKeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| StationKeyError::File {
            path: path.to_owned(),
            source,
        })?;
        let text = Zeroizing::new(text);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| {
            StationKeyError::NotAKey {
                path: path.to_owned(),
            }
        })?;
        Ok(Self(bytes))
    }

    /// What stands for the code of this passage: a presentation by (`cti`, `iat`), a ticket by
    /// (`cti`, on or off), as the replay memory knows them.
    #[must_use]
    pub fn code_of(&self, passage: &Passage) -> CodeHash {
        let id = passage.id;
        let way = match passage.kind {
            TapKind::On => 1,
            TapKind::Off => 2,
        };
        let sealed = if let Some(made) = passage.made {
            self.seal(&[CODE, id.as_bytes(), &[0], &made.as_micros().to_be_bytes()])
        } else {
            self.seal(&[CODE, id.as_bytes(), &[way]])
        };
        let mut hash = [0; 16];
        hash.copy_from_slice(sealed.split_at(16).0);
        CodeHash(hash)
    }

    /// HMAC-SHA256 over the parts, one after the other.
    #[must_use]
    pub fn seal(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.begin(parts)
            .map_or([0; SEAL_BYTES], |mac| mac.finalize().into_bytes().into())
    }

    /// Whether this is the seal of the parts; in a time that does not depend on where it differs.
    pub(crate) fn is_seal(&self, parts: &[&[u8]], seal: &[u8]) -> bool {
        self.begin(parts)
            .is_some_and(|mac| mac.verify_slice(seal).is_ok())
    }

    /// Always some: a key of any length is taken.
    fn begin(&self, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        for part in parts {
            mac.update(part);
        }
        Some(mac)
    }
}
