//! Table `book_orders`: prepaid balances, and invoices until the bank speaks.

use settlement::charging::{
    BankWord, Drawn, InvoiceBook, InvoicedOrder, Order, Payment, PrepaidBook, TopUp, What,
    top_up_entry,
};
use settlement::ids;
use settlement::ports::{MoneyFault, StoreError};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, Currency, PaymentId};

use crate::PostgresStore;
use crate::charging::hold;
use crate::columns::{amount, array, currency, text, unsigned_32};
use crate::ledger_pages;
use crate::store::backend;

const INSERT: &str = "INSERT INTO book_orders (account_id, payment_id, number, book, what, minor, \
     currency, word, code) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '') \
     ON CONFLICT (account_id, payment_id, number) DO NOTHING";

const SELECT_ONE: &str = "SELECT * FROM book_orders \
     WHERE account_id = $1 AND payment_id = $2 AND number = $3";

const SELECT_OF: &str = "SELECT * FROM book_orders WHERE account_id = $1 AND payment_id = $2 \
     ORDER BY number";

const SELECT_BALANCE: &str = "SELECT coalesce(sum(CASE what WHEN 'collect' THEN -minor \
     ELSE minor END), 0)::bigint FROM book_orders \
     WHERE account_id = $1 AND currency = $2 AND book = 'prepaid' AND word = 'paid'";

const SELECT_FILE: &str = "SELECT * FROM book_orders WHERE book = 'invoice' AND file = $1 \
     ORDER BY account_id, payment_id, number";

/// Materialized: a subquery that locks may be run again, and take more than its limit.
const TAKE: &str = "WITH taken AS MATERIALIZED (SELECT account_id, payment_id, number \
     FROM book_orders WHERE book = 'invoice' AND file IS NULL AND word = 'open' \
     AND what = $2 ORDER BY account_id, payment_id, number LIMIT $3 FOR UPDATE) \
     UPDATE book_orders b SET file = $1 FROM taken t WHERE b.account_id = t.account_id \
     AND b.payment_id = t.payment_id AND b.number = t.number";

const SELECT_WORD: &str = "SELECT word, code FROM book_orders \
     WHERE payment_id = $1 AND number = $2 AND book = 'invoice' FOR UPDATE";

const SAY: &str = "UPDATE book_orders SET word = $1, code = $2 \
     WHERE payment_id = $3 AND number = $4 AND book = 'invoice'";

impl PrepaidBook for PostgresStore {
    async fn draw(&self, order: &Order) -> Result<bool, StoreError> {
        let failed = backend("draw from a balance");
        let mut tx = self.begin().await.map_err(&failed)?;
        hold(&mut tx, order.account).await?;
        if let Some(known) = one(&mut tx, order).await? {
            return Ok(known.word == BankWord::Paid);
        }
        let left = balance(&mut tx, order.account, order.amount.currency()).await?;
        let done = order.what == What::GiveBack || left >= order.amount.as_minor();
        let word = if done {
            BankWord::Paid
        } else {
            BankWord::Failed(String::new())
        };
        write(&mut tx, "prepaid", &booked(order, word)).await?;
        tx.commit().await.map_err(&failed)?;
        Ok(done)
    }

    async fn drawn(&self, payment: &Payment) -> Result<Vec<Drawn>, StoreError> {
        let orders = orders_of(self, payment).await?.into_iter();
        let drawn = orders.map(|order| Drawn {
            what: order.what,
            number: order.number,
            amount: order.amount,
            done: order.word == BankWord::Paid,
        });
        Ok(drawn.collect())
    }

    async fn top_up(&self, top_up: &TopUp) -> Result<bool, StoreError> {
        let failed = backend("add to a balance");
        let entry = top_up_entry(top_up).map_err(MoneyFault::from)?;
        let order = InvoicedOrder {
            account: top_up.account,
            payment: ids::top_up_of(top_up.account, &top_up.reference),
            number: 0,
            what: What::GiveBack,
            amount: top_up.amount,
            word: BankWord::Paid,
        };
        let mut tx = self.begin().await.map_err(&failed)?;
        hold(&mut tx, top_up.account).await?;
        if !write(&mut tx, "prepaid", &order).await? {
            return Ok(false);
        }
        ledger_pages::append(&mut tx, &self.names, &[entry]).await?;
        tx.commit().await.map_err(&failed)?;
        Ok(true)
    }

    async fn prepaid_minor(
        &self,
        account: AccountId,
        currency: Currency,
    ) -> Result<i64, StoreError> {
        let mut tx = self
            .begin()
            .await
            .map_err(backend("read a prepaid balance"))?;
        balance(&mut tx, account, currency).await
    }
}

impl InvoiceBook for PostgresStore {
    async fn invoice(&self, order: &Order) -> Result<(), StoreError> {
        let failed = backend("write an invoice down");
        let mut tx = self.begin().await.map_err(&failed)?;
        write(&mut tx, "invoice", &booked(order, BankWord::Open)).await?;
        tx.commit().await.map_err(&failed)
    }

    async fn invoiced(&self, payment: &Payment) -> Result<Vec<InvoicedOrder>, StoreError> {
        orders_of(self, payment).await
    }

    async fn take_file(
        &self,
        file: &str,
        what: What,
        limit: u32,
    ) -> Result<Vec<InvoicedOrder>, StoreError> {
        let failed = backend("take invoices into a file");
        let mut tx = self.begin().await.map_err(&failed)?;
        let there = orders(&mut tx, file).await?;
        if !there.is_empty() {
            return Ok(there);
        }
        let taken = sqlx::query(TAKE)
            .bind(file.to_owned())
            .bind(what.as_str())
            .bind(i64::from(limit))
            .execute(&mut *tx);
        taken.await.map_err(&failed)?;
        let taken = orders(&mut tx, file).await?;
        tx.commit().await.map_err(&failed)?;
        Ok(taken)
    }

    async fn bank_says(
        &self,
        payment: PaymentId,
        number: u32,
        word: &BankWord,
    ) -> Result<bool, StoreError> {
        let failed = backend("write down what the bank says");
        let mut tx = self.begin().await.map_err(&failed)?;
        let row = sqlx::query(SELECT_WORD)
            .bind(payment.as_bytes().to_vec())
            .bind(i64::from(number))
            .fetch_optional(&mut *tx);
        let Some(row) = row.await.map_err(&failed)? else {
            return Ok(false);
        };
        if read_word(&row)?.may_become(word) {
            let said = sqlx::query(SAY)
                .bind(word.as_str())
                .bind(word.code().to_owned())
                .bind(payment.as_bytes().to_vec())
                .bind(i64::from(number))
                .execute(&mut *tx);
            said.await.map_err(&failed)?;
            tx.commit().await.map_err(&failed)?;
        }
        Ok(true)
    }
}

fn booked(order: &Order, word: BankWord) -> InvoicedOrder {
    InvoicedOrder {
        account: order.account,
        payment: order.payment,
        number: order.number,
        what: order.what,
        amount: order.amount,
        word,
    }
}

/// Writes an order down; whether it was new.
async fn write(
    conn: &mut PgConnection,
    book: &'static str,
    order: &InvoicedOrder,
) -> Result<bool, StoreError> {
    let done = sqlx::query(INSERT)
        .bind(order.account.as_bytes().to_vec())
        .bind(order.payment.as_bytes().to_vec())
        .bind(i64::from(order.number))
        .bind(book)
        .bind(order.what.as_str())
        .bind(order.amount.as_minor())
        .bind(order.amount.currency().code().to_owned())
        .bind(order.word.as_str())
        .execute(conn);
    let done = done.await.map_err(backend("write an order down"))?;
    Ok(done.rows_affected() == 1)
}

async fn one(conn: &mut PgConnection, order: &Order) -> Result<Option<InvoicedOrder>, StoreError> {
    let row = sqlx::query(SELECT_ONE)
        .bind(order.account.as_bytes().to_vec())
        .bind(order.payment.as_bytes().to_vec())
        .bind(i64::from(order.number))
        .fetch_optional(conn);
    let row = row.await.map_err(backend("read an order"))?;
    row.as_ref().map(read).transpose()
}

async fn orders_of(
    store: &PostgresStore,
    payment: &Payment,
) -> Result<Vec<InvoicedOrder>, StoreError> {
    let failed = backend("read orders of a payment");
    let mut tx = store.begin().await.map_err(&failed)?;
    let rows = sqlx::query(SELECT_OF)
        .bind(payment.account.as_bytes().to_vec())
        .bind(payment.id.as_bytes().to_vec())
        .fetch_all(&mut *tx);
    rows.await.map_err(&failed)?.iter().map(read).collect()
}

async fn orders(conn: &mut PgConnection, file: &str) -> Result<Vec<InvoicedOrder>, StoreError> {
    let rows = sqlx::query(SELECT_FILE)
        .bind(file.to_owned())
        .fetch_all(conn);
    let rows = rows.await.map_err(backend("read orders of a file"))?;
    rows.iter().map(read).collect()
}

async fn balance(
    conn: &mut PgConnection,
    account: AccountId,
    currency: Currency,
) -> Result<i64, StoreError> {
    let failed = backend("read a prepaid balance");
    let row = sqlx::query(SELECT_BALANCE)
        .bind(account.as_bytes().to_vec())
        .bind(currency.code().to_owned())
        .fetch_one(conn);
    row.await.map_err(&failed)?.try_get(0).map_err(&failed)
}

fn read(row: &PgRow) -> Result<InvoicedOrder, StoreError> {
    let what = What::parse(text(row, "what")?);
    Ok(InvoicedOrder {
        account: AccountId::from_bytes(array(row, "account_id")?),
        payment: PaymentId::from_bytes(array(row, "payment_id")?),
        number: unsigned_32(row, "number")?,
        what: what.map_err(|source| StoreError::corrupt("book_orders.what", source))?,
        amount: amount(row, "minor", currency(row, "currency")?)?,
        word: read_word(row)?,
    })
}

fn read_word(row: &PgRow) -> Result<BankWord, StoreError> {
    let word = BankWord::parse(text(row, "word")?, text(row, "code")?);
    word.map_err(|source| StoreError::corrupt("book_orders.word", source))
}
