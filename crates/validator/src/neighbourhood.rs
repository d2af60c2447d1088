//! Which slots of a table of any size an id may be in: two runs of at most 16.
//!
//! Two choices, each code into the emptier one, keep runs even: with one run, or with probing on
//! from one slot, some are full long before half of the table is. Both codes and presence are asked
//! by the credential, so the place follows from its id alone, and all of its codes are together.

use core::ops::Range;

use units::CredentialId;

use crate::mix::{mix, scale};

/// Most slots of one run.
pub(crate) const RUN_MAX: usize = 16;

/// Two runs of slots that do not overlap; the second is empty where the table is one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Neighbourhoods {
    low: Range<usize>,
    high: Range<usize>,
}

impl Neighbourhoods {
    /// Those of `id` in a table of `length` slots.
    pub(crate) fn of(id: &CredentialId, length: usize) -> Self {
        let runs = length.div_ceil(RUN_MAX);
        let even = mix(id);
        let first = scale(even, runs);
        // Another of the other runs: with digits of π, as in `mix`.
        let others = runs.saturating_sub(1);
        let step = scale(even.wrapping_mul(0xa409_3822_299f_31d1), others);
        let second = first.saturating_add(step).saturating_add(1);
        let second = second.checked_sub(runs).unwrap_or(second);
        let run = |at: usize| {
            let end = |at: usize| at.saturating_mul(RUN_MAX).min(length);
            end(at)..end(at.saturating_add(1))
        };
        let (low, high) = (first.min(second), first.max(second));
        Self {
            low: run(low),
            high: if runs > 1 { run(high) } else { length..length },
        }
    }

    /// Their slots.
    pub(crate) fn slots<T>(self, table: &[T]) -> impl Iterator<Item = &T> {
        let low = table.get(self.low).unwrap_or(&[]);
        let high = table.get(self.high).unwrap_or(&[]);
        low.iter().chain(high)
    }

    /// Their slots, to change them.
    pub(crate) fn slots_mut<T>(self, table: &mut [T]) -> impl Iterator<Item = &mut T> {
        let (low, high) = self.split(table);
        low.iter_mut().chain(high)
    }

    /// The first free slot of the run with more of them; of equal ones, of the first.
    pub(crate) fn free<T>(self, table: &mut [T], is_free: impl Fn(&T) -> bool) -> Option<&mut T> {
        let (low, high) = self.split(table);
        let count = |run: &[T]| run.iter().filter(|slot| is_free(slot)).count();
        let run = if count(high) > count(low) { high } else { low };
        run.iter_mut().find(|slot| is_free(slot))
    }

    fn split<T>(self, table: &mut [T]) -> (&mut [T], &mut [T]) {
        let Some((before, after)) = table.split_at_mut_checked(self.high.start) else {
            return (&mut [], &mut []);
        };
        let low = before.get_mut(self.low).unwrap_or(&mut []);
        let length = self.high.len();
        (low, after.get_mut(..length).unwrap_or(&mut []))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn id(number: u32) -> CredentialId {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        CredentialId::from_bytes(bytes)
    }

    #[test]
    fn two_runs_of_sixteen_at_most_inside_the_table_and_apart() {
        for length in (0..70).chain([255, 256, 257, 4096, 65_536]) {
            let table: Vec<usize> = (0..length).collect();
            for number in 0..300 {
                let near = Neighbourhoods::of(&id(number), length);
                let seen: Vec<_> = near.clone().slots(&table).copied().collect();
                let apart: BTreeSet<_> = seen.iter().collect();
                assert_eq!(apart.len(), seen.len());
                assert!(seen.len() <= 2 * RUN_MAX);
                assert!(seen.len() >= length.min(RUN_MAX + 1), "{length}: {near:?}");
                let mut same = table.clone();
                let changed: Vec<_> = near.slots_mut(&mut same).map(|slot| *slot).collect();
                assert_eq!(seen, changed);
            }
        }
    }

    /// Ids that count up, as an issuer's may: at half of the table none is refused, and few are at
    /// nine tenths.
    #[test]
    fn a_table_fills_up_evenly() {
        for length in [64, 100, 1024, 4096, 65_536] {
            let mut table = vec![false; length];
            let mut failed_at = None;
            for number in 0..length {
                let near = Neighbourhoods::of(&id(u32::try_from(number).unwrap()), length);
                match near.free(&mut table, |taken| !taken) {
                    Some(slot) => *slot = true,
                    None => failed_at = failed_at.or(Some(number)),
                }
            }
            let first = failed_at.unwrap_or(length);
            std::println!("{length} slots: the first that found none came after {first}");
            assert!(first >= length / 2 + length / 8, "{length}: {first}");
        }
    }
}
