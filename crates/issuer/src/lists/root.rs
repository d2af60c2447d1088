//! Roots: planned from public keys, signed by key files that are kept offline.

use units::{KeyId, TextId, Timestamp};
use wire::lists::{
    LIST_KEYS_MAX, ListError, ListSignature, Role, Root, Signed, SignedKind, SnapshotRole,
    assemble, list_message,
};

use crate::keyfile::KeyFile;

/// Why there is no root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    /// More keys than a root holds.
    #[error("a root holds at most {max} keys, got {got}", max = LIST_KEYS_MAX)]
    TooManyKeys {
        /// Keys given.
        got: usize,
    },
    /// It would be none.
    #[error("these keys and times make no root")]
    List(#[from] ListError),
}

/// Keys of one role and how many of them must sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootKeys {
    /// Ed25519 public keys, in any order.
    pub keys: Vec<[u8; 32]>,
    /// Distinct keys that must sign.
    pub threshold: u8,
}

/// Who signs snapshots, and until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delegation {
    /// The online keys.
    pub signers: RootKeys,
    /// First instant at which they are not taken.
    pub until: Timestamp,
}

/// The root of these keys.
///
/// # Errors
/// [`RootError`] when they make none.
pub fn plan_root(
    (city, version, era): (TextId, u64, u32),
    (issued, expires): (Timestamp, Timestamp),
    signers: &RootKeys,
    delegation: &Delegation,
) -> Result<Root, RootError> {
    let online = &delegation.signers;
    let mut all: Vec<_> = signers.keys.iter().chain(&online.keys).copied().collect();
    all.sort_unstable();
    let got = all.len();
    let keys = all.iter().copied().take(LIST_KEYS_MAX).collect();
    if got > LIST_KEYS_MAX {
        return Err(RootError::TooManyKeys { got });
    }
    let role = |wanted: &RootKeys| Role {
        threshold: wanted.threshold,
        keys: (0..).zip(&all).fold(0, |bits, (index, key): (u32, _)| {
            bits | (u16::from(wanted.keys.contains(key)) << index)
        }),
    };
    let root = Root {
        city,
        version,
        issued,
        expires,
        era,
        root: role(signers),
        snapshot: SnapshotRole {
            role: role(online),
            until: delegation.until,
        },
        keys,
    };
    root.payload()?;
    Ok(root)
}

/// Adds the signatures of every key in `files` to a root, signed already or not at all.
///
/// # Errors
/// [`RootError::List`], also when a key has signed it before.
pub fn add_signatures(
    payload: &[u8],
    before: &[ListSignature],
    files: &[&KeyFile],
) -> Result<Vec<u8>, RootError> {
    let mut signatures = before.to_vec();
    for file in files {
        signatures.extend(sign(file, SignedKind::Root, payload, |_| true)?);
    }
    let bytes = assemble(SignedKind::Root, payload, &signatures)?;
    Signed::read(SignedKind::Root, &bytes)?;
    Ok(bytes.to_vec())
}

/// The signatures of those keys of a file that `may` sign.
pub(super) fn sign(
    file: &KeyFile,
    what: SignedKind,
    payload: &[u8],
    may: impl Fn(KeyId) -> bool,
) -> Result<Vec<ListSignature>, ListError> {
    let mut signatures = Vec::new();
    for key in file.keys().iter().filter(|key| may(key.kid())) {
        let message = list_message(what, key.kid(), payload)?;
        signatures.push(ListSignature {
            kid: key.kid(),
            signature: key.sign_list(&message),
        });
    }
    Ok(signatures)
}
