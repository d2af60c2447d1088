//! Taking taps in: the stores against the fastest and the plainest way to write the same taps.

use services::Postgres;
use settlement::ports::SettlementStore;
use store_postgres::{Location, PostgresStore};
use tokio::runtime::Runtime;

use super::city::{Day, Small};
use super::raw::{Raw, Signed};
use super::uploads::{self, Batch, STORED_TOGETHER, UPLOAD_RECORDS, verified};
use crate::measure::{Times, timed};
use crate::report::Row;

/// Transactions of one side in a round.
const GROUPS: usize = 6;
/// Rounds in which all sides take turns.
const ROUNDS: usize = 7;

/// What is stored in one transaction.
pub(super) type Group = Vec<Batch>;

/// Rows of PostgreSQL.
///
/// # Errors
/// When the server refuses.
pub(super) fn rows(runtime: &Runtime, server: &Postgres) -> anyhow::Result<Vec<Row>> {
    let day = Day::new(1)?;
    let taps = day.taps(GROUPS * ROUNDS * STORED_TOGETHER * 2);
    let groups = groups(&day, &taps)?;
    let store = runtime.block_on(PostgresStore::open(&Location::parse(
        &server.create_database()?,
    )?))?;
    runtime.block_on(uploads::register(&store, &taps))?;
    let mut raw = runtime.block_on(Raw::open(&server.create_database()?, Signed::Whole))?;
    let (mut ours, mut copies, mut singles) = (Vec::new(), Vec::new(), Vec::new());
    for round in groups.chunks_exact(GROUPS).take(ROUNDS) {
        ours.push(per_tap(round, |group| {
            runtime.block_on(store.store_batches(&verified(group)))?;
            Ok(())
        })?);
        copies.push(per_tap(round, |group| {
            runtime.block_on(raw.copy_in(group))
        })?);
        let one = &round[0][0];
        let (seconds, done) = timed(|| runtime.block_on(raw.insert(one)));
        done?;
        singles.push(seconds * 1e9 / count(one.taps.len()));
    }
    runtime.block_on(store.close());
    anyhow::ensure!(ours.len() == ROUNDS, "too few taps for {ROUNDS} rounds");
    let (ours, copies, singles) = (Times::of(ours), Times::of(copies), Times::of(singles));
    let row = |id, what: &str, theirs: &Times| {
        let rate = Row::plain(id, what, 1e9 / ours.median(), "taps/s");
        rate.against(1e9 / theirs.median(), theirs.ratio_to(&ours))
    };
    Ok(vec![
        row(
            "settle_ingest_pg_copy",
            "PostgreSQL, 5,000 taps a transaction: store, raw COPY without a key",
            &copies,
        )
        .ratio_at_least(0.6),
        row(
            "settle_ingest_pg_insert",
            "the same: store, INSERT ... ON CONFLICT one by one",
            &singles,
        )
        .ratio_at_least(20.0),
    ])
}

/// Uploads of taps in groups of [`STORED_TOGETHER`], whole groups only.
///
/// # Errors
/// When a record cannot be encoded.
pub(super) fn groups(day: &Day, taps: &[Small]) -> anyhow::Result<Vec<Group>> {
    let uploads = uploads::of(taps);
    let whole = |upload: &&uploads::Upload<'_>| upload.1.len() == UPLOAD_RECORDS;
    let whole: Vec<_> = uploads.iter().filter(whole).collect();
    let groups = whole.chunks_exact(STORED_TOGETHER / UPLOAD_RECORDS);
    let group = |group: &[&uploads::Upload<'_>]| {
        let batches = group.iter().map(|upload| uploads::batch(day, **upload));
        batches.collect::<anyhow::Result<Group>>()
    };
    groups.map(group).collect()
}

/// Nanoseconds per tap of `groups`, each stored by `store`.
///
/// # Errors
/// When it refuses.
pub(super) fn per_tap(
    groups: &[Group],
    mut store: impl FnMut(&Group) -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    let records = groups.iter().flatten().map(|batch| batch.taps.len());
    let taps: usize = records.sum();
    let (seconds, done) = timed(|| groups.iter().try_for_each(&mut store));
    done?;
    Ok(seconds * 1e9 / count(taps))
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn count(count: usize) -> f64 {
    count as f64
}
