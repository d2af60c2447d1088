//! The command line of `faregate apportion`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::database::DatabaseArguments;

/// `faregate apportion`.
#[derive(Subcommand, Debug)]
pub enum ApportionCommand {
    /// Writes the next statement: what each agency earned in a period, and what changed about the
    /// days of earlier statements.
    Statement(StatementArguments),
    /// Computes every statement of a folder again from the journeys published with it; fails where
    /// a number differs. Needs no database: this is what an operator runs.
    Verify(VerifyArguments),
}

/// `faregate apportion statement`.
#[derive(Args, Debug)]
#[command(after_help = "\
The folder holds everything an operator needs and nothing that names a rider: for each statement
N its numbers (statement-N.json), the journeys they follow from (journeys-N.csv), and for each
agency a table and a page to print (agency-N-ID.csv, agency-N-ID.pdf). Earlier statements are
never changed: they must be in the folder, and what has changed since is in the new one.")]
pub struct StatementArguments {
    /// The city package; Hangzhou where it is left out.
    #[arg(long)]
    pub city: Option<PathBuf>,
    /// Where its books are: settled and charged.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// The folder of statements.
    #[arg(long)]
    pub out: PathBuf,
    /// The first service day, YYYY-MM-DD; the day after the last statement where it is left out.
    #[arg(long)]
    pub from: Option<String>,
    /// The last service day.
    #[arg(long)]
    pub through: String,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate apportion verify`.
#[derive(Args, Debug)]
pub struct VerifyArguments {
    /// The folder of statements.
    pub folder: PathBuf,
    /// The city package with the rules; Hangzhou where it is left out.
    #[arg(long)]
    pub city: Option<PathBuf>,
    /// Tells the numbers of this agency alone (its `agency_id`); all are checked all the same.
    #[arg(long)]
    pub agency: Option<String>,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}
