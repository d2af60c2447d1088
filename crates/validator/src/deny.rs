//! Deny lists: credentials and tickets that may not travel although their signatures hold.

use units::CredentialId;

/// A set of denied ids, held by the caller in whatever form it has.
pub trait DenyList {
    /// Whether `id` may not travel. Exact: a wrong yes refuses an honest rider.
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

impl<D: DenyList + ?Sized> DenyList for &D {
    fn contains(&self, id: &CredentialId) -> bool {
        (**self).contains(id)
    }
}

/// A list in ascending order, in memory of the caller (a `Vec`, a `Box`, a borrowed slice, a mapped
/// file), searched in steps that halve it. For long lists put [`crate::DenyIndex`] in front.
#[derive(Clone, Copy, Debug)]
pub struct SortedDenyList<S>(S);

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

impl<S: AsRef<[CredentialId]>> SortedDenyList<S> {
    /// Takes ids in strictly ascending order.
    ///
    /// # Errors
    /// [`DenyListError::Order`] when they are in another.
    pub fn new(ids: S) -> Result<Self, DenyListError> {
        let list = ids.as_ref();
        let later = list.iter().skip(1);
        match list
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

    /// The ids, in ascending order.
    pub fn ids(&self) -> &[CredentialId] {
        self.0.as_ref()
    }
}

impl<S: AsRef<[CredentialId]>> DenyList for SortedDenyList<S> {
    fn contains(&self, id: &CredentialId) -> bool {
        self.ids().binary_search(id).is_ok()
    }
}
