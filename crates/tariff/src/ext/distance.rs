//! `track_links.txt` and `fare_distance_bands.txt`: fares by metres of track.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::OnceLock;

use units::{NetworkId, ProductId, StopId};

use super::cells::{self, Cells};
use super::{Known, Ride, Scope};
use crate::{CityFiles, Defect, LoadReport, RuleRef};

const LINKS: &str = "track_links.txt";
const BANDS: &str = "fare_distance_bands.txt";

/// Stops in `track_links.txt`: distances between all of them take at most 64 MiB.
pub(crate) const STOPS_MAX: usize = 4096;
/// Metres of one link: more than any railway.
pub(crate) const METRES_MAX: i64 = 20_000_000;
/// No way between two stops.
const FAR: u32 = u32::MAX;

/// Fares by distance: the links of the track and the bands.
///
/// Distances from one stop are worked out when they are first asked for and kept: the same numbers
/// whoever asks first.
#[derive(Clone, Debug, Default)]
pub struct Distances {
    stops: BTreeMap<StopId, usize>,
    graphs: BTreeMap<Option<NetworkId>, Graph>,
    bands: Vec<Band>,
}

/// One row of `fare_distance_bands.txt`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Band {
    /// Which rides.
    pub scope: Scope,
    /// `fare_product_id`.
    pub product: Option<ProductId>,
    /// `from_meters`, inclusive.
    pub from_metres: i64,
    /// `to_meters`, inclusive; `None` = no end.
    pub to_metres: Option<i64>,
    /// `amount` in minor units.
    pub amount: i64,
    /// `step_meters` and `step_amount`: added for each whole step beyond `from_meters`.
    pub step: Option<(i64, i64)>,
    /// The row.
    pub rule: RuleRef,
}

/// Links that rides of one network may use.
#[derive(Clone, Debug, Default)]
struct Graph {
    links: Vec<Vec<(usize, u32)>>,
    from: Vec<OnceLock<Box<[u32]>>>,
}

struct Link {
    network: Option<NetworkId>,
    from: StopId,
    to: StopId,
    metres: i64,
    both_ways: bool,
}

impl Distances {
    /// The bands in file order.
    #[must_use]
    pub fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// Metres of the shortest way from `from` to `to` over links of `network` and of none;
    /// `None` where there is no way.
    #[must_use]
    pub fn metres(&self, network: Option<NetworkId>, from: &StopId, to: &StopId) -> Option<u32> {
        let (from, to) = (*self.stops.get(from)?, *self.stops.get(to)?);
        let graph = self
            .graphs
            .get(&network)
            .or_else(|| self.graphs.get(&None))?;
        let all = graph.from.get(from)?.get_or_init(|| graph.shortest(from));
        all.get(to).copied().filter(|metres| *metres != FAR)
    }

    /// The cheapest band that holds `ride` over `metres` (of equal ones the first row) and what it
    /// costs in minor units.
    #[must_use]
    pub fn price(&self, ride: &Ride<'_>, metres: u32) -> Option<(i64, &Band)> {
        let metres = i64::from(metres);
        self.bands
            .iter()
            .filter(|band| band.scope.holds(ride))
            .filter_map(|band| Some((band.price(metres)?, band)))
            .min_by_key(|(price, _)| *price)
    }
}

impl Band {
    fn price(&self, metres: i64) -> Option<i64> {
        if metres < self.from_metres || self.to_metres.is_some_and(|to| metres > to) {
            return None;
        }
        let Some((step, added)) = self.step else {
            return Some(self.amount);
        };
        let steps = metres.checked_sub(self.from_metres)?.checked_div(step)?;
        self.amount.checked_add(steps.checked_mul(added)?)
    }
}

impl Graph {
    fn new(stops: usize, links: impl Iterator<Item = (usize, usize, u32, bool)>) -> Self {
        let mut graph = Self {
            links: vec![Vec::new(); stops],
            from: vec![OnceLock::new(); stops],
        };
        for (from, to, metres, both_ways) in links {
            if let Some(of_stop) = graph.links.get_mut(from) {
                of_stop.push((to, metres));
            }
            if both_ways && let Some(of_stop) = graph.links.get_mut(to) {
                of_stop.push((from, metres));
            }
        }
        graph
    }

    /// Dijkstra: metres from one stop to all, [`FAR`] where there is no way.
    fn shortest(&self, from: usize) -> Box<[u32]> {
        let mut metres = vec![FAR; self.links.len()];
        let mut queue = BinaryHeap::from([Reverse((0u32, from))]);
        if let Some(own) = metres.get_mut(from) {
            *own = 0;
        }
        while let Some(Reverse((so_far, stop))) = queue.pop() {
            if metres.get(stop).is_none_or(|known| so_far > *known) {
                continue;
            }
            for (next, length) in self.links.get(stop).into_iter().flatten() {
                let total = so_far.saturating_add(*length);
                if let Some(known) = metres.get_mut(*next)
                    && total < *known
                {
                    *known = total;
                    queue.push(Reverse((total, *next)));
                }
            }
        }
        metres.into_boxed_slice()
    }
}

pub(super) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> Distances {
    let required = ["from_stop_id", "to_stop_id", "distance_meters"];
    let links = cells::rows(files, LINKS, &required, known, report, |cells| {
        let (from, to) = (cells.stop("from_stop_id"), cells.stop("to_stop_id"));
        let metres = cells.number("distance_meters", 0..=METRES_MAX);
        let both_ways = cells.flag("both_directions", true);
        Some(Link {
            network: cells.network("network_id"),
            from: from?,
            to: to?,
            metres,
            both_ways,
        })
    });
    let required = ["from_meters", "amount"];
    let bands = cells::rows(files, BANDS, &required, known, report, band);
    if !bands.is_empty() && links.is_empty() {
        report.push(Defect::of_file(
            &known.path(LINKS),
            "the links that bands are measured by",
        ));
    }
    let mut stops: BTreeMap<StopId, usize> = BTreeMap::new();
    for link in &links {
        for stop in [link.from, link.to] {
            let next = stops.len();
            stops.entry(stop).or_insert(next);
        }
    }
    if stops.len() > STOPS_MAX {
        report.push(Defect::of_file(
            &known.path(LINKS),
            format!("at most {STOPS_MAX} stops"),
        ));
        return Distances::default();
    }
    let mut graphs = BTreeMap::new();
    let networks = links.iter().map(|link| link.network).chain([None]);
    for network in networks {
        graphs.entry(network).or_insert_with(|| {
            let usable = links
                .iter()
                .filter(|link| link.network.is_none() || link.network == network)
                .filter_map(|link| {
                    let (from, to) = (*stops.get(&link.from)?, *stops.get(&link.to)?);
                    Some((from, to, u32::try_from(link.metres).ok()?, link.both_ways))
                });
            Graph::new(stops.len(), usable)
        });
    }
    Distances {
        stops,
        graphs,
        bands,
    }
}

fn band(cells: &mut Cells<'_>) -> Option<Band> {
    let from_metres = cells.number("from_meters", 0..=METRES_MAX);
    let to_metres = if cells.text("to_meters").is_empty() {
        None
    } else {
        Some(cells.number("to_meters", from_metres..=METRES_MAX))
    };
    let amount = cells.amount("amount");
    let step = if cells.text("step_meters").is_empty() && cells.text("step_amount").is_empty() {
        None
    } else {
        let metres = cells.number("step_meters", 1..=METRES_MAX);
        cells.amount("step_amount").map(|added| (metres, added))
    };
    let product = cells.product("fare_product_id");
    let scope = Scope {
        product: None,
        ..cells.scope()
    };
    Some(Band {
        scope,
        product,
        from_metres,
        to_metres,
        amount: amount?,
        step,
        rule: cells.rule(),
    })
}
