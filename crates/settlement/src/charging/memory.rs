//! Payments in memory, for tests: every method takes one lock, and so is a transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use units::{AccountId, PaymentId, Timestamp};

use super::{Drawn, Order, Payment, PaymentEntry, PaymentStore, PrepaidBook, What};
use crate::ports::StoreError;

/// Payments and their entries, gone when dropped.
#[derive(Debug, Default)]
pub struct MemoryPayments(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    payments: BTreeMap<PaymentId, Payment>,
    entries: BTreeMap<units::EntryId, PaymentEntry>,
}

impl MemoryPayments {
    /// Every payment, ordered by id.
    #[must_use]
    pub fn payments(&self) -> Vec<Payment> {
        self.lock().payments.values().cloned().collect()
    }

    /// Every entry, ordered by id.
    #[must_use]
    pub fn entries(&self) -> Vec<PaymentEntry> {
        self.lock().entries.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PaymentStore for MemoryPayments {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Payment>, StoreError> {
        let state = self.lock();
        let is_due = |payment: &&Payment| payment.due.is_some_and(|due| due <= now);
        let mut due: Vec<Payment> = state.payments.values().filter(is_due).cloned().collect();
        due.sort_by_key(|payment| (payment.due, payment.id));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due)
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        Ok(self.lock().payments.get(&id).cloned())
    }

    async fn save(&self, payment: &Payment, entries: &[PaymentEntry]) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let stored = state.payments.get(&payment.id);
        if stored.map_or(0, |stored| stored.version) != payment.version {
            return Ok(false);
        }
        let mut payment = payment.clone();
        payment.version += 1;
        state.payments.insert(payment.id, payment);
        for entry in entries {
            state.entries.insert(entry.entry.id(), entry.clone());
        }
        Ok(true)
    }
}

/// Prepaid balances in memory, gone when dropped.
#[derive(Debug, Default)]
pub struct MemoryPrepaid(Mutex<Balances>);

#[derive(Debug, Default)]
struct Balances {
    minor: BTreeMap<AccountId, i64>,
    drawn: BTreeMap<(PaymentId, u32), Drawn>,
}

impl MemoryPrepaid {
    /// Adds to an account's balance, in minor units.
    pub fn top_up(&self, account: AccountId, minor: i64) {
        *self.lock().minor.entry(account).or_default() += minor;
    }

    /// An account's balance, in minor units.
    #[must_use]
    pub fn balance(&self, account: AccountId) -> i64 {
        self.lock().minor.get(&account).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, Balances> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PrepaidBook for MemoryPrepaid {
    async fn draw(&self, order: &Order) -> Result<bool, StoreError> {
        let mut state = self.lock();
        if let Some(known) = state.drawn.get(&(order.payment, order.number)) {
            return Ok(known.done);
        }
        let balance = state.minor.entry(order.account).or_default();
        let moved = match order.what {
            What::Collect => -order.amount.as_minor(),
            What::GiveBack => order.amount.as_minor(),
        };
        let done = *balance + moved >= 0;
        if done {
            *balance += moved;
        }
        let drawn = Drawn {
            what: order.what,
            number: order.number,
            amount: order.amount,
            done,
        };
        state.drawn.insert((order.payment, order.number), drawn);
        Ok(done)
    }

    async fn drawn(&self, payment: &Payment) -> Result<Vec<Drawn>, StoreError> {
        let state = self.lock();
        let of_payment = (payment.id, 0)..=(payment.id, u32::MAX);
        Ok(state
            .drawn
            .range(of_payment)
            .map(|(_, drawn)| drawn.clone())
            .collect())
    }
}
