//! Settling: hold shards, merge what is new into riders' days, let `settlement` decide, write it,
//! in one transaction.
//!
//! A shard's days are written by whoever holds the shard's row, and by nobody else. So workers
//! never wait for each other, and what a worker read stays true until it commits. Gates only ever
//! add to the queue: they wait for no worker.

mod codes;
mod queue;

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{AccountDay, StoredJourney, StoredTap, TapSource};
use settlement::ports::{DayChange, DayFault, DayState, DayWindow, StoreError};
use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use units::{AccountId, JourneyId, ServiceDay, TapId};

use crate::PostgresStore;
use crate::day_rows::DayRows;
use crate::days::{self, RiderDay};
use crate::faults;
use crate::ledger_pages::{Posting, words};
use crate::names::Names;
use crate::pack::page::RecordPlace;
use crate::parcels::{self, Item, Waiting};
use crate::store::{backend, shard_of};
use queue::Taken;

/// Riders whose taps are unpacked at once: some 10 MB, whatever the size of the day.
const AT_ONCE: usize = 4_000;

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
    F: Fn(&DayState) -> DayChange + Send + Sync,
{
    let failed = backend("settle days");
    loop {
        let places = queue::places(store).await?;
        if places.is_empty() {
            return Ok(0);
        }
        let mut tx = store.begin().await.map_err(&failed)?;
        let Some(taken) = queue::take(&mut tx, &places, limit).await? else {
            // Others hold every shard there is work in, or have just done it: wait for one of
            // them and look again.
            // Who waits holds nothing, so nobody waits for it.
            tx.rollback().await.map_err(&failed)?;
            queue::wait(store, places[0].1).await?;
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
    taken: Taken,
    window: &W,
    decide: &F,
) -> Result<u32, StoreError>
where
    W: Fn(ServiceDay) -> DayWindow + Send + Sync,
    F: Fn(&DayState) -> DayChange + Send + Sync,
{
    let words = words(&taken.rows, names, &["packed"]).await?;
    let columns = taken.rows.iter().map(|row| row.try_get("packed"));
    let columns: Vec<&[u8]> = columns
        .collect::<Result<_, _>>()
        .map_err(backend("take days"))?;
    let mut waiting = Waiting::new(columns.into_iter(), taken.day, &words)?;
    let mut accounts: Vec<AccountId> = waiting.accounts().chain(taken.dirty.clone()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    // Who settles a shard's day first need not look for what is stored of each rider.
    let is_first = !days::is_any_of(conn, taken.day, taken.shards()).await?;
    for some in accounts.chunks(AT_ONCE) {
        let (Some(first), Some(last)) = (some.first(), some.last()) else {
            continue;
        };
        let items = waiting.items((*first, *last))?;
        let some: BTreeSet<AccountId> = some.iter().copied().collect();
        let stored = if is_first {
            BTreeMap::new()
        } else {
            days::of_day(conn, names, taken.day, &some).await?
        };
        let merged = merge(taken.day, &some, stored, items);
        settle_some(conn, names, (taken.day, some), merged, window, decide).await?;
    }
    taken.remove(conn).await?;
    Ok(u32::try_from(accounts.len()).unwrap_or(u32::MAX))
}

/// Settles a day of some accounts of the shards held.
async fn settle_some<W, F>(
    conn: &mut PgConnection,
    names: &Names,
    (day, accounts): (ServiceDay, BTreeSet<AccountId>),
    merged: Merged,
    window: &W,
    decide: &F,
) -> Result<(), StoreError>
where
    W: Fn(ServiceDay) -> DayWindow + Send + Sync,
    F: Fn(&DayState) -> DayChange + Send + Sync,
{
    codes::note(conn, &merged.states, &merged.changed, &window(day)).await?;
    let mut states = merged.states;
    read_earlier(conn, names, &mut states, window(day)).await?;
    codes::read_elsewhere(conn, names, &mut states, window).await?;

    let mut written = Written {
        rows: DayRows::default(),
        posting: Posting::begin(conn, names, &accounts).await?,
        reaching: Vec::new(),
        reopened: Vec::new(),
        faults: Vec::new(),
    };
    for state in states.into_values() {
        let change = decide(&state);
        let has_changed = merged.changed.contains_key(&state.account);
        written.add(state, change, has_changed)?;
    }
    written.rows.write(conn, names).await?;
    days::put_charged(conn, &written.reopened).await?;
    written.posting.write(conn, names).await?;
    faults::replace(conn, day, &accounts, &written.faults).await?;
    mark_later(conn, day, &written.reaching).await
}

/// What was decided, packed.
struct Written {
    rows: DayRows,
    posting: Posting,
    /// Accounts whose later days, up to this one, depend on what has changed.
    reaching: Vec<(AccountId, ServiceDay)>,
    /// Days that were closed and are not any more.
    reopened: Vec<AccountDay>,
    /// Days that cannot be settled.
    faults: Vec<DayFault>,
}

impl Written {
    fn add(
        &mut self,
        state: DayState,
        change: DayChange,
        has_changed_taps: bool,
    ) -> Result<(), StoreError> {
        let was = state.account_day.as_ref();
        let is = &change.account_day;
        if change.reaches > state.day {
            self.reaching.push((state.account, change.reaches));
        }
        if was.is_some_and(|was| was.closed != is.closed) {
            self.reopened.push(is.clone());
        }
        let is_new = was.is_none();
        self.faults.extend(change.fault);
        let is_same = was == Some(is) && change.entries.is_empty();
        let record = |id| first_record(&change.journeys, &state.taps, id);
        self.posting.post(&change.entries, &record)?;
        if is_same && !has_changed_taps {
            return Ok(());
        }
        let day = RiderDay {
            taps: state.taps,
            journeys: change.journeys,
            flags: change.flags,
            stands: change.account_day,
        };
        if is_new {
            self.rows.add(&day);
        } else {
            self.rows.put(&day);
        }
        Ok(())
    }
}

/// The record that is the first tap of a journey.
fn first_record(
    journeys: &[StoredJourney],
    taps: &[StoredTap],
    id: JourneyId,
) -> Option<RecordPlace> {
    let journey = journeys.iter().find(|journey| journey.id == id)?;
    let first = journey.taps.first()?;
    let stored = taps.iter().find(|stored| stored.tap.id == *first)?;
    match stored.source {
        TapSource::Gate { device, epoch, seq } => Some((device, epoch, seq)),
        TapSource::File => None,
    }
}

/// The days with their new taps, and which taps are new or have another outcome.
struct Merged {
    states: BTreeMap<AccountId, DayState>,
    changed: BTreeMap<AccountId, BTreeSet<TapId>>,
}

/// `items` are in order of account.
fn merge(
    day: ServiceDay,
    accounts: &BTreeSet<AccountId>,
    mut stored: BTreeMap<AccountId, RiderDay>,
    items: Vec<Item>,
) -> Merged {
    let mut items = items.into_iter().peekable();
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
        let of_account = std::iter::from_fn(|| items.next_if(|item| item.account() == *account));
        let items = of_account.collect();
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
