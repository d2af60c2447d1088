//! Every operation against `fiat-crypto`, word by word of the canonical number: edges and millions.

use std::vec::Vec;

use fiat_crypto::curve25519_64::{
    fiat_25519_add, fiat_25519_carry, fiat_25519_carry_mul, fiat_25519_from_bytes,
    fiat_25519_loose_field_element, fiat_25519_relax, fiat_25519_sub,
    fiat_25519_tight_field_element, fiat_25519_to_bytes,
};
use proptest::prelude::*;

use super::{Number, P_LESS_2, ROOT_OF_MINUS_ONE, invert_by_divsteps, words};

type Tight = fiat_25519_tight_field_element;
type Loose = fiat_25519_loose_field_element;

fn tight() -> Tight {
    fiat_25519_tight_field_element([0; 5])
}

fn loose() -> Loose {
    fiat_25519_loose_field_element([0; 5])
}

fn carried(wide: &Loose) -> Tight {
    let mut result = tight();
    fiat_25519_carry(&mut result, wide);
    result
}

fn bytes_of(words: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_mut(8).zip(words) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// Any 256 bits, as fiat has them: the low 255, and 19 more for the top one.
fn fiat(number: &Number) -> Tight {
    let mut bytes = bytes_of(number.0);
    let top = bytes[31] >> 7;
    bytes[31] &= 0x7f;
    let mut low = tight();
    fiat_25519_from_bytes(&mut low, &bytes);
    let mut sum = loose();
    fiat_25519_add(
        &mut sum,
        &low,
        &fiat_25519_tight_field_element([u64::from(top) * 19, 0, 0, 0, 0]),
    );
    carried(&sum)
}

fn canonical(number: &Tight) -> [u64; 4] {
    let mut bytes = [0; 32];
    fiat_25519_to_bytes(&mut bytes, number);
    words(&bytes)
}

fn check_pair(a: &Number, b: &Number) {
    let (x, y) = (fiat(a), fiat(b));
    assert_eq!(a.canonical(), canonical(&x), "{a:x?}");
    let (mut sum, mut difference) = (loose(), loose());
    fiat_25519_add(&mut sum, &x, &y);
    fiat_25519_sub(&mut difference, &x, &y);
    assert_eq!(
        a.add(b).canonical(),
        canonical(&carried(&sum)),
        "{a:x?} + {b:x?}"
    );
    assert_eq!(
        a.sub(b).canonical(),
        canonical(&carried(&difference)),
        "{a:x?} - {b:x?}"
    );
    let (mut wide_x, mut wide_y, mut product) = (loose(), loose(), tight());
    fiat_25519_relax(&mut wide_x, &x);
    fiat_25519_relax(&mut wide_y, &y);
    fiat_25519_carry_mul(&mut product, &wide_x, &wide_y);
    assert_eq!(a.mul(b).canonical(), canonical(&product), "{a:x?} * {b:x?}");
}

fn check_one(a: &Number) {
    let least = Number(a.canonical());
    assert_eq!(Number::from_bytes(&a.to_bytes()).0, least.0);
    assert!(least.negate_canonical_if(false).equals(a));
    assert!(least.negate_canonical_if(true).equals(&a.negate()));
    assert!(a.negate().add(a).equals(&Number::ZERO));
    let fermat = a.power(&P_LESS_2);
    assert!(a.invert().equals(&fermat));
    if !a.equals(&Number::ZERO) {
        // `invert` hides a failure of the fast way, so it is asked itself.
        assert_eq!(invert_by_divsteps(&least.0), Some(fermat.canonical()));
    }
}

/// Words at which carries begin and end, p, 2p and their neighbours, single bits.
fn edges() -> Vec<Number> {
    let limbs = [
        0,
        1,
        19,
        38,
        u64::MAX >> 1,
        1 << 63,
        u64::MAX - 38,
        u64::MAX - 37,
        u64::MAX - 18,
        u64::MAX,
    ];
    let mut edges = Vec::new();
    for low in limbs {
        for middle in [0, 1, u64::MAX] {
            for high in [
                0,
                1,
                (u64::MAX >> 1) - 1,
                u64::MAX >> 1,
                1 << 63,
                u64::MAX - 1,
                u64::MAX,
            ] {
                edges.push(Number([low, middle, middle, high]));
                edges.push(Number([low, middle, !middle, high]));
            }
        }
    }
    for near in 0..64 {
        for [a, b, c, d] in [
            [u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1],
            [u64::MAX - 37, u64::MAX, u64::MAX, u64::MAX],
        ] {
            edges.push(Number([a.wrapping_sub(near), b, c, d]));
            edges.push(Number([a.saturating_add(near), b, c, d]));
        }
    }
    for bit in 0..256 {
        let mut number = [0; 4];
        number[bit / 64] = 1 << (bit % 64);
        edges.push(Number(number));
        edges.push(Number(number.map(|word| !word)));
    }
    edges
}

#[test]
fn the_root_of_minus_one_squares_to_it() {
    let root = Number::from_bytes(&ROOT_OF_MINUS_ONE);
    assert!(root.square().equals(&Number::ONE.negate()));
}

#[test]
fn every_pair_of_edges_is_as_fiat_says() {
    let edges = edges();
    for a in &edges {
        check_one(a);
        for b in &edges {
            check_pair(a, b);
        }
    }
}

/// Each step's results are the next step's numbers, so they are the uneven ones of real sums.
#[test]
fn two_million_numbers_in_a_chain_are_as_fiat_says() {
    let mut a = Number([3, 5, 7, 11]);
    let mut b = Number([u64::MAX, 1, 2, 1 << 63]);
    for _ in 0..2_000_000 {
        check_pair(&a, &b);
        (a, b) = (a.mul(&b), a.sub(&b).add(&b.sub(&a).mul(&a)));
    }
}

proptest! {
    #[test]
    fn numbers_are_as_fiat_says(a: [u64; 4], b: [u64; 4]) {
        check_pair(&Number(a), &Number(b));
        check_one(&Number(a));
    }
}
