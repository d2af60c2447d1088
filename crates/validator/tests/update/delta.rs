//! Full list = base + deltas, in any order, with any lost or repeated; nobody else is denied.

use proptest::prelude::*;
use units::CredentialId;
use wire::lists::{DeltaHeader, DenyDelta, DenyHeader, DenyStream, ListError, ListRef};

use crate::world::{NOW, at, deny_list, ids};

/// The bytes of a delta as a server makes it.
pub(crate) fn delta(
    base: &[u8],
    (version, result): (u64, &[u8]),
    removed: &[u8],
    added: &[u8],
) -> Vec<u8> {
    let count = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap();
    let header = DeltaHeader {
        base: ListRef::to(1, base).hash,
        result: ListRef::to(1, result).hash,
        head: DenyHeader {
            version,
            issued: at(NOW),
            count: count(&result[40..]) / 16,
        },
        removed: count(removed),
        added: count(added),
    };
    let mut bytes = header.encode().unwrap().to_vec();
    bytes.extend(removed.iter().chain(added).flat_map(|id| [*id; 16]));
    bytes
}

fn entries(list: &[u8]) -> Vec<CredentialId> {
    let (ids, _) = list[40..].as_chunks::<16>();
    ids.iter().map(|id| CredentialId::from_bytes(*id)).collect()
}

/// Applies a delta as a gate does; the result has gone through its stream.
fn apply(
    bytes: &[u8],
    base: &ListRef,
    list: &[u8],
    result: &ListRef,
) -> Result<Vec<u8>, ListError> {
    let delta = DenyDelta::read(bytes, base, result)?;
    let mut out = delta.result().encode()?.to_vec();
    let mut merge = delta.merge();
    for id in entries(list) {
        merge.take(id, |id| out.extend_from_slice(id.as_bytes()))?;
    }
    merge.finish(|id| out.extend_from_slice(id.as_bytes()))?;
    let mut stream = DenyStream::new(*result);
    stream.push(&out, |_| {})?;
    stream.finish()?;
    Ok(out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn full_is_base_plus_deltas_whatever_is_lost_or_comes_twice(
        sets in proptest::collection::vec(proptest::collection::btree_set(0..40_u8, 0..20), 2..6),
        deliveries in proptest::collection::vec((0..6_usize, 0..6_usize), 0..24),
    ) {
        let sets: Vec<Vec<u8>> = sets.into_iter().map(|set| set.into_iter().collect()).collect();
        let numbered = (1..).zip(&sets);
        let lists: Vec<_> = numbered.map(|(version, set)| deny_list(version, set)).collect();
        let numbered = (1..).zip(&lists);
        let refs: Vec<_> = numbered.map(|(version, list)| ListRef::to(version, list)).collect();
        let mut at = 0;
        for (from, to) in deliveries {
            let (from, to) = (from % sets.len(), to % sets.len());
            let minus = |a: usize, b: usize| -> Vec<u8> {
                sets[a].iter().filter(|id| !sets[b].contains(id)).copied().collect()
            };
            let version = refs[to].version;
            let (gone, come) = (minus(from, to), minus(to, from));
            let bytes = delta(&lists[from], (version, &lists[to]), &gone, &come);
            let applied = apply(&bytes, &refs[at], &lists[at], &refs[to]);
            if from == at {
                prop_assert_eq!(applied.as_ref(), Ok(&lists[to]));
                at = to;
            } else {
                prop_assert_eq!(applied, Err(ListError::DeltaMismatch));
            }
            let held = entries(&lists[at]);
            prop_assert_eq!(&held, &ids(&sets[at]), "nobody else is denied, nobody is missing");
        }
    }
}

#[test]
fn a_delta_that_lies_about_its_ids_never_becomes_a_list() {
    let (base, result) = (deny_list(1, &[1, 2, 3]), deny_list(2, &[1, 3, 9]));
    let (from, to) = (ListRef::to(1, &base), ListRef::to(2, &result));
    let good = delta(&base, (2, &result), &[2], &[9]);
    assert_eq!(apply(&good, &from, &base, &to), Ok(result.clone()));
    for (removed, added) in [
        (&[2_u8][..], &[8_u8][..]), // an honest rider
        (&[], &[9]),
        (&[2], &[]),
        (&[4], &[9]),    // not there
        (&[2], &[1, 9]), // there already
        (&[2], &[9, 9]),
        (&[3, 2], &[9]),
    ] {
        let bytes = delta(&base, (2, &result), removed, added);
        assert!(
            apply(&bytes, &from, &base, &to).is_err(),
            "{removed:?} {added:?}"
        );
    }
    for at in 0..good.len() {
        assert!(
            apply(&good[..at], &from, &base, &to).is_err(),
            "cut at {at}"
        );
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            assert!(
                apply(&bytes, &from, &base, &to).is_err(),
                "byte {at} bit {bit}"
            );
        }
    }
}
