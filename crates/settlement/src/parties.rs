//! Parties that go through one by one, in cities whose gates let each companion in with a tap.
//!
//! A phone shows its next code for each companion, a ticket is shown again. All these taps are one
//! tap of so many riders: the first stands for the party, and each later one adds a rider. A later
//! one is of the same credential, service day, stop, route and direction, at most
//! [`PARTY_PASSES`] after the first; nothing of that credential happens elsewhere in between; and
//! no more go through than the credential has. The answer depends on the set of taps alone.

use std::collections::{BTreeMap, BTreeSet};

use units::{CredentialId, Span, TapId};

use crate::model::{CodeUse, StoredTap};

/// How long a party takes to go through after its first rider: a new code every 15 s, a gate that
/// opens for each, and a family with a pram.
pub const PARTY_PASSES: Span = Span::from_secs(5 * 60);

/// A tap's part in its party.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// The first rider; so many more went through after it.
    First { companions: u8 },
    /// One more rider of the party whose first tap came before.
    Later,
}

/// The parts of the taps that show a code. Of taps that share a presentation only the first has
/// one: a phone makes a code for each rider.
pub(crate) fn parts<'a>(taps: impl IntoIterator<Item = &'a StoredTap>) -> BTreeMap<TapId, Part> {
    let mut taps: Vec<(CodeUse, &StoredTap)> = taps
        .into_iter()
        .filter_map(|tap| Some((tap.code?, tap)))
        .collect();
    taps.sort_unstable_by_key(|(_, tap)| (tap.tap.at, tap.tap.id));
    taps.dedup_by_key(|(_, tap)| tap.tap.id);
    let mut parts = BTreeMap::new();
    let mut shown: BTreeSet<CodeUse> = BTreeSet::new();
    let mut first: BTreeMap<CredentialId, &StoredTap> = BTreeMap::new();
    for (code, tap) in taps {
        if !shown.insert(code) && !code.is_ticket() {
            continue;
        }
        if let Some(leader) = first.get(&code.credential)
            && let Some(Part::First { companions }) = parts.get_mut(&leader.tap.id)
            && goes_with(leader, tap)
            && *companions < leader.tap.holder.companions
        {
            *companions = companions.saturating_add(1);
            parts.insert(tap.tap.id, Part::Later);
        } else {
            first.insert(code.credential, tap);
            parts.insert(tap.tap.id, Part::First { companions: 0 });
        }
    }
    parts
}

fn goes_with(leader: &StoredTap, tap: &StoredTap) -> bool {
    let place = |tap: &StoredTap| (tap.day, tap.tap.kind, tap.tap.stop, tap.tap.route);
    place(leader) == place(tap) && tap.tap.at <= leader.tap.at.plus(PARTY_PASSES)
}
