//! The text of a code: `FG1:` and base45 (RFC 9285), strict: one text per byte string.
//!
//! Base45 writes two bytes as three characters and a last odd byte as two, from the 45 characters
//! of QR alphanumeric mode. Lower case, other characters, lengths no encoder makes, and groups
//! above their range (RFC 9285 section 6) are refused, so the same code has no second text.

use core::mem::take;

use arrayvec::ArrayString;

use crate::code::CODE_BYTES_MAX;

/// In front of every code, so that a reader tells ours from others.
pub const PREFIX: &str = "FG1:";

/// Longest text of a code, in characters: the prefix and three for every two bytes.
pub const CODE_TEXT_MAX: usize = PREFIX.len() + CODE_BYTES_MAX.div_ceil(2) * 3;

const ALPHABET: [u8; 45] = *b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Why a text holds no bytes. `at` is the offset of the character, prefix included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It does not start with `FG1:`.
    #[error("a code starts with FG1:")]
    NotACode,
    /// More characters, or bytes to encode, than any code has; not read further.
    #[error("expected at most {max}, got {got}")]
    TooLong {
        /// The limit.
        max: usize,
        /// Characters or bytes given.
        got: usize,
    },
    /// A character outside the base45 alphabet.
    #[error("character {at}: byte {got:#04x} is not in the base45 alphabet")]
    Character {
        /// Where.
        at: usize,
        /// The byte found.
        got: u8,
    },
    /// One character left over: no byte string encodes so.
    #[error("character {at}: one character is left over")]
    Length {
        /// The character left over.
        at: usize,
    },
    /// Three characters above 65535, or two above 255.
    #[error("character {at}: expected a group of at most {max}, got {got}")]
    Group {
        /// The first character of the group.
        at: usize,
        /// The largest value a group of this length has.
        max: u32,
        /// The value found.
        got: u32,
    },
}

/// Room for the bytes of one code.
#[derive(Clone, Debug)]
pub struct CodeBuffer([u8; CODE_BYTES_MAX]);

impl CodeBuffer {
    /// An empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; CODE_BYTES_MAX])
    }
}

impl Default for CodeBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// The bytes that `text` stands for, written into `buffer`.
///
/// # Errors
/// [`TextError`], and then nothing is to be read from `buffer`.
pub fn decode<'b>(text: &[u8], buffer: &'b mut CodeBuffer) -> Result<&'b [u8], TextError> {
    let digits = text
        .strip_prefix(PREFIX.as_bytes())
        .ok_or(TextError::NotACode)?;
    let too_long = TextError::TooLong {
        max: CODE_TEXT_MAX,
        got: text.len(),
    };
    if text.len() > CODE_TEXT_MAX {
        return Err(too_long);
    }
    // Every group is decoded before any is judged: one branch for a good text, not one per group.
    // There is always room: the buffer holds what the longest text stands for.
    let (mut rest, mut out, mut seen) = (digits, buffer.0.as_mut_slice(), 0);
    // Tickets are five blocks and presentations ten, with one byte left over.
    while let Some((block, later)) = rest.split_first_chunk() {
        let (bytes, free) = take(&mut out).split_first_chunk_mut().ok_or(too_long)?;
        seen |= decode_block(block, bytes);
        (rest, out) = (later, free);
    }
    while let Some((&[first, second, third], later)) = rest.split_first_chunk() {
        let (pair, free) = take(&mut out).split_first_chunk_mut().ok_or(too_long)?;
        let number = weigh(first, second, third);
        seen |= number;
        let [.., high, low] = number.to_be_bytes();
        *pair = [high, low];
        (rest, out) = (later, free);
    }
    let mut fits = seen & TOO_LARGE == 0;
    if let &[first, second] = rest {
        let (byte, free) = take(&mut out).split_first_mut().ok_or(too_long)?;
        let number = weigh(first, second, ZERO);
        fits &= u8::try_from(number).is_ok();
        [.., *byte] = number.to_be_bytes();
        (rest, out) = (&[], free);
    }
    if !fits || !rest.is_empty() {
        return Err(blame(digits));
    }
    let written = CODE_BYTES_MAX.saturating_sub(out.len());
    Ok(buffer.0.get(..written).unwrap_or_default())
}

/// Decodes twelve groups; what it gives has bits of [`TOO_LARGE`] when one of them is none.
#[inline]
#[expect(clippy::many_single_char_names, reason = "twelve characters in a row")]
fn decode_block(block: &[u8; 36], bytes: &mut [u8; 24]) -> u64 {
    let (parts, _) = block.as_chunks::<12>();
    let (words, _) = bytes.as_chunks_mut::<8>();
    let mut seen = 0;
    for (part, word) in parts.iter().zip(words) {
        // Each character by itself: three at a time the compiler loads as one number of 24 bits,
        // and spends a quarter of the time on taking that apart.
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *part;
        // Two numbers in each half, so that one too large for 16 bits shows above them.
        let odd = (weigh(a, b, c) << 32).wrapping_add(weigh(g, h, i));
        let even = (weigh(d, e, f) << 32).wrapping_add(weigh(j, k, l));
        seen |= odd | even;
        *word = (odd << 16 | even).to_be_bytes();
    }
    seen
}

/// Value of three characters; far above 65535, and below 2^32, when one of them is not in the
/// alphabet.
#[inline]
fn weigh(first: u8, second: u8, third: u8) -> u64 {
    let [ones, tens, hundreds] = &VALUES;
    let value = |table: &[u64; 256], character: u8| {
        let value = table.get(usize::from(character));
        value.copied().unwrap_or(NO_DIGIT)
    };
    let low = value(ones, first).wrapping_add(value(tens, second));
    low.wrapping_add(value(hundreds, third))
}

/// Why `digits`, which hold no bytes, hold none: the first thing wrong.
#[cold]
fn blame(digits: &[u8]) -> TextError {
    let mut at = PREFIX.len();
    for group in digits.chunks(3) {
        let mut number: u32 = 0;
        let mut weight: u32 = 1;
        for (offset, &character) in group.iter().enumerate() {
            let Some(value) = digit(character) else {
                let at = at.saturating_add(offset);
                return TextError::Character { at, got: character };
            };
            number = number.saturating_add(u32::from(value).saturating_mul(weight));
            weight = weight.saturating_mul(45);
        }
        let max = match group.len() {
            3 => u32::from(u16::MAX),
            2 => u32::from(u8::MAX),
            _ => return TextError::Length { at },
        };
        if number > max {
            return TextError::Group {
                at,
                max,
                got: number,
            };
        }
        at = at.saturating_add(3);
    }
    TextError::Length { at }
}

/// The one text of `bytes`.
///
/// # Errors
/// [`TextError::TooLong`] for more than [`CODE_BYTES_MAX`] bytes.
pub fn encode(bytes: &[u8]) -> Result<ArrayString<CODE_TEXT_MAX>, TextError> {
    let too_long = TextError::TooLong {
        max: CODE_BYTES_MAX,
        got: bytes.len(),
    };
    let mut text = ArrayString::from(PREFIX).map_err(|_| too_long)?;
    for pair in bytes.chunks(2) {
        let (mut number, length) = match *pair {
            [high, low] => (u16::from_be_bytes([high, low]), 3),
            [low] => (u16::from(low), 2),
            _ => (0, 0),
        };
        for _ in 0..length {
            let symbol = ALPHABET
                .get(usize::from(number % 45))
                .copied()
                .unwrap_or(b'0');
            text.try_push(char::from(symbol)).map_err(|_| too_long)?;
            number /= 45;
        }
    }
    Ok(text)
}

/// The value of a base45 character (RFC 9285 table 1).
const fn digit(character: u8) -> Option<u8> {
    Some(match character {
        b'0'..=b'9' => character.wrapping_sub(b'0'),
        b'A'..=b'Z' => character.wrapping_sub(b'A').wrapping_add(10),
        b' ' => 36,
        b'$' => 37,
        b'%' => 38,
        b'*' => 39,
        b'+' => 40,
        b'-' => 41,
        b'.' => 42,
        b'/' => 43,
        b':' => 44,
        _ => return None,
    })
}

/// Bits that no number of 16 bits has, in either half.
const TOO_LARGE: u64 = 0xffff_0000_ffff_0000;
/// The character of value 0.
const ZERO: u8 = b'0';
/// In the tables, of characters outside the alphabet: three of it fit, and any sum shows it.
const NO_DIGIT: u64 = 1 << 24;
/// Values of a first, second and third character, by its byte. One table has one address, and
/// entries of a whole word are added to a half that is filled already: 6 % less time.
static VALUES: [[u64; 256]; 3] = [values(1), values(45), values(45 * 45)];

const fn values(weight: u64) -> [u64; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut rest: &mut [u64] = &mut values;
    let mut character: u8 = 0;
    while let Some((first, later)) = rest.split_first_mut() {
        if let Some(value) = digit(character) {
            // `u64::from` is not const.
            *first = u64::from_le_bytes([value, 0, 0, 0, 0, 0, 0, 0]).wrapping_mul(weight);
        }
        rest = later;
        character = character.wrapping_add(1);
    }
    values
}
