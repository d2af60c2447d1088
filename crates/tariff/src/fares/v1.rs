//! Sections `fare_attributes.txt` and `fare_rules.txt` (Fares v1), for feeds without leg rules.
//!
//! A fare covers consecutive legs; the itinerary is cut into such pieces at the least cost.

use std::collections::{BTreeMap, BTreeSet};

use units::Currency;

use super::priced::{Ambiguity, Bought, Line, LineKind, Priced};
use super::{Leg, Place};
use crate::Feed;
use crate::feed::{FareAttribute, FareIx, FeedFile, RouteIx, ZoneIx};

/// Rows of `fare_rules.txt` that differ in `contains_id` only.
#[derive(Clone, Debug)]
struct Rule {
    fare: FareIx,
    row: u32,
    route: Option<RouteIx>,
    origin: Option<ZoneIx>,
    destination: Option<ZoneIx>,
    contains: BTreeSet<ZoneIx>,
}

/// The fares of a feed.
#[derive(Clone, Debug)]
pub(super) struct Fares {
    /// Sorted by fare.
    rules: Vec<Rule>,
    /// By fare: its rules.
    of_fare: Vec<(usize, usize)>,
    /// By fare: its place among all by the text of its id.
    order: Vec<usize>,
}

/// A way to have travelled up to a leg: legs unpriced, minor units, fares bought; the last piece.
#[derive(Clone, Copy, Debug)]
struct Way {
    cost: (usize, i128, usize),
    first: usize,
    bought: Option<Piece>,
}

/// A fare that covers legs in a row.
#[derive(Clone, Copy, Debug)]
struct Piece {
    fare: FareIx,
    minor: i64,
    /// The place of its id among all by text.
    order: usize,
    row: u32,
}

/// What a leg costs and by what, the lesser first: unpriced comes last, a piece counts to its first
/// leg.
type Share = (bool, i64, usize, u32);

impl Fares {
    pub(super) fn new(feed: &Feed) -> Self {
        let mut groups = BTreeMap::new();
        for row in &feed.fare_rules {
            let key = (row.fare, row.route, row.origin, row.destination);
            let (first, zones) = groups
                .entry(key)
                .or_insert_with(|| (row.row, BTreeSet::new()));
            *first = row.row.min(*first);
            zones.extend(row.contains);
        }
        let rules: Vec<Rule> = groups
            .into_iter()
            .map(
                |((fare, route, origin, destination), (row, contains))| Rule {
                    fare,
                    row,
                    route,
                    origin,
                    destination,
                    contains,
                },
            )
            .collect();
        let of_fare = (0..feed.fare_attributes.len())
            .map(|fare| {
                (
                    rules.partition_point(|rule| rule.fare.index() < fare),
                    rules.partition_point(|rule| rule.fare.index() <= fare),
                )
            })
            .collect();
        let mut names: Vec<(&str, FareIx)> = feed
            .ids
            .fares
            .iter()
            .map(|(fare, text)| (text, fare))
            .collect();
        names.sort_unstable();
        let mut order = vec![0; names.len()];
        for (place, (_, fare)) in names.iter().enumerate() {
            if let Some(slot) = order.get_mut(fare.index()) {
                *slot = place;
            }
        }
        Self {
            rules,
            of_fare,
            order,
        }
    }

    /// The least for `legs`.
    pub(super) fn price(&self, feed: &Feed, legs: &[Leg<'_>]) -> Priced {
        let mut ways: Vec<Way> = Vec::with_capacity(legs.len());
        let mut currencies: BTreeSet<Currency> = BTreeSet::new();
        for last in 0..legs.len() {
            let before = |first: usize| {
                let before = first.checked_sub(1).and_then(|at| ways.get(at));
                before.map_or((0, 0, 0), |way: &Way| way.cost)
            };
            // Leaving a leg out may price more of those before it.
            let (unpriced, minor, tickets) = before(last);
            let mut best = Way {
                cost: (unpriced.saturating_add(1), minor, tickets),
                first: last,
                bought: None,
            };
            for first in (0..=last).rev() {
                let Some(piece) = legs.get(first..=last) else {
                    continue;
                };
                let (unpriced, minor, tickets) = before(first);
                for (fare, attribute) in feed.fare_attributes.iter().enumerate() {
                    let Some(row) = self.covers(feed, fare, attribute, piece) else {
                        continue;
                    };
                    currencies.insert(attribute.price.currency());
                    let price = attribute.price.as_minor();
                    let way = Way {
                        cost: (
                            unpriced,
                            minor.saturating_add(i128::from(price)),
                            tickets.saturating_add(1),
                        ),
                        first,
                        bought: Some(Piece {
                            fare: FareIx::new(u32::try_from(fare).unwrap_or(u32::MAX)),
                            minor: price,
                            order: self.order.get(fare).copied().unwrap_or(usize::MAX),
                            row,
                        }),
                    };
                    let is_less = way.cost < best.cost
                        || (way.cost == best.cost
                            && shares(&ways, &way, last) < shares(&ways, &best, last));
                    if is_less {
                        best = way;
                    }
                }
            }
            ways.push(best);
        }
        let ambiguity = (currencies.len() > 1).then_some(Ambiguity::Currencies);
        finish(feed, legs.len(), &ways, ambiguity)
    }

    /// The row of the rule by which a fare covers `piece`, if it does.
    ///
    /// Section `fare_attributes.txt`: `transfers` is how many transfers the piece may have,
    /// `transfer_duration` how long after the first boarding the last may be, and `agency_id` whose
    /// routes. Section `fare_rules.txt`: each leg needs a row whose filled fields all match:
    /// its route, the zones where the piece begins and ends, and as `contains_id` exactly the zones
    /// that it visits ("an itinerary that passes through zones 5 and 6 but not zone 7 would not
    /// have fare class c"). A fare without rows is for no itinerary that the file specifies.
    fn covers(
        &self,
        feed: &Feed,
        fare: usize,
        attribute: &FareAttribute,
        piece: &[Leg<'_>],
    ) -> Option<u32> {
        let (first, last) = (piece.first()?, piece.last()?);
        let transfers = piece.len().saturating_sub(1);
        let in_number = attribute
            .transfers
            .is_none_or(|most| usize::try_from(most).is_ok_and(|most| transfers <= most));
        let in_time = attribute.transfer_duration_s.is_none_or(|seconds| {
            let limit = i64::from(seconds).saturating_mul(1_000_000);
            last.start.at.since(first.start.at).as_micros() <= limit
        });
        if !in_number || !in_time {
            return None;
        }
        let zone = |place: Option<&Place<'_>>| feed.stop(place?.stop?)?.zone;
        let origin = zone(Some(&first.from));
        let destination = zone(last.to.as_ref());
        let agency = |leg: &Leg<'_>| feed.routes.get(leg.route?.index())?.agency;

        let (begin, end) = self.of_fare.get(fare).copied()?;
        let rules = self.rules.get(begin..end)?;
        let mut row = None;
        for leg in piece {
            if attribute
                .agency
                .is_some_and(|own| agency(leg).is_some_and(|other| other != own))
            {
                return None;
            }
            let holding = rules.iter().filter(|rule| {
                (rule.route.is_none() || rule.route == leg.route)
                    && (rule.origin.is_none() || rule.origin == origin)
                    && (rule.destination.is_none() || rule.destination == destination)
                    && (rule.contains.is_empty() || rule.contains == visited(feed, piece))
            });
            let rule = holding.min_by_key(|rule| rule.row)?;
            row = row.or(Some(rule.row));
        }
        row
    }
}

/// The zones where the legs of a piece begin and end.
fn visited(feed: &Feed, piece: &[Leg<'_>]) -> BTreeSet<ZoneIx> {
    let places = piece
        .iter()
        .flat_map(|leg| [Some(leg.from), leg.to].into_iter().flatten());
    places
        .filter_map(|place| feed.stop(place.stop?)?.zone)
        .collect()
}

/// The shares of the legs up to `last` by `way`: of ways that cost the same the one holds whose
/// shares are less at the first leg that differs.
fn shares(ways: &[Way], way: &Way, last: usize) -> Vec<Share> {
    let mut shares = vec![(true, 0, 0, 0); last.saturating_add(1)];
    let mut next = Some((way, last));
    while let Some((way, last)) = next {
        if let Some(piece) = way.bought {
            for (place, share) in shares.iter_mut().enumerate() {
                if (way.first..=last).contains(&place) {
                    let minor = if place == way.first { piece.minor } else { 0 };
                    *share = (false, minor, piece.order, piece.row);
                }
            }
        }
        let before = way.first.checked_sub(1);
        next = before.and_then(|at| Some((ways.get(at)?, at)));
    }
    shares
}

/// The lines of the cheapest way to the last leg.
fn finish(feed: &Feed, legs: usize, ways: &[Way], ambiguity: Option<Ambiguity>) -> Priced {
    let mut lines = Vec::new();
    let mut unpriced = Vec::new();
    let mut end = legs;
    while let Some(way) = end.checked_sub(1).and_then(|at| ways.get(at)) {
        let bought = way.bought.and_then(|Piece { fare, row, .. }| {
            Some((fare, row, feed.fare_attributes.get(fare.index())?))
        });
        match bought {
            Some((fare, row, attribute)) => lines.push(Line {
                legs: way.first..end,
                pays: way.first,
                bought: Bought::Fare(fare),
                amount: attribute.price.to_balance(),
                file: FeedFile::FareRules,
                row,
                kind: LineKind::Itinerary,
            }),
            None => unpriced.extend((way.first..end).rev()),
        }
        end = way.first;
    }
    lines.reverse();
    unpriced.reverse();
    Priced::new(legs, unpriced, lines, ambiguity)
}
