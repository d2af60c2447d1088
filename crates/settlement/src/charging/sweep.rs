//! The periodic look-up: what no webhook told, or one that was lost.

use units::{AccountId, PaymentId, Span, Timestamp};

use super::machine::wake;
use super::model::{Payment, Stage};
use super::ports::PaymentStore;
use crate::ports::StoreError;

/// Payments read at a time.
const PAYMENTS_PER_PAGE: u32 = 500;

/// Days after which a payment that is done is looked up again: banks take money back within some
/// 120 days, most of it early.
const LOOKS_AT_DAYS: [i64; 5] = [1, 7, 30, 60, 120];

/// Whether a payment is to be looked up though nothing was heard of it, in a sweep at `now` after
/// one at `before`: a debt each time, for it may have been paid at the provider's own pages or
/// given up by a bank, and a payment that is done on some days of its life.
#[must_use]
pub fn is_due_in_sweep(payment: &Payment, before: Timestamp, now: Timestamp) -> bool {
    let passed = |days: &i64| {
        let at = payment.made_at.plus(Span::from_secs(days * 86_400));
        before < at && at <= now
    };
    match payment.stage {
        Stage::Due => false,
        Stage::Debt => true,
        Stage::Paid => LOOKS_AT_DAYS.iter().any(passed),
    }
}

/// What a page of a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Payments that were made due for a look.
    pub woken: u64,
    /// Accounts of payments that are open, in order: what they owe is to be looked at.
    pub owing: Vec<AccountId>,
    /// After which payment the next page goes on; `None` = this was the last.
    pub next: Option<(AccountId, PaymentId)>,
}

/// Sweeps a page of the payments after `after`; the last sweep began at `before`.
///
/// # Errors
/// [`StoreError`]; doing it again is safe.
pub async fn sweep_page<S: PaymentStore>(
    store: &S,
    after: Option<(AccountId, PaymentId)>,
    (before, now): (Timestamp, Timestamp),
) -> Result<Swept, StoreError> {
    let page = store.payments_page(after, PAYMENTS_PER_PAGE).await?;
    let mut swept = Swept {
        next: page.last().map(|last| (last.account, last.id)),
        ..Swept::default()
    };
    for payment in &page {
        if payment.open_minor() > 0 {
            swept.owing.push(payment.account);
        }
        let woken = wake(payment, now);
        // Who writes meanwhile looks it up anyway.
        if is_due_in_sweep(payment, before, now) && woken.due != payment.due {
            swept.woken += u64::from(store.save(&woken, &[]).await?);
        }
    }
    swept.owing.dedup();
    Ok(swept)
}
