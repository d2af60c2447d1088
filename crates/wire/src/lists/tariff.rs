//! Which fares are in force: version, effective day and hash of the city package. A gate keeps
//! these few bytes; it prices nothing.

use arrayvec::ArrayVec;
use units::{ServiceDay, TextId, Timestamp};

use crate::cbor::Reader;
use crate::error::EncodeError;
use crate::lists::times::{read_city, read_time, write_time};
use crate::lists::{ListError, ListName, Snapshot};
use crate::writer::{MAP, UNSIGNED, Writer};

/// Most bytes of a tariff.
pub const TARIFF_BYTES_MAX: usize = 192;

const CITY: i64 = 1;
const VERSION: i64 = 2;
const ISSUED: i64 = 3;
const EFFECTIVE: i64 = 4;
const LENGTH: i64 = 5;
const HASH: i64 = 6;

/// The city package by which taps are priced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tariff {
    /// The city.
    pub city: TextId,
    /// From 1; grows with every change.
    pub version: u64,
    /// When it was made.
    pub issued: Timestamp,
    /// First service day on which it is in force, 1970 or later.
    pub effective: ServiceDay,
    /// Length of the package in bytes.
    pub length: u64,
    /// SHA-256 over the package.
    pub hash: [u8; 32],
}

impl Tariff {
    /// The bytes.
    ///
    /// # Errors
    /// [`ListError::Encode`] for a date that has no place in it.
    pub fn encode(&self) -> Result<ArrayVec<u8, TARIFF_BYTES_MAX>, ListError> {
        let days = self.effective.as_days();
        let effective = u32::try_from(days).map_err(|_| EncodeError::TimeOutOfRange {
            field: "effective",
            got: i64::from(days),
        })?;
        let mut out = Writer::<TARIFF_BYTES_MAX>::default();
        out.head(MAP, 6).int(CITY).text(self.city.as_str());
        out.int(VERSION).head(UNSIGNED, self.version);
        write_time(&mut out, ISSUED, "issued", self.issued)?;
        out.int(EFFECTIVE).head(UNSIGNED, u64::from(effective));
        out.int(LENGTH).head(UNSIGNED, self.length);
        out.int(HASH).bytes(&self.hash);
        Ok(out.finish("tariff")?)
    }

    /// Takes the tariff that `snapshot` names.
    ///
    /// # Errors
    /// [`ListError`] for any other bytes.
    pub fn read(bytes: &[u8], snapshot: &Snapshot) -> Result<Self, ListError> {
        snapshot.tariff.check(bytes)?;
        let mut reader = Reader::new(bytes);
        reader.check()?;
        let mut map = reader.map()?;
        let city = read_city(&mut map, &mut reader, CITY)?;
        map.key(&mut reader, VERSION)?;
        let version = reader.uint()?;
        let issued = read_time(&mut map, &mut reader, ISSUED, "issued")?;
        map.key(&mut reader, EFFECTIVE)?;
        let days = reader.uint_in("effective", 0, i32::MAX.unsigned_abs())?;
        let effective = ServiceDay::from_days(i32::try_from(days).unwrap_or(i32::MAX));
        map.key(&mut reader, LENGTH)?;
        let length = reader.uint()?;
        map.key(&mut reader, HASH)?;
        let hash = *reader.bytes_exact("bytes in the hash")?;
        map.end(&reader)?;
        if city != snapshot.city || version != snapshot.tariff.version {
            return Err(ListError::Claims {
                name: ListName::Tariff,
            });
        }
        Ok(Self {
            city,
            version,
            issued,
            effective,
            length,
            hash,
        })
    }
}
