//! What a look-up found, as entries: the difference to what is posted.

use ledger::{Entry, EntryKind, LedgerAccount, PostError, Posting};
use units::{Amount, Balance, Timestamp};

use super::model::{Payment, Stage, Totals, Truth};
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
        let amount = Balance::new(minor, payment.currency());
        let why = format!("Payment {id} of {}: {kind} of {amount}.", payment.window);
        let provider = LedgerAccount::Provider(payment.provider);
        let lines = [(LedgerAccount::Clearing, minor), (provider, back)];
        entries.push(entry(&mut after, (kind, why, now), lines)?);
    }
    after.posted = is;
    entries.extend(come_in(&mut after, now)?);
    Ok((after, entries))
}

/// What was written off and has come in after all is written off no more.
fn come_in(payment: &mut Payment, now: Timestamp) -> Result<Option<PostedEntry>, PostingFault> {
    let may_be = payment.written_off.min(payment.uncollected(payment.posted));
    // Both are at least 0.
    let back = payment.written_off - may_be;
    if back == 0 {
        return Ok(None);
    }
    payment.written_off = may_be;
    let amount = Balance::new(back, payment.currency());
    let why = format!(
        "Payment {} of {}: {amount} of what was written off came in after all.",
        payment.id, payment.window
    );
    let lines = [
        (LedgerAccount::Clearing, -back),
        (LedgerAccount::WriteOff, back),
    ];
    entry(payment, (EntryKind::WriteOff, why, now), lines).map(Some)
}

/// Gives up `amount` of what is open of the payment, for the reason `why`: the entry, and the
/// payment as it stands then, due at once so that the provider is looked up and the deny list
/// brought into line. Checked by whoever calls: no more than is open.
///
/// # Errors
/// [`PostingFault`]; then nothing is to be written.
pub fn write_off(
    payment: &Payment,
    amount: Amount,
    why: String,
    now: Timestamp,
) -> Result<(Payment, PostedEntry), PostingFault> {
    let mut after = payment.clone();
    let minor = amount.as_minor();
    let sum = payment.written_off.checked_add(minor);
    after.written_off = sum.ok_or(PostingFault::Sums {
        payment: payment.id,
    })?;
    // An amount is at least 0, so it has an opposite.
    let lines = [
        (LedgerAccount::Clearing, minor),
        (LedgerAccount::WriteOff, -minor),
    ];
    let posted = entry(&mut after, (EntryKind::WriteOff, why, now), lines)?;
    if after.open_minor() == 0 {
        after.stage = Stage::Paid;
        after.asked = false;
    }
    after.due = Some(after.due.map_or(now, |due| due.min(now)));
    Ok((after, posted))
}

/// The next entry of a payment, in its currency.
fn entry(
    payment: &mut Payment,
    (kind, why, at): (EntryKind, String, Timestamp),
    lines: [(LedgerAccount, i64); 2],
) -> Result<PostedEntry, PostingFault> {
    payment.entries = payment.entries.saturating_add(1);
    let posting = |(account, minor)| Posting {
        account,
        amount: Balance::new(minor, payment.currency()),
    };
    let id = ids::payment_entry(payment.id, payment.entries);
    let entry = Entry::new(id, at, kind, why, lines.map(posting).to_vec());
    Ok(PostedEntry {
        account: payment.account,
        day: payment.window,
        about: About::Payment(payment.id),
        entry: entry.map_err(|source| PostingFault::Entry {
            payment: payment.id,
            source,
        })?,
    })
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
