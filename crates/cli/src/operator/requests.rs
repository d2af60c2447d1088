//! What staff propose and another one decides, on a terminal: refunds and write-offs alike.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use settlement::corrections::{self, CorrectionFilter, CorrectionStore as _, PageAfter};
use settlement::model::{Actor, Correction, CorrectionKind, Decision, Verdict};
use settlement::staff::{Staff, Task};
use store::Store;
use units::CorrectionId;
use uuid::Builder;

use super::arguments::{DecideArguments, ListRequestsArguments, TokenFileArguments};
use super::staff;
use crate::output::Reader;
use crate::world::{system_chance, system_now};

/// Requests read at a time.
const PAGE: u32 = 500;

/// The member of staff who proposes.
///
/// # Errors
/// When nobody has the token, or their role may not.
pub(super) async fn maker(store: &Store, token: &TokenFileArguments) -> Result<Actor> {
    may(&staff::of_file(store, token).await?, Task::Propose)
}

/// An id for a new request: `UUIDv7`.
pub(super) fn fresh_id() -> CorrectionId {
    let mut random = [0; 10];
    system_chance(&mut random);
    let millis = u64::try_from(system_now().as_micros() / 1_000).unwrap_or(0);
    let fresh = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    CorrectionId::from_bytes(fresh.into_bytes())
}

/// Decides a request of `kind` that somebody else proposed.
///
/// # Errors
/// When the database cannot be opened, nobody has the token, or the rules refuse.
pub(super) async fn judge(
    arguments: &DecideArguments,
    kind: CorrectionKind,
    verdict: Verdict,
) -> Result<()> {
    let store = arguments.database.open_existing().await?;
    let done = decide(&store, arguments, kind, verdict).await;
    store.close().await;
    print(&done?, arguments.json)
}

async fn decide(
    store: &Store,
    arguments: &DecideArguments,
    kind: CorrectionKind,
    verdict: Verdict,
) -> Result<Correction> {
    let staff = staff::of_file(store, &arguments.token).await?;
    let decision = Decision {
        verdict,
        by: may(&staff, Task::Decide)?,
        at: system_now(),
        note: arguments.note.clone(),
    };
    let id = CorrectionId::parse(&arguments.request).context("REQUEST")?;
    let found = store.correction(id).await?;
    let is_meant = found.is_some_and(|found| found.kind == kind);
    ensure!(is_meant, "there is no {} {id}", kind.as_str());
    Ok(corrections::judge(store, id, &decision).await?)
}

fn may(staff: &Staff, task: Task) -> Result<Actor> {
    let (name, role) = (&staff.name, staff.role.as_str());
    ensure!(staff.role.may(task), "{name} is {role} and may not do this");
    Ok(Actor::Staff(name.clone()))
}

/// Prints the requests of `kind`, the oldest first, as the list `name`.
///
/// # Errors
/// When the database cannot be opened or read.
pub(super) async fn list(
    arguments: &ListRequestsArguments,
    kind: CorrectionKind,
    name: &str,
) -> Result<()> {
    let store = arguments.database.open_existing().await?;
    let found = all(&store, kind, arguments.open).await;
    store.close().await;
    let found = found?;
    let mut lines = String::new();
    for one in &found {
        writeln!(lines, "{}", sentence(one))?;
    }
    if found.is_empty() {
        writeln!(lines, "No {}.", kind.as_str())?;
    }
    let told: Vec<Value> = found.iter().map(describe).collect();
    Reader::of(arguments.json).print(&json!({ name: told }), &lines)
}

async fn all(store: &Store, kind: CorrectionKind, open: bool) -> Result<Vec<Correction>> {
    let filter = CorrectionFilter {
        kind: Some(kind),
        open,
        account: None,
    };
    let mut found: Vec<Correction> = Vec::new();
    loop {
        let after = found.last().map(|last| PageAfter {
            made_at: last.made_at,
            id: last.id,
        });
        let page = store.corrections(&filter, after, PAGE).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// Prints one request.
///
/// # Errors
/// When standard output is closed.
pub(super) fn print(request: &Correction, json: bool) -> Result<()> {
    Reader::of(json).print(&describe(request), &format!("{}\n", sentence(request)))
}

fn state(request: &Correction) -> &'static str {
    let decision = request.decision.as_ref();
    decision.map_or("open", |made| made.verdict.as_str())
}

fn sentence(request: &Correction) -> String {
    let decided = request.decision.as_ref();
    let by = decided.map_or_else(String::new, |made| format!(" by {}", made.by));
    format!(
        "{}  {}  {}{by}: {} ({}), proposed by {}",
        request.id,
        request.day,
        state(request),
        request.amount,
        request.reason.as_str(),
        request.maker
    )
}

fn describe(request: &Correction) -> Value {
    let id = match request.kind {
        CorrectionKind::WriteOff => "write_off",
        CorrectionKind::Refund | CorrectionKind::Appeal => request.kind.as_str(),
    };
    json!({
        id: request.id.to_string(),
        "account": request.account.to_string(),
        "day": request.day.to_string(),
        "amount_minor": request.amount.as_minor(),
        "currency": request.amount.currency().to_string(),
        "reason": request.reason.as_str(),
        "note": request.note,
        "maker": request.maker.to_string(),
        "state": state(request),
        "decided_by": request.decision.as_ref().map(|made| made.by.to_string()),
    })
}
