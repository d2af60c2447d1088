//! An exact deny list with a filter in front: a rider who is on no list costs one cache line.
//!
//! The filter is a Bloom filter in blocks of one cache line: an id belongs to one block and has one
//! bit in each of its eight words. All eight set means "perhaps", and then the exact list decides,
//! so its answer is always the right one; one of 800 honest riders is asked about twice. Why this
//! and no fuse filter: `docs/decisions/0011-gate-speed.md`.

use units::CredentialId;

use crate::deny::{DenyList, SortedDenyList};
use crate::mix::{mix, scale};

/// 64 bytes of a filter: one cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct FilterBlock([u64; 8]);

impl FilterBlock {
    /// A block on which nobody is.
    pub const EMPTY: Self = Self([0; 8]);

    /// Ids per block at which one of 800 others is asked about twice: two bytes of memory per id.
    pub const IDS: usize = 32;

    /// How many blocks a filter of `ids` ids should have, at least one.
    #[must_use]
    pub const fn count_for(ids: usize) -> usize {
        (ids / Self::IDS).saturating_add(1)
    }
}

/// A sorted list in `S` (ids) with a filter in `F` (blocks): both in memory that the caller owns.
///
/// ```
/// use units::CredentialId;
/// use validator::{DenyIndex, DenyList, FilterBlock};
///
/// let ids: Vec<_> = (0..100).map(|number| CredentialId::from_bytes([number; 16])).collect();
/// let blocks = vec![FilterBlock::EMPTY; FilterBlock::count_for(ids.len())];
/// let denied = DenyIndex::new(ids, blocks)?;
/// assert!(denied.contains(&CredentialId::from_bytes([99; 16])));
/// assert!(!denied.contains(&CredentialId::from_bytes([100; 16])));
/// # Ok::<(), validator::DenyListError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DenyIndex<S, F> {
    exact: SortedDenyList<S>,
    filter: F,
}

impl<S, F> DenyIndex<S, F>
where
    S: AsRef<[CredentialId]>,
    F: AsRef<[FilterBlock]> + AsMut<[FilterBlock]>,
{
    /// Takes ids in strictly ascending order, and blocks, which it fills: one step per id.
    ///
    /// [`FilterBlock::count_for`] says how many blocks are worth having. With fewer, even none, the
    /// answers are the same, and slower.
    ///
    /// # Errors
    /// [`crate::DenyListError::Order`] when ids are in another order.
    pub fn new(ids: S, blocks: F) -> Result<Self, crate::DenyListError> {
        let exact = SortedDenyList::new(ids)?;
        let mut filter = blocks;
        let blocks = filter.as_mut();
        blocks.fill(FilterBlock::EMPTY);
        for id in exact.ids() {
            let (at, bits) = place(id, blocks.len());
            if let Some(FilterBlock(words)) = blocks.get_mut(at) {
                for (word, bit) in words.iter_mut().zip(bits) {
                    *word |= 1_u64.wrapping_shl(bit);
                }
            }
        }
        Ok(Self { exact, filter })
    }
}

impl<S: AsRef<[CredentialId]>, F: AsRef<[FilterBlock]>> DenyIndex<S, F> {
    /// The ids, in ascending order.
    pub fn ids(&self) -> &[CredentialId] {
        self.exact.ids()
    }

    /// Whether `id` is perhaps on the list; `false` is certain.
    #[inline]
    fn may_contain(&self, id: &CredentialId) -> bool {
        let blocks = self.filter.as_ref();
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
}

impl<S: AsRef<[CredentialId]>, F: AsRef<[FilterBlock]>> DenyList for DenyIndex<S, F> {
    #[inline]
    fn contains(&self, id: &CredentialId) -> bool {
        self.may_contain(id) && self.exact.contains(id)
    }
}

/// The block of an id among `blocks`, and its bit in each of the eight words.
///
/// Nobody gains by choosing ids that meet in a block: the answers stay exact, and issuers choose
/// ids.
#[inline]
fn place(id: &CredentialId, blocks: usize) -> (usize, [u32; 8]) {
    let mixed = mix(id);
    let at = scale(mixed, blocks);
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

#[cfg(test)]
#[path = "deny_index_tests.rs"]
mod tests;
