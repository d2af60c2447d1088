//! Windows of several days: the earlier taps that a day's fares depend on, and the later days that
//! depend on it. A city that counts nothing over days costs no statement here.

use std::collections::BTreeMap;

use settlement::ports::{DayChange, DayState, StoreError};
use sqlx::QueryBuilder;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{AccountId, ServiceDay};

use crate::columns::{array, day};
use crate::store::backend;
use crate::taps::{self, ROWS_PER_STATEMENT};

/// `days` are the days under settling with the first day of their windows.
const EARLIER: &str = ") SELECT days.day AS dirty_day, t.*, \
     (SELECT max(n.outcome) FROM tap_notes n WHERE n.tap_id = t.tap_id) AS outcome FROM days \
     CROSS JOIN taps t ON t.account_id = days.account_id \
     AND t.service_day >= days.bound AND t.service_day < days.day ORDER BY t.at, t.tap_id";

/// Taps outside of the windows that used a code of an earlier day inside.
const ELSEWHERE: &str = ") SELECT DISTINCT days.day AS dirty_day, o.*, \
     (SELECT max(n.outcome) FROM tap_notes n WHERE n.tap_id = o.tap_id) AS outcome FROM days \
     CROSS JOIN taps t ON t.account_id = days.account_id \
     AND t.service_day >= days.bound AND t.service_day < days.day \
     CROSS JOIN taps o ON o.account_id = t.account_id AND o.credential_id = t.credential_id \
     AND o.code_slot = t.code_slot \
     AND (o.service_day < days.bound OR o.service_day > days.day) \
     WHERE t.credential_id IS NOT NULL ORDER BY o.at, o.tap_id";

/// Here the bound is the last day that a change reaches.
const MARK_LATER: &str = ") INSERT INTO dirty_days (service_day, account_id) \
     SELECT DISTINCT t.service_day, t.account_id FROM days \
     CROSS JOIN taps t ON t.account_id = days.account_id \
     AND t.service_day > days.day AND t.service_day <= days.bound \
     WHERE true ON CONFLICT DO NOTHING";

const UNMARK: &str = ") DELETE FROM dirty_days WHERE (service_day, account_id) IN \
     (SELECT day, account_id FROM days)";

type Bounded = (AccountId, ServiceDay, ServiceDay);

/// Fills in [`DayState::earlier`] and the codes shared with it.
pub(crate) async fn read_earlier(
    conn: &mut SqliteConnection,
    states: &mut [DayState],
    first_day: impl Fn(ServiceDay) -> ServiceDay,
) -> Result<(), StoreError> {
    let windows: Vec<Bounded> = states
        .iter()
        .map(|state| (state.account, state.day, first_day(state.day)))
        .filter(|(_, day, first)| first < day)
        .collect();
    if windows.is_empty() {
        return Ok(());
    }
    let mut places: BTreeMap<(ServiceDay, AccountId), &mut DayState> = states
        .iter_mut()
        .map(|state| ((state.day, state.account), state))
        .collect();
    for chunk in windows.chunks(ROWS_PER_STATEMENT) {
        for row in fetch(conn, chunk, EARLIER).await? {
            if let Some(state) = places.get_mut(&key(&row)?) {
                state.earlier.push(taps::read(&row)?);
            }
        }
        for row in fetch(conn, chunk, ELSEWHERE).await? {
            if let Some(state) = places.get_mut(&key(&row)?) {
                state.elsewhere.push(taps::read(&row)?);
            }
        }
    }
    Ok(())
}

/// Makes the later days dirty that the changes of these days reach, but for these days themselves.
pub(crate) async fn mark_later(
    conn: &mut SqliteConnection,
    changes: &[DayChange],
) -> Result<(), StoreError> {
    let of_change = |change: &DayChange| {
        let day = &change.account_day;
        (day.account, day.day, change.reaches)
    };
    let all: Vec<Bounded> = changes.iter().map(of_change).collect();
    let reaching = all.iter().filter(|(_, day, last)| day < last);
    let reaching: Vec<Bounded> = reaching.copied().collect();
    if reaching.is_empty() {
        return Ok(());
    }
    let failed = backend("mark later days dirty");
    for (days, sql) in [(reaching, MARK_LATER), (all, UNMARK)] {
        for chunk in days.chunks(ROWS_PER_STATEMENT) {
            let done = bounded(chunk, sql).build().execute(&mut *conn).await;
            done.map_err(&failed)?;
        }
    }
    Ok(())
}

fn bounded(days: &[Bounded], sql: &str) -> QueryBuilder<sqlx::Sqlite> {
    let mut query = QueryBuilder::new("WITH days (account_id, day, bound) AS (");
    query.push_values(days, |mut row, (account, day, bound)| {
        row.push_bind(account.as_bytes().to_vec())
            .push_bind(day.as_days())
            .push_bind(bound.as_days());
    });
    query.push(sql);
    query
}

async fn fetch(
    conn: &mut SqliteConnection,
    days: &[Bounded],
    sql: &str,
) -> Result<Vec<SqliteRow>, StoreError> {
    let rows = bounded(days, sql).build().fetch_all(conn).await;
    rows.map_err(backend("read the days before those to settle"))
}

fn key(row: &SqliteRow) -> Result<(ServiceDay, AccountId), StoreError> {
    Ok((
        day(row, "dirty_day")?,
        AccountId::from_bytes(array(row, "account_id")?),
    ))
}
