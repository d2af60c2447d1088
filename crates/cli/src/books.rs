//! Bringing the books up to date, with progress, and what they then say.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Serialize;
use settlement::ports::{Again, ChargeScope, SettlementStore as _};
use settlement::{charge, recompute, settle, summary, verify_ledger};
use store::Store;
use tariff::City;
use units::Timestamp;

use crate::progress;

/// Days with a fault that are listed one by one; the rest is counted.
const FAULTS_LISTED_MAX: u32 = 100;

/// Settles every dirty day and, what was wrong may be mended, every day with a fault; then charges
/// the days of `scope`.
///
/// # Errors
/// When the store fails or the money does not add up.
pub(crate) async fn bring_up_to_date(
    store: &Store,
    city: &City,
    scope: &ChargeScope,
    now: Timestamp,
) -> Result<()> {
    settle::again(store, &Again::Faulty).await?;
    let days_per_step = store.step_days();
    let counter = progress::counter("settling rider days");
    loop {
        match settle::step(store, city, now, days_per_step).await? {
            0 => break,
            days => counter.inc(u64::from(days)),
        }
    }
    counter.finish_and_clear();
    let counter = progress::counter("charging rider days");
    loop {
        match charge::step(store, scope, now, days_per_step).await? {
            0 => break,
            days => counter.inc(u64::from(days)),
        }
    }
    counter.finish_and_clear();
    Ok(())
}

/// What the books say, and whether they are what the taps say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Books {
    /// Journeys with every tap they need.
    pub(crate) journeys: u64,
    /// Journeys that lack one.
    pub(crate) incomplete: u64,
    /// Journeys that no rule prices.
    pub(crate) unpriced: u64,
    pub(crate) charges: u64,
    pub(crate) charged_minor: i64,
    pub(crate) currency: String,
    pub(crate) ledger_sum_minor: i64,
    /// Journeys, fares, charges and balances computed again from the taps alone are the same.
    pub(crate) recompute_equal: bool,
    /// Taps with a verified signature that are not charged, by reason.
    pub(crate) flagged_by_reason: BTreeMap<String, u64>,
    /// Records set aside, by reason.
    pub(crate) quarantined_by_reason: BTreeMap<String, u64>,
    /// Riders' days that cannot be settled or charged: they stand as they last stood.
    pub(crate) faulty_days: u64,
    /// The first of them.
    pub(crate) faults: Vec<Faulty>,
}

/// A rider's day that cannot be settled or charged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Faulty {
    pub(crate) account: String,
    pub(crate) day: String,
    pub(crate) because: String,
}

/// The first days with a fault; each is told loudly too.
///
/// # Errors
/// When the store fails.
pub(crate) async fn faults(store: &Store) -> Result<Vec<Faulty>> {
    let found = store.day_faults(None, FAULTS_LISTED_MAX).await?;
    let told = found.into_iter().map(|fault| {
        let (account, day, because) = (fault.account, fault.day, fault.because);
        tracing::error!(%account, %day, because, "a rider's day cannot be settled");
        Faulty {
            account: account.to_string(),
            day: day.to_string(),
            because,
        }
    });
    Ok(told.collect())
}

/// The same for a person.
pub(crate) fn fault_lines(count: u64, listed: &[Faulty]) -> String {
    if count == 0 {
        return String::new();
    }
    let mut lines = format!("{count} days of riders CANNOT BE SETTLED and stand as they stood:\n");
    for fault in listed {
        let Faulty {
            account,
            day,
            because,
        } = fault;
        lines.push_str(&format!("  {day}, rider {account}: {because}\n"));
    }
    lines
}

/// Reads the books and computes them again from the taps.
///
/// # Errors
/// When the store fails, or the ledger contradicts itself.
pub(crate) async fn read(store: &Store, city: &City) -> Result<Books> {
    let seen = summary::of_store(store, city.currency()).await?;
    let recomputed = recompute::compare(store, city).await?;
    for difference in &recomputed.listed {
        tracing::error!(%difference, "the stored books are not what the taps say");
    }
    let ledger = verify_ledger::verify(store).await?;
    if !ledger.is_sound() {
        for fault in &ledger.listed {
            tracing::error!(?fault, "the ledger contradicts itself");
        }
        bail!(
            "the ledger has {} faults; nothing here can be trusted",
            ledger.faults
        );
    }
    Ok(Books {
        journeys: seen.journeys.saturating_sub(seen.incomplete),
        incomplete: seen.incomplete,
        unpriced: seen.unpriced,
        charges: seen.charges,
        charged_minor: seen.charged_minor,
        currency: city.currency().to_string(),
        ledger_sum_minor: seen.ledger_sum_minor,
        recompute_equal: recomputed.differences == 0,
        flagged_by_reason: seen.flagged_by_reason,
        quarantined_by_reason: seen.quarantined_by_reason,
        faulty_days: seen.faulty_days,
        faults: faults(store).await?,
    })
}
