//! A strict reader of deterministic CBOR (RFC 8949 section 4.2.1) over a slice.
//!
//! Reading an object takes two looks. [`Reader::check`] walks all items and refuses every
//! encoding but the deterministic one, whatever the items mean; the typed calls then read what
//! must be there. So a wrong encoding is always named as such, and the second look is free of it.

use crate::error::DecodeError;
use crate::writer::{ARRAY, BYTES, MAP, NEGATIVE, TEXT, UNSIGNED};

/// Deepest nesting in one run of items: presentation header → credential → its headers is 3.
const DEPTH_MAX: u8 = 4;

/// Major type and argument of an item (RFC 8949 section 3).
#[derive(Clone, Copy)]
struct Head {
    at: usize,
    major: u8,
    argument: u64,
}

/// A place in a slice. Offsets in errors count from the start of the whole object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The bytes from here to where `later`, a reader of the same slice, stands.
    pub(crate) fn until(&self, later: &Self) -> &'a [u8] {
        let length = later.at.saturating_sub(self.at);
        self.rest.get(..length).unwrap_or_default()
    }

    /// Refuses the whole rest unless it is exactly one item in deterministic encoding.
    pub(crate) fn check(mut self) -> Result<(), DecodeError> {
        self.skip(0)?;
        self.end()
    }

    /// Refuses bytes that are left.
    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(DecodeError::TrailingBytes {
            at: self.at,
            extra: self.rest.len(),
        })
    }

    /// Walks over one item and checks its encoding. Recursion ends at [`DEPTH_MAX`]; time is
    /// bounded by the bytes, since every item has at least one.
    fn skip(&mut self, depth: u8) -> Result<(), DecodeError> {
        let head = self.head()?;
        if depth >= DEPTH_MAX {
            return Err(DecodeError::TooDeep {
                at: head.at,
                max: DEPTH_MAX,
            });
        }
        let deeper = depth.saturating_add(1);
        match head.major {
            UNSIGNED | NEGATIVE => {}
            BYTES => {
                self.take(head.argument)?;
            }
            TEXT => {
                let at = self.at;
                let text = self.take(head.argument)?;
                core::str::from_utf8(text).map_err(|_| DecodeError::NotUtf8 { at })?;
            }
            ARRAY => {
                for _ in 0..head.argument {
                    self.skip(deeper)?;
                }
            }
            MAP => self.skip_map(head.argument, deeper)?,
            _ => {
                return Err(DecodeError::Tagged {
                    at: head.at,
                    tag: head.argument,
                });
            }
        }
        Ok(())
    }

    fn skip_map(&mut self, entries: u64, depth: u8) -> Result<(), DecodeError> {
        let mut last: &[u8] = &[];
        for _ in 0..entries {
            let start = *self;
            self.skip(depth)?;
            let key = start.until(self);
            match key.cmp(last) {
                core::cmp::Ordering::Greater => {}
                core::cmp::Ordering::Equal => {
                    return Err(DecodeError::RepeatedKey { at: start.at });
                }
                core::cmp::Ordering::Less => return Err(DecodeError::KeyOrder { at: start.at }),
            }
            last = key;
            self.skip(depth)?;
        }
        Ok(())
    }

    fn head(&mut self) -> Result<Head, DecodeError> {
        let at = self.at;
        let [initial] = self.array::<1>()?;
        let major = initial >> 5;
        let info = initial & 0x1f;
        if info == 31 {
            return Err(DecodeError::Indefinite { at });
        }
        if major == 7 {
            return Err(DecodeError::FloatOrSimple { at });
        }
        let (argument, smallest) = match info {
            0..24 => (u64::from(info), 0),
            24 => (u64::from(u8::from_be_bytes(self.array()?)), 24),
            25 => (u64::from(u16::from_be_bytes(self.array()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.array()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.array()?), 1 << 32),
            _ => return Err(DecodeError::Reserved { at }),
        };
        if argument < smallest {
            return Err(DecodeError::NotShortest { at });
        }
        Ok(Head {
            at,
            major,
            argument,
        })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((first, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.truncated());
        };
        self.rest = rest;
        self.at = self.at.saturating_add(N);
        Ok(*first)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], DecodeError> {
        let parts = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length));
        let Some((first, rest)) = parts else {
            return Err(self.truncated());
        };
        self.rest = rest;
        self.at = self.at.saturating_add(first.len());
        Ok(first)
    }

    fn truncated(&self) -> DecodeError {
        DecodeError::Truncated {
            at: self.at.saturating_add(self.rest.len()),
        }
    }

    fn expect(&mut self, major: u8, expected: &'static str) -> Result<Head, DecodeError> {
        let head = self.head()?;
        if head.major == major {
            Ok(head)
        } else if head.major == 6 {
            Err(DecodeError::Tagged {
                at: head.at,
                tag: head.argument,
            })
        } else {
            Err(DecodeError::WrongType {
                at: head.at,
                expected,
            })
        }
    }

    /// An unsigned integer.
    pub(crate) fn uint(&mut self) -> Result<u64, DecodeError> {
        Ok(self.expect(UNSIGNED, "an unsigned integer")?.argument)
    }

    /// An unsigned integer from `min` to `max`, in the type of the field.
    pub(crate) fn uint_in<T: TryFrom<u64> + Into<u64>>(
        &mut self,
        field: &'static str,
        min: T,
        max: T,
    ) -> Result<T, DecodeError> {
        let at = self.at;
        let got = self.uint()?;
        let (min, max) = (min.into(), max.into());
        let out = DecodeError::OutOfRange {
            at,
            field,
            min,
            max,
            got,
        };
        if got < min || got > max {
            return Err(out);
        }
        T::try_from(got).map_err(|_| out)
    }

    /// A signed integer; one beyond i64 is of the wrong type here (no label or value of ours is).
    pub(crate) fn int(&mut self) -> Result<i64, DecodeError> {
        let head = self.head()?;
        let wrong = DecodeError::WrongType {
            at: head.at,
            expected: "an integer of 64 bits",
        };
        let magnitude = i64::try_from(head.argument).map_err(|_| wrong)?;
        match head.major {
            UNSIGNED => Ok(magnitude),
            NEGATIVE => Ok(!magnitude),
            _ => Err(wrong),
        }
    }

    /// A byte string of any length, as a reader of its content.
    pub(crate) fn bytes(&mut self) -> Result<Reader<'a>, DecodeError> {
        let head = self.expect(BYTES, "a byte string")?;
        let at = self.at;
        Ok(Reader {
            rest: self.take(head.argument)?,
            at,
        })
    }

    /// A byte string of exactly `N` bytes.
    pub(crate) fn bytes_exact<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<&'a [u8; N], DecodeError> {
        let head = self.expect(BYTES, "a byte string")?;
        let expected = u64::try_from(N).unwrap_or(u64::MAX);
        let wrong = DecodeError::WrongLength {
            at: head.at,
            what,
            expected,
            got: head.argument,
        };
        if head.argument != expected {
            return Err(wrong);
        }
        self.take(head.argument)?.first_chunk::<N>().ok_or(wrong)
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let head = self.expect(TEXT, "a text")?;
        let at = self.at;
        core::str::from_utf8(self.take(head.argument)?).map_err(|_| DecodeError::NotUtf8 { at })
    }

    /// The start of an array, and how many items it has.
    pub(crate) fn items(&mut self) -> Result<u64, DecodeError> {
        Ok(self.expect(ARRAY, "an array")?.argument)
    }

    /// The start of an array of exactly `length` items.
    pub(crate) fn array_of(&mut self, length: u64, what: &'static str) -> Result<(), DecodeError> {
        let head = self.expect(ARRAY, "an array")?;
        if head.argument == length {
            return Ok(());
        }
        Err(DecodeError::WrongLength {
            at: head.at,
            what,
            expected: length,
            got: head.argument,
        })
    }

    /// The start of a map.
    pub(crate) fn map(&mut self) -> Result<Map, DecodeError> {
        let head = self.expect(MAP, "a map")?;
        Ok(Map {
            left: head.argument,
        })
    }

    /// Everything that is left.
    pub(crate) const fn remaining(&self) -> &'a [u8] {
        self.rest
    }
}

/// The entries of a map not yet read. The caller asks for keys in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    left: u64,
}

impl Map {
    /// Entries not yet read.
    pub(crate) const fn left(self) -> u64 {
        self.left
    }

    /// The next key without reading it; `None` at the end of the map.
    pub(crate) fn peek(self, reader: &Reader<'_>) -> Result<Option<i64>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut ahead = *reader;
        ahead.int().map(Some)
    }

    /// Reads the key `expected`.
    pub(crate) fn key(
        &mut self,
        reader: &mut Reader<'_>,
        expected: i64,
    ) -> Result<(), DecodeError> {
        let at = reader.at();
        if self.left == 0 {
            return Err(DecodeError::MissingKey { at, expected });
        }
        let got = reader.int()?;
        if got != expected {
            return Err(DecodeError::UnexpectedKey { at, expected, got });
        }
        self.left = self.left.saturating_sub(1);
        Ok(())
    }

    /// Refuses entries that are left.
    pub(crate) fn end(self, reader: &Reader<'_>) -> Result<(), DecodeError> {
        match self.peek(reader)? {
            None => Ok(()),
            Some(got) => Err(DecodeError::ExtraKey {
                at: reader.at(),
                got,
            }),
        }
    }
}
