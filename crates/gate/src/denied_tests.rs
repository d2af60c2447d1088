//! The list in a file answers as a set does, and denies when its file fails.

use std::collections::BTreeSet;
use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn id(number: u128) -> CredentialId {
    CredentialId::from_bytes(number.to_be_bytes())
}

/// The list of these ids, in a file as `docs/WIRE.md` lays it out; its head is not looked at.
fn list(ids: &BTreeSet<u128>, filter_for: u64) -> Denied {
    let mut file = tempfile::tempfile().unwrap();
    let mut draft = DeniedDraft::new(filter_for);
    file.write_all(&[0xff; 40]).unwrap();
    for number in ids {
        file.write_all(&number.to_be_bytes()).unwrap();
        draft.take(id(*number));
    }
    draft.finish(3, file)
}

/// Lists that end before, at and behind the end of a page; each id and its neighbours. The filter
/// is for one id, so that it says "perhaps" to everybody and the file is asked.
#[test]
fn lists_around_the_end_of_a_page_are_answered_exactly() {
    for count in [0, 1, 2, 255, 256, 257, 511, 512, 513, 1_000_u128] {
        let ids: BTreeSet<_> = (1..=count).map(|number| number << 100).collect();
        let denied = list(&ids, 1);
        assert_eq!(denied.len() as u128, count);
        assert_eq!(denied.is_empty(), count == 0);
        for number in 0..=count + 1 {
            for near in [
                (number << 100).wrapping_sub(1),
                number << 100,
                (number << 100) + 1,
            ] {
                assert_eq!(
                    denied.contains(&id(near)),
                    ids.contains(&near),
                    "{count} {near:x}"
                );
            }
        }
        assert_eq!(denied.unread(), 0);
    }
}

#[test]
fn memory_holds_two_bytes_per_id_and_twenty_per_page() {
    let denied = list(&(0..100_000).collect(), 100_000);
    assert_eq!(denied.pages.len(), 391); // 100,000 / 256, rounded up.
    assert_eq!(size_of::<Page>(), 20);
    assert_eq!(
        FilterBlock::count_for(100_000) * size_of::<FilterBlock>(),
        200_064
    );
}

/// A page that is not what was checked denies all who are perhaps on it, and nobody else.
#[test]
fn a_damaged_page_denies_and_is_counted() {
    let ids: BTreeSet<_> = (0..1_000).map(|number| 2 * number).collect();
    let denied = list(&ids, 1);
    // One bit of an id of the second page: ids 256 to 511 are the numbers 512 to 1022.
    let place = 40 + 16 * 300;
    let mut byte = [0];
    denied.file.read_exact_at(&mut byte, place).unwrap();
    denied.file.write_all_at(&[byte[0] ^ 4], place).unwrap();
    for number in 0..2_000 {
        let on_damaged = (512..1_024).contains(&number);
        let expected = on_damaged || ids.contains(&number);
        assert_eq!(denied.contains(&id(number)), expected, "{number}");
    }
    assert_eq!(denied.unread(), 512);
}

/// A file that has been cut denies too.
#[test]
fn a_cut_file_denies_and_is_counted() {
    let denied = list(&(0..300).collect(), 300);
    denied.file.set_len(40 + 16 * 256).unwrap();
    assert!(denied.contains(&id(3)));
    assert_eq!(denied.unread(), 0);
    assert!(denied.contains(&id(280)));
    assert_eq!(denied.unread(), 1);
    // Who is certainly on no list travels whatever becomes of the file.
    denied.file.set_len(0).unwrap();
    let others = (1_000..2_000).filter(|number| denied.contains(&id(*number)));
    assert!(others.count() < 20);
}

proptest! {
    #[test]
    fn answers_are_those_of_a_set(
        ids in proptest::collection::btree_set(any::<u128>(), 0..1_000),
        others: Vec<u128>,
        filter_for in 0..2_000_u64,
    ) {
        let denied = list(&ids, filter_for);
        for number in ids.iter().chain(&others) {
            for near in [*number, number ^ 1, number.wrapping_add(1)] {
                prop_assert_eq!(denied.contains(&id(near)), ids.contains(&near));
            }
        }
    }
}
