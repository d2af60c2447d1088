//! `faregate write-off`: giving up what cannot be collected: who owes, propose, decide, list.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use settlement::charging::{Payment, PaymentStore as _};
use settlement::corrections;
use settlement::model::{Correction, CorrectionKind, Reason, Subject, Verdict};
use store::Store;
use units::{Amount, Balance, PaymentId};

use super::arguments::{DebtsArguments, ProposeWriteOffArguments, WriteOffCommand};
use super::requests;
use crate::output::Reader;
use crate::world::system_now;

/// Payments read at a time.
const PAGE: u32 = 500;

/// Runs one of the commands.
///
/// # Errors
/// When the database cannot be opened, nobody has the token, or the rules refuse.
pub(crate) async fn run(command: &WriteOffCommand) -> Result<bool> {
    let kind = CorrectionKind::WriteOff;
    match command {
        WriteOffCommand::Debts(arguments) => debts(arguments).await?,
        WriteOffCommand::Propose(arguments) => {
            let store = arguments.request.database.open_existing().await?;
            let done = propose(&store, arguments).await;
            store.close().await;
            requests::print(&done?, arguments.request.json)?;
        }
        WriteOffCommand::Approve(arguments) => {
            requests::judge(arguments, kind, Verdict::Approved).await?;
        }
        WriteOffCommand::Reject(arguments) => {
            requests::judge(arguments, kind, Verdict::Rejected).await?;
        }
        WriteOffCommand::List(arguments) => requests::list(arguments, kind, "write_offs").await?,
    }
    Ok(true)
}

async fn propose(store: &Store, arguments: &ProposeWriteOffArguments) -> Result<Correction> {
    let request = &arguments.request;
    let maker = requests::maker(store, &request.token).await?;
    let id = PaymentId::parse(&arguments.payment).context("--payment")?;
    let payment = store.payment(id).await?;
    let payment = payment.with_context(|| format!("there is no payment {id}"))?;
    let amount = Amount::new(request.amount_minor, payment.currency());
    let asked = Correction {
        id: requests::fresh_id(),
        account: payment.account,
        day: payment.window,
        kind: CorrectionKind::WriteOff,
        subject: Subject::Payment(id),
        amount: amount.context("--amount-minor")?,
        reason: Reason::parse(&request.reason).context("--reason")?,
        note: request.note.clone(),
        maker,
        made_at: system_now(),
        decision: None,
    };
    corrections::ask(store, &asked).await?;
    Ok(asked)
}

async fn debts(arguments: &DebtsArguments) -> Result<()> {
    let store = arguments.database.open_existing().await?;
    let found = overdue(&store).await;
    store.close().await;
    let found = found?;
    let mut lines = String::new();
    for one in &found {
        let open = Balance::new(one.open_minor(), one.currency());
        let why = one.failed.last().map_or("", |failure| &failure.code);
        let (id, account, window) = (one.id, one.account, one.window);
        writeln!(lines, "{id}  {window}  {open} of rider {account}: {why}")?;
    }
    if found.is_empty() {
        writeln!(lines, "Nothing is overdue.")?;
    }
    let told: Vec<Value> = found.iter().map(describe).collect();
    Reader::of(arguments.json).print(&json!({ "debts": told }), &lines)
}

async fn overdue(store: &Store) -> Result<Vec<Payment>> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.open_payments(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = Some((last.account, last.id));
        found.extend(page.into_iter().filter(Payment::is_overdue));
    }
}

fn describe(payment: &Payment) -> Value {
    json!({
        "payment": payment.id.to_string(),
        "account": payment.account.to_string(),
        "window": payment.window.to_string(),
        "amount_minor": payment.amount.as_minor(),
        "open_minor": payment.open_minor(),
        "written_off_minor": payment.written_off,
        "currency": payment.currency().to_string(),
        "reason": payment.failed.last().map(|failure| failure.code.clone()),
    })
}
