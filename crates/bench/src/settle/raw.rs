//! The other side on PostgreSQL: a row for each tap, with nothing of ours in between.

use futures_util::TryStreamExt as _;
use settlement::model::StoredTap;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tariff::TapKind;

use super::uploads::Batch;

/// A tap's columns, and the bytes its gate signed or a part of them.
const COLUMNS: &str = "(device_id bytea NOT NULL, epoch integer NOT NULL, seq bigint NOT NULL, \
     tap_id bytea NOT NULL, account_id bytea NOT NULL, service_day integer NOT NULL, \
     at bigint NOT NULL, kind smallint NOT NULL, stop_id text NOT NULL, \
     code_slot bigint NOT NULL, signed bytea NOT NULL";

const COPY_IN: &str = "COPY raw_taps FROM STDIN (FORMAT binary)";
const COPY_OUT: &str = "COPY raw_taps TO STDOUT (FORMAT binary)";

const INSERT: &str = "INSERT INTO keyed_taps VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
     ON CONFLICT DO NOTHING";

/// How much of a tap's record a row holds.
#[derive(Clone, Copy)]
pub(super) enum Signed {
    /// All of it, as the product keeps it.
    Whole,
    /// As much as one signature.
    Signature,
}

/// A connection, and the tables of it.
pub(super) struct Raw {
    conn: PgConnection,
    signed: Signed,
}

impl Raw {
    /// Makes `raw_taps` without any key and `keyed_taps` with one.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn open(url: &str, signed: Signed) -> anyhow::Result<Self> {
        let mut conn = PgConnection::connect(url).await?;
        let keyless = format!("CREATE TABLE raw_taps {COLUMNS})");
        let keyed =
            format!("CREATE TABLE keyed_taps {COLUMNS}, PRIMARY KEY (device_id, epoch, seq))");
        for table in [keyless, keyed] {
            let made = sqlx::query(sqlx::AssertSqlSafe(table));
            made.execute(&mut conn).await?;
        }
        Ok(Self { conn, signed })
    }

    /// Adds taps in one `COPY`, committed.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn copy_in(&mut self, batches: &[Batch]) -> anyhow::Result<()> {
        let mut out = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        for batch in batches {
            for tap in taps(batch) {
                encode(&mut out, batch, tap, self.signed)?;
            }
        }
        out.extend_from_slice(&(-1_i16).to_be_bytes());
        let mut copy = self.conn.copy_in_raw(COPY_IN).await?;
        copy.send(out).await?;
        copy.finish().await?;
        Ok(())
    }

    /// Reads all taps and throws them away; gives how many bytes.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn copy_out(&mut self) -> anyhow::Result<usize> {
        let mut stream = self.conn.copy_out_raw(COPY_OUT).await?;
        let mut sum = 0;
        while let Some(bytes) = stream.try_next().await? {
            sum += bytes.len();
        }
        Ok(sum)
    }

    /// Inserts taps one by one, each committed.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn insert(&mut self, batch: &Batch) -> anyhow::Result<()> {
        for (seq, record, stored) in taps(batch) {
            let inserted = sqlx::query(INSERT)
                .bind(batch.verified.device.as_bytes().to_vec())
                .bind(1_i32)
                .bind(i64::try_from(seq)?)
                .bind(stored.tap.id.as_bytes().to_vec())
                .bind(stored.account.as_bytes().to_vec())
                .bind(stored.day.as_days())
                .bind(stored.tap.at.as_micros())
                .bind(kind(stored))
                .bind(stored.tap.stop.as_str().to_owned())
                .bind(slot(stored))
                .bind(record.to_vec());
            inserted.execute(&mut self.conn).await?;
        }
        Ok(())
    }
}

/// A record's number, its bytes, and the tap it is.
type Tap<'b> = (u64, &'b [u8], &'b StoredTap);

fn taps(batch: &Batch) -> impl Iterator<Item = Tap<'_>> {
    let numbered = (batch.verified.first_seq..).zip(&batch.verified.records);
    let taps = numbered.zip(&batch.taps);
    taps.map(|((seq, record), stored)| (seq, record.as_slice(), stored))
}

fn kind(stored: &StoredTap) -> i16 {
    match stored.tap.kind {
        TapKind::On => 1,
        TapKind::Off => 2,
    }
}

fn slot(stored: &StoredTap) -> i64 {
    stored.code.map_or(0, |code| code.slot())
}

/// A row of PostgreSQL's binary COPY format.
fn encode(
    out: &mut Vec<u8>,
    batch: &Batch,
    (seq, record, stored): Tap<'_>,
    signed: Signed,
) -> anyhow::Result<()> {
    let signed = match signed {
        Signed::Whole => record,
        Signed::Signature => &record[record.len() - 64..],
    };
    out.extend_from_slice(&11_i16.to_be_bytes());
    let mut field = |bytes: &[u8]| {
        let length = i32::try_from(bytes.len())?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(bytes);
        anyhow::Ok(())
    };
    field(batch.verified.device.as_bytes())?;
    field(&1_i32.to_be_bytes())?;
    field(&i64::try_from(seq)?.to_be_bytes())?;
    field(stored.tap.id.as_bytes())?;
    field(stored.account.as_bytes())?;
    field(&stored.day.as_days().to_be_bytes())?;
    field(&stored.tap.at.as_micros().to_be_bytes())?;
    field(&kind(stored).to_be_bytes())?;
    field(stored.tap.stop.as_str().as_bytes())?;
    field(&slot(stored).to_be_bytes())?;
    field(signed)
}
