//! One turn: plan what is closed, work on what is due, put and take the deny list's entries.

use std::collections::BTreeSet;
use std::sync::Arc;

use settlement::charging::{PaymentStore as _, Worked, plan_page, sweep_done, sweep_open, work_on};
use settlement::debt::deny::DebtChange;
use settlement::debt::list::{self, DebtList as _};
use settlement::ports::StoreError;
use store::Store;
use tariff::City;
use tokio::task::JoinSet;
use units::{AccountId, Currency, Timestamp};

use super::Charging;

/// Payments asked about at the same time: providers answer in some hundred milliseconds, and allow
/// some hundred requests a second.
const LANES: usize = 16;

/// Payments taken from the store at a time.
const PAYMENTS_PER_PAGE: u32 = 200;

/// Pages worked on in one turn, so that planning and sweeping have their time too.
const PAGES_PER_TURN: u32 = 500;

/// Accounts read from the deny list at a time.
const DEBTORS_PER_PAGE: u32 = 500;

/// What a turn or a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    /// Accounts whose charges became payments, or were given back or set off.
    pub planned: u64,
    /// Accounts whose charges make no payment: for staff.
    pub refused: u64,
    /// What became of payments that were due.
    pub worked: Worked,
    /// Accounts put on the deny list, or renewed there.
    pub denied: u64,
    /// Accounts taken off the deny list.
    pub allowed: u64,
    /// Payments that a sweep made due for a look.
    pub woken: u64,
}

impl Turn {
    const fn note(&mut self, change: &DebtChange) {
        match change {
            DebtChange::Nothing => {}
            DebtChange::Put(_) => self.denied += 1,
            DebtChange::TakeOff => self.allowed += 1,
        }
    }
}

/// Plans every pay window that is closed, works on every payment that is due, and brings the deny
/// list into line for their riders. Doing it again, by several processes, with a kill anywhere,
/// collects nothing twice. `seen` is told after each page how many accounts and payments it had.
///
/// # Errors
/// [`StoreError`]; what was done before it stays, and doing it again goes on.
pub async fn turn(
    charging: &Arc<Charging>,
    city: &City,
    now: Timestamp,
    seen: impl Fn(u64),
) -> Result<Turn, StoreError> {
    let store = charging.providers.store();
    let terms = charging.terms(city, now);
    let mut turn = Turn::default();
    let mut after = None;
    loop {
        let page = plan_page(store, &terms, after, now).await?;
        turn.planned += page.planned;
        turn.refused += page.refused;
        seen(page.planned);
        if page.next.is_none() {
            break;
        }
        after = page.next;
    }
    for _ in 0..PAGES_PER_TURN {
        let taken = page(charging, city.currency(), now, &mut turn).await?;
        seen(taken);
        if taken == 0 {
            break;
        }
    }
    Ok(turn)
}

/// Works on a page of payments that are due, several at a time.
async fn page(
    charging: &Arc<Charging>,
    currency: Currency,
    now: Timestamp,
    turn: &mut Turn,
) -> Result<u64, StoreError> {
    let store = charging.providers.store();
    let due = store.due(now, PAYMENTS_PER_PAGE).await?;
    let taken = u64::try_from(due.len()).unwrap_or(u64::MAX);
    let accounts: BTreeSet<AccountId> = due.iter().map(|payment| payment.account).collect();
    let mut lanes: JoinSet<Result<Worked, StoreError>> = JoinSet::new();
    for payment in due {
        if lanes.len() >= LANES {
            join(&mut lanes, &mut turn.worked).await?;
        }
        let charging = Arc::clone(charging);
        lanes.spawn(async move {
            let providers = &charging.providers;
            work_on(providers.store(), providers, payment, now).await
        });
    }
    while !lanes.is_empty() {
        join(&mut lanes, &mut turn.worked).await?;
    }
    for account in accounts {
        let of = (account, currency);
        let change = list::update(store, of, &charging.policy, now).await?;
        turn.note(&change);
    }
    Ok(taken)
}

async fn join(
    lanes: &mut JoinSet<Result<Worked, StoreError>>,
    worked: &mut Worked,
) -> Result<(), StoreError> {
    match lanes.join_next().await {
        Some(Ok(done)) => worked.add(&done?),
        // A lane that broke off has left its payment as a kill would: the next turn looks it up.
        Some(Err(error)) => tracing::error!(%error, "work on a payment broke off"),
        None => {}
    }
    Ok(())
}

/// Looks for what nobody told: payments that changed at the provider without a webhook, riders who
/// are listed and owe nothing or owe and are not listed. The last sweep began at `before`.
///
/// # Errors
/// [`StoreError`]; doing it again is safe.
pub async fn sweep(
    charging: &Charging,
    city: &City,
    (before, now): (Timestamp, Timestamp),
) -> Result<Turn, StoreError> {
    let store: &Store = charging.providers.store();
    let mut turn = Turn {
        woken: sweep_done(store, (before, now)).await?,
        ..Turn::default()
    };
    let mut after = None;
    loop {
        let page = sweep_open(store, after, (before, now)).await?;
        turn.woken += page.woken;
        for account in page.owing {
            let of = (account, city.currency());
            let change = list::update(store, of, &charging.policy, now).await?;
            turn.note(&change);
        }
        if page.next.is_none() {
            break;
        }
        after = page.next;
    }
    let mut after = None;
    loop {
        let page = store.debtors(after, DEBTORS_PER_PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        for account in page {
            let of = (account, city.currency());
            let change = list::update(store, of, &charging.policy, now).await?;
            turn.note(&change);
        }
    }
    Ok(turn)
}
