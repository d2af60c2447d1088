//! An id as an even number, and an even number as a place: what tables of ids need.

use units::CredentialId;

/// An id as a number whose bits are all even.
///
/// Ids are UUIDs, of which bits are fixed or tell the time, so both halves are mixed. It is no
/// secret, and no keyed hash: tables by it must be right for ids that meet.
#[inline]
pub(crate) fn mix(id: &CredentialId) -> u64 {
    // Digits of π: any odd numbers without a pattern do.
    let (first, second) = halves(id.as_bytes());
    let (low, high) = halves(&product(
        first ^ 0x243f_6a88_85a3_08d3,
        second ^ 0x1319_8a2e_0370_7345,
    ));
    low ^ high
}

/// The high half of a product scales an even number from 64 bits to `0..count`; 0 for none.
#[inline]
pub(crate) fn scale(even: u64, count: usize) -> usize {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let (_, at) = halves(&product(even, count));
    usize::try_from(at).unwrap_or(usize::MAX)
}

#[inline]
fn product(a: u64, b: u64) -> [u8; 16] {
    u128::from(a).wrapping_mul(u128::from(b)).to_le_bytes()
}

#[inline]
fn halves(bytes: &[u8; 16]) -> (u64, u64) {
    match bytes.as_chunks::<8>().0 {
        [low, high] => (u64::from_le_bytes(*low), u64::from_le_bytes(*high)),
        _ => (0, 0),
    }
}
