//! Why a day's journeys cost what they cost, in the languages that explanations speak.
//!
//! The books hold English sentences. Other languages are told from the taps: the account's history
//! is folded again, and where it comes to the very journey that is stored, down to its English
//! sentences, that journey can be told in any language. Where it does not (the day waits to be
//! settled, or other rules were in force when it was) nothing is told: better the books' English
//! than a sentence that no charge was made by.

use std::collections::BTreeMap;

use tariff::explain::{Language, no_fare, sentence};
use tariff::{Carry, City, Fare, Journey, rate_day_after};
use units::{AccountId, JourneyId, ServiceDay};

use crate::model::{AccountRecord, StoredJourney};
use crate::ports::{SettlementStore, StoreError};
use crate::recompute::counted_days;

/// A journey, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The whole journey, as [`StoredJourney::because`].
    pub because: String,
    /// A sentence for each of [`StoredJourney::lines`].
    pub lines: Vec<String>,
}

/// The journeys of `account` on `day` that can be told in `language`.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn of_day<S: SettlementStore>(
    store: &S,
    city: &City,
    (account, day): (AccountId, ServiceDay),
    language: Language,
) -> Result<BTreeMap<JourneyId, Told>, StoreError> {
    // Pages are in order of accounts: the one after the id before this account begins with it.
    let before = u128::from_be_bytes(*account.as_bytes()).checked_sub(1);
    let before = before.map(|id| AccountId::from_bytes(id.to_be_bytes()));
    let page = store.accounts_page(before, 1).await?;
    let record = page.into_iter().find(|record| record.account == account);
    Ok(record.map_or_else(BTreeMap::new, |record| tell(city, &record, day, language)))
}

fn tell(
    city: &City,
    record: &AccountRecord,
    day: ServiceDay,
    language: Language,
) -> BTreeMap<JourneyId, Told> {
    let (days, _) = counted_days(city, &record.taps);
    let mut carry = Carry::default();
    let mut journeys = Vec::new();
    for (of, taps) in days.range(..=day) {
        let rated = rate_day_after(city, record.account, *of, taps, &mut carry);
        if *of == day {
            journeys = rated.journeys;
        }
    }
    let is_stored = |journey: &Journey| {
        let same = |stored: &StoredJourney| {
            stored.id == journey.id
                && stored.lines == journey.lines
                && stored.because == journey.sentence()
        };
        record.journeys.iter().any(same)
    };
    let told = journeys.iter().filter(|journey| is_stored(journey));
    told.map(|journey| (journey.id, told_in(city, journey, language)))
        .collect()
}

fn told_in(city: &City, journey: &Journey, language: Language) -> Told {
    let lines = journey.breakdown.iter();
    let lines: Vec<String> = lines.map(|line| sentence(city, line, language)).collect();
    let space = if language == Language::Chinese {
        ""
    } else {
        " "
    };
    Told {
        because: match &journey.fare {
            Fare::Priced(_) => lines.join(space),
            Fare::Unpriced { why } => no_fare(city, why, language),
        },
        lines,
    }
}
