//! What a long deny list costs the agent when it comes from its file, and when a code is looked up.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Result, ensure};
use gate::machine::Stopwatch;
use gate::signed::Store;
use units::CredentialId;
use validator::DenyList as _;
use wire::lists::ListRef;

use super::Row;
use super::city::numbered;

/// How often the list is read; the median counts.
const READS: usize = 3;

/// Codes looked up: honest ones, and as many denied ones.
const LOOKED_UP: u32 = 100_000;

/// What a new list may take to be ready, in seconds, on its file.
const READY_S_MAX: f64 = 1.0;

/// A list of the agent in `folder`: ready from its file, and asked.
pub(super) fn rows(folder: &Path, list: &ListRef) -> Result<Vec<Row>> {
    let store = Store::open(&folder.join("state/lists/signed"))?;
    let mut seconds = Vec::new();
    let mut denied = store.read_denied(list)?;
    for _ in 0..READS {
        let watch = Stopwatch::start();
        denied = store.read_denied(list)?;
        seconds.push(watch.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let ready = seconds.get(READS / 2).copied().unwrap_or_default();
    let time = |what: u8| -> Result<(f64, u32)> {
        let ids: Vec<CredentialId> = (0..LOOKED_UP)
            .map(|number| numbered(what, number.wrapping_add(1_000_000)))
            .collect();
        let watch = Stopwatch::start();
        let mut hits = 0;
        for id in &ids {
            hits += u32::from(denied.contains(black_box(id)));
        }
        Ok((
            watch.elapsed().as_secs_f64() / f64::from(LOOKED_UP) * 1e9,
            hits,
        ))
    };
    let (miss, none) = time(0x70)?;
    let (hit, all) = time(0xdd)?;
    let whole = denied.len() >= 1_100_000;
    ensure!(
        none == 0 && (all == LOOKED_UP || !whole),
        "wrong answers: {none}, {all}"
    );
    let count = denied.len();
    let read = format!("a deny list of {count} ids from its file: checked, ready");
    let row = |id, what: &str, ours, unit| Row::new(id, what, ours, unit);
    Ok(vec![
        row("deny_file_ready", &read, ready, "s").at_most(READY_S_MAX),
        row("deny_file_miss", "looking up who is not on it", miss, "ns"),
        row(
            "deny_file_hit",
            "looking up who is on it, in its file",
            hit,
            "ns",
        ),
    ])
}
