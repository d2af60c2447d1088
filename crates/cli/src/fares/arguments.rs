//! The command line of `faregate fares`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tariff::explain::Language;

/// `faregate fares`.
#[derive(Subcommand, Debug)]
pub enum FaresCommand {
    /// Prices itineraries, each line with the rule that asks for it.
    Quote(QuoteArguments),
    /// Says why taps or itineraries cost what they cost: taps, leg, rule, product, transfer, cap.
    Explain(ExplainArguments),
    /// Rates the same taps by two city packages: revenue before and after, and who pays more.
    Diff(DiffArguments),
    /// Draws what it costs from one stop to all others.
    Map(MapArguments),
}

/// `faregate fares quote`.
#[derive(Args, Debug)]
#[command(after_help = "\
The legs are a JSON array of itineraries:
  [{\"id\": \"1\", \"rider_category\": \"adult\", \"fare_media\": \"card\", \"legs\": [
    {\"route_id\": \"r1\", \"from_stop_id\": \"a\", \"to_stop_id\": \"b\",
     \"start\": \"2026-01-31T08:00:00\", \"end\": \"2026-01-31T08:20:00\"}]}]
start and end are local, without offset. network_id may stand for route_id (\"\" is in no network),
from_area_ids and to_area_ids for the stops. What the feed does not list is in no area and no
network. docs/FARES.md says how rules are read.")]
pub struct QuoteArguments {
    /// A GTFS feed or a city package: a folder, or a zip file. The fare files alone are enough.
    #[arg(long)]
    pub city: PathBuf,
    /// The itineraries; - is standard input.
    #[arg(long)]
    pub legs: PathBuf,
    /// Prints one JSON array on standard output.
    #[arg(long)]
    pub json: bool,
    /// The language of explanations: en, zh or ko.
    #[arg(long, visible_alias = "lang", default_value = "en", value_parser = language)]
    pub language: Language,
}

/// `faregate fares explain`.
#[derive(Args, Debug)]
#[command(after_help = "\
--taps takes the CSV of `faregate settle` and needs a city package; --legs takes the JSON of
`faregate fares quote` and needs a feed. --riders is CSV with the header
  account_id,rider_category_id
for riders who are not in the city's default category.")]
pub struct ExplainArguments {
    /// A city package or a GTFS feed: a folder, or a zip file.
    #[arg(long)]
    pub city: PathBuf,
    /// A file of taps.
    #[arg(long, required_unless_present = "legs", conflicts_with = "legs")]
    pub taps: Option<PathBuf>,
    /// A file of itineraries; - is standard input.
    #[arg(long)]
    pub legs: Option<PathBuf>,
    /// The rider categories of accounts.
    #[arg(long, requires = "taps")]
    pub riders: Option<PathBuf>,
    /// Only the taps of this account.
    #[arg(long, requires = "taps")]
    pub account: Option<String>,
    /// Prints one JSON array on standard output.
    #[arg(long)]
    pub json: bool,
    /// The language of sentences: en, zh or ko.
    #[arg(long, default_value = "en", value_parser = language)]
    pub language: Language,
}

/// `faregate fares diff`.
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is charged and nothing is stored: both tariffs rate every rider's taps in memory, rider by
rider. The taps are the CSV of `faregate settle`; their stops and routes are those of OLD. A stop
that NEW lacks leaves its journeys without a fare, and they are counted.

--riders is CSV with the header
  account_id,rider_category_id
for riders who are not in the default category.")]
pub struct DiffArguments {
    /// The city package in force: a folder, or a zip file.
    pub old: PathBuf,
    /// The city package to come.
    pub new: PathBuf,
    /// A file of taps.
    #[arg(long)]
    pub taps: PathBuf,
    /// The rider categories of accounts.
    #[arg(long)]
    pub riders: Option<PathBuf>,
    /// How many of the largest changes to explain, of those who pay more and of those who pay less.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub top: u16,
    /// Prints one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
    /// Writes a page that needs no network to this file.
    #[arg(long)]
    pub html: Option<PathBuf>,
    /// The language of explanations: en, zh or ko.
    #[arg(long, default_value = "en", value_parser = language)]
    pub language: Language,
}

/// `faregate fares map`.
#[derive(Args, Debug)]
#[command(after_help = "\
The file's ending decides: .svg, .png or .html (names and fares on hover, and as a table). Fares are
those of the whole city: rules of GTFS, matrices, distances, concessions. Of a bare feed, which does
not say what network a stop is on, it is the cheapest network's unless --route names one.")]
pub struct MapArguments {
    /// A city package or a GTFS feed: a folder, or a zip file.
    #[arg(long)]
    pub city: PathBuf,
    /// Where the ride begins: a `stop_id`.
    #[arg(long)]
    pub from: String,
    /// When, by the clock there: YYYY-MM-DDTHH:MM; today at noon where it is left out.
    #[arg(long)]
    pub at: Option<String>,
    /// The rider category; the default one where it is left out.
    #[arg(long)]
    pub category: Option<String>,
    /// The route travelled on; that of the city's gates where it is left out.
    #[arg(long)]
    pub route: Option<String>,
    /// The picture.
    #[arg(long)]
    pub out: PathBuf,
    /// Prints the fares as one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
    /// The language of sentences: en, zh or ko.
    #[arg(long, default_value = "en", value_parser = language)]
    pub language: Language,
}

/// Reads the tag of a language that explanations speak.
///
/// # Errors
/// A sentence, for any other tag.
pub(crate) fn language(tag: &str) -> Result<Language, String> {
    Language::of_tag(tag).ok_or_else(|| "en, zh or ko is wanted".to_owned())
}
