//! Points of −x² + y² = 1 + d·x²·y² (RFC 8032 section 5.1), and the one addition that is needed.

use core::hint::select_unpredictable;

use super::field::Number;

/// d = −121665/121666.
const D: [u8; 32] = [
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00,
    0x98, 0xe8, 0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
];
/// 1/2 = (p + 1)/2.
const HALF: [u8; 32] = {
    let mut half = [0xff; 32];
    half[0] = 0xf7;
    half[31] = 0x3f;
    half
};

/// An affine point (x, y) as it is added: (y + x)/2, (y − x)/2, d·x·y, each canonical.
///
/// Halves, because then the 2·Z of the usual formulas is Z: one addition less.
pub(super) type Entry = [[u8; 32]; 3];

/// A sum: x = X/Z, y = Y/Z, x·y = T/Z.
#[derive(Clone, Copy)]
pub(super) struct Point {
    x: Number,
    y: Number,
    z: Number,
    t: Number,
}

impl Point {
    pub(super) const IDENTITY: Self = Self {
        x: Number::ZERO,
        y: Number::ONE,
        z: Number::ONE,
        t: Number::ZERO,
    };

    /// Decodes 32 canonical bytes (RFC 8032 section 5.1.3); `None` when no point has them.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let y = Number::from_low_255(bytes);
        let yy = y.square();
        let numerator = yy.sub(&Number::ONE);
        let denominator = yy.mul(&Number::from_bytes(&D)).add(&Number::ONE);
        let root = Number::root_of_ratio(&numerator, &denominator)?;
        let wanted = bytes.last()? >> 7;
        let x = if is_odd(&root) == (wanted == 1) {
            root
        } else {
            root.negate()
        };
        let point = Self::affine(x, y);
        (point.to_bytes(&Number::ONE) == *bytes).then_some(point)
    }

    pub(super) fn negate(&self) -> Self {
        Self {
            x: self.x.negate(),
            y: self.y,
            z: self.z,
            t: self.t.negate(),
        }
    }

    /// The sum of this and `entry`, or `entry`'s negative.
    ///
    /// Extended coordinates (Hisil, Wong, Carter and Dawson 2008, section 3.1): for this curve the
    /// formula is complete, so identity, doubling, opposites and torsion are no special cases.
    /// The negative of an entry is the entry with the first two exchanged and the third negated.
    #[inline]
    #[expect(clippy::many_single_char_names, reason = "the names of the paper")]
    pub(super) fn add(&self, entry: &Entry, negative: bool) -> Self {
        let [sum, difference, product] = entry;
        // The sign is a coin toss for a branch predictor, 75 times per signature.
        let first = select_unpredictable(negative, difference, sum);
        let second = select_unpredictable(negative, sum, difference);
        let product = Number::from_bytes(product).negate_canonical_if(negative);
        let a = self.y.add(&self.x).mul(&Number::from_bytes(first));
        let b = self.y.sub(&self.x).mul(&Number::from_bytes(second));
        let c = self.t.mul(&product);
        let e = a.sub(&b);
        let h = a.add(&b);
        let g = self.z.add(&c);
        let f = self.z.sub(&c);
        Self {
            x: e.mul(&f),
            y: h.mul(&g),
            z: g.mul(&f),
            t: e.mul(&h),
        }
    }

    pub(super) const fn z(&self) -> &Number {
        &self.z
    }

    /// The same point with Z = 1, given 1/Z.
    pub(super) fn to_affine(self, z_inverse: &Number) -> Self {
        Self::affine(self.x.mul(z_inverse), self.y.mul(z_inverse))
    }

    /// The 32 bytes of RFC 8032 section 5.1.2, given 1/Z.
    pub(super) fn to_bytes(self, z_inverse: &Number) -> [u8; 32] {
        let mut bytes = self.y.mul(z_inverse).to_bytes();
        if is_odd(&self.x.mul(z_inverse))
            && let Some(top) = bytes.last_mut()
        {
            *top |= 0x80;
        }
        bytes
    }

    /// The entry of a point whose Z is 1.
    pub(super) fn to_entry(self) -> Entry {
        let half = Number::from_bytes(&HALF);
        let product = self.t.mul(&Number::from_bytes(&D));
        [
            self.y.add(&self.x).mul(&half).to_bytes(),
            self.y.sub(&self.x).mul(&half).to_bytes(),
            product.to_bytes(),
        ]
    }

    fn affine(x: Number, y: Number) -> Self {
        Self {
            x,
            y,
            z: Number::ONE,
            t: x.mul(&y),
        }
    }
}

fn is_odd(number: &Number) -> bool {
    let [low, ..] = number.to_bytes();
    low & 1 == 1
}
