//! Signed lists at a gate: fetched, checked by `validator::update`, made durable, then used.
//!
//! A gate is installed with a root (`[lists] root`). From then on it takes roots, snapshots and
//! lists only as `docs/WIRE.md`, "Signed lists", says, whoever serves them.

mod fetch;
mod store;

pub use fetch::SignedSyncer;
pub use store::{HeldBytes, LoadError, Store};

use std::sync::Arc;

use validator::update::{Held, StaleRule, acceptance, rules_of};
use validator::{Policy, Validator};
use wire::lists::{Bundle, GatePolicy, PolicyRules};
use wire::{KeyTable, ListVersions};

use crate::denied::Denied;
use crate::lists::{Keys, ListError};

/// Lists of one snapshot, ready to decide.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Root and snapshot.
    pub held: Held,
    /// Issuer keys that are trusted here.
    pub keys: Arc<Keys>,
    /// Denied codes.
    pub denied: Arc<Denied>,
    /// What the city says of gates that are cut off.
    pub rule: StaleRule,
}

impl InForce {
    /// What a tap at `now` says of these lists.
    #[must_use]
    pub fn versions_at(&self, now: units::Timestamp) -> ListVersions {
        let snapshot = self.held.snapshot();
        snapshot.map_or(ListVersions::UNKNOWN, |snapshot| snapshot.versions_at(now))
    }
}

/// What a gate adds to the lists: where it is, and rules of its own.
#[derive(Clone, Copy, Debug)]
pub struct Here {
    /// The network on which it stands, where keys are limited to networks.
    pub network: Option<units::NetworkId>,
    /// Rules beside those of the city's policy.
    pub base: Policy,
}

/// The bundle's keys that are trusted here, prepared, under the policy's rules of acceptance.
///
/// # Errors
/// [`ListError`] when the validator does not take them.
pub fn keys_of(
    bundle: &Bundle<'_>,
    policy: &GatePolicy,
    rules: Option<&PolicyRules<'_>>,
    here: &Here,
) -> Result<Keys, ListError> {
    let mut keys = Vec::new();
    let mut public = std::collections::BTreeSet::new();
    let trusted = bundle.keys().filter(|key| key.is_trusted_in(here.network));
    for (index, key) in trusted.enumerate() {
        let prepared = key.to_issuer_key().ok().map(|usable| {
            public.insert(*key.public_key);
            usable.prepare(Box::new(KeyTable::EMPTY))
        });
        // `Bundle::read` has looked at each key.
        let Some(prepared) = prepared else { continue };
        keys.push(prepared.map_err(|source| ListError::Key { index, source })?);
    }
    let validator = Validator::new(keys, rules_of(policy, here.base))?;
    let validator = match rules {
        Some(rules) => {
            validator.with_rules(rules.iter().map(|rule| acceptance(&rule)).collect())?
        }
        None => validator.ruled(),
    };
    Ok(Keys { validator, public })
}
