//! Rules of acceptance in a policy: whose codes are taken where, on what and for whom.

use units::Span;

use crate::cbor::{Map, Reader};
use crate::entitlement::{PartySize, ProductCode, RiderCategory};
use crate::error::DecodeError;
use crate::key::IssuerCode;
use crate::lists::times::{SPAN_SECS_MAX, write_span};
use crate::lists::{GatePolicy, ListError, Snapshot};
use crate::writer::{ARRAY, MAP, UNSIGNED, Writer};

/// Most rules of a policy: a gate looks at each for each code.
pub const POLICY_RULES_MAX: usize = 256;

const ISSUER: i64 = 1;
const NETWORK: i64 = 2;
const ZONE: i64 = 3;
const PRODUCT: i64 = 4;
const CATEGORY: i64 = 5;
const PARTY_MAX: i64 = 6;
const TICKET_LIFE_MAX: i64 = 7;
const PASSBACK: i64 = 8;

/// One rule; what is `None` does not matter to it. Of several that fit, the first sets the limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PolicyRule {
    /// Whose codes: the number of an issuer in the bundle.
    pub issuer: Option<IssuerCode>,
    /// On which network, by the number that its readers are told.
    pub network: Option<u16>,
    /// In which fare zone, by the number that its readers are told.
    pub zone: Option<u16>,
    /// On which product.
    pub product: Option<ProductCode>,
    /// For which rider category.
    pub category: Option<RiderCategory>,
    /// Largest party.
    pub party_max: Option<PartySize>,
    /// Longest life of a ticket: whole seconds, up to ten years.
    pub ticket_life_max: Option<Span>,
    /// Time between two parties on one code: whole seconds, up to ten years.
    pub passback: Option<Span>,
}

impl PolicyRule {
    fn write<const N: usize>(&self, out: &mut Writer<N>) -> Result<(), ListError> {
        let numbers = [
            (ISSUER, self.issuer.map(|code| code.as_number().into())),
            (NETWORK, self.network.map(u64::from)),
            (ZONE, self.zone.map(u64::from)),
            (PRODUCT, self.product.map(|code| code.as_number().into())),
            (CATEGORY, self.category.map(|code| code.as_code().into())),
            (PARTY_MAX, self.party_max.map(|max| max.as_riders().into())),
        ];
        let spans = [
            (TICKET_LIFE_MAX, "ticket_life_max", self.ticket_life_max),
            (PASSBACK, "passback", self.passback),
        ];
        let said = numbers.iter().filter(|(_, value)| value.is_some()).count();
        let said = said.saturating_add(spans.iter().filter(|(.., span)| span.is_some()).count());
        out.head(MAP, u64::try_from(said).unwrap_or(u64::MAX));
        for (key, value) in numbers {
            if let Some(value) = value {
                out.int(key).head(UNSIGNED, value);
            }
        }
        for (key, field, span) in spans {
            if let Some(span) = span {
                write_span(out, key, field, span)?;
            }
        }
        Ok(())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = reader.map()?;
        let issuer = optional(&mut map, reader, ISSUER, "issuer", 0, u16::MAX)?;
        let network = optional(&mut map, reader, NETWORK, "network", 0, u16::MAX)?;
        let zone = optional(&mut map, reader, ZONE, "zone", 0, u16::MAX)?;
        let product = optional(&mut map, reader, PRODUCT, "product", 0, u16::MAX)?;
        let category = optional(&mut map, reader, CATEGORY, "category", 0, u8::MAX)?;
        let party_max = optional(&mut map, reader, PARTY_MAX, "party_max", 1, u8::MAX)?;
        let life = "ticket_life_max";
        let life = optional(&mut map, reader, TICKET_LIFE_MAX, life, 0, SPAN_SECS_MAX)?;
        let passback = optional(&mut map, reader, PASSBACK, "passback", 0, SPAN_SECS_MAX)?;
        map.end(reader)?;
        let span = |secs: u32| Span::from_secs(i64::from(secs));
        Ok(Self {
            issuer: issuer.map(IssuerCode::from_number),
            network,
            zone,
            product: product.map(ProductCode::from_number),
            category: category.map(RiderCategory::from_code),
            party_max: party_max.and_then(PartySize::new),
            ticket_life_max: life.map(span),
            passback: passback.map(span),
        })
    }
}

/// The value of `key`, where that is the next key.
fn optional<T: TryFrom<u64> + Into<u64>>(
    map: &mut Map,
    reader: &mut Reader<'_>,
    key: i64,
    field: &'static str,
    min: T,
    max: T,
) -> Result<Option<T>, DecodeError> {
    if map.peek(reader)? != Some(key) {
        return Ok(None);
    }
    map.key(reader, key)?;
    reader.uint_in(field, min, max).map(Some)
}

/// The rules of a policy that has some; with an empty list nothing is taken anywhere.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRules<'a> {
    count: u64,
    rules: Reader<'a>,
}

impl<'a> PolicyRules<'a> {
    /// The rules in the policy that `snapshot` names; none where everything is taken that the
    /// bundle's keys signed.
    ///
    /// # Errors
    /// As [`GatePolicy::read`].
    pub fn read(bytes: &'a [u8], snapshot: &Snapshot) -> Result<Option<Self>, ListError> {
        GatePolicy::read_with_rules(bytes, snapshot).map(|(_, rules)| rules)
    }

    /// The rules in their order.
    pub fn iter(&self) -> impl Iterator<Item = PolicyRule> + use<'a> {
        let mut reader = self.rules;
        // Every one was read once in `take`.
        (0..self.count).map_while(move |_| PolicyRule::read(&mut reader).ok())
    }

    pub(super) fn take(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let count = reader.items()?;
        let max = u64::try_from(POLICY_RULES_MAX).unwrap_or(u64::MAX);
        if count > max {
            return Err(DecodeError::OutOfRange {
                at,
                field: "rules",
                min: 0,
                max,
                got: count,
            });
        }
        let rules = *reader;
        for _ in 0..count {
            PolicyRule::read(reader)?;
        }
        Ok(Self { count, rules })
    }
}

pub(super) fn write<const N: usize>(
    out: &mut Writer<N>,
    rules: &[PolicyRule],
) -> Result<(), ListError> {
    if rules.len() > POLICY_RULES_MAX {
        let (field, max, got) = ("rules", POLICY_RULES_MAX, rules.len());
        return Err(crate::error::EncodeError::TooLong { field, max, got }.into());
    }
    out.head(ARRAY, u64::try_from(rules.len()).unwrap_or(u64::MAX));
    rules.iter().try_for_each(|rule| rule.write(out))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use units::{TextId, Timestamp};

    use super::*;
    use crate::lists::{ListRef, POLICY_BYTES_MAX};

    fn policy() -> GatePolicy {
        GatePolicy {
            city: TextId::new("h").unwrap(),
            version: 1,
            issued: Timestamp::from_secs(1_546_819_200),
            code_life: Span::from_secs(15),
            phone_slow_max: Span::from_secs(30),
            phone_fast_max: Span::from_secs(30),
            not_before_tolerance: Span::from_secs(30),
            expiry_tolerance: Span::ZERO,
            modes: 7,
            stale_for: Span::ZERO,
            stale_taps: 0,
        }
    }

    fn snapshot(bytes: &[u8]) -> Snapshot {
        let list = ListRef::to(1, bytes);
        Snapshot {
            city: policy().city,
            era: 0,
            version: 1,
            issued: policy().issued,
            expires: policy().issued,
            bundle: list,
            deny: list,
            policy: list,
            tariff: list,
        }
    }

    /// Everything in one rule, and nothing in another.
    fn pair() -> [PolicyRule; 2] {
        let full = PolicyRule {
            issuer: Some(IssuerCode::from_number(u16::MAX)),
            network: Some(256),
            zone: Some(24),
            product: Some(ProductCode::from_number(1)),
            category: Some(RiderCategory::from_code(2)),
            party_max: PartySize::new(9),
            ticket_life_max: Some(Span::from_secs(3_600)),
            passback: Some(Span::ZERO),
        };
        [full, PolicyRule::default()]
    }

    #[test]
    fn rules_are_written_as_the_document_says() {
        let bare = policy().encode().unwrap();
        let bytes = policy().encode_with_rules(Some(&pair())).unwrap();
        // By RFC 8949: a key more in the map, then key 12 and an array of two maps.
        let tail = "0c82a80119ffff02190100031818040105020609071 90e100800a0".replace(' ', "");
        assert_eq!((bare[0], bytes[0]), (0xab, 0xac));
        let expected = [&bare[1..], &hex::decode(tail).unwrap()].concat();
        assert_eq!(bytes[1..], expected);
        let (read, rules) = GatePolicy::read_with_rules(&bytes, &snapshot(&bytes)).unwrap();
        assert_eq!(read, policy());
        assert_eq!(rules.unwrap().iter().collect::<Vec<_>>(), pair());
        assert!(
            PolicyRules::read(&bare, &snapshot(&bare))
                .unwrap()
                .is_none()
        );
        let empty = policy().encode_with_rules(Some(&[])).unwrap();
        let none = PolicyRules::read(&empty, &snapshot(&empty))
            .unwrap()
            .unwrap();
        assert_eq!(none.iter().count(), 0);
    }

    #[test]
    fn as_many_rules_as_a_policy_may_have_fit_and_one_more_does_not() {
        let many = [pair()[0]; POLICY_RULES_MAX + 1];
        let most = policy().encode_with_rules(Some(&many[1..])).unwrap();
        assert!(most.len() <= POLICY_BYTES_MAX);
        let rules = PolicyRules::read(&most, &snapshot(&most)).unwrap().unwrap();
        assert_eq!(rules.iter().count(), POLICY_RULES_MAX);
        assert!(policy().encode_with_rules(Some(&many)).is_err());
        let bare = policy().encode().unwrap();
        // 257 empty maps: the count is refused before any of them is read.
        let mut bytes = [&[0xac], &bare[1..], &[0x0c, 0x99, 1, 1]].concat();
        bytes.extend([0xa0; 257]);
        let error = PolicyRules::read(&bytes, &snapshot(&bytes)).unwrap_err();
        let ListError::Form(DecodeError::OutOfRange { field, got, .. }) = error else {
            panic!("{error:?}");
        };
        assert_eq!((field, got), ("rules", 257));
    }

    /// Every truncation, and every byte replaced by every other in the rules: refused, or a policy
    /// that is written in these very bytes.
    #[test]
    fn damaged_rules_are_refused_or_have_one_encoding() {
        let bytes = policy().encode_with_rules(Some(&pair())).unwrap();
        for end in 0..bytes.len() {
            let cut = &bytes[..end];
            assert!(GatePolicy::read(cut, &snapshot(cut)).is_err(), "{end}");
        }
        let begin = policy().encode().unwrap().len();
        let (mut taken, mut refused) = (0, 0);
        for at in begin..bytes.len() {
            for byte in 0..=u8::MAX {
                let mut other = bytes.clone();
                other[at] = byte;
                let Ok((read, rules)) = GatePolicy::read_with_rules(&other, &snapshot(&other))
                else {
                    refused += 1;
                    continue;
                };
                let rules: Option<Vec<_>> = rules.map(|rules| rules.iter().collect());
                let again = read.encode_with_rules(rules.as_deref()).unwrap();
                assert_eq!(again, other, "{at} {byte}");
                taken += 1;
            }
        }
        assert!(taken > 500 && refused > 2_000, "{taken} {refused}");
    }
}
