//! Settling: dirty days become journeys and ledger entries.
//!
//! What is posted for a journey is always exactly the fare stored with it, because both change in
//! one transaction. So a day is settled by rating its taps, comparing with the stored journeys, and
//! posting each difference as a new entry. Entry ids are derived from (account, day, revision,
//! journey): doing a killed transaction again makes the same entries.
//!
//! Where a city counts over days (caps of a week, money spent in a month), a day is rated after the
//! earlier days of its windows, which are folded again from their taps each time; nothing that was
//! posted enters. A day whose journeys or flags change makes the later days of its windows dirty.
//!
//! A day whose money does not add up keeps nobody else from being settled: it stays as it was, and
//! its fault is listed until it was settled again ([`again`]) without one.
//!
//! Signs are the ledger's: below zero the holder owes. A fare posts −fare to the rider (a debit)
//! and +fare to the operator (a credit).

use std::collections::BTreeMap;

use ledger::{Entry, EntryKind, LedgerAccount, Posting};
use tariff::{Carry, City, Tap, rate_day_after, total_of_day, window_start, windows_end};
use units::{AccountId, Amount, Balance, JourneyId, ServiceDay, TapId, Timestamp};

use crate::flags;
use crate::ids;
use crate::model::{About, AccountDay, PostedEntry, StoredFare, StoredJourney, StoredTap, TapFlag};
use crate::ports::{
    Again, DayChange, DayFault, DayState, DayWindow, MoneyFault, SettlementStore, StoreError,
};

/// Settles until no day is dirty. Answers how many days were taken.
///
/// # Errors
/// [`StoreError`]; everything settled before it stays settled.
pub async fn all<S: SettlementStore>(
    store: &S,
    city: &City,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut taken = 0;
    loop {
        match step(store, city, now, store.step_days()).await? {
            0 => return Ok(taken),
            days => taken += u64::from(days),
        }
    }
}

/// Settles about `limit` dirty days in one transaction. Answers how many; 0 = none is dirty.
///
/// # Errors
/// [`StoreError`]; then nothing of this step was written.
pub async fn step<S: SettlementStore>(
    store: &S,
    city: &City,
    now: Timestamp,
    limit: u32,
) -> Result<u32, StoreError> {
    store
        .settle_dirty(
            limit,
            |day| window(city, day),
            |state| {
                decide(city, state, now).unwrap_or_else(|fault| stays(city, state, &fault, now))
            },
        )
        .await
}

/// Makes days dirty, so that they are settled again: those that a change of the package is about,
/// such as a disruption that was declared afterwards, or those with a fault. Answers how many.
///
/// # Errors
/// [`StoreError`]; doing it again is safe.
pub async fn again<S: SettlementStore>(store: &S, which: &Again) -> Result<u64, StoreError> {
    store.settle_again(which).await
}

/// One rider's fault keeps nobody else from being settled: the day stays as it stands, with the
/// fault beside it.
fn stays(city: &City, state: &DayState, fault: &MoneyFault, now: Timestamp) -> DayChange {
    let stands = state.account_day.clone();
    let none = || AccountDay::empty(state.account, state.day, city.currency());
    DayChange {
        account_day: stands.unwrap_or_else(none),
        journeys: state.journeys.clone(),
        flags: state.flags.clone(),
        entries: Vec::new(),
        reaches: state.day,
        fault: Some(DayFault::new(state.account, state.day, fault, now)),
    }
}

/// How far `day` reaches: back to the first service day whose taps its fares depend on
/// ([`DayState::earlier`]), and from when to when.
#[must_use]
pub fn window(city: &City, day: ServiceDay) -> DayWindow {
    let (starts, ends) = city.day_bounds(day);
    DayWindow {
        first: window_start(city, day).unwrap_or(ServiceDay::from_days(i32::MIN)),
        starts,
        ends,
    }
}

/// What a day's taps make of it: the pure heart of settling.
///
/// # Errors
/// [`MoneyFault`] when sums leave 64 bits or currencies differ.
pub fn decide(city: &City, state: &DayState, now: Timestamp) -> Result<DayChange, MoneyFault> {
    let currency = city.currency();
    let was = state
        .account_day
        .clone()
        .unwrap_or_else(|| AccountDay::empty(state.account, state.day, currency));
    let (journeys, flags) = rate(city, state);
    let fares = total(city, &was, &journeys)?;
    if journeys == state.journeys && flags == state.flags && state.account_day.is_some() {
        return Ok(DayChange {
            account_day: was,
            journeys,
            flags,
            entries: Vec::new(),
            reaches: state.day,
            fault: None,
        });
    }
    let reaches = if journeys == state.journeys && flags == state.flags {
        state.day
    } else {
        windows_end(city, state.day).unwrap_or(ServiceDay::from_days(i32::MAX))
    };
    let account_day = AccountDay {
        revision: was.revision.saturating_add(1),
        fares,
        ..was
    };
    let account_day = AccountDay {
        closed: account_day.closed && account_day.is_even(),
        ..account_day
    };
    let entries = differences(city, &account_day, &state.journeys, &journeys, now)?;
    Ok(DayChange {
        account_day,
        journeys,
        flags,
        entries,
        reaches,
        fault: None,
    })
}

/// Rates a day after the earlier days of its windows: its journeys, and its flags.
fn rate(city: &City, state: &DayState) -> (Vec<StoredJourney>, Vec<(TapId, TapFlag)>) {
    let carry = &mut Carry::default();
    let others = || state.elsewhere.iter();
    let flagged = |taps, others| flags::of_taps(taps, others, city.companions());
    if !state.earlier.is_empty() {
        let others: Vec<&StoredTap> = state.taps.iter().chain(others()).collect();
        let days = flagged(&state.earlier, others).counted_by_day(&state.earlier);
        for (day, taps) in days {
            // Only what it leaves for the next days is of interest.
            let _ = total_of_day(city, day, &taps, carry);
        }
    }
    let found = flagged(&state.taps, state.earlier.iter().chain(others()).collect());
    let counted = found.counted(&state.taps);
    (
        journeys_of(city, state.account, state.day, &counted, carry),
        found.flags,
    )
}

/// The journeys of a day's counted taps after the days that `carry` has seen, as they are stored.
pub(crate) fn journeys_of(
    city: &City,
    account: AccountId,
    day: ServiceDay,
    counted: &[Tap],
    carry: &mut Carry,
) -> Vec<StoredJourney> {
    let times: BTreeMap<TapId, Timestamp> = counted.iter().map(|tap| (tap.id, tap.at)).collect();
    let mut journeys: Vec<StoredJourney> = rate_day_after(city, account, day, counted, carry)
        .journeys
        .into_iter()
        .map(|journey| {
            let first = journey.taps.first().and_then(|id| times.get(id)).copied();
            // A journey always has a tap of the day; the day's start is the honest fallback.
            let first = first.unwrap_or_else(|| city.day_bounds(day).0);
            StoredJourney::of(account, first, journey)
        })
        .collect();
    journeys.sort_by_key(|journey| (journey.started_at, journey.id));
    journeys
}

fn total(city: &City, day: &AccountDay, journeys: &[StoredJourney]) -> Result<Amount, MoneyFault> {
    let overflow = MoneyFault::Overflow {
        account: day.account,
        day: day.day,
    };
    let currencies = [day.fares.currency(), day.charged.currency()];
    if let Some(got) = currencies.into_iter().find(|got| *got != city.currency()) {
        return Err(MoneyFault::Currency {
            account: day.account,
            day: day.day,
            expected: city.currency(),
            got,
        });
    }
    journeys
        .iter()
        .filter_map(|journey| match journey.fare {
            StoredFare::Priced(amount) => Some(amount),
            StoredFare::Unpriced => None,
        })
        .try_fold(Amount::zero(city.currency()), Amount::checked_add)
        .ok_or(overflow)
}

/// One entry per journey whose fare is not what is posted.
fn differences(
    city: &City,
    day: &AccountDay,
    before: &[StoredJourney],
    after: &[StoredJourney],
    now: Timestamp,
) -> Result<Vec<PostedEntry>, MoneyFault> {
    let mut fares: BTreeMap<JourneyId, (Option<i64>, i64)> = BTreeMap::new();
    for journey in before {
        fares.entry(journey.id).or_default().0 = Some(journey.fare.as_minor());
    }
    for journey in after {
        fares.entry(journey.id).or_default().1 = journey.fare.as_minor();
    }
    let mut entries = Vec::new();
    for (journey, (old, new)) in fares {
        // Both are at least 0, so the difference of two i64 cannot overflow.
        let difference = new - old.unwrap_or(0);
        if difference == 0 {
            continue;
        }
        let is = Balance::new(new, city.currency());
        let (kind, description) = match old {
            None => (EntryKind::Fare, fare_description(journey, is)),
            Some(old) => {
                let was = Balance::new(old, city.currency());
                let text = format!("Journey {journey} was posted at {was} and is now {is}.");
                (EntryKind::Correction, text)
            }
        };
        entries.push(post(
            day,
            About::Journey(journey),
            day.revision,
            EntryText {
                at: now,
                kind,
                description,
            },
            [
                (LedgerAccount::Rider(day.account), -difference),
                (LedgerAccount::Operator(city.operator().id), difference),
            ],
        )?);
    }
    Ok(entries)
}

/// How the entry that posts the first fare of a journey is described.
#[must_use]
pub fn fare_description(journey: JourneyId, fare: Balance) -> String {
    format!("Fare of journey {journey}: {fare}.")
}

/// When, what for, and why.
pub(crate) struct EntryText {
    pub(crate) at: Timestamp,
    pub(crate) kind: EntryKind,
    pub(crate) description: String,
}

/// Makes the entry of two postings about `about`, in the currency of the day.
pub(crate) fn post(
    day: &AccountDay,
    about: About,
    revision: u32,
    text: EntryText,
    lines: [(LedgerAccount, i64); 2],
) -> Result<PostedEntry, MoneyFault> {
    let currency = day.fares.currency();
    let postings = lines
        .into_iter()
        .map(|(account, minor)| Posting {
            account,
            amount: Balance::new(minor, currency),
        })
        .collect();
    let id = ids::entry_of(day.account, day.day, revision, about.as_bytes());
    let entry = Entry::new(id, text.at, text.kind, text.description, postings);
    Ok(PostedEntry {
        account: day.account,
        day: day.day,
        about,
        entry: entry.map_err(|source| MoneyFault::Entry {
            account: day.account,
            day: day.day,
            source,
        })?,
    })
}
