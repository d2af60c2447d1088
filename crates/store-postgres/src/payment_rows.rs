//! Rows of `payments`.

use settlement::charging::{Attempt, Payment, Request, Stage, Totals, What};
use settlement::ports::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgArguments, PgConnection, PgRow, Postgres};
use sqlx::query::Query;
use units::{AccountId, Amount, PaymentId, ProviderId, Timestamp};

use crate::columns::{
    amount, array, currency, day, int, int_or_null, seq_number, text, text_or_null, time, unsigned,
    unsigned_32,
};
use crate::store::backend;

/// What a step changes comes first, in the order of [`bind_step`].
const INSERT: &str = "INSERT INTO payments (give_back_minor, stage, due_at, request_what, \
     request_number, request_minor, request_from, request_first_sent, request_sent, requests, \
     asked, failed, collected_minor, given_back_minor, charged_back_minor, entries, \
     written_off_minor, account_id, payment_id, window_day, revision, provider_id, payer, \
     currency, amount_minor, made_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
     $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, 1) \
     ON CONFLICT (account_id, payment_id) DO NOTHING";

const UPDATE: &str = "UPDATE payments SET give_back_minor = $1, stage = $2, due_at = $3, \
     request_what = $4, request_number = $5, request_minor = $6, request_from = $7, \
     request_first_sent = $8, request_sent = $9, requests = $10, asked = $11, failed = $12, \
     collected_minor = $13, given_back_minor = $14, charged_back_minor = $15, entries = $16, \
     written_off_minor = $17, version = version + 1 \
     WHERE account_id = $18 AND payment_id = $19 AND version = $20";

type Statement = Query<'static, Postgres, PgArguments>;

/// Adds a payment; whether it was new.
pub(crate) async fn insert(conn: &mut PgConnection, payment: &Payment) -> Result<bool, StoreError> {
    let done = bind_step(sqlx::query(INSERT), payment)
        .bind(payment.account.as_bytes().to_vec())
        .bind(payment.id.as_bytes().to_vec())
        .bind(payment.window.as_days())
        .bind(i64::from(payment.revision))
        .bind(payment.provider.as_bytes().to_vec())
        .bind(payment.payer.clone())
        .bind(payment.currency().code().to_owned())
        .bind(payment.amount.as_minor())
        .bind(payment.made_at.as_micros())
        .execute(conn);
    let done = done.await.map_err(backend("write a payment"))?;
    Ok(done.rows_affected() == 1)
}

/// Writes what a step changes; whether the payment still had its version.
pub(crate) async fn update(conn: &mut PgConnection, payment: &Payment) -> Result<bool, StoreError> {
    let done = bind_step(sqlx::query(UPDATE), payment)
        .bind(payment.account.as_bytes().to_vec())
        .bind(payment.id.as_bytes().to_vec())
        .bind(seq_number(payment.version))
        .execute(conn);
    let done = done.await.map_err(backend("write a payment"))?;
    Ok(done.rows_affected() == 1)
}

fn bind_step(query: Statement, payment: &Payment) -> Statement {
    let request = payment.request.as_ref();
    query
        .bind(payment.give_back.as_minor())
        .bind(payment.stage.as_str())
        .bind(payment.due.map(Timestamp::as_micros))
        .bind(request.map(|request| request.what.as_str()))
        .bind(request.map(|request| i64::from(request.number)))
        .bind(request.map(|request| request.amount.as_minor()))
        .bind(request.and_then(|request| request.from.clone()))
        .bind(request.map(|request| request.first_sent.as_micros()))
        .bind(request.map(|request| i64::from(request.sent)))
        .bind(i64::from(payment.requests))
        .bind(payment.asked)
        .bind(Attempt::write_all(&payment.failed))
        .bind(payment.posted.collected)
        .bind(payment.posted.given_back)
        .bind(payment.posted.charged_back)
        .bind(i64::from(payment.entries))
        .bind(payment.written_off)
}

/// Reads a row of `payments`.
pub(crate) fn read(row: &PgRow) -> Result<Payment, StoreError> {
    let currency = currency(row, "currency")?;
    let stage = Stage::parse(text(row, "stage")?);
    let failed = Attempt::read_all(text(row, "failed")?);
    let request = text_or_null(row, "request_what")?
        .map(|what| read_request(row, what, currency))
        .transpose()?;
    Ok(Payment {
        id: PaymentId::from_bytes(array(row, "payment_id")?),
        account: AccountId::from_bytes(array(row, "account_id")?),
        window: day(row, "window_day")?,
        revision: unsigned_32(row, "revision")?,
        provider: ProviderId::from_bytes(array(row, "provider_id")?),
        payer: text_or_null(row, "payer")?.map(str::to_owned),
        amount: amount(row, "amount_minor", currency)?,
        give_back: amount(row, "give_back_minor", currency)?,
        made_at: time(row, "made_at")?,
        stage: stage.map_err(|source| StoreError::corrupt("payments.stage", source))?,
        due: int_or_null(row, "due_at")?.map(Timestamp::from_micros),
        request,
        requests: unsigned_32(row, "requests")?,
        asked: row.try_get("asked").map_err(backend("read a payment"))?,
        failed: failed.map_err(|source| StoreError::corrupt("payments.failed", source))?,
        posted: Totals {
            collected: int(row, "collected_minor")?,
            given_back: int(row, "given_back_minor")?,
            charged_back: int(row, "charged_back_minor")?,
        },
        written_off: int(row, "written_off_minor")?,
        entries: unsigned_32(row, "entries")?,
        version: unsigned(row, "version")?,
    })
}

fn read_request(row: &PgRow, what: &str, currency: units::Currency) -> Result<Request, StoreError> {
    let minor = int(row, "request_minor")?;
    let amount = Amount::new(minor, currency);
    let what = What::parse(what);
    Ok(Request {
        what: what.map_err(|source| StoreError::corrupt("payments.request_what", source))?,
        number: unsigned_32(row, "request_number")?,
        amount: amount.map_err(|source| StoreError::corrupt("request_minor", source))?,
        from: text_or_null(row, "request_from")?.map(str::to_owned),
        first_sent: time(row, "request_first_sent")?,
        sent: unsigned_32(row, "request_sent")?,
    })
}
