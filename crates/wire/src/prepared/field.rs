//! Numbers modulo p = 2^255 − 19, in four words, each operation correct for any four words.
//!
//! A number is 256 bits, taken modulo p: 2^256 is 38 and 2^255 is 19. No sum leaves a bound, as
//! there is none: what does not fit comes back as a carry that is folded in again. That is the
//! whole argument for its correctness; the evidence is a comparison with the formally verified
//! `fiat-crypto` over millions of numbers and all edges (`tests`). Why it is not `fiat-crypto`
//! itself: `docs/decisions/0011-gate-speed.md`.

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
/// All bits of a top word below 2^255.
const TOP: u64 = u64::MAX >> 1;

/// 2^256 modulo p.
const FOLD: u64 = 38;

/// A number modulo p: any 256 bits, least word first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) [u64; 4]);

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

impl Number {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self([1, 0, 0, 0]);

    /// The number in 256 bits, little endian.
    #[inline]
    pub(super) const fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(words(bytes))
    }

    /// The number in the low 255 bits, little endian; bit 255 is the sign of a point.
    pub(super) const fn from_low_255(bytes: &[u8; 32]) -> Self {
        let [a, b, c, d] = words(bytes);
        Self([a, b, c, d & TOP])
    }

    /// The one encoding below p, little endian.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (chunks, _) = bytes.as_chunks_mut::<8>();
        for (chunk, word) in chunks.iter_mut().zip(self.canonical()) {
            *chunk = word.to_le_bytes();
        }
        bytes
    }

    /// The words of the one number below p.
    pub(super) fn canonical(self) -> [u64; 4] {
        // Below 2^255 + 19, hence below 2p.
        let [a, b, c, d] = self.0;
        let (low, _) = add_small([a, b, c, d & TOP], (d >> 63).wrapping_mul(19));
        // p or more exactly when 19 more reach 2^255.
        let (more, _) = add_small(low, 19);
        let [a, b, c, d] = more;
        if d >> 63 == 1 {
            [a, b, c, d & TOP]
        } else {
            low
        }
    }

    #[inline]
    pub(super) fn add(&self, other: &Self) -> Self {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        let (r0, carry) = a0.carrying_add(b0, false);
        let (r1, carry) = a1.carrying_add(b1, carry);
        let (r2, carry) = a2.carrying_add(b2, carry);
        let (r3, carry) = a3.carrying_add(b3, carry);
        if carry {
            // Products are hardly above 2^255, so this is as good as never.
            return Self(fold([r0, r1, r2, r3]));
        }
        Self([r0, r1, r2, r3])
    }

    #[inline]
    pub(super) fn sub(&self, other: &Self) -> Self {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        let (r0, borrow) = a0.borrowing_sub(b0, false);
        let (r1, borrow) = a1.borrowing_sub(b1, borrow);
        let (r2, borrow) = a2.borrowing_sub(b2, borrow);
        let (r3, borrow) = a3.borrowing_sub(b3, borrow);
        // A borrow has added 2^256, which is 38. Whether is a coin toss: no branch.
        let (r0, borrow) = r0.borrowing_sub(FOLD & u64::from(borrow).wrapping_neg(), false);
        let (r1, borrow) = r1.borrowing_sub(0, borrow);
        let (r2, borrow) = r2.borrowing_sub(0, borrow);
        let (r3, borrow) = r3.borrowing_sub(0, borrow);
        // A second one leaves words of ones, from which 38 can be taken.
        let r0 = r0.wrapping_sub(FOLD & u64::from(borrow).wrapping_neg());
        Self([r0, r1, r2, r3])
    }

    pub(super) fn negate(&self) -> Self {
        Self::ZERO.sub(self)
    }

    /// −self when `negative`, of a canonical number, without a branch.
    #[inline]
    pub(super) fn negate_canonical_if(&self, negative: bool) -> Self {
        // 2p − a = !a − 37, and a is below p, so there is no borrow out of the top.
        let mask = u64::from(negative).wrapping_neg();
        let [a0, a1, a2, a3] = self.0.map(|word| word ^ mask);
        let (r0, borrow) = a0.borrowing_sub((FOLD - 1) & mask, false);
        let (r1, borrow) = a1.borrowing_sub(0, borrow);
        let (r2, borrow) = a2.borrowing_sub(0, borrow);
        let (r3, _) = a3.borrowing_sub(0, borrow);
        Self([r0, r1, r2, r3])
    }

    /// Rows of the schoolbook; then 2^256 is 38, and what is left above 2^255 is 19 each.
    #[inline]
    pub(super) fn mul(&self, other: &Self) -> Self {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        let (t0, c) = a0.carrying_mul_add(b0, 0, 0);
        let (t1, c) = a0.carrying_mul_add(b1, c, 0);
        let (t2, c) = a0.carrying_mul_add(b2, c, 0);
        let (t3, t4) = a0.carrying_mul_add(b3, c, 0);
        let (t1, c) = a1.carrying_mul_add(b0, t1, 0);
        let (t2, c) = a1.carrying_mul_add(b1, t2, c);
        let (t3, c) = a1.carrying_mul_add(b2, t3, c);
        let (t4, t5) = a1.carrying_mul_add(b3, t4, c);
        let (t2, c) = a2.carrying_mul_add(b0, t2, 0);
        let (t3, c) = a2.carrying_mul_add(b1, t3, c);
        let (t4, c) = a2.carrying_mul_add(b2, t4, c);
        let (t5, t6) = a2.carrying_mul_add(b3, t5, c);
        let (t3, c) = a3.carrying_mul_add(b0, t3, 0);
        let (t4, c) = a3.carrying_mul_add(b1, t4, c);
        let (t5, c) = a3.carrying_mul_add(b2, t5, c);
        let (t6, t7) = a3.carrying_mul_add(b3, t6, c);
        let (r0, c) = t4.carrying_mul_add(FOLD, t0, 0);
        let (r1, c) = t5.carrying_mul_add(FOLD, t1, c);
        let (r2, c) = t6.carrying_mul_add(FOLD, t2, c);
        let (r3, c) = t7.carrying_mul_add(FOLD, t3, c);
        // c is at most 38, so 19 times these bits is below 2^11 and nothing leaves the top.
        let above = c.wrapping_shl(1) | (r3 >> 63);
        let (sum, _) = add_small([r0, r1, r2, r3 & TOP], above.wrapping_mul(19));
        Self(sum)
    }

    pub(super) fn square(&self) -> Self {
        self.mul(self)
    }

    /// The same number, however it is written.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }

    /// 1/self, or 0 for 0.
    ///
    /// The fast way is checked by a multiplication; should that ever fail, Fermat's power does it:
    /// a defect there costs two microseconds, never a verdict.
    pub(super) fn invert(&self) -> Self {
        match invert_by_divsteps(&self.canonical()) {
            Some(words) if self.mul(&Self(words)).equals(&Self::ONE) => Self(words),
            _ => self.power(&P_LESS_2),
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

/// The sum of four words and one, and whether it left the top.
#[inline]
fn add_small(words: [u64; 4], small: u64) -> ([u64; 4], bool) {
    let [a0, a1, a2, a3] = words;
    let (r0, carry) = a0.carrying_add(small, false);
    let (r1, carry) = a1.carrying_add(0, carry);
    let (r2, carry) = a2.carrying_add(0, carry);
    let (r3, carry) = a3.carrying_add(0, carry);
    ([r0, r1, r2, r3], carry)
}

/// `words` + 2^256, which is `words` + 38; a second time when that leaves the top as well.
#[cold]
fn fold(words: [u64; 4]) -> [u64; 4] {
    match add_small(words, FOLD) {
        (sum, false) => sum,
        // Only a few are left, so this ends here.
        (sum, true) => add_small(sum, FOLD).0,
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
#[path = "field_tests.rs"]
mod tests;
