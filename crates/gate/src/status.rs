//! Counters, as the status pages show them. They hold no code and no key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;
use units::{Span, Timestamp};
use validator::Language;

use crate::answer::Answer;
use crate::http::Shown;
use crate::quarantine::Content;
use crate::station::StationCounts;

/// Upper ends of the histogram's buckets, in microseconds.
pub const BUCKETS_US: [u64; 12] = [
    25, 50, 100, 200, 400, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000,
];

/// How long something took, counted by bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Histogram {
    /// How many in each bucket of [`BUCKETS_US`], and above them all.
    pub counts: [u64; BUCKETS_US.len() + 1],
    /// All together, in microseconds.
    pub sum_us: u64,
}

impl Histogram {
    fn add(&mut self, micros: u64) {
        let bucket = BUCKETS_US.partition_point(|end| *end < micros);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum_us = self.sum_us.saturating_add(micros);
    }
}

/// What has happened since the start.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Answers by reason.
    pub answers: BTreeMap<&'static str, u64>,
    /// The decision alone.
    pub decided: Histogram,
    /// Asking the station, of codes about which it was asked.
    pub shared: Histogram,
    /// From scan to open, of permitted taps.
    pub opened: Histogram,
    /// What the server has committed.
    pub uploaded: Content,
    /// What went into the quarantine.
    pub quarantined: Content,
    /// Taps whose number the server knows with another content: a gate restored from a copy.
    pub conflicts: u64,
    /// How far this gate's clock was ahead of the server's at the last answer, in seconds. Both
    /// are cut to seconds, and the way of the answer is in it.
    pub clock_offset_s: Option<i64>,
    /// Attempts to upload that failed.
    pub upload_failures: u64,
    /// Signed lists that were not taken or not fetched, by reason.
    pub lists_refused: BTreeMap<&'static str, u64>,
}

/// Answers that wait for a slow screen; it goes on with the newest.
const SHOWN_MAX: usize = 16;

/// The counters, and who watches the answers.
#[derive(Debug)]
pub struct Status {
    counts: Mutex<Counts>,
    language: Language,
    open_seconds: u16,
    screens: broadcast::Sender<String>,
    station: Arc<StationCounts>,
}

impl Status {
    /// Nothing counted yet; screens speak this language, and a door is open for so long.
    #[must_use]
    pub fn new(language: Language, open_for: Duration) -> Self {
        Self {
            counts: Mutex::default(),
            language,
            open_seconds: u16::try_from(open_for.as_millis().div_ceil(1000)).unwrap_or(u16::MAX),
            screens: broadcast::channel(SHOWN_MAX).0,
            station: Arc::default(),
        }
    }

    /// What sharing with the station has done.
    #[must_use]
    pub const fn station(&self) -> &Arc<StationCounts> {
        &self.station
    }

    /// Every answer from now on, as JSON.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<String> {
        self.screens.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// One scan was answered; `valid` says how long its code is still good, for the screens.
    pub fn answered(&self, answer: &Answer, valid: impl FnOnce() -> Option<Span>) {
        let mut counts = self.lock();
        *counts.answers.entry(answer.reason()).or_default() += 1;
        counts.decided.add(answer.decided_us);
        if answer.shared_us > 0 {
            counts.shared.add(answer.shared_us);
        }
        if answer.code() == wire::tap::PERMITTED {
            counts.opened.add(answer.took_us);
        }
        drop(counts);
        if self.screens.receiver_count() == 0 {
            return;
        }
        let shown = Shown::of(answer, valid(), self.language, self.open_seconds);
        if let Ok(text) = serde_json::to_string(&shown) {
            // Screens may have gone meanwhile.
            let _ = self.screens.send(text);
        }
    }

    /// So much is the server's now, or the quarantine's.
    pub fn uploaded(&self, content: Content, quarantined: bool) {
        let mut counts = self.lock();
        let sum = if quarantined {
            &mut counts.quarantined
        } else {
            &mut counts.uploaded
        };
        sum.taps = sum.taps.saturating_add(content.taps);
        sum.notes = sum.notes.saturating_add(content.notes);
    }

    /// The server knows so many numbers with another content.
    pub fn conflicts(&self, taps: u64) {
        self.lock().conflicts += taps;
    }

    /// The server answered with this `Date`. One that is none says nothing.
    pub fn server_date(&self, date: &str, now: Timestamp) {
        let Ok(time) = httpdate::parse_http_date(date) else {
            return;
        };
        let since = time.duration_since(std::time::UNIX_EPOCH);
        let seconds = since
            .ok()
            .and_then(|since| i64::try_from(since.as_secs()).ok());
        if let Some(seconds) = seconds {
            self.lock().clock_offset_s = Some(now.as_secs().saturating_sub(seconds));
        }
    }

    /// Signed lists were not taken or not fetched.
    pub fn lists_refused(&self, reason: &'static str) {
        *self.lock().lists_refused.entry(reason).or_default() += 1;
    }

    /// An attempt to upload failed.
    pub fn upload_failed(&self) {
        self.lock().upload_failures += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_what_the_servers_date_says_and_garbage_says_nothing() {
        let status = Status::new(Language::English, Duration::from_secs(3));
        // RFC 9110 5.6.7's example is 784,111,777 seconds after 1970.
        let now = Timestamp::from_secs(784_111_777 + 240);
        status.server_date("yesterday", now);
        assert_eq!(status.counts().clock_offset_s, None);
        status.server_date("Sun, 06 Nov 1994 08:49:37 GMT", now);
        assert_eq!(status.counts().clock_offset_s, Some(240));
        status.server_date("", now);
        assert_eq!(status.counts().clock_offset_s, Some(240));
    }
}
