//! Tables of money: `entries`, `postings`, `balances`, `account_days`, `charges`.

use std::collections::BTreeMap;

use ledger::{Entry, EntryKind, LedgerAccount, Posting};
use settlement::model::{
    About, AccountDay, ChargeState, LedgerBalance, PostedEntry, StoredCharge, UnknownValue,
};
use settlement::ports::StoreError;
use sqlx::QueryBuilder;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{AccountId, Balance, ChargeId, CorrectionId, EntryId, JourneyId, PaymentId};

use crate::columns::{amount, array, currency, day, int, text, time, unsigned_32};
use crate::store::backend;
use crate::taps::ROWS_PER_STATEMENT;

/// Adds entries with their postings and adds the postings to the balances.
pub(crate) async fn post(
    conn: &mut SqliteConnection,
    entries: &[PostedEntry],
) -> Result<(), StoreError> {
    let failed = backend("post entries");
    for chunk in entries.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO entries \
             (account_id, entry_id, service_day, about, about_id, at, kind, description) ",
        );
        query.push_values(chunk, |mut row, posted| {
            row.push_bind(posted.account.as_bytes().to_vec())
                .push_bind(posted.entry.id().as_bytes().to_vec())
                .push_bind(posted.day.as_days())
                .push_bind(match posted.about {
                    About::Journey(_) => "journey",
                    About::Charge(_) => "charge",
                    About::Refund(_) => "refund",
                    About::Payment(_) => "payment",
                })
                .push_bind(posted.about.as_bytes().to_vec())
                .push_bind(posted.entry.at().as_micros())
                .push_bind(posted.entry.kind().as_str())
                .push_bind(posted.entry.description().to_owned());
        });
        query.build().execute(&mut *conn).await.map_err(&failed)?;
    }
    let postings: Vec<(AccountId, EntryId, i64, Posting)> = entries
        .iter()
        .flat_map(|posted| {
            let lines = posted.entry.postings().iter().zip(0i64..);
            lines.map(|(posting, line)| (posted.account, posted.entry.id(), line, *posting))
        })
        .collect();
    for chunk in postings.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO postings (account_id, entry_id, line, ledger_account, currency, minor) ",
        );
        query.push_values(chunk, |mut row, (account, entry, line, posting)| {
            row.push_bind(account.as_bytes().to_vec())
                .push_bind(entry.as_bytes().to_vec())
                .push_bind(*line)
                .push_bind(posting.account.to_string())
                .push_bind(posting.amount.currency().code().to_owned())
                .push_bind(posting.amount.as_minor());
        });
        query.build().execute(&mut *conn).await.map_err(&failed)?;
    }
    add_to_balances(conn, &postings).await
}

async fn add_to_balances(
    conn: &mut SqliteConnection,
    postings: &[(AccountId, EntryId, i64, Posting)],
) -> Result<(), StoreError> {
    // Balances of one account in one transaction are added up here first, exactly; SQLite refuses
    // a sum beyond 64 bits into an INTEGER column of a STRICT table.
    let mut sums: BTreeMap<(AccountId, String, String), i128> = BTreeMap::new();
    for (account, _, _, posting) in postings {
        let key = (
            *account,
            posting.account.to_string(),
            posting.amount.currency().code().to_owned(),
        );
        *sums.entry(key).or_default() += i128::from(posting.amount.as_minor());
    }
    let mut rows = Vec::with_capacity(sums.len());
    for ((account, name, currency), minor) in sums {
        let minor = i64::try_from(minor).map_err(|_| {
            StoreError::corrupt(
                "balances.minor",
                UnknownValue {
                    expected: "64 bits of minor units",
                    got: minor.to_string(),
                },
            )
        })?;
        rows.push((account, name, currency, minor));
    }
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO balances (account_id, ledger_account, currency, minor) ",
        );
        query.push_values(chunk, |mut row, (account, name, currency, minor)| {
            row.push_bind(account.as_bytes().to_vec())
                .push_bind(name.clone())
                .push_bind(currency.clone())
                .push_bind(*minor);
        });
        query.push(
            " ON CONFLICT (account_id, ledger_account, currency) \
             DO UPDATE SET minor = minor + excluded.minor",
        );
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("add to balances"))?;
    }
    Ok(())
}

/// Writes where days stand, in place of what stood there.
pub(crate) async fn put_days(
    conn: &mut SqliteConnection,
    days: &[AccountDay],
) -> Result<(), StoreError> {
    for chunk in days.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO account_days (account_id, service_day, revision, currency, fares_minor, \
             charged_minor, refunds_minor, credited_minor, charge_revision, closed) ",
        );
        query.push_values(chunk, |mut row, day| {
            row.push_bind(day.account.as_bytes().to_vec())
                .push_bind(day.day.as_days())
                .push_bind(i64::from(day.revision))
                .push_bind(day.fares.currency().code().to_owned())
                .push_bind(day.fares.as_minor())
                .push_bind(day.charged.as_minor())
                .push_bind(day.refunds.as_minor())
                .push_bind(day.credited.as_minor())
                .push_bind(i64::from(day.charge_revision))
                .push_bind(i64::from(day.closed));
        });
        query.push(
            " ON CONFLICT (account_id, service_day) DO UPDATE SET revision = excluded.revision, \
             currency = excluded.currency, fares_minor = excluded.fares_minor, \
             charged_minor = excluded.charged_minor, refunds_minor = excluded.refunds_minor, \
             credited_minor = excluded.credited_minor, \
             charge_revision = excluded.charge_revision, closed = excluded.closed",
        );
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("store days"))?;
    }
    Ok(())
}

/// Adds charges.
pub(crate) async fn insert_charges(
    conn: &mut SqliteConnection,
    charges: &[StoredCharge],
) -> Result<(), StoreError> {
    for chunk in charges.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO charges (account_id, service_day, revision, charge_id, amount_minor, \
             currency, state, at, because) ",
        );
        query.push_values(chunk, |mut row, charge| {
            row.push_bind(charge.account.as_bytes().to_vec())
                .push_bind(charge.day.as_days())
                .push_bind(i64::from(charge.revision))
                .push_bind(charge.id.as_bytes().to_vec())
                .push_bind(charge.amount.as_minor())
                .push_bind(charge.amount.currency().code().to_owned())
                .push_bind(charge.state.as_str())
                .push_bind(charge.at.as_micros())
                .push_bind(charge.because.clone());
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("store charges"))?;
    }
    Ok(())
}

/// Reads a row of `account_days`.
pub(crate) fn read_day(row: &SqliteRow) -> Result<AccountDay, StoreError> {
    let currency = currency(row, "currency")?;
    Ok(AccountDay {
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        revision: unsigned_32(row, "revision")?,
        fares: amount(row, "fares_minor", currency)?,
        charged: amount(row, "charged_minor", currency)?,
        refunds: amount(row, "refunds_minor", currency)?,
        credited: amount(row, "credited_minor", currency)?,
        charge_revision: unsigned_32(row, "charge_revision")?,
        closed: int(row, "closed")? != 0,
    })
}

/// Reads a row of `charges`.
pub(crate) fn read_charge(row: &SqliteRow) -> Result<StoredCharge, StoreError> {
    let state = ChargeState::parse(text(row, "state")?);
    Ok(StoredCharge {
        id: ChargeId::from_bytes(array(row, "charge_id")?),
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        revision: unsigned_32(row, "revision")?,
        amount: Balance::new(int(row, "amount_minor")?, currency(row, "currency")?),
        state: state.map_err(|source| StoreError::corrupt("charges.state", source))?,
        at: time(row, "at")?,
        because: text(row, "because")?.to_owned(),
    })
}

/// Reads a row of `balances`, with the account it is filed under.
pub(crate) fn read_balance(row: &SqliteRow) -> Result<(AccountId, LedgerBalance), StoreError> {
    Ok((
        AccountId::from_bytes(array(row, "account_id")?),
        LedgerBalance {
            account: ledger_account(row)?,
            balance: Balance::new(int(row, "minor")?, currency(row, "currency")?),
        },
    ))
}

/// Reads a row of `postings`, with the entry it belongs to.
pub(crate) fn read_posting(row: &SqliteRow) -> Result<((AccountId, EntryId), Posting), StoreError> {
    Ok((
        (
            AccountId::from_bytes(array(row, "account_id")?),
            EntryId::from_bytes(array(row, "entry_id")?),
        ),
        Posting {
            account: ledger_account(row)?,
            amount: Balance::new(int(row, "minor")?, currency(row, "currency")?),
        },
    ))
}

/// Reads a row of `entries`; `postings` gives an entry's postings.
pub(crate) fn read_entry(
    row: &SqliteRow,
    postings: &mut BTreeMap<(AccountId, EntryId), Vec<Posting>>,
) -> Result<PostedEntry, StoreError> {
    let account = AccountId::from_bytes(array(row, "account_id")?);
    let id = EntryId::from_bytes(array(row, "entry_id")?);
    let about_id = array(row, "about_id")?;
    let about = match text(row, "about")? {
        "journey" => About::Journey(JourneyId::from_bytes(about_id)),
        "charge" => About::Charge(ChargeId::from_bytes(about_id)),
        "refund" => About::Refund(CorrectionId::from_bytes(about_id)),
        "payment" => About::Payment(PaymentId::from_bytes(about_id)),
        other => {
            let unknown = UnknownValue {
                expected: "journey, charge, refund or payment",
                got: other.to_owned(),
            };
            return Err(StoreError::corrupt("entries.about", unknown));
        }
    };
    let kind = EntryKind::parse(text(row, "kind")?);
    let entry = Entry::new(
        id,
        time(row, "at")?,
        kind.map_err(|source| StoreError::corrupt("entries.kind", source))?,
        text(row, "description")?.to_owned(),
        postings.remove(&(account, id)).unwrap_or_default(),
    );
    Ok(PostedEntry {
        account,
        day: day(row, "service_day")?,
        about,
        entry: entry.map_err(|source| StoreError::corrupt("postings", source))?,
    })
}

fn ledger_account(row: &SqliteRow) -> Result<LedgerAccount, StoreError> {
    LedgerAccount::parse(text(row, "ledger_account")?)
        .map_err(|source| StoreError::corrupt("ledger_account", source))
}
