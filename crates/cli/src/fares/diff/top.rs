//! The riders whose totals change most, and why.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tariff::explain::{self, Language};
use tariff::{City, Fare, Journey, Tap, rate_days};
use units::{AccountId, JourneyId, TextId};

use super::super::taps::Rider;
use super::{Bill, category_name};

/// Journeys told of one rider.
const JOURNEYS_TOLD: usize = 3;

/// A rider whose total changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields of the JSON that is printed"
)]
pub(super) struct Change {
    pub(super) account_id: String,
    pub(super) rider_category_id: Option<String>,
    pub(super) rider_category_name: Option<String>,
    pub(super) before_minor: i64,
    pub(super) after_minor: i64,
    pub(super) change_minor: i64,
    /// Journeys whose fares change.
    pub(super) journeys_changed: usize,
    /// Those of them whose fares change most.
    pub(super) journeys: Vec<JourneyChange>,
}

/// A journey whose fare changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct JourneyChange {
    pub(super) day: String,
    /// Null: it has no fare, or taps are paired otherwise.
    pub(super) before_minor: Option<i64>,
    pub(super) after_minor: Option<i64>,
    pub(super) because_before: Vec<String>,
    pub(super) because_after: Vec<String>,
}

/// The largest changes so far, upwards and downwards.
pub(super) struct Top {
    keep: usize,
    more: BTreeMap<(Reverse<i64>, TextId), Kept>,
    less: BTreeMap<(i64, TextId), Kept>,
}

struct Kept {
    account: AccountId,
    category: Option<TextId>,
    before: i64,
    after: i64,
    old: Vec<Tap>,
    new: Vec<Tap>,
}

impl Top {
    pub(super) const fn new(keep: usize) -> Self {
        Self {
            keep,
            more: BTreeMap::new(),
            less: BTreeMap::new(),
        }
    }

    /// Keeps the rider where the change is among the largest; ties go by account. Bills and taps
    /// are those before and after.
    pub(super) fn offer(
        &mut self,
        rider: &Rider,
        category: Option<TextId>,
        [before, after]: [Bill; 2],
        [old, new]: [Vec<Tap>; 2],
    ) {
        let change = after.paid.saturating_sub(before.paid);
        let kept = || Kept {
            account: rider.id,
            category,
            before: before.paid,
            after: after.paid,
            old,
            new,
        };
        if change > 0 {
            let key = (Reverse(change), rider.account);
            offer(&mut self.more, self.keep, key, kept);
        } else if change < 0 {
            let key = (change, rider.account);
            offer(&mut self.less, self.keep, key, kept);
        }
    }

    /// Those who pay more and those who pay less, the largest changes first.
    pub(super) fn explained(
        self,
        old: &City,
        new: &City,
        language: Language,
    ) -> (Vec<Change>, Vec<Change>) {
        let tell = |(account, kept): (TextId, Kept)| {
            let mut journeys = journeys(&kept, old, new, language);
            let journeys_changed = journeys.len();
            journeys.truncate(JOURNEYS_TOLD);
            Change {
                account_id: account.to_string(),
                rider_category_id: kept.category.map(|id| id.to_string()),
                rider_category_name: kept.category.and_then(|id| category_name(old, &id)),
                before_minor: kept.before,
                after_minor: kept.after,
                change_minor: kept.after.saturating_sub(kept.before),
                journeys_changed,
                journeys,
            }
        };
        let more = self.more.into_iter().map(|((_, id), kept)| (id, kept));
        let less = self.less.into_iter().map(|((_, id), kept)| (id, kept));
        (more.map(tell).collect(), less.map(tell).collect())
    }
}

fn offer<K: Ord + Copy>(
    list: &mut BTreeMap<K, Kept>,
    keep: usize,
    key: K,
    kept: impl FnOnce() -> Kept,
) {
    let full = list.len() >= keep;
    if full && list.last_key_value().is_none_or(|(last, _)| *last < key) {
        return;
    }
    list.insert(key, kept());
    if full {
        list.pop_last();
    }
}

/// The journeys of a rider whose fares differ, the largest difference first.
fn journeys(kept: &Kept, old: &City, new: &City, language: Language) -> Vec<JourneyChange> {
    let by_id = |city: &City, taps: &[Tap]| -> BTreeMap<JourneyId, Journey> {
        let days = rate_days(city, kept.account, taps).into_iter();
        let all = days.flat_map(|(_, rating)| rating.journeys);
        all.map(|journey| (journey.id, journey)).collect()
    };
    let (before, after) = (by_id(old, &kept.old), by_id(new, &kept.new));
    let ids: BTreeSet<&JourneyId> = before.keys().chain(after.keys()).collect();
    let mut changed: Vec<(i64, JourneyChange)> = Vec::new();
    for id in ids {
        let (was, is) = (before.get(id), after.get(id));
        let (was_fare, is_fare) = (was.and_then(fare), is.and_then(fare));
        if was_fare == is_fare {
            continue;
        }
        let day = was
            .or(is)
            .map_or(String::new(), |journey| journey.day.to_string());
        let difference = is_fare.unwrap_or(0).saturating_sub(was_fare.unwrap_or(0));
        changed.push((
            difference.saturating_abs(),
            JourneyChange {
                day,
                before_minor: was_fare,
                after_minor: is_fare,
                because_before: was.map_or(Vec::new(), |journey| why(old, journey, language)),
                because_after: is.map_or(Vec::new(), |journey| why(new, journey, language)),
            },
        ));
    }
    changed.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| first.day.cmp(&second.day)));
    changed.into_iter().map(|(_, journey)| journey).collect()
}

const fn fare(journey: &Journey) -> Option<i64> {
    match &journey.fare {
        Fare::Priced(fare) => Some(fare.as_minor()),
        Fare::Unpriced { .. } => None,
    }
}

fn why(city: &City, journey: &Journey, language: Language) -> Vec<String> {
    if let Fare::Unpriced { why } = &journey.fare {
        return vec![explain::no_fare(city, why, language)];
    }
    let lines = journey.breakdown.iter();
    lines
        .map(|line| explain::sentence(city, line, language))
        .collect()
}
