//! What a medium may look like after the power came back.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test tool: its offsets come from its own lists, and a panic fails the test"
)]

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::medium::{Change, File, Medium};
use crate::media::SegmentId;

/// What became of one sector that was written but not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// As before the writes.
    Old,
    /// As after all writes.
    New,
    /// As after all writes but the last.
    Earlier,
    /// The first bytes new, the others old.
    Torn(usize),
    /// Zeros.
    Zeros,
    /// Noise, also over bytes that nobody wrote.
    Noise,
    /// What another segment once held here.
    Stale,
    /// What stands just before, in the same segment: a misdirected write.
    Misdirected,
}

/// Everything that may be chosen at one crash.
struct Choices {
    sectors: Vec<(SegmentId, usize)>,
}

/// A small generator of numbers (SplitMix64): the same seed gives the same states.
#[derive(Debug, Clone, Copy)]
pub struct Numbers(u64);

impl Numbers {
    /// Begins at this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit` (taken as 1 when 0).
    pub fn below(&mut self, limit: usize) -> usize {
        let wide = self.draw() % (limit.max(1) as u64);
        usize::try_from(wide).unwrap_or(0)
    }
}

impl Medium {
    /// Gives states that a power cut right now may leave behind: every combination of durable and
    /// lost creations and removals (of up to 3), and for the un-synced sectors: all lost, all
    /// kept, each prefix, each one alone lost, alone kept, torn at 15 or more places, zeros,
    /// noise, stale, misdirected; then `sampled` mixtures of all that. If that makes more than
    /// `most` states, every n-th of them, beginning where `seed` says.
    pub fn crash_states(&self, seed: u64, sampled: usize, most: usize, sink: &mut dyn FnMut(Self)) {
        let choices = Choices {
            sectors: self.dirty_sectors(),
        };
        let plans = choices.plans(self.sector, seed, sampled);
        let changes = self.changes.len().min(3);
        let combinations = 1_usize << changes;
        let stride = (combinations * plans.len()).div_ceil(most.max(1));
        let mut number = Numbers::new(seed).below(stride);
        let mut base = None;
        while number < combinations * plans.len() {
            let kept = number / plans.len();
            let (_, medium) = match base.take() {
                Some((of, same)) if of == kept => base.insert((of, same)),
                _ => base.insert((kept, self.with_changes(kept, changes))),
            };
            sink(medium.with_sectors(&choices.sectors, &plans[number % plans.len()]));
            number += stride;
        }
    }

    /// The sectors that un-synced writes touched, in the order of writing.
    fn dirty_sectors(&self) -> Vec<(SegmentId, usize)> {
        let mut out = Vec::new();
        for (id, file) in &self.files {
            for write in &file.dirty {
                let first = write.offset / self.sector;
                let end = (write.offset + write.bytes.len()).div_ceil(self.sector);
                for sector in first..end {
                    if !out.contains(&(*id, sector)) {
                        out.push((*id, sector));
                    }
                }
            }
        }
        out
    }

    /// What the folder looks like: bit i of `kept` says whether the i-th of the last changes is
    /// durable; earlier ones are.
    fn with_changes(&self, kept: usize, counted: usize) -> Self {
        let mut next = self.after_kill();
        let changes = core::mem::take(&mut next.changes);
        let settled = changes.len() - counted;
        for (number, change) in changes.into_iter().enumerate().rev() {
            let durable = number < settled || kept >> (number - settled) & 1 == 1;
            match change {
                Change::Created(id) if !durable => {
                    if let Some(file) = next.files.remove(&id) {
                        next.stale.insert(id, file.cache);
                    }
                }
                Change::Removed(id, file) if !durable => {
                    next.files.insert(id, file);
                }
                Change::Created(_) | Change::Removed(..) => {}
            }
        }
        next
    }

    fn with_sectors(&self, sectors: &[(SegmentId, usize)], plan: &[Fate]) -> Self {
        let mut next = self.clone();
        for file in next.files.values_mut() {
            file.cache = file.durable.clone();
            file.dirty.clear();
        }
        for ((id, sector), fate) in sectors.iter().zip(plan) {
            if *fate == Fate::Old {
                continue;
            }
            let (Some(now), Some(file)) = (self.files.get(id), next.files.get_mut(id)) else {
                continue;
            };
            let from = sector * self.sector;
            let until = (from + self.sector).min(now.durable.len());
            let content = self.content(*id, now, from, until, *fate);
            Arc::make_mut(&mut file.durable)[from..until].copy_from_slice(&content);
            file.cache = file.durable.clone();
        }
        next
    }

    fn content(
        &self,
        id: SegmentId,
        file: &File,
        from: usize,
        until: usize,
        fate: Fate,
    ) -> Vec<u8> {
        let mut old = file.durable[from..until].to_vec();
        match fate {
            Fate::Old => {}
            Fate::New => old.copy_from_slice(&apply(file, from, until, file.dirty.len())),
            Fate::Earlier => {
                let last = file.dirty.iter().rposition(|write| {
                    write.offset < until && write.offset + write.bytes.len() > from
                });
                old = apply(file, from, until, last.unwrap_or(0));
            }
            Fate::Torn(bytes) => {
                let new = apply(file, from, until, file.dirty.len());
                let cut = bytes.min(old.len());
                old[..cut].copy_from_slice(&new[..cut]);
            }
            Fate::Zeros => old.fill(0),
            Fate::Noise => {
                let mut numbers = Numbers::new(from as u64);
                old.fill_with(|| numbers.draw().to_le_bytes()[0]);
            }
            Fate::Stale => {
                let other = self
                    .stale
                    .get(&id)
                    .or_else(|| self.stale.values().next_back());
                if let Some(stale) = other.and_then(|bytes| bytes.get(from..until)) {
                    old.copy_from_slice(stale);
                }
            }
            Fate::Misdirected => {
                let length = old.len();
                if let Some(before) = from.checked_sub(length) {
                    old.copy_from_slice(&file.durable[before..before + length]);
                }
            }
        }
        old
    }
}

/// These bytes after the first `count` of the un-synced writes.
fn apply(file: &File, from: usize, until: usize, count: usize) -> Vec<u8> {
    let mut out = file.durable[from..until].to_vec();
    for write in &file.dirty[..count] {
        let start = write.offset.max(from);
        let end = (write.offset + write.bytes.len()).min(until);
        if start < end {
            let part = &write.bytes[start - write.offset..end - write.offset];
            out[start - from..end - from].copy_from_slice(part);
        }
    }
    out
}

impl Choices {
    fn plans(&self, sector: usize, seed: u64, sampled: usize) -> Vec<Vec<Fate>> {
        let count = self.sectors.len();
        let mut plans = Vec::from([alloc::vec![Fate::Old; count]]);
        if count == 0 {
            return plans;
        }
        plans.push(alloc::vec![Fate::New; count]);
        let singles = [
            Fate::Earlier,
            Fate::Zeros,
            Fate::Noise,
            Fate::Stale,
            Fate::Misdirected,
        ];
        let torn = (1..sector).step_by(sector.div_ceil(16)).map(Fate::Torn);
        let singles: Vec<Fate> = singles.into_iter().chain(torn).collect();
        for at in 0..count {
            let mut prefix = alloc::vec![Fate::Old; count];
            prefix[..at].fill(Fate::New);
            for fate in &singles {
                // This sector so, everything before it written, everything after it lost ...
                prefix[at] = *fate;
                plans.push(prefix.clone());
            }
            for (rest, this) in [(Fate::New, Fate::Old), (Fate::Old, Fate::New)] {
                let mut plan = alloc::vec![rest; count];
                plan[at] = this;
                plans.push(plan);
            }
            for fate in &singles[..5] {
                // ... or written too.
                let mut plan = alloc::vec![Fate::New; count];
                plan[at] = *fate;
                plans.push(plan);
            }
        }
        let mut numbers = Numbers::new(seed);
        for _ in 0..sampled {
            let plan = (0..count).map(|_| match numbers.below(12) {
                0..=3 => Fate::New,
                4..=6 => Fate::Old,
                7 => Fate::Torn(numbers.below(sector)),
                other => singles[(other - 8) % 5],
            });
            plans.push(plan.collect());
        }
        plans
    }
}
