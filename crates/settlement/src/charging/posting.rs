//! What a look-up found, as entries: the difference to what is posted.

use ledger::{Entry, EntryKind, LedgerAccount, PostError, Posting};
use units::{Balance, Timestamp};

use super::model::{Payment, Totals, Truth};
use super::ports::TopUp;
use crate::ids;
use crate::model::{About, PostedEntry};

/// Why what a provider has cannot be posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostingFault {
    /// The provider's sums leave 64 bits, or are in another currency than the payment.
    #[error("what the provider has of payment {payment} cannot be added up in its currency")]
    Sums {
        /// The payment.
        payment: units::PaymentId,
    },
    /// An entry could not be made.
    #[error("no entry can be made for payment {payment}")]
    Entry {
        /// The payment.
        payment: units::PaymentId,
        /// What the ledger said.
        #[source]
        source: PostError,
    },
}

/// The entries that make the ledger say what `truth` says, and the payment with what is posted
/// then. Nothing where it says so already, so doing it again changes nothing.
///
/// # Errors
/// [`PostingFault`]; then nothing is to be written.
pub fn differences(
    payment: &Payment,
    truth: &Truth,
    now: Timestamp,
) -> Result<(Payment, Vec<PostedEntry>), PostingFault> {
    let id = payment.id;
    let sums = || PostingFault::Sums { payment: id };
    let is = truth.totals(payment.currency()).ok_or_else(sums)?;
    let Totals {
        collected,
        given_back,
        charged_back,
    } = payment.posted;
    // (kind, what moved from the rider to the provider)
    let moved = [
        (EntryKind::Payment, is.collected.checked_sub(collected)),
        (EntryKind::Refund, given_back.checked_sub(is.given_back)),
        (
            EntryKind::Chargeback,
            charged_back.checked_sub(is.charged_back),
        ),
    ];
    let mut after = payment.clone();
    let mut entries = Vec::new();
    for (kind, minor) in moved {
        let minor = minor.ok_or_else(sums)?;
        if minor == 0 {
            continue;
        }
        let back = minor.checked_neg().ok_or_else(sums)?;
        after.entries = after.entries.saturating_add(1);
        let line = |account, minor| Posting {
            account,
            amount: Balance::new(minor, payment.currency()),
        };
        let lines = vec![
            line(LedgerAccount::Clearing, minor),
            line(LedgerAccount::Provider(payment.provider), back),
        ];
        let amount = Balance::new(minor, payment.currency());
        let entry = Entry::new(
            ids::payment_entry(id, after.entries),
            now,
            kind,
            format!("Payment {id} of {}: {kind} of {amount}.", payment.window),
            lines,
        );
        let entry = entry.map_err(|source| PostingFault::Entry {
            payment: id,
            source,
        })?;
        entries.push(PostedEntry {
            account: payment.account,
            day: payment.window,
            about: About::Payment(id),
            entry,
        });
    }
    after.posted = is;
    Ok((after, entries))
}

/// The entry of money paid ahead: the balance is owed to the rider, whoever took the money has to
/// hand it over.
///
/// # Errors
/// [`PostingFault::Entry`] where it is paid through the balances themselves or its amount is zero.
pub fn top_up_entry(top_up: &TopUp) -> Result<PostedEntry, PostingFault> {
    let id = ids::top_up_of(top_up.account, &top_up.reference);
    let line = |account, minor| Posting {
        account,
        amount: Balance::new(minor, top_up.amount.currency()),
    };
    let minor = top_up.amount.as_minor();
    let lines = vec![
        line(LedgerAccount::Provider(top_up.prepaid), minor),
        // An amount is at least 0, so it has an opposite.
        line(LedgerAccount::Provider(top_up.through), -minor),
    ];
    let text = format!(
        "Paid ahead: {}, receipt {}.",
        top_up.amount, top_up.reference
    );
    let entry = Entry::new(
        ids::payment_entry(id, 1),
        top_up.at,
        EntryKind::Payment,
        text,
        lines,
    );
    Ok(PostedEntry {
        account: top_up.account,
        day: top_up.day,
        about: About::Payment(id),
        entry: entry.map_err(|source| PostingFault::Entry {
            payment: id,
            source,
        })?,
    })
}
