//! What a device decided by: the versions of its lists, their age, and the worth of its clock.
//! Both stand in every tap record, so that settlement can tell a gate that was behind from one
//! that was wrong.

use crate::cbor::Reader;
use crate::error::DecodeError;
use crate::writer::{ARRAY, UNSIGNED, Writer};

/// The lists that a device held at a tap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ListVersions {
    /// Version of the trust bundle; 0 = none.
    pub bundle: u32,
    /// Version of the deny list; 0 = none.
    pub deny: u32,
    /// Version of the policy; 0 = none.
    pub policy: u32,
    /// Version of the tariff; 0 = none.
    pub tariff: u32,
    /// Age of the snapshot that binds them, in seconds, at the tap; [`u32::MAX`] = unknown.
    pub age_s: u32,
}

impl ListVersions {
    /// A device that does not say: no versions, no age. A record leaves it out.
    pub const UNKNOWN: Self = Self {
        bundle: 0,
        deny: 0,
        policy: 0,
        tariff: 0,
        age_s: u32::MAX,
    };

    /// Most bytes: the array's head and five numbers of 32 bits.
    pub(crate) const BYTES_MAX: usize = 1 + 5 * 5;

    const NUMBERS: u64 = 5;

    pub(crate) fn write<const N: usize>(self, out: &mut Writer<N>) {
        out.head(ARRAY, Self::NUMBERS);
        for number in [self.bundle, self.deny, self.policy, self.tariff, self.age_s] {
            out.head(UNSIGNED, u64::from(number));
        }
    }

    /// Reads the array; [`Self::UNKNOWN`] written out is refused, for records leave it out.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        reader.array_of(Self::NUMBERS, "numbers in lists")?;
        let lists = Self {
            bundle: reader.uint_in("bundle", 0, u32::MAX)?,
            deny: reader.uint_in("deny", 0, u32::MAX)?,
            policy: reader.uint_in("policy", 0, u32::MAX)?,
            tariff: reader.uint_in("tariff", 0, u32::MAX)?,
            age_s: reader.uint_in("age_s", 0, u32::MAX)?,
        };
        if lists == Self::UNKNOWN {
            return Err(DecodeError::NotShortest { at });
        }
        Ok(lists)
    }
}

/// What a device's clock was worth at a tap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClockState {
    /// It agrees with what the device could prove (signed time, journal, bundle).
    Proven,
    /// It may be wrong, or the device does not say. A record leaves it out.
    Unproven,
}

impl ClockState {
    /// The number: 0 proven, 1 unproven.
    #[must_use]
    pub const fn as_number(self) -> u8 {
        match self {
            Self::Proven => 0,
            Self::Unproven => 1,
        }
    }

    /// The state of this number; `None` for any other.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Proven),
            1 => Some(Self::Unproven),
            _ => None,
        }
    }
}
