//! The command lines of `faregate charge`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::operator::arguments::BooksArguments;

/// `faregate charge`.
#[derive(Subcommand, Debug)]
pub enum ChargeCommand {
    /// Makes one turn: plans the pay windows that are over, collects and gives back what is due,
    /// puts debtors on the deny list and takes off who has paid.
    #[command(after_help = "\
`faregate serve --charging FILE` does the same every few seconds. Both may run at once: nothing is
collected twice. Exit code 1: sums at a provider do not add up, or a rider's charges do not.")]
    Run(TurnArguments),
    /// Says what is on its way, overdue and paid, by provider, and what staff have to look at.
    Status(TurnArguments),
    /// Compares a provider's settlement file with the ledger, to the last minor unit.
    #[command(after_help = "\
The files are the provider's balance report (CSV), all that it has of the payments whose pay
window begins on the days --from to --through. Every difference is told with its reason, and its
payment is looked up in the next turn. Exit code 0: there is none.")]
    Reconcile(ReconcileArguments),
    /// Writes the invoices that are in no file yet as a file for the bank.
    #[command(after_help = "\
An invoice is in one file for ever: with a --number that was used before, the same file is written
again, and nothing new. What is to be given back by transfer is a file of its own: --credits.")]
    Invoice(InvoiceArguments),
    /// Reads what the bank says of invoices: CSV with reference,word,code.
    #[command(after_help = "\
reference is the end-to-end reference of the invoice, word is `paid`, `failed` or `taken-back`, code
the bank's reason (such as AM04), empty for `paid`. Reading a file again changes nothing.")]
    Statement(StatementArguments),
    /// Says how a rider pays from now on.
    Profile(ProfileArguments),
    /// Adds money that a rider paid ahead, at a till or by transfer.
    TopUp(TopUpArguments),
}

/// A city's books and its providers.
#[derive(Args, Debug)]
pub struct TurnArguments {
    /// Whose.
    #[command(flatten)]
    pub books: BooksArguments,
    /// The providers and terms, as docs/CHARGING.md describes the file.
    #[arg(long)]
    pub charging: PathBuf,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `faregate charge reconcile`.
#[derive(Args, Debug)]
pub struct ReconcileArguments {
    /// The settlement files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// City, books, providers.
    #[command(flatten)]
    pub turn: TurnArguments,
    /// The provider, as the configuration names it.
    #[arg(long)]
    pub provider: String,
    /// The first pay window, by its first day, YYYY-MM-DD; all where it is left out.
    #[arg(long)]
    pub from: Option<String>,
    /// The last pay window, by its first day; all where it is left out.
    #[arg(long)]
    pub through: Option<String>,
}

/// `faregate charge invoice`.
#[derive(Args, Debug)]
pub struct InvoiceArguments {
    /// City, books, providers.
    #[command(flatten)]
    pub turn: TurnArguments,
    /// The provider, as the configuration names it.
    #[arg(long)]
    pub provider: String,
    /// What to write.
    #[arg(long, value_enum)]
    pub format: InvoiceFormat,
    /// The file's own number, at most 35 characters: banks refuse a second file with it.
    #[arg(long)]
    pub number: String,
    /// When the bank collects, YYYY-MM-DD.
    #[arg(long)]
    pub collect_on: String,
    /// What is to be given back instead of what is to be collected (csv only).
    #[arg(long)]
    pub credits: bool,
    /// The file to write.
    #[arg(long)]
    pub out: PathBuf,
}

/// What `faregate charge invoice` writes.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvoiceFormat {
    /// A SEPA core direct debit, pain.008.001.08.
    Pain008,
    /// Comma-separated values (RFC 4180).
    Csv,
}

/// `faregate charge statement`.
#[derive(Args, Debug)]
pub struct StatementArguments {
    /// The bank's words.
    pub file: PathBuf,
    /// City, books, providers.
    #[command(flatten)]
    pub turn: TurnArguments,
}

/// `faregate charge profile`.
#[derive(Args, Debug)]
pub struct ProfileArguments {
    /// The rider's account.
    pub account: String,
    /// City, books, providers.
    #[command(flatten)]
    pub turn: TurnArguments,
    /// The provider, as the configuration names it.
    #[arg(long)]
    pub provider: String,
    /// How many days one payment gathers: day, week or month.
    #[arg(long, default_value = "day")]
    pub window: String,
    /// The customer's id at a provider like Stripe (cus_...).
    #[arg(long)]
    pub customer: Option<String>,
    /// The reference of the mandate that the rider signed, for invoices.
    #[arg(long, requires_all = ["signed", "name", "iban"])]
    pub mandate: Option<String>,
    /// When the mandate was signed, YYYY-MM-DD.
    #[arg(long, requires = "mandate")]
    pub signed: Option<String>,
    /// Whose bank account it is.
    #[arg(long, requires = "mandate")]
    pub name: Option<String>,
    /// The bank account.
    #[arg(long, requires = "mandate")]
    pub iban: Option<String>,
}

/// `faregate charge top-up`.
#[derive(Args, Debug)]
pub struct TopUpArguments {
    /// The rider's account.
    pub account: String,
    /// City, books, providers.
    #[command(flatten)]
    pub turn: TurnArguments,
    /// The prepaid provider, as the configuration names it.
    #[arg(long)]
    pub provider: String,
    /// Who took the money and hands it over: a name of your own, such as till-3.
    #[arg(long)]
    pub through: String,
    /// How much, in minor units of the city's currency.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    pub minor: i64,
    /// The receipt's or transfer's own reference: the same one is never counted twice.
    #[arg(long)]
    pub reference: String,
}
