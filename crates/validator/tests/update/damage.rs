//! Every truncation, every bit flip and every byte substitution of every object is refused.

use validator::update::Offer;

use crate::world::{Lists, NOW, at, first, first_root, offer, root, signed_root, signed_snapshot};

/// Calls `taken` with each damaged form; it says whether the form was taken.
fn damage(good: &[u8], every_byte: bool, taken: impl Fn(&[u8]) -> bool) -> u32 {
    assert!(taken(good), "the undamaged object is taken");
    let mut tried = 0;
    for length in 0..good.len() {
        assert!(!taken(&good[..length]), "cut to {length} bytes");
        tried += 1;
    }
    let mut longer = good.to_vec();
    longer.push(0);
    assert!(!taken(&longer), "a byte more");
    for index in 0..good.len() {
        let mut bytes = good.to_vec();
        let other: Vec<u8> = if every_byte {
            (0..=255).filter(|byte| *byte != good[index]).collect()
        } else {
            (0..8).map(|bit| good[index] ^ (1 << bit)).collect()
        };
        for byte in other {
            bytes[index] = byte;
            assert!(!taken(&bytes), "byte {index} is {byte:#04x}");
            tried += 1;
        }
    }
    tried
}

#[test]
fn damaged_lists_are_refused() {
    let lists = Lists::new([1; 4], &[10, 20, 30]);
    let signed = signed_snapshot(&lists.snapshot(0, 1, [1; 4]), &[11]);
    let Offer::Next(pending) = first().offer_snapshot(&signed, at(NOW)).unwrap() else {
        unreachable!("nothing is held")
    };
    let mut tried = 0;
    tried += damage(&lists.bundle, true, |bytes| {
        pending.clone().take_bundle(bytes).is_ok()
    });
    tried += damage(&lists.policy, true, |bytes| {
        pending.clone().take_policy(bytes).is_ok()
    });
    tried += damage(&lists.tariff, true, |bytes| {
        pending.clone().take_tariff(bytes).is_ok()
    });
    tried += damage(&lists.deny, true, |bytes| {
        let mut stream = pending.deny_stream();
        stream.push(bytes, |_| {}).is_ok() && pending.clone().take_deny(stream).is_ok()
    });
    assert!(tried > 60_000, "{tried} damaged forms");
}

#[test]
fn damaged_snapshots_and_roots_are_refused() {
    let lists = Lists::new([1; 4], &[]);
    let signed = signed_snapshot(&lists.snapshot(0, 1, [1; 4]), &[11]);
    damage(&signed, false, |bytes| {
        first().offer_snapshot(bytes, at(NOW)).is_ok()
    });
    let next = signed_root(&root((2, 0), (&[1, 2, 4], 2), (&[12], 1)), &[1, 2, 4]);
    damage(&next, false, |bytes| first().offer_root(bytes).is_ok());
    let installed = signed_root(&first_root(), &[1, 2]);
    damage(&installed, false, |bytes| {
        wire::lists::Root::read_pinned(bytes).is_ok()
    });
    assert!(offer(&first(), &signed, &lists, at(NOW)).is_ok());
}
