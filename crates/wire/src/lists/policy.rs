//! The policy that a city's gates decide by: tolerances, modes, and what a gate does when its
//! lists are stale.

use arrayvec::ArrayVec;
use units::{Span, TextId, Timestamp};

use crate::cbor::Reader;
use crate::error::DecodeError;
use crate::lists::times::{read_city, read_span, read_time, write_span, write_time};
use crate::lists::{ListError, ListName, PolicyRule, PolicyRules, Snapshot, rules};
use crate::writer::{MAP, UNSIGNED, Writer};

/// Most bytes of a policy: with as many rules as it may have.
pub const POLICY_BYTES_MAX: usize = 12 * 1024;

const CITY: i64 = 1;
const VERSION: i64 = 2;
const ISSUED: i64 = 3;
const CODE_LIFE: i64 = 4;
const PHONE_SLOW: i64 = 5;
const PHONE_FAST: i64 = 6;
const NOT_BEFORE: i64 = 7;
const EXPIRY: i64 = 8;
const MODES: i64 = 9;
const STALE_FOR: i64 = 10;
const STALE_TAPS: i64 = 11;
const RULES: i64 = 12;

/// What gates of a city go by. Spans are whole seconds, from zero to ten years.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GatePolicy {
    /// The city.
    pub city: TextId,
    /// From 1; grows with every change.
    pub version: u64,
    /// When it was made.
    pub issued: Timestamp,
    /// How long a presentation may be shown after it was made.
    pub code_life: Span,
    /// How far a phone's clock may be behind.
    pub phone_slow_max: Span,
    /// How far a phone's clock may be ahead.
    pub phone_fast_max: Span,
    /// How long before its start a code is let pass.
    pub not_before_tolerance: Span,
    /// How long after its end a code is let pass.
    pub expiry_tolerance: Span,
    /// Kinds of codes that are taken: the sum of [`GatePolicy::ONE_WAY`],
    /// [`GatePolicy::GATE_BOUND`] and [`GatePolicy::TICKETS`], never none of them.
    pub modes: u8,
    /// How long after its snapshot's end a gate still lets pass. Codes denied and keys withdrawn
    /// since then are not known to it.
    pub stale_for: Span,
    /// How many riders it lets pass in that time: the most fares that can be lost. `u32::MAX`
    /// sets no limit.
    pub stale_taps: u32,
}

impl GatePolicy {
    /// Presentations that any gate takes.
    pub const ONE_WAY: u8 = 1;
    /// Presentations bound to one gate.
    pub const GATE_BOUND: u8 = 2;
    /// Tickets.
    pub const TICKETS: u8 = 4;
    /// All of them.
    pub const MODES_ALL: u8 = Self::ONE_WAY | Self::GATE_BOUND | Self::TICKETS;

    /// The bytes of a policy by which everything is taken that the bundle's keys signed.
    ///
    /// # Errors
    /// [`ListError::Encode`] for a span that has no place in a policy.
    pub fn encode(&self) -> Result<ArrayVec<u8, POLICY_BYTES_MAX>, ListError> {
        self.encode_with_rules(None)
    }

    /// The bytes of a policy with these rules of acceptance.
    ///
    /// # Errors
    /// [`ListError::Encode`] for a span that has no place in a policy, and for too many rules.
    pub fn encode_with_rules(
        &self,
        accepted: Option<&[PolicyRule]>,
    ) -> Result<ArrayVec<u8, POLICY_BYTES_MAX>, ListError> {
        if self.modes == 0 || self.modes > Self::MODES_ALL {
            return Err(ListError::Form(DecodeError::OutOfRange {
                at: 0,
                field: "modes",
                min: 1,
                max: u64::from(Self::MODES_ALL),
                got: u64::from(self.modes),
            }));
        }
        let mut out = Writer::<POLICY_BYTES_MAX>::default();
        let keys = if accepted.is_some() { 12 } else { 11 };
        out.head(MAP, keys).int(CITY).text(self.city.as_str());
        out.int(VERSION).head(UNSIGNED, self.version);
        write_time(&mut out, ISSUED, "issued", self.issued)?;
        for (key, field, span) in [
            (CODE_LIFE, "code_life", self.code_life),
            (PHONE_SLOW, "phone_slow_max", self.phone_slow_max),
            (PHONE_FAST, "phone_fast_max", self.phone_fast_max),
            (
                NOT_BEFORE,
                "not_before_tolerance",
                self.not_before_tolerance,
            ),
            (EXPIRY, "expiry_tolerance", self.expiry_tolerance),
        ] {
            write_span(&mut out, key, field, span)?;
        }
        out.int(MODES).head(UNSIGNED, u64::from(self.modes));
        write_span(&mut out, STALE_FOR, "stale_for", self.stale_for)?;
        out.int(STALE_TAPS)
            .head(UNSIGNED, u64::from(self.stale_taps));
        if let Some(accepted) = accepted {
            out.int(RULES);
            rules::write(&mut out, accepted)?;
        }
        Ok(out.finish("policy")?)
    }

    /// Takes the policy that `snapshot` names; its rules of acceptance are read and left out.
    ///
    /// # Errors
    /// [`ListError`] for any other bytes.
    pub fn read(bytes: &[u8], snapshot: &Snapshot) -> Result<Self, ListError> {
        Self::read_with_rules(bytes, snapshot).map(|(policy, _)| policy)
    }

    /// Takes the policy that `snapshot` names, with its rules of acceptance if it has any.
    ///
    /// # Errors
    /// [`ListError`] for any other bytes.
    pub fn read_with_rules<'a>(
        bytes: &'a [u8],
        snapshot: &Snapshot,
    ) -> Result<(Self, Option<PolicyRules<'a>>), ListError> {
        snapshot.policy.check(bytes)?;
        let mut reader = Reader::new(bytes);
        reader.check()?;
        let mut map = reader.map()?;
        let city = read_city(&mut map, &mut reader, CITY)?;
        map.key(&mut reader, VERSION)?;
        let version = reader.uint()?;
        let issued = read_time(&mut map, &mut reader, ISSUED, "issued")?;
        let mut span = |key, field| read_span(&mut map, &mut reader, key, field);
        let code_life = span(CODE_LIFE, "code_life")?;
        let phone_slow_max = span(PHONE_SLOW, "phone_slow_max")?;
        let phone_fast_max = span(PHONE_FAST, "phone_fast_max")?;
        let not_before_tolerance = span(NOT_BEFORE, "not_before_tolerance")?;
        let expiry_tolerance = span(EXPIRY, "expiry_tolerance")?;
        map.key(&mut reader, MODES)?;
        let modes = reader.uint_in("modes", 1, Self::MODES_ALL)?;
        let stale_for = read_span(&mut map, &mut reader, STALE_FOR, "stale_for")?;
        map.key(&mut reader, STALE_TAPS)?;
        let stale_taps = reader.uint_in("stale_taps", 0, u32::MAX)?;
        let mut accepted = None;
        if map.peek(&reader)? == Some(RULES) {
            map.key(&mut reader, RULES)?;
            accepted = Some(PolicyRules::take(&mut reader)?);
        }
        map.end(&reader)?;
        if city != snapshot.city || version != snapshot.policy.version {
            return Err(ListError::Claims {
                name: ListName::Policy,
            });
        }
        let policy = Self {
            city,
            version,
            issued,
            code_life,
            phone_slow_max,
            phone_fast_max,
            not_before_tolerance,
            expiry_tolerance,
            modes,
            stale_for,
            stale_taps,
        };
        Ok((policy, accepted))
    }
}
