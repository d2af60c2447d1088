//! Dates in lists: whole seconds since 1970 in five bytes, as in every object of this crate.

use units::{Span, TextId, Timestamp};

use crate::cbor::{Map, Reader};
use crate::error::{DecodeError, EncodeError};
use crate::writer::{UNSIGNED, Writer};

const SECS_MIN: u32 = 65_536;

/// Longest span in a list, in seconds: ten years.
pub(super) const SPAN_SECS_MAX: u32 = 315_360_000;

pub(super) fn seconds(field: &'static str, at: Timestamp) -> Result<u32, EncodeError> {
    let out = EncodeError::TimeOutOfRange {
        field,
        got: at.as_secs(),
    };
    let secs = u32::try_from(at.as_secs()).map_err(|_| out)?;
    if secs < SECS_MIN { Err(out) } else { Ok(secs) }
}

pub(super) fn from_seconds(secs: u32) -> Timestamp {
    Timestamp::from_secs(i64::from(secs))
}

pub(super) fn write_time<const N: usize>(
    out: &mut Writer<N>,
    key: i64,
    field: &'static str,
    at: Timestamp,
) -> Result<(), EncodeError> {
    let secs = seconds(field, at)?;
    out.int(key).head(UNSIGNED, u64::from(secs));
    Ok(())
}

pub(super) fn read_time(
    map: &mut Map,
    reader: &mut Reader<'_>,
    key: i64,
    field: &'static str,
) -> Result<Timestamp, DecodeError> {
    map.key(reader, key)?;
    time_of(reader, field)
}

pub(super) fn time_of(
    reader: &mut Reader<'_>,
    field: &'static str,
) -> Result<Timestamp, DecodeError> {
    Ok(from_seconds(reader.uint_in(field, SECS_MIN, u32::MAX)?))
}

pub(super) fn write_span<const N: usize>(
    out: &mut Writer<N>,
    key: i64,
    field: &'static str,
    span: Span,
) -> Result<(), EncodeError> {
    let secs = u32::try_from(span.as_secs())
        .ok()
        .filter(|secs| *secs <= SPAN_SECS_MAX && Span::from_secs(i64::from(*secs)) == span);
    let secs = secs.ok_or(EncodeError::TimeOutOfRange {
        field,
        got: span.as_secs(),
    })?;
    out.int(key).head(UNSIGNED, u64::from(secs));
    Ok(())
}

pub(super) fn read_span(
    map: &mut Map,
    reader: &mut Reader<'_>,
    key: i64,
    field: &'static str,
) -> Result<Span, DecodeError> {
    map.key(reader, key)?;
    let secs = reader.uint_in(field, 0, SPAN_SECS_MAX)?;
    Ok(Span::from_secs(i64::from(secs)))
}

pub(super) fn read_city(
    map: &mut Map,
    reader: &mut Reader<'_>,
    key: i64,
) -> Result<TextId, DecodeError> {
    map.key(reader, key)?;
    text_id(reader, "city")
}

pub(super) fn text_id(reader: &mut Reader<'_>, field: &'static str) -> Result<TextId, DecodeError> {
    let at = reader.at();
    TextId::new(reader.text()?).map_err(|_| DecodeError::NotAnId { at, field })
}
