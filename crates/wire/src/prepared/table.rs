//! Multiples of one point, so that multiplying it takes additions alone.

use core::fmt;

use super::field::Tight;
use super::point::{Entry, Point};

/// Bits of a window.
const WINDOW: u32 = 6;
/// Windows of a number below 2^253: the last one has room for the carry of its digits.
pub(super) const WINDOWS: usize = 43;
/// Entries of a window: digits are signed, so multiples 1 to 32 do.
const ENTRIES: usize = 1 << (WINDOW - 1);

type Row = [Entry; ENTRIES];

/// Room for the multiples of one key: 129 KiB that the caller owns, in a `Box`, a `Vec`, a static.
///
/// Row i holds 1·64ⁱ to 32·64ⁱ times the point, 96 bytes each, so an entry lies in two cache lines.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct KeyTable(pub(super) [Row; WINDOWS]);

/// The multiples of the base point B. A test computes them again.
pub(super) static BASE: KeyTable = base();

const BASE_BYTES: &[u8; WINDOWS * ENTRIES * 96] = include_bytes!("base.table");

const fn base() -> KeyTable {
    let (numbers, _) = BASE_BYTES.as_chunks::<32>();
    let (entries, _) = numbers.as_chunks::<3>();
    let (rows, _) = entries.as_chunks::<ENTRIES>();
    match rows.first_chunk() {
        Some(rows) => KeyTable(*rows),
        None => KeyTable::EMPTY,
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
    pub const EMPTY: Self = Self([[[[0; 32]; 3]; ENTRIES]; WINDOWS]);

    /// Fills it with the multiples of `point`.
    pub(super) fn fill(&mut self, point: Point) {
        let mut next = point;
        for row in &mut self.0 {
            next = fill_row(row, next.to_affine(&next.z().invert()));
        }
    }

    /// Calls `each` with the entry of every digit that is not 0, and whether the digit is negative.
    #[inline]
    pub(super) fn pick<'t>(
        &'t self,
        digits: &[i8; WINDOWS],
        mut each: impl FnMut(&'t Entry, bool),
    ) {
        for (row, &digit) in self.0.iter().zip(digits) {
            // Digit 0 wraps to beyond the row.
            let index = usize::from(digit.unsigned_abs()).wrapping_sub(1);
            if let Some(entry) = row.get(index) {
                each(entry, digit < 0);
            }
        }
    }
}

/// Fills a row with 1 to 32 times `base`, whose Z is 1; gives 64 times `base`.
fn fill_row(row: &mut Row, base: Point) -> Point {
    let step = base.to_entry();
    let mut multiples = [base; ENTRIES];
    let mut sum = base;
    for multiple in multiples.iter_mut().skip(1) {
        sum = sum.add(&step, false);
        *multiple = sum;
    }
    // One inversion for all Z (Montgomery): products on the way up, single inverses on the way
    // down.
    let mut product = Tight::ONE;
    let mut before = [Tight::ONE; ENTRIES];
    for (before, multiple) in before.iter_mut().zip(&multiples) {
        *before = product;
        product = product.mul(multiple.z());
    }
    let mut inverse = product.invert();
    for ((entry, multiple), before) in row.iter_mut().zip(&multiples).zip(&before).rev() {
        *entry = multiple.to_affine(&inverse.mul(before)).to_entry();
        inverse = inverse.mul(multiple.z());
    }
    // The formula doubles as well: 32 + 32.
    row.last().map_or(base, |last| sum.add(last, false))
}

/// Digits −31 to 32 of a number below 2^253, so that number = Σ digitᵢ·64ⁱ exactly.
pub(super) fn digits_of(number: &[u8; 32]) -> [i8; WINDOWS] {
    let words = super::field::words(number);
    let mut digits = [0; WINDOWS];
    let mut carry = 0_u8;
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
        let [bits, ..] = (low | high).to_le_bytes();
        let value = (bits & 63).wrapping_add(carry);
        carry = u8::from(value > 32);
        *digit = value.wrapping_sub(carry << WINDOW).cast_signed();
        at = at.wrapping_add(WINDOW);
    }
    digits
}
