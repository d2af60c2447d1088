//! The journeys of service days as operators are given them: without anything that names a rider.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use tariff::{Carry, City, Fare, Journey, Travelled, rate_day_after};
use units::{AccountId, JourneyId, ServiceDay};

use crate::flags;
use crate::model::{AccountRecord, StoredFare, StoredJourney};
use crate::ports::{SettlementStore, StoreError};
use crate::verify_ledger::ACCOUNTS_PER_PAGE;

/// A journey with a fare, as operators are given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedJourney {
    /// The journey: derived from the account and the first tap, and says nothing of either.
    pub id: JourneyId,
    /// Where it went.
    pub travelled: Travelled,
    /// What its rides would have cost alone, in minor units: the prices of the rules, before
    /// transfers, passes, tiers and caps.
    pub alone_minor: i64,
    /// What was paid for it, in minor units.
    pub fare_minor: i64,
}

/// All priced journeys of one rider on one service day, in order of id.
pub type RiderDay = Vec<PublishedJourney>;

/// Rider-days by service day, those of a day in order of their first journey's id: so nobody sees
/// which of two days are the same rider's.
pub type Published = BTreeMap<ServiceDay, Vec<RiderDay>>;

/// Why journeys cannot be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Taps came in that no fare follows from yet, or the stored fares are another city's.
    #[error("the fares of account {account} on {day} are not those of its taps: settle first")]
    NotSettled {
        /// The account.
        account: AccountId,
        /// The day.
        day: ServiceDay,
    },
}

/// Reads the journeys of `days` of all accounts. Nothing should write meanwhile.
///
/// # Errors
/// [`PublishError`]: a number is published when it follows from the taps, or not at all.
pub async fn read<S: SettlementStore>(
    store: &S,
    city: &City,
    days: &RangeInclusive<ServiceDay>,
) -> Result<Published, PublishError> {
    let mut published = Published::new();
    let mut after = None;
    loop {
        let page = store.accounts_page(after, ACCOUNTS_PER_PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.account);
        for record in &page {
            add(city, record, days, &mut published)?;
        }
    }
    for of_day in published.values_mut() {
        of_day.sort_unstable_by_key(|rides| rides.first().map(|first| first.id));
    }
    Ok(published)
}

fn add(
    city: &City,
    record: &AccountRecord,
    days: &RangeInclusive<ServiceDay>,
    published: &mut Published,
) -> Result<(), PublishError> {
    let account = record.account;
    if let Some(day) = record.dirty.iter().find(|day| days.contains(day)) {
        return Err(PublishError::NotSettled { account, day: *day });
    }
    let stored: BTreeMap<JourneyId, &StoredJourney> = record
        .journeys
        .iter()
        .map(|journey| (journey.id, journey))
        .collect();
    let flagged = flags::of_taps(&record.taps, [], city.companions());
    let mut carry = Carry::default();
    for (day, counted) in flagged.counted_by_day(&record.taps) {
        let rated = rate_day_after(city, account, day, &counted, &mut carry);
        if !days.contains(&day) {
            continue;
        }
        let mut rides = RiderDay::new();
        for journey in &rated.journeys {
            let paid = stored.get(&journey.id).map(|stored| &stored.fare);
            match (&journey.fare, paid) {
                (Fare::Priced(now), Some(StoredFare::Priced(paid))) if now == paid => {
                    rides.push(published_journey(city, journey, paid.as_minor()));
                }
                (Fare::Unpriced { .. }, Some(StoredFare::Unpriced)) => {}
                _ => return Err(PublishError::NotSettled { account, day }),
            }
        }
        if !rides.is_empty() {
            rides.sort_unstable_by_key(|ride| ride.id);
            published.entry(day).or_default().push(rides);
        }
    }
    Ok(())
}

fn published_journey(city: &City, journey: &Journey, fare_minor: i64) -> PublishedJourney {
    let lines = journey.breakdown.iter();
    let alone = lines.map(|line| line.price.as_minor());
    let leg = journey.legs.first();
    let tap = journey.breakdown.first().map(|line| line.tap);
    PublishedJourney {
        id: journey.id,
        travelled: Travelled {
            network: match leg {
                Some(leg) => leg.network,
                None => tap.and_then(|tap| city.network(tap.route.as_ref())),
            },
            route: tap.and_then(|tap| tap.route),
            from: leg.map(|leg| leg.from).or(tap.map(|tap| tap.stop)),
            to: leg.and_then(|leg| leg.to),
        },
        alone_minor: alone.fold(0, i64::saturating_add),
        fare_minor,
    }
}
