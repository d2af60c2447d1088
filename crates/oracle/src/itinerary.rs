//! What the legs of an itinerary cost by the GTFS reference: every chain of tickets and transfers
//! is tried.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::clock::Moment;
use crate::csv::Row;
use crate::world::World;

/// One leg of travel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leg {
    /// The network travelled on, if any.
    pub network: Option<String>,
    /// The route, if one is known: Fares v1 asks for it.
    pub route: Option<String>,
    /// Where it begins.
    pub from: String,
    /// Where it ends; unknown where nobody taps off.
    pub to: Option<String>,
    /// When it begins.
    pub start: Moment,
    /// When it ends, if that is known.
    pub end: Option<Moment>,
}

/// Who travels.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Who {
    /// The rider category, where one is named.
    pub category: Option<String>,
    /// The fare medium, where one is named.
    pub medium: Option<String>,
}

/// What an itinerary costs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cost {
    /// How many legs no rule prices.
    pub unpriced: usize,
    /// Minor units of those that are.
    pub total: i64,
    /// For each leg the product (`""` is none) and the minor units that count to it; `None` is
    /// unpriced.
    pub legs: Vec<Option<(String, i64)>>,
    /// A leg is unpriced for want of a rider category that the feed has.
    pub is_ambiguous: bool,
    /// Of `tied` (chains of the same cost divide it among the legs in other ways, of which the rule
    /// for ties took one), `transfer` and `joined legs` those that are so.
    pub notes: Vec<&'static str>,
}

/// A leg as rules see it: several may be joined into one.
#[derive(Debug)]
struct Effective {
    legs: Range<usize>,
    network: Network,
}

/// On what effective legs travel.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Network {
    Of(Option<String>),
    Several(Vec<Option<String>>),
}

/// A way to pay for one effective leg alone.
#[derive(Clone, PartialEq, Debug)]
struct Ticket {
    group: String,
    product: String,
    /// The place of its leg rule in the file.
    row: usize,
    /// `None`: no price for the rider; a transfer may still lead to the leg.
    price: Option<i64>,
    medium: String,
}

/// What later transfers may ask about the chain so far.
#[derive(Clone, Debug)]
struct State {
    group: String,
    anew: bool,
    medium: String,
    /// The first leg of a run of equal transfers, and how many there were.
    run: Option<(usize, i64)>,
}

/// What counts to one effective leg. The order of fields is the rule for ties (docs/FARES.md, "The
/// least").
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Share {
    minor: i64,
    /// The part of it that a transfer rule adds to tickets: in a joined leg it counts to the last.
    transfer: i64,
    by_transfer: bool,
    /// `""`: a transfer without product.
    product: String,
    leg_row: usize,
    transfer_row: usize,
}

/// A chain as far as it goes.
#[derive(Clone, Debug, Default)]
struct Chain {
    unpriced: usize,
    total: i64,
    /// By effective leg; `None` is unpriced.
    shares: Vec<Option<Share>>,
    state: Option<State>,
    is_tied: bool,
    has_transfer: bool,
}

impl World {
    /// The least that the legs cost, in order of travel.
    #[must_use]
    pub fn itinerary(&self, who: &Who, legs: &[Leg]) -> Cost {
        if self.rows("fare_leg_rules.txt").is_empty() {
            return self.version_1(legs);
        }
        let effective = self.effective(legs);
        let tickets: Vec<Vec<Ticket>> = effective
            .iter()
            .map(|joined| self.tickets(who, legs, joined))
            .collect();
        let search = Search {
            world: self,
            who,
            legs,
            effective: &effective,
            tickets: &tickets,
        };
        let mut best = None;
        search.go(&Chain::default(), &mut best);
        let chain = best.unwrap_or_default();
        let mut cost = Cost {
            unpriced: 0,
            total: chain.total,
            legs: vec![None; legs.len()],
            is_ambiguous: false,
            notes: Vec::new(),
        };
        let notes = [
            (chain.is_tied, "tied"),
            (chain.has_transfer, "transfer"),
            (effective.len() < legs.len(), "joined legs"),
        ];
        cost.notes.extend(
            notes
                .iter()
                .filter(|(is_so, _)| *is_so)
                .map(|(_, note)| *note),
        );
        for (place, joined) in effective.iter().enumerate() {
            let Some(share) = chain.shares.get(place).cloned().flatten() else {
                cost.unpriced += joined.legs.len();
                let products = tickets[place].iter().map(|ticket| ticket.product.as_str());
                cost.is_ambiguous |= products.into_iter().any(|id| self.is_undecided(id, who));
                continue;
            };
            for leg in joined.legs.clone() {
                cost.legs[leg] = Some((share.product.clone(), 0));
            }
            for (leg, minor) in [
                (joined.legs.start, share.minor - share.transfer),
                (joined.legs.end - 1, share.transfer),
            ] {
                if let Some((_, sum)) = &mut cost.legs[leg] {
                    *sum += minor;
                }
            }
        }
        cost
    }

    /// Joined legs (reference, `fare_leg_join_rules.txt`).
    fn effective(&self, legs: &[Leg]) -> Vec<Effective> {
        let mut effective: Vec<Effective> = Vec::new();
        for (place, leg) in legs.iter().enumerate() {
            let joins = place > 0
                && self
                    .rows("fare_leg_join_rules.txt")
                    .iter()
                    .any(|row| self.joins(row, &legs[place - 1], leg));
            match effective.last_mut().filter(|_| joins) {
                Some(last) => {
                    last.legs.end = place + 1;
                    let all = match &last.network {
                        Network::Several(all) => Some(all.clone()),
                        Network::Of(one) => (*one != leg.network).then(|| vec![one.clone()]),
                    };
                    if let Some(mut all) = all {
                        all.push(leg.network.clone());
                        last.network = Network::Several(all);
                    }
                }
                None => effective.push(Effective {
                    legs: place..place + 1,
                    network: Network::Of(leg.network.clone()),
                }),
            }
        }
        effective
    }

    fn joins(&self, row: &Row, before: &Leg, after: &Leg) -> bool {
        let network = |column, leg: &Leg| {
            let cell = row.text(column);
            cell.is_empty() || leg.network.as_deref() == Some(cell)
        };
        if !network("from_network_id", before) || !network("to_network_id", after) {
            return false;
        }
        let Some(to) = &before.to else { return false };
        let (from_stop, to_stop) = (row.text("from_stop_id"), row.text("to_stop_id"));
        if from_stop.is_empty() && to_stop.is_empty() {
            return self.station(to) == self.station(&after.from);
        }
        let is = |stop: &str, cell: &str| stop == cell || self.station(stop) == cell;
        is(to, from_stop) && is(&after.from, to_stop)
    }

    /// The tickets for one effective leg (reference, `fare_leg_rules.txt`).
    fn tickets(&self, who: &Who, legs: &[Leg], joined: &Effective) -> Vec<Ticket> {
        let (first, last) = (&legs[joined.legs.start], &legs[joined.legs.end - 1]);
        let matching: Vec<(usize, &Row)> = self
            .rows("fare_leg_rules.txt")
            .iter()
            .enumerate()
            .filter(|(_, row)| {
                self.network_matches(row, joined)
                    && self.area_matches(row, "from_area_id", Some(&first.from))
                    && self.area_matches(row, "to_area_id", last.to.as_deref())
                    && self.time_matches(row, "from_timeframe_group_id", Some(first.start))
                    && self.time_matches(row, "to_timeframe_group_id", last.end)
            })
            .collect();
        let priority = |row: &Row| row.number("rule_priority", 0).unwrap_or(0);
        let highest = matching.iter().map(|(_, row)| priority(row)).max();
        let mut tickets = Vec::new();
        for (place, row) in matching {
            if Some(priority(row)) != highest {
                continue;
            }
            let product = row.text("fare_product_id");
            let mut prices: Vec<(Option<i64>, String)> = Vec::new();
            for (price, medium) in self.prices(product, who) {
                prices.push((Some(price), medium));
            }
            if prices.is_empty() {
                prices.push((None, String::new()));
            }
            for (price, medium) in prices {
                tickets.push(Ticket {
                    group: row.text("leg_group_id").to_owned(),
                    product: product.to_owned(),
                    row: place,
                    price,
                    medium,
                });
            }
        }
        tickets
    }

    fn has_priority(&self) -> bool {
        self.tables
            .get("fare_leg_rules.txt")
            .is_some_and(|table| table.columns.iter().any(|column| column == "rule_priority"))
    }

    /// Whether a row of a file names this in a column.
    fn names(&self, file: &str, column: &str, id: &str) -> bool {
        self.rows(file).iter().any(|row| row.text(column) == id)
    }

    fn network_matches(&self, row: &Row, joined: &Effective) -> bool {
        let cell = row.text("network_id");
        match &joined.network {
            Network::Several(all) => {
                let named = |id: &Option<String>| {
                    id.as_ref()
                        .is_some_and(|id| self.names("fare_leg_rules.txt", "network_id", id))
                };
                cell.is_empty() && (self.has_priority() || !all.iter().any(named))
            }
            Network::Of(network) if !cell.is_empty() => network.as_deref() == Some(cell),
            Network::Of(_) if self.has_priority() => true,
            Network::Of(network) => network
                .as_ref()
                .is_none_or(|id| !self.names("fare_leg_rules.txt", "network_id", id)),
        }
    }

    fn area_matches(&self, row: &Row, column: &str, stop: Option<&str>) -> bool {
        let cell = row.text(column);
        let areas = stop.map_or_else(BTreeSet::new, |stop| self.areas_of(stop));
        if !cell.is_empty() {
            return areas.contains(cell);
        }
        self.has_priority()
            || !areas
                .iter()
                .any(|area| self.names("fare_leg_rules.txt", column, area))
    }

    fn time_matches(&self, row: &Row, column: &str, moment: Option<Moment>) -> bool {
        let group = row.text(column);
        group.is_empty() || moment.is_some_and(|moment| self.in_timeframe(group, moment))
    }

    /// Whether a product has prices for named categories alone, and the rider's is not known.
    fn is_undecided(&self, product: &str, who: &Who) -> bool {
        let mut rows = self.rows("fare_products.txt").iter();
        let is_unknown = match &who.category {
            Some(named) => !self.names("rider_categories.txt", "rider_category_id", named),
            None => self.default_category.is_none(),
        };
        let named = |row: &Row| !row.text("rider_category_id").is_empty();
        is_unknown
            && self.names("fare_products.txt", "fare_product_id", product)
            && rows.all(|row| row.text("fare_product_id") != product || named(row))
    }

    /// The prices of a product for a rider, each with the medium it asks for.
    fn prices(&self, product: &str, who: &Who) -> Vec<(i64, String)> {
        let mut prices = Vec::new();
        for row in self.rows("fare_products.txt") {
            let (category, medium) = (row.text("rider_category_id"), row.text("fare_media_id"));
            let for_rider = match &who.category {
                _ if category.is_empty() => true,
                Some(named) => named == category,
                None => self.default_category.as_deref() == Some(category),
            };
            let on_medium =
                medium.is_empty() || who.medium.as_deref().is_none_or(|named| named == medium);
            if row.text("fare_product_id") == product
                && for_rider
                && on_medium
                && let Ok(Some(price)) = row.money("amount")
            {
                prices.push((price, medium.to_owned()));
            }
        }
        prices
    }
}

/// All chains.
struct Search<'a> {
    world: &'a World,
    who: &'a Who,
    legs: &'a [Leg],
    effective: &'a [Effective],
    tickets: &'a [Vec<Ticket>],
}

/// One way to get from a chain to the next leg by a transfer rule.
struct Way {
    price: i64,
    medium: String,
    kind: i64,
    product: String,
    /// The place of its rule in the file.
    row: usize,
    run: Option<(usize, i64)>,
}

impl Search<'_> {
    fn go(&self, chain: &Chain, best: &mut Option<Chain>) {
        let place = chain.shares.len();
        let Some(tickets) = self.tickets.get(place) else {
            let Some(old) = best else {
                *best = Some(chain.clone());
                return;
            };
            let is_tied = key(old) == key(chain) && old.shares != chain.shares;
            if (key(chain), &chain.shares) < (key(old), &old.shares) {
                let was_tied = old.is_tied && key(old) == key(chain);
                *old = chain.clone();
                old.is_tied = was_tied;
            }
            old.is_tied |= is_tied;
            return;
        };
        if tickets.iter().all(|ticket| ticket.price.is_none()) {
            let mut next = chain.clone();
            next.unpriced += self.effective[place].legs.len();
            next.shares.push(None);
            next.state = None;
            self.go(&next, best);
        }
        for ticket in tickets {
            let ways = match &chain.state {
                Some(state) => self.ways(state, &ticket.group, place),
                None => Vec::new(),
            };
            for way in &ways {
                if let Some(next) = transfer(chain, ticket, way) {
                    self.go(&next, best);
                }
            }
            // One that the media of the group's tickets allow.
            let group = tickets.iter().filter(|other| other.group == ticket.group);
            let is_surcharged = group.into_iter().any(|own| {
                let surcharges = ways.iter().filter(|way| way.kind == 1 && way.price > 0);
                surcharges
                    .into_iter()
                    .any(|way| transfer(chain, own, way).is_some())
            });
            if let (false, Some(price)) = (is_surcharged, ticket.price) {
                let mut next = chain.clone();
                next.total += price;
                next.shares.push(Some(Share {
                    minor: price,
                    transfer: 0,
                    by_transfer: false,
                    product: ticket.product.clone(),
                    leg_row: ticket.row,
                    transfer_row: 0,
                }));
                next.state = Some(State {
                    group: ticket.group.clone(),
                    anew: true,
                    medium: ticket.medium.clone(),
                    run: None,
                });
                self.go(&next, best);
            }
        }
    }

    /// The transfers that rules allow to a leg of `group` (reference, `fare_transfer_rules.txt`).
    fn ways(&self, state: &State, group: &str, place: usize) -> Vec<Way> {
        const FILE: &str = "fare_transfer_rules.txt";
        let world = self.world;
        let cell = |column: &str, group: &str| {
            if !group.is_empty() && world.names(FILE, column, group) {
                group.to_owned()
            } else {
                String::new()
            }
        };
        let from = cell("from_leg_group_id", &state.group);
        let to = cell("to_leg_group_id", group);
        let is_run = from == to;
        let (first, count) = match state.run {
            Some((first, count)) if is_run => (first, count + 1),
            _ => (place - 1, 1),
        };
        let rows: Vec<(usize, &Row, i64)> = world
            .rows(FILE)
            .iter()
            .enumerate()
            .filter(|(_, row)| row.text("from_leg_group_id") == from)
            .filter(|(_, row)| row.text("to_leg_group_id") == to)
            .filter(|(_, row)| self.in_time(row, first, place))
            .map(|(number, row)| {
                let limit = row.number("transfer_count", -1).unwrap_or(-1);
                (number, row, if limit < 0 { i64::MAX } else { limit })
            })
            .filter(|(_, _, limit)| *limit >= count)
            .collect();
        let least = rows.iter().map(|(_, _, limit)| *limit).min();
        let mut ways = Vec::new();
        for (number, row, limit) in rows {
            if Some(limit) != least {
                continue;
            }
            let product = row.text("fare_product_id");
            let prices = if product.is_empty() {
                vec![(0, String::new())]
            } else {
                world.prices(product, self.who)
            };
            for (price, medium) in prices {
                ways.push(Way {
                    price,
                    medium,
                    kind: row.number("fare_transfer_type", 0).unwrap_or(0),
                    product: product.to_owned(),
                    row: number,
                    run: is_run.then_some((first, count)),
                });
            }
        }
        ways
    }

    /// Whether the legs from `first` to `last` keep a rule's duration limit, which is inclusive.
    fn in_time(&self, row: &Row, first: usize, last: usize) -> bool {
        let Ok(limit) = row.number("duration_limit", i64::MAX) else {
            return false;
        };
        if limit == i64::MAX {
            return true;
        }
        let (first, last) = (&self.effective[first].legs, &self.effective[last].legs);
        let leaves = |legs: &Range<usize>| Some(self.legs[legs.start].start);
        let arrives = |legs: &Range<usize>| self.legs[legs.end - 1].end;
        let (from, to) = match row.text("duration_limit_type") {
            "0" => (leaves(first), arrives(last)),
            "1" => (leaves(first), leaves(last)),
            "2" => (arrives(first), leaves(last)),
            _ => (arrives(first), arrives(last)),
        };
        match (from, to) {
            (Some(from), Some(to)) => {
                to.at.since(from.at).as_micros() <= limit.saturating_mul(1_000_000)
            }
            _ => false,
        }
    }
}

/// The order of chains: fewer unpriced legs, then less money.
fn key(chain: &Chain) -> (usize, i64) {
    (chain.unpriced, chain.total)
}

/// The chain with one more leg by a transfer; `None` where the media do not go together.
fn transfer(chain: &Chain, ticket: &Ticket, way: &Way) -> Option<Chain> {
    let mut next = chain.clone();
    let state = next.state.as_mut()?;
    // A ticket that the transfer replaces asks for no medium.
    let held = if way.kind == 2 && state.anew {
        ""
    } else {
        &state.medium
    };
    let mut medium = together(held, &way.medium)?;
    let mut own = 0;
    if way.kind == 1 {
        medium = together(&medium, &ticket.medium)?;
        own = ticket.price?;
    }
    let mut share = Share {
        minor: own + way.price,
        transfer: way.price,
        by_transfer: true,
        // What the rider buys for the leg: with type 1 its ticket, else what the transfer asks for.
        product: if way.kind == 1 {
            ticket.product.clone()
        } else {
            way.product.clone()
        },
        leg_row: if way.kind == 1 { ticket.row } else { 0 },
        transfer_row: way.row,
    };
    if way.kind == 2 && state.anew {
        // The transfer is the ticket of both legs: it counts to the first.
        let last = next.shares.last_mut()?.as_mut()?;
        next.total -= last.minor;
        *last = Share {
            transfer: 0,
            ..share.clone()
        };
        (share.minor, share.transfer) = (0, 0);
    }
    next.state = Some(State {
        group: ticket.group.clone(),
        anew: false,
        medium,
        run: way.run,
    });
    next.total += own + way.price;
    next.has_transfer = true;
    next.shares.push(Some(share));
    Some(next)
}

/// The one medium of two, empty being any.
fn together(one: &str, other: &str) -> Option<String> {
    match (one, other) {
        ("", any) | (any, "") => Some(any.to_owned()),
        (one, other) => (one == other).then(|| one.to_owned()),
    }
}
