//! Multiples of one point, so that multiplying it takes additions alone.

use core::fmt;

use super::field::Number;
use super::point::{Entry, Point};

/// Multiples 1 to N times 2N to the power of i of a point, in row i: digits are signed, so those
/// do.
pub(super) type Rows<const WINDOWS: usize, const N: usize> = [[Entry; N]; WINDOWS];

/// Windows of 6 bits in a number below 2^253: the last one has room for the carry of its digits.
const KEY_WINDOWS: usize = 43;
/// Windows of 8 bits.
const BASE_WINDOWS: usize = 32;

/// Digits of a number in windows of 6 bits, −31 to 32.
pub(super) type KeyDigits = [i16; KEY_WINDOWS];
/// Digits of a number in windows of 8 bits, −127 to 128.
pub(super) type BaseDigits = [i16; BASE_WINDOWS];

/// Room for the multiples of one key: 129 KiB that the caller owns, in a `Box`, a `Vec`, a static.
///
/// Row i holds 1·64ⁱ to 32·64ⁱ times the point, 96 bytes each, so an entry lies in two cache lines.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct KeyTable(pub(super) Rows<KEY_WINDOWS, 32>);

/// Multiples of the base point B for all keys: 384 KiB of the program, so windows of 8 bits.
#[repr(C, align(64))]
pub(super) struct BaseTable(pub(super) Rows<BASE_WINDOWS, 128>);

/// The multiples of B. A test computes them again.
pub(super) static BASE: BaseTable = base();

const BASE_BYTES: &[u8; BASE_WINDOWS * 128 * 96] = include_bytes!("base.table");

#[expect(clippy::large_stack_arrays, reason = "runs in the compiler alone")]
const fn base() -> BaseTable {
    let (numbers, _) = BASE_BYTES.as_chunks::<32>();
    let (entries, _) = numbers.as_chunks::<3>();
    let (rows, _) = entries.as_chunks::<128>();
    match rows.first_chunk() {
        Some(rows) => BaseTable(*rows),
        None => BaseTable([[[[0; 32]; 3]; 128]; BASE_WINDOWS]),
    }
}

impl fmt::Debug for KeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyTable")
    }
}

impl KeyTable {
    /// Nothing in it yet: what [`crate::IssuerKey::prepare`] is given.
    #[expect(clippy::large_stack_arrays, reason = "the caller says where it lies")]
    pub const EMPTY: Self = Self([[[[0; 32]; 3]; 32]; KEY_WINDOWS]);
}

/// Fills rows with the multiples of `point`.
pub(super) fn fill<const WINDOWS: usize, const N: usize>(
    rows: &mut Rows<WINDOWS, N>,
    point: Point,
) {
    let mut next = point;
    for row in rows {
        next = fill_row(row, next.to_affine(&next.z().invert()));
    }
}

/// Calls `each` with the entry of every digit that is not 0, and whether the digit is negative.
#[inline]
pub(super) fn pick<'t, const WINDOWS: usize, const N: usize>(
    rows: &'t Rows<WINDOWS, N>,
    digits: &[i16; WINDOWS],
    mut each: impl FnMut(&'t Entry, bool),
) {
    for (row, &digit) in rows.iter().zip(digits) {
        // Digit 0 wraps to beyond the row.
        let index = usize::from(digit.unsigned_abs()).wrapping_sub(1);
        if let Some(entry) = row.get(index) {
            each(entry, digit < 0);
        }
    }
}

/// Fills a row with 1 to N times `base`, whose Z is 1; gives 2N times `base`.
fn fill_row<const N: usize>(row: &mut [Entry; N], base: Point) -> Point {
    let step = base.to_entry();
    let mut multiples = [base; N];
    let mut sum = base;
    for multiple in multiples.iter_mut().skip(1) {
        sum = sum.add(&step, false);
        *multiple = sum;
    }
    // One inversion for all Z (Montgomery): products on the way up, single inverses on the way
    // down.
    let mut product = Number::ONE;
    let mut before = [Number::ONE; N];
    for (before, multiple) in before.iter_mut().zip(&multiples) {
        *before = product;
        product = product.mul(multiple.z());
    }
    let mut inverse = product.invert();
    for ((entry, multiple), before) in row.iter_mut().zip(&multiples).zip(&before).rev() {
        *entry = multiple.to_affine(&inverse.mul(before)).to_entry();
        inverse = inverse.mul(multiple.z());
    }
    // The formula doubles as well: N + N.
    row.last().map_or(base, |last| sum.add(last, false))
}

/// Digits above −2^(BITS−1) and up to 2^(BITS−1) of a number below 2^253, so that
/// number = Σ digitᵢ·2^(BITS·i) exactly.
pub(super) fn digits_of<const BITS: u32, const WINDOWS: usize>(
    number: &[u8; 32],
) -> [i16; WINDOWS] {
    let words = super::field::words(number);
    let mask = (1_u16 << BITS).wrapping_sub(1);
    let mut digits = [0; WINDOWS];
    let mut carry = 0_u16;
    let mut at = 0_u32;
    for digit in &mut digits {
        let word = |index: u32| {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            words.get(index).copied().unwrap_or(0)
        };
        let (index, shift) = (at / u64::BITS, at % u64::BITS);
        let low = word(index).wrapping_shr(shift);
        // Shifted in two steps: by all 64 bits when the window starts a word.
        let high = word(index.wrapping_add(1)) << 1;
        let high = high.wrapping_shl(63_u32.wrapping_sub(shift));
        let [first, second, ..] = (low | high).to_le_bytes();
        let value = (u16::from_le_bytes([first, second]) & mask).wrapping_add(carry);
        carry = u16::from(value > 1 << (BITS.wrapping_sub(1)));
        *digit = value.wrapping_sub(carry << BITS).cast_signed();
        at = at.wrapping_add(BITS);
    }
    digits
}
