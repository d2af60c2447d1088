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

/// Sweeps a page of the payments after `after` that are not done; the last sweep began at `before`.
///
/// # Errors
/// [`StoreError`]; doing it again is safe.
pub async fn sweep_open<S: PaymentStore>(
    store: &S,
    after: Option<(AccountId, PaymentId)>,
    span: (Timestamp, Timestamp),
) -> Result<Swept, StoreError> {
    let page = store.open_payments(after, PAYMENTS_PER_PAGE).await?;
    let open = page.iter().filter(|payment| payment.open_minor() > 0);
    let mut owing: Vec<AccountId> = open.map(|payment| payment.account).collect();
    owing.dedup();
    Ok(Swept {
        woken: wake_all(store, &page, span).await?,
        owing,
        next: page.last().map(|last| (last.account, last.id)),
    })
}

/// Sweeps the payments that are done and have become 1, 7, 30, 60 or 120 days old since the last
/// sweep, which began at `before`. Answers how many were made due for a look.
///
/// # Errors
/// [`StoreError`]; doing it again is safe.
pub async fn sweep_done<S: PaymentStore>(
    store: &S,
    (before, now): (Timestamp, Timestamp),
) -> Result<u64, StoreError> {
    let mut woken = 0;
    for days in LOOKS_AT_DAYS {
        let age = Span::from_secs(days * 86_400);
        let (mut after, through) = ((before.minus(age), None), now.minus(age));
        loop {
            let page = store
                .payments_made(after, through, PAYMENTS_PER_PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = (last.made_at, Some(last.id));
            woken += wake_all(store, &page, (before, now)).await?;
        }
    }
    Ok(woken)
}

async fn wake_all<S: PaymentStore>(
    store: &S,
    payments: &[Payment],
    (before, now): (Timestamp, Timestamp),
) -> Result<u64, StoreError> {
    let mut count = 0;
    for payment in payments {
        let woken = wake(payment, now);
        // Who writes meanwhile looks it up anyway.
        if is_due_in_sweep(payment, before, now) && woken.due != payment.due {
            count += u64::from(store.save(&woken, &[]).await?);
        }
    }
    Ok(count)
}
