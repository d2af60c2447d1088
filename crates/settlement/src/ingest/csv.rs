//! Files of taps: CSV (RFC 4180) with the header
//! `tap_id,account_id,time,kind,stop_id,route_id,device_id`, its columns in any order, or a TIDES
//! table `fare_transactions` ([`super::tides`]).
//!
//! A row is one line: no field may hold a line break, so one bad quote spoils one row and never the
//! rest. Every rejected row says its number (the header is row 1) and why.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use csv_core::{ReadRecordResult, Reader};
use jiff::Timestamp as Instant;
use tariff::{City, Holder, TapKind};
use units::{PlaceError, RouteId, StopId, TextId, Timestamp};

use super::tides;

/// Most bytes of a row: seven ids at their longest, quoted, with room.
pub const ROW_BYTES_MAX: usize = 1024;

/// What a file of taps is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The columns [`COLUMNS`].
    #[default]
    Taps,
    /// The table `fare_transactions` of TIDES.
    Tides,
}

impl Format {
    /// The columns that may be there.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Taps => &COLUMNS,
            Self::Tides => &tides::FIELDS,
        }
    }

    /// The columns that must be there.
    const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Taps => &COLUMNS,
            Self::Tides => &tides::REQUIRED,
        }
    }
}

/// The columns of [`Format::Taps`], all of them required.
pub const COLUMNS: [&str; 7] = [
    "tap_id",
    "account_id",
    "time",
    "kind",
    "stop_id",
    "route_id",
    "device_id",
];

/// A row that reads as a tap in this city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number; the header is row 1.
    pub number: u64,
    /// `tap_id`.
    pub tap: TextId,
    /// `account_id`.
    pub account: TextId,
    /// `time`, as an instant.
    pub at: Timestamp,
    /// `kind`.
    pub kind: TapKind,
    /// `stop_id`, a stop of the city.
    pub stop: StopId,
    /// `route_id`, a route of the city; `None` when empty.
    pub route: Option<RouteId>,
    /// `device_id`; `None` when empty.
    pub device: Option<TextId>,
    /// Who travels; the default where the format does not say.
    pub holder: Holder,
}

/// A row that was left out, and why. Nothing else is lost with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its number; the header is row 1.
    pub number: u64,
    /// Why.
    pub reason: RowError,
}

/// Why a row was left out. `Display` is a sentence's worth for people; [`RowError::name`] counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A line longer than any row.
    #[error("expected at most {ROW_BYTES_MAX} bytes in a row")]
    TooLong,
    /// A line that is not UTF-8.
    #[error("the row is not UTF-8")]
    NotUtf8,
    /// A carriage return inside a line, outside quotes: perhaps another row hides behind it.
    #[error("a line break inside the row (rows end with LF or CR LF)")]
    LineBreak,
    /// Another number of fields.
    #[error("expected {expected} fields, got {got}")]
    FieldCount {
        /// As many as the header has.
        expected: usize,
        /// As many as the row has.
        got: usize,
    },
    /// A field that cannot be an id.
    #[error("{column}: {source}")]
    Id {
        /// The column.
        column: &'static str,
        /// Why.
        source: PlaceError,
    },
    /// A time that is none.
    #[error(
        "{column}: expected RFC 3339 with an offset, like 2009-11-23T08:15:00+00:00, got {got:?}"
    )]
    Time {
        /// The column.
        column: &'static str,
        /// The field.
        got: String,
    },
    /// A kind that is none.
    #[error("kind: expected on or off, got {got:?}")]
    Kind {
        /// The field.
        got: String,
    },
    /// A stop that the city has not.
    #[error("stop_id: the city has no stop {got}")]
    UnknownStop {
        /// The field.
        got: StopId,
    },
    /// A route that the city has not.
    #[error("{column}: the city has no route {got}")]
    UnknownRoute {
        /// The column.
        column: &'static str,
        /// The field.
        got: RouteId,
    },
    /// A field that is required and empty.
    #[error("{column}: a value is required")]
    Missing {
        /// The column.
        column: &'static str,
    },
    /// A field that is none of what it may be.
    #[error("{column}: expected {expected}, got {got:?}")]
    Field {
        /// The column.
        column: &'static str,
        /// What it may be.
        expected: String,
        /// The field.
        got: String,
    },
    /// A transaction that is no travel: nothing to price.
    #[error("fare_action: {got:?} is neither entering nor leaving, so there is nothing to price")]
    NoTravel {
        /// The field.
        got: String,
    },
    /// A `tap_id` that stands for another tap already.
    #[error("tap_id: {tap} was given before with other content")]
    Conflict {
        /// The field.
        tap: TextId,
    },
}

impl RowError {
    /// A stable name, for counting by reason.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLong => "row_too_long",
            Self::NotUtf8 => "not_utf8",
            Self::LineBreak => "line_break",
            Self::FieldCount { .. } => "field_count",
            Self::Id { .. } => "bad_id",
            Self::Time { .. } => "bad_time",
            Self::Kind { .. } => "bad_kind",
            Self::UnknownStop { .. } => "unknown_stop",
            Self::UnknownRoute { .. } => "unknown_route",
            Self::Missing { .. } => "missing_value",
            Self::Field { .. } => "bad_value",
            Self::NoTravel { .. } => "no_travel",
            Self::Conflict { .. } => "conflicting_repeat",
        }
    }
}

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Reading failed.
    #[error("row {row} cannot be read")]
    Read {
        /// The row that was next.
        row: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No header.
    #[error("the file is empty, expected a header with the columns {expected}")]
    Empty {
        /// The columns that must be there.
        expected: String,
    },
    /// A header with other columns.
    #[error("row 1: expected the columns {expected}, got {got:?}")]
    Header {
        /// The columns that must be there, and those that may.
        expected: String,
        /// The header.
        got: String,
    },
}

/// Reads rows one by one, in bounded memory.
pub struct Rows<'c, R> {
    city: &'c City,
    lines: BufReader<R>,
    format: Format,
    /// Where each of the format's columns stands in a row, in the order of the format.
    places: Vec<Option<usize>>,
    /// How many columns the header has.
    width: usize,
    number: u64,
    line: Vec<u8>,
    parser: Reader,
}

impl<'c, R: Read> Rows<'c, R> {
    /// Reads the header of `source`, a file of this format.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be read or lacks a column, or has one that the format has not.
    pub fn new(city: &'c City, format: Format, source: R) -> Result<Self, FileError> {
        let mut rows = Self {
            city,
            lines: BufReader::new(source),
            format,
            places: Vec::new(),
            width: 0,
            number: 0,
            line: Vec::with_capacity(ROW_BYTES_MAX),
            parser: Reader::new(),
        };
        let (required, known) = (format.required(), format.columns());
        let expected = if required == known {
            required.join(",")
        } else {
            let (required, known) = (required.join(","), known.join(","));
            format!("{required} (and none but {known})")
        };
        let Some(length) = rows.read_line()? else {
            return Err(FileError::Empty { expected });
        };
        if rows.line.starts_with(b"\xef\xbb\xbf") {
            rows.line.drain(..3);
        }
        let text = String::from_utf8_lossy(&rows.line).into_owned();
        let wrong = FileError::Header {
            expected,
            got: text.clone(),
        };
        let mut buffer = [0; ROW_BYTES_MAX];
        let fields = match length {
            Length::Fits => split(&mut rows.parser, text.as_bytes(), &mut buffer, known.len()),
            Length::TooLong => Err(RowError::TooLong),
        };
        let Ok(fields) = fields else {
            return Err(wrong);
        };
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, name) in fields.iter().enumerate() {
            found.insert(name, place);
        }
        let is_known = found.keys().all(|name| known.contains(name));
        let is_whole = required.iter().all(|name| found.contains_key(name));
        if !is_known || !is_whole || found.len() != fields.len() {
            return Err(wrong);
        }
        rows.width = fields.len();
        rows.places = known.iter().map(|name| found.get(name).copied()).collect();
        Ok(rows)
    }

    /// The next row or why it was left out; `None` at the end. Empty lines are skipped.
    ///
    /// # Errors
    /// [`FileError::Read`] when reading fails; the file cannot be read further.
    pub fn next_row(&mut self) -> Result<Option<Result<Row, RejectedRow>>, FileError> {
        loop {
            let Some(length) = self.read_line()? else {
                return Ok(None);
            };
            if self.line.is_empty() {
                continue;
            }
            let number = self.number;
            let row = match length {
                Length::TooLong => Err(RowError::TooLong),
                Length::Fits => self.parse_line(),
            };
            return Ok(Some(row.map_err(|reason| RejectedRow { number, reason })));
        }
    }

    /// Reads one line without its end into `self.line`, at most [`ROW_BYTES_MAX`] bytes of it.
    fn read_line(&mut self) -> Result<Option<Length>, FileError> {
        self.line.clear();
        self.number += 1;
        let mut length = Length::Fits;
        let mut seen = false;
        loop {
            let row = self.number;
            let chunk = self
                .lines
                .fill_buf()
                .map_err(|source| FileError::Read { row, source })?;
            if chunk.is_empty() {
                break;
            }
            seen = true;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let content = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
            let room = ROW_BYTES_MAX.saturating_sub(self.line.len());
            if content.len() > room {
                length = Length::TooLong;
            }
            self.line.extend(content.iter().take(room));
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.lines.consume(used);
            if end.is_some() {
                break;
            }
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(seen.then_some(length))
    }

    fn parse_line(&mut self) -> Result<Row, RowError> {
        let mut buffer = [0; ROW_BYTES_MAX];
        let fields = split(&mut self.parser, &self.line, &mut buffer, self.width)?;
        if fields.len() != self.width {
            return Err(RowError::FieldCount {
                expected: self.width,
                got: fields.len(),
            });
        }
        let field = |column: usize| {
            let place = self.places.get(column).copied().flatten();
            place
                .and_then(|place| fields.get(place))
                .copied()
                .unwrap_or("")
        };
        match self.format {
            Format::Taps => self.parse_tap(field),
            Format::Tides => tides::row(self.city, self.number, field),
        }
    }

    fn parse_tap<'f>(&self, field: impl Fn(usize) -> &'f str) -> Result<Row, RowError> {
        Ok(Row {
            number: self.number,
            stop: parse_stop(self.city, field(4))?,
            tap: parse_id("tap_id", field(0))?,
            account: parse_id("account_id", field(1))?,
            at: parse_time("time", field(2))?,
            kind: parse_kind(field(3))?,
            route: parse_route(self.city, "route_id", field(5))?,
            device: match field(6) {
                "" => None,
                text => Some(parse_id("device_id", text)?),
            },
            holder: Holder::default(),
        })
    }
}

/// Whether a line fits [`ROW_BYTES_MAX`].
enum Length {
    Fits,
    TooLong,
}

/// Splits one line into its fields, quotes resolved.
fn split<'b>(
    parser: &mut Reader,
    line: &[u8],
    buffer: &'b mut [u8; ROW_BYTES_MAX],
    fields_max: usize,
) -> Result<Vec<&'b str>, RowError> {
    let mut ends = vec![0; fields_max + 1];
    let (mut read, mut written, mut fields) = (0, 0, 0);
    parser.reset();
    loop {
        // An empty slice tells the parser that the input is over.
        let input = line.get(read..).unwrap_or_default();
        let (result, bytes_read, bytes_written, ends_written) = parser.read_record(
            input,
            buffer.get_mut(written..).unwrap_or_default(),
            ends.get_mut(fields..).unwrap_or_default(),
        );
        read += bytes_read;
        written += bytes_written;
        fields += ends_written;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull => return Err(RowError::TooLong),
            ReadRecordResult::OutputEndsFull => {
                return Err(RowError::FieldCount {
                    expected: fields_max,
                    got: ends.len(),
                });
            }
            ReadRecordResult::Record | ReadRecordResult::End => break,
        }
    }
    if read < line.len() {
        return Err(RowError::LineBreak);
    }
    let text = buffer.get(..written).unwrap_or_default();
    let text = std::str::from_utf8(text).map_err(|_| RowError::NotUtf8)?;
    let mut start = 0;
    let mut out = Vec::with_capacity(fields);
    for end in ends.iter().take(fields) {
        // A field may not cut a character: a quote or comma never lies inside one.
        out.push(text.get(start..*end).ok_or(RowError::NotUtf8)?);
        start = *end;
    }
    Ok(out)
}

/// An id of the file.
pub(super) fn parse_id(column: &'static str, text: &str) -> Result<TextId, RowError> {
    TextId::new(text).map_err(|source| RowError::Id { column, source })
}

/// A stop of the city.
pub(super) fn parse_stop(city: &City, text: &str) -> Result<StopId, RowError> {
    let stop = StopId::new(text).map_err(|source| RowError::Id {
        column: "stop_id",
        source,
    })?;
    match city.stop(&stop) {
        Some(_) => Ok(stop),
        None => Err(RowError::UnknownStop { got: stop }),
    }
}

/// A route of the city; an empty field is none.
pub(super) fn parse_route(
    city: &City,
    column: &'static str,
    text: &str,
) -> Result<Option<RouteId>, RowError> {
    if text.is_empty() {
        return Ok(None);
    }
    let route = RouteId::new(text).map_err(|source| RowError::Id { column, source })?;
    match city.route(&route) {
        Some(_) => Ok(Some(route)),
        None => Err(RowError::UnknownRoute { column, got: route }),
    }
}

/// A time with an offset.
pub(super) fn parse_time(column: &'static str, text: &str) -> Result<Timestamp, RowError> {
    let wrong = || RowError::Time {
        column,
        got: text.to_owned(),
    };
    // jiff also reads forms that RFC 3339 has not, such as a time without seconds.
    if !is_rfc_3339(text.as_bytes()) {
        return Err(wrong());
    }
    let instant: Instant = text.parse().map_err(|_| wrong())?;
    Ok(Timestamp::from_micros(instant.as_microsecond()))
}

/// Whether `text` has the shape of `date-time` (RFC 3339 section 5.6), a fraction of at most nine
/// digits included; a blank may stand for the `T`, as the section's note has it.
fn is_rfc_3339(text: &[u8]) -> bool {
    let fits = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => b"Tt ".contains(byte),
                b'+' => b"+-".contains(byte),
                _ => byte == wanted,
            })
    };
    let Some((time, rest)) = text.split_at_checked(b"0000-00-00T00:00:00".len()) else {
        return false;
    };
    let (fraction, offset) = match rest.strip_prefix(b".") {
        None => (&b"0"[..], rest),
        Some(rest) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest.split_at_checked(digits).unwrap_or((rest, b""))
        }
    };
    let hour = offset.get(1..3).unwrap_or_default();
    fits(time, b"0000-00-00T00:00:00")
        && (1..=9).contains(&fraction.len())
        && (matches!(offset, b"Z" | b"z") || (fits(offset, b"+00:00") && hour <= b"23".as_slice()))
}

fn parse_kind(text: &str) -> Result<TapKind, RowError> {
    match text {
        "on" => Ok(TapKind::On),
        "off" => Ok(TapKind::Off),
        _ => Err(RowError::Kind {
            got: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
