//! Pairing: which taps are one journey.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use units::{NetworkId, Span, TapId, Timestamp};

use crate::{Medium, Tap, TapKind};

/// Taps that belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pairing {
    /// On, then off within the longest journey.
    Pair { on: Tap, off: Tap },
    /// On, and no off that goes with it.
    LoneOn(Tap),
    /// Off, and no on that goes with it.
    LoneOff(Tap),
    /// On where no tap off is needed; an off may have come all the same.
    Boarding { on: Tap, off: Option<Tap> },
    /// Off where none is needed, with no boarding before it.
    LoneAlighting(Tap),
}

impl Pairing {
    /// The earliest of its taps.
    pub(crate) const fn first(&self) -> &Tap {
        match self {
            Self::Pair { on, .. } | Self::LoneOn(on) | Self::Boarding { on, .. } => on,
            Self::LoneOff(off) | Self::LoneAlighting(off) => off,
        }
    }

    /// The tap where it ended, if there is one.
    pub(crate) const fn off(&self) -> Option<&Tap> {
        match self {
            Self::Pair { off, .. } | Self::LoneOff(off) | Self::LoneAlighting(off) => Some(off),
            Self::Boarding { off, .. } => off.as_ref(),
            Self::LoneOn(_) => None,
        }
    }

    /// Its taps in order of time.
    pub(crate) fn taps(&self) -> Vec<TapId> {
        match self {
            Self::Pair { on, off } | Self::Boarding { on, off: Some(off) } => vec![on.id, off.id],
            _ => vec![self.first().id],
        }
    }
}

/// Taps of a day that are compared each with each.
const FEW: usize = 16;

/// The taps of a day in order, each id once: of taps with one id the least (by [`Tap`]'s order)
/// stands for all.
pub(crate) fn distinct(taps: &[Tap]) -> Cow<'_, [Tap]> {
    // Most days come so already. Of many taps, comparing each with each takes longer than sorting.
    let is_new = |(place, tap): (usize, &Tap)| taps.iter().take(place).all(|old| old.id != tap.id);
    if taps.len() <= FEW && taps.is_sorted() && taps.iter().enumerate().all(is_new) {
        return Cow::Borrowed(taps);
    }
    // A tap is some two hundred bytes: its place is sorted in its stead.
    let mut distinct: Vec<&Tap> = taps.iter().collect();
    distinct.sort_unstable_by_key(|tap| (tap.id, *tap));
    distinct.dedup_by_key(|tap| tap.id);
    distinct.sort_unstable();
    Cow::Owned(distinct.into_iter().copied().collect())
}

/// Pairs the taps of one rider and day, given in order and each id once ([`distinct`]).
///
/// `boards` gives the network of a tap where riders only tap on, and `None` for every other tap.
/// The result is ordered by first tap and holds every tap once.
///
/// Taps of one medium are paired among themselves; those that stay alone are then paired across
/// media, as of a rider who came in with a phone and left with a card.
pub(crate) fn pair(
    taps: &[Tap],
    longest: Span,
    boards: impl Fn(&Tap) -> Option<NetworkId>,
) -> Vec<Pairing> {
    // Taps of vehicles without tap off are journeys of their own: they neither end nor break a
    // journey between gates.
    let (mut boarding, mut gated) = (Vec::new(), Vec::new());
    for tap in taps {
        match boards(tap) {
            Some(network) => boarding.push((*tap, network)),
            None => gated.push(*tap),
        }
    }
    let mut pairings = pair_media(&gated, longest);
    pairings.extend(pair_boarding(&boarding, longest));
    pairings.sort_unstable_by_key(|pairing| *pairing.first());
    pairings
}

/// Pairs taps at gates: first those of each medium, then those that are left.
fn pair_media(taps: &[Tap], longest: Span) -> Vec<Pairing> {
    let media: BTreeSet<Option<Medium>> = taps.iter().map(|tap| tap.holder.medium).collect();
    if media.len() < 2 {
        return pair_gated(taps, longest);
    }
    let (mut pairings, mut left) = (Vec::new(), Vec::new());
    for medium in media {
        let own = taps.iter().filter(|tap| tap.holder.medium == medium);
        for pairing in pair_gated(&own.copied().collect::<Vec<_>>(), longest) {
            match pairing {
                Pairing::LoneOn(tap) | Pairing::LoneOff(tap) => left.push(tap),
                paired => pairings.push(paired),
            }
        }
    }
    left.sort_unstable();
    pairings.extend(pair_gated(&left, longest));
    pairings
}

/// Whether `on` and a later `off` are close enough to be one journey.
fn within(on: Timestamp, off: Timestamp, longest: Span) -> bool {
    off.since(on) <= longest
}

/// Pairs taps at gates, given in order.
fn pair_gated(taps: &[Tap], longest: Span) -> Vec<Pairing> {
    let mut pairings = Vec::new();
    let mut open: Option<Tap> = None;
    let mut settle = |open: &mut Option<Tap>, tap: Tap| match (open.take(), tap.kind) {
        (None, TapKind::On) => *open = Some(tap),
        (Some(on), TapKind::On) => {
            pairings.push(Pairing::LoneOn(on));
            *open = Some(tap);
        }
        (Some(on), TapKind::Off) if within(on.at, tap.at, longest) => {
            pairings.push(Pairing::Pair { on, off: tap });
        }
        (Some(on), TapKind::Off) => {
            pairings.extend([Pairing::LoneOn(on), Pairing::LoneOff(tap)]);
        }
        (None, TapKind::Off) => pairings.push(Pairing::LoneOff(tap)),
    };
    for instant in taps.chunk_by(|a, b| a.at == b.at) {
        // Coarse clocks put "off there, on here" into one instant. What can be closed is closed
        // first; with nothing open, or open for too long, on comes before off.
        let ons = instant.iter().filter(|tap| tap.kind == TapKind::On);
        let mut offs = instant.iter().filter(|tap| tap.kind == TapKind::Off);
        for on in ons {
            if open.is_some_and(|open| within(open.at, on.at, longest))
                && let Some(off) = offs.next()
            {
                settle(&mut open, *off);
            }
            settle(&mut open, *on);
        }
        for off in offs {
            settle(&mut open, *off);
        }
    }
    pairings.extend(open.map(Pairing::LoneOn));
    pairings
}

/// Pairs taps where riders only tap on, given in order with their networks. An off that comes all
/// the same goes with the last boarding of its network that has none yet: first with one of its
/// own medium, then with any.
fn pair_boarding(taps: &[(Tap, NetworkId)], longest: Span) -> Vec<Pairing> {
    let mut offs: Vec<Option<Tap>> = vec![None; taps.len()];
    let mut joined = vec![false; taps.len()];
    join_offs(taps, longest, (&mut offs, &mut joined), |tap, network| {
        (network, Some(tap.holder.medium))
    });
    join_offs(taps, longest, (&mut offs, &mut joined), |_, network| {
        (network, None::<Option<Medium>>)
    });
    let mut pairings = Vec::with_capacity(taps.len());
    for ((tap, _), (off, joined)) in taps.iter().zip(offs.into_iter().zip(joined)) {
        match tap.kind {
            TapKind::On => pairings.push(Pairing::Boarding { on: *tap, off }),
            TapKind::Off if joined => {}
            TapKind::Off => pairings.push(Pairing::LoneAlighting(*tap)),
        }
    }
    pairings
}

/// Joins each off that no boarding has to the last boarding of its key that has no off, and notes
/// it by the place of the boarding; `joined` says which offs have one.
fn join_offs<K: Ord>(
    taps: &[(Tap, NetworkId)],
    longest: Span,
    (offs, joined): (&mut [Option<Tap>], &mut [bool]),
    key: impl Fn(&Tap, NetworkId) -> K,
) {
    let mut open: BTreeMap<K, Vec<(usize, Tap)>> = BTreeMap::new();
    for (place, (tap, network)) in taps.iter().enumerate() {
        let boardings = open.entry(key(tap, *network)).or_default();
        if tap.kind == TapKind::On {
            if offs.get(place).is_some_and(Option::is_none) {
                boardings.push((place, *tap));
            }
            continue;
        }
        if joined.get(place) == Some(&true) {
            continue;
        }
        // Where the last one is too long ago, so are all before it.
        let Some((at, on)) = boardings.pop() else {
            continue;
        };
        if !within(on.at, tap.at, longest) {
            boardings.clear();
            continue;
        }
        if let (Some(slot), Some(is_joined)) = (offs.get_mut(at), joined.get_mut(place)) {
            *slot = Some(*tap);
            *is_joined = true;
        }
    }
}
