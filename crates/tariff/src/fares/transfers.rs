//! Section `fare_transfer_rules.txt`: which rules a transfer matches.

use super::effective::FareLeg;
use super::keys::KeyTable;
use super::legs::{Cell, cell, listed, text_order};
use crate::Feed;
use crate::feed::{LegGroupIx, LimitType, TransferCount, TransferRule};

/// The transfer rules, found by the leg groups before and after. Directional: "a fare transfer rule
/// defined from `from_leg_group_id` to `to_leg_group_id` does not apply in the reverse direction".
#[derive(Clone, Debug)]
pub(super) struct Transfers {
    from: Vec<Cell>,
    to: Vec<Cell>,
    by_key: KeyTable,
    /// Sorted by key, then by the text of the product and the row.
    rules: Vec<TransferRule>,
}

/// The rules for the transfer from one leg group to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between<'a> {
    pub(super) rules: &'a [TransferRule],
    /// The place of the first in the index.
    pub(super) begin: u32,
    /// Whether both fields of the rules are the same: only then may the rules be applied several
    /// times to one run of legs, and `transfer_count` limits how often.
    pub(super) repeats: bool,
}

impl Transfers {
    pub(super) fn new(feed: &Feed) -> Self {
        let rows = &feed.transfer_rules;
        let count = feed.ids.leg_groups.len();
        let from = rows
            .iter()
            .filter_map(|rule| Some(rule.from_leg_group?.index()));
        let from = listed(count, from);
        let to = rows
            .iter()
            .filter_map(|rule| Some(rule.to_leg_group?.index()));
        let to = listed(count, to);

        let order = text_order(feed);
        let key_of = |rule: &TransferRule| {
            key(
                cell(&from, rule.from_leg_group.map(LegGroupIx::index)),
                cell(&to, rule.to_leg_group.map(LegGroupIx::index)),
            )
        };
        let mut rules = rows.clone();
        rules.sort_by_key(|rule| {
            let product = rule
                .product
                .and_then(|product| order.get(product.index()).copied());
            (key_of(rule), product, rule.row)
        });
        let by_key = KeyTable::new(rules.iter().map(key_of));
        Self {
            from,
            to,
            by_key,
            rules,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(super) fn get(&self, at: u32) -> Option<&TransferRule> {
        self.rules.get(usize::try_from(at).ok()?)
    }

    /// Steps 3 to 5 of the section. An empty field stands for the leg groups that no rule lists in
    /// that field, those of leg rules without a group included ("empty will be matched by
    /// default"); so it never competes with a rule that names the group.
    pub(super) fn between(&self, from: Option<LegGroupIx>, to: Option<LegGroupIx>) -> Between<'_> {
        let from = cell(&self.from, from.map(LegGroupIx::index));
        let to = cell(&self.to, to.map(LegGroupIx::index));
        let range = self.by_key.get(key(from, to));
        let begin = u32::try_from(range.start).unwrap_or(u32::MAX);
        let rules = self.rules.get(range).unwrap_or(&[]);
        let repeats = rules
            .first()
            .is_some_and(|rule| rule.from_leg_group == rule.to_leg_group);
        Between {
            rules,
            begin,
            repeats,
        }
    }
}

impl<'a> Between<'a> {
    /// The rules that hold for a transfer, with their places.
    ///
    /// `first` is the first leg of the transfer sub-journey, `last` the leg after the transfer, and
    /// `count` how many transfers the sub-journey has with this one.
    ///
    /// Field `transfer_count`: of the rules whose time limit holds, "the rule with the minimum
    /// `transfer_count` that is greater than or equal to the current transfer count of the
    /// sub-journey is to be selected".
    pub(super) fn hold(
        self,
        first: &FareLeg,
        last: &FareLeg,
        count: u32,
    ) -> impl Iterator<Item = (u32, &'a TransferRule)> {
        let in_time = move |rule: &TransferRule| {
            rule.limit
                .is_none_or(|(seconds, kind)| within(seconds, kind, first, last))
        };
        let repeats = self.repeats;
        let tier = if repeats {
            let rules = self.rules.iter().filter(|rule| in_time(rule));
            rules.filter_map(|rule| reach(rule, count)).min()
        } else {
            None
        };
        (self.begin..)
            .zip(self.rules)
            .filter(move |(_, rule)| in_time(rule))
            .filter(move |(_, rule)| !repeats || (tier.is_some() && reach(rule, count) == tier))
    }
}

/// The `transfer_count` of a rule that allows `count` transfers; no limit is beyond all others.
fn reach(rule: &TransferRule, count: u32) -> Option<u32> {
    match rule.transfer_count {
        Some(TransferCount::UpTo(most)) => (count <= most).then_some(most),
        Some(TransferCount::Unlimited) | None => Some(u32::MAX),
    }
}

/// Field `duration_limit_type`; a limit that needs a moment nobody knows does not hold.
fn within(seconds: u32, kind: LimitType, first: &FareLeg, last: &FareLeg) -> bool {
    let (from, to) = match kind {
        LimitType::DepartureToArrival => (Some(first.departs), last.arrives),
        LimitType::DepartureToDeparture => (Some(first.departs), Some(last.departs)),
        LimitType::ArrivalToDeparture => (first.arrives, Some(last.departs)),
        LimitType::ArrivalToArrival => (first.arrives, last.arrives),
    };
    from.zip(to).is_some_and(|(from, to)| {
        let limit = i64::from(seconds).saturating_mul(1_000_000);
        to.at.since(from.at).as_micros() <= limit
    })
}

fn key(from: Cell, to: Cell) -> u64 {
    (u64::from(from) << 32) | u64::from(to)
}
