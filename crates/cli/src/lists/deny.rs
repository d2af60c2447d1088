//! `faregate deny`: codes that open no gate. A running `serve` on the same database tells gates.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use issuer::{Denial, DenyReason, IssuanceStore as _};
use serde_json::json;
use units::{CredentialId, Span};

use crate::lists::arguments::DenyCommand;
use crate::output::Reader;
use crate::world::system_now;

/// Runs one of the commands.
///
/// # Errors
/// When the database cannot be opened, or an id or reason is none.
pub(crate) async fn run(command: &DenyCommand) -> Result<bool> {
    let now = system_now();
    let id = |text: &str| CredentialId::parse(text).context("--id");
    match command {
        DenyCommand::Add {
            database,
            redis,
            id: text,
            reason,
            hours,
            json,
        } => {
            let denial = Denial {
                credential: id(text)?,
                reason: DenyReason::new(reason).context("--reason")?,
                at: now,
                until: now.plus(Span::from_secs(i64::from(*hours) * 3_600)),
            };
            let store = database.open().await?;
            let version = store.deny(&denial).await?;
            store.close().await;
            redis.push_denied(version).await?;
            Reader::of(*json).print(
                &json!({ "id": text, "version": version }),
                &format!("{text} is denied for {hours} h\n"),
            )?;
        }
        DenyCommand::Lift {
            database,
            redis,
            id: text,
            json,
        } => {
            let store = database.open().await?;
            let version = store.allow(id(text)?, now).await?;
            store.close().await;
            redis.push_denied(version).await?;
            Reader::of(*json).print(
                &json!({ "id": text, "version": version }),
                &format!("{text} is not denied\n"),
            )?;
        }
        DenyCommand::List { database, json } => {
            let store = database.open().await?;
            let list = store.deny_list(now).await?;
            store.close().await;
            let ids: Vec<_> = list.entries.iter().map(ToString::to_string).collect();
            let mut lines = String::new();
            for id in &ids {
                writeln!(lines, "{id}")?;
            }
            Reader::of(*json).print(&json!({ "ids": ids, "version": list.version }), &lines)?;
        }
    }
    Ok(true)
}
