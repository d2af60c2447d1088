//! Tables `corrections`, `correction_decisions` and `audit_trail`.

use std::collections::BTreeSet;

use settlement::corrections::{
    AuditLine, Case, CaseChange, CorrectionFilter, CorrectionStore, PageAfter, Refused,
};
use settlement::model::{
    Actor, Correction, CorrectionKind, Decision, Reason, StoredCharge, Subject, UnknownValue,
    Verdict,
};
use settlement::ports::StoreError;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, ChargeId, CorrectionId, ServiceDay};

use crate::PostgresStore;
use crate::columns::{amount, array, currency, day, text, text_or_null, time, unsigned};
use crate::names::Names;
use crate::store::{HOLD_SHARD, backend, shard_of};
use crate::{charging, days, ledger_pages, payments};

const CHARGE: &str = "SELECT * FROM charges WHERE charge_id = $1";

macro_rules! select_corrections {
    ($rest:literal) => {
        concat!(
            "SELECT c.*, d.verdict, d.decided_by, d.decided_at, d.answer FROM corrections c \
             LEFT JOIN correction_decisions d \
             ON d.account_id = c.account_id AND d.correction_id = c.correction_id ",
            $rest
        )
    };
}

const OF_ACCOUNTS: &str = select_corrections!(
    "WHERE c.account_id = ANY($1) ORDER BY c.account_id, c.made_at, c.correction_id"
);

const ONE: &str = select_corrections!("WHERE c.correction_id = $1");

const OF_DAY: &str = select_corrections!(
    "WHERE c.account_id = $1 AND c.service_day = $2 ORDER BY c.made_at, c.correction_id"
);

const PAGE: &str = select_corrections!(
    "WHERE (c.made_at, c.correction_id) > ($1, $2) AND ($3::text IS NULL OR c.kind = $3) \
     AND (NOT $4 OR d.verdict IS NULL) AND ($5::bytea IS NULL OR c.account_id = $5) \
     ORDER BY c.made_at, c.correction_id LIMIT $6"
);

const SELECT_CHARGES: &str =
    "SELECT * FROM charges WHERE account_id = $1 AND service_day = $2 ORDER BY revision";

const INSERT: &str = "INSERT INTO corrections (account_id, correction_id, service_day, kind, \
     subject, subject_id, amount_minor, currency, reason, note, maker, made_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const DECIDE: &str = "INSERT INTO correction_decisions (account_id, correction_id, verdict, \
     decided_by, decided_at, answer) VALUES ($1, $2, $3, $4, $5, $6)";
const AUDIT: &str =
    "INSERT INTO audit_trail (at, who, action, subject, detail) VALUES ($1, $2, $3, $4, $5)";
const TRAIL: &str = "SELECT * FROM audit_trail WHERE ($1::bigint IS NULL OR line < $1) \
     ORDER BY line DESC LIMIT $2";

impl CorrectionStore for PostgresStore {
    async fn charge(&self, id: ChargeId) -> Result<Option<StoredCharge>, StoreError> {
        let failed = backend("find a charge");
        let mut tx = self.begin().await.map_err(&failed)?;
        let query = sqlx::query(CHARGE).bind(id.as_bytes().to_vec());
        let row = query.fetch_optional(&mut *tx).await.map_err(&failed)?;
        row.as_ref().map(charging::read).transpose()
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        let failed = backend("find a correction");
        let mut tx = self.begin().await.map_err(&failed)?;
        let query = sqlx::query(ONE).bind(id.as_bytes().to_vec());
        let row = query.fetch_optional(&mut *tx).await.map_err(&failed)?;
        row.as_ref().map(read).transpose()
    }

    async fn corrections(
        &self,
        filter: &CorrectionFilter,
        after: Option<PageAfter>,
        limit: u32,
    ) -> Result<Vec<Correction>, StoreError> {
        let failed = backend("list corrections");
        let mut tx = self.begin().await.map_err(&failed)?;
        // The empty string is below every id.
        let (made_at, id) = after.map_or((i64::MIN, Vec::new()), |after| {
            (after.made_at.as_micros(), after.id.as_bytes().to_vec())
        });
        let rows = sqlx::query(PAGE)
            .bind(made_at)
            .bind(id)
            .bind(filter.kind.map(CorrectionKind::as_str))
            .bind(filter.open)
            .bind(filter.account.map(|account| account.as_bytes().to_vec()))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .map_err(&failed)?;
        rows.iter().map(read).collect()
    }

    async fn correct<F>(
        &self,
        account: AccountId,
        day: ServiceDay,
        decide: F,
    ) -> Result<Result<(), Refused>, StoreError>
    where
        F: Fn(&Case) -> Result<CaseChange, Refused> + Send + Sync,
    {
        let failed = backend("correct a day");
        let mut tx = self.begin().await.map_err(&failed)?;
        // Whoever settles or charges a day of the account holds this row.
        let held = sqlx::query(HOLD_SHARD).bind(shard_of(account));
        held.execute(&mut *tx).await.map_err(&failed)?;
        let case = case(&mut tx, &self.names, account, day).await?;
        let change = match decide(&case) {
            Ok(change) => change,
            Err(refused) => return Ok(Err(refused)),
        };
        write(&mut tx, &self.names, account, change).await?;
        tx.commit().await.map_err(&failed)?;
        Ok(Ok(()))
    }

    async fn audit(&self, line: &AuditLine) -> Result<(), StoreError> {
        let failed = backend("write the audit trail");
        let mut tx = self.begin().await.map_err(&failed)?;
        insert_audit(&mut tx, line).await?;
        tx.commit().await.map_err(&failed)
    }

    async fn audit_trail(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, AuditLine)>, StoreError> {
        let failed = backend("read the audit trail");
        let mut tx = self.begin().await.map_err(&failed)?;
        let before = before.map(|line| i64::try_from(line).unwrap_or(i64::MAX));
        let query = sqlx::query(TRAIL).bind(before).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *tx).await.map_err(&failed)?;
        rows.iter().map(read_audit).collect()
    }
}

async fn case(
    conn: &mut PgConnection,
    names: &Names,
    account: AccountId,
    day: ServiceDay,
) -> Result<Case, StoreError> {
    let one = BTreeSet::from([account]);
    let stored = days::of_day(conn, names, day, &one).await?.remove(&account);
    let charges = fetch(conn, SELECT_CHARGES, account, day).await?;
    let corrections = fetch(conn, OF_DAY, account, day).await?;
    let (stands, journeys) = match stored {
        Some(stored) => (Some(stored.stands), stored.journeys),
        None => (None, Vec::new()),
    };
    Ok(Case {
        day: stands,
        journeys,
        charges: charges
            .iter()
            .map(charging::read)
            .collect::<Result<_, _>>()?,
        corrections: corrections.iter().map(read).collect::<Result<_, _>>()?,
        payments: payments::of_window(conn, account, day).await?,
    })
}

/// The corrections of `accounts`.
pub(crate) async fn of_accounts(
    conn: &mut PgConnection,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<Correction>, StoreError> {
    let ids: Vec<Vec<u8>> = accounts.iter().map(|id| id.as_bytes().to_vec()).collect();
    let rows = sqlx::query(OF_ACCOUNTS).bind(ids).fetch_all(conn).await;
    let rows = rows.map_err(backend("read corrections"))?;
    rows.iter().map(read).collect()
}

async fn fetch(
    conn: &mut PgConnection,
    sql: &'static str,
    account: AccountId,
    day: ServiceDay,
) -> Result<Vec<PgRow>, StoreError> {
    let rows = sqlx::query(sql)
        .bind(account.as_bytes().to_vec())
        .bind(day.as_days())
        .fetch_all(conn)
        .await;
    rows.map_err(backend("read a day to correct"))
}

async fn write(
    conn: &mut PgConnection,
    names: &Names,
    account: AccountId,
    change: CaseChange,
) -> Result<(), StoreError> {
    let failed = backend("store a correction");
    if let Some(asked) = &change.asked {
        insert(conn, asked).await?;
    }
    if let Some((id, decision)) = &change.decided {
        let decided = sqlx::query(DECIDE)
            .bind(account.as_bytes().to_vec())
            .bind(id.as_bytes().to_vec())
            .bind(decision.verdict.as_str())
            .bind(decision.by.to_string())
            .bind(decision.at.as_micros())
            .bind(decision.note.clone())
            .execute(&mut *conn);
        decided.await.map_err(&failed)?;
    }
    if let Some(books) = change.books {
        charging::write(conn, names, vec![books]).await?;
    }
    if let Some((payment, entry)) = change.payment {
        payments::write_off(conn, &payment).await?;
        ledger_pages::append(conn, names, &[entry]).await?;
    }
    match &change.audit {
        Some(line) => insert_audit(conn, line).await,
        None => Ok(()),
    }
}

async fn insert(conn: &mut PgConnection, asked: &Correction) -> Result<(), StoreError> {
    let inserted = sqlx::query(INSERT)
        .bind(asked.account.as_bytes().to_vec())
        .bind(asked.id.as_bytes().to_vec())
        .bind(asked.day.as_days())
        .bind(asked.kind.as_str())
        .bind(asked.subject.kind())
        .bind(asked.subject.as_bytes().to_vec())
        .bind(asked.amount.as_minor())
        .bind(asked.amount.currency().code().to_owned())
        .bind(asked.reason.as_str().to_owned())
        .bind(asked.note.clone())
        .bind(asked.maker.to_string())
        .bind(asked.made_at.as_micros())
        .execute(conn);
    inserted.await.map_err(backend("store a correction"))?;
    Ok(())
}

/// Adds a line to the audit trail.
pub(crate) async fn insert_audit(
    conn: &mut PgConnection,
    line: &AuditLine,
) -> Result<(), StoreError> {
    let inserted = sqlx::query(AUDIT)
        .bind(line.at.as_micros())
        .bind(line.who.to_string())
        .bind(line.action.clone())
        .bind(line.subject.clone())
        .bind(line.detail.clone())
        .execute(conn);
    inserted.await.map_err(backend("write the audit trail"))?;
    Ok(())
}

/// Reads a row of `corrections` with its decision.
pub(crate) fn read(row: &PgRow) -> Result<Correction, StoreError> {
    let unknown = |place| move |source: UnknownValue| StoreError::corrupt(place, source);
    let reason = Reason::parse(text(row, "reason")?);
    let subject = Subject::of(text(row, "subject")?, array(row, "subject_id")?);
    let kind = CorrectionKind::parse(text(row, "kind")?);
    let maker = Actor::parse(text(row, "maker")?);
    Ok(Correction {
        id: CorrectionId::from_bytes(array(row, "correction_id")?),
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        kind: kind.map_err(unknown("corrections.kind"))?,
        subject: subject.map_err(unknown("corrections.subject"))?,
        amount: amount(row, "amount_minor", currency(row, "currency")?)?,
        reason: reason.map_err(|source| StoreError::corrupt("corrections.reason", source))?,
        note: text(row, "note")?.to_owned(),
        maker: maker.map_err(unknown("corrections.maker"))?,
        made_at: time(row, "made_at")?,
        decision: read_decision(row)?,
    })
}

fn read_decision(row: &PgRow) -> Result<Option<Decision>, StoreError> {
    let unknown = |place| move |source: UnknownValue| StoreError::corrupt(place, source);
    let Some(verdict) = text_or_null(row, "verdict")? else {
        return Ok(None);
    };
    let verdict = Verdict::parse(verdict);
    let by = Actor::parse(text(row, "decided_by")?);
    Ok(Some(Decision {
        verdict: verdict.map_err(unknown("correction_decisions.verdict"))?,
        by: by.map_err(unknown("correction_decisions.decided_by"))?,
        at: time(row, "decided_at")?,
        note: text(row, "answer")?.to_owned(),
    }))
}

fn read_audit(row: &PgRow) -> Result<(u64, AuditLine), StoreError> {
    let who = Actor::parse(text(row, "who")?);
    let line = AuditLine {
        at: time(row, "at")?,
        who: who.map_err(|source| StoreError::corrupt("audit_trail.who", source))?,
        action: text(row, "action")?.to_owned(),
        subject: text(row, "subject")?.to_owned(),
        detail: text(row, "detail")?.to_owned(),
    };
    Ok((unsigned(row, "line")?, line))
}
