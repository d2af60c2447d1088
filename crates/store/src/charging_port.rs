//! Charging's ports, method by method.

use settlement::charging::{
    BankWord, ClosedWindows, Drawn, InvoiceBook, InvoicedOrder, Order, Owing, Payment,
    PaymentProfile, PaymentStore, Plan, PlanError, PrepaidBook, TopUp, What,
};
use settlement::debt::deny::{DebtEntry, Listed};
use settlement::debt::list::DebtList;
use settlement::model::{PostedEntry, StoredCharge};
use settlement::ports::StoreError;
use units::{AccountId, Currency, PaymentId, Timestamp};

use crate::{Store, inside};

impl PaymentStore for Store {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Payment>, StoreError> {
        inside!(self, store => store.due(now, limit).await)
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        inside!(self, store => store.payment(id).await)
    }

    async fn payments_of(&self, account: AccountId) -> Result<Vec<Payment>, StoreError> {
        inside!(self, store => store.payments_of(account).await)
    }

    async fn payments_page(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        inside!(self, store => store.payments_page(after, limit).await)
    }

    async fn open_payments(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        inside!(self, store => store.open_payments(after, limit).await)
    }

    async fn payments_made(
        &self,
        after: (Timestamp, Option<PaymentId>),
        through: Timestamp,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        inside!(self, store => store.payments_made(after, through, limit).await)
    }

    async fn save(&self, payment: &Payment, entries: &[PostedEntry]) -> Result<bool, StoreError> {
        inside!(self, store => store.save(payment, entries).await)
    }

    async fn accounts_to_plan(
        &self,
        windows: &ClosedWindows,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        inside!(self, store => store.accounts_to_plan(windows, after, limit).await)
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
        inside!(self, store => store.plan(account, now, decide).await)
    }

    async fn charges_of(&self, payment: &Payment) -> Result<Vec<StoredCharge>, StoreError> {
        inside!(self, store => store.charges_of(payment).await)
    }

    async fn profile(&self, account: AccountId) -> Result<Option<PaymentProfile>, StoreError> {
        inside!(self, store => store.profile(account).await)
    }

    async fn set_profile(
        &self,
        profile: &PaymentProfile,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        inside!(self, store => store.set_profile(profile, now).await)
    }
}

impl PrepaidBook for Store {
    async fn draw(&self, order: &Order) -> Result<bool, StoreError> {
        inside!(self, store => store.draw(order).await)
    }

    async fn drawn(&self, payment: &Payment) -> Result<Vec<Drawn>, StoreError> {
        inside!(self, store => store.drawn(payment).await)
    }

    async fn top_up(&self, top_up: &TopUp) -> Result<bool, StoreError> {
        inside!(self, store => store.top_up(top_up).await)
    }

    async fn prepaid_minor(
        &self,
        account: AccountId,
        currency: Currency,
    ) -> Result<i64, StoreError> {
        inside!(self, store => store.prepaid_minor(account, currency).await)
    }
}

impl InvoiceBook for Store {
    async fn invoice(&self, order: &Order) -> Result<(), StoreError> {
        inside!(self, store => store.invoice(order).await)
    }

    async fn invoiced(&self, payment: &Payment) -> Result<Vec<InvoicedOrder>, StoreError> {
        inside!(self, store => store.invoiced(payment).await)
    }

    async fn take_file(
        &self,
        file: &str,
        what: What,
        limit: u32,
    ) -> Result<Vec<InvoicedOrder>, StoreError> {
        inside!(self, store => store.take_file(file, what, limit).await)
    }

    async fn bank_says(
        &self,
        payment: PaymentId,
        number: u32,
        word: &BankWord,
    ) -> Result<bool, StoreError> {
        inside!(self, store => store.bank_says(payment, number, word).await)
    }
}

impl DebtList for Store {
    async fn listed(&self, account: AccountId) -> Result<Option<Listed>, StoreError> {
        inside!(self, store => store.listed(account).await)
    }

    async fn put(&self, entry: &DebtEntry, now: Timestamp) -> Result<(), StoreError> {
        inside!(self, store => store.put(entry, now).await)
    }

    async fn take_off(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        inside!(self, store => store.take_off(account, now).await)
    }

    async fn debtors(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        inside!(self, store => store.debtors(after, limit).await)
    }
}
