//! The folder in which signed lists outlive a restart.
//!
//! Lists are files named by their hash. The file `held` names root and snapshot; it is replaced
//! last, in one step, and is what makes a new snapshot the one in force.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use validator::update::{Held, Refused, StaleRule};
use wire::lists::{
    Bundle, DENY_ENTRY_BYTES, DenyStream, GatePolicy, ListName, ListRef, Root, SIGNED_BYTES_MAX,
    Snapshot, Tariff,
};

use crate::denied::{Denied, DeniedDraft};
use crate::lists::{ListError, write_whole};
use crate::signed::{Here, InForce, keys_of};

const MAGIC: &[u8; 16] = b"faregate held 1\n";

/// Bytes read from a list at a time.
const PART: usize = 64 * 1024;

/// Why stored lists are not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The installed root is none.
    #[error("{path}: no root")]
    Pinned {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: wire::lists::ListError,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Disk(#[from] ListError),
    /// They are not what was stored.
    #[error("the stored lists are damaged: {0}")]
    Damaged(#[from] Refused),
}

impl From<wire::lists::ListError> for LoadError {
    fn from(error: wire::lists::ListError) -> Self {
        Self::Damaged(Refused::List(error))
    }
}

/// Root, the root under which the snapshot was taken, snapshot.
#[derive(Clone, Debug, Default)]
pub struct HeldBytes {
    /// The newest root.
    pub root: Vec<u8>,
    /// The root that was the newest when the snapshot was taken.
    pub taken_under: Vec<u8>,
    /// The snapshot; empty where there is none.
    pub snapshot: Vec<u8>,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// Makes the folder where it is missing.
    ///
    /// # Errors
    /// [`ListError::Store`].
    pub fn open(path: &Path) -> Result<Self, ListError> {
        std::fs::create_dir_all(path).map_err(|source| at(path, source))?;
        Ok(Self(path.to_owned()))
    }

    /// Where a list is.
    #[must_use]
    pub fn list_path(&self, list: &ListRef) -> PathBuf {
        self.0.join(format!("list.{}", hex::encode(list.hash)))
    }

    /// Reads root and snapshot; `pinned` is the root that the gate was installed with.
    ///
    /// A root that is newer than the stored one is taken from the installation: it is how a gate
    /// is led past a root that it can no longer follow.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load_held(&self, pinned: &Path) -> Result<(Held, HeldBytes), LoadError> {
        let root = std::fs::read(pinned).map_err(|source| at(pinned, source))?;
        let installed = Root::read_pinned(&root).map_err(|source| LoadError::Pinned {
            path: pinned.to_owned(),
            source,
        })?;
        let stored = self.read_held().and_then(|bytes| {
            let newest = Root::read_pinned(&bytes.root).ok()?;
            (newest.city == installed.city).then_some((newest, bytes))
        });
        let Some((mut newest, mut bytes)) = stored else {
            let bytes = HeldBytes {
                root,
                ..HeldBytes::default()
            };
            return Ok((Held::new(installed), bytes));
        };
        if installed.version > newest.version {
            (newest, bytes.root) = (installed, root);
        }
        if bytes.snapshot.is_empty() {
            return Ok((Held::new(newest), bytes));
        }
        let under = Root::read_pinned(&bytes.taken_under)?;
        let held = Held::restore(newest, &under, &bytes.snapshot)?;
        Ok((held, bytes))
    }

    /// The lists that a restart finds; none at the first start, or where a file is damaged: the
    /// versions stay known then, so that nothing older comes into force.
    ///
    /// # Errors
    /// [`LoadError`] when not even root and snapshot can be read.
    pub fn load(&self, pinned: &Path, here: &Here) -> Result<Option<InForce>, LoadError> {
        let (held, _) = self.load_held(pinned)?;
        let Some(snapshot) = held.snapshot() else {
            return Ok(None);
        };
        match self.read_lists(&held, snapshot, None, here) {
            Ok(in_force) => Ok(Some(in_force)),
            Err(error) => {
                tracing::error!(%error, "the stored lists are not used");
                Ok(None)
            }
        }
    }

    /// The lists of a snapshot from their files. A deny list that is there already is not read.
    ///
    /// # Errors
    /// [`LoadError`] when a file is missing or is another one.
    pub fn read_lists(
        &self,
        held: &Held,
        snapshot: &Snapshot,
        denied: Option<Arc<Denied>>,
        here: &Here,
    ) -> Result<InForce, LoadError> {
        let read = |name: ListName| -> Result<Vec<u8>, LoadError> {
            let path = self.list_path(snapshot.list(name));
            Ok(std::fs::read(&path).map_err(|source| at(&path, source))?)
        };
        let policy = read(ListName::Policy)?;
        let (policy, rules) = GatePolicy::read_with_rules(&policy, snapshot)?;
        Tariff::read(&read(ListName::Tariff)?, snapshot)?;
        let bundle = read(ListName::Bundle)?;
        let bundle = Bundle::read(&bundle, snapshot)?;
        let denied = match denied {
            Some(denied) => denied,
            None => Arc::new(self.read_denied(&snapshot.deny)?),
        };
        Ok(InForce {
            held: held.clone(),
            keys: Arc::new(keys_of(&bundle, &policy, rules.as_ref(), here)?),
            denied,
            rule: StaleRule::of(&policy),
        })
    }

    /// The deny list from its file, in which its ids stay.
    ///
    /// # Errors
    /// [`LoadError`] when there is no such file, or it is another list.
    pub fn read_denied(&self, list: &ListRef) -> Result<Denied, LoadError> {
        let mut stream = DenyStream::new(*list);
        let (draft, file) = self.draft_denied(&mut stream)?;
        let header = stream.finish()?;
        Ok(draft.finish(header.version, file))
    }

    /// Reads the file of a deny list through `stream`, which is to say whether it was the list.
    pub(super) fn draft_denied(
        &self,
        stream: &mut DenyStream,
    ) -> Result<(DeniedDraft, File), LoadError> {
        let list = *stream.expected();
        let entry = u64::try_from(DENY_ENTRY_BYTES).unwrap_or(u64::MAX);
        let mut draft = DeniedDraft::new(list.length / entry);
        let file = self.stream(&list, |part| stream.push(part, |id| draft.take(id)))?;
        Ok((draft, file))
    }

    /// Reads a list's file in parts, and gives the file.
    ///
    /// # Errors
    /// [`LoadError`], also that of `each`.
    pub fn stream(
        &self,
        list: &ListRef,
        mut each: impl FnMut(&[u8]) -> Result<(), wire::lists::ListError>,
    ) -> Result<File, LoadError> {
        let path = self.list_path(list);
        let failed = |source| at(&path, source);
        let mut file = File::open(&path).map_err(failed)?;
        let mut part = vec![0; PART];
        loop {
            let got = file.read(&mut part).map_err(failed)?;
            if got == 0 {
                return Ok(file);
            }
            each(part.get(..got).unwrap_or_default())?;
        }
    }

    /// Makes root and snapshot durable: from now on they are what a restart finds. Lists that no
    /// snapshot names are removed.
    ///
    /// # Errors
    /// [`ListError::Store`]; then what was held is still held.
    pub fn commit(&self, bytes: &HeldBytes, keep: Option<&Snapshot>) -> Result<(), ListError> {
        let mut file = MAGIC.to_vec();
        for part in [&bytes.root, &bytes.taken_under, &bytes.snapshot] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            file.extend_from_slice(&length.to_be_bytes());
            file.extend_from_slice(part);
        }
        let sum: [u8; 32] = Sha256::digest(&file).into();
        file.extend_from_slice(&sum);
        write_whole(&self.0.join("held"), &file)?;
        if let Some(snapshot) = keep {
            self.tidy(snapshot);
        }
        Ok(())
    }

    /// What is left over costs disk, nothing else: a failure is no error.
    fn tidy(&self, snapshot: &Snapshot) {
        let named: Vec<_> = ListName::ALL
            .into_iter()
            .map(|name| self.list_path(snapshot.list(name)))
            .collect();
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with("list.")) && !named.contains(&path) {
                let _ = std::fs::remove_file(&path);
            }
        }
    }

    /// The parts of `held`; none where it is missing or damaged.
    fn read_held(&self) -> Option<HeldBytes> {
        let file = std::fs::read(self.0.join("held")).ok()?;
        let (content, sum) = file.split_last_chunk::<32>()?;
        if <[u8; 32]>::from(Sha256::digest(content)) != *sum {
            tracing::error!("the file of the lists in force is damaged");
            return None;
        }
        let mut rest = content.strip_prefix(MAGIC)?;
        let mut part = || -> Option<Vec<u8>> {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            if length > SIGNED_BYTES_MAX {
                return None;
            }
            let (part, after) = after.split_at_checked(length)?;
            rest = after;
            Some(part.to_vec())
        };
        Some(HeldBytes {
            root: part()?,
            taken_under: part()?,
            snapshot: part()?,
        })
    }
}

fn at(path: &Path, source: std::io::Error) -> ListError {
    ListError::Store {
        path: path.to_owned(),
        source,
    }
}
