//! A table from 64-bit keys to ranges: built once, never changed, looked up without allocating.

use std::ops::Range;

/// Keys with the range of positions that each has in a list sorted by key.
///
/// Open addressing at a load of at most one half, so that a lookup reads one or two slots. The
/// order of slots is never seen from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyTable {
    slots: Vec<Option<(u64, u32, u32)>>,
}

impl KeyTable {
    /// Of keys that are sorted: equal ones stand together.
    pub(super) fn new(sorted: impl Iterator<Item = u64>) -> Self {
        let mut ranges: Vec<(u64, u32, u32)> = Vec::new();
        for (place, key) in (0u32..).zip(sorted) {
            match ranges.last_mut() {
                Some((last, _, end)) if *last == key => *end = place.saturating_add(1),
                _ => ranges.push((key, place, place.saturating_add(1))),
            }
        }
        let size = ranges.len().saturating_mul(2).max(2).next_power_of_two();
        let mut table = Self {
            slots: vec![None; size],
        };
        for (key, start, end) in ranges {
            let free = table
                .probe(key)
                .find(|at| table.slots.get(*at) == Some(&None));
            if let Some(slot) = free.and_then(|at| table.slots.get_mut(at)) {
                *slot = Some((key, start, end));
            }
        }
        table
    }

    /// The positions of a key; empty where it is not there.
    pub(super) fn get(&self, key: u64) -> Range<usize> {
        for at in self.probe(key) {
            match self.slots.get(at) {
                Some(Some((found, start, end))) if *found == key => {
                    let place = |n: &u32| usize::try_from(*n).unwrap_or(usize::MAX);
                    return place(start)..place(end);
                }
                Some(Some(_)) => {}
                _ => break,
            }
        }
        0..0
    }

    /// The slots where a key may be, from its own on.
    fn probe(&self, key: u64) -> impl Iterator<Item = usize> + use<> {
        let size = self.slots.len();
        // Fibonacci hashing: the upper bits of key × 2⁶⁴/φ are well mixed.
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_right(32);
        let mask = size.wrapping_sub(1);
        let first = usize::try_from(hash & 0xFFFF_FFFF).unwrap_or(0) & mask;
        (0..size).map(move |step| first.wrapping_add(step) & mask)
    }
}
