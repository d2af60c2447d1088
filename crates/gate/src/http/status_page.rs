//! The page for who stands at the gate with a laptop: is it well, what waits, what was decided.

use std::fmt::Write as _;

use units::Span;

use super::metrics::trust_name;
use super::{Health, readiness};
use crate::status::Counts;

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
<meta http-equiv=\"refresh\" content=\"5\"><title>Gate status</title><style>\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;\
margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #8888}\
td{text-align:right;font-variant-numeric:tabular-nums}th{font-weight:500}</style>";

/// The page. Names and numbers alone: nothing in it comes from a code.
pub(super) fn write(counts: &Counts, health: Option<Health>) -> String {
    let mut out = String::from(HEAD);
    let state = readiness(health.as_ref());
    // Writing into a string cannot fail.
    let _ = write!(out, "<h1>{state}</h1><table>");
    let mut row = |name: &str, value: String| {
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"
        );
    };
    if let Some(health) = health {
        if health.unrecorded > 0 {
            row("Passes not written down yet", health.unrecorded.to_string());
        }
        row(
            "Taps and notes waiting to be sent",
            health.queued.to_string(),
        );
        let versions = health.versions;
        for (name, version) in [
            ("Trust bundle", versions.bundle),
            ("Deny list", versions.deny),
            ("Policy", versions.policy),
            ("Tariff", versions.tariff),
        ] {
            if version != 0 {
                row(name, format!("version {version}"));
            }
        }
        row("Age of the issuer keys", age(health.keys_age));
        row("Age of the deny list", age(health.denied_age));
        row("Clock", trust_name(health.clock.trust).to_owned());
        let ahead = health.clock.wall_ahead;
        row(
            "Machine's clock ahead of proven time",
            ahead.map_or("not known".to_owned(), |span| {
                format!("{} s", span.as_secs())
            }),
        );
        let mark = health.clock_mark.map(|mark| api::Rfc3339(mark).to_string());
        row(
            "Certainly later than",
            mark.unwrap_or("not known".to_owned()),
        );
    }
    let offset = counts.clock_offset_s;
    row(
        "This clock ahead of the server's",
        offset.map_or("not known".to_owned(), |seconds| format!("{seconds} s")),
    );
    row("Taps uploaded", counts.uploaded.taps.to_string());
    row("Taps in quarantine", counts.quarantined.taps.to_string());
    row("Taps in conflict", counts.conflicts.to_string());
    row("Failed uploads", counts.upload_failures.to_string());
    for (reason, count) in &counts.answers {
        row(
            &format!("Scans: {}", reason.replace('_', " ")),
            count.to_string(),
        );
    }
    out.push_str(
        "</table><p><a href=\"/display\">Screen</a> · <a href=\"/metrics\">Metrics</a></p>\
         </html>\n",
    );
    out
}

fn age(age: Option<Span>) -> String {
    age.map_or("none held".to_owned(), |age| format!("{} s", age.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quarantine::Content;

    #[test]
    fn the_page_says_how_the_gate_is() {
        let mut counts = Counts {
            quarantined: Content { taps: 3, notes: 1 },
            ..Counts::default()
        };
        counts.answers.insert("already_used", 2);
        let page = write(&counts, None);
        for expected in [
            "<h1>The core does not answer</h1>",
            "<th scope=\"row\">Taps in quarantine</th><td>3</td>",
            "Scans: already used</th><td>2</td>",
        ] {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
    }
}
