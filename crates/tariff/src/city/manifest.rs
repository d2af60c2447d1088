//! `city.toml`: what GTFS does not say about a city.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use units::{Amount, Currency, NetworkId, ServiceDay, Span};

use super::{CityFiles, Companions, IncompletePolicy};
use crate::calendar::{self, Calendar};
use crate::{Defect, LoadReport};

/// The file itself, at the top of a city's folder.
pub(crate) const FILE: &str = "city.toml";

/// Bytes of `city.toml`: it has some twenty lines.
const FILE_BYTES_MAX: usize = 64 << 10;

/// Minutes of the longest journey: a service day.
const LONGEST_MINUTES_MAX: i64 = 24 * 60;

/// Minor units of the maximum fare: a limit against a slipped key, far above any fare.
const MAXIMUM_MINOR_MAX: i64 = 1_000_000_000;

/// Bytes of a name: those of GTFS names.
const NAME_BYTES_MAX: usize = 512;

/// Tariffs of one city that take over from another: two a year for a generation.
const TARIFFS_MAX: usize = 64;

/// A `[[tariff]]`: what is in force from a service day on.
#[derive(Debug)]
pub(crate) struct Later {
    pub(crate) effective: ServiceDay,
    /// The folder of its files, with `/`.
    pub(crate) folder: String,
    /// What it asks for an incomplete journey and the line that says so; `None`: as before it.
    pub(crate) incomplete: Option<(IncompletePolicy, u64)>,
}

/// What `city.toml` says, each part `None` where it is defective.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) names: BTreeMap<String, String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) calendar: Option<Calendar>,
    pub(crate) currency: Option<Currency>,
    pub(crate) longest_journey: Option<Span>,
    pub(crate) companions: Option<Companions>,
    pub(crate) incomplete: Option<IncompletePolicy>,
    /// The line that sets the maximum fare.
    pub(crate) incomplete_row: u64,
    pub(crate) operator_name: String,
    /// With the line that names it.
    pub(crate) default_network: Option<(NetworkId, u64)>,
    /// With the lines that name them.
    pub(crate) tap_on_only: BTreeMap<NetworkId, u64>,
    /// By their days.
    pub(crate) tariffs: Vec<Later>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: Spanned<String>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    time_zone: Spanned<String>,
    currency: Spanned<String>,
    service_day_starts: Spanned<String>,
    default_network: Option<Spanned<String>>,
    journey: RawJourney,
    incomplete: RawIncomplete,
    operator: RawOperator,
    #[serde(default)]
    tap_on_only: Vec<RawTapOnOnly>,
    #[serde(default)]
    tariff: Vec<RawTariff>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawJourney {
    longest_minutes: Spanned<i64>,
    companions: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIncomplete {
    policy: Spanned<String>,
    maximum_minor: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOperator {
    name: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTapOnOnly {
    network: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTariff {
    effective: Spanned<String>,
    gtfs: Spanned<String>,
    maximum_minor: Option<Spanned<i64>>,
}

/// Reads `city.toml`. `None`: it cannot be read at all; otherwise as much as is sound.
pub(crate) fn read(files: &CityFiles, report: &mut LoadReport) -> Option<Manifest> {
    let Some(bytes) = files.0.get(FILE) else {
        report.push(Defect::of_file(FILE, "the file to exist"));
        return None;
    };
    if bytes.len() > FILE_BYTES_MAX {
        report.push(Defect::of_file(
            FILE,
            format!("at most {FILE_BYTES_MAX} bytes"),
        ));
        return None;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        report.push(Defect::of_file(FILE, "UTF-8 text"));
        return None;
    };
    match toml::from_str::<Raw>(text) {
        Ok(raw) => Some(Reader { text, report }.manifest(raw)),
        Err(error) => {
            let row = error.span().map(|span| line_of(text, &span));
            let expected = format!("TOML with the keys of a city ({})", error.message().trim());
            report.push(Defect {
                row,
                ..Defect::of_file(FILE, expected)
            });
            None
        }
    }
}

fn line_of(text: &str, span: &Range<usize>) -> u64 {
    let before = text
        .bytes()
        .take(span.start)
        .filter(|byte| *byte == b'\n')
        .count();
    u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1)
}

struct Reader<'a> {
    text: &'a str,
    report: &'a mut LoadReport,
}

impl Reader<'_> {
    fn manifest(&mut self, raw: Raw) -> Manifest {
        let zone = calendar::zone(raw.time_zone.get_ref());
        let zone = self.or_defect(zone, &raw.time_zone, "time_zone", "an IANA time zone");
        let starts = calendar::day_start(raw.service_day_starts.get_ref());
        let expected = "a time from 00:00 to 11:59, like 03:00";
        let starts = self.or_defect(
            starts,
            &raw.service_day_starts,
            "service_day_starts",
            expected,
        );
        let currency = iso_currency::Currency::from_code(raw.currency.get_ref())
            .and_then(|iso| Currency::from_code(iso.code()).ok());
        let expected = "an ISO 4217 currency code, like CNY";
        let currency = self.or_defect(currency, &raw.currency, "currency", expected);
        let minutes = *raw.journey.longest_minutes.get_ref();
        let longest = (1..=LONGEST_MINUTES_MAX)
            .contains(&minutes)
            .then(|| Span::from_secs(minutes.saturating_mul(60)));
        let longest_journey = self.or_defect(
            longest,
            &raw.journey.longest_minutes,
            "journey.longest_minutes",
            &format!("minutes from 1 to {LONGEST_MINUTES_MAX}"),
        );
        let companions = self.companions(raw.journey.companions.as_ref());
        let incomplete = self.incomplete(&raw.incomplete, currency);
        let default_network = raw
            .default_network
            .as_ref()
            .and_then(|network| self.network(network, "default_network"));
        let mut tap_on_only = BTreeMap::new();
        for entry in &raw.tap_on_only {
            if let Some((id, row)) = self.network(&entry.network, "tap_on_only.network")
                && tap_on_only.insert(id, row).is_some()
            {
                self.defect(&entry.network, "tap_on_only.network", "each network once");
            }
        }
        self.check_names(&raw.names);
        let tariffs = self.tariffs(&raw.tariff, currency);
        Manifest {
            time_zone: zone.is_some().then(|| raw.time_zone.get_ref().clone()),
            calendar: zone
                .zip(starts)
                .map(|(zone, starts)| Calendar::new(zone, starts)),
            currency,
            longest_journey,
            companions,
            incomplete,
            incomplete_row: line_of(self.text, &raw.incomplete.maximum_minor.span()),
            default_network,
            tap_on_only,
            tariffs,
            name: self.name(&raw.name, "name"),
            operator_name: self.name(&raw.operator.name, "operator.name"),
            names: raw.names,
        }
    }

    fn companions(&mut self, raw: Option<&Spanned<String>>) -> Option<Companions> {
        let Some(raw) = raw else {
            return Some(Companions::Together);
        };
        let known = match raw.get_ref().as_str() {
            "together" => Some(Companions::Together),
            "one_by_one" => Some(Companions::OneByOne),
            _ => None,
        };
        self.or_defect(known, raw, "journey.companions", "together or one_by_one")
    }

    fn incomplete(
        &mut self,
        raw: &RawIncomplete,
        currency: Option<Currency>,
    ) -> Option<IncompletePolicy> {
        let known = (raw.policy.get_ref() == "maximum_fare").then_some(());
        let known = self.or_defect(known, &raw.policy, "incomplete.policy", "maximum_fare");
        let maximum = self.maximum(&raw.maximum_minor, "incomplete.maximum_minor", currency);
        known?;
        maximum
    }

    fn maximum(
        &mut self,
        value: &Spanned<i64>,
        field: &str,
        currency: Option<Currency>,
    ) -> Option<IncompletePolicy> {
        let minor = *value.get_ref();
        let minor = (0..=MAXIMUM_MINOR_MAX).contains(&minor).then_some(minor);
        let expected = format!("minor units from 0 to {MAXIMUM_MINOR_MAX}");
        let minor = self.or_defect(minor, value, field, &expected)?;
        Amount::new(minor, currency?)
            .ok()
            .map(IncompletePolicy::MaximumFare)
    }

    fn tariffs(&mut self, raw: &[RawTariff], currency: Option<Currency>) -> Vec<Later> {
        let mut tariffs: Vec<Later> = Vec::new();
        for entry in raw.iter().take(TARIFFS_MAX) {
            let day = ServiceDay::parse(entry.effective.get_ref()).ok();
            let expected = "a service day as YYYY-MM-DD";
            let day = self.or_defect(day, &entry.effective, "tariff.effective", expected);
            let name = entry.gtfs.get_ref();
            let good = !name.is_empty()
                && !name.starts_with('.')
                && name.len() <= NAME_BYTES_MAX
                && !name.contains(['/', '\\', '\0']);
            let expected = "the name of a folder beside city.toml";
            let folder = good.then(|| format!("{name}/"));
            let folder = self.or_defect(folder, &entry.gtfs, "tariff.gtfs", expected);
            let incomplete = entry.maximum_minor.as_ref().and_then(|value| {
                let policy = self.maximum(value, "tariff.maximum_minor", currency)?;
                Some((policy, line_of(self.text, &value.span())))
            });
            let (Some(effective), Some(folder)) = (day, folder) else {
                continue;
            };
            if tariffs.iter().any(|known| known.effective == effective) {
                self.defect(&entry.effective, "tariff.effective", "each day once");
            }
            tariffs.push(Later {
                effective,
                folder,
                incomplete,
            });
        }
        if let Some(beyond) = raw.get(TARIFFS_MAX) {
            let expected = format!("at most {TARIFFS_MAX} tariffs");
            self.defect(&beyond.gtfs, "tariff", &expected);
        }
        tariffs.sort_by_key(|tariff| tariff.effective);
        tariffs
    }

    fn network(&mut self, value: &Spanned<String>, field: &str) -> Option<(NetworkId, u64)> {
        let id = NetworkId::new(value.get_ref()).ok();
        let id = self.or_defect(id, value, field, "the id of a network")?;
        Some((id, line_of(self.text, &value.span())))
    }

    fn name(&mut self, value: &Spanned<String>, field: &str) -> String {
        let text = value.get_ref();
        let good = !text.trim().is_empty() && text.len() <= NAME_BYTES_MAX;
        if !good {
            self.defect(
                value,
                field,
                &format!("a name of 1 to {NAME_BYTES_MAX} bytes"),
            );
        }
        text.clone()
    }

    fn check_names(&mut self, names: &BTreeMap<String, String>) {
        for (language, name) in names {
            if language.is_empty() || name.trim().is_empty() || name.len() > NAME_BYTES_MAX {
                let expected = format!("a name of 1 to {NAME_BYTES_MAX} bytes for each language");
                self.report.push(Defect {
                    field: Some(format!("names.{language}")),
                    ..Defect::of_file(FILE, expected)
                });
            }
        }
    }

    fn or_defect<T, V: ToString>(
        &mut self,
        found: Option<T>,
        value: &Spanned<V>,
        field: &str,
        expected: &str,
    ) -> Option<T> {
        if found.is_none() {
            self.defect(value, field, expected);
        }
        found
    }

    fn defect<V: ToString>(&mut self, value: &Spanned<V>, field: &str, expected: &str) {
        let row = line_of(self.text, &value.span());
        let value = value.get_ref().to_string();
        self.report
            .push(Defect::of_field(FILE, row, field, &value, expected));
    }
}
