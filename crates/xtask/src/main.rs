//! `cargo xtask`: every task of a developer, from a fresh clone.

use clap::{Parser, Subcommand};

mod bench;
mod city;
mod demo;
mod fuzz;
mod process;
mod services;
mod setup;
mod suite;

/// Faregate's developer tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds everything and shows the main job: a morning of riders, then a page to try it.
    Demo {
        /// Passed on to `faregate demo`, for example `--once --json`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Sets up what the tests need and runs every test there is.
    Test,
    /// The quick part of `test`: formatting, lints, unit tests.
    Check,
    /// Measures what documents claim, beside what others use, in one run; prints a table.
    Bench {
        /// What to measure, and its options: `gate --json`; `gate`, `fares` and `settle` where
        /// nothing is named.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Throws made-up bytes at every parser, led by what they reach.
    Fuzz(fuzz::Options),
    /// Writes the generated files of the city packages from their network tables.
    City {
        /// Only compare; fail where a committed file is out of date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Demo { options } => demo::run_with(&options),
        Task::Test => suite::test(),
        Task::Check => suite::check(),
        Task::Bench { options } => bench::run_with(&options),
        Task::Fuzz(options) => fuzz::run_with(&options),
        Task::City { check } => city::run(check),
    }
}
