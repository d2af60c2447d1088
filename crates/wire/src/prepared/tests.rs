//! The table of B, digits, and sums against dalek's points.

use std::boxed::Box;
use std::vec::Vec;

use curve25519_dalek::constants::{
    ED25519_BASEPOINT_COMPRESSED, ED25519_BASEPOINT_POINT, EIGHT_TORSION,
};
use curve25519_dalek::{EdwardsPoint, Scalar};
use proptest::prelude::*;

use super::combine;
use super::point::Entry;
use super::point::Point;
use super::table::{BASE, BaseTable, KeyTable, digits_of, fill};

fn table_of(bytes: &[u8; 32]) -> Box<KeyTable> {
    let mut table = Box::new(KeyTable::EMPTY);
    fill(&mut table.0, Point::from_bytes(bytes).unwrap());
    table
}

/// `base.table` is data that this test proves: when it fails it leaves the right bytes behind.
#[test]
fn the_table_of_the_base_point_is_what_filling_one_gives() {
    let bytes_of = |table: &BaseTable| -> Vec<u8> {
        let entries = table.0.iter().flatten();
        entries.flatten().flatten().copied().collect()
    };
    #[expect(
        clippy::large_stack_arrays,
        reason = "once, in a test, on its way into the box"
    )]
    let empty: [[Entry; 128]; 32] = [[[[0; 32]; 3]; 128]; 32];
    let mut table = Box::new(BaseTable(empty));
    let base = Point::from_bytes(ED25519_BASEPOINT_COMPRESSED.as_bytes()).unwrap();
    fill(&mut table.0, base);
    let computed = bytes_of(&table);
    if computed != bytes_of(&BASE) {
        let path = std::env::temp_dir().join("base.table");
        std::fs::write(&path, computed).unwrap();
        panic!("base.table differs; computed: {}", path.display());
    }
}

/// Each entry of a table, for a point with torsion, is the multiple that dalek computes.
#[test]
fn entries_are_the_multiples_they_stand_for() {
    let point = ED25519_BASEPOINT_POINT * Scalar::from(77_u8) + EIGHT_TORSION[3];
    let table = table_of(&point.compress().to_bytes());
    let mut base = point;
    for row in &table.0 {
        let mut multiple = base;
        for entry in row {
            let ours = Point::IDENTITY.add(entry, false);
            assert_eq!(ours.to_bytes(&ours.z().invert()), multiple.compress().0);
            let minus = Point::IDENTITY.add(entry, true);
            assert_eq!(
                minus.to_bytes(&minus.z().invert()),
                (-multiple).compress().0
            );
            multiple += base;
        }
        // After the row `multiple` is 33 times the base.
        base = multiple + multiple - base - base;
    }
}

fn check_digits(number: [u8; 32]) {
    check_windows::<6, 43>(number);
    check_windows::<8, 32>(number);
}

fn check_windows<const BITS: u32, const WINDOWS: usize>(number: [u8; 32]) {
    let digits: [i16; WINDOWS] = digits_of::<BITS, WINDOWS>(&number);
    let most = 1 << (BITS - 1);
    assert!(digits.iter().all(|digit| (1 - most..=most).contains(digit)));
    // Horner in dalek's scalars would lose multiples of L; so add up by hand, in 320 bits.
    let mut sum = [0_i64; 40];
    let mut at = 0;
    for &digit in &digits {
        sum[at / 8] += i64::from(digit) << (at % 8);
        at += usize::try_from(BITS).unwrap();
    }
    let mut carry = 0;
    for (place, limb) in sum.iter().enumerate() {
        let total = limb + carry;
        let expected = number.get(place).copied().unwrap_or(0);
        assert_eq!(total.rem_euclid(256), i64::from(expected), "byte {place}");
        carry = total.div_euclid(256);
    }
    assert_eq!(carry, 0);
}

#[test]
fn digits_of_extreme_numbers_add_up() {
    check_digits([0; 32]);
    for fill in [0x00, 0x1f, 0x20, 0x55, 0x7f, 0x80, 0xaa, 0xff, 0x82, 0x20] {
        for top in [0, 1, 0x0f, 0x10, 0x1f] {
            let mut number = [fill; 32];
            number[31] = top;
            check_digits(number);
        }
    }
}

/// (s, k, a, torsion): s·B + k·(a·B + torsion).
fn check_sum(s: [u8; 64], k: [u8; 64], a: [u8; 64], torsion: usize) {
    let wide = |bytes| Scalar::from_bytes_mod_order_wide(bytes);
    let (s, k, a) = (wide(&s), wide(&k), wide(&a));
    let point = EdwardsPoint::mul_base(&a) + EIGHT_TORSION[torsion % 8];
    let expected = EdwardsPoint::mul_base(&s) + point * k;
    let table = table_of(&point.compress().to_bytes());
    let ours = combine(&table, s.as_bytes(), k.as_bytes());
    assert_eq!(ours, expected.compress().to_bytes());
}

proptest! {
    #[test]
    fn digits_add_up(mut number: [u8; 32]) {
        number[31] &= 0x1f;
        check_digits(number);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn sums_are_dalek_s(s in bytes_64(), k in bytes_64(), a in bytes_64(), torsion in 0..8_usize) {
        check_sum(s, k, a, torsion);
    }
}

fn bytes_64() -> impl Strategy<Value = [u8; 64]> {
    (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(low, high)| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&low);
        bytes[32..].copy_from_slice(&high);
        bytes
    })
}

/// The sum passes through the identity, doubles, and meets opposites.
#[test]
fn special_sums_are_no_special_cases() {
    let wide = |number: u64| {
        let mut bytes = [0; 64];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    for s in [0, 1, 2, 128, 129, 256, 65_536] {
        for k in [0, 1, 2, 32, 33, 64, 4096] {
            for torsion in 0..8 {
                check_sum(wide(s), wide(k), wide(1), torsion);
            }
        }
    }
}
