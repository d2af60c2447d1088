//! One tariff of a city: a folder with a feed and extension files, and what the city asks of it
//! beyond what every feed must keep.

use units::NetworkId;

use super::manifest::{self, Manifest};
use super::places::{Places, check_ids};
use crate::ext::CityRules;
use crate::feed::{Feed, FeedFile, FeedFiles};
use crate::{CityFiles, Defect, LoadReport};

/// The folder of the tariff that is in force before all `[[tariff]]`.
pub(super) const FIRST: &str = "gtfs/";

/// Extension files that price travel by themselves.
const PRICES: [&str; 3] = [
    "fare_distance_bands.txt",
    "fare_od_matrix.csv",
    "fare_zone_tickets.txt",
];

/// What a folder holds.
pub(super) struct Tables {
    pub(super) places: Places,
    pub(super) rules: CityRules,
}

impl Tables {
    /// Reads `folder`, which ends with `/`; every defect goes to `report`.
    pub(super) fn read(
        files: &CityFiles,
        folder: &str,
        manifest: &Manifest,
        report: &mut LoadReport,
    ) -> Self {
        let own = FeedFiles::of_city(files, folder);
        let feed = Feed::read_what_is_sound(&own, report);
        check_ids(&feed, &own, report);
        check_presence(&own, report);
        check_zone(&feed, &own, manifest, report);
        check_currency(&feed, &own, manifest, report);
        let places = Places::of(&feed);
        let rules = CityRules::read(files, folder, feed, &places, manifest.currency, report);
        Self { places, rules }
    }
}

/// Taps are at stops; and with no file that prices travel, the name of one is misspelt.
fn check_presence(files: &FeedFiles<'_>, report: &mut LoadReport) {
    let missing = |file| Defect::of_file(&files.path(file), "the file to exist");
    if !files.has(FeedFile::Stops.name()) {
        report.push(missing(FeedFile::Stops));
    }
    let by_rules = [FeedFile::LegRules, FeedFile::FareAttributes];
    if !by_rules.iter().any(|file| files.has(file.name()))
        && !PRICES.iter().any(|file| files.has(file))
    {
        report.push(missing(FeedFile::LegRules));
    }
}

fn check_zone(feed: &Feed, files: &FeedFiles<'_>, manifest: &Manifest, report: &mut LoadReport) {
    let Some(zone) = manifest.time_zone.as_deref() else {
        return;
    };
    let file = files.path(FeedFile::Agency);
    for row in &feed.agencies {
        if let Some(other) = row.time_zone.as_deref().filter(|other| *other != zone) {
            let expected = format!("the city's time zone {zone}");
            let (line, field) = (u64::from(row.row), "agency_timezone");
            report.push(Defect::of_field(&file, line, field, other, expected));
        }
    }
}

fn check_currency(
    feed: &Feed,
    files: &FeedFiles<'_>,
    manifest: &Manifest,
    report: &mut LoadReport,
) {
    let Some(currency) = manifest.currency else {
        return;
    };
    let mut check = |file, row, field, other: units::Currency| {
        if other != currency {
            let expected = format!("the city's currency {currency}");
            let (path, row) = (files.path(file), u64::from(row));
            report.push(Defect::of_field(&path, row, field, other.code(), expected));
        }
    };
    for row in &feed.products {
        check(
            FeedFile::FareProducts,
            row.row,
            "currency",
            row.amount.currency(),
        );
    }
    for row in &feed.fare_attributes {
        check(
            FeedFile::FareAttributes,
            row.row,
            "currency_type",
            row.price.currency(),
        );
    }
}

/// The networks that `city.toml` names must be in one tariff at least, and those without tap off
/// must have a fare that needs no destination in each tariff that has them.
pub(super) fn check_networks(manifest: &Manifest, tables: &[Tables], report: &mut LoadReport) {
    let mut check = |field: &str, id: &NetworkId, row: u64, good: bool, expected: &str| {
        if !good {
            let file = manifest::FILE;
            report.push(Defect::of_field(file, row, field, id.as_str(), expected));
        }
    };
    let has = |tables: &Tables, id: &NetworkId| tables.places.networks.contains(id);
    let exists = |id: &NetworkId| tables.iter().any(|one| has(one, id));
    let expected = "a network of gtfs/networks.txt or gtfs/routes.txt";
    if let Some((id, row)) = &manifest.default_network {
        check("default_network", id, *row, exists(id), expected);
    }
    for (id, row) in &manifest.tap_on_only {
        check("tap_on_only.network", id, *row, exists(id), expected);
        let mut with = tables.iter().filter(|one| has(one, id));
        let priced = with.all(|one| prices_boarding(one.rules.fares.feed(), id));
        let expected = "a network that has a leg rule with empty to_area_id";
        check("tap_on_only.network", id, *row, priced, expected);
    }
}

/// Whether some rule may price a leg of `network` that has no destination.
fn prices_boarding(feed: &Feed, network: &NetworkId) -> bool {
    if !feed.is_v2() {
        return true;
    }
    let network = feed.ids.networks.find(network.as_str());
    let mut rules = feed.leg_rules.iter();
    let listed = rules.any(|rule| network.is_some() && rule.network == network);
    feed.leg_rules.iter().any(|rule| {
        let matches = match rule.network {
            Some(_) => rule.network == network,
            None => feed.has_rule_priority || !listed,
        };
        matches && rule.to_area.is_none()
    })
}
