//! How old lists are, and what a gate may still do with them.

use units::{Span, Timestamp};
use wire::lists::{GatePolicy, PolicyRule};

use crate::update::Held;
use crate::{Acceptance, Kinds, NetworkCode, Policy, ZoneCode};

/// The stated risk of a gate that learns nothing new: how long, and how many riders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StaleRule {
    /// How long after the snapshot's end riders are still let pass.
    pub stale_for: Span,
    /// How many.
    pub stale_taps: u32,
}

impl StaleRule {
    /// As the city's policy says.
    #[must_use]
    pub const fn of(policy: &GatePolicy) -> Self {
        Self {
            stale_for: policy.stale_for,
            stale_taps: policy.stale_taps,
        }
    }
}

/// What lists are worth now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    /// The snapshot is not over.
    Fresh,
    /// It is over since then; riders are let pass as the city's policy says.
    Stale {
        /// The snapshot's end.
        since: Timestamp,
    },
    /// Nobody is let pass: no lists, or stale for longer or for more riders than the policy says.
    Closed,
}

impl Held {
    /// What the lists in force are worth at `now`, when so many riders were let pass since the
    /// snapshot's end.
    #[must_use]
    pub fn freshness(&self, now: Timestamp, rule: StaleRule, passed: u32) -> Freshness {
        let Some(snapshot) = self.snapshot() else {
            return Freshness::Closed;
        };
        let since = snapshot.expires;
        if now < since {
            Freshness::Fresh
        } else if now < since.plus(rule.stale_for) && passed < rule.stale_taps {
            Freshness::Stale { since }
        } else {
            Freshness::Closed
        }
    }
}

/// `base` with what a city's signed policy says: it is the one source of tolerances and of the
/// kinds of codes that are taken, and `base` only adds what it does not speak of.
#[must_use]
pub const fn rules_of(policy: &GatePolicy, base: Policy) -> Policy {
    let mut rules = base;
    rules.code_life = policy.code_life;
    rules.phone_slow_max = policy.phone_slow_max;
    rules.phone_fast_max = policy.phone_fast_max;
    rules.not_before_tolerance = policy.not_before_tolerance;
    rules.expiry_tolerance = policy.expiry_tolerance;
    // A policy that was read names at least one kind.
    if let Some(kinds) = Kinds::from_modes(policy.modes) {
        rules.kinds = kinds;
    }
    rules
}

/// A rule of a city's policy as gates decide by it.
#[must_use]
pub fn acceptance(rule: &PolicyRule) -> Acceptance {
    Acceptance {
        issuer: rule.issuer,
        network: rule.network.map(NetworkCode::from_number),
        zone: rule.zone.map(ZoneCode::from_number),
        product: rule.product,
        category: rule.category,
        party_max: rule.party_max.unwrap_or(Acceptance::ANY.party_max),
        ticket_life_max: rule.ticket_life_max,
        passback: rule.passback,
    }
}
