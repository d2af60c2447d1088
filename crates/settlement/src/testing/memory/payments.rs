//! Charging's ports in memory.

use units::{AccountId, Currency, PaymentId, ServiceDay, Timestamp};

use super::{MemoryStore, State, repeated};
use crate::charging::{
    BankWord, ClosedWindows, Drawn, InvoiceBook, InvoicedOrder, Order, Owing, PayWindow, Payment,
    PaymentProfile, PaymentStore, Plan, PlanError, PrepaidBook, Stage, TopUp, What, top_up_entry,
};
use crate::debt::deny::{DebtEntry, Listed};
use crate::debt::list::DebtList;
use crate::ids;
use crate::model::{ChargeState, PostedEntry, StoredCharge};
use crate::ports::{MoneyFault, StoreError};

/// An order in one of the books.
#[derive(Debug, Clone)]
pub(super) struct Booked {
    is_prepaid: bool,
    order: InvoicedOrder,
    file: Option<String>,
}

impl MemoryStore {
    /// Every payment, ordered by account and id.
    #[must_use]
    pub fn payments(&self) -> Vec<Payment> {
        self.lock().payments.values().cloned().collect()
    }

    /// Every entry, ordered by account and id.
    #[must_use]
    pub fn entries(&self) -> Vec<PostedEntry> {
        self.lock().entries.values().cloned().collect()
    }
}

impl State {
    fn payments_of(&self, account: AccountId) -> Vec<Payment> {
        let payments = self.payments.values();
        let mut own: Vec<Payment> = payments
            .filter(|one| one.account == account)
            .cloned()
            .collect();
        own.sort_by_key(|payment| (payment.window, payment.revision));
        own
    }

    /// The account's payments of one window, in order.
    pub(super) fn payments_of_window(&self, account: AccountId, day: ServiceDay) -> Vec<Payment> {
        let mut own = self.payments_of(account);
        own.retain(|payment| payment.window == day);
        own
    }

    pub(super) fn put_payment(&mut self, payment: &Payment) -> bool {
        let key = (payment.account, payment.id);
        let stored = self.payments.get(&key);
        if stored.map_or(0, |stored| stored.version) != payment.version {
            return false;
        }
        let mut payment = payment.clone();
        payment.version += 1;
        self.payments.insert(key, payment);
        true
    }

    fn prepaid_minor(&self, account: AccountId, currency: Currency) -> i64 {
        let booked = self.book.values().filter(|booked| {
            let (order, done) = (&booked.order, booked.order.word == BankWord::Paid);
            booked.is_prepaid
                && done
                && (order.account, order.amount.currency()) == (account, currency)
        });
        booked
            .map(|booked| match booked.order.what {
                What::Collect => -booked.order.amount.as_minor(),
                What::GiveBack => booked.order.amount.as_minor(),
            })
            .sum()
    }

    fn pending(&self, account: AccountId) -> Vec<StoredCharge> {
        let charges = self.charges.values();
        let own = charges.filter(|charge| charge.account == account);
        own.filter(|charge| charge.state == ChargeState::Pending)
            .cloned()
            .collect()
    }
}

fn page<'a>(
    payments: impl Iterator<Item = &'a Payment>,
    after: Option<(AccountId, PaymentId)>,
    limit: u32,
) -> Vec<Payment> {
    let place =
        |payment: &&Payment| after.is_none_or(|after| (payment.account, payment.id) > after);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    payments.filter(place).take(limit).cloned().collect()
}

impl PaymentStore for MemoryStore {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Payment>, StoreError> {
        let state = self.lock();
        let is_due = |payment: &&Payment| payment.due.is_some_and(|due| due <= now);
        let mut due: Vec<Payment> = state.payments.values().filter(is_due).cloned().collect();
        due.sort_by_key(|payment| (payment.due, payment.id));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due)
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        let state = self.lock();
        let mut payments = state.payments.values();
        Ok(payments.find(|payment| payment.id == id).cloned())
    }

    async fn payments_of(&self, account: AccountId) -> Result<Vec<Payment>, StoreError> {
        Ok(self.lock().payments_of(account))
    }

    async fn payments_page(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        Ok(page(self.lock().payments.values(), after, limit))
    }

    async fn open_payments(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        let state = self.lock();
        let open = |payment: &&Payment| payment.stage != Stage::Paid;
        Ok(page(state.payments.values().filter(open), after, limit))
    }

    async fn payments_made(
        &self,
        (after, id): (Timestamp, Option<PaymentId>),
        through: Timestamp,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        let state = self.lock();
        let is_meant = |payment: &&Payment| {
            let is_later = payment.made_at > after
                || payment.made_at == after && id.is_some_and(|id| payment.id > id);
            is_later && payment.made_at <= through
        };
        let mut made: Vec<Payment> = state.payments.values().filter(is_meant).cloned().collect();
        made.sort_by_key(|payment| (payment.made_at, payment.id));
        made.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(made)
    }

    async fn save(&self, payment: &Payment, entries: &[PostedEntry]) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let mut next = state.clone();
        if !next.put_payment(payment) {
            return Ok(false);
        }
        next.post(entries.to_vec())?;
        *state = next;
        Ok(true)
    }

    async fn accounts_to_plan(
        &self,
        windows: &ClosedWindows,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let state = self.lock();
        let window_of = |account: AccountId| -> Option<PayWindow> {
            let said = state.profiles.get(&account).map(|profile| profile.window);
            said.or(windows.unsaid)
        };
        let is_over = |charge: &&StoredCharge| {
            let window = window_of(charge.account);
            charge.state == ChargeState::Pending
                && window.is_some_and(|window| charge.day <= windows.through(window))
        };
        let owing = state.charges.values().filter(is_over);
        let mut accounts: Vec<AccountId> = owing
            .map(|charge| charge.account)
            .filter(|account| after.is_none_or(|after| *account > after))
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(accounts)
    }

    async fn plan<F>(
        &self,
        account: AccountId,
        now: Timestamp,
        decide: F,
    ) -> Result<bool, StoreError>
    where
        F: Fn(&Owing) -> Result<Plan, PlanError> + Send + Sync,
    {
        let mut state = self.lock();
        let owing = Owing {
            account,
            profile: state.profiles.get(&account).cloned(),
            charges: state.pending(account),
            payments: state.payments_of(account),
        };
        let plan = decide(&owing).map_err(MoneyFault::from)?;
        if plan.is_empty() {
            return Ok(false);
        }
        let mut next = state.clone();
        for payment in plan.payments(&owing.payments, now) {
            if !next.put_payment(&payment) {
                return Err(repeated("payments"));
            }
        }
        let by = plan.payment.as_ref().map(|payment| payment.id);
        for charge in next.charges.values_mut() {
            if plan.settles.contains(&charge.id) {
                charge.state = ChargeState::Settled;
                next.settled_by.insert(charge.id, by);
            }
        }
        *state = next;
        Ok(true)
    }

    async fn charges_of(&self, payment: &Payment) -> Result<Vec<StoredCharge>, StoreError> {
        let state = self.lock();
        let is_in =
            |charge: &&StoredCharge| state.settled_by.get(&charge.id) == Some(&Some(payment.id));
        Ok(state.charges.values().filter(is_in).cloned().collect())
    }

    async fn profile(&self, account: AccountId) -> Result<Option<PaymentProfile>, StoreError> {
        Ok(self.lock().profiles.get(&account).cloned())
    }

    async fn set_profile(
        &self,
        profile: &PaymentProfile,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.profiles.insert(profile.account, profile.clone());
        Ok(())
    }
}

impl PrepaidBook for MemoryStore {
    async fn draw(&self, order: &Order) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let key = (order.payment, order.number);
        if let Some(known) = state.book.get(&key) {
            return Ok(known.order.word == BankWord::Paid);
        }
        let minor = state.prepaid_minor(order.account, order.amount.currency());
        let done = order.what == What::GiveBack || minor >= order.amount.as_minor();
        let word = if done {
            BankWord::Paid
        } else {
            BankWord::Failed(String::new())
        };
        state.book.insert(key, booked(order, true, word));
        Ok(done)
    }

    async fn drawn(&self, payment: &Payment) -> Result<Vec<Drawn>, StoreError> {
        let state = self.lock();
        let of_payment = state.book.range((payment.id, 0)..=(payment.id, u32::MAX));
        let drawn = of_payment.map(|(_, booked)| Drawn {
            what: booked.order.what,
            number: booked.order.number,
            amount: booked.order.amount,
            done: booked.order.word == BankWord::Paid,
        });
        Ok(drawn.collect())
    }

    async fn top_up(&self, top_up: &TopUp) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let id = ids::top_up_of(top_up.account, &top_up.reference);
        if state.book.contains_key(&(id, 0)) {
            return Ok(false);
        }
        let mut next = state.clone();
        next.post(vec![top_up_entry(top_up).map_err(MoneyFault::from)?])?;
        let order = InvoicedOrder {
            account: top_up.account,
            payment: id,
            number: 0,
            what: What::GiveBack,
            amount: top_up.amount,
            word: BankWord::Paid,
        };
        let booked = Booked {
            is_prepaid: true,
            order,
            file: None,
        };
        next.book.insert((id, 0), booked);
        *state = next;
        Ok(true)
    }

    async fn prepaid_minor(
        &self,
        account: AccountId,
        currency: Currency,
    ) -> Result<i64, StoreError> {
        Ok(self.lock().prepaid_minor(account, currency))
    }
}

fn booked(order: &Order, is_prepaid: bool, word: BankWord) -> Booked {
    Booked {
        is_prepaid,
        order: InvoicedOrder {
            account: order.account,
            payment: order.payment,
            number: order.number,
            what: order.what,
            amount: order.amount,
            word,
        },
        file: None,
    }
}

impl InvoiceBook for MemoryStore {
    async fn invoice(&self, order: &Order) -> Result<(), StoreError> {
        let key = (order.payment, order.number);
        let open = booked(order, false, BankWord::Open);
        self.lock().book.entry(key).or_insert(open);
        Ok(())
    }

    async fn invoiced(&self, payment: &Payment) -> Result<Vec<InvoicedOrder>, StoreError> {
        let state = self.lock();
        let of_payment = state.book.range((payment.id, 0)..=(payment.id, u32::MAX));
        Ok(of_payment.map(|(_, booked)| booked.order.clone()).collect())
    }

    async fn take_file(
        &self,
        file: &str,
        what: What,
        limit: u32,
    ) -> Result<Vec<InvoicedOrder>, StoreError> {
        let mut state = self.lock();
        let is_in = |booked: &&Booked| booked.file.as_deref() == Some(file);
        let mut taken: Vec<InvoicedOrder> = state
            .book
            .values()
            .filter(is_in)
            .map(|booked| booked.order.clone())
            .collect();
        if taken.is_empty() {
            let free = state.book.values_mut().filter(|booked| {
                let order = &booked.order;
                let open = !booked.is_prepaid && order.word == BankWord::Open;
                open && booked.file.is_none() && order.what == what
            });
            for booked in free.take(usize::try_from(limit).unwrap_or(usize::MAX)) {
                booked.file = Some(file.to_owned());
                taken.push(booked.order.clone());
            }
        }
        taken.sort_by_key(|order| (order.account, order.payment, order.number));
        Ok(taken)
    }

    async fn bank_says(
        &self,
        payment: PaymentId,
        number: u32,
        word: &BankWord,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let Some(booked) = state.book.get_mut(&(payment, number)) else {
            return Ok(false);
        };
        if !booked.is_prepaid && booked.order.word.may_become(word) {
            booked.order.word = word.clone();
        }
        Ok(!booked.is_prepaid)
    }
}

impl DebtList for MemoryStore {
    async fn listed(&self, account: AccountId) -> Result<Option<Listed>, StoreError> {
        Ok(self.lock().debts.get(&account).map(DebtEntry::listed))
    }

    async fn put(&self, entry: &DebtEntry, _now: Timestamp) -> Result<(), StoreError> {
        self.lock().debts.insert(entry.account, entry.clone());
        Ok(())
    }

    async fn take_off(&self, account: AccountId, _now: Timestamp) -> Result<(), StoreError> {
        self.lock().debts.remove(&account);
        Ok(())
    }

    async fn debtors(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let state = self.lock();
        let later = state.debts.keys();
        let later = later.filter(|account| after.is_none_or(|after| **account > after));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(later.take(limit).copied().collect())
    }
}
