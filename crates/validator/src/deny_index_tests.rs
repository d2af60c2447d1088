//! The index answers as a set does: for all small lists, for UUIDs, for filters of any size.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use units::CredentialId;

use super::{DenyFilter, DenyIndex, FilterBlock};
use crate::deny::{DenyList, DenyListError};

fn index(ids: &[CredentialId], blocks: usize) -> DenyIndex<&[CredentialId], Vec<FilterBlock>> {
    // What the memory held before does not matter.
    DenyIndex::new(ids, vec![*FULL; blocks]).unwrap()
}

/// A block in which every bit is set.
static FULL: LazyLock<FilterBlock> = LazyLock::new(|| {
    let filter = DenyFilter::of((0..2000).map(id), [FilterBlock::EMPTY]);
    assert!((0..2000).all(|other| filter.may_contain(&uuid(other))));
    filter.blocks()[0]
});

fn id(number: u128) -> CredentialId {
    CredentialId::from_bytes(number.to_be_bytes())
}

/// A UUID of version 7: `number` in its milliseconds, the fixed bits of every other.
fn uuid(number: u64) -> CredentialId {
    let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let high = number << 16 | 0x7000 | random >> 52;
    id(u128::from(high) << 64 | u128::from(random >> 2 | 1 << 63))
}

/// All 4,096 lists of twelve neighbours, each asked about all of them, with no, one and two blocks.
#[test]
fn every_small_list_is_answered_exactly() {
    for members in 0_u16..1 << 12 {
        let ids: Vec<_> = (0..12_u8)
            .filter(|bit| members >> bit & 1 == 1)
            .map(|bit| id(u128::from(bit)))
            .collect();
        for blocks in 0..3 {
            let index = index(&ids, blocks);
            assert_eq!(index.ids(), ids);
            for bit in 0..12_u8 {
                assert_eq!(
                    index.contains(&id(u128::from(bit))),
                    members >> bit & 1 == 1
                );
            }
        }
    }
}

/// A filter so full that it says "perhaps" to everybody changes no answer.
#[test]
fn a_full_filter_refuses_nobody() {
    let ids: Vec<_> = (0..5000).map(|number| uuid(2 * number)).collect();
    let index = index(&ids, 1);
    for number in 0..5000 {
        assert!(index.filter().may_contain(&uuid(2 * number + 1)));
        assert!(!index.contains(&uuid(2 * number + 1)));
        assert!(index.contains(&uuid(2 * number)));
    }
}

/// A filter by itself: nobody put in is ever "certainly not"; no blocks at all say "perhaps".
#[test]
fn a_filter_forgets_nobody_whatever_its_size() {
    let ids: Vec<_> = (0..1000).map(|number| uuid(2 * number)).collect();
    for blocks in 0..40 {
        let mut filter = DenyFilter::of(ids[..500].iter().copied(), vec![*FULL; blocks]);
        ids[500..].iter().for_each(|id| filter.insert(id));
        assert!(ids.iter().all(|id| filter.may_contain(id)));
        assert_eq!(filter.blocks().len(), blocks);
    }
    let nobody = DenyFilter::of([], vec![*FULL; 3]);
    assert!(!ids.iter().any(|id| nobody.may_contain(id)));
    assert!(DenyFilter::of([], []).may_contain(&ids[0]));
}

/// UUIDs whose first halves count and whose fixed bits are the same fill the blocks evenly.
#[test]
fn one_of_1_100_uuids_is_asked_about_twice() {
    let count = 100_000;
    let ids: Vec<_> = (0..count).map(|number| uuid(2 * number)).collect();
    let index = index(&ids, FilterBlock::count_for(ids.len()));
    let twice = (0..count)
        .filter(|number| index.filter().may_contain(&uuid(2 * number + 1)))
        .count();
    // 0.0909 % of 100,000, give or take five standard deviations.
    assert!((43..=139).contains(&twice), "{twice}");
}

#[test]
fn ids_out_of_order_are_refused() {
    let twice = [id(1), id(2), id(2)];
    let refused = DenyIndex::new(&twice[..], vec![FilterBlock::EMPTY; 1]);
    assert!(matches!(refused, Err(DenyListError::Order { index: 2 })));
}

proptest! {
    #[test]
    fn answers_are_those_of_a_set(
        ids: BTreeSet<[u8; 16]>, others: Vec<[u8; 16]>, blocks in 0..4_usize,
    ) {
        let list: Vec<_> = ids.iter().copied().map(CredentialId::from_bytes).collect();
        let index = index(&list, blocks);
        for bytes in ids.iter().chain(&others) {
            let id = CredentialId::from_bytes(*bytes);
            prop_assert_eq!(index.contains(&id), ids.contains(bytes));
            for place in 0..16 {
                let mut near = *bytes;
                near[place] ^= 1;
                let id = CredentialId::from_bytes(near);
                prop_assert_eq!(index.contains(&id), ids.contains(&near));
            }
        }
    }
}

#[test]
fn ids_put_in_together_are_those_put_in_one_by_one() {
    let ids: Vec<CredentialId> = (0..1_000_u128)
        .map(|number| CredentialId::from_bytes(((number << 64) | (number * 7)).to_be_bytes()))
        .collect();
    let blocks = || vec![FilterBlock::EMPTY; FilterBlock::count_for(ids.len())];
    let mut together = DenyFilter::of(core::iter::empty(), blocks());
    for part in ids.chunks(256) {
        together.insert_all(part);
    }
    assert_eq!(
        together.blocks(),
        DenyFilter::of(ids.iter().copied(), blocks()).blocks()
    );
    assert!(ids.iter().all(|id| together.may_contain(id)));
    // Without a block there is nothing to put in and nobody is ruled out.
    let mut none = DenyFilter::of(core::iter::empty(), Vec::new());
    none.insert_all(&ids);
    assert!(none.may_contain(&ids[0]));
}
