//! Settling: hold shards, merge what is new into riders' days, let `settlement` decide, write it,
//! in one transaction.
//!
//! A shard's days are written by whoever holds the shard's row, and by nobody else. So workers
//! never wait for each other, and what a worker read stays true until it commits. Gates only ever
//! add to the queue: they wait for no worker.

mod codes;
mod queue;

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::StoredTap;
use settlement::ports::{DayChange, DayState, DayWindow, MoneyFault, StoreError};
use sqlx::postgres::PgConnection;
use units::{AccountId, ServiceDay, TapId};

use crate::PostgresStore;
use crate::days::{self, RiderDay};
use crate::ledger_pages;
use crate::names::Names;
use crate::parcels::{self, Item};
use crate::store::{backend, shard_of};
use queue::Taken;

/// Later days of riders whose windows a change reaches.
const MARK_LATER: &str = "INSERT INTO dirty_days (account_id, service_day, shard) \
     SELECT r.account_id, r.service_day, r.shard \
     FROM unnest($1::bytea[], $2::integer[]) AS c (account_id, last) \
     JOIN rider_days r ON r.account_id = c.account_id \
     AND r.service_day > $3 AND r.service_day <= c.last ON CONFLICT DO NOTHING";

pub(crate) async fn settle<W, F>(
    store: &PostgresStore,
    limit: u32,
    window: W,
    decide: F,
) -> Result<u32, StoreError>
where
    W: Fn(ServiceDay) -> DayWindow + Send + Sync,
    F: Fn(&DayState) -> Result<DayChange, MoneyFault> + Send + Sync,
{
    let failed = backend("settle days");
    loop {
        let places = queue::places(store).await?;
        if places.is_empty() {
            return Ok(0);
        }
        let mut tx = store.begin().await.map_err(&failed)?;
        let Some(taken) = queue::take(&mut tx, &store.names, &places, limit).await? else {
            // Others hold every shard there is work in, or have just done it: wait for one of
            // them and look again.
            queue::wait(&mut tx, places[0].1).await?;
            continue;
        };
        let settled = settle_taken(&mut tx, &store.names, taken, &window, &decide).await?;
        tx.commit().await.map_err(&failed)?;
        return Ok(settled);
    }
}

async fn settle_taken<W, F>(
    conn: &mut PgConnection,
    names: &Names,
    mut taken: Taken,
    window: &W,
    decide: &F,
) -> Result<u32, StoreError>
where
    W: Fn(ServiceDay) -> DayWindow + Send + Sync,
    F: Fn(&DayState) -> Result<DayChange, MoneyFault> + Send + Sync,
{
    let day = taken.day;
    let mut stored = days::of_day(conn, names, day, &taken.accounts).await?;
    let items = std::mem::take(&mut taken.items);
    let merged = merge(day, &taken.accounts, &mut stored, items);
    codes::note(conn, &merged.states, &merged.changed, &window(day)).await?;
    let mut states = merged.states;
    read_earlier(conn, names, &mut states, window(day)).await?;
    codes::read_elsewhere(conn, names, &mut states, window).await?;

    let mut changes = Vec::with_capacity(states.len());
    for state in states.values() {
        changes.push(decide(state)?);
    }
    let reaching: Vec<(AccountId, ServiceDay)> = changes
        .iter()
        .map(|change| (change.account_day.account, change.reaches))
        .filter(|(_, last)| *last > day)
        .collect();
    let mut written = Vec::new();
    let mut entries = Vec::new();
    let mut reopened = Vec::new();
    for (state, change) in states.into_values().zip(changes) {
        let was = state.account_day.as_ref();
        let is = &change.account_day;
        if was.is_some_and(|was| was.closed != is.closed) {
            reopened.push(is.clone());
        }
        let is_same = was == Some(is) && change.entries.is_empty();
        entries.extend(change.entries);
        if is_same && !merged.changed.contains_key(&state.account) {
            continue;
        }
        written.push(RiderDay {
            taps: state.taps,
            journeys: change.journeys,
            flags: change.flags,
            stands: change.account_day,
        });
    }
    days::put(conn, names, &written).await?;
    days::put_charged(conn, &reopened.iter().collect::<Vec<_>>()).await?;
    ledger_pages::append(conn, names, &entries).await?;
    taken.remove(conn).await?;
    mark_later(conn, day, &reaching).await?;
    Ok(u32::try_from(taken.accounts.len()).unwrap_or(u32::MAX))
}

/// The days with their new taps, and which taps are new or have another outcome.
struct Merged {
    states: BTreeMap<AccountId, DayState>,
    changed: BTreeMap<AccountId, BTreeSet<TapId>>,
}

fn merge(
    day: ServiceDay,
    accounts: &BTreeSet<AccountId>,
    stored: &mut BTreeMap<AccountId, RiderDay>,
    items: Vec<Item>,
) -> Merged {
    let mut by_account: BTreeMap<AccountId, Vec<Item>> = BTreeMap::new();
    for item in items {
        by_account.entry(item.account()).or_default().push(item);
    }
    let mut merged = Merged {
        states: BTreeMap::new(),
        changed: BTreeMap::new(),
    };
    for account in accounts {
        let stored = stored.remove(account);
        let (mut taps, journeys, flags, stands) = match stored {
            Some(day) => (day.taps, day.journeys, day.flags, Some(day.stands)),
            None => (Vec::new(), Vec::new(), Vec::new(), None),
        };
        let items = by_account.remove(account).unwrap_or_default();
        let changed = parcels::merge(&mut taps, items);
        if !changed.is_empty() {
            merged.changed.insert(*account, changed);
        }
        let state = DayState {
            account: *account,
            day,
            taps,
            earlier: Vec::new(),
            elsewhere: Vec::new(),
            journeys,
            flags,
            account_day: stands,
        };
        merged.states.insert(*account, state);
    }
    merged
}

async fn read_earlier(
    conn: &mut PgConnection,
    names: &Names,
    states: &mut BTreeMap<AccountId, DayState>,
    window: DayWindow,
) -> Result<(), StoreError> {
    let Some(day) = states.values().next().map(|state| state.day) else {
        return Ok(());
    };
    if window.first >= day {
        return Ok(());
    }
    let accounts: BTreeSet<AccountId> = states.keys().copied().collect();
    let taps = days::taps_between(conn, names, &accounts, (window.first, day)).await?;
    for stored in taps {
        if let Some(state) = states.get_mut(&stored.account) {
            state.earlier.push(stored);
        }
    }
    for state in states.values_mut() {
        in_order(&mut state.earlier);
    }
    Ok(())
}

fn in_order(taps: &mut [StoredTap]) {
    taps.sort_by_key(|stored| (stored.tap.at, stored.tap.id));
}

async fn mark_later(
    conn: &mut PgConnection,
    day: ServiceDay,
    reaching: &[(AccountId, ServiceDay)],
) -> Result<(), StoreError> {
    if reaching.is_empty() {
        return Ok(());
    }
    let accounts = reaching
        .iter()
        .map(|(account, _)| account.as_bytes().to_vec());
    let marked = sqlx::query(MARK_LATER)
        .bind(accounts.collect::<Vec<_>>())
        .bind(
            reaching
                .iter()
                .map(|(_, last)| last.as_days())
                .collect::<Vec<_>>(),
        )
        .bind(day.as_days())
        .execute(conn);
    marked.await.map_err(backend("mark later days dirty"))?;
    Ok(())
}

/// The shards of accounts.
fn shards(accounts: impl Iterator<Item = AccountId>) -> Vec<i16> {
    accounts.map(shard_of).collect()
}
