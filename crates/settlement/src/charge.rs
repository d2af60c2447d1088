//! Charging: closing a service day makes one charge per rider.
//!
//! The first charge of a day is its net fares; when fares change afterwards, closing again makes an
//! adjustment of the difference, a further charge or a credit, under the next revision. Charge ids
//! are derived from (account, day, revision) and a day is charged and marked closed in one
//! transaction, so nothing is charged twice. A difference of zero makes no charge.
//!
//! Signs are the ledger's: a charge posts +amount to the rider (paid) and −amount to clearing (the
//! payment provider owes it).

use ledger::{EntryKind, LedgerAccount};
use tariff::City;
use units::{AccountId, Balance, ServiceDay, Timestamp};

use crate::ids;
use crate::model::{About, AccountDay, ChargeState, StoredCharge};
use crate::ports::{ChargeChange, ChargeScope, MoneyFault, SettlementStore, StoreError};
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

/// Charges up to `limit` days of `scope` in one transaction; days that are dirty are left alone.
/// Answers how many were closed; 0 = none is left.
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
        .charge_days(scope, limit, |day| decide(day, now))
        .await
}

/// Closes a day: the charge that makes its charges equal its fares, none when they are equal.
///
/// # Errors
/// [`MoneyFault`] when the two are in different currencies.
pub fn decide(day: &AccountDay, now: Timestamp) -> Result<ChargeChange, MoneyFault> {
    let currency = day.fares.currency();
    let due = day.fares.to_balance().checked_sub(day.charged.to_balance());
    let due = due.ok_or(MoneyFault::Currency {
        account: day.account,
        day: day.day,
        expected: currency,
        got: day.charged.currency(),
    })?;
    let mut account_day = AccountDay {
        closed: true,
        ..day.clone()
    };
    let minor = due.as_minor();
    if minor == 0 {
        return Ok(ChargeChange {
            account_day,
            charge: None,
        });
    }
    let revision = day.charge_revision.saturating_add(1);
    account_day.charge_revision = revision;
    account_day.charged = day.fares;
    let because = sentence(day, due, revision);
    let id = ids::charge_of(day.account, day.day, revision);
    let text = EntryText {
        at: now,
        kind: EntryKind::Charge,
        description: because.clone(),
    };
    let lines = [
        (LedgerAccount::Rider(day.account), minor),
        // `due` lies between two amounts of at least 0, so it has an opposite.
        (LedgerAccount::Clearing, -minor),
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
    Ok(ChargeChange {
        account_day,
        charge: Some((charge, entry)),
    })
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
    format!(
        "Travel on {} comes to {} and {} was charged: {due} {verb}.",
        day.day, day.fares, day.charged
    )
}
