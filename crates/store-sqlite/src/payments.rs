//! Charging's port: payments, the plans that make them, and how riders pay.

use settlement::charging::{
    ClosedWindows, Mandate, Means, Owing, PayWindow, Payment, PaymentProfile, PaymentStore, Plan,
    PlanError,
};
use settlement::model::{PostedEntry, StoredCharge, UnknownValue};
use settlement::ports::{MoneyFault, StoreError};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{AccountId, PaymentId, ProviderId, ServiceDay, Timestamp};

use crate::SqliteStore;
use crate::columns::{array, day, text, text_or_null};
use crate::money;
use crate::payment_rows::{insert, read, update};
use crate::store::backend;

const SELECT_DUE: &str = "SELECT * FROM payments WHERE due_at <= ? \
     ORDER BY due_at, payment_id LIMIT ?";

const SELECT_ONE: &str = "SELECT * FROM payments WHERE payment_id = ?";

const SELECT_OF: &str = "SELECT * FROM payments WHERE account_id = ? ORDER BY window_day, revision";

const SELECT_PAGE: &str = "SELECT * FROM payments WHERE (account_id, payment_id) > (?, ?) \
     ORDER BY account_id, payment_id LIMIT ?";

const SELECT_OPEN: &str = "SELECT * FROM payments WHERE stage <> 'paid' \
     AND (account_id, payment_id) > (?, ?) ORDER BY account_id, payment_id LIMIT ?";

const SELECT_MADE: &str = "SELECT * FROM payments WHERE (made_at, payment_id) > (?, ?) \
     AND made_at <= ? ORDER BY made_at, payment_id LIMIT ?";

/// The account's payments of one window: what a write-off is about.
const SELECT_WINDOW: &str = "SELECT * FROM payments WHERE account_id = ? AND window_day = ? \
     ORDER BY revision";

/// An account that has not said how it pays has the window ?4, or none: then nothing is selected.
const SELECT_TO_PLAN: &str = "SELECT DISTINCT c.account_id FROM charges c \
     LEFT JOIN payment_profiles p ON p.account_id = c.account_id \
     WHERE c.state = 'pending' AND c.account_id > ?5 \
     AND c.service_day <= CASE coalesce(p.pay_window, ?4) WHEN 'day' THEN ?1 WHEN 'week' THEN ?2 \
         WHEN 'month' THEN ?3 END \
     ORDER BY c.account_id LIMIT ?6";

const SELECT_PENDING: &str = "SELECT * FROM charges WHERE account_id = ? AND state = 'pending' \
     ORDER BY service_day, revision";

const SELECT_CHARGES_OF: &str = "SELECT * FROM charges WHERE account_id = ? AND payment_id = ? \
     ORDER BY service_day, revision";

const SETTLE: &str = "UPDATE charges SET state = 'settled', payment_id = ? \
     WHERE account_id = ? AND charge_id = ? AND state = 'pending'";

const SELECT_PROFILE: &str = "SELECT * FROM payment_profiles WHERE account_id = ?";

const PUT_PROFILE: &str = "INSERT INTO payment_profiles (account_id, provider_id, pay_window, \
     customer, mandate, signed_day, holder, iban, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (account_id) DO UPDATE SET provider_id = excluded.provider_id, \
     pay_window = excluded.pay_window, customer = excluded.customer, mandate = excluded.mandate, \
     signed_day = excluded.signed_day, holder = excluded.holder, iban = excluded.iban, \
     changed_at = excluded.changed_at";

impl PaymentStore for SqliteStore {
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Payment>, StoreError> {
        let failed = backend("read payments that are due");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        let rows = sqlx::query(SELECT_DUE)
            .bind(now.as_micros())
            .bind(i64::from(limit))
            .fetch_all(&mut *tx);
        rows.await.map_err(&failed)?.iter().map(read).collect()
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        let failed = backend("read a payment");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        let row = sqlx::query(SELECT_ONE)
            .bind(id.as_bytes().to_vec())
            .fetch_optional(&mut *tx);
        row.await.map_err(&failed)?.as_ref().map(read).transpose()
    }

    async fn payments_of(&self, account: AccountId) -> Result<Vec<Payment>, StoreError> {
        let mut tx = self
            .begin_read()
            .await
            .map_err(backend("read payments of a rider"))?;
        payments_of(&mut tx, account).await
    }

    async fn payments_page(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        page(self, SELECT_PAGE, after, limit).await
    }

    async fn open_payments(
        &self,
        after: Option<(AccountId, PaymentId)>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        page(self, SELECT_OPEN, after, limit).await
    }

    async fn payments_made(
        &self,
        (after, id): (Timestamp, Option<PaymentId>),
        through: Timestamp,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        let failed = backend("read payments by when they were made");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        // No id is above seventeen bytes of ones.
        let id = id.map_or_else(|| vec![u8::MAX; 17], |id| id.as_bytes().to_vec());
        let rows = sqlx::query(SELECT_MADE)
            .bind(after.as_micros())
            .bind(id)
            .bind(through.as_micros())
            .bind(i64::from(limit))
            .fetch_all(&mut *tx);
        rows.await.map_err(&failed)?.iter().map(read).collect()
    }

    async fn save(&self, payment: &Payment, entries: &[PostedEntry]) -> Result<bool, StoreError> {
        let failed = backend("write a payment");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        if !put(&mut tx, payment).await? {
            return Ok(false);
        }
        money::post(&mut tx, entries).await?;
        tx.commit().await.map_err(&failed)?;
        Ok(true)
    }

    async fn accounts_to_plan(
        &self,
        windows: &ClosedWindows,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        let failed = backend("read who has charges to pay");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        let after = after.map_or_else(Vec::new, |account| account.as_bytes().to_vec());
        let mut query = sqlx::query(SELECT_TO_PLAN);
        for window in PayWindow::ALL {
            query = query.bind(windows.through(window).as_days());
        }
        let rows = query
            .bind(windows.unsaid.map(PayWindow::as_str))
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx);
        let account = |row: &SqliteRow| array(row, "account_id").map(AccountId::from_bytes);
        rows.await.map_err(&failed)?.iter().map(account).collect()
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
        let failed = backend("plan payments");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let owing = Owing {
            account,
            profile: profile_of(&mut tx, account).await?,
            charges: charges(&mut tx, SELECT_PENDING, account, None).await?,
            payments: payments_of(&mut tx, account).await?,
        };
        let plan = decide(&owing).map_err(MoneyFault::from)?;
        if plan.is_empty() {
            return Ok(false);
        }
        for payment in plan.payments(&owing.payments, now) {
            if !put(&mut tx, &payment).await? {
                return Err(changed("payments.version"));
            }
        }
        let by = plan.payment.as_ref();
        let by = by.map(|payment| payment.id.as_bytes().to_vec());
        for charge in &plan.settles {
            let settled = sqlx::query(SETTLE)
                .bind(by.clone())
                .bind(account.as_bytes().to_vec())
                .bind(charge.as_bytes().to_vec())
                .execute(&mut *tx);
            if settled.await.map_err(&failed)?.rows_affected() != 1 {
                return Err(changed("charges.state"));
            }
        }
        tx.commit().await.map_err(&failed)?;
        Ok(true)
    }

    async fn charges_of(&self, payment: &Payment) -> Result<Vec<StoredCharge>, StoreError> {
        let mut tx = self
            .begin_read()
            .await
            .map_err(backend("read charges of a payment"))?;
        let (account, id) = (payment.account, payment.id);
        charges(&mut tx, SELECT_CHARGES_OF, account, Some(id)).await
    }

    async fn profile(&self, account: AccountId) -> Result<Option<PaymentProfile>, StoreError> {
        let mut tx = self
            .begin_read()
            .await
            .map_err(backend("read how a rider pays"))?;
        profile_of(&mut tx, account).await
    }

    async fn set_profile(
        &self,
        profile: &PaymentProfile,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let failed = backend("keep how a rider pays");
        let (mut customer, mut mandate) = (None, None);
        match &profile.means {
            Means::Balance => {}
            Means::Customer(of) => customer = Some(of.clone()),
            Means::Mandate(of) => mandate = Some(of.clone()),
        }
        let part =
            |of: fn(&Mandate) -> &String| mandate.as_ref().map(|mandate| of(mandate).clone());
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let put = sqlx::query(PUT_PROFILE)
            .bind(profile.account.as_bytes().to_vec())
            .bind(profile.provider.as_bytes().to_vec())
            .bind(profile.window.as_str())
            .bind(customer)
            .bind(part(|mandate| &mandate.reference))
            .bind(mandate.as_ref().map(|mandate| mandate.signed.as_days()))
            .bind(part(|mandate| &mandate.name))
            .bind(part(|mandate| &mandate.iban))
            .bind(now.as_micros())
            .execute(&mut *tx);
        put.await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }
}

/// The account's payments of the window that begins on `day`, as [`write_off`] may change them.
pub(crate) async fn of_window(
    conn: &mut SqliteConnection,
    account: AccountId,
    day: ServiceDay,
) -> Result<Vec<Payment>, StoreError> {
    let rows = sqlx::query(SELECT_WINDOW)
        .bind(account.as_bytes().to_vec())
        .bind(day.as_days())
        .fetch_all(conn);
    let rows = rows.await.map_err(backend("read payments of a window"))?;
    rows.iter().map(read).collect()
}

/// Writes a payment that [`of_window`] read in the same transaction.
pub(crate) async fn write_off(
    conn: &mut SqliteConnection,
    payment: &Payment,
) -> Result<(), StoreError> {
    if put(conn, payment).await? {
        return Ok(());
    }
    Err(changed("payments.version"))
}

/// Writes a payment that still has the version it was read with; whether it had.
async fn put(conn: &mut SqliteConnection, payment: &Payment) -> Result<bool, StoreError> {
    if payment.version == 0 {
        insert(conn, payment).await
    } else {
        update(conn, payment).await
    }
}

async fn payments_of(
    conn: &mut SqliteConnection,
    account: AccountId,
) -> Result<Vec<Payment>, StoreError> {
    let rows = sqlx::query(SELECT_OF)
        .bind(account.as_bytes().to_vec())
        .fetch_all(conn);
    let rows = rows.await.map_err(backend("read payments of a rider"))?;
    rows.iter().map(read).collect()
}

async fn page(
    store: &SqliteStore,
    sql: &'static str,
    after: Option<(AccountId, PaymentId)>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let failed = backend("read payments");
    let mut tx = store.begin_read().await.map_err(&failed)?;
    // The empty blob is below every id.
    let (account, payment) = after.map_or_else(Default::default, |(account, payment)| {
        (account.as_bytes().to_vec(), payment.as_bytes().to_vec())
    });
    let rows = sqlx::query(sql)
        .bind(account)
        .bind(payment)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx);
    rows.await.map_err(&failed)?.iter().map(read).collect()
}

async fn charges(
    conn: &mut SqliteConnection,
    sql: &'static str,
    account: AccountId,
    payment: Option<PaymentId>,
) -> Result<Vec<StoredCharge>, StoreError> {
    let mut query = sqlx::query(sql).bind(account.as_bytes().to_vec());
    if let Some(payment) = payment {
        query = query.bind(payment.as_bytes().to_vec());
    }
    let rows = query.fetch_all(conn).await;
    let rows = rows.map_err(backend("read charges"))?;
    rows.iter().map(money::read_charge).collect()
}

async fn profile_of(
    conn: &mut SqliteConnection,
    account: AccountId,
) -> Result<Option<PaymentProfile>, StoreError> {
    let row = sqlx::query(SELECT_PROFILE)
        .bind(account.as_bytes().to_vec())
        .fetch_optional(conn);
    let row = row.await.map_err(backend("read how a rider pays"))?;
    row.as_ref().map(read_profile).transpose()
}

fn read_profile(row: &SqliteRow) -> Result<PaymentProfile, StoreError> {
    let window = PayWindow::parse(text(row, "pay_window")?);
    let owned = |column| -> Result<String, StoreError> {
        Ok(text_or_null(row, column)?.unwrap_or_default().to_owned())
    };
    let means = if let Some(customer) = text_or_null(row, "customer")? {
        Means::Customer(customer.to_owned())
    } else if text_or_null(row, "mandate")?.is_some() {
        Means::Mandate(Mandate {
            reference: owned("mandate")?,
            signed: day(row, "signed_day")?,
            name: owned("holder")?,
            iban: owned("iban")?,
        })
    } else {
        Means::Balance
    };
    Ok(PaymentProfile {
        account: AccountId::from_bytes(array(row, "account_id")?),
        provider: ProviderId::from_bytes(array(row, "provider_id")?),
        window: window.map_err(|source| StoreError::corrupt("pay_window", source))?,
        means,
    })
}

/// Something else was there than was read in the same transaction.
fn changed(place: &'static str) -> StoreError {
    StoreError::corrupt(
        place,
        UnknownValue {
            expected: "what was read",
            got: "something else".to_owned(),
        },
    )
}
