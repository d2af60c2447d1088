//! The fare table: leg rules indexed so that a fare takes a few lookups, however many rules.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use units::{Amount, NetworkId, ProductId, StopId};

use crate::gtfs::fares::{FareRows, LEG_RULES, Product};
use crate::gtfs::places::Places;
use crate::{Leg, Unpriced};

/// A row of a city's file that decided something.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleRef {
    /// The file, relative to the city's folder.
    pub file: String,
    /// The line in it; the header of a table is line 1.
    pub row: u64,
}

/// What the fare table says of one leg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegFare {
    /// The price.
    pub amount: Amount,
    /// The product to hold.
    pub product: ProductId,
    /// Its name for riders; the id where the files give none.
    pub product_name: String,
    /// The row of `fare_leg_rules.txt` that allows it.
    pub rule: RuleRef,
}

/// A cell of a rule's key: `None` is an empty cell.
type Cell<T> = Option<T>;
/// An area by its place among the areas that rules name.
type Area = usize;
/// A network, likewise.
type Network = usize;
type Key = (Cell<Network>, Cell<Area>, Cell<Area>);

/// The leg rules of a city.
///
/// For each stop the cells of a rule that match it are worked out once, when the table is built.
/// Those of a leg are then combined and looked up: a stop in one area has one cell to try, or two
/// in a file with priorities, whatever the number of rules.
#[derive(Clone, Debug)]
pub(crate) struct FareTable {
    empty_cells: EmptyCells,
    networks: BTreeMap<NetworkId, Network>,
    stops: BTreeMap<StopId, StopCells>,
    best: BTreeMap<Key, Choice>,
    products: BTreeMap<ProductId, Product>,
}

/// What an empty cell of `fare_leg_rules.txt` means: GTFS reference, section `fare_leg_rules.txt`,
/// fields `network_id`, `from_area_id` and `to_area_id`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum EmptyCells {
    /// Without the column `rule_priority`: everything but what other rows of that column name. So
    /// an empty cell matches a leg only if no row names the leg's value.
    AllNotListed,
    /// With it: anything at all, "does not affect the matching of this rule".
    Anything,
}

/// The cells that match a stop as departure and as arrival.
#[derive(Clone, Debug)]
struct StopCells {
    from: Vec<Cell<Area>>,
    to: Vec<Cell<Area>>,
}

/// A rule as it competes with others for a leg. The least by [`Choice::rank`] wins.
#[derive(Clone, Copy, Debug)]
struct Choice {
    priority: u32,
    price: Option<Amount>,
    product: ProductId,
    line: u64,
}

impl FareTable {
    pub(crate) fn new(rows: FareRows, places: &Places) -> Self {
        let empty_cells = if rows.has_priority {
            EmptyCells::Anything
        } else {
            EmptyCells::AllNotListed
        };
        let networks = numbered(rows.rules.iter().filter_map(|rule| rule.network));
        let from_areas = numbered(rows.rules.iter().filter_map(|rule| rule.from));
        let to_areas = numbered(rows.rules.iter().filter_map(|rule| rule.to));

        let mut best: BTreeMap<Key, Choice> = BTreeMap::new();
        for rule in &rows.rules {
            let key = (
                rule.network.and_then(|id| networks.get(&id).copied()),
                rule.from.and_then(|id| from_areas.get(&id).copied()),
                rule.to.and_then(|id| to_areas.get(&id).copied()),
            );
            let choice = Choice {
                priority: rule.priority,
                price: rows
                    .products
                    .get(&rule.product)
                    .and_then(|product| product.price),
                product: rule.product,
                line: rule.line,
            };
            best.entry(key)
                .and_modify(|known| {
                    if choice.rank() < known.rank() {
                        *known = choice;
                    }
                })
                .or_insert(choice);
        }

        let none = BTreeSet::new();
        let stops = places
            .stops
            .keys()
            .map(|stop| {
                let areas = places.areas_of_stop.get(stop).unwrap_or(&none);
                let cells = StopCells {
                    from: empty_cells.matching(areas, &from_areas),
                    to: empty_cells.matching(areas, &to_areas),
                };
                (*stop, cells)
            })
            .collect();
        Self {
            empty_cells,
            networks,
            stops,
            best,
            products: rows.products,
        }
    }

    /// The best rule for a leg: of those that match, the highest priority, then the cheapest
    /// product, then the first product id.
    ///
    /// A leg without destination has no arrival area, so only rules with an empty `to_area_id`
    /// match it; a leg without network, likewise.
    pub(crate) fn fare(&self, leg: &Leg) -> Result<Option<LegFare>, Unpriced> {
        let cells = |stop: &StopId| self.stops.get(stop).ok_or(Unpriced::UnknownStop(*stop));
        let from = &cells(&leg.from)?.from;
        let to = match &leg.to {
            Some(stop) => cells(stop)?.to.as_slice(),
            None => &[None],
        };
        let network: BTreeSet<NetworkId> = leg.network.into_iter().collect();
        let mut best: Option<Choice> = None;
        for network in self.empty_cells.matching(&network, &self.networks) {
            for from in from {
                for to in to {
                    let Some(choice) = self.best.get(&(network, *from, *to)) else {
                        continue;
                    };
                    if best.is_none_or(|known| choice.rank() < known.rank()) {
                        best = Some(*choice);
                    }
                }
            }
        }
        let Some(choice) = best else { return Ok(None) };
        let amount = choice.price.ok_or(Unpriced::NoPrice {
            product: choice.product,
        })?;
        let name = self
            .products
            .get(&choice.product)
            .map(|product| product.name.clone());
        Ok(Some(LegFare {
            amount,
            product: choice.product,
            product_name: name.unwrap_or_else(|| choice.product.as_str().to_owned()),
            rule: RuleRef {
                file: LEG_RULES.to_owned(),
                row: choice.line,
            },
        }))
    }

    /// Whether some rule may price a leg of `network` that has no destination.
    pub(crate) fn prices_tap_on_only(&self, network: &NetworkId) -> bool {
        let network = BTreeSet::from([*network]);
        let cells = self.empty_cells.matching(&network, &self.networks);
        self.best
            .keys()
            .any(|(network, _, to)| to.is_none() && cells.contains(network))
    }
}

impl EmptyCells {
    /// The cells of rules that match a leg which has these `values` (the areas of its stop, or its
    /// network), where `listed` are the values that rows of that column name.
    fn matching<T: Ord>(
        self,
        values: &BTreeSet<T>,
        listed: &BTreeMap<T, usize>,
    ) -> Vec<Cell<usize>> {
        let mut cells: Vec<Cell<usize>> = values
            .iter()
            .filter_map(|value| listed.get(value).copied().map(Some))
            .collect();
        if cells.is_empty() || self == Self::Anything {
            cells.push(None);
        }
        cells
    }
}

impl Choice {
    /// GTFS `rule_priority`: the rules of the highest priority are selected. Among them a price
    /// beats none, the lowest price wins, and the product id breaks ties.
    fn rank(&self) -> (Reverse<u32>, bool, Option<Amount>, ProductId, u64) {
        (
            Reverse(self.priority),
            self.price.is_none(),
            self.price,
            self.product,
            self.line,
        )
    }
}

impl RuleRef {
    /// Stands in until a rule is found.
    pub(crate) const fn none() -> Self {
        Self {
            file: String::new(),
            row: 0,
        }
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} row {}", self.file, self.row)
    }
}

fn numbered<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let distinct: BTreeSet<T> = values.collect();
    distinct
        .into_iter()
        .enumerate()
        .map(|(number, value)| (value, number))
        .collect()
}
