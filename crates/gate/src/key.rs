//! The device's private key: 32 bytes as hexadecimal text in a file that only the agent reads.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

/// Why there is no device key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceKeyError {
    /// The file cannot be read or made.
    #[error("{path}: the device key cannot be read or made")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds something else. Its content is not repeated.
    #[error("{path}: expected 64 hexadecimal digits")]
    NotAKey {
        /// Which.
        path: PathBuf,
    },
}

/// Signs batches. Shows itself in no `Debug`, and is zeroed when dropped.
pub struct DeviceSigner(SigningKey);

impl std::fmt::Debug for DeviceSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceSigner")
    }
}

impl DeviceSigner {
    /// Makes a key from 32 random bytes and writes it to a new file with mode 0600.
    ///
    /// # Errors
    /// [`DeviceKeyError::File`], also when the file exists.
    pub fn create(path: &Path, seed: &Zeroizing<[u8; 32]>) -> Result<Self, DeviceKeyError> {
        let write = || -> std::io::Result<()> {
            let mut options = OpenOptions::new();
            let mut file: File = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?;
            let text = Zeroizing::new(hex::encode(seed.as_slice()));
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        write().map_err(|source| DeviceKeyError::File {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self(SigningKey::from_bytes(seed)))
    }

    /// Reads the key.
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    pub fn read(path: &Path) -> Result<Self, DeviceKeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| DeviceKeyError::File {
            path: path.to_owned(),
            source,
        })?;
        let text = Zeroizing::new(text);
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), seed.as_mut_slice()).map_err(|_| {
            DeviceKeyError::NotAKey {
                path: path.to_owned(),
            }
        })?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public key that the operator registers.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}
