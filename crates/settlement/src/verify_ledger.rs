//! Verifying the ledger: sums, balances and charges against the entries themselves.

use std::collections::BTreeMap;

use ledger::{LedgerAccount, fold};
use units::{AccountId, Currency, JourneyId, ServiceDay};

use crate::corrections::is_approved_refund;
use crate::model::{About, AccountRecord, StoredFare};
use crate::ports::{SettlementStore, StoreError};

/// Accounts read at a time.
pub(crate) const ACCOUNTS_PER_PAGE: u32 = 500;

/// Faults listed in full; beyond it they are only counted.
pub const FAULTS_LISTED_MAX: usize = 100;

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerReport {
    /// Entries read.
    pub entries: u64,
    /// The sum of every posting, by currency: 0 in a ledger without fault.
    pub sums_minor: BTreeMap<Currency, i128>,
    /// The balance of the city's own accounts and of all riders together (`rider:*`).
    pub totals_minor: BTreeMap<(String, Currency), i128>,
    /// How many faults there are.
    pub faults: u64,
    /// The first [`FAULTS_LISTED_MAX`] of them.
    pub listed: Vec<LedgerFault>,
}

/// One fault of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerFault {
    /// Stored balances are not the fold of the entries.
    #[error("account {account}: the stored balances are not the fold of its entries")]
    Balances {
        /// The account.
        account: AccountId,
    },
    /// What is posted about a journey is not its fare.
    #[error(
        "account {account}, journey {journey}: {posted_minor} is posted, the fare is {fare_minor}"
    )]
    Journey {
        /// The account.
        account: AccountId,
        /// The journey; its fare is 0 when it no longer exists.
        journey: JourneyId,
        /// Posted to the operator, minor units.
        posted_minor: i128,
        /// The journey's fare, minor units.
        fare_minor: i128,
    },
    /// A day's charges are not what the day says, or not what was posted.
    #[error(
        "account {account}, {day}: charges sum to {charges_minor}, the day says {day_minor}, \
         {posted_minor} is posted"
    )]
    Charges {
        /// The account.
        account: AccountId,
        /// The day.
        day: ServiceDay,
        /// Sum of its charges, minor units.
        charges_minor: i128,
        /// What the day says was charged, minor units.
        day_minor: i128,
        /// What the charges' entries post to the rider, minor units.
        posted_minor: i128,
    },
    /// A closed day whose charges are not its fares less its refunds.
    #[error("account {account}, {day}: closed with charges that are not its fares less refunds")]
    Closed {
        /// The account.
        account: AccountId,
        /// The day.
        day: ServiceDay,
    },
    /// A day's refunds are not what was approved, or not what is posted.
    #[error(
        "account {account}, {day}: refunds of {approved_minor} are approved, the day says \
         {day_minor}; {credited_minor} is credited, {posted_minor} is posted"
    )]
    Refunds {
        /// The account.
        account: AccountId,
        /// The day.
        day: ServiceDay,
        /// Sum of its approved refunds, minor units.
        approved_minor: i128,
        /// What the day says was approved, minor units.
        day_minor: i128,
        /// What the day says is credited, minor units.
        credited_minor: i128,
        /// What the refunds' entries post to the rider, minor units.
        posted_minor: i128,
    },
}

impl LedgerReport {
    /// Whether the ledger is without fault.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults == 0 && self.sums_minor.values().all(|sum| *sum == 0)
    }
}

/// Reads every entry and checks that each currency sums to zero, that stored balances are the fold
/// of the entries, that each journey is posted at its fare, that charges are posted once and
/// refunds as approved.
/// Nothing should write meanwhile.
///
/// # Errors
/// [`StoreError`] when the store cannot be read; faults of the ledger are in the report.
pub async fn verify<S: SettlementStore>(store: &S) -> Result<LedgerReport, StoreError> {
    let mut report = LedgerReport::default();
    let mut after = None;
    loop {
        let page = store.accounts_page(after, ACCOUNTS_PER_PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(report);
        };
        after = Some(last.account);
        for record in &page {
            check(record, &mut report);
        }
    }
}

fn check(record: &AccountRecord, report: &mut LedgerReport) {
    let account = record.account;
    let mut faults = Vec::new();
    for posted in &record.entries {
        report.entries += 1;
        for posting in posted.entry.postings() {
            let minor = i128::from(posting.amount.as_minor());
            let currency = posting.amount.currency();
            *report.sums_minor.entry(currency).or_default() += minor;
            let name = match posting.account {
                LedgerAccount::Rider(_) => "rider:*".to_owned(),
                other => other.to_string(),
            };
            *report.totals_minor.entry((name, currency)).or_default() += minor;
        }
    }
    let stored = record.balances.iter().map(|row| (row.account, row.balance));
    let folded = fold(record.entries.iter().map(|posted| &posted.entry));
    if !folded.is_ok_and(|folded| folded.iter().eq(stored)) {
        faults.push(LedgerFault::Balances { account });
    }
    check_journeys(record, &mut faults);
    check_charges(record, &mut faults);
    check_refunds(record, &mut faults);
    for fault in faults {
        report.faults += 1;
        if report.listed.len() < FAULTS_LISTED_MAX {
            report.listed.push(fault);
        }
    }
}

fn check_journeys(record: &AccountRecord, faults: &mut Vec<LedgerFault>) {
    let mut sums: BTreeMap<JourneyId, (i128, i128)> = BTreeMap::new();
    for posted in &record.entries {
        if let About::Journey(journey) = posted.about {
            sums.entry(journey).or_default().0 -= rider_minor(record.account, posted);
        }
    }
    for journey in &record.journeys {
        if let StoredFare::Priced(amount) = journey.fare {
            sums.entry(journey.id).or_default().1 += i128::from(amount.as_minor());
        }
    }
    for (journey, (posted_minor, fare_minor)) in sums {
        if posted_minor != fare_minor {
            faults.push(LedgerFault::Journey {
                account: record.account,
                journey,
                posted_minor,
                fare_minor,
            });
        }
    }
}

fn check_charges(record: &AccountRecord, faults: &mut Vec<LedgerFault>) {
    let account = record.account;
    let mut sums: BTreeMap<ServiceDay, (i128, i128, i128)> = BTreeMap::new();
    for charge in &record.charges {
        sums.entry(charge.day).or_default().0 += i128::from(charge.amount.as_minor());
    }
    for day in &record.days {
        sums.entry(day.day).or_default().1 += i128::from(day.charged.as_minor());
        if day.closed && !day.is_even() {
            faults.push(LedgerFault::Closed {
                account,
                day: day.day,
            });
        }
    }
    for posted in &record.entries {
        if let About::Charge(_) = posted.about {
            sums.entry(posted.day).or_default().2 += rider_minor(account, posted);
        }
    }
    for (day, (charges_minor, day_minor, posted_minor)) in sums {
        if charges_minor != day_minor || charges_minor != posted_minor {
            faults.push(LedgerFault::Charges {
                account,
                day,
                charges_minor,
                day_minor,
                posted_minor,
            });
        }
    }
}

fn check_refunds(record: &AccountRecord, faults: &mut Vec<LedgerFault>) {
    let account = record.account;
    let mut sums: BTreeMap<ServiceDay, [i128; 4]> = BTreeMap::new();
    let approved = record
        .corrections
        .iter()
        .filter(|one| is_approved_refund(one));
    for refund in approved {
        sums.entry(refund.day).or_default()[0] += i128::from(refund.amount.as_minor());
    }
    for day in &record.days {
        let sum = sums.entry(day.day).or_default();
        sum[1] += i128::from(day.refunds.as_minor());
        sum[2] += i128::from(day.credited.as_minor());
    }
    for posted in &record.entries {
        if let About::Refund(_) = posted.about {
            sums.entry(posted.day).or_default()[3] += rider_minor(account, posted);
        }
    }
    for (day, [approved_minor, day_minor, credited_minor, posted_minor]) in sums {
        if approved_minor != day_minor || credited_minor != posted_minor {
            faults.push(LedgerFault::Refunds {
                account,
                day,
                approved_minor,
                day_minor,
                credited_minor,
                posted_minor,
            });
        }
    }
}

fn rider_minor(account: AccountId, posted: &crate::model::PostedEntry) -> i128 {
    posted
        .entry
        .postings()
        .iter()
        .filter(|posting| posting.account == LedgerAccount::Rider(account))
        .map(|posting| i128::from(posting.amount.as_minor()))
        .sum()
}
