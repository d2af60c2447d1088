//! Taking taps in on SQLite, against the best that one can write by hand.

use rusqlite::Connection;
use settlement::ports::SettlementStore;
use store_sqlite::{Location, SqliteStore};
use tokio::runtime::Runtime;

use super::city::Day;
use super::ingest::{Group, groups, per_tap};
use super::uploads::{self, STORED_TOGETHER, verified};
use crate::measure::Times;
use crate::report::Row;

/// Transactions of one side in a round.
const GROUPS: usize = 2;
/// Rounds in which both sides take turns.
const ROUNDS: usize = 7;

/// By hand: a table of rows in the order of their coming, without any other key.
const TABLE: &str = "CREATE TABLE taps (device_id BLOB, epoch INTEGER, seq INTEGER, tap_id BLOB, \
     account_id BLOB, service_day INTEGER, at INTEGER, kind INTEGER, stop_id TEXT, \
     code_slot INTEGER, record BLOB)";

const INSERT: &str = "INSERT INTO taps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Rows of SQLite, in files of a temporary folder.
///
/// # Errors
/// When a database refuses.
pub(super) fn rows(runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let day = Day::new(1)?;
    let taps = day.taps(GROUPS * ROUNDS * STORED_TOGETHER * 2);
    let groups = groups(&day, &taps)?;
    let folder = tempfile::tempdir()?;
    let place = Location::File(folder.path().join("store.db"));
    let store = runtime.block_on(SqliteStore::open(&place))?;
    runtime.block_on(uploads::register(&store, &taps))?;
    let mut by_hand = Connection::open(folder.path().join("hand.db"))?;
    by_hand.pragma_update(None, "journal_mode", "wal")?;
    by_hand.pragma_update(None, "synchronous", "full")?;
    by_hand.execute(TABLE, ())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in groups.chunks_exact(GROUPS).take(ROUNDS) {
        ours.push(per_tap(round, |group| {
            runtime.block_on(store.store_batches(&verified(group)))?;
            Ok(())
        })?);
        theirs.push(per_tap(round, |group| insert(&mut by_hand, group))?);
    }
    runtime.block_on(store.close());
    anyhow::ensure!(ours.len() == ROUNDS, "too few taps for {ROUNDS} rounds");
    let (ours, theirs) = (Times::of(ours), Times::of(theirs));
    let what = "SQLite, synchronous = FULL: store, by hand with rusqlite and no key";
    let rate = Row::plain("settle_ingest_sqlite", what, 1e9 / ours.median(), "taps/s");
    let against = rate.against(1e9 / theirs.median(), theirs.ratio_to(&ours));
    Ok(vec![against.ratio_at_least(0.6)])
}

/// One prepared statement, one transaction.
fn insert(conn: &mut Connection, group: &Group) -> anyhow::Result<()> {
    let transaction = conn.transaction()?;
    {
        let mut statement = transaction.prepare_cached(INSERT)?;
        for batch in group {
            let records = batch.verified.records.iter().zip(&batch.taps);
            for ((record, stored), seq) in records.zip(batch.verified.first_seq..) {
                statement.execute((
                    batch.verified.device.as_bytes(),
                    batch.verified.epoch,
                    i64::try_from(seq)?,
                    stored.tap.id.as_bytes(),
                    stored.account.as_bytes(),
                    stored.day.as_days(),
                    stored.tap.at.as_micros(),
                    i32::from(stored.tap.kind == tariff::TapKind::Off),
                    stored.tap.stop.as_str(),
                    stored.code.map(|code| code.slot()),
                    record.as_slice(),
                ))?;
            }
        }
    }
    Ok(transaction.commit()?)
}
