//! # cli
//!
//! **What**: `faregate`, the one binary: demo, server, keys, codes, settlement.
//!
//! **Why it exists**: a newcomer, a laptop and a small town run everything with one file; the
//! library holds it all so that tests and the simulator drive the same code.
//!
//! **Where it sits**: on top. It reads the command line, the clock, files and randomness, and
//! hands them down as arguments. Nothing uses it but `main.rs`.
//!
//! **Invariants**: standard output carries the answer alone (one JSON object with `--json`);
//! progress and errors go to standard error; an error names its file, row or field; the exit code
//! is 0 only when what was asked for was done.
//!
//! ```
//! use clap::Parser as _;
//!
//! let arguments = cli::Arguments::try_parse_from(["faregate", "demo", "--once", "--json"])?;
//! assert!(matches!(arguments.command, cli::Command::Demo(demo) if demo.once && demo.json));
//! # Ok::<(), clap::Error>(())
//! ```

mod apportion;
mod arguments;
mod bench;
mod books;
mod charging;
mod city;
mod database;
mod demo;
mod fares;
mod folder;
mod hot;
mod keys;
mod lists;
mod operator;
mod output;
mod package;
mod paper;
mod progress;
mod scan;
mod serve;
mod settle;
mod token;
mod world;

use std::process::ExitCode;

pub use arguments::{
    ApportionCommand, ApportionStatementArguments, ApportionVerifyArguments, Arguments,
    BenchCommand, BooksArguments, ChargeCommand, ChargeInvoiceArguments, ChargeProfileArguments,
    ChargeReconcileArguments, ChargeStatementArguments, ChargeTopUpArguments, ChargeTurnArguments,
    CityCommand, Command, DatabaseArguments, DebtsArguments, DecideArguments, DemoArguments,
    DenyCommand, DiffArguments, DisruptionArguments, ExplainArguments, ExplainChargeArguments,
    ExportArguments, ExportFormat, FaresCommand, FraudArguments, GateBenchArguments, InvoiceFormat,
    KeyFileArguments, KeysCommand, LedgerCheckArguments, LedgerCommand, ListRequestsArguments,
    MapArguments, ProposeArguments, ProposeWriteOffArguments, QuoteArguments, RedisArguments,
    RefundCommand, RequestArguments, ResettleArguments, RiderStatementArguments, RootCommand,
    ServeArguments, SettleArguments, StaffCommand, TapsFormat, TokenCommand, TokenFileArguments,
    WriteOffCommand,
};

/// Does what the command line asks and says how it went.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    start_log();
    let done = match arguments.command {
        Command::Demo(demo) => block_on(demo::run(&demo)),
        Command::Serve(serve) => block_on(serve::run(&serve)),
        Command::Keys(keys) => keys::run(&keys).map(|()| true),
        Command::Deny(deny) => block_on(lists::deny::run(&deny)),
        Command::Token(TokenCommand::Inspect { code, keys, json }) => {
            token::inspect(&code, keys.as_deref(), json)
        }
        Command::City(CityCommand::Check { path, json }) => city::check(&path, json),
        Command::Settle(settle) => block_on(settle::run(&settle)),
        Command::Resettle(resettle) => block_on(operator::resettle(&resettle)),
        Command::Disruption(disruption) => operator::disruption(&disruption),
        Command::Apportion(apportion) => block_on(apportion::run(&apportion)),
        Command::Ledger(ledger) => block_on(operator::check(&ledger)),
        Command::Explain(explain) => block_on(operator::explain(&explain)),
        Command::Statement(statement) => block_on(operator::statement(&statement)),
        Command::Refund(refund) => block_on(operator::refund(&refund)),
        Command::WriteOff(write_off) => block_on(operator::write_off(&write_off)),
        Command::Staff(staff) => block_on(operator::staff(&staff)),
        Command::Charge(charge) => block_on(charging::run(&charge)),
        Command::Fraud(fraud) => block_on(operator::fraud(&fraud)),
        Command::Export(export) => block_on(operator::export(&export)),
        Command::Fares(fares) => fares::run(&fares),
        Command::Bench(BenchCommand::Gate(arguments)) => bench::gate(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("faregate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<bool>>) -> anyhow::Result<bool> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Logs go to standard error; `RUST_LOG` says which.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
