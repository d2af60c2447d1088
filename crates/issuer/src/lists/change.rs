//! What differs between two sorted lists of ids, and two such changes after each other.

use std::collections::BTreeSet;

use units::CredentialId;

/// Ids that go and ids that come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Off the list.
    pub removed: BTreeSet<CredentialId>,
    /// Onto the list.
    pub added: BTreeSet<CredentialId>,
}

impl Change {
    /// From `base` to `result`, both in ascending order.
    #[must_use]
    pub fn between(
        base: impl IntoIterator<Item = CredentialId>,
        result: impl IntoIterator<Item = CredentialId>,
    ) -> Self {
        let (mut base, mut result) = (base.into_iter().peekable(), result.into_iter().peekable());
        let mut change = Self::default();
        loop {
            match (base.peek().copied(), result.peek().copied()) {
                (Some(old), Some(new)) if old == new => {
                    base.next();
                    result.next();
                }
                (Some(old), new) if new.is_none_or(|new| old < new) => {
                    change.removed.insert(old);
                    base.next();
                }
                (_, Some(new)) => {
                    change.added.insert(new);
                    result.next();
                }
                _ => return change,
            }
        }
    }

    /// This change and then `later`, as one.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        let without = |ids: &BTreeSet<_>, others: &BTreeSet<_>| -> BTreeSet<CredentialId> {
            ids.difference(others).copied().collect()
        };
        let mut removed = without(&self.removed, &later.added);
        removed.extend(without(&later.removed, &self.added));
        let mut added = without(&self.added, &later.removed);
        added.extend(without(&later.added, &self.removed));
        Self { removed, added }
    }

    /// Ids in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.removed.len().saturating_add(self.added.len())
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(bytes: &BTreeSet<u8>) -> Vec<CredentialId> {
        let id = |byte: &u8| CredentialId::from_bytes([*byte; 16]);
        bytes.iter().map(id).collect()
    }

    proptest! {
        #[test]
        fn two_changes_are_the_change_between_the_ends(
            sets in proptest::array::uniform3(proptest::collection::btree_set(0..24_u8, 0..24)),
        ) {
            let [a, b, c] = sets.map(|set| ids(&set));
            let change = |x: &Vec<CredentialId>, y: &Vec<CredentialId>| {
                Change::between(x.iter().copied(), y.iter().copied())
            };
            prop_assert_eq!(change(&a, &b).then(&change(&b, &c)), change(&a, &c));
            let removed: BTreeSet<_> = a.iter().filter(|id| !c.contains(id)).copied().collect();
            prop_assert_eq!(change(&a, &c).removed, removed);
            prop_assert!(change(&a, &a).is_empty());
        }
    }
}
