//! An exact deny list with a filter in front: a rider who is on no list costs one cache line.

use units::CredentialId;

use crate::deny::{DenyList, DenyListError, SortedDenyList};
use crate::deny_filter::{DenyFilter, FilterBlock};

/// A sorted list in `S` (ids) with a filter in `F` (blocks): both in memory that the caller owns.
///
/// The list decides whenever the filter says "perhaps", so the answer is always the right one; one
/// of 1,100 honest riders is asked about twice. Where the list is to stay in a file, put a
/// [`DenyFilter`] in front of that.
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
    filter: DenyFilter<F>,
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
    /// [`DenyListError::Order`] when ids are in another order.
    pub fn new(ids: S, blocks: F) -> Result<Self, DenyListError> {
        let exact = SortedDenyList::new(ids)?;
        let filter = DenyFilter::of(exact.ids().iter().copied(), blocks);
        Ok(Self { exact, filter })
    }
}

impl<S: AsRef<[CredentialId]>, F: AsRef<[FilterBlock]>> DenyIndex<S, F> {
    /// The ids, in ascending order.
    pub fn ids(&self) -> &[CredentialId] {
        self.exact.ids()
    }

    /// What is asked first.
    pub const fn filter(&self) -> &DenyFilter<F> {
        &self.filter
    }
}

impl<S: AsRef<[CredentialId]>, F: AsRef<[FilterBlock]>> DenyList for DenyIndex<S, F> {
    #[inline]
    fn contains(&self, id: &CredentialId) -> bool {
        self.filter.may_contain(id) && self.exact.contains(id)
    }
}

#[cfg(test)]
#[path = "deny_index_tests.rs"]
mod tests;
