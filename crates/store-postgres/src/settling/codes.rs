//! Codes that may be used on several days: table `code_days`, the days that share one, their taps.

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{CodeUse, StoredTap};
use settlement::ports::{DayState, DayWindow, StoreError};
use sqlx::postgres::PgConnection;
use units::{AccountId, CredentialId, ServiceDay, TapId};

use super::{in_order, shards};
use crate::columns::{array, day, int};
use crate::days;
use crate::names::Names;
use crate::store::backend;

const INSERT: &str = "INSERT INTO code_days (account_id, credential_id, code_slot, service_day) \
     SELECT account_id, credential_id, code_slot, $4 FROM unnest($1::bytea[], $2::bytea[], \
     $3::bigint[]) AS c (account_id, credential_id, code_slot) ON CONFLICT DO NOTHING";

/// The other days of the same account on which the same codes were used.
const MARK: &str = "INSERT INTO dirty_days (account_id, service_day, shard) \
     SELECT DISTINCT d.account_id, d.service_day, c.shard FROM unnest($1::bytea[], $2::bytea[], \
     $3::bigint[], $5::smallint[]) AS c (account_id, credential_id, code_slot, shard) \
     JOIN code_days d ON d.account_id = c.account_id AND d.credential_id = c.credential_id \
     AND d.code_slot = c.code_slot WHERE d.service_day <> $4 ON CONFLICT DO NOTHING";

const SELECT: &str = "SELECT d.account_id, d.credential_id, d.code_slot, d.service_day \
     FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) \
     AS c (account_id, credential_id, code_slot) \
     JOIN code_days d ON d.account_id = c.account_id AND d.credential_id = c.credential_id \
     AND d.code_slot = c.code_slot WHERE d.service_day < $4 OR d.service_day > $5";

/// An account's use of a code.
type Use = (AccountId, CodeUse);

/// Notes the codes of changed taps that may be used on other days too, and marks those days dirty:
/// which use counts may be another now.
pub(super) async fn note(
    conn: &mut PgConnection,
    states: &BTreeMap<AccountId, DayState>,
    changed: &BTreeMap<AccountId, BTreeSet<TapId>>,
    window: &DayWindow,
) -> Result<(), StoreError> {
    let Some(day) = states.values().next().map(|state| state.day) else {
        return Ok(());
    };
    let is_changed = |stored: &&StoredTap| {
        let of_account = changed.get(&stored.account);
        of_account.is_some_and(|taps| taps.contains(&stored.tap.id))
    };
    let taps = states
        .values()
        .flat_map(|state| &state.taps)
        .filter(is_changed);
    let uses: BTreeSet<Use> = taps
        .filter(|stored| window.shares_code(stored))
        .filter_map(|stored| Some((stored.account, stored.code?)))
        .collect();
    if uses.is_empty() {
        return Ok(());
    }
    let failed = backend("note codes of several days");
    let (accounts, credentials, slots) = arrays(&uses);
    let inserted = sqlx::query(INSERT)
        .bind(&accounts)
        .bind(&credentials)
        .bind(&slots)
        .bind(day.as_days())
        .execute(&mut *conn);
    inserted.await.map_err(&failed)?;
    let marked = sqlx::query(MARK)
        .bind(accounts)
        .bind(credentials)
        .bind(slots)
        .bind(day.as_days())
        .bind(shards(uses.iter().map(|used| used.0)))
        .execute(conn);
    marked.await.map_err(&failed)?;
    Ok(())
}

/// Fills in [`DayState::elsewhere`].
pub(super) async fn read_elsewhere<W>(
    conn: &mut PgConnection,
    names: &Names,
    states: &mut BTreeMap<AccountId, DayState>,
    window: &W,
) -> Result<(), StoreError>
where
    W: Fn(ServiceDay) -> DayWindow,
{
    let Some(today) = states.values().next().map(|state| state.day) else {
        return Ok(());
    };
    let taps = states
        .values()
        .flat_map(|state| state.taps.iter().chain(&state.earlier));
    let mut windows: BTreeMap<ServiceDay, DayWindow> = BTreeMap::new();
    let mut uses: BTreeSet<Use> = BTreeSet::new();
    for stored in taps {
        let of_day = windows
            .entry(stored.day)
            .or_insert_with(|| window(stored.day));
        if let (true, Some(code)) = (of_day.shares_code(stored), stored.code) {
            uses.insert((stored.account, code));
        }
    }
    if uses.is_empty() {
        return Ok(());
    }
    let (accounts, credentials, slots) = arrays(&uses);
    let rows = sqlx::query(SELECT)
        .bind(accounts)
        .bind(credentials)
        .bind(slots)
        .bind(window(today).first.as_days().min(today.as_days()))
        .bind(today.as_days())
        .fetch_all(&mut *conn);
    let mut shared: BTreeSet<Use> = BTreeSet::new();
    let mut other_days: BTreeSet<(AccountId, ServiceDay)> = BTreeSet::new();
    for row in &rows.await.map_err(backend("read codes of several days"))? {
        let account = AccountId::from_bytes(array(row, "account_id")?);
        let credential = CredentialId::from_bytes(array(row, "credential_id")?);
        let code = CodeUse::from_slot(credential, int(row, "code_slot")?);
        shared.insert((account, code));
        other_days.insert((account, day(row, "service_day")?));
    }
    if other_days.is_empty() {
        return Ok(());
    }
    for stored in days::taps_of(conn, names, &other_days).await? {
        let is_shared = stored
            .code
            .is_some_and(|code| shared.contains(&(stored.account, code)));
        if let (true, Some(state)) = (is_shared, states.get_mut(&stored.account)) {
            state.elsewhere.push(stored);
        }
    }
    for state in states.values_mut() {
        in_order(&mut state.elsewhere);
    }
    Ok(())
}

fn arrays(uses: &BTreeSet<Use>) -> (Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<i64>) {
    (
        uses.iter().map(|used| used.0.as_bytes().to_vec()).collect(),
        uses.iter()
            .map(|used| used.1.credential.as_bytes().to_vec())
            .collect(),
        uses.iter().map(|used| used.1.slot()).collect(),
    )
}
