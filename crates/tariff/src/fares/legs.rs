//! Section `fare_leg_rules.txt`: which rules match a leg.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::KeyTable;
use super::timeframes::Timeframes;
use super::{Moment, Place};
use crate::Feed;
use crate::feed::{AreaIx, LegRule, NetworkIx, ProductIx};

/// A cell of the key columns: 0 is empty, others are numbers of the values that the column lists.
pub(super) type Cell = u32;

/// The cell that nothing is written in.
pub(super) const EMPTY: Cell = 0;

/// The leg rules, found by the cells of their key.
///
/// A value that a column does not list matches what any other such value matches, so a leg has one
/// or two cells to try per column whatever the number of rules.
#[derive(Clone, Debug)]
pub(super) struct LegRules {
    /// What an empty cell means: with the column `rule_priority` anything at all, without it
    /// everything but the values that the column lists (steps 3 and 4 of the section).
    wildcards: bool,
    networks: Vec<Cell>,
    from_areas: Vec<Cell>,
    to_areas: Vec<Cell>,
    by_key: KeyTable,
    /// Sorted by key, then the highest priority first.
    rules: Vec<LegRule>,
}

/// The cells to try for one leg.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    pub(super) networks: Vec<Cell>,
    pub(super) from: Vec<Cell>,
    pub(super) to: Vec<Cell>,
}

impl LegRules {
    pub(super) fn new(feed: &Feed) -> Self {
        let rows = &feed.leg_rules;
        let networks = listed(
            feed.ids.networks.len(),
            rows.iter()
                .filter_map(|rule| rule.network.map(NetworkIx::index)),
        );
        let from = rows.iter().filter_map(|rule| Some(rule.from_area?.index()));
        let from_areas = listed(feed.ids.areas.len(), from);
        let to = rows.iter().filter_map(|rule| Some(rule.to_area?.index()));
        let to_areas = listed(feed.ids.areas.len(), to);

        let order = text_order(feed);
        let key_of = |rule: &LegRule| {
            let network = cell(&networks, rule.network.map(NetworkIx::index));
            let from = cell(&from_areas, rule.from_area.map(AreaIx::index));
            let to = cell(&to_areas, rule.to_area.map(AreaIx::index));
            key(network, from, to)
        };
        let mut rules = rows.clone();
        rules.sort_by_key(|rule| {
            let product = order.get(rule.product.index()).copied();
            let priority = std::cmp::Reverse(rule.priority);
            (key_of(rule), priority, product, rule.row)
        });
        let by_key = KeyTable::new(rules.iter().map(key_of));
        Self {
            wildcards: feed.has_rule_priority,
            networks,
            from_areas,
            to_areas,
            by_key,
            rules,
        }
    }

    /// A rule by its place in the index.
    pub(super) fn get(&self, at: u32) -> Option<&LegRule> {
        self.rules.get(usize::try_from(at).ok()?)
    }

    /// The network column. A leg in a network that no rule names, or in none, matches empty cells
    /// (field `network_id`: "empty will be matched by default").
    pub(super) fn network_cell(&self, network: Option<NetworkIx>) -> Cell {
        cell(&self.networks, network.map(NetworkIx::index))
    }

    /// The cells of an effective leg whose legs are in `networks`. Field `network_id`: "each leg
    /// must have the same `network_id` which will be used for matching", so that legs of different
    /// networks match rules that ask for none.
    pub(super) fn cells_of_networks(
        &self,
        mut networks: impl Iterator<Item = Cell>,
        cells: &mut Vec<Cell>,
    ) {
        cells.clear();
        let Some(first) = networks.next() else { return };
        let same = networks.all(|other| other == first);
        if same {
            cells.push(first);
        }
        if self.wildcards && (!same || first != EMPTY) {
            cells.push(EMPTY);
        }
    }

    /// Fields `from_area_id` and `to_area_id`; a leg whose end is unknown has no arrival area.
    pub(super) fn cells_of_areas(
        &self,
        feed: &Feed,
        from: &Place<'_>,
        to: Option<&Place<'_>>,
        cells: &mut Cells,
    ) {
        let areas = |place: &Place<'_>, listed: &[Cell], cells: &mut Vec<Cell>| {
            cells.clear();
            let of_stop = || place.stop.map_or(&[][..], |stop| feed.areas_of(stop));
            for area in place.areas.unwrap_or_else(of_stop) {
                let found = cell(listed, Some(area.index()));
                if found != EMPTY && !cells.contains(&found) {
                    cells.push(found);
                }
            }
            if self.wildcards || cells.is_empty() {
                cells.push(EMPTY);
            }
        };
        areas(from, &self.from_areas, &mut cells.from);
        if let Some(to) = to {
            areas(to, &self.to_areas, &mut cells.to);
        } else {
            cells.to.clear();
            cells.to.push(EMPTY);
        }
    }

    /// Appends the places of the rules that match: of all keys and timeframes, those with the
    /// highest `rule_priority` (field `rule_priority`).
    pub(super) fn find(
        &self,
        feed: &Feed,
        timeframes: &Timeframes,
        cells: &Cells,
        (start, end): (Moment, Option<Moment>),
        found: &mut Vec<u32>,
    ) {
        let begin = found.len();
        let mut best = 0;
        for network in &cells.networks {
            for from in &cells.from {
                for to in &cells.to {
                    let range = self.by_key.get(key(*network, *from, *to));
                    let first = u32::try_from(range.start).unwrap_or(u32::MAX);
                    let rules = self.rules.get(range).unwrap_or(&[]);
                    for (at, rule) in (first..).zip(rules) {
                        if rule.priority < best {
                            break;
                        }
                        if !timeframes.hold(feed, rule.from_timeframe, Some(start))
                            || !timeframes.hold(feed, rule.to_timeframe, end)
                        {
                            continue;
                        }
                        if rule.priority > best {
                            found.truncate(begin);
                            best = rule.priority;
                        }
                        found.push(at);
                    }
                }
            }
        }
    }
}

/// The place of each product among all by the text of its id: what decides between equal prices,
/// whatever the order of rows.
pub(super) fn text_order(feed: &Feed) -> Vec<u32> {
    let mut sorted: Vec<(&str, ProductIx)> = feed
        .ids
        .products
        .iter()
        .map(|(product, text)| (text, product))
        .collect();
    sorted.sort_unstable();
    let mut order = vec![0; sorted.len()];
    for (place, (_, product)) in (0u32..).zip(sorted) {
        if let Some(slot) = order.get_mut(product.index()) {
            *slot = place;
        }
    }
    order
}

/// Numbers the values that a column lists, from 1.
pub(super) fn listed(count: usize, values: impl Iterator<Item = usize>) -> Vec<Cell> {
    let distinct: BTreeSet<usize> = values.collect();
    let numbers: BTreeMap<usize, Cell> = distinct.into_iter().zip(1..).collect();
    (0..count)
        .map(|value| numbers.get(&value).copied().unwrap_or(EMPTY))
        .collect()
}

/// The cell that matches a value: [`EMPTY`] where the column does not list it.
pub(super) fn cell(listed: &[Cell], value: Option<usize>) -> Cell {
    value
        .and_then(|value| listed.get(value).copied())
        .unwrap_or(EMPTY)
}

/// Rows are limited to a million a file, so that 21 bits hold each number.
fn key(network: Cell, from: Cell, to: Cell) -> u64 {
    (u64::from(network) << 42) | (u64::from(from) << 21) | u64::from(to)
}
