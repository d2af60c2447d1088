//! The trust bundle: issuer keys that a city's readers take, its own and those of other cities.

use arrayvec::ArrayVec;
use units::{KeyId, NetworkId, TextId, Timestamp};

use crate::cbor::{Map, Reader};
use crate::error::{DecodeError, EncodeError};
use crate::key::{IssuerCode, IssuerKey};
use crate::lists::times::{read_city, read_time, seconds, text_id, time_of, write_time};
use crate::lists::{ListError, ListName, Snapshot};
use crate::writer::{ARRAY, MAP, UNSIGNED, Writer};

/// Most keys of a bundle: a city and its neighbours, two each while keys rotate.
pub const BUNDLE_KEYS_MAX: usize = 64;

/// Most networks that a key is limited to.
pub const KEY_NETWORKS_MAX: usize = 8;

/// Most bytes of a bundle.
pub const BUNDLE_BYTES_MAX: usize = 48 * 1024;

const CITY: i64 = 1;
const VERSION: i64 = 2;
const ISSUED: i64 = 3;
const KEYS: i64 = 4;
/// Items of an entry before its networks.
const ENTRY_ITEMS: usize = 6;

/// One issuer key and where it is trusted.
#[derive(Clone, Copy, Debug)]
pub struct TrustedKey<'a> {
    /// Its name in codes. Not unique: readers try each key of a name.
    pub kid: KeyId,
    /// Ed25519.
    pub public_key: &'a [u8; 32],
    /// First instant at which a reader takes its codes.
    pub not_before: Timestamp,
    /// Last instant at which a reader takes its codes.
    pub not_after: Timestamp,
    /// The number by which the city's rules call that issuer.
    pub issuer: IssuerCode,
    /// The city whose issuer it is. Another than the bundle's is roaming.
    pub city: TextId,
    /// Where it is trusted.
    pub networks: Networks<'a>,
}

impl TrustedKey<'_> {
    /// Whether a reader of this network (`None` where it is told none) takes its codes. A key
    /// that is limited to networks is trusted at no reader that does not know its own.
    #[must_use]
    pub fn is_trusted_in(&self, network: Option<NetworkId>) -> bool {
        self.networks.is_everywhere()
            || network.is_some_and(|here| self.networks.names().any(|name| name == here))
    }

    /// The key, decompressed.
    ///
    /// # Errors
    /// [`ListError::Key`] for bytes that are no usable key.
    pub fn to_issuer_key(&self) -> Result<IssuerKey, ListError> {
        let key = IssuerKey::new(self.kid, self.public_key, self.not_before, self.not_after);
        key.map(|key| key.of_issuer(self.issuer))
            .map_err(|source| ListError::Key {
                kid: self.kid,
                source,
            })
    }
}

/// The networks that a key is limited to; none at all means everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Networks<'a>(Source<'a>);

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Encoded { count: u64, reader: Reader<'a> },
    Named(&'a [NetworkId]),
}

impl<'a> Networks<'a> {
    /// These networks, or everywhere for none.
    #[must_use]
    pub const fn new(names: &'a [NetworkId]) -> Self {
        Self(Source::Named(names))
    }

    /// Whether the key is limited to none.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        match self.0 {
            Source::Encoded { count, .. } => count == 0,
            Source::Named(names) => names.is_empty(),
        }
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = NetworkId> {
        let (names, count, mut reader) = match self.0 {
            Source::Encoded { count, reader } => (&[][..], count, reader),
            Source::Named(names) => (names, 0, Reader::new(&[])),
        };
        let encoded = (0..count).map_while(move |_| network_id(&mut reader).ok());
        names.iter().copied().chain(encoded)
    }
}

/// A bundle that is the one its snapshot names, every key of which is usable.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    city: TextId,
    version: u64,
    issued: Timestamp,
    count: u64,
    keys: Reader<'a>,
}

impl<'a> Bundle<'a> {
    /// Takes the bundle that `snapshot` names.
    ///
    /// # Errors
    /// [`ListError`] for any other bytes, and for a bundle with an unusable key.
    pub fn read(bytes: &'a [u8], snapshot: &Snapshot) -> Result<Self, ListError> {
        snapshot.bundle.check(bytes)?;
        let mut reader = Reader::new(bytes);
        reader.check()?;
        let mut map: Map = reader.map()?;
        let city = read_city(&mut map, &mut reader, CITY)?;
        map.key(&mut reader, VERSION)?;
        let version = reader.uint()?;
        let issued = read_time(&mut map, &mut reader, ISSUED, "issued")?;
        map.key(&mut reader, KEYS)?;
        let at = reader.at();
        let count = reader.items()?;
        if usize::try_from(count).is_ok_and(|count| count > BUNDLE_KEYS_MAX) {
            return Err(ListError::Form(DecodeError::OutOfRange {
                at,
                field: "keys",
                min: 0,
                max: u64::try_from(BUNDLE_KEYS_MAX).unwrap_or(u64::MAX),
                got: count,
            }));
        }
        let bundle = Self {
            city,
            version,
            issued,
            count,
            keys: reader,
        };
        let mut last = None;
        for index in 0..count {
            let key = read_key(&mut reader)?;
            key.to_issuer_key()?;
            if key.not_after < key.not_before {
                return Err(ListError::Times);
            }
            if last >= Some((key.kid, key.public_key)) {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                return Err(ListError::KeyOrder { index });
            }
            last = Some((key.kid, key.public_key));
        }
        map.end(&reader)?;
        if city != snapshot.city || version != snapshot.bundle.version {
            return Err(ListError::Claims {
                name: ListName::Bundle,
            });
        }
        Ok(bundle)
    }

    /// The city whose readers hold it.
    #[must_use]
    pub const fn city(&self) -> TextId {
        self.city
    }

    /// Its number.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// When it was made.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// The keys, in ascending order of name and key.
    pub fn keys(&self) -> impl Iterator<Item = TrustedKey<'a>> {
        let mut reader = self.keys;
        // Every one was read once in `read`.
        (0..self.count).map_while(move |_| read_key(&mut reader).ok())
    }
}

fn read_key<'a>(reader: &mut Reader<'a>) -> Result<TrustedKey<'a>, DecodeError> {
    let at = reader.at();
    let items = reader.items()?;
    let networks = usize::try_from(items)
        .ok()
        .and_then(|items| items.checked_sub(ENTRY_ITEMS))
        .filter(|networks| *networks <= KEY_NETWORKS_MAX);
    let networks = networks.ok_or(DecodeError::WrongType {
        at,
        expected: "six items and up to eight networks",
    })?;
    let kid = KeyId::from_bytes(*reader.bytes_exact("bytes in kid")?);
    let public_key = reader.bytes_exact("bytes in the key")?;
    let not_before = time_of(reader, "not_before")?;
    let not_after = time_of(reader, "not_after")?;
    let issuer = IssuerCode::from_number(reader.uint_in("issuer", 0, u16::MAX)?);
    let city = text_id(reader, "city")?;
    let count = u64::try_from(networks).unwrap_or(0);
    let names = *reader;
    for _ in 0..count {
        network_id(reader)?;
    }
    Ok(TrustedKey {
        kid,
        public_key,
        not_before,
        not_after,
        issuer,
        city,
        networks: Networks(Source::Encoded {
            count,
            reader: names,
        }),
    })
}

fn network_id(reader: &mut Reader<'_>) -> Result<NetworkId, DecodeError> {
    let at = reader.at();
    NetworkId::new(reader.text()?).map_err(|_| DecodeError::NotAnId {
        at,
        field: "network",
    })
}

/// Writes a bundle.
#[derive(Debug)]
pub struct BundleWriter<'k, 'n> {
    /// The city whose readers hold it.
    pub city: TextId,
    /// From 1; grows with every change.
    pub version: u64,
    /// When it is made.
    pub issued: Timestamp,
    /// The keys, in ascending order of name and key.
    pub keys: &'k [TrustedKey<'n>],
}

impl BundleWriter<'_, '_> {
    /// The bytes.
    ///
    /// # Errors
    /// [`ListError`] when they would be no bundle.
    pub fn encode(&self) -> Result<ArrayVec<u8, BUNDLE_BYTES_MAX>, ListError> {
        let too_many = |field, max, got| EncodeError::TooLong { field, max, got };
        if self.keys.len() > BUNDLE_KEYS_MAX {
            return Err(too_many("keys", BUNDLE_KEYS_MAX, self.keys.len()).into());
        }
        let mut out = Writer::<BUNDLE_BYTES_MAX>::default();
        out.head(MAP, 4).int(CITY).text(self.city.as_str());
        out.int(VERSION).head(UNSIGNED, self.version);
        write_time(&mut out, ISSUED, "issued", self.issued)?;
        out.int(KEYS)
            .head(ARRAY, u64::try_from(self.keys.len()).unwrap_or(u64::MAX));
        let mut last = None;
        for (index, key) in self.keys.iter().enumerate() {
            if last >= Some((key.kid, key.public_key)) {
                return Err(ListError::KeyOrder { index });
            }
            last = Some((key.kid, key.public_key));
            key.to_issuer_key()?;
            if key.not_after < key.not_before {
                return Err(ListError::Times);
            }
            let networks = key.networks.names().count();
            if networks > KEY_NETWORKS_MAX {
                return Err(too_many("networks", KEY_NETWORKS_MAX, networks).into());
            }
            let items = ENTRY_ITEMS.saturating_add(networks);
            out.head(ARRAY, u64::try_from(items).unwrap_or(u64::MAX));
            out.bytes(key.kid.as_bytes()).bytes(key.public_key);
            let times = [
                seconds("not_before", key.not_before)?,
                seconds("not_after", key.not_after)?,
            ];
            for secs in times {
                out.head(UNSIGNED, u64::from(secs));
            }
            out.head(UNSIGNED, u64::from(key.issuer.as_number()));
            out.text(key.city.as_str());
            for network in key.networks.names() {
                out.text(network.as_str());
            }
        }
        Ok(out.finish("bundle")?)
    }
}
