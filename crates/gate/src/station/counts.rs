//! What sharing has done since the start.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of the station, as `/metrics` shows them.
#[derive(Debug, Default)]
pub struct StationCounts {
    asked: AtomicU64,
    answered: AtomicU64,
    late: AtomicU64,
    hits: AtomicU64,
    forged: AtomicU64,
    stale: AtomicU64,
    dropped: AtomicU64,
    present: AtomicU64,
    redis: AtomicU64,
}

/// One counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Count {
    /// Codes about which the station was asked.
    Asked,
    /// Of them, those about which everybody who was there answered in time.
    Answered,
    /// Of them, those decided without somebody's answer.
    Late,
    /// Codes refused because another reader had let them pass.
    Hits,
    /// Datagrams, and values in Redis, without the station's seal.
    Forged,
    /// Sealed messages that came before, or from another time.
    Stale,
    /// Datagrams from nobody's address, and those over the limit.
    Dropped,
}

impl StationCounts {
    const fn of(&self, count: Count) -> &AtomicU64 {
        match count {
            Count::Asked => &self.asked,
            Count::Answered => &self.answered,
            Count::Late => &self.late,
            Count::Hits => &self.hits,
            Count::Forged => &self.forged,
            Count::Stale => &self.stale,
            Count::Dropped => &self.dropped,
        }
    }

    pub(crate) fn add(&self, count: Count) {
        self.of(count).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn present(&self, readers: usize) {
        let readers = u64::try_from(readers).unwrap_or(u64::MAX);
        self.present.store(readers, Ordering::Relaxed);
    }

    pub(crate) fn redis(&self, answers: bool) {
        self.redis.store(u64::from(answers), Ordering::Relaxed);
    }

    /// Name, help and value of every counter.
    #[must_use]
    pub fn totals(&self) -> [(&'static str, &'static str, u64); 7] {
        let value = |count| self.of(count).load(Ordering::Relaxed);
        [
            (
                "gate_station_asked_total",
                "Codes about which the station was asked.",
                value(Count::Asked),
            ),
            (
                "gate_station_answered_total",
                "Codes about which all who were there answered in time.",
                value(Count::Answered),
            ),
            (
                "gate_station_late_total",
                "Codes decided without an answer that was waited for.",
                value(Count::Late),
            ),
            (
                "gate_station_hits_total",
                "Codes refused because another reader let them pass.",
                value(Count::Hits),
            ),
            (
                "gate_station_forged_total",
                "Messages and Redis values without the station's seal.",
                value(Count::Forged),
            ),
            (
                "gate_station_stale_total",
                "Sealed messages that came before, or from another time.",
                value(Count::Stale),
            ),
            (
                "gate_station_dropped_total",
                "Datagrams from unknown addresses or over the limit.",
                value(Count::Dropped),
            ),
        ]
    }

    /// Name, help and value of what is now: readers heard of, and whether Redis answers.
    #[must_use]
    pub fn gauges(&self) -> [(&'static str, &'static str, u64); 2] {
        [
            (
                "gate_station_readers",
                "Other readers of the station that are heard.",
                self.present.load(Ordering::Relaxed),
            ),
            (
                "gate_station_redis_up",
                "Whether Redis answers.",
                self.redis.load(Ordering::Relaxed),
            ),
        ]
    }
}
