//! Writes deterministic CBOR (RFC 8949 section 4.2.1) into a buffer of fixed size.

use arrayvec::ArrayVec;

use crate::error::EncodeError;

pub(crate) const UNSIGNED: u8 = 0;
pub(crate) const NEGATIVE: u8 = 1;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;
pub(crate) const MAP: u8 = 5;

/// A buffer of at most `N` bytes. Writing past its end is remembered and told by `finish`.
#[derive(Default)]
pub(crate) struct Writer<const N: usize> {
    out: ArrayVec<u8, N>,
    /// Bytes that `out` would have if it had room for everything written.
    wanted: usize,
}

impl<const N: usize> Writer<N> {
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.wanted = self.wanted.saturating_add(bytes.len());
        if self.wanted <= N {
            // Cannot fail: `wanted` counts every byte ever written.
            let _ = self.out.try_extend_from_slice(bytes);
        }
        self
    }

    /// Major type and argument in the shortest form.
    pub(crate) fn head(&mut self, major: u8, argument: u64) -> &mut Self {
        let kind = major.wrapping_shl(5);
        if let Ok(small) = u8::try_from(argument) {
            if small < 24 {
                self.raw(&[kind | small])
            } else {
                self.raw(&[kind | 0x18, small])
            }
        } else if let Ok(short) = u16::try_from(argument) {
            self.raw(&[kind | 0x19]).raw(&short.to_be_bytes())
        } else if let Ok(word) = u32::try_from(argument) {
            self.raw(&[kind | 0x1a]).raw(&word.to_be_bytes())
        } else {
            self.raw(&[kind | 0x1b]).raw(&argument.to_be_bytes())
        }
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(positive) => self.head(UNSIGNED, positive),
            // RFC 8949 section 3.1: the argument of a negative number v is −1 − v.
            Err(_) => self.head(NEGATIVE, value.unsigned_abs().saturating_sub(1)),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(BYTES, length(bytes)).raw(bytes)
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.head(TEXT, length(text.as_bytes()))
            .raw(text.as_bytes())
    }

    /// What was written.
    pub(crate) fn finish(self, field: &'static str) -> Result<ArrayVec<u8, N>, EncodeError> {
        if self.wanted > N {
            return Err(EncodeError::TooLong {
                field,
                max: N,
                got: self.wanted,
            });
        }
        Ok(self.out)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
