//! `faregate-gate quarantine`: what the server refused, for its operator.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use api::{TapAck, TapBatch};
use clap::Subcommand;
use gate::config::Config;
use gate::quarantine::{Kept, Quarantine, covers};
use gate::tls;
use prost::Message as _;
use reqwest::StatusCode;
use serde::Serialize;

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum QuarantineCommand {
    /// Shows what the server refused, and why.
    List {
        /// Prints an array.
        #[arg(long)]
        json: bool,
    },
    /// Sends it again, as it was signed; what the server takes now is kept no longer.
    Retry {
        /// Which, by the names of the list; all where none is given.
        names: Vec<String>,
        /// Prints an array.
        #[arg(long)]
        json: bool,
    },
}

/// What became of one.
#[derive(Debug, Serialize)]
struct Retried {
    name: String,
    /// Whether the server has committed it.
    taken: bool,
    /// What it said, where it did not.
    problem: Option<String>,
}

/// Does it, and says whether all went well.
pub(crate) fn run(config: &Config, command: &QuarantineCommand) -> Result<String> {
    let quarantine = Quarantine::of(&config.gate.state);
    let kept = quarantine.list()?;
    match command {
        QuarantineCommand::List { json: true } => lines(&kept),
        QuarantineCommand::List { json: false } => Ok(table(&kept)),
        QuarantineCommand::Retry { names, json } => {
            let unknown = |name: &&String| kept.iter().all(|kept| kept.name != **name);
            if let Some(name) = names.iter().find(unknown) {
                bail!("nothing in the quarantine is called {name}");
            }
            let wanted = |kept: &&Kept| names.is_empty() || names.contains(&kept.name);
            let wanted: Vec<_> = kept.iter().filter(wanted).collect();
            let retried = retry(config, &quarantine, &wanted)?;
            let failed = retried.iter().filter(|retried| !retried.taken).count();
            let text = if *json {
                lines(&retried)?
            } else {
                told(&retried)
            };
            if failed > 0 {
                crate::say(&text)?;
                bail!("{failed} of {} are still refused", retried.len());
            }
            Ok(text)
        }
    }
}

fn retry(config: &Config, quarantine: &Quarantine, wanted: &[&Kept]) -> Result<Vec<Retried>> {
    let server = config.server.as_ref().context("[server] is not set")?;
    let client = tls::client(server)?;
    let route = format!("{}/v1/taps", server.url);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut retried = Vec::new();
    for kept in wanted {
        let name = &kept.name;
        // A running agent adds to the folder and takes nothing out of it.
        let body = quarantine.body(name)?.context(name.clone())?;
        let batch = TapBatch::decode(&*body)?;
        let count = u64::try_from(batch.records.len())?;
        let sent = runtime.block_on(send(&client, &route, body, server.timeout()));
        let problem = match sent {
            Ok((StatusCode::OK, answer)) => match TapAck::decode(&*answer) {
                Ok(ack) if covers(&ack, batch.first_seq + count - 1, batch.records.len()) => {
                    quarantine.release(name)?;
                    None
                }
                _ => Some("the answer is no acknowledgement of this batch".to_owned()),
            },
            Ok((status, answer)) => {
                quarantine.say(name, status, &answer)?;
                Some(format!("{status} {}", String::from_utf8_lossy(&answer)))
            }
            Err(error) => Some(format!("{error:#}")),
        };
        retried.push(Retried {
            name: name.clone(),
            taken: problem.is_none(),
            problem,
        });
    }
    Ok(retried)
}

async fn send(
    client: &reqwest::Client,
    route: &str,
    body: Vec<u8>,
    timeout: Duration,
) -> Result<(StatusCode, Vec<u8>)> {
    let request = gate::upload::request(client, route, body).timeout(timeout);
    let answer = request.send().await.context("the server does not answer")?;
    let status = answer.status();
    Ok((status, gate::upload::answer(answer).await?))
}

fn lines<T: Serialize>(rows: &[T]) -> Result<String> {
    Ok(serde_json::to_string_pretty(rows)? + "\n")
}

fn table(kept: &[Kept]) -> String {
    if kept.is_empty() {
        return "The quarantine is empty.\n".to_owned();
    }
    let mut out = String::new();
    for kept in kept {
        let (name, taps, notes) = (&kept.name, kept.taps, kept.notes);
        let at = kept.first_at.map(|at| at.to_string()).unwrap_or_default();
        let said = kept.problem.replace('\n', " ");
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "{name:<16} {taps:>4} taps {notes:>4} notes  {at:<27} {said}"
        );
    }
    out
}

fn told(retried: &[Retried]) -> String {
    let mut out = String::new();
    for retried in retried {
        let what = retried.problem.as_deref().unwrap_or("taken");
        let _ = writeln!(out, "{:<16} {}", retried.name, what.replace('\n', " "));
    }
    if retried.is_empty() {
        out.push_str("The quarantine is empty.\n");
    }
    out
}
