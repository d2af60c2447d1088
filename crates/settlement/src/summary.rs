//! The city's summary: counts for a page or a report, in the city's currency.

use std::collections::BTreeMap;

use units::Currency;

use crate::ports::{Counts, SettlementStore, StoreError};

/// What a store holds, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The currency of the money below.
    pub currency: Currency,
    /// Accounts with a permitted tap.
    pub riders: u64,
    /// Permitted and refused taps; records set aside are not among them.
    pub taps: u64,
    /// Permitted taps of known accounts.
    pub permitted: u64,
    /// Refused taps.
    pub refused: u64,
    /// Refused taps by the refusal's code (crate `validator` names them).
    pub refused_by_code: BTreeMap<u16, u64>,
    /// Records set aside.
    pub quarantined: u64,
    /// Records set aside, by reason.
    pub quarantined_by_reason: BTreeMap<String, u64>,
    /// Permitted taps that are not priced, by flag.
    pub flagged_by_reason: BTreeMap<String, u64>,
    /// Records that came with other bytes under a stored number.
    pub conflicts: u64,
    /// Batches whose chain does not go on where a stored one ended.
    pub chain_breaks: u64,
    /// Journeys, all.
    pub journeys: u64,
    /// Journeys that lack an end.
    pub incomplete: u64,
    /// Journeys that have no fare.
    pub unpriced: u64,
    /// Net fares, minor units.
    pub fares_minor: i64,
    /// Charges, adjustments and credits included.
    pub charges: u64,
    /// Net of all charges, minor units.
    pub charged_minor: i64,
    /// The sum of every posting, minor units; anything but 0 is a fault.
    pub ledger_sum_minor: i64,
    /// Records of gates that wait to be judged.
    pub unjudged: u64,
    /// Account-days that wait to be settled.
    pub dirty_days: u64,
    /// Account-days that cannot be settled or charged.
    pub faulty_days: u64,
}

/// The summary of `store`, with the money that is in `currency`.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn of_store<S: SettlementStore>(
    store: &S,
    currency: Currency,
) -> Result<Summary, StoreError> {
    Ok(of_counts(store.counts().await?, currency))
}

fn of_counts(counts: Counts, currency: Currency) -> Summary {
    let in_currency = |money: &BTreeMap<Currency, i64>| money.get(&currency).copied().unwrap_or(0);
    let refused = counts.refused.values().sum();
    Summary {
        currency,
        riders: counts.riders,
        taps: counts.permitted.saturating_add(refused),
        permitted: counts.permitted,
        refused,
        quarantined: counts.quarantined.values().sum(),
        fares_minor: in_currency(&counts.fares_minor),
        charged_minor: in_currency(&counts.charged_minor),
        ledger_sum_minor: in_currency(&counts.ledger_sum_minor),
        refused_by_code: counts.refused,
        quarantined_by_reason: counts.quarantined,
        flagged_by_reason: counts.flagged,
        conflicts: counts.conflicts,
        chain_breaks: counts.chain_breaks,
        journeys: counts.journeys,
        incomplete: counts.incomplete,
        unpriced: counts.unpriced,
        charges: counts.charges,
        unjudged: counts.unjudged,
        dirty_days: counts.dirty_days,
        faulty_days: counts.faulty_days,
    }
}
