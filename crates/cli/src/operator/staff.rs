//! `faregate staff`: who may sign in at `/operator`, and as what.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use api::SessionToken;
use serde_json::json;
use settlement::corrections::AuditLine;
use settlement::model::{Actor, StaffName};
use settlement::staff::{Role, Staff, StaffStore as _};
use sha2::{Digest as _, Sha256};
use store::Store;

use super::arguments::{StaffCommand, TokenFileArguments};
use crate::output::Reader;
use crate::world::{system_chance, system_now};

/// Runs one of the commands.
///
/// # Errors
/// When the database cannot be opened, or a name or role is none.
pub(crate) async fn run(command: &StaffCommand) -> Result<bool> {
    match command {
        StaffCommand::Add {
            name,
            role,
            database,
            json,
        } => {
            let store = database.open_existing().await?;
            let added = add(&store, name, role).await;
            store.close().await;
            let token = added?.to_text();
            Reader::of(*json).print(
                &json!({ "name": name, "role": role, "token": token }),
                &format!("{name} signs in with this token, which is not shown again:\n{token}\n"),
            )?;
        }
        StaffCommand::List { database, json } => {
            let store = database.open_existing().await?;
            let staff = store.staff().await;
            store.close().await;
            list(&staff?, *json)?;
        }
        StaffCommand::Remove {
            name,
            database,
            json,
        } => {
            let known = StaffName::parse(name).context("NAME")?;
            let store = database.open_existing().await?;
            let line = line("staff.remove", name, "");
            let removed = store.remove_staff(&known, &line).await;
            store.close().await;
            if !removed? {
                bail!("there is nobody called {name}");
            }
            Reader::of(*json).print(
                &json!({ "name": name, "removed": true }),
                &format!("{name} is signed out and cannot sign in again\n"),
            )?;
        }
    }
    Ok(true)
}

async fn add(store: &Store, name: &str, role: &str) -> Result<SessionToken> {
    let staff = Staff {
        name: StaffName::parse(name).context("NAME")?,
        role: Role::parse(role).context("--role")?,
        added_at: system_now(),
    };
    let mut bytes = [0; 32];
    system_chance(&mut bytes);
    let token = SessionToken::from_bytes(bytes);
    let line = line("staff.add", name, role);
    if !store.add_staff(&staff, &hash(&token), &line).await? {
        bail!("there is somebody called {name} already: remove them first for another token");
    }
    Ok(token)
}

/// What the store keeps of a token.
fn hash(token: &SessionToken) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn line(action: &str, subject: &str, detail: &str) -> AuditLine {
    AuditLine {
        at: system_now(),
        who: Actor::Console,
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    }
}

fn list(staff: &[Staff], json: bool) -> Result<()> {
    let mut lines = String::new();
    let mut told = Vec::new();
    for one in staff {
        let (name, role) = (one.name.as_str(), one.role.as_str());
        let since = api::Rfc3339(one.added_at).to_string();
        writeln!(lines, "{name}  {role}  since {since}")?;
        told.push(json!({ "name": name, "role": role, "added_at": since }));
    }
    if staff.is_empty() {
        writeln!(lines, "Nobody: faregate staff add NAME --role ROLE")?;
    }
    Reader::of(json).print(&json!({ "staff": told }), &lines)
}

/// Whose token is in the file: commands that move money know who asks just as pages do.
///
/// # Errors
/// When the file cannot be read, or nobody has the token.
pub(super) async fn of_file(store: &Store, file: &TokenFileArguments) -> Result<Staff> {
    let path = &file.token_file;
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let token = SessionToken::from_text(text.trim()).with_context(|| path.display().to_string())?;
    let found = store.staff_of_token(&hash(&token)).await?;
    found.with_context(|| format!("nobody of the staff has the token in {}", path.display()))
}
