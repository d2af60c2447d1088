//! The command lines that an operator's staff use on the books of a city.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tariff::explain::Language;

use crate::database::DatabaseArguments;
use crate::fares::arguments::language;

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

/// Whose command it is.
#[derive(Args, Debug)]
pub struct TokenFileArguments {
    /// A file with the token that `faregate staff add` printed: commands that move money know who
    /// asks, just as the page does.
    #[arg(long, value_name = "FILE")]
    pub token_file: PathBuf,
}

/// `faregate staff`.
#[derive(Subcommand, Debug)]
pub enum StaffCommand {
    /// Adds somebody and prints their token, once; the database keeps its hash alone.
    Add {
        /// 1 to 40 of a-z 0-9 . - _
        name: String,
        /// viewer looks, agent also proposes refunds, approver also decides those of others.
        #[arg(long)]
        role: String,
        /// Whose.
        #[command(flatten)]
        database: DatabaseArguments,
        /// Prints one JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Lists who may sign in.
    List {
        /// Whose.
        #[command(flatten)]
        database: DatabaseArguments,
        /// Prints one JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Removes somebody: signed out at once. What they did stays in the audit trail.
    Remove {
        /// Who.
        name: String,
        /// Whose.
        #[command(flatten)]
        database: DatabaseArguments,
        /// Prints one JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
}

/// `faregate refund`.
#[derive(Subcommand, Debug)]
pub enum RefundCommand {
    /// Proposes to give money back. Another person has to approve it.
    Propose(ProposeArguments),
    /// Approves a proposal of somebody else: the money goes back.
    Approve(DecideArguments),
    /// Rejects a proposal; --note says why.
    Reject(DecideArguments),
    /// Lists refunds, the oldest first.
    List(ListRequestsArguments),
}

/// `faregate refund propose`.
#[derive(Args, Debug)]
pub struct ProposeArguments {
    /// The charge to give back of.
    #[arg(long)]
    pub charge: String,
    /// One journey of its day, where the refund is about that.
    #[arg(long)]
    pub journey: Option<String>,
    /// How much, why, who.
    #[command(flatten)]
    pub request: RequestArguments,
}

/// `faregate write-off`.
#[derive(Subcommand, Debug)]
#[command(after_help = "\
Giving up a debt posts it to the account write-off and takes the rider off the deny list with the
next turn of charging (the server's: within seconds). Where the money comes in after all, the ledger
takes that much of the write-off back by itself.")]
pub enum WriteOffCommand {
    /// Lists what is overdue, by payment.
    Debts(DebtsArguments),
    /// Proposes to give up what is overdue of a payment. Another person has to approve it.
    Propose(ProposeWriteOffArguments),
    /// Approves a proposal of somebody else: the debt is given up.
    Approve(DecideArguments),
    /// Rejects a proposal; --note says why.
    Reject(DecideArguments),
    /// Lists write-offs, the oldest first.
    List(ListRequestsArguments),
}

/// `faregate write-off debts`.
#[derive(Args, Debug)]
pub struct DebtsArguments {
    /// Whose books.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate write-off propose`.
#[derive(Args, Debug)]
pub struct ProposeWriteOffArguments {
    /// The payment that is overdue.
    #[arg(long)]
    pub payment: String,
    /// How much, why, who.
    #[command(flatten)]
    pub request: RequestArguments,
}

/// What every proposal says.
#[derive(Args, Debug)]
pub struct RequestArguments {
    /// How much, in minor units: 150 is 1.50 where money has two decimals.
    #[arg(long)]
    pub amount_minor: i64,
    /// Why, as a code that can be counted: `disruption`, `double_tap`, `uncollectable` …
    #[arg(long)]
    pub reason: String,
    /// Why, in words.
    #[arg(long, default_value = "")]
    pub note: String,
    /// Who proposes.
    #[command(flatten)]
    pub token: TokenFileArguments,
    /// Whose books.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `approve` and `reject`.
#[derive(Args, Debug)]
pub struct DecideArguments {
    /// The id of what was proposed.
    pub request: String,
    /// What the rider is told.
    #[arg(long, default_value = "")]
    pub note: String,
    /// Who decides.
    #[command(flatten)]
    pub token: TokenFileArguments,
    /// Whose books.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `list`.
#[derive(Args, Debug)]
pub struct ListRequestsArguments {
    /// Only those that wait for a decision.
    #[arg(long)]
    pub open: bool,
    /// Whose.
    #[command(flatten)]
    pub database: DatabaseArguments,
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
    /// The language of the journeys' sentences: en, zh or ko.
    #[arg(long, default_value = "en", value_parser = language)]
    pub language: Language,
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
    /// csv and parquet: taps, journeys, charges and entries as tables. hledger: the ledger as a
    /// journal that `hledger check --strict` takes. tides: taps as `fare_transactions` of TIDES
    /// 1.0, which `faregate settle --format tides` reads.
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
    /// Apache Parquet, with typed columns.
    Parquet,
    /// The table `fare_transactions` of TIDES.
    Tides,
}

/// `faregate statement`.
#[derive(Args, Debug)]
#[command(after_help = "\
Each journey is there with its taps and the rule behind each amount, each charge and refund with its
reason, and how far caps had got by the end of each day.")]
pub struct RiderStatementArguments {
    /// The rider: an account's id, or the text by which a file of taps named it.
    #[arg(long)]
    pub account: String,
    /// The service days: YYYY-MM, YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD.
    #[arg(long)]
    pub period: String,
    /// Whose.
    #[command(flatten)]
    pub books: BooksArguments,
    /// Prints a table (CSV): a row for each fare, charge, request and payment.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Writes pages to print (PDF) to this file.
    #[arg(long, value_name = "FILE")]
    pub pdf: Option<PathBuf>,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate resettle`.
#[derive(Args, Debug)]
#[command(after_help = "\
What the package says now is compared with what is posted, and the difference is charged or given
back, each with its reason; what is right already costs nothing. Start servers of the city again
with the same package first: they settle by the one they were started with. Exit code 1: some
riders' days cannot be settled; they are listed.")]
pub struct ResettleArguments {
    /// The service days: YYYY-MM, YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD.
    #[arg(long)]
    pub period: String,
    /// The city package.
    #[arg(long)]
    pub city: PathBuf,
    /// Whose books.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate disruption`.
#[derive(Args, Debug)]
#[command(after_help = "\
Journeys that lack a tap and have one in the disruption cost at most --incomplete-amount in place of
the maximum fare. Where days of it are charged already, start servers again with the package and run
`faregate resettle --period ...`: riders get back the difference, and are told why.")]
pub struct DisruptionArguments {
    /// The city package: a folder.
    #[arg(long)]
    pub city: PathBuf,
    /// The folder in it of the tariff in force on these days.
    #[arg(long, default_value = "gtfs")]
    pub tariff: String,
    /// Its name: an id that no other disruption has.
    #[arg(long)]
    pub id: String,
    /// When it began, local time, YYYY-MM-DDTHH:MM:SS.
    #[arg(long)]
    pub start: String,
    /// When it was over.
    #[arg(long)]
    pub end: String,
    /// Only journeys of this network.
    #[arg(long)]
    pub network: Option<String>,
    /// Only taps at this stop.
    #[arg(long)]
    pub stop: Option<String>,
    /// What a journey with a missing tap costs at most, such as 1.00; nothing where left out.
    #[arg(long)]
    pub incomplete_amount: Option<String>,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}
