//! Texts to what [`Fares::price`](super::Fares::price) takes: ids of an itinerary, and moments.

use std::collections::BTreeMap;

use jiff::civil;
use units::{ServiceDay, Timestamp};

use super::{Fares, Moment};
use crate::calendar::zone;
use crate::feed::StopIx;

/// Stops by their texts. One that the feed does not name gets a number of its own, so that two legs
/// that meet there are seen to meet.
#[derive(Clone, Debug)]
pub struct Stops<'a> {
    fares: &'a Fares,
    strangers: BTreeMap<String, StopIx>,
}

/// Why a text is no local date-time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a local date-time is wanted, like 2025-01-31T23:59:00 or 2025-01-31T23:59, got {0:?}")]
pub struct NotLocal(String);

impl<'a> Stops<'a> {
    /// Those of a feed.
    #[must_use]
    pub const fn new(fares: &'a Fares) -> Self {
        Self {
            fares,
            strangers: BTreeMap::new(),
        }
    }

    /// The stop of this text.
    pub fn find(&mut self, text: &str) -> StopIx {
        let known = &self.fares.feed.ids.stops;
        if let Some(found) = known.find(text) {
            return found;
        }
        if let Some(found) = self.strangers.get(text) {
            return *found;
        }
        let number = known.len().saturating_add(self.strangers.len());
        let stop = StopIx::new(u32::try_from(number).unwrap_or(u32::MAX));
        self.strangers.insert(text.to_owned(), stop);
        stop
    }
}

impl Fares {
    /// A moment from a local date-time at a stop, `YYYY-MM-DDTHH:MM:SS` or `YYYY-MM-DDTHH:MM` (a
    /// blank may stand for the `T`), without offset.
    ///
    /// Local is by the `stop_timezone` of the stop's station, else of the stop, else by the
    /// agency's zone (section `timeframes.txt`, "Timeframe Local Time Semantics"; section
    /// `stops.txt`, field
    /// `stop_timezone`). A time that clocks show twice is the first; one that they skip is as long
    /// after the jump. Without any zone, instants are counted as if clocks never changed.
    ///
    /// # Errors
    /// [`NotLocal`] when the text is none.
    pub fn moment(&self, text: &str, stop: Option<StopIx>) -> Result<Moment, NotLocal> {
        let wrong = || NotLocal(text.to_owned());
        let local = read(text).ok_or_else(wrong)?;
        let day = ServiceDay::from_date(
            i32::from(local.year()),
            u8::try_from(local.month()).map_err(|_| wrong())?,
            u8::try_from(local.day()).map_err(|_| wrong())?,
        )
        .map_err(|_| wrong())?;
        let since = local.time().duration_since(civil::Time::midnight());
        let second = u32::try_from(since.as_secs()).map_err(|_| wrong())?;
        let plain = Moment::civil(day, second);
        let zone = self.zone_of(stop).and_then(zone);
        let Some(zoned) = zone.and_then(|zone| local.to_zoned(zone).ok()) else {
            return Ok(plain);
        };
        Ok(Moment {
            at: Timestamp::from_micros(zoned.timestamp().as_microsecond()),
            ..plain
        })
    }

    fn zone_of(&self, stop: Option<StopIx>) -> Option<&str> {
        let row = stop.and_then(|stop| self.feed.stop(stop));
        let station = row
            .and_then(|row| row.parent)
            .and_then(|stop| self.feed.stop(stop));
        let own = match (row, station) {
            (_, Some(station)) => station.time_zone.as_deref(),
            (row, None) => row.and_then(|row| row.time_zone.as_deref()),
        };
        own.or_else(|| self.feed.time_zone())
    }
}

/// Only the one form: what jiff reads beyond it (offsets, zones, fractions) is refused.
fn read(text: &str) -> Option<civil::DateTime> {
    let bytes = text.as_bytes();
    let form: &[u8] = match bytes.len() {
        16 => b"0000-00-00T00:00",
        19 => b"0000-00-00T00:00:00",
        _ => return None,
    };
    let fits = bytes.iter().zip(form).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b' '),
        other => byte == other,
    });
    if fits { text.parse().ok() } else { None }
}
