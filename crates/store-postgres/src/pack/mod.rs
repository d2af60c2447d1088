//! Packed columns: many small values in one, of which no statement needs a part alone.
//!
//! Layout: a version byte; the numbers of the names used; the 16-byte ids used; then the body,
//! which names both by their place. Integers are LEB128, signed ones zigzag.

pub(crate) mod day;
pub(crate) mod page;
pub(crate) mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use settlement::model::UnknownValue;
use settlement::ports::StoreError;
use sha2::{Digest as _, Sha256};
use units::{Currency, RouteId, StopId};

use crate::names::Words;

/// The version of every packed column.
const VERSION: u8 = 3;

/// The words of columns that are packed together, each once; columns name them by their place here
/// until they are finished.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    words: Vec<Arc<[u8]>>,
    places: Places,
}

/// Where each word stands. A day of a city looks up some hundred million.
#[expect(clippy::disallowed_types, reason = "looked up in, never gone through")]
type Places = std::collections::HashMap<Arc<[u8]>, usize>;

impl Vocabulary {
    fn place(&mut self, word: &[u8]) -> usize {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let (word, place) = (Arc::<[u8]>::from(word), self.words.len());
        self.words.push(Arc::clone(&word));
        self.places.insert(word, place);
        place
    }

    /// The words, in order of their places.
    pub(crate) fn words(&self) -> &[Arc<[u8]>] {
        &self.words
    }
}

/// Writes a packed column.
#[derive(Debug)]
pub(crate) struct Packer<'v> {
    vocabulary: &'v mut Vocabulary,
    column: Column,
}

/// What is packed, its words without numbers yet.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// Places in the vocabulary.
    names: Listed<usize>,
    ids: Listed<[u8; 16]>,
    body: Vec<u8>,
}

/// Values in the order of their first use. Of a few, as nearly every column has, each is looked
/// for in the list itself.
#[derive(Debug, Default)]
struct Listed<T> {
    list: Vec<T>,
    places: BTreeMap<T, usize>,
}

impl<T: Copy + Ord> Listed<T> {
    const FEW: usize = 24;

    /// The place of `value`, which is listed when it is new.
    fn place(&mut self, value: T) -> usize {
        let known = if self.list.len() <= Self::FEW {
            self.list.iter().position(|one| *one == value)
        } else {
            self.places.get(&value).copied()
        };
        known.unwrap_or_else(|| {
            let place = self.list.len();
            self.list.push(value);
            if self.list.len() > Self::FEW {
                let from = self.places.len();
                let unplaced = self.list.iter().copied().enumerate().skip(from);
                self.places
                    .extend(unplaced.map(|(place, one)| (one, place)));
            }
            place
        })
    }
}

impl<'v> Packer<'v> {
    pub(crate) fn new(vocabulary: &'v mut Vocabulary) -> Self {
        Self {
            vocabulary,
            column: Column::default(),
        }
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.column.body.push(value);
    }

    pub(crate) fn uint(&mut self, value: u64) {
        write_uint(&mut self.column.body, value);
    }

    pub(crate) fn len(&mut self, value: usize) {
        self.uint(u64::try_from(value).unwrap_or(u64::MAX));
    }

    pub(crate) fn int(&mut self, value: i64) {
        let sign = (value >> 63).cast_unsigned();
        self.uint((value << 1).cast_unsigned() ^ sign);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8; 16]) {
        self.column.body.extend_from_slice(bytes);
    }

    /// An id that the column names more than once.
    pub(crate) fn id(&mut self, id: &[u8; 16]) {
        let place = self.column.ids.place(*id);
        self.len(place);
    }

    /// A word that many columns have in common.
    pub(crate) fn name(&mut self, name: &[u8]) {
        let word = self.vocabulary.place(name);
        let place = self.column.names.place(word);
        self.len(place);
    }

    /// All that was written.
    pub(crate) fn done(self) -> Column {
        self.column
    }
}

impl Column {
    /// SHA-256 over what is packed, whatever numbers its words have, after `before`.
    pub(crate) fn chain(&self, before: &[u8], vocabulary: &Vocabulary) -> [u8; 32] {
        let places = self.names.list.iter();
        let word = |place: &usize| vocabulary.words.get(*place).map(AsRef::as_ref);
        let names: Vec<&[u8]> = places
            .map(|place| word(place).unwrap_or_default())
            .collect();
        chain(before, &names, &self.ids.list, &self.body)
    }

    /// The bytes of the column, given the number of each word of the vocabulary.
    pub(crate) fn finish(&self, numbers: &[u64]) -> Result<Vec<u8>, StoreError> {
        let (names, ids) = (&self.names.list, &self.ids.list);
        let mut column =
            Vec::with_capacity(16 + 3 * names.len() + 16 * ids.len() + self.body.len());
        column.push(VERSION);
        write_uint(&mut column, u64::try_from(names.len()).unwrap_or(0));
        for place in names {
            let missing = || corrupt("a numbered word", &place.to_string());
            write_uint(&mut column, *numbers.get(*place).ok_or_else(missing)?);
        }
        write_uint(&mut column, u64::try_from(ids.len()).unwrap_or(0));
        for id in ids {
            column.extend_from_slice(id);
        }
        column.extend_from_slice(&self.body);
        Ok(column)
    }
}

fn chain(before: &[u8], names: &[&[u8]], ids: &[[u8; 16]], body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    for name in names {
        hash.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(name);
    }
    hash.update(u64::MAX.to_be_bytes());
    for id in ids {
        hash.update(id);
    }
    hash.update(body);
    hash.finalize().into()
}

/// Reads a packed column.
#[derive(Debug)]
pub(crate) struct Unpacker<'c> {
    names: Vec<&'c [u8]>,
    ids: &'c [[u8; 16]],
    whole: &'c [u8],
    body: &'c [u8],
}

impl<'c> Unpacker<'c> {
    pub(crate) fn new(column: &'c [u8], words: &'c Words) -> Result<Self, StoreError> {
        let (mut names, mut unknown) = (Vec::new(), false);
        let mut rest = head(column, |number| match words.get(&number) {
            Some(word) => names.push(word.as_ref()),
            None => unknown = true,
        })?;
        if unknown {
            return Err(corrupt("known names", "an unknown one"));
        }
        let ids = read_uint(&mut rest)?.checked_mul(16);
        let ids = ids.and_then(|bytes| usize::try_from(bytes).ok());
        let split = ids.and_then(|bytes| rest.split_at_checked(bytes));
        let (ids, body) = split.ok_or_else(too_short)?;
        Ok(Self {
            names,
            ids: ids.as_chunks().0,
            whole: body,
            body,
        })
    }

    pub(crate) fn byte(&mut self) -> Result<u8, StoreError> {
        let (first, rest) = self.body.split_first().ok_or_else(too_short)?;
        self.body = rest;
        Ok(*first)
    }

    pub(crate) fn uint(&mut self) -> Result<u64, StoreError> {
        read_uint(&mut self.body)
    }

    pub(crate) fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T, StoreError> {
        let got = self.uint()?;
        T::try_from(got).map_err(|_| corrupt("a narrower number", &got.to_string()))
    }

    /// How many follow: never more than there are bytes.
    pub(crate) fn len(&mut self) -> Result<usize, StoreError> {
        let got: usize = self.narrow()?;
        if got > self.body.len() {
            return Err(too_short());
        }
        Ok(got)
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        let got = self.uint()?;
        Ok((got >> 1).cast_signed() ^ -(got & 1).cast_signed())
    }

    pub(crate) fn raw(&mut self) -> Result<[u8; 16], StoreError> {
        let (id, rest) = self.body.split_first_chunk().ok_or_else(too_short)?;
        self.body = rest;
        Ok(*id)
    }

    pub(crate) fn id(&mut self) -> Result<[u8; 16], StoreError> {
        let place: usize = self.narrow()?;
        self.ids.get(place).copied().ok_or_else(too_short)
    }

    pub(crate) fn name(&mut self) -> Result<&'c [u8], StoreError> {
        let place: usize = self.narrow()?;
        self.names.get(place).copied().ok_or_else(too_short)
    }

    pub(crate) fn text(&mut self) -> Result<&'c str, StoreError> {
        let text = std::str::from_utf8(self.name()?);
        text.map_err(|source| StoreError::corrupt("names.name", source))
    }

    /// The bytes of a device's id, which is a name: gates see thousands of riders each.
    pub(crate) fn device(&mut self) -> Result<[u8; 16], StoreError> {
        let device = self.name()?.try_into();
        device.map_err(|_| corrupt("a device", "another name"))
    }

    pub(crate) fn stop(&mut self) -> Result<StopId, StoreError> {
        let text = self.text()?;
        StopId::new(text).map_err(|source| StoreError::corrupt("names.name", source))
    }

    pub(crate) fn route(&mut self) -> Result<RouteId, StoreError> {
        let text = self.text()?;
        RouteId::new(text).map_err(|source| StoreError::corrupt("names.name", source))
    }

    pub(crate) fn currency(&mut self) -> Result<Currency, StoreError> {
        let text = self.text()?;
        Currency::from_code(text).map_err(|source| StoreError::corrupt("names.name", source))
    }

    /// How much of the body has been read.
    pub(crate) const fn place(&self) -> usize {
        self.whole.len().saturating_sub(self.body.len())
    }

    /// Goes on reading where [`Self::place`] was `place`.
    pub(crate) fn go_to(&mut self, place: usize) {
        self.body = self.whole.get(place..).unwrap_or_default();
    }

    /// What [`Column::chain`] gave for this column; before anything of the body is read.
    pub(crate) fn chain(&self, before: &[u8]) -> [u8; 32] {
        chain(before, &self.names, self.ids, self.body)
    }
}

/// The numbers of the names that a column uses.
pub(crate) fn numbers_in(column: &[u8], into: &mut BTreeSet<i64>) -> Result<(), StoreError> {
    head(column, |number| into.extend([number]))?;
    Ok(())
}

/// Reads the version and the numbers of names; gives the rest.
fn head(column: &[u8], mut name: impl FnMut(i64)) -> Result<&[u8], StoreError> {
    let (version, mut rest) = column.split_first().ok_or_else(too_short)?;
    if *version != VERSION {
        return Err(corrupt("version 3", &version.to_string()));
    }
    for _ in 0..read_uint(&mut rest)? {
        let number = read_uint(&mut rest)?;
        name(i64::try_from(number).map_err(|_| too_short())?);
    }
    Ok(rest)
}

pub(crate) fn write_uint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(0x80 | u8::try_from(value & 0x7f).unwrap_or(0));
        value >>= 7;
    }
    into.push(u8::try_from(value).unwrap_or(0));
}

pub(crate) fn read_uint(from: &mut &[u8]) -> Result<u64, StoreError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first().ok_or_else(too_short)?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(too_short())
}

pub(crate) fn corrupt(expected: &'static str, got: &str) -> StoreError {
    StoreError::corrupt(
        "a packed column",
        UnknownValue {
            expected,
            got: got.to_owned(),
        },
    )
}

fn too_short() -> StoreError {
    corrupt("more bytes", "the end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_leb128_and_zigzag() {
        // From the DWARF standard, appendix C: 2, 127, 128, 12857; and the ends of 64 bits.
        let cases: [(u64, &[u8]); 5] = [
            (2, &[2]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (12_857, &[0xb9, 0x64]),
            (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ];
        for (value, bytes) in cases {
            let mut written = Vec::new();
            write_uint(&mut written, value);
            assert_eq!(written, bytes);
            assert_eq!(read_uint(&mut &written[..]).unwrap(), value);
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX, -300] {
            let mut vocabulary = Vocabulary::default();
            let mut packer = Packer::new(&mut vocabulary);
            packer.int(value);
            let column = packer.done().finish(&[]).unwrap();
            let words = Words::new();
            let mut read = Unpacker::new(&column, &words).unwrap();
            assert_eq!(read.int().unwrap(), value);
        }
    }

    #[test]
    fn names_and_ids_are_written_once_and_read_back() {
        let mut vocabulary = Vocabulary::default();
        // Another column's word stands before it.
        Packer::new(&mut vocabulary).name(b"south");
        let mut packer = Packer::new(&mut vocabulary);
        for _ in 0..3 {
            packer.name(b"north");
            packer.id(&[7; 16]);
        }
        let written = packer.done();
        let column = written.finish(&[5, 300]).unwrap();
        assert!(written.finish(&[5]).is_err(), "a word without a number");
        assert_eq!(column.len(), 1 + 1 + 2 + 1 + 16 + 6);
        let words = Words::from([(300, Arc::from(&b"north"[..]))]);
        let mut read = Unpacker::new(&column, &words).unwrap();
        assert_eq!(read.chain(b"x"), written.chain(b"x", &vocabulary));
        for _ in 0..3 {
            assert_eq!(read.text().unwrap(), "north");
            assert_eq!(read.id().unwrap(), [7; 16]);
        }
        assert!(read.byte().is_err(), "nothing is left");
    }

    #[test]
    fn damaged_columns_are_refused_and_never_run_away() {
        assert!(Unpacker::new(&[], &Words::new()).is_err());
        assert!(Unpacker::new(&[VERSION + 1, 0, 0], &Words::new()).is_err());
        assert!(Unpacker::new(&[VERSION, 1, 5, 0], &Words::new()).is_err());
        let huge = [
            VERSION, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
        ];
        assert!(Unpacker::new(&huge, &Words::new()).is_err());
    }
}
