//! Exposure: what a rider owes that may never come.

use units::{AccountId, Currency, PaymentId, Timestamp};

use crate::charging::Payment;

/// What is open of an account's payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The account.
    pub account: AccountId,
    /// The currency of all that follows.
    pub currency: Currency,
    /// Open and on its way: first collections that nothing is known against.
    pub expected_minor: i64,
    /// Open after a failed collection, or as a debt.
    pub overdue_minor: i64,
    /// The oldest failure among what is overdue.
    pub overdue_since: Option<Timestamp>,
    /// The payments that are overdue, ordered by id.
    pub overdue: Vec<PaymentId>,
}

/// The exposure to `account` in `currency` by its payments; those of others are left out.
#[must_use]
pub fn of(account: AccountId, currency: Currency, payments: &[Payment]) -> Exposure {
    let mut exposure = Exposure {
        account,
        currency,
        expected_minor: 0,
        overdue_minor: 0,
        overdue_since: None,
        overdue: Vec::new(),
    };
    let own = payments
        .iter()
        .filter(|payment| payment.account == account && payment.currency() == currency);
    for payment in own {
        let open = payment.open_minor();
        if open == 0 {
            continue;
        }
        if !payment.is_overdue() {
            exposure.expected_minor = exposure.expected_minor.saturating_add(open);
            continue;
        }
        exposure.overdue_minor = exposure.overdue_minor.saturating_add(open);
        exposure.overdue.push(payment.id);
        let since = payment
            .failed
            .first()
            .map_or(payment.made_at, |first| first.at);
        let oldest = exposure
            .overdue_since
            .map_or(since, |oldest| oldest.min(since));
        exposure.overdue_since = Some(oldest);
    }
    exposure.overdue.sort_unstable();
    exposure
}
