//! The command line: what can be asked, and help that teaches.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

pub use crate::apportion::arguments::{
    ApportionCommand, StatementArguments as ApportionStatementArguments,
    VerifyArguments as ApportionVerifyArguments,
};
pub use crate::charging::arguments::{
    ChargeCommand, InvoiceArguments as ChargeInvoiceArguments, InvoiceFormat,
    ProfileArguments as ChargeProfileArguments, ReconcileArguments as ChargeReconcileArguments,
    StatementArguments as ChargeStatementArguments, TopUpArguments as ChargeTopUpArguments,
    TurnArguments as ChargeTurnArguments,
};
pub use crate::database::DatabaseArguments;
pub use crate::fares::arguments::{
    DiffArguments, ExplainArguments, FaresCommand, MapArguments, QuoteArguments,
};
pub use crate::hot::RedisArguments;
pub use crate::lists::arguments::{DenyCommand, RootCommand};
pub use crate::operator::arguments::{
    BooksArguments, DebtsArguments, DecideArguments, DisruptionArguments, ExplainChargeArguments,
    ExportArguments, ExportFormat, FraudArguments, LedgerCheckArguments, LedgerCommand,
    ListRequestsArguments, ProposeArguments, ProposeWriteOffArguments, RefundCommand,
    RequestArguments, ResettleArguments, RiderStatementArguments, StaffCommand, TokenFileArguments,
    WriteOffCommand,
};

/// Faregate takes fares by QR code: it issues codes, checks them at gates without a network, and
/// turns taps into charges that anybody can compute again.
#[derive(Parser, Debug)]
#[command(name = "faregate", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Start here:
  faregate demo                       a morning in Hangzhou, then a page to try it yourself
  faregate demo --once --json         the same without the page, as one JSON object

Run a city:
  faregate keys new --file issuer.age --passphrase-file secret.txt
  faregate serve --db faregate.db --keys issuer.age --passphrase-file secret.txt
  faregate serve --db postgres://faregate@db.example.org/city --redis redis://cache:6379 ...

Look closer:
  faregate token inspect photo.png    what a code says, and whether its form is right
  faregate settle --city CITY --taps taps.csv --db settle.db --json";

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Shows the main job: riders travel a morning, every tap becomes a fare and a charge.
    Demo(DemoArguments),
    /// Serves a city: issuer, tap upload, settlement and the web pages.
    Serve(ServeArguments),
    /// Makes and turns over the issuer's signing keys, kept in an encrypted file.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Denies codes at every gate, and lifts that again.
    #[command(subcommand)]
    Deny(DenyCommand),
    /// Looks into codes.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Looks into city packages and GTFS feeds.
    #[command(subcommand)]
    City(CityCommand),
    /// Settles a file of taps that no gate of ours made.
    Settle(SettleArguments),
    /// Settles days again by the package as it stands, and gives back what was too much.
    Resettle(ResettleArguments),
    /// Declares a disruption in a city package, also one that is over.
    Disruption(DisruptionArguments),
    /// States what each agency earned, and checks such statements.
    #[command(subcommand)]
    Apportion(ApportionCommand),
    /// Checks the ledger against itself and against the taps.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Says why a charge is what it is: journeys, taps, rules.
    Explain(ExplainChargeArguments),
    /// States what a rider travelled and paid in a period, and why.
    Statement(RiderStatementArguments),
    /// Gives money back: one person proposes, another one decides.
    #[command(subcommand)]
    Refund(RefundCommand),
    /// Gives up what cannot be collected: one person proposes, another one decides.
    #[command(subcommand)]
    WriteOff(WriteOffCommand),
    /// Says who may sign in at the operator page, and as what.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Collects what riders owe, and keeps the books of it.
    #[command(subcommand)]
    Charge(ChargeCommand),
    /// Finds what honest riders and gates do not do.
    Fraud(FraudArguments),
    /// Writes the books as files.
    Export(ExportArguments),
    /// Asks a city's rules what travel costs.
    #[command(subcommand)]
    Fares(FaresCommand),
    /// Measures this machine.
    #[command(subcommand)]
    Bench(BenchCommand),
}

/// `faregate city`.
#[derive(Subcommand, Debug)]
pub enum CityCommand {
    /// Tells every defect of a GTFS feed or city package, each with file, row, field, value and
    /// what would be right; fails where there is an error.
    Check {
        /// A folder or a zip file: a bare GTFS feed, or a city package (city.toml and gtfs/).
        path: PathBuf,
        /// Prints the report as one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// `faregate demo`.
#[derive(Args, Debug)]
#[command(after_help = "\
Everything is real: each rider's phone holds its own key, fetches its credential from the issuer
over HTTP, and makes its codes itself; gates decide without asking anybody; taps are uploaded in
signed batches. Some riders cheat. The same --seed and --date make the same morning.

With --data DIR the books stay in DIR. A demo killed while it uploads or settles goes on from
there when it is started again with the same DIR, and ends with the same ledger.")]
pub struct DemoArguments {
    /// Ends after the morning instead of leaving the page open.
    #[arg(long)]
    pub once: bool,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
    /// How many riders travel.
    #[arg(long, default_value_t = 2_400, value_parser = value_parser!(u32).range(1..=200_000))]
    pub riders: u32,
    /// Where chance comes from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The service day, YYYY-MM-DD; the last whole morning where it is left out.
    #[arg(long)]
    pub date: Option<String>,
    /// Where the page is served.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A city package; Hangzhou where it is left out.
    #[arg(long)]
    pub city: Option<PathBuf>,
    /// A folder that keeps the books; a temporary one where it is left out.
    #[arg(long)]
    pub data: Option<PathBuf>,
}

/// `faregate serve`.
#[derive(Args, Debug)]
#[command(after_help = "\
The gates file names each reader that may upload taps, as TOML:

  [[gate]]
  device_id = \"0190163d-8694-739b-aea5-966c26f8ad91\"
  public_key = \"...\"          # Ed25519, base64url
  gate_id = \"00000001\"        # the number that gate-bound codes name
  stop_id = \"hz-fengqi-road\"  # left out on a vehicle
  route_id = \"hz-bus-7\"       # only on a bus

It is read at the start; gates that are known already are brought up to date.")]
pub struct ServeArguments {
    /// A city package; Hangzhou where it is left out.
    #[arg(long)]
    pub city: Option<PathBuf>,
    /// Where its books are.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// The issuer's key file.
    #[arg(long)]
    pub keys: PathBuf,
    /// A file with the passphrase of the key file.
    #[arg(long)]
    pub passphrase_file: PathBuf,
    /// The readers that may upload taps.
    #[arg(long)]
    pub gates: Option<PathBuf>,
    /// The providers and terms of collecting, as docs/CHARGING.md describes the file; nothing is
    /// collected where it is left out.
    #[arg(long)]
    pub charging: Option<PathBuf>,
    /// The folder with the city's roots: signed lists are served from it.
    #[arg(long, requires = "lists_key")]
    pub lists: Option<PathBuf>,
    /// The key file of the online key that signs snapshots, under the same passphrase.
    #[arg(long, requires = "lists")]
    pub lists_key: Option<PathBuf>,
    /// What servers share.
    #[command(flatten)]
    pub redis: RedisArguments,
    /// A reverse proxy of ours: its requests count for the client that it names last in
    /// X-Forwarded-For. May be given several times.
    #[arg(long = "proxy", value_name = "ADDRESS")]
    pub proxies: Vec<IpAddr>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The server's certificate and those that link it to its authority (PEM): HTTPS.
    #[arg(long, requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM).
    #[arg(long, requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Authorities of clients (PEM): who has no certificate of theirs is turned away.
    #[arg(long, requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// Prints the address as a JSON object once it listens.
    #[arg(long)]
    pub json: bool,
}

/// What every `faregate keys` command needs.
#[derive(Args, Debug)]
pub struct KeyFileArguments {
    /// The key file, encrypted with age.
    #[arg(long)]
    pub file: PathBuf,
    /// A file with the passphrase; blanks and line ends around it do not count.
    #[arg(long)]
    pub passphrase_file: PathBuf,
    /// Prints the public side as a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `faregate keys`.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Makes a key file with one key; never overwrites one.
    New {
        /// File, passphrase, output.
        #[command(flatten)]
        key_file: KeyFileArguments,
    },
    /// Adds a key that takes over later, so that gates know it before they meet it.
    #[command(after_help = "\
The old key signs until the new one takes over, and is trusted until the last code that it signed
has run out: no honest rider is refused.")]
    Rotate {
        /// File, passphrase, output.
        #[command(flatten)]
        key_file: KeyFileArguments,
        /// Hours until the new key takes over; readers must fetch keys at least that often.
        #[arg(long, default_value_t = 24)]
        lead_hours: u32,
    },
    /// Lists the public keys and when each signs and is trusted.
    List {
        /// File, passphrase, output.
        #[command(flatten)]
        key_file: KeyFileArguments,
    },
    /// Makes and signs roots, which say whose lists gates take.
    #[command(subcommand)]
    Root(RootCommand),
    /// Stops trusting a key at once: every code it signed is refused. For a stolen key.
    Withdraw {
        /// File, passphrase, output.
        #[command(flatten)]
        key_file: KeyFileArguments,
        /// The key id, eight hexadecimal digits.
        #[arg(long)]
        kid: String,
    },
}

/// `faregate token`.
#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Says what a code holds, from its text or from a PNG or JPEG of it.
    #[command(after_help = "\
Without --keys only the form is checked, and the phone's signature where there is one. With --keys
(the answer of GET /v1/issuer-keys) the issuer's signature is verified too.

Exit code 0: the code is well formed and every signature that could be checked is good. 1: not.")]
    Inspect {
        /// The text of a code (FG1:...), or the path of a picture.
        code: String,
        /// A file with issuer keys, as GET /v1/issuer-keys answers.
        #[arg(long)]
        keys: Option<PathBuf>,
        /// Prints a JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// `faregate settle`.
#[derive(Args, Debug)]
#[command(after_help = "\
The file is CSV with the header
  tap_id,account_id,time,kind,stop_id,route_id,device_id
where time is RFC 3339 with an offset, kind is `on` or `off`, and route_id may be empty. Rows may
stand in any order and be repeated. A row that cannot be used is listed with its number and the
reason, and costs no other row anything. Settling the same file again changes nothing.

`taps`, `journeys`, `charges` and the money count what is in the database; `duplicates` and
`rejected` count rows of this file.

With --shadow nothing is written: the taps in the database, which were charged by --city, are rated
again by the package that --shadow names, and every charge that changes is shown with its cause.
  tariff_version  another tariff of the packages is in force on the day
  rule_row        rows of the packages differ; they are named
  unexplained     this release does not give what is posted, by the tariff it was charged by
Give the same package twice to compare a new release with what an earlier one charged. Exit code 1:
a change is unexplained.")]
pub struct SettleArguments {
    /// The city package: a folder with city.toml and gtfs/; with --shadow also a zip file.
    #[arg(long)]
    pub city: PathBuf,
    /// The taps.
    #[arg(long, required_unless_present = "shadow")]
    pub taps: Option<PathBuf>,
    /// What the file of taps is.
    #[arg(long, value_enum, default_value_t = TapsFormat::Csv)]
    pub format: TapsFormat,
    /// A city package (folder or zip file) whose charges for the recorded taps are shown.
    #[arg(long, conflicts_with_all = ["taps", "dump"])]
    pub shadow: Option<PathBuf>,
    /// Where to keep the books.
    #[command(flatten)]
    pub database: DatabaseArguments,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
    /// Writes the canonical dump (journeys, fares, charges, balances) to this file.
    #[arg(long)]
    pub dump: Option<PathBuf>,
}

/// What a file of taps is.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum TapsFormat {
    /// The columns below.
    Csv,
    /// The table `fare_transactions` of TIDES 1.0 (<https://tides-transit.org>): `token_id` is the
    /// rider, `pattern_id` the route, entering and leaving are taps, other actions are listed.
    Tides,
}

/// `faregate bench`.
#[derive(Subcommand, Debug)]
pub enum BenchCommand {
    /// Measures a gate: the decision, scan to open with the journal on disk, codes per second, and
    /// the memory of faregate-gate with a long deny list. Fails when a promise is not kept.
    Gate(GateBenchArguments),
}

/// `faregate bench gate`.
#[derive(Args, Debug)]
pub struct GateBenchArguments {
    /// Codes shown, half of them tickets and half presentations.
    #[arg(long, default_value_t = 4_000, value_parser = value_parser!(u32).range(10..=16_000))]
    pub codes: u32,
    /// Denied codes of the agent whose memory is measured; 0 leaves memory out.
    #[arg(long, default_value_t = 1_000_000,
          value_parser = value_parser!(u32).range(0..=10_000_000))]
    pub denied: u32,
    /// Denied codes of a second agent, and of a list that is read from its file; 0 leaves both out.
    #[arg(long, default_value_t = 10_000_000,
          value_parser = value_parser!(u32).range(0..=10_000_000))]
    pub denied_long: u32,
    /// The folder in which the journal is made: on the disk to measure. The folder for temporary
    /// files where it is left out, which may be no disk at all.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// The faregate-gate whose memory is measured; the one beside this program where left out.
    #[arg(long)]
    pub agent: Option<PathBuf>,
    /// Prints an array of rows.
    #[arg(long)]
    pub json: bool,
}
