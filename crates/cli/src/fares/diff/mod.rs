//! `faregate fares diff`: two tariffs rate the same taps, and what that means for whom.
//!
//! Memory holds one part of the taps, the tallies and the largest changes, however long the file.

mod chart;
mod html;
mod lines;
mod tally;
mod told;
mod top;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use tariff::explain::Language;
use tariff::{Carry, City, Fare, Tap, rate_days, total_of_day};
use units::{AccountId, ServiceDay, TextId};

use super::arguments::DiffArguments;
use super::taps::{self, Categories, Counts};
use crate::output::Reader;
use crate::package;
use chart::Chart;
use tally::{Impact, Tally};
use top::{Change, Top};

/// What came of the shadow run.
#[derive(Serialize)]
struct Diff {
    /// Its name, by NEW.
    city: String,
    old: String,
    new: String,
    currency: String,
    #[serde(flatten)]
    counts: Counts,
    /// First and last service day of the taps, by OLD.
    first_day: Option<String>,
    last_day: Option<String>,
    all: Impact,
    /// By rider category; riders of none are in OLD's default one.
    by_category: Vec<OfCategory>,
    /// How many riders' totals changed by how much.
    histogram: Chart,
    pay_most_more: Vec<Change>,
    pay_most_less: Vec<Change>,
    /// Of the sentences.
    #[serde(skip)]
    language: Language,
}

#[derive(Serialize)]
struct OfCategory {
    /// Null where the tariff has no categories.
    rider_category_id: Option<String>,
    rider_category_name: Option<String>,
    #[serde(flatten)]
    impact: Impact,
}

/// What one rider pays by one tariff.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Bill {
    /// Minor units, over the journeys that have a fare.
    paid: i64,
    /// Journeys without a fare.
    unpriced: u64,
}

/// Compares the tariffs; true: everything was rated.
///
/// # Errors
/// When a package or the file of taps cannot be used.
pub(super) fn run(arguments: &DiffArguments) -> Result<bool> {
    let old = package::city(&package::read(&arguments.old)?, &arguments.old)?;
    let new = package::city(&package::read(&arguments.new)?, &arguments.new)?;
    if old.currency() != new.currency() {
        bail!(
            "fares in {} and in {} cannot be compared",
            old.currency(),
            new.currency()
        );
    }
    let categories = Categories::read(arguments.riders.as_deref())?;
    let diff = compare(arguments, &old, &new, &categories)?;
    if let Some(path) = &arguments.html {
        let page = html::page(&diff)?;
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Reader::of(arguments.json).print(&diff, &lines::of(&diff)?)?;
    Ok(true)
}

fn compare(
    arguments: &DiffArguments,
    old: &City,
    new: &City,
    categories: &Categories,
) -> Result<Diff> {
    let mut all = Tally::default();
    let mut by_category: BTreeMap<Option<TextId>, Tally> = BTreeMap::new();
    let mut top = Top::new(usize::from(arguments.top));
    let mut days: Option<(ServiceDay, ServiceDay)> = None;
    let default = default_category(old);
    let dealt = taps::deal(old, &arguments.taps, None)?;
    let counts = dealt.each(categories, |rider| {
        let (old_taps, new_taps) = (rider.taps_in(old)?, rider.taps_in(new)?);
        for tap in &old_taps {
            let day = old.service_day(tap.at);
            let (first, last) = days.unwrap_or((day, day));
            days = Some((first.min(day), last.max(day)));
        }
        let before = bill(old, rider.id, &old_taps);
        let after = bill(new, rider.id, &new_taps);
        all.add(before, after);
        let category = rider.category.or(default);
        by_category.entry(category).or_default().add(before, after);
        top.offer(&rider, category, [before, after], [old_taps, new_taps]);
        Ok(())
    })?;
    let (pay_most_more, pay_most_less) = top.explained(old, new, arguments.language);
    let histogram = Chart::of(all.deltas());
    Ok(Diff {
        city: new.name().to_owned(),
        old: arguments.old.display().to_string(),
        new: arguments.new.display().to_string(),
        currency: old.currency().code().to_owned(),
        counts,
        first_day: days.map(|(first, _)| first.to_string()),
        last_day: days.map(|(_, last)| last.to_string()),
        all: all.impact(),
        by_category: by_category
            .into_iter()
            .map(|(category, tally)| OfCategory {
                rider_category_name: category.and_then(|id| category_name(old, &id)),
                rider_category_id: category.map(|id| id.to_string()),
                impact: tally.impact(),
            })
            .collect(),
        histogram,
        pay_most_more,
        pay_most_less,
        language: arguments.language,
    })
}

/// The category of riders for whom none is named.
fn default_category(city: &City) -> Option<TextId> {
    let rows = &city.fares().feed().categories;
    let place = rows.iter().position(|row| row.is_default)?;
    city.rider_categories().get(place).copied()
}

/// What the city calls a category.
fn category_name(city: &City, id: &TextId) -> Option<String> {
    let feed = city.fares().feed();
    let category = feed.ids.categories.find(id.as_str())?;
    let row = feed.categories.get(category.index())?;
    Some(row.name.to_string())
}

/// What the taps cost: quickly where every journey has a fare.
fn bill(city: &City, account: AccountId, taps: &[Tap]) -> Bill {
    let mut days: BTreeMap<ServiceDay, Vec<Tap>> = BTreeMap::new();
    for tap in taps {
        days.entry(city.service_day(tap.at)).or_default().push(*tap);
    }
    let mut carry = Carry::default();
    let paid = days.iter().try_fold(0_i64, |sum, (day, taps)| {
        sum.checked_add(total_of_day(city, *day, taps, &mut carry)?)
    });
    if let Some(paid) = paid {
        return Bill { paid, unpriced: 0 };
    }
    let rated = rate_days(city, account, taps);
    let journeys = rated.iter().flat_map(|(_, rating)| &rating.journeys);
    journeys.fold(Bill::default(), |mut bill, journey| {
        match &journey.fare {
            Fare::Priced(fare) => bill.paid = bill.paid.saturating_add(fare.as_minor()),
            Fare::Unpriced { .. } => bill.unpriced = bill.unpriced.saturating_add(1),
        }
        bill
    })
}
