//! Which taps used a code that had been used before.
//!
//! A gate refuses a code it has seen itself; two gates without a network cannot know of each other
//! and let both through. Here all taps are together: of those that share a [`CodeUse`], the first by
//! (time, tap id) counts and each later one is flagged and not priced. The answer depends on the
//! set of taps alone, never on which came in first.

use std::collections::BTreeMap;

use units::{TapId, Timestamp};

use crate::model::{CodeUse, StoredTap, TapFlag};

/// The flags of `taps`, ordered by tap; `elsewhere` are other taps of the same account that may
/// have used the same codes (on other days), which are compared but not flagged.
#[must_use]
pub fn of_taps<'a>(
    taps: &'a [StoredTap],
    elsewhere: impl IntoIterator<Item = &'a StoredTap>,
) -> Vec<(TapId, TapFlag)> {
    let mut first: BTreeMap<CodeUse, (Timestamp, TapId)> = BTreeMap::new();
    for tap in taps.iter().chain(elsewhere) {
        if let Some(code) = tap.code {
            let this = (tap.tap.at, tap.tap.id);
            first
                .entry(code)
                .and_modify(|earliest| *earliest = this.min(*earliest))
                .or_insert(this);
        }
    }
    let mut flags: Vec<(TapId, TapFlag)> = taps
        .iter()
        .filter(|tap| {
            tap.code
                .and_then(|code| first.get(&code))
                .is_some_and(|earliest| *earliest != (tap.tap.at, tap.tap.id))
        })
        .map(|tap| (tap.tap.id, TapFlag::CodeUsedTwice))
        .collect();
    flags.sort_unstable();
    flags
}
