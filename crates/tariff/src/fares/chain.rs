//! The least that the rules ask for a chain of effective legs.
//!
//! A shortest path, one layer of states per leg. A state says what the rules may ask about the
//! past: the leg group of the last leg, where the run of equal transfers began, which medium the
//! tickets are on, and whether the last leg began anew. Of the ways to one state only the cheapest
//! is kept, so that n legs take at most n² states times groups and media: never 2ⁿ.

use std::cmp::Ordering;

use units::{Balance, Currency};

use super::Fares;
use super::effective::{FareLeg, Scratch as Effective};
use super::priced::{Ambiguity, Bought, Line, LineKind, Priced};
use super::rider::{Price, Rider};
use crate::feed::{FeedFile, LegGroupIx, MediumIx, TransferRule, TransferType};

/// Memory for the states.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    states: Vec<State>,
    options: Vec<Choice>,
    groups: Vec<(Option<LegGroupIx>, Option<usize>)>,
}

/// First how many legs are unpriced, then minor units: a chain that prices more legs wins.
type Cost = (usize, i128);

/// A way to have travelled up to a leg.
#[derive(Clone, Copy, Debug)]
struct State {
    cost: Cost,
    share: Share,
    step: Step,
    before: Option<usize>,
    group: Option<LegGroupIx>,
    /// The first effective leg of the run of transfers by rules with equal leg groups.
    run: usize,
    medium: Option<MediumIx>,
}

/// What the last leg costs, and by what. Between ways of one cost the first leg that differs in it
/// decides, and there the lesser one, field by field (docs/FARES.md, "The least").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Share {
    minor: i64,
    /// The part of `minor` that a transfer rule adds: all of it, unless it is in place of a
    /// ticket.
    transfer_minor: i64,
    is_transfer: bool,
    /// The place of the product's id among all; a transfer without product comes first.
    product: Option<u32>,
    /// Of the leg rule and of the transfer rule; 0 where there is none.
    rows: (u32, u32),
}

impl State {
    /// The share of its leg, given the one that a transfer after it put in its place; and the one
    /// that it puts in place of that of the leg before. A transfer of type 2 counts to the first of
    /// its legs.
    fn shares(&self, replaced: Option<Share>) -> (Share, Option<Share>) {
        if matches!(self.step, Step::Transfer { instead: true, .. }) {
            let nothing = Share {
                minor: 0,
                transfer_minor: 0,
                ..self.share
            };
            let ticket = Share {
                transfer_minor: 0,
                ..self.share
            };
            return (nothing, Some(ticket));
        }
        (replaced.unwrap_or(self.share), None)
    }
}

/// How a leg was paid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// No rule prices it.
    Unpriced,
    /// By a leg rule and a price of its product.
    Fresh { rule: u32, price: u32 },
    /// By a transfer rule and a price of its product, and for type 1 the leg's own.
    Transfer {
        rule: u32,
        price: Option<u32>,
        own: Option<(u32, u32)>,
        /// Type 2 as the first transfer: in place of what the leg before cost.
        instead: bool,
    },
}

/// A price of a leg that begins anew: the cheapest of its leg group and medium.
#[derive(Clone, Copy, Debug)]
struct Choice {
    group: Option<LegGroupIx>,
    medium: Option<MediumIx>,
    amount: Balance,
    tie: (u32, u32),
    rule: u32,
    price: u32,
}

/// The pricing of one itinerary under way.
struct Chain<'a> {
    fares: &'a Fares,
    rider: &'a Rider,
    legs: &'a Effective,
    work: &'a mut Scratch,
    currency: Option<Currency>,
    ambiguity: Option<Ambiguity>,
}

/// Prices the effective legs.
pub(super) fn price(fares: &Fares, rider: &Rider, legs: &Effective, work: &mut Scratch) -> Priced {
    work.states.clear();
    let mut chain = Chain {
        fares,
        rider,
        legs,
        work,
        currency: None,
        ambiguity: None,
    };
    let (mut begin, mut end) = (0, 0);
    for (at, leg) in legs.legs.iter().enumerate() {
        chain.choices(leg);
        chain.layer(at, leg, begin..end);
        (begin, end) = (end, chain.work.states.len());
    }
    chain.finish(begin..end)
}

impl Chain<'_> {
    /// What the leg costs alone, the cheapest of each leg group and medium, and its leg groups.
    fn choices(&mut self, leg: &FareLeg) {
        self.work.options.clear();
        self.work.groups.clear();
        for at in self.legs.rules_of(leg) {
            let Some(rule) = self.fares.rules.get(*at) else {
                continue;
            };
            if !self.work.groups.iter().any(|(g, _)| *g == rule.leg_group) {
                self.work.groups.push((rule.leg_group, None));
            }
            for (price_at, price) in self.rider.prices_of(rule.product) {
                self.see(price.amount.currency());
                let choice = Choice {
                    group: rule.leg_group,
                    medium: price.medium,
                    amount: price.amount,
                    tie: (self.fares.order_of(rule.product), rule.row),
                    rule: *at,
                    price: price_at,
                };
                self.keep_choice(choice);
            }
        }
    }

    fn keep_choice(&mut self, choice: Choice) {
        let rank = |choice: &Choice| (choice.amount.as_minor(), choice.tie);
        let mut known = self.work.options.iter_mut();
        let same = known.find(|k| k.group == choice.group && k.medium == choice.medium);
        match same {
            None => self.work.options.push(choice),
            Some(known) if rank(&choice) < rank(known) => *known = choice,
            Some(_) => {}
        }
    }

    /// Adds the states of leg `at`, of which those of the leg before are `before`.
    fn layer(&mut self, at: usize, leg: &FareLeg, before: std::ops::Range<usize>) {
        let begin = self.work.states.len();
        let cheapest = self.best(before.clone());
        if !self.work.groups.is_empty() {
            self.transfers(at, leg, before.clone(), begin);
        }
        for place in 0..self.work.options.len() {
            let Some(choice) = self.work.options.get(place).copied() else {
                continue;
            };
            // The first leg comes from nothing; others from the cheapest way that is free to stop.
            let from = if before.is_empty() {
                None
            } else {
                let groups = self.work.groups.iter();
                let Some(from) = groups
                    .filter(|(group, _)| *group == choice.group)
                    .find_map(|(_, from)| *from)
                else {
                    continue;
                };
                Some(from)
            };
            let cost = self.cost_of(from);
            let state = State {
                cost: (cost.0, add(cost.1, choice.amount)),
                share: Share {
                    minor: choice.amount.as_minor(),
                    product: Some(choice.tie.0),
                    rows: (choice.tie.1, 0),
                    ..Share::default()
                },
                step: Step::Fresh {
                    rule: choice.rule,
                    price: choice.price,
                },
                before: from,
                group: choice.group,
                run: at,
                medium: choice.medium,
            };
            self.keep(begin, state);
        }
        if self.work.states.len() == begin {
            self.unpriced(at, leg, cheapest);
        }
    }

    /// A leg that nothing prices: the chain ends, and the next leg begins anew.
    fn unpriced(&mut self, at: usize, leg: &FareLeg, before: Option<usize>) {
        let rules = self.legs.rules_of(leg).iter();
        let mut rules = rules.filter_map(|at| self.fares.rules.get(*at));
        if rules.any(|rule| self.rider.is_unknown(rule.product)) {
            self.ambiguity = self.ambiguity.or(Some(Ambiguity::RiderCategory));
        }
        let cost = self.cost_of(before);
        self.work.states.push(State {
            cost: (cost.0.saturating_add(1), cost.1),
            share: Share::default(),
            step: Step::Unpriced,
            before,
            group: None,
            run: at,
            medium: None,
        });
    }

    /// Adds the states that transfers lead to, and notes for each leg group the cheapest way that
    /// may go on without one.
    ///
    /// A rider may buy a ticket of their own instead of a transfer that costs more. Only a
    /// surcharge is not theirs to leave out: `fare_transfer_type` 1 asks for both tickets and more,
    /// which no rider would ever choose ("that record must be processed to determine the transfer
    /// cost").
    fn transfers(
        &mut self,
        at: usize,
        leg: &FareLeg,
        before: std::ops::Range<usize>,
        begin: usize,
    ) {
        for place in 0..self.work.groups.len() {
            let Some((group, _)) = self.work.groups.get(place).copied() else {
                continue;
            };
            let mut free: Option<usize> = None;
            for from in before.clone() {
                let surcharged = self.transfer(at, leg, from, group, begin);
                if !surcharged && free.is_none_or(|known| self.compare(from, known).is_lt()) {
                    free = Some(from);
                }
            }
            if let Some(slot) = self.work.groups.get_mut(place) {
                slot.1 = free;
            }
        }
    }

    /// Adds the states that lead from the state `from` by a transfer to leg `at` as one of `group`.
    /// True where a surcharge must be paid.
    fn transfer(
        &mut self,
        at: usize,
        leg: &FareLeg,
        from: usize,
        group: Option<LegGroupIx>,
        begin: usize,
    ) -> bool {
        let fares = self.fares;
        let Some(state) = self.work.states.get(from).copied() else {
            return false;
        };
        if fares.transfers.is_empty() || state.step == Step::Unpriced {
            return false;
        }
        let between = fares.transfers.between(state.group, group);
        // "The `duration_limit` specified by the rule should be measured starting from the first
        // matched leg", where rules with equal leg groups are matched several times.
        let run = if between.repeats {
            state.run
        } else {
            at.saturating_sub(1)
        };
        let Some(first) = self.legs.legs.get(run) else {
            return false;
        };
        let count = u32::try_from(at.saturating_sub(run)).unwrap_or(u32::MAX);
        let run = if between.repeats { run } else { at };
        let mut surcharged = false;
        for (rule_at, rule) in between.hold(first, leg, count) {
            let to = (group, run, begin);
            match rule.product {
                None => self.arrive(from, &state, (rule_at, rule), None, to, &mut surcharged),
                Some(product) => {
                    let rider = self.rider;
                    for (price_at, price) in rider.prices_of(product) {
                        self.see(price.amount.currency());
                        let price = Some((price_at, price));
                        self.arrive(from, &state, (rule_at, rule), price, to, &mut surcharged);
                    }
                }
            }
        }
        surcharged
    }
}

/// Where a transfer leads: the leg's group, the run it is in, and where the leg's states begin.
type To = (Option<LegGroupIx>, usize, usize);

impl Chain<'_> {
    /// Adds the states of one rule and one price of its product. Section `fare_transfer_rules.txt`,
    /// field `fare_transfer_type`, with its table of the second and later transfers: S is the cost
    /// so far.
    fn arrive(
        &mut self,
        from: usize,
        state: &State,
        (rule_at, rule): (u32, &TransferRule),
        price: Option<(u32, &Price)>,
        (group, run, begin): To,
        surcharged: &mut bool,
    ) {
        let amount = price.map(|(_, price)| price.amount);
        let bought = price.and_then(|(_, price)| price.medium);
        let minor = amount.map_or(0, |amount| amount.as_minor());
        let (unpriced, so_far) = state.cost;
        let mut next = State {
            cost: (
                unpriced,
                amount.map_or(so_far, |amount| add(so_far, amount)),
            ),
            share: Share {
                minor,
                transfer_minor: minor,
                is_transfer: true,
                product: rule.product.map(|product| self.fares.order_of(product)),
                rows: (0, rule.row),
            },
            step: Step::Transfer {
                rule: rule_at,
                price: price.map(|(at, _)| at),
                own: None,
                instead: false,
            },
            before: Some(from),
            group,
            run,
            medium: None,
        };
        match (rule.transfer_type, state.step) {
            // AB, the first transfer: A is not bought, so its medium does not bind.
            (TransferType::TransferOnly, Step::Fresh { price: of_from, .. }) => {
                let Some(replaced) = self.rider.price(of_from) else {
                    return;
                };
                next.cost.1 = subtract(next.cost.1, replaced.amount);
                next.medium = bought;
                if let Step::Transfer { instead, .. } = &mut next.step {
                    *instead = true;
                }
                self.keep(begin, next);
            }
            // A + AB, and S + BC.
            (TransferType::FromPlusTransfer | TransferType::TransferOnly, _) => {
                if go_together(state.medium, bought) {
                    next.medium = state.medium.or(bought);
                    self.keep(begin, next);
                }
            }
            // A + AB + B, and S + BC + C.
            (TransferType::FromPlusTransferPlusTo, _) => {
                if !go_together(state.medium, bought) {
                    return;
                }
                let medium = state.medium.or(bought);
                for place in 0..self.work.options.len() {
                    let Some(choice) = self.work.options.get(place).copied() else {
                        continue;
                    };
                    if choice.group != group || !go_together(medium, choice.medium) {
                        continue;
                    }
                    let mut with_own = next;
                    with_own.cost.1 = add(next.cost.1, choice.amount);
                    with_own.medium = medium.or(choice.medium);
                    with_own.share.minor = minor.saturating_add(choice.amount.as_minor());
                    with_own.share.product = Some(choice.tie.0);
                    with_own.share.rows.0 = choice.tie.1;
                    if let Step::Transfer { own, .. } = &mut with_own.step {
                        *own = Some((choice.rule, choice.price));
                    }
                    *surcharged |= amount.is_some_and(|amount| amount.as_minor() > 0);
                    self.keep(begin, with_own);
                }
            }
        }
    }

    /// Adds a state to the layer that begins at `begin`, unless a better one says the same of the
    /// past.
    fn keep(&mut self, begin: usize, state: State) {
        let fresh = |state: &State| matches!(state.step, Step::Fresh { .. });
        let mut layer = self.work.states.iter().skip(begin);
        let same = layer.position(|known| {
            known.group == state.group
                && known.run == state.run
                && known.medium == state.medium
                && fresh(known) == fresh(&state)
        });
        let Some(place) = same.map(|at| begin.saturating_add(at)) else {
            self.work.states.push(state);
            return;
        };
        let known = self.work.states.get(place).copied();
        if known.is_some_and(|known| self.rank(&state, &known).is_lt())
            && let Some(slot) = self.work.states.get_mut(place)
        {
            *slot = state;
        }
    }

    /// The best of some states.
    fn best(&self, states: std::ops::Range<usize>) -> Option<usize> {
        states.min_by(|a, b| self.compare(*a, *b))
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match (self.work.states.get(a), self.work.states.get(b)) {
            (Some(a), Some(b)) => self.rank(a, b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }

    /// By cost; of equal costs by the shares of the legs, the first leg that differs deciding.
    fn rank(&self, a: &State, b: &State) -> Ordering {
        let by_cost = a.cost.cmp(&b.cost);
        if by_cost.is_ne() {
            return by_cost;
        }
        let mut first = Ordering::Equal;
        let (mut a, mut b) = (Some(a), Some(b));
        let mut replaced = (None, None);
        // From the last leg to the first, so that the last difference seen is the first one.
        while let (Some(one), Some(other)) = (a, b) {
            let shares = (one.shares(replaced.0), other.shares(replaced.1));
            let here = shares.0.0.cmp(&shares.1.0);
            if here.is_ne() {
                first = here;
            }
            replaced = (shares.0.1, shares.1.1);
            if one.before == other.before && replaced.0 == replaced.1 {
                break;
            }
            a = one.before.and_then(|at| self.work.states.get(at));
            b = other.before.and_then(|at| self.work.states.get(at));
        }
        first
    }

    fn cost_of(&self, state: Option<usize>) -> Cost {
        state
            .and_then(|at| self.work.states.get(at))
            .map_or((0, 0), |state| state.cost)
    }

    /// Notes the currency of a price that applies.
    fn see(&mut self, currency: Currency) {
        match self.currency {
            None => self.currency = Some(currency),
            Some(seen) if seen != currency => self.ambiguity = Some(Ambiguity::Currencies),
            Some(_) => {}
        }
    }

    /// The lines of the cheapest way through the last layer.
    fn finish(&self, last: std::ops::Range<usize>) -> Priced {
        let mut lines = Vec::with_capacity(self.legs.legs.len());
        let mut unpriced = Vec::new();
        let mut at = self.best(last);
        let mut replaced = false;
        for leg in self.legs.legs.iter().rev() {
            let Some(state) = at.and_then(|at| self.work.states.get(at)) else {
                break;
            };
            match state.step {
                Step::Unpriced => unpriced.extend((leg.first..leg.end).rev()),
                Step::Fresh { .. } if replaced => {}
                Step::Fresh { rule, price } => lines.extend(self.leg_line(leg, rule, price)),
                Step::Transfer {
                    rule, price, own, ..
                } => {
                    lines.extend(own.and_then(|(rule, price)| self.leg_line(leg, rule, price)));
                    lines.extend(self.transfer_line(leg, state, rule, price));
                }
            }
            replaced = matches!(state.step, Step::Transfer { instead: true, .. });
            at = state.before;
        }
        lines.reverse();
        unpriced.reverse();
        let legs = self.legs.legs.last().map_or(0, |leg| leg.end);
        Priced::new(legs, unpriced, lines, self.ambiguity)
    }

    fn leg_line(&self, leg: &FareLeg, rule: u32, price: u32) -> Option<Line> {
        let rule = self.fares.rules.get(rule)?;
        Some(Line {
            legs: leg.first..leg.end,
            pays: leg.first,
            bought: Bought::Product(rule.product),
            amount: self.rider.price(price)?.amount,
            file: FeedFile::LegRules,
            row: rule.row,
            kind: LineKind::Leg,
        })
    }

    fn transfer_line(
        &self,
        leg: &FareLeg,
        state: &State,
        rule: u32,
        price: Option<u32>,
    ) -> Option<Line> {
        let rule = self.fares.transfers.get(rule)?;
        let paid = price.and_then(|at| self.rider.price(at));
        let free = || self.currency.map(Balance::zero);
        let instead = matches!(state.step, Step::Transfer { instead: true, .. });
        let before = self
            .legs
            .legs
            .iter()
            .find(|before| before.end == leg.first)
            .filter(|_| instead);
        Some(Line {
            legs: before.map_or(leg.first, |before| before.first)..leg.end,
            pays: before.map_or(leg.end.saturating_sub(1), |before| before.first),
            bought: rule.product.map_or(Bought::Nothing, Bought::Product),
            amount: paid.map(|price| price.amount).or_else(free)?,
            file: FeedFile::TransferRules,
            row: rule.row,
            kind: LineKind::Transfer(rule.transfer_type),
        })
    }
}

/// Whether two prices may be on one medium. A price without a medium goes with any.
fn go_together(a: Option<MediumIx>, b: Option<MediumIx>) -> bool {
    a.is_none() || b.is_none() || a == b
}

/// 128 bits hold [`super::LEGS_MAX`] amounts of 64 bits without overflow.
fn add(sum: i128, amount: Balance) -> i128 {
    sum.saturating_add(i128::from(amount.as_minor()))
}

fn subtract(sum: i128, amount: Balance) -> i128 {
    sum.saturating_sub(i128::from(amount.as_minor()))
}
