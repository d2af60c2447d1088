//! Recomputing: from the taps alone to journeys, fares, charges and balances, compared with what is
//! stored.
//!
//! Nothing stored but the taps goes into the computation. The one thing taps cannot say is which
//! days somebody has closed; so a closed day must be charged its recomputed fares less refunds, a
//! day that is not closed (or was changed by a late tap since) is counted as due. Refunds that two
//! persons approved are taken as they are; how much of them counts follows from the fares.
//! What was paid follows from no tap: balances are compared with entries about payments added.

use std::collections::BTreeMap;

use ledger::LedgerAccount;
use tariff::{Carry, City, Tap};
use units::{AccountId, Balance, Currency, ServiceDay, TapId};

use crate::flags;
use crate::model::{AccountRecord, LedgerBalance, StoredJourney, StoredTap, TapFlag};
use crate::ports::{SettlementStore, StoreError};
use crate::settle;
use crate::verify_ledger::ACCOUNTS_PER_PAGE;

/// Differences listed in full; beyond it they are only counted.
pub const DIFFERENCES_LISTED_MAX: usize = 100;

/// What recomputing found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recomputed {
    /// Accounts read.
    pub accounts: u64,
    /// Permitted taps read.
    pub taps: u64,
    /// Journeys computed.
    pub journeys: u64,
    /// Fares computed, by currency, in minor units.
    pub fares_minor: BTreeMap<Currency, i128>,
    /// Account-days that are not closed and whose charges are not their fares less refunds.
    pub charges_due: u64,
    /// How many differences there are.
    pub differences: u64,
    /// The first [`DIFFERENCES_LISTED_MAX`] of them.
    pub listed: Vec<Difference>,
}

/// One difference between what is stored and what the taps say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("account {account}{}: {what}: stored {stored}, recomputed {recomputed}", on(*.day))]
pub struct Difference {
    /// The account.
    pub account: AccountId,
    /// The day, where it is about one.
    pub day: Option<ServiceDay>,
    /// What differs.
    pub what: &'static str,
    /// As stored.
    pub stored: String,
    /// As the taps say.
    pub recomputed: String,
}

fn on(day: Option<ServiceDay>) -> String {
    day.map(|day| format!(" on {day}")).unwrap_or_default()
}

impl Recomputed {
    /// Whether everything stored is what the taps say.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.differences == 0
    }

    fn differs(
        &mut self,
        account: AccountId,
        day: Option<ServiceDay>,
        what: &'static str,
        stored: String,
        recomputed: String,
    ) {
        self.differences += 1;
        if self.listed.len() < DIFFERENCES_LISTED_MAX {
            self.listed.push(Difference {
                account,
                day,
                what,
                stored,
                recomputed,
            });
        }
    }
}

/// Reads every tap and compares. Dirty days show up as differences: settle first. Nothing should
/// write meanwhile.
///
/// # Errors
/// [`StoreError`] when the store cannot be read; differences are in the answer.
pub async fn compare<S: SettlementStore>(store: &S, city: &City) -> Result<Recomputed, StoreError> {
    let mut report = Recomputed::default();
    let mut after = None;
    loop {
        let page = store.accounts_page(after, ACCOUNTS_PER_PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(report);
        };
        after = Some(last.account);
        for record in &page {
            compare_account(city, record, &mut report);
        }
    }
}

/// What the taps of an account make of it.
pub(crate) struct FromTaps {
    pub(crate) days: BTreeMap<ServiceDay, Vec<StoredJourney>>,
    flags: Vec<(TapId, TapFlag)>,
}

/// One fold over the whole history: settling folds each day's windows alone.
pub(crate) fn from_taps(city: &City, account: AccountId, taps: &[StoredTap]) -> FromTaps {
    let (days, flags) = counted_days(city, taps);
    let mut carry = Carry::default();
    let days = days.into_iter().map(|(day, counted)| {
        let journeys = settle::journeys_of(city, account, day, &counted, &mut carry);
        (day, journeys)
    });
    FromTaps {
        days: days.collect(),
        flags,
    }
}

/// The taps that are priced, by service day.
type CountedDays = BTreeMap<ServiceDay, Vec<Tap>>;

/// The taps that are priced, and the flags of the others.
pub(crate) fn counted_days(
    city: &City,
    taps: &[StoredTap],
) -> (CountedDays, Vec<(TapId, TapFlag)>) {
    let taps: Vec<StoredTap> = taps
        .iter()
        .map(|tap| StoredTap {
            day: city.service_day(tap.tap.at),
            ..tap.clone()
        })
        .collect();
    let flagged = flags::of_taps(&taps, [], city.companions());
    (flagged.counted_by_day(&taps), flagged.flags)
}

fn compare_account(city: &City, record: &AccountRecord, report: &mut Recomputed) {
    let account = record.account;
    let computed = from_taps(city, account, &record.taps);
    report.accounts += 1;
    report.taps += u64::try_from(record.taps.len()).unwrap_or(u64::MAX);
    if computed.flags != record.flags {
        let (stored, computed) = (
            format!("{:?}", record.flags),
            format!("{:?}", computed.flags),
        );
        report.differs(account, None, "flags", stored, computed);
    }
    compare_journeys(record, &computed, report);
    let mut expected: BTreeMap<LedgerAccount, i128> = BTreeMap::new();
    let mut days: BTreeMap<ServiceDay, i128> = computed
        .days
        .iter()
        .map(|(day, journeys)| (*day, fares_minor(journeys)))
        .collect();
    for day in &record.days {
        let fares = days.remove(&day.day).unwrap_or(0);
        let stored = (
            i128::from(day.fares.as_minor()),
            i128::from(day.charged.as_minor()),
        );
        if stored.0 != fares {
            let (stored, fares) = (stored.0.to_string(), fares.to_string());
            report.differs(account, Some(day.day), "fares", stored, fares);
        }
        let credit = fares.min(i128::from(day.refunds.as_minor()));
        let due = fares - credit;
        if day.closed && stored.1 != due {
            let (stored, due) = (stored.1.to_string(), due.to_string());
            report.differs(account, Some(day.day), "charges", stored, due);
        }
        report.charges_due += u64::from(!day.closed && stored.1 != due);
        let (charged, credited) = if day.closed {
            (due, credit)
        } else {
            (stored.1, i128::from(day.credited.as_minor()))
        };
        let rider = charged + credited - fares;
        *expected.entry(LedgerAccount::Rider(account)).or_default() += rider;
        *expected.entry(LedgerAccount::Allowances).or_default() -= credited;
        let operator = LedgerAccount::Operator(city.operator().id);
        *expected.entry(operator).or_default() += fares;
        *expected.entry(LedgerAccount::Clearing).or_default() -= charged;
        *report.fares_minor.entry(city.currency()).or_default() += fares;
    }
    for (day, fares) in days {
        report.differs(
            account,
            Some(day),
            "day",
            "none".to_owned(),
            fares.to_string(),
        );
    }
    for ((ledger_account, currency), minor) in record.moved_by_payments() {
        if currency == city.currency() {
            *expected.entry(ledger_account).or_default() += minor;
        }
    }
    compare_balances(city, record, &expected, report);
}

fn compare_journeys(record: &AccountRecord, computed: &FromTaps, report: &mut Recomputed) {
    let mut stored: BTreeMap<ServiceDay, Vec<&StoredJourney>> = BTreeMap::new();
    for journey in &record.journeys {
        stored.entry(journey.day).or_default().push(journey);
    }
    for (day, journeys) in &computed.days {
        report.journeys += u64::try_from(journeys.len()).unwrap_or(u64::MAX);
        let kept = stored.remove(day).unwrap_or_default();
        if !kept.iter().copied().eq(journeys) {
            let names = |of: &mut dyn Iterator<Item = &StoredJourney>| {
                of.map(|journey| format!("{} {}", journey.id, journey.fare.as_minor()))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let was = names(&mut kept.iter().copied());
            let is = names(&mut journeys.iter());
            report.differs(record.account, Some(*day), "journeys", was, is);
        }
    }
    for (day, kept) in stored {
        let was = format!("{} journeys", kept.len());
        report.differs(
            record.account,
            Some(day),
            "journeys",
            was,
            "none".to_owned(),
        );
    }
}

fn compare_balances(
    city: &City,
    record: &AccountRecord,
    expected: &BTreeMap<LedgerAccount, i128>,
    report: &mut Recomputed,
) {
    let computed: Vec<LedgerBalance> = expected
        .iter()
        .filter(|(_, minor)| **minor != 0)
        .filter_map(|(account, minor)| {
            Some(LedgerBalance {
                account: *account,
                balance: Balance::new(i64::try_from(*minor).ok()?, city.currency()),
            })
        })
        .collect();
    if computed != record.balances {
        let list = |rows: &[LedgerBalance]| {
            rows.iter()
                .map(|row| format!("{} {}", row.account, row.balance))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (stored, computed) = (list(&record.balances), list(&computed));
        report.differs(record.account, None, "balances", stored, computed);
    }
}

pub(crate) fn fares_minor(journeys: &[StoredJourney]) -> i128 {
    journeys
        .iter()
        .map(|journey| i128::from(journey.fare.as_minor()))
        .sum()
}
