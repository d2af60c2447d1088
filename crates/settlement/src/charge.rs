//! Charging: closing a service day makes one charge per rider.
//!
//! The first charge of a day is its net fares; when fares change afterwards, or a refund is
//! approved ([`crate::corrections`]), closing again makes an adjustment of the difference, a
//! further charge or a credit, under the next revision: charges = fares − min(refunds, fares).
//! Charge ids are derived from (account, day, revision) and a day is charged and marked closed in
//! one transaction, so nothing is charged twice. A difference of zero makes no charge.
//!
//! Signs are the ledger's: a charge posts +amount to the rider (paid) and −amount to clearing (the
//! payment provider owes it).

use ledger::{EntryKind, LedgerAccount};
use tariff::City;
use units::{AccountId, Amount, Balance, ServiceDay, Timestamp};

use crate::ids;
use crate::model::{About, AccountDay, ChargeState, PostedEntry, StoredCharge};
use crate::ports::{ChargeChange, ChargeScope, DayFault, MoneyFault, SettlementStore, StoreError};
use crate::settle::{self, EntryText, post};

/// Every account, every day up to and including `last`.
#[must_use]
pub fn through(last: ServiceDay) -> ChargeScope {
    ChargeScope {
        account: None,
        days: ServiceDay::from_days(i32::MIN)..=last,
    }
}

/// Every account, one day.
#[must_use]
pub fn day(day: ServiceDay) -> ChargeScope {
    ChargeScope {
        account: None,
        days: day..=day,
    }
}

/// One account, one day.
#[must_use]
pub fn account_day(account: AccountId, day: ServiceDay) -> ChargeScope {
    ChargeScope {
        account: Some(account),
        days: day..=day,
    }
}

/// Settles what is dirty, then charges every day of `scope` whose charges are not its fares.
/// Answers how many account-days were closed. Doing it again changes nothing.
///
/// # Errors
/// [`StoreError`]; everything charged before it stays charged, and doing it again goes on.
pub async fn close<S: SettlementStore>(
    store: &S,
    city: &City,
    scope: &ChargeScope,
    now: Timestamp,
) -> Result<u64, StoreError> {
    settle::all(store, city, now).await?;
    let mut closed = 0;
    loop {
        match step(store, scope, now, store.step_days()).await? {
            0 => return Ok(closed),
            days => closed += u64::from(days),
        }
    }
}

/// Charges up to `limit` days of `scope` in one transaction; days that are dirty or have a fault
/// are left alone. Answers how many were closed; 0 = none is left.
///
/// # Errors
/// [`StoreError`]; then nothing of this step was written.
pub async fn step<S: SettlementStore>(
    store: &S,
    scope: &ChargeScope,
    now: Timestamp,
    limit: u32,
) -> Result<u32, StoreError> {
    store
        .charge_days(scope, limit, |day| {
            decide(day, now).unwrap_or_else(|fault| stays(day, &fault, now))
        })
        .await
}

/// One rider's fault keeps nobody else from being charged: the day stays open, with the fault
/// beside it.
fn stays(day: &AccountDay, fault: &MoneyFault, now: Timestamp) -> ChargeChange {
    ChargeChange {
        account_day: day.clone(),
        charge: None,
        entries: Vec::new(),
        fault: Some(DayFault::new(day.account, day.day, fault, now)),
    }
}

/// Closes a day: credits its refunds as far as there are fares, and makes the charge that makes its
/// charges equal what is left; nothing where they are equal.
///
/// # Errors
/// [`MoneyFault`] when they are in different currencies.
pub fn decide(day: &AccountDay, now: Timestamp) -> Result<ChargeChange, MoneyFault> {
    let cause = About::Refund(ids::refunds_of(day.account, day.day));
    let why = format!(
        "Refunds of {} for travel on {} count up to its fares of {}.",
        day.refunds, day.day, day.fares
    );
    close_because(day, cause, &why, now)
}

/// As [`decide`]; a change of what is credited is posted about `cause`, explained by `why`.
pub(crate) fn close_because(
    day: &AccountDay,
    cause: About,
    why: &str,
    now: Timestamp,
) -> Result<ChargeChange, MoneyFault> {
    let credit = day.due_credit();
    let left = less(day, day.fares.to_balance(), credit.to_balance())?;
    let more_credit = less(day, credit.to_balance(), day.credited.to_balance())?;
    let due = less(day, left, day.charged.to_balance())?;
    let mut change = ChargeChange {
        account_day: AccountDay {
            closed: true,
            ..day.clone()
        },
        charge: None,
        entries: Vec::new(),
        fault: None,
    };
    if due.as_minor() == 0 && more_credit.as_minor() == 0 {
        return Ok(change);
    }
    let revision = day.charge_revision.saturating_add(1);
    change.account_day.charge_revision = revision;
    if more_credit.as_minor() != 0 {
        change.account_day.credited = credit;
        let entry = allowance(day, more_credit, cause, why, (revision, now))?;
        change.entries.push(entry);
    }
    if due.as_minor() != 0 {
        // What is left of fares of at least 0 after a credit of at most the fares.
        change.account_day.charged = left.to_amount().unwrap_or(Amount::zero(left.currency()));
        let (made, entry) = charge_of(day, due, (revision, now))?;
        change.entries.push(entry);
        change.charge = Some(made);
    }
    Ok(change)
}

fn less(day: &AccountDay, from: Balance, minus: Balance) -> Result<Balance, MoneyFault> {
    // Both lie between 0 and the largest amount: only another currency makes this fail.
    from.checked_sub(minus).ok_or(MoneyFault::Currency {
        account: day.account,
        day: day.day,
        expected: day.fares.currency(),
        got: minus.currency(),
    })
}

/// The entry of what is credited beyond what was.
fn allowance(
    day: &AccountDay,
    more: Balance,
    cause: About,
    why: &str,
    (revision, now): (u32, Timestamp),
) -> Result<PostedEntry, MoneyFault> {
    let text = EntryText {
        at: now,
        kind: EntryKind::Allowance,
        description: why.to_owned(),
    };
    let lines = [
        (LedgerAccount::Rider(day.account), more.as_minor()),
        (LedgerAccount::Allowances, -more.as_minor()),
    ];
    post(day, cause, revision, text, lines)
}

fn charge_of(
    day: &AccountDay,
    due: Balance,
    (revision, now): (u32, Timestamp),
) -> Result<(StoredCharge, PostedEntry), MoneyFault> {
    let because = sentence(day, due, revision);
    let id = ids::charge_of(day.account, day.day, revision);
    let text = EntryText {
        at: now,
        kind: EntryKind::Charge,
        description: because.clone(),
    };
    let lines = [
        (LedgerAccount::Rider(day.account), due.as_minor()),
        // `due` lies between two amounts of at least 0, so it has an opposite.
        (LedgerAccount::Clearing, -due.as_minor()),
    ];
    let entry = post(day, About::Charge(id), revision, text, lines)?;
    let charge = StoredCharge {
        id,
        account: day.account,
        day: day.day,
        revision,
        amount: due,
        state: ChargeState::Pending,
        at: now,
        because,
    };
    Ok((charge, entry))
}

fn sentence(day: &AccountDay, due: Balance, revision: u32) -> String {
    if revision == 1 {
        return format!("Travel on {}: {due}.", day.day);
    }
    let verb = if due.as_minor() > 0 {
        "further"
    } else {
        "given back"
    };
    let refunded = if day.refunds.as_minor() == 0 {
        String::new()
    } else {
        format!(", {} of it is refunded", day.due_credit())
    };
    format!(
        "Travel on {} comes to {}{refunded} and {} was charged: {due} {verb}.",
        day.day, day.fares, day.charged
    )
}
