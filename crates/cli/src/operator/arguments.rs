//! The command lines that an operator's staff use on the books of a city.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::database::DatabaseArguments;

/// A city and its books.
#[derive(Args, Debug)]
pub struct BooksArguments {
    /// The city package; Hangzhou where it is left out.
    #[arg(long)]
    pub city: Option<PathBuf>,
    /// Where its books are.
    #[command(flatten)]
    pub database: DatabaseArguments,
}

/// `faregate ledger`.
#[derive(Subcommand, Debug)]
pub enum LedgerCommand {
    /// Checks every entry: sums of zero, balances, fares posted once, charges as posted; and that
    /// journeys, fares and charges are what the taps give. Fails where a fault is found.
    Check(LedgerCheckArguments),
}

/// `faregate ledger check`.
#[derive(Args, Debug)]
pub struct LedgerCheckArguments {
    /// Whose.
    #[command(flatten)]
    pub books: BooksArguments,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate explain`.
#[derive(Args, Debug)]
pub struct ExplainChargeArguments {
    /// The id of a charge, as statements and exports name it.
    pub charge: String,
    /// Whose.
    #[command(flatten)]
    pub books: BooksArguments,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate fraud`.
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is blocked: a finding is a sentence about taps that staff can look at. `watch`: it may be
innocent, look whether it comes again. `ask`: it came again, on two days or three times on one.")]
pub struct FraudArguments {
    /// Whose.
    #[command(flatten)]
    pub books: BooksArguments,
    /// The first service day, YYYY-MM-DD; all before --through where it is left out.
    #[arg(long)]
    pub from: Option<String>,
    /// The last service day; all where it is left out.
    #[arg(long)]
    pub through: Option<String>,
    /// Nobody travels faster, as the crow flies: metres per second.
    #[arg(long, default_value_t = settlement::fraud::Limits::default().metres_per_second)]
    pub metres_per_second: u32,
    /// No gate lets more riders through in a minute.
    #[arg(long, default_value_t = settlement::fraud::Limits::default().taps_per_minute)]
    pub taps_per_minute: u32,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate export`.
#[derive(Args, Debug)]
pub struct ExportArguments {
    /// Whose.
    #[command(flatten)]
    pub books: BooksArguments,
    /// csv: taps, journeys, charges and entries as tables. hledger: the ledger as a journal that
    /// `hledger check --strict` takes.
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// The folder to write into; made where it is missing.
    #[arg(long)]
    pub out: PathBuf,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// What `faregate export` writes.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// An `hledger` journal.
    Hledger,
}
