//! Numbers modulo p = 2^255 − 19, on the formally verified arithmetic of `fiat-crypto`.
//!
//! Its proofs hold within two bounds, which it gives as two types: *tight* (what a multiplication
//! returns) and *loose* (one addition or subtraction later). They are two types here as well, so
//! that a chain which leaves the proven bounds does not compile.

use fiat_crypto::curve25519_64::{
    fiat_25519_add, fiat_25519_carry, fiat_25519_carry_mul, fiat_25519_carry_square,
    fiat_25519_loose_field_element, fiat_25519_opp, fiat_25519_sub, fiat_25519_tight_field_element,
    fiat_25519_to_bytes,
};

use super::inverse::invert_by_divsteps;

/// p − 2: a to this power is 1/a (Fermat).
const P_LESS_2: [u8; 32] = exponent(0xeb, 0x7f);
/// (p − 5)/8 = 2^252 − 3, for square roots (RFC 8032 section 5.1.3 step 3).
const P_LESS_5_EIGHTH: [u8; 32] = exponent(0xfd, 0x0f);
/// A square root of −1.
const ROOT_OF_MINUS_ONE: [u8; 32] = [
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f,
    0xa7, 0xd7, 0xfb, 0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
];
/// Low 51 bits: one limb.
const LIMB: u64 = (1 << 51) - 1;

/// A number within the tight bounds.
#[derive(Clone, Copy)]
pub(super) struct Tight(fiat_25519_tight_field_element);

/// A number within the loose bounds: ready to be multiplied or carried, not to be added.
#[derive(Clone, Copy)]
pub(super) struct Loose(fiat_25519_loose_field_element);

const fn exponent(low: u8, high: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    if let Some((first, rest)) = bytes.split_first_mut() {
        *first = low;
        if let Some(last) = rest.last_mut() {
            *last = high;
        }
    }
    bytes
}

impl Tight {
    pub(super) const ZERO: Self = Self(fiat_25519_tight_field_element([0; 5]));
    pub(super) const ONE: Self = Self(fiat_25519_tight_field_element([1, 0, 0, 0, 0]));

    /// The number in 255 bits, little endian; bit 255 is dropped.
    #[inline]
    pub(super) const fn from_bytes(bytes: &[u8; 32]) -> Self {
        let [a, b, c, d] = words(bytes);
        Self(fiat_25519_tight_field_element([
            a & LIMB,
            (a >> 51 | b << 13) & LIMB,
            (b >> 38 | c << 26) & LIMB,
            (c >> 25 | d << 39) & LIMB,
            (d >> 12) & LIMB,
        ]))
    }

    /// The one encoding below p, little endian.
    #[inline]
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        fiat_25519_to_bytes(&mut bytes, &self.0);
        bytes
    }

    #[inline]
    pub(super) const fn relax(self) -> Loose {
        Loose(fiat_25519_loose_field_element(self.0.0))
    }

    #[inline]
    pub(super) fn add(&self, other: &Self) -> Loose {
        let mut sum = fiat_25519_loose_field_element([0; 5]);
        fiat_25519_add(&mut sum, &self.0, &other.0);
        Loose(sum)
    }

    #[inline]
    pub(super) fn sub(&self, other: &Self) -> Loose {
        let mut difference = fiat_25519_loose_field_element([0; 5]);
        fiat_25519_sub(&mut difference, &self.0, &other.0);
        Loose(difference)
    }

    pub(super) fn negate(&self) -> Self {
        let mut negative = fiat_25519_loose_field_element([0; 5]);
        fiat_25519_opp(&mut negative, &self.0);
        Loose(negative).carry()
    }

    #[inline]
    pub(super) fn mul(&self, other: &Self) -> Self {
        self.relax().mul(&other.relax())
    }

    pub(super) fn square(&self) -> Self {
        let mut square = fiat_25519_tight_field_element([0; 5]);
        fiat_25519_carry_square(&mut square, &self.relax().0);
        Self(square)
    }

    /// The same number, however it is written.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }

    /// 1/self, or 0 for 0.
    ///
    /// The fast way is our own arithmetic, so the verified one checks its result, and computes it
    /// itself should the check ever fail: a defect there costs two microseconds, never a verdict.
    pub(super) fn invert(&self) -> Self {
        match invert_by_divsteps(&self.to_bytes()) {
            Some(bytes) => {
                let inverse = Self::from_bytes(&bytes);
                if self.mul(&inverse).equals(&Self::ONE) {
                    inverse
                } else {
                    self.power(&P_LESS_2)
                }
            }
            None => self.power(&P_LESS_2),
        }
    }

    /// √(numerator/denominator), either of the two; `None` when there is none.
    pub(super) fn root_of_ratio(numerator: &Self, denominator: &Self) -> Option<Self> {
        let cube = denominator.square().mul(denominator);
        let seventh = cube.square().mul(denominator);
        let power = numerator.mul(&seventh).power(&P_LESS_5_EIGHTH);
        let root = numerator.mul(&cube).mul(&power);
        let other = root.mul(&Self::from_bytes(&ROOT_OF_MINUS_ONE));
        [root, other]
            .into_iter()
            .find(|root| root.square().mul(denominator).equals(numerator))
    }

    /// Bit by bit from the top; only for what happens once per key, and as the way out above.
    fn power(&self, exponent: &[u8; 32]) -> Self {
        let mut result = Self::ONE;
        for byte in exponent.iter().rev() {
            for bit in (0..8).rev() {
                result = result.square();
                if byte >> bit & 1 == 1 {
                    result = result.mul(self);
                }
            }
        }
        result
    }
}

impl Loose {
    #[inline]
    pub(super) fn mul(&self, other: &Self) -> Tight {
        let mut product = fiat_25519_tight_field_element([0; 5]);
        fiat_25519_carry_mul(&mut product, &self.0, &other.0);
        Tight(product)
    }

    #[inline]
    pub(super) fn carry(&self) -> Tight {
        let mut carried = fiat_25519_tight_field_element([0; 5]);
        fiat_25519_carry(&mut carried, &self.0);
        Tight(carried)
    }
}

/// Four little-endian words.
#[inline]
pub(super) const fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let (chunks, _) = bytes.as_chunks::<8>();
    match chunks {
        [a, b, c, d] => [
            u64::from_le_bytes(*a),
            u64::from_le_bytes(*b),
            u64::from_le_bytes(*c),
            u64::from_le_bytes(*d),
        ],
        _ => [0; 4],
    }
}

#[cfg(test)]
mod tests {
    use fiat_crypto::curve25519_64::fiat_25519_from_bytes;
    use proptest::prelude::*;

    use super::{P_LESS_2, ROOT_OF_MINUS_ONE, Tight, fiat_25519_tight_field_element};

    #[test]
    fn the_root_of_minus_one_squares_to_it() {
        let root = Tight::from_bytes(&ROOT_OF_MINUS_ONE);
        assert!(root.square().equals(&Tight::ONE.negate()));
    }

    #[test]
    fn zero_has_the_inverse_zero() {
        assert!(Tight::ZERO.invert().equals(&Tight::ZERO));
    }

    fn check(mut bytes: [u8; 32]) {
        bytes[31] &= 0x7f;
        let number = Tight::from_bytes(&bytes);
        let mut theirs = fiat_25519_tight_field_element([0; 5]);
        fiat_25519_from_bytes(&mut theirs, &bytes);
        assert_eq!(number.0.0, theirs.0);
        let fermat = number.power(&P_LESS_2);
        assert_eq!(number.invert().to_bytes(), fermat.to_bytes());
        if number.equals(&Tight::ZERO) {
            return;
        }
        // `invert` hides a failure of the fast way, so it is asked itself.
        let fast = super::invert_by_divsteps(&number.to_bytes()).unwrap();
        assert_eq!(fast, fermat.to_bytes());
    }

    #[test]
    fn extreme_numbers_unpack_and_invert_as_fiat_says() {
        for low in [0, 1, 2, 0xec, 0xed, 0xee, 0xff] {
            for fill in [0, 1, 0x55, 0x80, 0xaa, 0xff] {
                for high in [0, 1, 0x3f, 0x40, 0x7f] {
                    let mut bytes = [fill; 32];
                    bytes[0] = low;
                    bytes[31] = high;
                    check(bytes);
                }
            }
        }
        for bit in 0..255_usize {
            let mut bytes = [0; 32];
            bytes[bit / 8] = 1 << (bit % 8);
            check(bytes);
        }
    }

    proptest! {
        #[test]
        fn numbers_unpack_and_invert_as_fiat_says(bytes: [u8; 32]) {
            check(bytes);
        }
    }
}
