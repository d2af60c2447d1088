//! Section `fare_leg_join_rules.txt`: which legs count as one, and the rules that match them.

use super::legs::Cells;
use super::{Fares, Leg, Moment, Place};
use crate::Feed;
use crate::feed::{LegJoinRule, StopIx};

/// The join rules.
#[derive(Clone, Debug)]
pub(super) struct Joins {
    rules: Vec<LegJoinRule>,
}

/// An effective fare leg.
#[derive(Clone, Copy, Debug)]
pub(super) struct FareLeg {
    /// The first of its legs.
    pub(super) first: usize,
    /// One after the last.
    pub(super) end: usize,
    /// The fare validation at its start.
    pub(super) departs: Moment,
    /// The fare validation at its end, where riders tap off.
    pub(super) arrives: Option<Moment>,
    rules: (usize, usize),
}

/// The effective legs of an itinerary.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    pub(super) legs: Vec<FareLeg>,
    found: Vec<u32>,
    cells: Cells,
}

impl Scratch {
    /// The rules that match an effective leg, by their places in the index.
    pub(super) fn rules_of(&self, leg: &FareLeg) -> &[u32] {
        self.found.get(leg.rules.0..leg.rules.1).unwrap_or(&[])
    }
}

impl Joins {
    pub(super) fn new(feed: &Feed) -> Self {
        Self {
            rules: feed.join_rules.clone(),
        }
    }

    /// Whether some record matches the transfer. Empty fields are ignored; unless stops are named,
    /// the last station of one leg and the first of the other must be the same.
    fn match_transfer(&self, feed: &Feed, before: &Leg<'_>, after: &Leg<'_>) -> bool {
        self.rules.iter().any(|rule| {
            let networks =
                |asked: Option<_>, leg: &Leg<'_>| asked.is_none() || asked == leg.network;
            let (end, start) = (before.to.as_ref(), Some(&after.from));
            let stops = match (rule.from_stop, rule.to_stop) {
                (None, None) => {
                    let station = |place: Option<&Place<'_>>| Some(station(feed, place?.stop?));
                    station(end).is_some() && station(end) == station(start)
                }
                (from, to) => is_at(feed, from, end) && is_at(feed, to, start),
            };
            stops && networks(rule.from_network, before) && networks(rule.to_network, after)
        })
    }
}

/// The effective legs of `legs` with the rules that match each: "when a sub-journey contains
/// consecutive transfers that each match a join rule, then the entire sub-journey should be
/// considered as a single effective fare leg".
pub(super) fn join(fares: &Fares, legs: &[Leg<'_>], scratch: &mut Scratch) {
    scratch.legs.clear();
    scratch.found.clear();
    let mut first = 0;
    for (at, leg) in legs.iter().enumerate() {
        let end = at.saturating_add(1);
        let joined = legs.get(end).is_some_and(|next| {
            !fares.joins.rules.is_empty() && fares.joins.match_transfer(&fares.feed, leg, next)
        });
        if !joined {
            if let Some(group) = legs.get(first..end) {
                push(fares, group, first, scratch);
            }
            first = end;
        }
    }
}

/// Matches one effective leg: by the networks of all its legs, the departure of the first and the
/// arrival of the last.
fn push(fares: &Fares, group: &[Leg<'_>], first: usize, scratch: &mut Scratch) {
    let (Some(head), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let cells = &mut scratch.cells;
    let networks = group
        .iter()
        .map(|leg| fares.rules.network_cell(leg.network));
    fares.rules.cells_of_networks(networks, &mut cells.networks);
    fares
        .rules
        .cells_of_areas(&fares.feed, &head.from, last.to.as_ref(), cells);
    let begin = scratch.found.len();
    let times = (head.start, last.end);
    fares.rules.find(
        &fares.feed,
        &fares.timeframes,
        cells,
        times,
        &mut scratch.found,
    );
    scratch.legs.push(FareLeg {
        first,
        end: first.saturating_add(group.len()),
        departs: head.start,
        arrives: last.end,
        rules: (begin, scratch.found.len()),
    });
}

/// The station of a stop: its parent, else itself. Platforms have a parent, and boarding areas the
/// platform between them and it.
fn station(feed: &Feed, stop: StopIx) -> StopIx {
    let parent = |stop: StopIx| feed.stop(stop).and_then(|row| row.parent);
    let Some(up) = parent(stop) else {
        return stop;
    };
    parent(up).unwrap_or(up)
}

/// Fields `from_stop_id` and `to_stop_id`: at the stop, or at any stop of the station.
fn is_at(feed: &Feed, asked: Option<StopIx>, place: Option<&Place<'_>>) -> bool {
    let Some(asked) = asked else { return true };
    place.and_then(|place| place.stop).is_some_and(|stop| {
        let parent = |stop: StopIx| feed.stop(stop).and_then(|row| row.parent);
        stop == asked || parent(stop) == Some(asked) || parent(stop).and_then(parent) == Some(asked)
    })
}
