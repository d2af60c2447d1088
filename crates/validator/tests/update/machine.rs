//! 100,000 random sequences of offers: (root version, era, snapshot version) never goes back, the
//! lists in force are of one snapshot, and nothing that was over when offered is in force.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use units::Timestamp;
use validator::update::Held;
use wire::lists::{ListName, Snapshot};

use crate::world::{DAY, Lists, NOW, at, first, offer, root, signed_root, signed_snapshot};

/// One thing that is offered.
struct Offered {
    bytes: Vec<u8>,
    /// The lists that come with it; none for a root.
    lists: Option<Lists>,
    /// What is left of it when it is believed.
    snapshot: Option<Snapshot>,
}

/// Everything that honest signers and thieves may have lying around.
fn pool() -> Vec<Offered> {
    let mut pool = Vec::new();
    let mut add_root = |version, era, roots: &[u8], online: &[u8], signers: &[u8]| {
        let root = root((version, era), (roots, 2), (online, 1));
        pool.push(Offered {
            bytes: signed_root(&root, signers),
            lists: None,
            snapshot: None,
        });
    };
    add_root(2, 0, &[1, 2, 3], &[12], &[1, 2]);
    add_root(2, 0, &[1, 2, 3], &[12], &[1]);
    add_root(2, 0, &[7, 8], &[12], &[7, 8]);
    add_root(3, 0, &[1, 2, 4], &[12, 13], &[1, 2, 4]);
    add_root(3, 1, &[1, 2, 3], &[13], &[2, 3]);
    add_root(4, 0, &[1, 2, 3], &[12], &[1, 2]);
    add_root(4, 1, &[1, 2, 3], &[13], &[1, 2]);
    add_root(4, 1, &[1, 2, 3], &[11], &[2, 3]);
    add_root(u64::MAX, 1, &[1, 2, 3], &[13], &[1, 2]);
    let versions = [1, 2, 3, u64::MAX];
    for era in [0, 1] {
        for version in versions {
            for list_version in versions {
                for denied in [&[10_u8][..], &[10, 20]] {
                    let lists = Lists::new([list_version; 4], denied);
                    for (signers, days) in [(&[11_u8][..], 1), (&[12], 1), (&[13], 1), (&[11], 9)] {
                        let snapshot = Snapshot {
                            expires: at(NOW + days * DAY),
                            ..lists.snapshot(era, version, [list_version; 4])
                        };
                        pool.push(Offered {
                            bytes: signed_snapshot(&snapshot, signers),
                            lists: Some(lists.clone()),
                            snapshot: Some(snapshot),
                        });
                    }
                }
            }
        }
    }
    pool
}

fn rank(held: &Held) -> (u64, u32, u64) {
    let root = held.root();
    let snapshot = held.snapshot().filter(|held| held.era == root.era);
    (
        root.version,
        root.era,
        snapshot.map_or(0, |held| held.version),
    )
}

/// Snapshots whose signatures a root does not take, by the root's version and keys and by place in
/// the pool: each is verified once, which is most of the time that this test takes.
type Forged = BTreeMap<(u64, Vec<[u8; 32]>, usize), bool>;

fn step(
    held: &Held,
    (index, offered): (usize, &Offered),
    mixed: Option<&Lists>,
    now: Timestamp,
    forged: &mut Forged,
) -> Option<Held> {
    let Some(lists) = &offered.lists else {
        return held.offer_root(&offered.bytes).ok();
    };
    let root = held.root();
    let is_forged = forged
        .entry((root.version, root.keys.to_vec(), index))
        .or_insert_with(|| {
            let refused = held.offer_snapshot(&offered.bytes, now).err();
            refused.is_some_and(|refused| matches!(refused.code(), 202 | 203))
        });
    if *is_forged {
        return None;
    }
    offer(held, &offered.bytes, mixed.unwrap_or(lists), now).ok()
}

#[test]
fn update_machine_never_goes_back_in_100_000_random_sequences() {
    const SEQUENCES: u32 = 100_000;
    let pool = pool();
    let length = pool.len();
    // Which offer, lists of which other offer (or its own), how many days later.
    let one = (
        0..length,
        proptest::option::weighted(0.15, 0..length),
        0..3_i64,
    );
    let sequences = proptest::collection::vec(one, 1..8);
    let config = Config {
        cases: SEQUENCES,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let taken = std::cell::Cell::new(0_u32);
    let forged = std::cell::RefCell::new(Forged::new());
    let ran = runner.run(&sequences, |sequence| {
        let (mut held, mut now) = (first(), at(NOW));
        for (index, mixed, days) in sequence {
            now = at(now.as_secs() + days * DAY / 2);
            let offered = &pool[index];
            let mixed = mixed.and_then(|other| pool[other].lists.as_ref());
            let mut forged = forged.borrow_mut();
            let Some(next) = step(&held, (index, offered), mixed, now, &mut forged) else {
                continue;
            };
            prop_assert!(
                rank(&next) >= rank(&held),
                "{:?} after {:?}",
                rank(&next),
                rank(&held)
            );
            if next != held {
                taken.set(taken.get() + 1);
                if let Some(snapshot) = &offered.snapshot {
                    prop_assert_eq!(next.snapshot(), Some(snapshot));
                    prop_assert!(snapshot.expires > now);
                    // Every list is the one that was offered with this snapshot.
                    let lists = mixed.or(offered.lists.as_ref()).unwrap();
                    for name in ListName::ALL {
                        let bytes = match name {
                            ListName::Bundle => &lists.bundle,
                            ListName::Deny => &lists.deny,
                            ListName::Policy => &lists.policy,
                            ListName::Tariff => &lists.tariff,
                        };
                        prop_assert!(snapshot.list(name).check(bytes).is_ok());
                    }
                    if let Some(before) = held.snapshot().filter(|old| old.era == snapshot.era) {
                        for name in ListName::ALL {
                            let (old, new) = (before.list(name), snapshot.list(name));
                            prop_assert!(new.version >= old.version);
                            prop_assert!(new.version > old.version || new == old);
                        }
                    }
                } else {
                    prop_assert_eq!(next.root().version, held.root().version + 1);
                }
            }
            held = next;
        }
        Ok(())
    });
    ran.unwrap();
    assert!(
        taken.get() > SEQUENCES / 4,
        "only {} offers were taken",
        taken.get()
    );
}
