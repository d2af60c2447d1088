//! The use case "a pay window has closed": from pending charges to payments.

use units::{AccountId, ProviderId, ServiceDay, Timestamp};

use super::plan::{Plan, PlanError, plan};
use super::ports::{ClosedWindows, Owing, PaymentStore};
use super::profile::{PayWindow, Payer};
use crate::ports::StoreError;

/// Accounts read at a time.
const ACCOUNTS_PER_PAGE: u32 = 500;

/// On what terms a city collects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The last service day whose charges are final enough to be collected.
    pub closed: ServiceDay,
    /// Provider and window of accounts that have not said how they pay; `None` = nothing is
    /// collected from them.
    pub unsaid: Option<(ProviderId, PayWindow)>,
}

impl Terms {
    /// The windows that are over.
    #[must_use]
    pub fn windows(&self) -> ClosedWindows {
        ClosedWindows {
            closed: self.closed,
            unsaid: self.unsaid.map(|(_, window)| window),
        }
    }

    /// What becomes of what an account owes: the charges of windows that are over, in one payment.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn plan(&self, owing: &Owing, now: Timestamp) -> Result<Plan, PlanError> {
        let said = owing.profile.as_ref().map(|profile| {
            let reference = profile.means.payer().map(str::to_owned);
            (profile.provider, reference, profile.window)
        });
        let unsaid = self
            .unsaid
            .map(|(provider, window)| (provider, None, window));
        let Some((provider, reference, window)) = said.or(unsaid) else {
            return Ok(Plan::default());
        };
        let payer = Payer {
            provider,
            reference,
        };
        let through = window.closed_through(self.closed);
        let of_window = owing.charges.iter().filter(|charge| charge.day <= through);
        let charges: Vec<_> = of_window.cloned().collect();
        let first = window.first_day(through);
        plan(owing.account, first, &payer, &charges, &owing.payments, now)
    }
}

/// Plans one account. Answers whether there was anything to write; doing it again finds nothing.
///
/// # Errors
/// [`StoreError`]; then nothing was written.
pub async fn plan_account<S: PaymentStore>(
    store: &S,
    terms: &Terms,
    account: AccountId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let decide = |owing: &Owing| terms.plan(owing, now);
    store.plan(account, now, decide).await
}

/// What planning a page of accounts did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Planned {
    /// Accounts that had something to write.
    pub planned: u64,
    /// Accounts whose charges make no payment ([`crate::ports::MoneyFault::Plan`]): for staff.
    pub refused: u64,
    /// After which account the next page goes on; `None` = this was the last.
    pub next: Option<AccountId>,
}

/// Plans a page of the accounts after `after`.
///
/// # Errors
/// [`StoreError`]; what was planned before it stays, and doing it again goes on.
pub async fn plan_page<S: PaymentStore>(
    store: &S,
    terms: &Terms,
    after: Option<AccountId>,
    now: Timestamp,
) -> Result<Planned, StoreError> {
    let windows = terms.windows();
    let page = store
        .accounts_to_plan(&windows, after, ACCOUNTS_PER_PAGE)
        .await?;
    let mut done = Planned {
        next: page.last().copied(),
        ..Planned::default()
    };
    for account in &page {
        // One rider's fault is not to keep the others from paying.
        match plan_account(store, terms, *account, now).await {
            Ok(wrote) => done.planned += u64::from(wrote),
            Err(StoreError::Money(_)) => done.refused += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
