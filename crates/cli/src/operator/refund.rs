//! `faregate refund`: what the operator page does, for a terminal: propose, decide, list.

use anyhow::{Context as _, Result};
use settlement::corrections::{self, CorrectionStore as _};
use settlement::model::{Correction, CorrectionKind, Reason, Subject, Verdict};
use store::Store;
use units::{Amount, ChargeId, JourneyId};

use super::arguments::{ProposeArguments, RefundCommand};
use super::requests;
use crate::world::system_now;

/// Runs one of the commands.
///
/// # Errors
/// When the database cannot be opened, nobody has the token, or the rules refuse.
pub(crate) async fn run(command: &RefundCommand) -> Result<bool> {
    let kind = CorrectionKind::Refund;
    match command {
        RefundCommand::Propose(arguments) => {
            let store = arguments.request.database.open_existing().await?;
            let done = propose(&store, arguments).await;
            store.close().await;
            requests::print(&done?, arguments.request.json)?;
        }
        RefundCommand::Approve(arguments) => {
            requests::judge(arguments, kind, Verdict::Approved).await?;
        }
        RefundCommand::Reject(arguments) => {
            requests::judge(arguments, kind, Verdict::Rejected).await?;
        }
        RefundCommand::List(arguments) => requests::list(arguments, kind, "refunds").await?,
    }
    Ok(true)
}

async fn propose(store: &Store, arguments: &ProposeArguments) -> Result<Correction> {
    let request = &arguments.request;
    let maker = requests::maker(store, &request.token).await?;
    let id = ChargeId::parse(&arguments.charge).context("--charge")?;
    let charge = store.charge(id).await?;
    let charge = charge.with_context(|| format!("there is no charge {id}"))?;
    let journey = arguments.journey.as_deref().map(JourneyId::parse);
    let amount = Amount::new(request.amount_minor, charge.amount.currency());
    let asked = Correction {
        id: requests::fresh_id(),
        account: charge.account,
        day: charge.day,
        kind: CorrectionKind::Refund,
        subject: match journey.transpose().context("--journey")? {
            Some(journey) => Subject::Journey(journey),
            None => Subject::Charge(id),
        },
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
