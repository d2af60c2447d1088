//! Writing riders' days: packed as soon as they are decided, sent together.
//!
//! A rider's day takes some kilobytes unpacked and a tenth of that packed, so a worker never holds
//! more than one of them unpacked and decided.

use settlement::model::{AccountDay, StoredFare, StoredJourney};
use settlement::ports::StoreError;
use sqlx::postgres::PgConnection;
use tariff::JourneyStatus;

use crate::copy::Rows;
use crate::days::{RiderDay, narrow};
use crate::names::Names;
use crate::pack::{Column, Vocabulary, day, tap};
use crate::store::{backend, shard_of};

const COPY: &str = "COPY rider_days (account_id, service_day, shard, taps, journeys, incomplete, \
     unpriced, revision, fares_minor, currency, flagged, packed_taps, statement) \
     FROM STDIN (FORMAT binary)";

const UPSERT: &str = "INSERT INTO rider_days AS r (account_id, service_day, shard, taps, \
     journeys, incomplete, unpriced, revision, fares_minor, currency, flagged, packed_taps, \
     statement) SELECT account_id, service_day, shard, taps, journeys, incomplete, unpriced, \
     revision, fares_minor, currency, string_to_array(flagged, ' '), packed_taps, statement \
     FROM unnest($1::bytea[], $2::integer[], $3::smallint[], $4::smallint[], $5::smallint[], \
     $6::smallint[], $7::smallint[], $8::integer[], $9::bigint[], $10::text[], $11::text[], \
     $12::bytea[], $13::bytea[]) AS n (account_id, service_day, shard, taps, journeys, \
     incomplete, unpriced, revision, fares_minor, currency, flagged, packed_taps, statement) \
     ON CONFLICT (account_id, service_day) DO UPDATE SET taps = excluded.taps, \
     journeys = excluded.journeys, incomplete = excluded.incomplete, \
     unpriced = excluded.unpriced, revision = excluded.revision, \
     fares_minor = excluded.fares_minor, currency = excluded.currency, \
     flagged = excluded.flagged, packed_taps = excluded.packed_taps, \
     statement = excluded.statement";

/// Riders' days on their way into the table.
#[derive(Debug, Default)]
pub(crate) struct DayRows {
    words: Vocabulary,
    new: Vec<Row>,
    changed: Vec<Row>,
}

/// A row whose words have no numbers yet.
#[derive(Debug)]
struct Row {
    stands: AccountDay,
    /// Taps, journeys, those of them that lack an end, those without a fare.
    counts: [i16; 4],
    flags: Vec<&'static str>,
    taps: Column,
    statement: Column,
}

impl DayRows {
    /// Adds a day that is not stored yet.
    pub(crate) fn add(&mut self, day: &RiderDay) {
        let row = self.row(day);
        self.new.push(row);
    }

    /// Adds a day that takes the place of what is stored.
    pub(crate) fn put(&mut self, day: &RiderDay) {
        let row = self.row(day);
        self.changed.push(row);
    }

    fn row(&mut self, day: &RiderDay) -> Row {
        Row {
            stands: day.stands.clone(),
            counts: counted(day),
            flags: day.flags.iter().map(|(_, flag)| flag.as_str()).collect(),
            taps: tap::write_all(&mut self.words, &day.taps),
            statement: day::write(&mut self.words, &day.taps, &day.journeys, &day.flags),
        }
    }

    /// Writes them. The caller holds the shards of their accounts.
    pub(crate) async fn write(
        self,
        conn: &mut PgConnection,
        names: &Names,
    ) -> Result<(), StoreError> {
        let numbers = names.of(&self.words).await?;
        copy(conn, &self.new, &numbers).await?;
        upsert(conn, &self.changed, &numbers).await
    }
}

async fn copy(conn: &mut PgConnection, days: &[Row], numbers: &[u64]) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new(13);
    for day in days {
        let stands = &day.stands;
        rows.row();
        rows.bytes(stands.account.as_bytes());
        rows.int(stands.day.as_days());
        rows.small(shard_of(stands.account));
        for count in day.counts {
            rows.small(count);
        }
        rows.int(narrow(stands.revision));
        rows.big(stands.fares.as_minor());
        rows.bytes(stands.fares.currency().code().as_bytes());
        rows.texts_or_null(&day.flags);
        rows.bytes(&day.taps.finish(numbers)?);
        rows.bytes(&day.statement.finish(numbers)?);
    }
    let copied = rows.send(conn, COPY).await;
    copied.map_err(backend("store riders' days"))
}

async fn upsert(conn: &mut PgConnection, days: &[Row], numbers: &[u64]) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let stands = || days.iter().map(|day| &day.stands);
    let count = |which: usize| {
        days.iter()
            .map(|day| day.counts[which])
            .collect::<Vec<i16>>()
    };
    let finish = |column: fn(&Row) -> &Column| -> Result<Vec<Vec<u8>>, StoreError> {
        days.iter().map(|day| column(day).finish(numbers)).collect()
    };
    // A word each; null for a day without.
    let flagged = |day: &Row| (!day.flags.is_empty()).then(|| day.flags.join(" "));
    let upserted = sqlx::query(UPSERT)
        .bind(
            stands()
                .map(|day| day.account.as_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(stands().map(|day| day.day.as_days()).collect::<Vec<_>>())
        .bind(
            stands()
                .map(|day| shard_of(day.account))
                .collect::<Vec<_>>(),
        )
        .bind(count(0))
        .bind(count(1))
        .bind(count(2))
        .bind(count(3))
        .bind(stands().map(|day| narrow(day.revision)).collect::<Vec<_>>())
        .bind(stands().map(|day| day.fares.as_minor()).collect::<Vec<_>>())
        .bind(
            stands()
                .map(|day| day.fares.currency().code().to_owned())
                .collect::<Vec<_>>(),
        )
        .bind(days.iter().map(flagged).collect::<Vec<_>>())
        .bind(finish(|day| &day.taps)?)
        .bind(finish(|day| &day.statement)?)
        .execute(conn);
    upserted.await.map_err(backend("store riders' days"))?;
    Ok(())
}

/// How many taps a day has, how many journeys, how many of those lack an end, how many a fare.
fn counted(day: &RiderDay) -> [i16; 4] {
    let narrow = |count| i16::try_from(count).unwrap_or(i16::MAX);
    let journeys = |is: fn(&StoredJourney) -> bool| {
        let those = day.journeys.iter().filter(|journey| is(journey));
        narrow(those.count())
    };
    [
        narrow(day.taps.len()),
        narrow(day.journeys.len()),
        journeys(|one| one.status != JourneyStatus::Complete),
        journeys(|one| one.fare == StoredFare::Unpriced),
    ]
}
