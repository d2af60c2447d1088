//! The canonical dump: what taps came to, as sorted lines of text.
//!
//! Two stores that hold the same set of taps and have closed the same days have the same dump, byte
//! for byte, however the taps came in, if the same refunds were approved: those are an input beside
//! the taps. It holds journeys, flags, fares, approved refunds, net charges and balances; it leaves
//! out the trail (entries, revisions, times of posting, who proposed and decided), which may
//! differ, and what was paid, which does not follow from taps.
//!
//! One line per fact, fields separated by one space, accounts in order of their bytes:
//!
//! ```text
//! faregate canonical dump 1
//! journey ACCOUNT DAY JOURNEY STATUS CURRENCY MINOR|unpriced TAP [TAP]
//! flag ACCOUNT TAP FLAG
//! fares ACCOUNT DAY CURRENCY MINOR        (zero left out)
//! charged ACCOUNT DAY CURRENCY MINOR      (zero left out)
//! refunds ACCOUNT DAY CURRENCY MINOR      (zero left out)
//! balance LEDGER_ACCOUNT CURRENCY MINOR   (riders after their lines, the city's accounts last)
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ledger::LedgerAccount;
use units::{Amount, Currency};

use crate::model::{AccountRecord, StoredFare, status_as_str};
use crate::ports::{SettlementStore, StoreError};
use crate::verify_ledger::ACCOUNTS_PER_PAGE;

/// Writes the canonical dump. Nothing should write to the store meanwhile.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn canonical<S: SettlementStore>(store: &S) -> Result<String, StoreError> {
    let mut text = String::from("faregate canonical dump 1\n");
    let mut totals: BTreeMap<(LedgerAccount, Currency), i128> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.accounts_page(after, ACCOUNTS_PER_PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account);
        for record in &page {
            write_account(&mut text, record);
            for (key, minor) in record.moved_by_payments() {
                *totals.entry(key).or_default() -= minor;
            }
            for row in &record.balances {
                let minor = i128::from(row.balance.as_minor());
                let currency = row.balance.currency();
                match row.account {
                    LedgerAccount::Rider(_) => {
                        line(
                            &mut text,
                            format_args!("balance {} {currency} {minor}", row.account),
                        );
                    }
                    other => *totals.entry((other, currency)).or_default() += minor,
                }
            }
        }
    }
    for ((account, currency), minor) in totals {
        if minor != 0 {
            line(
                &mut text,
                format_args!("balance {account} {currency} {minor}"),
            );
        }
    }
    Ok(text)
}

fn write_account(text: &mut String, record: &AccountRecord) {
    let account = record.account;
    for journey in &record.journeys {
        let (day, id, status) = (journey.day, journey.id, status_as_str(journey.status));
        let fare = match &journey.fare {
            StoredFare::Priced(fare) => format!("{} {}", fare.currency(), fare.as_minor()),
            StoredFare::Unpriced => "XXX unpriced".to_owned(),
        };
        let taps: Vec<String> = journey.taps.iter().map(ToString::to_string).collect();
        let taps = taps.join(" ");
        line(
            text,
            format_args!("journey {account} {day} {id} {status} {fare} {taps}"),
        );
    }
    for (tap, flag) in &record.flags {
        line(text, format_args!("flag {account} {tap} {}", flag.as_str()));
    }
    for day in &record.days {
        let sums = [
            ("fares", day.fares),
            ("charged", day.charged),
            ("refunds", day.refunds),
        ];
        for (what, amount) in sums {
            if amount != Amount::zero(amount.currency()) {
                let (currency, minor) = (amount.currency(), amount.as_minor());
                line(
                    text,
                    format_args!("{what} {account} {} {currency} {minor}", day.day),
                );
            }
        }
    }
}

fn line(text: &mut String, fields: std::fmt::Arguments<'_>) {
    // Writing to a String never fails.
    let _ = writeln!(text, "{fields}");
}
