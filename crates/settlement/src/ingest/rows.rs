//! Taps of outside files: rows become taps and are stored in transactions of bounded size.

use std::collections::BTreeMap;
use std::io::Read;

use sha2::{Digest as _, Sha256};
use tariff::{City, Holder, Tap, TapKind};
use units::Timestamp;

use super::csv::{FileError, Format, RejectedRow, Row, RowError, Rows};
use crate::ids;
use crate::model::{StoredTap, TapSource};
use crate::ports::{FileTap, FileTapStored, FileTexts, SettlementStore, StoreError};

/// Rows in one transaction: what is held in memory at a time.
pub const ROWS_PER_TRANSACTION: usize = 2_000;

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowsReport {
    /// Rows after the header, rejected ones included.
    pub rows: u64,
    /// Taps that are new.
    pub stored: u64,
    /// Rows that repeat a tap word for word, in the file or from before.
    pub duplicates: u64,
    /// Rows left out.
    pub rejected: u64,
    /// Rows left out, by [`RowError::name`].
    pub rejected_by_reason: BTreeMap<&'static str, u64>,
}

/// Why a file was not taken to its end. What came before is stored; the file may be sent again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// The file cannot be read.
    #[error("the file of taps cannot be read")]
    File(#[from] FileError),
    /// The store could not do its work.
    #[error("the taps could not be stored")]
    Store(#[from] StoreError),
}

/// As [`store_as`], of a file with the columns [`super::csv::COLUMNS`].
///
/// # Errors
/// As [`store_as`].
pub async fn store<S, R, F>(
    store: &S,
    city: &City,
    source: R,
    now: Timestamp,
    rejected: F,
) -> Result<RowsReport, RowsError>
where
    S: SettlementStore,
    R: Read + Send,
    F: FnMut(RejectedRow) + Send,
{
    store_as(Format::Taps, store, city, source, now, rejected).await
}

/// Stores the taps of the file `source` of this format ([`super::csv`]); calls `rejected` for each
/// row that is left out. Taking a file again stores nothing new.
///
/// Of two rows with one `tap_id` and different content the first to be stored counts and the other
/// is rejected.
///
/// # Errors
/// [`RowsError`] when the file has no proper header or cannot be read, or the store fails.
pub async fn store_as<S, R, F>(
    format: Format,
    store: &S,
    city: &City,
    source: R,
    now: Timestamp,
    mut rejected: F,
) -> Result<RowsReport, RowsError>
where
    S: SettlementStore,
    R: Read + Send,
    F: FnMut(RejectedRow) + Send,
{
    let mut rows = Rows::new(city, format, source)?;
    let mut report = RowsReport::default();
    let mut reject = |report: &mut RowsReport, row: RejectedRow| {
        report.rejected += 1;
        *report
            .rejected_by_reason
            .entry(row.reason.name())
            .or_default() += 1;
        rejected(row);
    };
    let mut waiting: Vec<Row> = Vec::with_capacity(ROWS_PER_TRANSACTION);
    loop {
        let row = rows.next_row()?;
        let ended = row.is_none();
        match row {
            None => {}
            Some(Ok(row)) => {
                report.rows += 1;
                waiting.push(row);
            }
            Some(Err(row)) => {
                report.rows += 1;
                reject(&mut report, row);
            }
        }
        if waiting.len() == ROWS_PER_TRANSACTION || (ended && !waiting.is_empty()) {
            let taps: Vec<FileTap> = waiting.iter().map(|row| to_tap(city, row, now)).collect();
            let stored = store.store_file_taps(&taps).await?;
            for (row, stored) in waiting.drain(..).zip(stored) {
                match stored {
                    FileTapStored::New => report.stored += 1,
                    FileTapStored::Duplicate => report.duplicates += 1,
                    FileTapStored::Conflict => {
                        let reason = RowError::Conflict { tap: row.tap };
                        let number = row.number;
                        reject(&mut report, RejectedRow { number, reason });
                    }
                }
            }
        }
        if ended {
            return Ok(report);
        }
    }
}

fn to_tap(city: &City, row: &Row, now: Timestamp) -> FileTap {
    FileTap {
        tap: StoredTap {
            account: ids::account_of_text(row.account.as_str()),
            day: city.service_day(row.at),
            tap: Tap {
                at: row.at,
                kind: row.kind,
                id: ids::tap_of_text(row.tap.as_str()),
                stop: row.stop,
                route: row.route,
                holder: row.holder,
            },
            source: TapSource::File,
            code: None,
            outcome: None,
        },
        digest: digest(row),
        texts: FileTexts {
            tap: row.tap.as_str().to_owned(),
            account: row.account.as_str().to_owned(),
            device: row
                .device
                .map_or_else(String::new, |id| id.as_str().to_owned()),
        },
        received_at: now,
    }
}

/// SHA-256 over what the row says; each text is followed by a zero byte, which no id holds.
fn digest(row: &Row) -> [u8; 32] {
    let mut hash = Sha256::new();
    let route = row.route.as_ref().map_or("", |id| id.as_str());
    let device = row.device.as_ref().map_or("", |id| id.as_str());
    let texts = [
        row.tap.as_str(),
        row.account.as_str(),
        row.stop.as_str(),
        route,
        device,
    ];
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.update(row.at.as_micros().to_be_bytes());
    hash.update([match row.kind {
        TapKind::On => 1,
        TapKind::Off => 2,
    }]);
    // Where the format says who travels; without it a row's digest is what it always was.
    let holder = row.holder;
    if holder != Holder::default() {
        hash.update([holder.category, holder.companions]);
        hash.update(holder.product.to_be_bytes());
    }
    hash.finalize().into()
}
