//! The folder from which a city serves its lists: roots, the present snapshot and what it binds.
//!
//! Lists are named by their hash and written first; the snapshot is written last and names them,
//! so that a crash leaves the old snapshot whole or the new one.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use units::CredentialId;
use wire::lists::{DELTA_BYTES_MAX, ListError, ListName, ListRef, Root, Snapshot};

use crate::keyfile::replace_file;
use crate::lists::{Change, DeltaTo, Published};

/// Most roots that a folder holds: one a week for ten years.
const ROOTS_MAX: u64 = 520;

/// Why the folder cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file cannot be read or written.
    #[error("{path}: cannot be read or written")]
    Disk {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no first root.
    #[error("{path}: there is no root.1; make one with `faregate keys root init`")]
    NoRoot {
        /// The folder.
        path: PathBuf,
    },
    /// A root that does not follow the one before.
    #[error("root.{version} is not taken")]
    Root {
        /// Which.
        version: u64,
        /// Why.
        #[source]
        source: ListError,
    },
}

/// A folder of lists.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path, which need not exist yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where root `version` is.
    #[must_use]
    pub fn root_path(&self, version: u64) -> PathBuf {
        self.0.join(format!("root.{version}"))
    }

    /// Every root, from the first on, each checked against the one before; and the last of them.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn roots(&self) -> Result<(Vec<Vec<u8>>, Root), FolderError> {
        let mut chain = Vec::new();
        let mut last: Option<Root> = None;
        for version in 1..=ROOTS_MAX {
            let Some(bytes) = read_if_there(&self.root_path(version))? else {
                break;
            };
            let failed = |source| FolderError::Root { version, source };
            let root = match &last {
                None => Root::read_pinned(&bytes),
                Some(before) => before.read_next(&bytes),
            };
            let root = root.map_err(failed)?;
            if root.version != version {
                return Err(failed(ListError::NoVersion));
            }
            last = Some(root);
            chain.push(bytes);
        }
        let last = last.ok_or_else(|| FolderError::NoRoot {
            path: self.0.clone(),
        })?;
        Ok((chain, last))
    }

    /// What was published last under one of `roots`; none where nothing was, or a list is gone.
    ///
    /// # Errors
    /// [`FolderError::Disk`].
    pub fn published(&self, roots: &[Vec<u8>]) -> Result<Option<Published>, FolderError> {
        let Some(signed) = read_if_there(&self.0.join("snapshot"))? else {
            return Ok(None);
        };
        let verified = roots.iter().rev().find_map(|root| {
            let root = Root::read_pinned(root).ok()?;
            Snapshot::verify(&signed, &root).ok()
        });
        let Some(snapshot) = verified else {
            return Ok(None);
        };
        let mut lists = Vec::new();
        for name in ListName::ALL {
            let list = snapshot.list(name);
            let bytes = read_if_there(&self.list_path(&list.hash))?;
            match bytes.filter(|bytes| list.check(bytes).is_ok()) {
                Some(bytes) => lists.push(Arc::<[u8]>::from(bytes)),
                None => return Ok(None),
            }
        }
        let Ok([bundle, deny, policy, tariff]) = <[Arc<[u8]>; 4]>::try_from(lists) else {
            return Ok(None);
        };
        let deltas = self.deltas(&snapshot)?;
        Ok(Some(Published {
            snapshot,
            signed: signed.into(),
            bundle,
            deny,
            policy,
            tariff,
            deltas,
        }))
    }

    /// Makes it durable; only then may it be served. What it does not name is removed.
    ///
    /// # Errors
    /// [`FolderError::Disk`].
    pub fn publish(&self, published: &Published) -> Result<(), FolderError> {
        let mut kept = Vec::new();
        for name in ListName::ALL {
            let path = self.list_path(&published.snapshot.list(name).hash);
            if !path.exists() {
                self.write(&path, published.list(name))?;
            }
            kept.push(path);
        }
        for (number, delta) in published.deltas.iter().enumerate() {
            let path = self.delta_path(number, &delta.base, &published.snapshot.deny.hash);
            if let Some(bytes) = &delta.bytes {
                if !path.exists() {
                    self.write(&path, bytes)?;
                }
                kept.push(path);
            }
        }
        self.write(&self.0.join("snapshot"), &published.signed)?;
        let failed = |source| FolderError::Disk {
            path: self.0.clone(),
            source,
        };
        for entry in fs::read_dir(&self.0).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let ours =
                name.is_some_and(|name| name.starts_with("list.") || name.starts_with("delta."));
            if ours && !kept.contains(&path) {
                fs::remove_file(&path).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Deltas that lead to the snapshot's deny list, the latest base first.
    fn deltas(&self, snapshot: &Snapshot) -> Result<Vec<DeltaTo>, FolderError> {
        let failed = |source| FolderError::Disk {
            path: self.0.clone(),
            source,
        };
        let end = hex(&snapshot.deny.hash);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let parts = name.map(|name| name.split('.').collect::<Vec<_>>());
            let Some(["delta", number, base, result]) = parts.as_deref() else {
                continue;
            };
            let (Ok(number), Some(base)) = (number.parse::<u32>(), unhex(base)) else {
                continue;
            };
            if *result != end {
                continue;
            }
            let Some(bytes) = read_if_there(&path)? else {
                continue;
            };
            if let Some(change) = read_change(&bytes, base, &snapshot.deny) {
                let bytes = Some(Arc::from(bytes));
                found.push((
                    number,
                    DeltaTo {
                        base,
                        change,
                        bytes,
                    },
                ));
            }
        }
        found.sort_by_key(|(number, _)| *number);
        Ok(found.into_iter().map(|(_, delta)| delta).collect())
    }

    fn list_path(&self, hash: &[u8; 32]) -> PathBuf {
        self.0.join(format!("list.{}", hex(hash)))
    }

    fn delta_path(&self, number: usize, base: &[u8; 32], result: &[u8; 32]) -> PathBuf {
        let name = format!("delta.{number}.{}.{}", hex(base), hex(result));
        self.0.join(name)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        let written = fs::create_dir_all(&self.0)
            .and_then(|()| replace_file(path, bytes).map_err(io::Error::other));
        written.map_err(|source| FolderError::Disk {
            path: path.to_owned(),
            source,
        })
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FolderError::Disk {
            path: path.to_owned(),
            source,
        }),
    }
}

fn read_change(bytes: &[u8], base: [u8; 32], result: &ListRef) -> Option<Change> {
    if bytes.len() > DELTA_BYTES_MAX {
        return None;
    }
    let any_base = ListRef {
        version: 1,
        length: 1,
        hash: base,
    };
    let delta = wire::lists::DenyDelta::read(bytes, &any_base, result).ok()?;
    let ids = |ids: &[[u8; 16]]| ids.iter().map(|id| CredentialId::from_bytes(*id)).collect();
    Some(Change {
        removed: ids(delta.removed()),
        added: ids(delta.added()),
    })
}

/// Bytes in lower-case hexadecimal, as in file names and routes.
#[must_use]
pub fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The 32 bytes of 64 hexadecimal digits in lower case.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || text.bytes().any(|digit| digit.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (slot, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let pair = core::str::from_utf8(pair).ok()?;
        *slot = u8::from_str_radix(pair, 16)
            .ok()
            .filter(|_| !pair.starts_with('+'))?;
    }
    Some(bytes)
}
