//! `faregate ledger check`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;
use settlement::{recompute, verify_ledger};

use super::Open;
use super::arguments::{LedgerCheckArguments, LedgerCommand};
use crate::output::Reader;

#[derive(Serialize)]
struct Checked {
    /// No fault and no difference.
    sound: bool,
    entries: u64,
    accounts: u64,
    journeys: u64,
    /// The sum of all postings by currency: 0.
    sums_minor: BTreeMap<String, i128>,
    /// Balances of the city's own accounts and of all riders together.
    balances_minor: BTreeMap<String, BTreeMap<String, i128>>,
    /// Days that are not closed and whose charges are not their fares.
    charges_due: u64,
    faults: u64,
    /// The first 100 faults, as sentences.
    listed_faults: Vec<String>,
    differences: u64,
    /// The first 100 differences between what is stored and what the taps say.
    listed_differences: Vec<String>,
}

/// Checks the ledger. False: something is wrong with it.
///
/// # Errors
/// When the city or the database cannot be read.
pub(crate) async fn run(command: &LedgerCommand) -> Result<bool> {
    let LedgerCommand::Check(LedgerCheckArguments { books, json }) = command;
    let open = Open::new(books).await?;
    open.counter
        .enable_steady_tick(std::time::Duration::from_millis(200));
    let ledger = verify_ledger::verify(&open.store).await?;
    let taps = recompute::compare(&open.store, &open.city).await?;
    open.counter.finish_and_clear();
    let mut balances: BTreeMap<String, BTreeMap<String, i128>> = BTreeMap::new();
    for ((account, currency), minor) in &ledger.totals_minor {
        let of_currency = balances.entry(currency.to_string()).or_default();
        of_currency.insert(account.clone(), *minor);
    }
    let checked = Checked {
        sound: ledger.is_sound() && taps.is_equal(),
        entries: ledger.entries,
        accounts: taps.accounts,
        journeys: taps.journeys,
        sums_minor: text_keys(&ledger.sums_minor),
        balances_minor: balances,
        charges_due: taps.charges_due,
        faults: ledger.faults,
        listed_faults: ledger.listed.iter().map(ToString::to_string).collect(),
        differences: taps.differences,
        listed_differences: taps.listed.iter().map(ToString::to_string).collect(),
    };
    Reader::of(*json).print(&checked, &lines(&checked)?)?;
    Ok(checked.sound)
}

fn text_keys<K: ToString>(sums: &BTreeMap<K, i128>) -> BTreeMap<String, i128> {
    sums.iter()
        .map(|(key, sum)| (key.to_string(), *sum))
        .collect()
}

fn lines(checked: &Checked) -> Result<String> {
    let mut lines = String::new();
    let Checked {
        entries,
        accounts,
        journeys,
        ..
    } = checked;
    writeln!(
        lines,
        "{entries} entries of {accounts} riders, {journeys} journeys"
    )?;
    for (currency, sum) in &checked.sums_minor {
        writeln!(lines, "all postings in {currency} sum to {sum}")?;
    }
    for (currency, balances) in &checked.balances_minor {
        for (account, minor) in balances {
            writeln!(lines, "  {minor:>14} {currency} (minor units)  {account}")?;
        }
    }
    let told = [
        (
            "faults of the ledger",
            checked.faults,
            &checked.listed_faults,
        ),
        (
            "differences from the taps",
            checked.differences,
            &checked.listed_differences,
        ),
    ];
    for (what, count, listed) in told {
        writeln!(lines, "{count} {what}")?;
        for sentence in listed {
            writeln!(lines, "  {sentence}")?;
        }
    }
    let verdict = if checked.sound {
        "The books are sound."
    } else {
        "The books are NOT sound."
    };
    writeln!(lines, "{verdict}")?;
    Ok(lines)
}
