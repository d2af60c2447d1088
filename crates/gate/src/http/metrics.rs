//! The counters in Prometheus' text format, version 0.0.4.

use std::fmt::Write as _;

use units::Span;
use validator::Trust;

use super::Health;
use crate::door::PassageWatch;
use crate::station::StationCounts;
use crate::status::{BUCKETS_US, Counts, Histogram};

/// All metrics. What the core did not say in time is left out.
pub(super) fn write(
    counts: &Counts,
    station: &StationCounts,
    health: Option<Health>,
    dropped: u64,
) -> String {
    let mut out = String::new();
    head(
        &mut out,
        "gate_scans_total",
        "counter",
        "Scans by what was decided.",
    );
    for (reason, count) in &counts.answers {
        line(
            &mut out,
            &format!("gate_scans_total{{reason=\"{reason}\"}}"),
            *count,
        );
    }
    totals(&mut out, counts, dropped);
    for (name, help, count) in station.totals() {
        head(&mut out, name, "counter", help);
        line(&mut out, name, count);
    }
    for (name, help, value) in station.gauges() {
        gauge(&mut out, name, help, value);
    }
    histogram(
        &mut out,
        "gate_station_seconds",
        "Asking the station.",
        &counts.shared,
    );
    histogram(
        &mut out,
        "gate_decision_seconds",
        "The decision alone.",
        &counts.decided,
    );
    histogram(
        &mut out,
        "gate_open_seconds",
        "From scan to open door.",
        &counts.opened,
    );
    if let Some(offset) = counts.clock_offset_s {
        head(
            &mut out,
            "gate_clock_offset_seconds",
            "gauge",
            "This clock ahead of the server's.",
        );
        line(&mut out, "gate_clock_offset_seconds", offset);
    }
    gauge(
        &mut out,
        "gate_up",
        "Whether the core answers.",
        u64::from(health.is_some()),
    );
    if let Some(health) = health {
        state(&mut out, &health);
        clock(&mut out, &health);
    }
    out
}

/// What only ever grows.
fn totals(out: &mut String, counts: &Counts, dropped: u64) {
    head(
        out,
        "gate_lists_refused_total",
        "counter",
        "Signed lists that were not taken or not fetched.",
    );
    for (reason, count) in &counts.lists_refused {
        let name = format!("gate_lists_refused_total{{reason=\"{reason}\"}}");
        line(out, &name, *count);
    }
    let totals = [
        (
            "gate_codes_dropped_total",
            "Codes that made room for later ones.",
            dropped,
        ),
        (
            "gate_taps_uploaded_total",
            "Taps that the server has committed.",
            counts.uploaded.taps,
        ),
        (
            "gate_notes_uploaded_total",
            "Notes of what became of taps that the server has committed.",
            counts.uploaded.notes,
        ),
        (
            "gate_taps_quarantined_total",
            "Taps that the server refuses.",
            counts.quarantined.taps,
        ),
        (
            "gate_notes_quarantined_total",
            "Notes that the server refuses.",
            counts.quarantined.notes,
        ),
        (
            "gate_tap_conflicts_total",
            "Taps whose number the server knows with another content.",
            counts.conflicts,
        ),
        (
            "gate_passages_unexplained_total",
            "Passages that no opening of the door explains.",
            PassageWatch::strangers(),
        ),
        (
            "gate_upload_failures_total",
            "Attempts to upload that failed.",
            counts.upload_failures,
        ),
    ];
    for (name, help, count) in totals {
        head(out, name, "counter", help);
        line(out, name, count);
    }
}

/// What the gate's clock is worth: its state as one of three, how far the machine's clock is off
/// what is proven, and the high-water mark.
fn clock(out: &mut String, health: &Health) {
    head(
        out,
        "gate_clock_state",
        "gauge",
        "1 for the state that the clock is in.",
    );
    for trust in [Trust::Proven, Trust::Unproven, Trust::Wrong] {
        let name = trust_name(trust);
        let is = u64::from(health.clock.trust == trust);
        line(out, &format!("gate_clock_state{{state=\"{name}\"}}"), is);
    }
    let spans = [
        (
            "gate_clock_wall_ahead_seconds",
            "The machine's clock ahead of the time that is proven.",
            health.clock.wall_ahead,
        ),
        (
            "gate_clock_error_seconds",
            "Largest error of the gate's time.",
            health.clock.error,
        ),
    ];
    for (name, help, span) in spans {
        if let Some(span) = span {
            head(out, name, "gauge", help);
            line(out, name, span.as_secs());
        }
    }
    if let Some(mark) = health.clock_mark {
        let name = "gate_clock_mark_seconds";
        head(
            out,
            name,
            "gauge",
            "The latest instant that is certainly past, since 1970.",
        );
        line(out, name, mark.as_secs());
    }
}

/// What the core says of itself.
fn state(out: &mut String, health: &Health) {
    let ready = u64::from(health.ready);
    gauge(
        out,
        "gate_ready",
        "Whether a good code opens the door.",
        ready,
    );
    gauge(
        out,
        "gate_opens_unrecorded",
        "Alarm: riders pass although the journal cannot be written.",
        u64::from(health.opens_unrecorded.is_some()),
    );
    gauge(
        out,
        "gate_unrecorded_taps",
        "Passes of which nothing is written down yet.",
        u64::try_from(health.unrecorded).unwrap_or(u64::MAX),
    );
    gauge(
        out,
        "gate_queue_records",
        "Records that wait to be sent: taps, refusals, and notes of what became of taps.",
        health.queued,
    );
    let segments = u64::try_from(health.segments).unwrap_or(u64::MAX);
    gauge(
        out,
        "gate_journal_segments",
        "Segments of the journal.",
        segments,
    );
    let name = "gate_deny_pages_unread_total";
    let help = "Reads of the deny list's file that failed: each refused a rider.";
    head(out, name, "counter", help);
    line(out, name, health.denied_unread);
    lists(out, health);
}

/// Which lists are in use, and how old they are.
fn lists(out: &mut String, health: &Health) {
    let versions = health.versions;
    head(
        out,
        "gate_list_version",
        "gauge",
        "Version of a list in use.",
    );
    for (list, version) in [
        ("trust-bundle", versions.bundle),
        ("deny-list", versions.deny),
        ("policy", versions.policy),
        ("tariff", versions.tariff),
    ] {
        // A list that is not there, or has no versions, has no line.
        if version != 0 {
            let name = format!("gate_list_version{{list=\"{list}\"}}");
            line(out, &name, version);
        }
    }
    head(
        out,
        "gate_list_age_seconds",
        "gauge",
        "Since the server confirmed a list.",
    );
    for (list, age) in [
        ("issuer-keys", health.keys_age),
        ("deny-list", health.denied_age),
    ] {
        if let Some(age) = age.map(Span::as_secs) {
            line(
                out,
                &format!("gate_list_age_seconds{{list=\"{list}\"}}"),
                age,
            );
        }
    }
    if versions.age_s != u32::MAX {
        let help = "Since the snapshot that binds the lists was signed.";
        let age = u64::from(versions.age_s);
        gauge(out, "gate_snapshot_age_seconds", help, age);
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing into a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{name} {value}");
}

fn gauge(out: &mut String, name: &str, help: &str, value: u64) {
    head(out, name, "gauge", help);
    line(out, name, value);
}

fn histogram(out: &mut String, name: &str, help: &str, histogram: &Histogram) {
    head(out, name, "histogram", help);
    let mut below = 0;
    for (end, count) in BUCKETS_US.iter().zip(histogram.counts) {
        below += count;
        line(
            out,
            &format!("{name}_bucket{{le=\"{}\"}}", seconds(*end)),
            below,
        );
    }
    let all: u64 = histogram.counts.iter().sum();
    line(out, &format!("{name}_bucket{{le=\"+Inf\"}}"), all);
    line(out, &format!("{name}_sum"), seconds(histogram.sum_us));
    line(out, &format!("{name}_count"), all);
}

/// Microseconds as decimal seconds.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// The name of a clock's state.
pub(super) const fn trust_name(trust: Trust) -> &'static str {
    match trust {
        Trust::Proven => "proven",
        Trust::Unproven => "unproven",
        Trust::Wrong => "wrong",
    }
}

#[cfg(test)]
mod tests {
    use units::Timestamp;
    use validator::Reading;

    use super::*;

    #[test]
    fn the_clock_says_what_it_is_worth() {
        let health = Health {
            ready: true,
            opens_unrecorded: None,
            unrecorded: 0,
            versions: wire::ListVersions::UNKNOWN,
            keys_age: None,
            denied_age: None,
            denied_unread: 0,
            queued: 0,
            segments: 1,
            clock: Reading {
                time: Timestamp::from_secs(1_000),
                trust: Trust::Wrong,
                error: None,
                wall_ahead: Some(Span::from_secs(-240)),
            },
            clock_mark: Some(Timestamp::from_secs(1_000)),
        };
        let text = write(
            &Counts::default(),
            &StationCounts::default(),
            Some(health),
            0,
        );
        for expected in [
            "gate_clock_state{state=\"proven\"} 0\n",
            "gate_clock_state{state=\"unproven\"} 0\n",
            "gate_clock_state{state=\"wrong\"} 1\n",
            "gate_clock_wall_ahead_seconds -240\n",
            "gate_clock_mark_seconds 1000\n",
        ] {
            assert!(text.contains(expected), "{expected}{text}");
        }
        assert!(!text.contains("gate_clock_error_seconds"), "none is known");
    }

    #[test]
    fn buckets_add_up_and_seconds_are_decimal() {
        let mut counts = Counts::default();
        counts.answers.insert("permitted", 2);
        counts.decided.counts[0] = 1;
        counts.decided.counts[2] = 1;
        counts.decided.counts[12] = 1;
        counts.decided.sum_us = 2_000_125;
        counts.clock_offset_s = Some(-4);
        counts.conflicts = 5;
        let text = write(&counts, &StationCounts::default(), None, 7);
        for expected in [
            "gate_scans_total{reason=\"permitted\"} 2\n",
            "gate_codes_dropped_total 7\n",
            "gate_decision_seconds_bucket{le=\"0.000025\"} 1\n",
            "gate_decision_seconds_bucket{le=\"0.000100\"} 2\n",
            "gate_decision_seconds_bucket{le=\"1.000000\"} 2\n",
            "gate_decision_seconds_bucket{le=\"+Inf\"} 3\n",
            "gate_decision_seconds_sum 2.000125\n",
            "gate_decision_seconds_count 3\n",
            "gate_up 0\n",
            "gate_clock_offset_seconds -4\n",
            "gate_tap_conflicts_total 5\n",
        ] {
            assert!(text.contains(expected), "{expected}{text}");
        }
    }
}
