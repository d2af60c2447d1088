//! Points of −x² + y² = 1 + d·x²·y² (RFC 8032 section 5.1), and the one addition that is needed.

use core::hint::select_unpredictable;

use super::field::Tight;

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
/// Halves, because then the 2·Z of the usual formulas is Z, and no sum leaves the proven bounds.
pub(super) type Entry = [[u8; 32]; 3];

/// A sum: x = X/Z, y = Y/Z, x·y = T/Z.
#[derive(Clone, Copy)]
pub(super) struct Point {
    x: Tight,
    y: Tight,
    z: Tight,
    t: Tight,
}

impl Point {
    pub(super) const IDENTITY: Self = Self {
        x: Tight::ZERO,
        y: Tight::ONE,
        z: Tight::ONE,
        t: Tight::ZERO,
    };

    /// Decodes 32 canonical bytes (RFC 8032 section 5.1.3); `None` when no point has them.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let y = Tight::from_bytes(bytes);
        let yy = y.square();
        let numerator = yy.sub(&Tight::ONE).carry();
        let denominator = yy.mul(&Tight::from_bytes(&D)).add(&Tight::ONE).carry();
        let root = Tight::root_of_ratio(&numerator, &denominator)?;
        let wanted = bytes.last()? >> 7;
        let x = if is_odd(&root) == (wanted == 1) {
            root
        } else {
            root.negate()
        };
        let point = Self::affine(x, y);
        (point.to_bytes(&Tight::ONE) == *bytes).then_some(point)
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
        // The sign is a coin toss for a branch predictor, 86 times per signature.
        let first = select_unpredictable(negative, difference, sum);
        let second = select_unpredictable(negative, sum, difference);
        let a = self.y.add(&self.x).mul(&Tight::from_bytes(first).relax());
        let b = self.y.sub(&self.x).mul(&Tight::from_bytes(second).relax());
        let c = self.t.mul(&Tight::from_bytes(product));
        let e = a.sub(&b);
        let h = a.add(&b);
        let more = self.z.add(&c);
        let less = self.z.sub(&c);
        let g = select_unpredictable(negative, &less, &more);
        let f = select_unpredictable(negative, &more, &less);
        Self {
            x: e.mul(f),
            y: h.mul(g),
            z: g.mul(f),
            t: e.mul(&h),
        }
    }

    pub(super) const fn z(&self) -> &Tight {
        &self.z
    }

    /// The same point with Z = 1, given 1/Z.
    pub(super) fn to_affine(self, z_inverse: &Tight) -> Self {
        Self::affine(self.x.mul(z_inverse), self.y.mul(z_inverse))
    }

    /// The 32 bytes of RFC 8032 section 5.1.2, given 1/Z.
    pub(super) fn to_bytes(self, z_inverse: &Tight) -> [u8; 32] {
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
        let half = Tight::from_bytes(&HALF).relax();
        let product = self.t.mul(&Tight::from_bytes(&D));
        [
            self.y.add(&self.x).mul(&half).to_bytes(),
            self.y.sub(&self.x).mul(&half).to_bytes(),
            product.to_bytes(),
        ]
    }

    fn affine(x: Tight, y: Tight) -> Self {
        Self {
            x,
            y,
            z: Tight::ONE,
            t: x.mul(&y),
        }
    }
}

fn is_odd(number: &Tight) -> bool {
    let [low, ..] = number.to_bytes();
    low & 1 == 1
}
