//! Signatures made to tell verifiers apart, in any number, the same for the same seed.
//! Also used by the bench, which runs a million.
//!
//! A verifier that is right about honest signatures can be wrong about these: keys and nonces with
//! a torsion component (where checks with and without cofactor part), encodings that are not
//! canonical, small orders, S + L, flipped bits.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};

use crate::damage::plus_order;

/// One signature to judge.
pub(crate) struct Case {
    /// Which way it was made, for messages.
    pub(crate) kind: &'static str,
    pub(crate) message: [u8; 84],
    pub(crate) signature: [u8; 64],
}

/// A key A = a·B + torsion, and an endless row of signatures under it.
pub(crate) struct Signatures {
    a: Scalar,
    public_key: [u8; 32],
    r: Scalar,
    nonce_point: EdwardsPoint,
    made: usize,
}

const KINDS: [&str; 16] = [
    "honest",
    "honest, other message",
    "R with torsion",
    "R with torsion, sign of x flipped",
    "R of small order, equation holds",
    "R of small order, not canonical, equation holds",
    "y of R not canonical",
    "any R",
    "sign of x of R flipped",
    "bit of R flipped",
    "bit of S flipped",
    "S + L",
    "S negated",
    "S extreme",
    "bit of the message flipped",
    "R has the key's torsion, negated",
];

fn scalar(parts: &[&[u8]]) -> Scalar {
    let hash = parts.iter().fold(Sha512::new(), Sha512::chain_update);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// Encodings with y ≥ p, of small and of large order; and x = 0 with its sign set.
fn not_canonical(choice: usize) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    let (low, top) = (choice % 19, choice / 19 % 2);
    bytes[0] = 0xed + u8::try_from(low).unwrap();
    bytes[31] = if top == 0 { 0x7f } else { 0xff };
    match choice % 41 {
        39 => {
            bytes = [0; 32];
            (bytes[0], bytes[31]) = (1, 0x80);
        }
        40 => (bytes[0], bytes[31]) = (0xec, 0xff),
        _ => {}
    }
    bytes
}

impl Signatures {
    pub(crate) fn new(seed: u64, key: usize) -> Self {
        let tag = [seed.to_le_bytes(), key.to_le_bytes()].concat();
        let a = scalar(&[b"a", &tag]);
        let r = scalar(&[b"r", &tag]);
        let point = EdwardsPoint::mul_base(&a) + EIGHT_TORSION[key % 8];
        Self {
            a,
            public_key: point.compress().to_bytes(),
            r,
            nonce_point: EdwardsPoint::mul_base(&r),
            made: 0,
        }
    }

    pub(crate) const fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    pub(crate) fn next(&mut self) -> Case {
        let number = self.made;
        self.made += 1;
        // Nonces r, r + 1, …: one addition instead of a multiplication.
        self.r += Scalar::ONE;
        self.nonce_point += ED25519_BASEPOINT_POINT;
        let kind = KINDS[number % KINDS.len()];
        let choice = number / KINDS.len();
        let mut message = [0x5a; 84];
        message[..8].copy_from_slice(&number.to_le_bytes());
        let torsion = EIGHT_TORSION[choice % 8];
        let plain = self.nonce_point.compress().to_bytes();
        let (point, r) = match kind {
            "R with torsion"
            | "R with torsion, sign of x flipped"
            | "R has the key's torsion, negated" => {
                ((self.nonce_point + torsion).compress().to_bytes(), self.r)
            }
            "R of small order, equation holds" => (torsion.compress().to_bytes(), Scalar::ZERO),
            "R of small order, not canonical, equation holds" => (
                not_canonical([0, 1, 19, 20, 39, 40][choice % 6]),
                Scalar::ZERO,
            ),
            "y of R not canonical" => (not_canonical(choice), self.r),
            "any R" => (scalar(&[b"any", &plain]).to_bytes(), self.r),
            _ => (plain, self.r),
        };
        let k = scalar(&[&point, &self.public_key, &message]);
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&point);
        signature[32..].copy_from_slice((r + k * self.a).as_bytes());
        let bit = 1 << (choice % 8);
        match kind {
            "honest, other message" => message[83] = 0,
            "R with torsion, sign of x flipped" | "sign of x of R flipped" => signature[31] ^= 0x80,
            "bit of R flipped" => signature[choice / 8 % 32] ^= bit,
            "bit of S flipped" => signature[32 + choice / 8 % 32] ^= bit,
            "S + L" => signature = plus_order(&signature),
            "S negated" => signature[32..].copy_from_slice((-(r + k * self.a)).as_bytes()),
            "S extreme" => signature[32..].copy_from_slice(&extreme(choice)),
            "bit of the message flipped" => message[choice / 8 % 84] ^= bit,
            _ => {}
        }
        Case {
            kind,
            message,
            signature,
        }
    }
}

fn extreme(choice: usize) -> [u8; 32] {
    let minus_one = (-Scalar::ONE).to_bytes();
    let mut order = minus_one;
    order[0] += 1;
    let mut above = order;
    above[0] += 1;
    let mut bit_252 = [0; 32];
    bit_252[31] = 0x10;
    match choice % 6 {
        0 => [0; 32],
        1 => minus_one,
        2 => order,
        3 => above,
        4 => bit_252,
        _ => [0xff; 32],
    }
}
