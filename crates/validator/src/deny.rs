//! Deny lists: credentials and tickets that may not travel although their signatures hold.

use units::CredentialId;

/// A set of denied ids, held by the caller in whatever form it has.
pub trait DenyList {
    /// Whether `id` may not travel.
    fn contains(&self, id: &CredentialId) -> bool;
}

/// A list on which nobody is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingDenied;

impl DenyList for NothingDenied {
    fn contains(&self, _id: &CredentialId) -> bool {
        false
    }
}

/// A list in ascending order, searched in steps that halve it.
#[derive(Clone, Copy, Debug)]
pub struct SortedDenyList<'a>(&'a [CredentialId]);

/// Why ids are no sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DenyListError {
    /// An id that is not above the one in front of it: ids would be missed.
    #[error("entry {index}: expected an id above the one in front of it")]
    Order {
        /// Which, from 0.
        index: usize,
    },
}

impl<'a> SortedDenyList<'a> {
    /// Takes ids in strictly ascending order.
    ///
    /// # Errors
    /// [`DenyListError::Order`] when they are in another.
    pub fn new(ids: &'a [CredentialId]) -> Result<Self, DenyListError> {
        let later = ids.iter().skip(1);
        match ids
            .iter()
            .zip(later)
            .position(|(first, second)| first >= second)
        {
            None => Ok(Self(ids)),
            Some(before) => Err(DenyListError::Order {
                index: before.saturating_add(1),
            }),
        }
    }
}

impl DenyList for SortedDenyList<'_> {
    fn contains(&self, id: &CredentialId) -> bool {
        self.0.binary_search(id).is_ok()
    }
}
