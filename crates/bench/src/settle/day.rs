//! Settling a service day from PostgreSQL: time, its growth, memory, storage, late taps.

use services::Postgres;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use store_postgres::{Location, PostgresStore};
use tokio::runtime::Runtime;

use super::city::{Day, Small};
use super::ingest::count;
use super::raw::{Raw, Signed};
use super::uploads;
use super::worker::{self, Settled};
use crate::measure::{Times, timed};
use crate::report::Row;

/// One in so many gates is cut off and uploads after the day was settled.
const LATE_ONE_IN: u32 = 100;
/// Times that the taps are copied out.
const COPIES: usize = 3;
/// Taps of the city's day that the last row is about: 10 M rides.
const CITY_TAPS: usize = 20_000_000;
/// What that day may take, in seconds.
const CITY_SECONDS: f64 = 90.0;

/// Everything that is not taps as they came in, on its way or signed.
const STORED_BYTES: &str = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class \
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
     AND relname NOT IN ('device_records', 'new_taps', 'unjudged_runs')";

const JOURNEYS: &str = "SELECT sum(journeys)::bigint FROM rider_days";

/// A day taken in and settled.
struct Ran {
    taps: usize,
    ingest: f64,
    first: Settled,
    late_taps: usize,
    late: Settled,
    journeys: f64,
    stored_bytes: f64,
}

/// Sizes to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Taps of the day.
    pub(crate) taps: usize,
    /// Taps of the city's day; what is found is put up to 20 M taps.
    pub(crate) city_taps: usize,
    /// Days of each size; medians are taken.
    pub(crate) rounds: usize,
    /// Workers of the process that settles.
    pub(crate) workers: usize,
}

/// The rows.
///
/// # Errors
/// When the server refuses or the worker fails.
pub(super) fn rows(runtime: &Runtime, server: &Postgres, sizes: Sizes) -> anyhow::Result<Vec<Row>> {
    let day = Day::new(1)?;
    let (mut large, mut small) = (Vec::new(), Vec::new());
    let mut copies = Vec::new();
    for _ in 0..sizes.rounds {
        let taps = day.taps(sizes.taps);
        let url = server.create_database()?;
        copies.push(runtime.block_on(copy_out(&url, &day, &taps))?);
        small.push(ran(
            runtime,
            server,
            &day,
            &day.taps(sizes.taps / 10),
            sizes,
        )?);
        large.push(ran(runtime, server, &day, &taps, sizes)?);
    }
    let mut rows = of_day(&large, &small, copies);
    let city = if sizes.city_taps == sizes.taps {
        large.pop()
    } else {
        let taps = day.taps(sizes.city_taps);
        Some(ran(runtime, server, &day, &taps, sizes)?)
    };
    rows.extend(city.map(|ran| of_city(&ran)));
    Ok(rows)
}

fn of_day(large: &[Ran], small: &[Ran], copies: Vec<f64>) -> Vec<Row> {
    let times = |of: &dyn Fn(&Ran) -> f64| Times::of(large.iter().map(of).collect());
    let settle = times(&|ran| ran.first.seconds);
    let late = times(&|ran| ran.late.seconds);
    let few = Times::of(small.iter().map(|ran| ran.first.seconds).collect());
    let copies = Times::of(copies);
    let Some(one) = large.first() else {
        return Vec::new();
    };
    let taps = one.taps;
    let size = format!(
        "{taps} taps, {} riders, {} journeys",
        one.first.days, one.journeys
    );
    let peak = large
        .iter()
        .map(|ran| ran.first.peak_mb.max(ran.late.peak_mb));
    let bytes = one.stored_bytes / one.journeys;
    vec![
        Row::plain(
            "settle_day",
            &format!("PostgreSQL, {size}: settle, COPY the taps out"),
            settle.median(),
            "s",
        )
        .against(copies.median(), settle.ratio_to(&copies))
        .ratio_at_most(4.0),
        Row::plain(
            "settle_rate",
            "the same as taps settled in a second",
            count(taps) / settle.median(),
            "taps/s",
        ),
        Row::plain(
            "settle_growth",
            "the same: time of ten times the taps",
            settle.ratio_to(&few),
            "×",
        )
        .at_most(11.0),
        Row::plain(
            "settle_late",
            &format!("the same after {} late taps, first run", one.late_taps),
            late.median(),
            "s",
        )
        .against(settle.median(), late.ratio_to(&settle))
        .ratio_at_most(0.05),
        Row::plain(
            "settle_memory",
            "the same: most memory of the process that settles",
            peak.fold(0.0, f64::max),
            "MB",
        )
        .at_most(500.0),
        Row::plain(
            "settle_storage",
            "the same: bytes per journey, all but the taps as signed",
            bytes,
            "B",
        )
        .at_most(200.0),
    ]
}

fn of_city(ran: &Ran) -> Row {
    let part = count(CITY_TAPS) / count(ran.taps);
    let seconds = (ran.ingest + ran.first.seconds) * part;
    let what = format!(
        "10 M rides (20 M taps) into the store and settled; {:.1} + {:.1} s for {} taps",
        ran.ingest, ran.first.seconds, ran.taps
    );
    Row::plain("settle_city", &what, seconds, "s").at_most(CITY_SECONDS)
}

/// Takes a day in on a database of its own, settles it, takes late taps in, settles again.
fn ran(
    runtime: &Runtime,
    server: &Postgres,
    day: &Day,
    taps: &[Small],
    sizes: Sizes,
) -> anyhow::Result<Ran> {
    let url = server.create_database()?;
    let store = runtime.block_on(PostgresStore::open(&Location::parse(&url)?))?;
    runtime.block_on(uploads::register(&store, taps))?;
    let is_late = |tap: &Small| tap.device % LATE_ONE_IN == LATE_ONE_IN / 2;
    let (late, in_time): (Vec<Small>, Vec<Small>) = taps.iter().partition(|tap| is_late(tap));
    let uploads = uploads::of(&in_time);
    let (ingest, done) = timed(|| {
        // As many writers as there are cores: one encodes while the other's server works.
        runtime.block_on(async {
            uploads::store_by_two(&store, day, &uploads).await?;
            uploads::judge_by_two(&store, day, &in_time).await
        })
    });
    done?;
    let first = worker::run(&url, sizes.workers)?;
    runtime.block_on(uploads::store(&store, day, &uploads::of(&late)))?;
    runtime.block_on(uploads::judge_by_two(&store, day, &late))?;
    let again = worker::run(&url, sizes.workers)?;
    runtime.block_on(store.close());
    let (journeys, stored_bytes) = runtime.block_on(sums(&url))?;
    Ok(Ran {
        taps: in_time.len(),
        ingest,
        first,
        late_taps: late.len(),
        late: again,
        journeys,
        stored_bytes,
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn sums(url: &str) -> anyhow::Result<(f64, f64)> {
    let mut conn = PgConnection::connect(url).await?;
    let journeys: i64 = sqlx::query_scalar(JOURNEYS).fetch_one(&mut conn).await?;
    let bytes: i64 = sqlx::query_scalar(STORED_BYTES)
        .fetch_one(&mut conn)
        .await?;
    conn.close().await?;
    Ok((journeys as f64, bytes as f64))
}

/// Seconds to copy the taps out, a row each, to somebody who throws them away.
async fn copy_out(url: &str, day: &Day, taps: &[Small]) -> anyhow::Result<f64> {
    let mut raw = Raw::open(url, Signed::Signature).await?;
    for uploads in uploads::of(taps).chunks(40) {
        let batches = uploads.iter().map(|upload| uploads::batch(day, *upload));
        let batches: Vec<_> = batches.collect::<anyhow::Result<_>>()?;
        raw.copy_in(&batches).await?;
    }
    let mut times = Vec::with_capacity(COPIES);
    for _ in 0..COPIES {
        let start = crate::measure::now();
        anyhow::ensure!(raw.copy_out().await? > 0, "no taps came out");
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(Times::of(times).median())
}
