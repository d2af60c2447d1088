//! # bench
//!
//! **What**: Faregate measured against what others use: same run, same machine, same claims.
//!
//! **Why it exists**: a claim about speed is worth what its harness is worth. Alternatives take
//! turns within every round, and a ratio is the median of the rounds' ratios, so that a noisy
//! machine disturbs both sides alike.
//!
//! **Where it sits**: on top; nothing uses it. `ring` and the other libraries that the product does
//! not ship are dependencies of this crate alone.
//!
//! **Invariants**: every alternative gives the verdict expected of it before it is timed; nothing
//! here is a test, since times depend on the machine.
//!
//! ```text
//! cargo run --release -p bench -- gate          # a table; --json for an array of rows
//! cargo run --release -p bench -- fares         # legs priced per second
//! cargo run --release -p bench -- settle        # uploads to books on real databases
//! cargo run --release -p bench -- equality      # a million signatures against verify_strict
//! cargo run --release -p bench -- variants      # other ways to prepare a key
//! ```

mod adversarial_run;
mod codes;
mod deny;
mod fares;
mod gate;
mod measure;
mod others;
mod peers;
mod report;
mod settle;
mod variants;

/// Shared with the tests of `wire`, which run a hundred thousand.
#[path = "../../wire/tests/suite/adversarial.rs"]
#[expect(
    clippy::unwrap_used,
    reason = "test data, of which the bench uses a part"
)]
mod adversarial;
#[path = "../../wire/tests/suite/damage.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "test data, of which the bench uses a part"
)]
mod damage;

use std::path::PathBuf;

use clap::Parser;

/// Faregate measured against what others use, in the same run.
#[derive(Parser)]
#[command(name = "bench")]
enum Command {
    /// A gate's decision, its parts, and the same with other libraries.
    Gate {
        /// An array of rows instead of a table.
        #[arg(long)]
        json: bool,
        /// Rounds in which all alternatives take turns.
        #[arg(long, default_value_t = 301)]
        rounds: usize,
        /// This program, built with `--cfg curve25519_dalek_backend="avx512"`: it measures the
        /// presentation as well.
        #[arg(long)]
        avx512: Option<PathBuf>,
    },
    /// Both signatures of a presentation alone.
    Presentation {
        /// An array of rows instead of a table.
        #[arg(long)]
        json: bool,
        /// Rounds in which all alternatives take turns.
        #[arg(long, default_value_t = 301)]
        rounds: usize,
    },
    /// Legs priced in memory: a flat city, and the MBTA's rules.
    Fares {
        /// An array of rows instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Uploads to books: taking taps in, settling a day, memory and storage, on real databases.
    Settle {
        /// An array of rows instead of a table.
        #[arg(long)]
        json: bool,
        /// Only these rows: `ingest`, `http`, `evidence`, `sqlite` or `day`.
        only: Option<String>,
        /// Taps of the service day that is settled.
        #[arg(long, default_value_t = 500_000)]
        taps: usize,
        /// A day of 5 M taps, and the city's 20 M taps as they are: needs 40 GB of disk and half
        /// an hour.
        #[arg(long)]
        full: bool,
        /// How often each is measured.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// Workers of the process that settles.
        #[arg(long, default_value_t = 2)]
        workers: usize,
    },
    /// Settles what waits in a database: the process whose memory `settle` measures.
    #[command(hide = true)]
    SettleWorker {
        /// The database.
        #[arg(long)]
        url: String,
        /// Workers at once.
        #[arg(long)]
        workers: usize,
    },
    /// Adversarial signatures through every verifier of ours and `verify_strict`.
    Equality {
        /// How many.
        #[arg(default_value_t = 1_000_000)]
        cases: usize,
        /// Other seeds make other signatures.
        #[arg(long, default_value_t = 7)]
        seed: u64,
    },
    /// Other ways to verify under a known key, on dalek's public interface.
    Variants {
        /// An array of rows instead of a table.
        #[arg(long)]
        json: bool,
        /// Rounds in which all alternatives take turns.
        #[arg(long, default_value_t = 301)]
        rounds: usize,
    },
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Gate {
            json,
            rounds,
            avx512,
        } => report::print(&gate::rows(rounds, avx512.as_deref())?, json),
        Command::Presentation { json, rounds } => {
            report::print(&[gate::presentation_row(rounds)?], json)
        }
        Command::Fares { json } => report::print(&fares::rows()?, json),
        Command::Settle {
            json,
            only,
            taps,
            full,
            rounds,
            workers,
        } => {
            let (taps, city_taps) = if full {
                (5_000_000, 20_000_000)
            } else {
                (taps, taps)
            };
            let sizes = settle::Sizes {
                taps,
                city_taps,
                rounds,
                workers,
            };
            report::print(&settle::rows(sizes, only.as_deref())?, json)
        }
        Command::SettleWorker { url, workers } => settle::worker_main(&url, workers),
        Command::Equality { cases, seed } => adversarial_run::run(seed, cases),
        Command::Variants { json, rounds } => report::print(&variants::rows(rounds)?, json),
    }
}
