//! What one rider's taps say.

use std::collections::BTreeMap;

use tariff::{City, Medium};
use units::CredentialId;

use super::{Finding, Kind, Limits, place};
use crate::model::{CodeUse, StoredTap, TapSource};

/// What is carried in one pocket: two phones of a family may be far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Carried {
    Medium(Medium),
    Credential(CredentialId),
    /// A tap of an outside file, which says no more than the account.
    Account,
}

/// The findings about taps of one account.
pub(super) fn findings(city: &City, limits: Limits, taps: &[&StoredTap]) -> Vec<Finding> {
    let mut in_time: Vec<&StoredTap> = taps.to_vec();
    in_time.sort_unstable_by_key(|tap| (tap.tap.at, tap.tap.id));
    let mut findings = Vec::new();
    let mut last: BTreeMap<Carried, &StoredTap> = BTreeMap::new();
    let mut opened: BTreeMap<CodeUse, &StoredTap> = BTreeMap::new();
    for tap in in_time {
        if let Some(before) = last.insert(carried(tap), tap) {
            findings.extend(impossible(city, limits, before, tap));
        }
        let Some(code) = tap.code else { continue };
        match opened.get(&code) {
            Some(first) => findings.extend(twice(city, first, tap)),
            None => {
                opened.insert(code, tap);
            }
        }
    }
    findings
}

fn carried(tap: &StoredTap) -> Carried {
    match (tap.tap.holder.medium, tap.code) {
        (Some(medium), _) => Carried::Medium(medium),
        (None, Some(code)) => Carried::Credential(code.credential),
        (None, None) => Carried::Account,
    }
}

fn impossible(city: &City, limits: Limits, before: &StoredTap, tap: &StoredTap) -> Option<Finding> {
    let metres = place::metres_at_least(city, &before.tap.stop, &tap.tap.stop)?;
    let seconds = u64::try_from(tap.tap.at.since(before.tap.at).as_secs()).ok()?;
    let slack = seconds.saturating_add(u64::from(limits.clock_slack_s));
    if metres <= slack.saturating_mul(u64::from(limits.metres_per_second)) {
        return None;
    }
    Some(Finding {
        day: tap.day,
        at: before.tap.at,
        kind: Kind::ImpossibleTravel,
        taps: vec![before.tap.id, tap.tap.id],
        because: format!(
            "The same phone or card tapped at {} and {seconds} s later at {}, \
             {}.{} km away as the crow flies.",
            name(city, before),
            name(city, tap),
            metres / 1_000,
            metres % 1_000 / 100,
        ),
    })
}

fn twice(city: &City, first: &StoredTap, tap: &StoredTap) -> Option<Finding> {
    let (TapSource::Gate { device: one, .. }, TapSource::Gate { device: other, .. }) =
        (first.source, tap.source)
    else {
        return None;
    };
    (one != other).then(|| Finding {
        day: tap.day,
        at: first.tap.at,
        kind: Kind::CodeAtTwoGates,
        taps: vec![first.tap.id, tap.tap.id],
        because: format!(
            "One code opened a gate at {} and {} s later another at {}: \
             a picture of it, a copy, or a relay.",
            name(city, first),
            tap.tap.at.since(first.tap.at).as_secs(),
            name(city, tap),
        ),
    })
}

fn name<'a>(city: &'a City, tap: &'a StoredTap) -> &'a str {
    let stop = city.stop(&tap.tap.stop);
    stop.map_or(tap.tap.stop.as_str(), |stop| stop.name.as_str())
}
