//! A filter of denied ids: says "certainly not" or "perhaps", at the cost of one cache line.
//!
//! A Bloom filter in blocks of one cache line: an id belongs to one block and has one bit in each
//! of its eight words. All eight set means "perhaps", and then an exact list must decide: in
//! memory ([`crate::DenyIndex`]), in a file, or wherever its owner keeps it. Why this and no fuse
//! filter: `docs/decisions/0011-gate-speed.md`.

use units::CredentialId;

use crate::mix::{mix, scale};

/// 64 bytes of a filter: one cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct FilterBlock([u64; 8]);

impl FilterBlock {
    /// A block on which nobody is.
    pub const EMPTY: Self = Self([0; 8]);

    /// Ids per block at which one of 1,100 others is asked about twice: two bytes of memory per id.
    pub const IDS: usize = 32;

    /// How many blocks a filter of `ids` ids should have, at least one.
    #[must_use]
    pub const fn count_for(ids: usize) -> usize {
        (ids / Self::IDS).saturating_add(1)
    }
}

/// A filter in blocks `F` that the caller owns: a `Vec`, an array, a borrowed slice.
///
/// It never forgets an id that was put in, so [`DenyFilter::may_contain`] is `false` only for an
/// id that is certainly on no list. A filter of nothing but [`FilterBlock::EMPTY`] says `false` to
/// everybody, one of no blocks `true`.
///
/// ```
/// use units::CredentialId;
/// use validator::{DenyFilter, FilterBlock};
///
/// let ids = (0..100).map(|number| CredentialId::from_bytes([number; 16]));
/// let blocks = vec![FilterBlock::EMPTY; FilterBlock::count_for(100)];
/// let filter = DenyFilter::of(ids, blocks);
/// assert!(filter.may_contain(&CredentialId::from_bytes([99; 16])));
/// assert!(!filter.may_contain(&CredentialId::from_bytes([100; 16])));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DenyFilter<F>(F);

impl<F: AsRef<[FilterBlock]> + AsMut<[FilterBlock]>> DenyFilter<F> {
    /// The filter of `ids`, in any order, in `blocks`, whose content before does not matter.
    ///
    /// [`FilterBlock::count_for`] says how many blocks are worth having. One step per id.
    pub fn of(ids: impl IntoIterator<Item = CredentialId>, blocks: F) -> Self {
        let mut filter = Self(blocks);
        filter.0.as_mut().fill(FilterBlock::EMPTY);
        for id in ids {
            filter.insert(&id);
        }
        filter
    }

    /// Puts more ids in, as a list that grows does. Hundreds at once take far less time than one
    /// after the other: their blocks, which lie anywhere, come from memory together.
    pub fn insert_all(&mut self, ids: &[CredentialId]) {
        let blocks = self.0.as_ref();
        let mut seen = 0;
        for id in ids {
            if let Some(FilterBlock([word, ..])) = blocks.get(at(id, blocks.len()).0) {
                seen |= word;
            }
        }
        // So that the reading above is done, whose result is of no use.
        core::hint::black_box(seen);
        for id in ids {
            self.insert(id);
        }
    }

    /// Puts one more id in.
    #[inline]
    pub fn insert(&mut self, id: &CredentialId) {
        let blocks = self.0.as_mut();
        let (at, bits) = place(id, blocks.len());
        if let Some(FilterBlock(words)) = blocks.get_mut(at) {
            for (word, bit) in words.iter_mut().zip(bits) {
                *word |= 1_u64.wrapping_shl(bit);
            }
        }
    }
}

impl<F: AsRef<[FilterBlock]>> DenyFilter<F> {
    /// Whether `id` was perhaps put in; `false` is certain.
    #[inline]
    pub fn may_contain(&self, id: &CredentialId) -> bool {
        let blocks = self.0.as_ref();
        let (at, bits) = place(id, blocks.len());
        let Some(FilterBlock(words)) = blocks.get(at) else {
            return true; // No filter at all.
        };
        // All eight bits without a branch: which one is missing is a coin toss.
        let mut all = 1;
        for (word, bit) in words.iter().zip(bits) {
            all &= word.wrapping_shr(bit);
        }
        all == 1
    }

    /// The blocks: their number times 64 is the memory of the filter in bytes.
    pub fn blocks(&self) -> &[FilterBlock] {
        self.0.as_ref()
    }
}

/// The block of an id among `blocks`, and the mixed id.
#[inline]
fn at(id: &CredentialId, blocks: usize) -> (usize, u64) {
    let mixed = mix(id);
    (scale(mixed, blocks), mixed)
}

/// The block of an id among `blocks`, and its bit in each of the eight words.
///
/// Nobody gains by choosing ids that meet in a block: exact lists decide, and issuers choose ids.
#[inline]
fn place(id: &CredentialId, blocks: usize) -> (usize, [u32; 8]) {
    let (at, mixed) = at(id, blocks);
    let bits = mixed.wrapping_mul(0xa409_3822_299f_31d1);
    let bit = |lane: u32| {
        let [low, ..] = bits
            .wrapping_shr(lane.wrapping_mul(6).wrapping_add(16))
            .to_le_bytes();
        u32::from(low & 63)
    };
    let lanes = [0, 1, 2, 3, 4, 5, 6, 7].map(bit);
    (at, lanes)
}
