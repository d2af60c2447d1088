//! Columns to values and back. A column that holds what this version never writes is an error that
//! names it.

use settlement::model::UnknownValue;
use settlement::ports::StoreError;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tariff::TapKind;
use units::{Amount, Currency, RouteId, ServiceDay, StopId, Timestamp};

use crate::store::backend;

/// A column of integers of 16, 32 or 64 bits.
pub(crate) fn int(row: &PgRow, column: &'static str) -> Result<i64, StoreError> {
    let wide: Result<i64, _> = row.try_get(column);
    let middle = || row.try_get::<i32, _>(column).map(i64::from);
    let narrow = || row.try_get::<i16, _>(column).map(i64::from);
    let read = wide.or_else(|_| middle()).or_else(|_| narrow());
    read.map_err(backend(column))
}

/// A column of integers of 64 bits that may be null.
pub(crate) fn int_or_null(row: &PgRow, column: &'static str) -> Result<Option<i64>, StoreError> {
    row.try_get(column).map_err(backend(column))
}

/// A column of unsigned integers.
pub(crate) fn unsigned(row: &PgRow, column: &'static str) -> Result<u64, StoreError> {
    let got = int(row, column)?;
    u64::try_from(got).map_err(|_| StoreError::out_of_range(column, "a number of at least 0", got))
}

/// A column of 32-bit unsigned integers.
pub(crate) fn unsigned_32(row: &PgRow, column: &'static str) -> Result<u32, StoreError> {
    let got = int(row, column)?;
    u32::try_from(got).map_err(|_| StoreError::out_of_range(column, "a 32-bit number", got))
}

/// A column of bytes.
pub(crate) fn bytes(row: &PgRow, column: &'static str) -> Result<Vec<u8>, StoreError> {
    row.try_get(column).map_err(backend(column))
}

/// A column of exactly `N` bytes.
pub(crate) fn array<const N: usize>(
    row: &PgRow,
    column: &'static str,
) -> Result<[u8; N], StoreError> {
    let bytes: &[u8] = row.try_get(column).map_err(backend(column))?;
    exactly(column, bytes)
}

/// A column of exactly `N` bytes that may be null.
pub(crate) fn array_or_null<const N: usize>(
    row: &PgRow,
    column: &'static str,
) -> Result<Option<[u8; N]>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get(column).map_err(backend(column))?;
    bytes.map(|bytes| exactly(column, bytes)).transpose()
}

fn exactly<const N: usize>(column: &'static str, bytes: &[u8]) -> Result<[u8; N], StoreError> {
    <[u8; N]>::try_from(bytes).map_err(|_| {
        StoreError::corrupt(
            column,
            UnknownValue {
                expected: "bytes of another length",
                got: format!("{} bytes", bytes.len()),
            },
        )
    })
}

/// A column of text.
pub(crate) fn text<'r>(row: &'r PgRow, column: &'static str) -> Result<&'r str, StoreError> {
    row.try_get(column).map_err(backend(column))
}

/// A column of text that may be null.
pub(crate) fn text_or_null<'r>(
    row: &'r PgRow,
    column: &'static str,
) -> Result<Option<&'r str>, StoreError> {
    row.try_get(column).map_err(backend(column))
}

/// Microseconds since 1970.
pub(crate) fn time(row: &PgRow, column: &'static str) -> Result<Timestamp, StoreError> {
    int(row, column).map(Timestamp::from_micros)
}

/// Days since 1970-01-01.
pub(crate) fn day(row: &PgRow, column: &'static str) -> Result<ServiceDay, StoreError> {
    let got = int(row, column)?;
    let days = i32::try_from(got);
    days.map(ServiceDay::from_days)
        .map_err(|_| StoreError::out_of_range(column, "a day number of 32 bits", got))
}

/// A stop.
pub(crate) fn stop(row: &PgRow, column: &'static str) -> Result<StopId, StoreError> {
    StopId::new(text(row, column)?).map_err(|source| StoreError::corrupt(column, source))
}

/// A stop, or none.
pub(crate) fn stop_or_null(
    row: &PgRow,
    column: &'static str,
) -> Result<Option<StopId>, StoreError> {
    let text = text_or_null(row, column)?;
    text.map(|text| StopId::new(text).map_err(|source| StoreError::corrupt(column, source)))
        .transpose()
}

/// A route, or none.
pub(crate) fn route_or_null(
    row: &PgRow,
    column: &'static str,
) -> Result<Option<RouteId>, StoreError> {
    let text = text_or_null(row, column)?;
    text.map(|text| RouteId::new(text).map_err(|source| StoreError::corrupt(column, source)))
        .transpose()
}

/// A currency.
pub(crate) fn currency(row: &PgRow, column: &'static str) -> Result<Currency, StoreError> {
    Currency::from_code(text(row, column)?).map_err(|source| StoreError::corrupt(column, source))
}

/// An amount of `currency`.
pub(crate) fn amount(
    row: &PgRow,
    column: &'static str,
    currency: Currency,
) -> Result<Amount, StoreError> {
    Amount::new(int(row, column)?, currency).map_err(|source| StoreError::corrupt(column, source))
}

/// On or off.
pub(crate) fn kind(row: &PgRow, column: &'static str) -> Result<TapKind, StoreError> {
    match int(row, column)? {
        1 => Ok(TapKind::On),
        2 => Ok(TapKind::Off),
        got => Err(StoreError::out_of_range(column, "1 (on) or 2 (off)", got)),
    }
}

/// The number of a kind: 1 on, 2 off, as in tap records.
pub(crate) const fn kind_number(kind: TapKind) -> i64 {
    match kind {
        TapKind::On => 1,
        TapKind::Off => 2,
    }
}

/// A record number as a column holds it; [`settlement::ingest::batch::SEQ_MAX`] makes it fit.
pub(crate) fn seq_number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
