//! Shadow replay: what the recorded taps would be charged by another tariff, or by this release
//! where an earlier one charged them. Nothing is written.
//!
//! For each rider and day three answers stand beside each other: what is posted, what this release
//! makes of the taps by the tariff they were charged by, and what it makes of them by the other
//! tariff. Where the first two differ, no tariff explains it: the releases do not agree, or
//! somebody changed the books. Where only the third differs, the other tariff does: rating is a
//! function of taps and tariff, and nothing else was changed.

use std::collections::{BTreeMap, BTreeSet};

use tariff::City;
use units::{AccountId, JourneyId, ServiceDay};

use crate::model::{AccountRecord, StoredFare, StoredJourney};
use crate::recompute::{fares_minor, from_taps};

/// What replaying one rider's history came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Service days compared.
    pub days: u64,
    /// Days whose taps had not been settled when they were read: they are compared by computing
    /// both sides.
    pub unsettled: u64,
    /// Journeys by the other tariff.
    pub journeys: u64,
    /// Journeys without a fare by the other tariff.
    pub unpriced: u64,
    /// Fares as posted, minor units.
    pub old_minor: i128,
    /// Fares by the other tariff, minor units.
    pub new_minor: i128,
    /// Days that cost something else, in order.
    pub changed: Vec<ChangedDay>,
}

/// A day that costs something else than is posted, or whose posted fares this release cannot
/// reproduce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDay {
    /// Whose.
    pub account: AccountId,
    /// Which day, by the calendar of the tariff it was charged by.
    pub day: ServiceDay,
    /// Fares as posted, minor units.
    pub old_minor: i128,
    /// What this release makes of the taps by the tariff they were charged by.
    pub reproduced_minor: i128,
    /// What it makes of them by the other tariff.
    pub new_minor: i128,
    /// The journeys that cost something else, ordered by id.
    pub journeys: Vec<ChangedJourney>,
}

/// A journey that costs something else; one side is missing where the taps pair differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedJourney {
    /// As posted; as recomputed on a day that was not settled.
    pub old: Option<StoredJourney>,
    /// By the other tariff.
    pub new: Option<StoredJourney>,
}

impl ChangedDay {
    /// Whether this release gives what is posted, by the tariff it was charged by.
    #[must_use]
    pub const fn is_reproduced(&self) -> bool {
        self.old_minor == self.reproduced_minor
    }
}

/// Replays the history of `record`, which was charged by `old`, by `new`. The two cities have one
/// currency.
#[must_use]
pub fn replay(old: &City, new: &City, record: &AccountRecord) -> Replayed {
    let reproduced = from_taps(old, record.account, &record.taps).days;
    let computed = from_taps(new, record.account, &record.taps).days;
    let first_unsettled = record.dirty.iter().min().copied();
    let mut posted: BTreeMap<ServiceDay, Vec<StoredJourney>> = BTreeMap::new();
    for journey in &record.journeys {
        posted.entry(journey.day).or_default().push(journey.clone());
    }
    let fares: BTreeMap<ServiceDay, i128> = record
        .days
        .iter()
        .map(|day| (day.day, i128::from(day.fares.as_minor())))
        .collect();
    let days: BTreeSet<ServiceDay> = [&posted, &reproduced, &computed]
        .into_iter()
        .flat_map(BTreeMap::keys)
        .chain(fares.keys())
        .copied()
        .collect();
    let none = Vec::new();
    let mut replayed = Replayed::default();
    for day in days {
        let of = |side: &'_ BTreeMap<ServiceDay, Vec<StoredJourney>>| side.get(&day).cloned();
        let (again, now) = (of(&reproduced), of(&computed));
        let (again, now) = (
            again.as_ref().unwrap_or(&none),
            now.as_ref().unwrap_or(&none),
        );
        // A late tap also changes the later days of its windows.
        let is_settled = first_unsettled.is_none_or(|dirty| day < dirty);
        let was = if is_settled {
            posted.get(&day).unwrap_or(&none)
        } else {
            again
        };
        let old_minor = match fares.get(&day) {
            Some(fares) if is_settled => *fares,
            _ => fares_minor(was),
        };
        let changed = ChangedDay {
            account: record.account,
            day,
            old_minor,
            reproduced_minor: fares_minor(again),
            new_minor: fares_minor(now),
            journeys: Vec::new(),
        };
        replayed.days += 1;
        replayed.unsettled += u64::from(!is_settled);
        replayed.journeys += count(now.len());
        let unpriced = now
            .iter()
            .filter(|journey| journey.fare == StoredFare::Unpriced);
        replayed.unpriced += count(unpriced.count());
        replayed.old_minor += changed.old_minor;
        replayed.new_minor += changed.new_minor;
        if changed.old_minor != changed.new_minor || !changed.is_reproduced() {
            let journeys = changes(was, now);
            replayed.changed.push(ChangedDay {
                journeys,
                ..changed
            });
        }
    }
    replayed
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

fn changes(was: &[StoredJourney], now: &[StoredJourney]) -> Vec<ChangedJourney> {
    let mut pairs: BTreeMap<JourneyId, [Option<&StoredJourney>; 2]> = BTreeMap::new();
    for (side, journeys) in [was, now].into_iter().enumerate() {
        for journey in journeys {
            if let Some(place) = pairs.entry(journey.id).or_default().get_mut(side) {
                *place = Some(journey);
            }
        }
    }
    let fare = |journey: Option<&StoredJourney>| journey.map(|journey| journey.fare.clone());
    pairs
        .into_values()
        .filter(|[old, new]| fare(*old) != fare(*new))
        .map(|[old, new]| ChangedJourney {
            old: old.cloned(),
            new: new.cloned(),
        })
        .collect()
}
