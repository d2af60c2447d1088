//! `faregate keys root`: roots made and signed, away from the server.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use api::Base64Url;
use issuer::keyfile::{self, KeyFile};
use issuer::lists::{Delegation, Folder, RootKeys, add_signatures, plan_root};
use serde_json::json;
use units::{Span, TextId, Timestamp};
use wire::lists::{Root, Signed, SignedKind};

use crate::keys;
use crate::lists::arguments::{DelegationArguments, RootArguments, RootCommand};
use crate::output::Reader;
use crate::world::system_now;

/// Runs one of the commands.
///
/// # Errors
/// When a file cannot be read or written, or the keys make no root.
pub(crate) fn run(command: &RootCommand) -> Result<()> {
    let now = system_now();
    match command {
        RootCommand::Init {
            root,
            city,
            delegation,
        } => {
            let folder = Folder::new(&root.lists);
            if folder.root_path(1).exists() {
                bail!("{} exists already", folder.root_path(1).display());
            }
            let city = TextId::new(city).context("--city")?;
            let signers = open_all(&root.root_keys, root)?;
            let planned = plan((city, 1, 0), &signers, delegation, root, now)?;
            store(root, None, &planned, &[], &signers)
        }
        RootCommand::Rotate {
            root,
            new_root_keys,
            delegation,
            new_era,
        } => {
            let (_, last) = Folder::new(&root.lists).roots()?;
            let signers = open_all(&root.root_keys, root)?;
            let holders = if new_root_keys.is_empty() {
                signers.clone()
            } else {
                open_all(new_root_keys, root)?
            };
            let version = last.version.checked_add(1).context("no more versions")?;
            let era = last.era.checked_add(u32::from(*new_era));
            let named = (last.city, version, era.context("no more eras")?);
            let planned = plan(named, &holders, delegation, root, now)?;
            store(root, Some(&last), &planned, &[], &signers)
        }
        RootCommand::Sign { root } => {
            let folder = Folder::new(&root.lists);
            let last = if folder.root_path(1).exists() {
                Some(folder.roots()?.1)
            } else {
                None
            };
            let draft = draft_path(root, last.as_ref().map_or(1, |last| last.version + 1));
            let bytes = std::fs::read(&draft)
                .with_context(|| format!("cannot read {}", draft.display()))?;
            let signed = Signed::read(SignedKind::Root, &bytes)?;
            let planned = Root::read(&signed)?;
            let before: Vec<_> = signed.signatures().collect();
            let signers = open_all(&root.root_keys, root)?;
            store(root, last.as_ref(), &planned, &before, &signers)
        }
    }
}

fn open_all(files: &[PathBuf], root: &RootArguments) -> Result<Vec<KeyFile>> {
    let open = |file: &PathBuf| keys::open(file, &root.passphrase_file);
    files.iter().map(open).collect()
}

fn public(files: &[KeyFile]) -> Vec<[u8; 32]> {
    let keys = files.iter().flat_map(KeyFile::keys);
    keys.map(keyfile::FileKey::public_key).collect()
}

fn plan(
    named: (TextId, u64, u32),
    holders: &[KeyFile],
    delegation: &DelegationArguments,
    root: &RootArguments,
    now: Timestamp,
) -> Result<Root> {
    let days = |days: u32| now.plus(Span::from_secs(i64::from(days) * 86_400));
    let mut keys = public(holders);
    for text in &delegation.root_public {
        let quoted = serde_json::Value::String(text.clone());
        let key: Base64Url<32> = serde_json::from_value(quoted).context("--root-public")?;
        keys.push(key.0);
    }
    let expires = days(delegation.days);
    let signers = RootKeys {
        keys,
        threshold: delegation.threshold,
    };
    let online = Delegation {
        signers: RootKeys {
            keys: public(&open_all(&delegation.online_keys, root)?),
            threshold: 1,
        },
        until: days(delegation.online_days).min(expires),
    };
    Ok(plan_root(named, (now, expires), &signers, &online)?)
}

fn draft_path(root: &RootArguments, version: u64) -> PathBuf {
    root.lists.join(format!("root.{version}.draft"))
}

/// Signs, and puts the root into its place once enough keys have signed.
fn store(
    arguments: &RootArguments,
    last: Option<&Root>,
    planned: &Root,
    before: &[wire::lists::ListSignature],
    signers: &[KeyFile],
) -> Result<()> {
    let files: Vec<_> = signers.iter().collect();
    let bytes = add_signatures(&planned.payload()?, before, &files)?;
    std::fs::create_dir_all(&arguments.lists)
        .with_context(|| format!("cannot make {}", arguments.lists.display()))?;
    let checked = match last {
        None => Root::read_pinned(&bytes),
        Some(last) => last.read_next(&bytes),
    };
    let (version, draft) = (planned.version, draft_path(arguments, planned.version));
    let (path, complete) = match checked {
        Ok(_) => (Folder::new(&arguments.lists).root_path(version), true),
        Err(wire::lists::ListError::Threshold { .. }) => (draft.clone(), false),
        Err(error) => return Err(error.into()),
    };
    keyfile::store(&path, &bytes)?;
    if complete {
        remove(&draft)?;
    }
    let state = if complete {
        "in force"
    } else {
        "waits for more signatures: faregate keys root sign"
    };
    Reader::of(arguments.json).print(
        &json!({
            "city": planned.city.as_str(),
            "version": version,
            "era": planned.era,
            "complete": complete,
            "file": path.display().to_string(),
        }),
        &format!(
            "root {version} of {}: {state}\n{}\n",
            planned.city,
            path.display()
        ),
    )
}

fn remove(draft: &Path) -> Result<()> {
    match std::fs::remove_file(draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
