//! `faregate refund`: what the operator page does, for a terminal: propose, decide, list.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use settlement::corrections::{self, CorrectionFilter, CorrectionStore as _, PageAfter};
use settlement::model::{Actor, Correction, CorrectionKind, Decision, Reason, Subject, Verdict};
use settlement::staff::{Staff, Task};
use store::Store;
use units::{Amount, ChargeId, CorrectionId, JourneyId};
use uuid::Builder;

use super::arguments::{DecideArguments, ProposeArguments, RefundCommand};
use super::staff;
use crate::output::Reader;
use crate::world::{system_chance, system_now};

/// Requests read at a time.
const PAGE: u32 = 500;

/// Runs one of the commands.
///
/// # Errors
/// When the database cannot be opened, nobody has the token, or the rules refuse.
pub(crate) async fn run(command: &RefundCommand) -> Result<bool> {
    match command {
        RefundCommand::Propose(arguments) => {
            let store = arguments.database.open_existing().await?;
            let done = propose(&store, arguments).await;
            store.close().await;
            print(&done?, arguments.json)?;
        }
        RefundCommand::Approve(arguments) => judge(arguments, Verdict::Approved).await?,
        RefundCommand::Reject(arguments) => judge(arguments, Verdict::Rejected).await?,
        RefundCommand::List {
            open,
            database,
            json,
        } => {
            let store = database.open_existing().await?;
            let found = list(&store, *open).await;
            store.close().await;
            let found = found?;
            let mut lines = String::new();
            for one in &found {
                writeln!(lines, "{}", sentence(one))?;
            }
            if found.is_empty() {
                writeln!(lines, "No refund.")?;
            }
            let told: Vec<Value> = found.iter().map(describe).collect();
            Reader::of(*json).print(&json!({ "refunds": told }), &lines)?;
        }
    }
    Ok(true)
}

fn may(staff: &Staff, task: Task) -> Result<Actor> {
    let (name, role) = (&staff.name, staff.role.as_str());
    ensure!(staff.role.may(task), "{name} is {role} and may not do this");
    Ok(Actor::Staff(name.clone()))
}

async fn propose(store: &Store, arguments: &ProposeArguments) -> Result<Correction> {
    let staff = staff::of_file(store, &arguments.token).await?;
    let maker = may(&staff, Task::Propose)?;
    let id = ChargeId::parse(&arguments.charge).context("--charge")?;
    let charge = store.charge(id).await?;
    let charge = charge.with_context(|| format!("there is no charge {id}"))?;
    let journey = arguments.journey.as_deref().map(JourneyId::parse);
    let amount = Amount::new(arguments.amount_minor, charge.amount.currency());
    let now = system_now();
    let mut random = [0; 10];
    system_chance(&mut random);
    let millis = u64::try_from(now.as_micros() / 1_000).unwrap_or(0);
    let fresh = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    let asked = Correction {
        id: CorrectionId::from_bytes(fresh.into_bytes()),
        account: charge.account,
        day: charge.day,
        kind: CorrectionKind::Refund,
        subject: match journey.transpose().context("--journey")? {
            Some(journey) => Subject::Journey(journey),
            None => Subject::Charge(id),
        },
        amount: amount.context("--amount-minor")?,
        reason: Reason::parse(&arguments.reason).context("--reason")?,
        note: arguments.note.clone(),
        maker,
        made_at: now,
        decision: None,
    };
    corrections::ask(store, &asked).await?;
    Ok(asked)
}

async fn judge(arguments: &DecideArguments, verdict: Verdict) -> Result<()> {
    let store = arguments.database.open_existing().await?;
    let done = decide(&store, arguments, verdict).await;
    store.close().await;
    print(&done?, arguments.json)
}

async fn decide(
    store: &Store,
    arguments: &DecideArguments,
    verdict: Verdict,
) -> Result<Correction> {
    let staff = staff::of_file(store, &arguments.token).await?;
    let decision = Decision {
        verdict,
        by: may(&staff, Task::Decide)?,
        at: system_now(),
        note: arguments.note.clone(),
    };
    let id = CorrectionId::parse(&arguments.refund).context("REFUND")?;
    Ok(corrections::judge(store, id, &decision).await?)
}

async fn list(store: &Store, open: bool) -> Result<Vec<Correction>> {
    let filter = CorrectionFilter {
        kind: Some(CorrectionKind::Refund),
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

fn print(refund: &Correction, json: bool) -> Result<()> {
    Reader::of(json).print(&describe(refund), &format!("{}\n", sentence(refund)))
}

fn state(refund: &Correction) -> &'static str {
    let decision = refund.decision.as_ref();
    decision.map_or("open", |made| made.verdict.as_str())
}

fn sentence(refund: &Correction) -> String {
    let decided = refund.decision.as_ref();
    let by = decided.map_or_else(String::new, |made| format!(" by {}", made.by));
    format!(
        "{}  {}  {}{by}: {} ({}), proposed by {}",
        refund.id,
        refund.day,
        state(refund),
        refund.amount,
        refund.reason.as_str(),
        refund.maker
    )
}

fn describe(refund: &Correction) -> Value {
    json!({
        "refund": refund.id.to_string(),
        "account": refund.account.to_string(),
        "day": refund.day.to_string(),
        "amount_minor": refund.amount.as_minor(),
        "currency": refund.amount.currency().to_string(),
        "reason": refund.reason.as_str(),
        "note": refund.note,
        "maker": refund.maker.to_string(),
        "state": state(refund),
        "decided_by": refund.decision.as_ref().map(|made| made.by.to_string()),
    })
}
