//! Which charges become which payment: one per rider and pay window.

use units::{AccountId, Amount, ChargeId, Currency, PaymentId, ServiceDay, Timestamp};

use super::machine::wake;
use super::model::{Payment, Stage, Totals};
use super::profile::Payer;
use crate::ids;
use crate::model::StoredCharge;

/// What a rider's pending charges come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The payment to collect, if they come to more than zero.
    pub payment: Option<Payment>,
    /// How much more is to be given back of earlier payments, if they come to less than zero.
    pub give_back: Vec<(PaymentId, Amount)>,
    /// The charges that this settles; the others wait for the next window.
    pub settles: Vec<ChargeId>,
}

/// Why charges make no payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Charges of several currencies, or of another than the payments.
    #[error("the charges of account {account} are in several currencies")]
    Currencies {
        /// The account.
        account: AccountId,
    },
    /// The charges leave 64 bits of minor units.
    #[error("the charges of account {account} leave 64 bits of minor units")]
    Overflow {
        /// The account.
        account: AccountId,
    },
}

impl Plan {
    /// The payments to write, new or changed, where `earlier` are the account's: a payment that
    /// gives money back is due at once.
    #[must_use]
    pub fn payments(&self, earlier: &[Payment], now: Timestamp) -> Vec<Payment> {
        let changed = self.give_back.iter().filter_map(|(id, more)| {
            let payment = earlier.iter().find(|payment| payment.id == *id)?;
            let give_back = payment.give_back.checked_add(*more)?;
            let changed = Payment {
                give_back,
                ..payment.clone()
            };
            Some(wake(&changed, now))
        });
        self.payment.iter().cloned().chain(changed).collect()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settles.is_empty()
    }
}

/// A payment that nothing has happened to, due at once.
#[must_use]
pub fn payment_of(
    account: AccountId,
    window: ServiceDay,
    revision: u32,
    payer: Payer,
    amount: Amount,
    now: Timestamp,
) -> Payment {
    Payment {
        id: ids::payment_of(account, window, revision),
        account,
        window,
        revision,
        provider: payer.provider,
        payer: payer.reference,
        amount,
        give_back: Amount::zero(amount.currency()),
        made_at: now,
        stage: Stage::Due,
        due: Some(now),
        request: None,
        requests: 0,
        asked: false,
        failed: Vec::new(),
        posted: Totals::default(),
        written_off: 0,
        entries: 0,
        version: 0,
    }
}

/// What becomes of `charges`, all pending charges of `account` up to the end of the pay window that
/// begins with `window`; `earlier` are the account's payments, this window's included.
///
/// More than zero is one payment under the window's next revision. Less than zero is given back of
/// what was collected, the newest payment first; where less than that was ever collected the
/// charges wait and make the next window's payment smaller. Zero settles them all.
///
/// # Errors
/// [`PlanError`].
pub fn plan(
    account: AccountId,
    window: ServiceDay,
    payer: &Payer,
    charges: &[StoredCharge],
    earlier: &[Payment],
    now: Timestamp,
) -> Result<Plan, PlanError> {
    let mut plan = Plan {
        payment: None,
        give_back: Vec::new(),
        settles: Vec::new(),
    };
    let Some(first) = charges.first() else {
        return Ok(plan);
    };
    let currency = first.amount.currency();
    let mixed = PlanError::Currencies { account };
    let overflow = PlanError::Overflow { account };
    let mut sum = 0i64;
    for charge in charges {
        if charge.amount.currency() != currency {
            return Err(mixed);
        }
        sum = sum.checked_add(charge.amount.as_minor()).ok_or(overflow)?;
    }
    if sum < 0 {
        let minus = sum.checked_neg().ok_or(overflow)?;
        let Some(shares) = shares(minus, currency, earlier) else {
            return Ok(plan);
        };
        plan.give_back = shares;
    } else if let Ok(amount) = Amount::new(sum, currency)
        && sum > 0
    {
        let of_window = earlier.iter().filter(|payment| payment.window == window);
        let last = of_window.map(|payment| payment.revision).max();
        let revision = last.unwrap_or(0).saturating_add(1);
        plan.payment = Some(payment_of(
            account,
            window,
            revision,
            payer.clone(),
            amount,
            now,
        ));
    }
    plan.settles = charges.iter().map(|charge| charge.id).collect();
    Ok(plan)
}

/// `minus` in shares of what is left of the payments, the newest first; `None` where less is left.
fn shares(minus: i64, currency: Currency, earlier: &[Payment]) -> Option<Vec<(PaymentId, Amount)>> {
    let mut newest: Vec<&Payment> = earlier
        .iter()
        .filter(|payment| payment.currency() == currency && payment.stage == Stage::Paid)
        .collect();
    newest.sort_by_key(|payment| std::cmp::Reverse((payment.window, payment.revision)));
    let mut missing = minus;
    let mut shares = Vec::new();
    for payment in newest {
        // What was written off never came in: it cannot be given back.
        let gone = payment
            .give_back
            .as_minor()
            .saturating_add(payment.written_off);
        let left = payment.amount.as_minor().saturating_sub(gone);
        let share = left.min(missing);
        if share > 0 {
            missing -= share;
            shares.push((payment.id, Amount::new(share, currency).ok()?));
        }
    }
    (missing == 0).then_some(shares)
}
