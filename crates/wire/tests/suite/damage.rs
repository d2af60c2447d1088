//! Signatures and points that break one rule of RFC 8032 each. Also used by the generator of
//! `proto/vectors`.

use ed25519_dalek::VerifyingKey;
use wire::SignatureError;

/// The group order L (RFC 8032 section 5.1), little endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The neutral element (y = 1).
pub(crate) fn identity() -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = 1;
    point
}

/// The same with y = p + 1.
pub(crate) fn identity_not_canonical() -> [u8; 32] {
    let mut point = [0xff; 32];
    (point[0], point[31]) = (0xee, 0x7f);
    point
}

/// y = p + 3: a non-canonical point of large order that `ed25519_dalek` would take as a key.
pub(crate) fn large_order_not_canonical() -> [u8; 32] {
    let mut point = [0xff; 32];
    (point[0], point[31]) = (0xf0, 0x7f);
    point
}

/// The first y coordinate without a point.
pub(crate) fn no_point() -> [u8; 32] {
    (0..=255u8)
        .map(|y| {
            let mut point = [0; 32];
            point[0] = y;
            point
        })
        .find(|point| VerifyingKey::from_bytes(point).is_err())
        .unwrap()
}

/// A signature with its S made larger by L: the malleability of RFC 8032 section 8.4.
pub(crate) fn plus_order(signature: &[u8; 64]) -> [u8; 64] {
    let mut changed = *signature;
    let mut carry = 0u16;
    for (byte, order) in changed[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    changed
}

pub(crate) fn with_r(signature: &[u8; 64], r: [u8; 32]) -> [u8; 64] {
    let mut changed = *signature;
    changed[..32].copy_from_slice(&r);
    changed
}

/// Damaged signatures and the rule each breaks.
pub(crate) fn damaged(good: &[u8; 64]) -> [([u8; 64], SignatureError); 5] {
    let mut flipped = *good;
    flipped[40] ^= 1;
    [
        (plus_order(good), SignatureError::ScalarTooLarge),
        (with_r(good, identity()), SignatureError::SmallOrderPoint),
        (
            with_r(good, identity_not_canonical()),
            SignatureError::NonCanonicalPoint,
        ),
        (with_r(good, no_point()), SignatureError::NotAPoint),
        (flipped, SignatureError::Mismatch),
    ]
}
