//! Issuer keys and deny list: from the server's bodies to what decides, and on disk before use.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use api::{DenyListResponse, IssuerKeysResponse};
use serde::{Deserialize, Serialize};
use units::{CredentialId, Timestamp};
use validator::{Acceptance, Policy, SetupError, Validator};
use wire::lists::DENY_HEADER_BYTES;
use wire::{IssuerKey, KeyError, KeyTable, PreparedKey};

use crate::denied::{Denied, DeniedDraft};

/// Why a list is not taken. The one before it stays in use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// Not the JSON of `docs/API.md`.
    #[error("expected the JSON of docs/API.md")]
    Json(#[from] serde_json::Error),
    /// A key that is none.
    #[error("key {index}: no usable Ed25519 key")]
    Key {
        /// Which, from 0.
        index: usize,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// Keys or policy that the validator does not take.
    #[error("the validator does not take the keys or the policy")]
    Setup(#[from] SetupError),
    /// An older version than the one in use.
    #[error("expected version {held} or later, got {got}")]
    WentBack {
        /// In use.
        held: u64,
        /// Offered.
        got: u64,
    },
    /// It cannot be stored.
    #[error("{path}: cannot be read or written")]
    Store {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Issuer keys, ready to decide.
#[derive(Debug)]
pub struct Keys {
    /// Decides by them.
    pub validator: Validator<Vec<PreparedKey<Box<KeyTable>>>, Vec<Acceptance>>,
    /// Their public bytes.
    pub public: BTreeSet<[u8; 32]>,
}

impl Keys {
    /// Reads the body of `GET /v1/issuer-keys` and prepares every key.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn read(body: &[u8], policy: Policy) -> Result<Self, ListError> {
        let response: IssuerKeysResponse = serde_json::from_slice(body)?;
        let mut keys = Vec::new();
        let mut public = BTreeSet::new();
        for (index, key) in response.keys.iter().enumerate() {
            let (from, until) = (key.not_before.0, key.not_after.0);
            let prepared = IssuerKey::new(key.kid.0, &key.public_key.0, from, until)
                .and_then(|key| key.prepare(Box::new(KeyTable::EMPTY)));
            keys.push(prepared.map_err(|source| ListError::Key { index, source })?);
            public.insert(key.public_key.0);
        }
        let validator = Validator::new(keys, policy)?.ruled();
        Ok(Self { validator, public })
    }
}

/// The body of `GET /v1/deny-list`.
#[derive(Debug)]
pub struct DeniedBody {
    /// Grows with every change.
    pub version: u64,
    /// In ascending order, each once.
    ids: Vec<CredentialId>,
}

impl DeniedBody {
    /// Reads it.
    ///
    /// # Errors
    /// [`ListError::Json`].
    pub fn read(body: &[u8]) -> Result<Self, ListError> {
        let response: DenyListResponse = serde_json::from_slice(body)?;
        let mut ids: Vec<_> = response.entries.into_iter().map(|entry| entry.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let version = response.version;
        Ok(Self { version, ids })
    }

    /// Lays the ids down in `folder`, in a file without a name that is gone with the list.
    ///
    /// # Errors
    /// [`ListError::Store`] when the disk does not take them.
    pub fn lay_down(self, folder: &ListFolder) -> Result<Denied, ListError> {
        let path = folder.0.join("deny-list.ids");
        let mut draft = DeniedDraft::new(u64::try_from(self.ids.len()).unwrap_or(u64::MAX));
        let mut write = || -> std::io::Result<File> {
            remove_if_there(&path)?;
            let file = File::create_new(&path)?;
            std::fs::remove_file(&path)?;
            let mut out = BufWriter::new(&file);
            out.write_all(&[0; DENY_HEADER_BYTES])?;
            for id in &self.ids {
                out.write_all(id.as_bytes())?;
                draft.take(*id);
            }
            out.flush()?;
            drop(out);
            Ok(file)
        };
        match write() {
            Ok(file) => Ok(draft.finish(self.version, file)),
            Err(source) => Err(ListError::Store { path, source }),
        }
    }
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The two lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListName {
    /// `GET /v1/issuer-keys`.
    IssuerKeys,
    /// `GET /v1/deny-list`.
    DenyList,
}

impl ListName {
    /// As in the route and in file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IssuerKeys => "issuer-keys",
            Self::DenyList => "deny-list",
        }
    }
}

/// When the server last confirmed a list, and the tag that it gave it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Seconds since 1970, by this gate's clock.
    pub at_secs: i64,
    /// The `ETag` of the body, where the server gave one.
    pub etag: Option<String>,
}

impl Confirmation {
    /// When it was confirmed.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_secs(self.at_secs)
    }
}

/// The folder in which lists outlive a restart.
#[derive(Clone, Debug)]
pub struct ListFolder(PathBuf);

impl ListFolder {
    /// Makes the folder where it is missing.
    ///
    /// # Errors
    /// [`ListError::Store`].
    pub fn open(path: &Path) -> Result<Self, ListError> {
        std::fs::create_dir_all(path).map_err(|source| ListError::Store {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self(path.to_owned()))
    }

    fn body_path(&self, name: ListName) -> PathBuf {
        self.0.join(format!("{}.json", name.as_str()))
    }

    fn confirmation_path(&self, name: ListName) -> PathBuf {
        self.0.join(format!("{}.confirmed.json", name.as_str()))
    }

    /// The stored body.
    ///
    /// # Errors
    /// [`ListError::Store`] when there is a file that cannot be read.
    pub fn body(&self, name: ListName) -> Result<Option<Vec<u8>>, ListError> {
        read_if_there(&self.body_path(name))
    }

    /// When the stored body was last confirmed; 1970, where that is not known.
    ///
    /// # Errors
    /// [`ListError::Store`] when there is a file that cannot be read.
    pub fn confirmation(&self, name: ListName) -> Result<Confirmation, ListError> {
        let confirmed = read_if_there(&self.confirmation_path(name))?;
        Ok(confirmed
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default())
    }

    /// The stored body and its confirmation.
    ///
    /// # Errors
    /// [`ListError::Store`] when there is a file that cannot be read.
    pub fn load(&self, name: ListName) -> Result<Option<(Vec<u8>, Confirmation)>, ListError> {
        let Some(body) = self.body(name)? else {
            return Ok(None);
        };
        Ok(Some((body, self.confirmation(name)?)))
    }

    /// Makes a body durable; only then may it be used.
    ///
    /// # Errors
    /// [`ListError::Store`]; then the old body is still there.
    pub fn store(&self, name: ListName, body: &[u8]) -> Result<(), ListError> {
        // Until it is confirmed it has the age of the one before, never a younger one.
        write_whole(&self.body_path(name), body)
    }

    /// Makes a confirmation durable.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn confirm(&self, name: ListName, confirmed: &Confirmation) -> Result<(), ListError> {
        write_whole(
            &self.confirmation_path(name),
            &serde_json::to_vec(confirmed)?,
        )
    }
}

pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, ListError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ListError::Store {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Writes a file whole or not at all, durably: a new file takes the name of the old one.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ListError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|source| ListError::Store {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use validator::DenyList as _;

    use super::*;

    #[test]
    fn a_stored_list_comes_back_and_without_a_confirmation_it_is_from_1970() {
        let folder = tempfile::tempdir().unwrap();
        let lists = ListFolder::open(&folder.path().join("lists")).unwrap();
        let name = ListName::DenyList;
        assert!(lists.load(name).unwrap().is_none());
        let body = br#"{"version":3,"entries":["0000000b-0000-0000-0000-000000000000",
            "0000000a-0000-0000-0000-000000000000"]}"#;
        lists.store(name, body).unwrap();
        let (read, confirmed) = lists.load(name).unwrap().unwrap();
        assert_eq!((&read[..], confirmed.at_secs), (&body[..], 0));
        let denied = DeniedBody::read(&read).unwrap().lay_down(&lists).unwrap();
        assert_eq!((denied.version, denied.len()), (3, 2));
        let id = |text| CredentialId::parse(text).unwrap();
        assert!(denied.contains(&id("0000000a-0000-0000-0000-000000000000")));
        assert!(!denied.contains(&id("0000000c-0000-0000-0000-000000000000")));
        let confirmed = Confirmation {
            at_secs: 5,
            etag: Some("\"x\"".to_owned()),
        };
        lists.confirm(name, &confirmed).unwrap();
        assert_eq!(lists.load(name).unwrap().unwrap().1, confirmed);
        assert!(DeniedBody::read(b"{}").is_err());
    }
}
