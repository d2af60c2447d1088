//! `faregate apportion verify`: every number again from the published journeys.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use settlement::apportion::Earner;
use settlement::apportion::shares::{self, Shares};
use settlement::apportion::statement::{self, Statement};
use tariff::City;
use units::{Balance, ServiceDay};

use super::archive::Archive;
use super::arguments::VerifyArguments;
use crate::folder;
use crate::output::Reader;

#[derive(Serialize)]
struct Verified {
    /// Whether every number is the one that the journeys give.
    equal: bool,
    statements: usize,
    journeys: u64,
    currency: String,
    /// What the statements together pay, by earner; of the asked agency alone where one is asked.
    totals_minor: BTreeMap<String, i64>,
    differences: Vec<Difference>,
}

#[derive(Serialize)]
struct Difference {
    statement: u32,
    day: String,
    earner: String,
    stated_minor: i64,
    recomputed_minor: i64,
}

/// Verifies the folder. False: a number differs.
///
/// # Errors
/// When a file cannot be read, was altered, or the folder holds no statement.
pub(super) fn run(arguments: &VerifyArguments) -> Result<bool> {
    let folder = arguments.folder.display();
    ensure!(arguments.folder.is_dir(), "{folder} is no folder");
    let city = folder::load_city(arguments.city.as_deref())?;
    let archive = Archive::open(&arguments.folder, &city)?;
    ensure!(
        !archive.statements.is_empty(),
        "{folder} has no statement-0001.json"
    );
    let asked = arguments.agency.as_deref().map(Earner::parse);
    let asked = asked.transpose().context("--agency")?;
    let told = |earner: &Earner| asked.is_none_or(|asked| asked == *earner);
    let mut verified = verify(&city, &archive)?;
    let mut totals = Shares::new();
    for of_statement in &archive.statements {
        shares::add(&mut totals, &of_statement.totals()?)?;
    }
    let told_totals = totals.iter().filter(|(earner, _)| told(earner));
    verified.totals_minor = told_totals
        .map(|(earner, minor)| (earner.to_string(), *minor))
        .collect();
    verified.equal = verified.differences.is_empty();
    if let Some(asked) = asked {
        let asked = asked.to_string();
        verified
            .differences
            .retain(|difference| difference.earner == asked);
    }
    Reader::of(arguments.json).print(&verified, &lines(&city, &verified)?)?;
    Ok(verified.equal)
}

fn verify(city: &City, archive: &Archive) -> Result<Verified> {
    let mut verified = Verified {
        equal: true,
        statements: archive.statements.len(),
        journeys: 0,
        currency: city.currency().to_string(),
        totals_minor: BTreeMap::new(),
        differences: Vec::new(),
    };
    let mut now: BTreeMap<ServiceDay, Shares> = BTreeMap::new();
    for (place, stated) in archive.statements.iter().enumerate() {
        let published = archive.journeys(stated.number)?;
        let journeys = published.values().flatten().map(Vec::len).sum::<usize>();
        verified.journeys = verified.journeys.saturating_add(u64::try_from(journeys)?);
        // Days that lost all their journeys since are in no list, and earn nothing.
        for change in &stated.adjustments {
            now.insert(change.day, Shares::new());
        }
        now.extend(shares::of_days(city, &published)?);
        let earlier = archive.statements.get(..place).unwrap_or_default();
        let recomputed = statement::next(earlier, &stated.days, &now)?;
        compare(stated, &recomputed, &mut verified.differences);
    }
    Ok(verified)
}

/// Everything that differs: shares of the period by day, and adjustments by what they come to.
fn compare(stated: &Statement, recomputed: &Statement, differences: &mut Vec<Difference>) {
    let (stated_by, recomputed_by) = (by_place(stated), by_place(recomputed));
    let places = stated_by.keys().chain(recomputed_by.keys());
    let mut places: Vec<_> = places.collect();
    places.sort_unstable();
    places.dedup();
    for place in places {
        let minor = |by: &BTreeMap<(ServiceDay, Earner), i64>| by.get(place).copied();
        let (was, is) = (minor(&stated_by), minor(&recomputed_by));
        if was.unwrap_or(0) != is.unwrap_or(0) {
            differences.push(Difference {
                statement: stated.number,
                day: place.0.to_string(),
                earner: place.1.to_string(),
                stated_minor: was.unwrap_or(0),
                recomputed_minor: is.unwrap_or(0),
            });
        }
    }
}

/// A statement's numbers: a day is either in its period or adjusted, never both.
fn by_place(statement: &Statement) -> BTreeMap<(ServiceDay, Earner), i64> {
    let mut by = BTreeMap::new();
    for (day, shares) in &statement.shares {
        by.extend(
            shares
                .iter()
                .map(|(earner, minor)| ((*day, *earner), *minor)),
        );
    }
    for change in &statement.adjustments {
        let minor = change.is_minor.saturating_sub(change.was_minor);
        by.insert((change.day, change.earner), minor);
    }
    by
}

fn lines(city: &City, verified: &Verified) -> Result<String> {
    let money = |minor| Balance::new(minor, city.currency());
    let mut lines = String::new();
    let Verified {
        statements,
        journeys,
        ..
    } = verified;
    writeln!(
        lines,
        "{statements} statements, {journeys} published journeys"
    )?;
    for (earner, minor) in &verified.totals_minor {
        writeln!(lines, "  {:>14}  {earner}", money(*minor).to_string())?;
    }
    for difference in &verified.differences {
        let Difference {
            statement,
            day,
            earner,
            stated_minor,
            recomputed_minor,
        } = difference;
        let (stated, computed) = (money(*stated_minor), money(*recomputed_minor));
        writeln!(
            lines,
            "statement {statement}, {day}, {earner}: stated {stated}, computed {computed}"
        )?;
    }
    let verdict = if verified.equal {
        "Every number is the one that the journeys give."
    } else {
        "The statements are NOT what their journeys give."
    };
    writeln!(lines, "{verdict}")?;
    Ok(lines)
}
