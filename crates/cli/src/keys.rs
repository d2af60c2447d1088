//! `faregate keys`: the issuer's key file, made, turned over and withdrawn from.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use api::{Base64Url, Rfc3339, Text};
use issuer::keyfile::{self, KeyFile, KeyLives, WorkFactor};
use secrecy::SecretString;
use serde::Serialize;
use units::{KeyId, Span, Timestamp};

use crate::arguments::{KeyFileArguments, KeysCommand};
use crate::output::Reader;
use crate::world::{system_chance, system_now};

/// Runs one of the commands.
///
/// # Errors
/// When a file cannot be read or written, the passphrase is wrong, or the keys do not allow it.
pub(crate) fn run(command: &KeysCommand) -> Result<()> {
    let now = system_now();
    let lives = KeyLives::default();
    match command {
        KeysCommand::New { key_file } => {
            if key_file.file.exists() {
                bail!(
                    "{} exists already and is left as it is",
                    key_file.file.display()
                );
            }
            let made = KeyFile::create(now, &lives, &system_chance)?;
            save(&made, key_file)?;
            show(&made, key_file.json, now)
        }
        KeysCommand::Rotate {
            key_file,
            lead_hours,
        } => {
            let mut file = open(&key_file.file, &key_file.passphrase_file)?;
            let lead = Span::from_secs(i64::from(*lead_hours) * 3_600);
            file.rotate(now, lead, &lives, &system_chance)?;
            save(&file, key_file)?;
            show(&file, key_file.json, now)
        }
        KeysCommand::Root(command) => crate::lists::root::run(command),
        KeysCommand::List { key_file } => {
            let file = open(&key_file.file, &key_file.passphrase_file)?;
            show(&file, key_file.json, now)
        }
        KeysCommand::Withdraw { key_file, kid } => {
            let mut file = open(&key_file.file, &key_file.passphrase_file)?;
            file.withdraw(KeyId::parse(kid).context("--kid")?, now)?;
            save(&file, key_file)?;
            show(&file, key_file.json, now)
        }
    }
}

/// Reads and decrypts a key file.
///
/// # Errors
/// When a file cannot be read or the passphrase does not open it.
pub(crate) fn open(file: &Path, passphrase_file: &Path) -> Result<KeyFile> {
    let sealed = keyfile::load(file)?;
    KeyFile::open(&sealed, &passphrase(passphrase_file)?)
        .with_context(|| format!("cannot open {}", file.display()))
}

fn save(keys: &KeyFile, arguments: &KeyFileArguments) -> Result<()> {
    let passphrase = passphrase(&arguments.passphrase_file)?;
    keyfile::store(
        &arguments.file,
        &keys.seal(&passphrase, WorkFactor::DEFAULT)?,
    )?;
    Ok(())
}

fn passphrase(file: &Path) -> Result<SecretString> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the passphrase in {}", file.display()))?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        bail!("the passphrase in {} is empty", file.display());
    }
    Ok(SecretString::from(trimmed.to_owned()))
}

#[derive(Serialize)]
struct Listed {
    keys: Vec<ListedKey>,
}

#[derive(Serialize)]
struct ListedKey {
    kid: Text<KeyId>,
    public_key: Base64Url<32>,
    state: &'static str,
    signs_from: Rfc3339,
    signs_until: Rfc3339,
    trusted_until: Rfc3339,
}

fn show(file: &KeyFile, json: bool, now: Timestamp) -> Result<()> {
    let state = |key: &keyfile::FileKey| {
        if now < key.not_before() {
            "announced"
        } else if now < key.sign_until() {
            "signing"
        } else if now < key.trusted_until() {
            "trusted"
        } else {
            "ended"
        }
    };
    let listed = Listed {
        keys: file
            .keys()
            .iter()
            .map(|key| ListedKey {
                kid: Text(key.kid()),
                public_key: Base64Url(key.public_key()),
                state: state(key),
                signs_from: Rfc3339(key.not_before()),
                signs_until: Rfc3339(key.sign_until()),
                trusted_until: Rfc3339(key.trusted_until()),
            })
            .collect(),
    };
    let mut lines = String::new();
    for (key, row) in file.keys().iter().zip(&listed.keys) {
        writeln!(
            lines,
            "{}  {:9}  signs {} to {}, trusted until {}",
            key.kid(),
            row.state,
            row.signs_from,
            row.signs_until,
            row.trusted_until,
        )?;
    }
    Reader::of(json).print(&listed, &lines)
}
