//! `apportionment_links.txt`: on whose track the shortest way between two stops lies.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::OnceLock;

use units::{AreaId, StopId, TextId};

use super::distance::{METRES_MAX, STOPS_MAX};
use super::{Known, cells};
use crate::{CityFiles, Defect, LoadReport};

pub(super) const FILE: &str = "apportionment_links.txt";

/// The links of all agencies. The shortest ways from one stop are worked out when they are first
/// asked for and kept: the same ways whoever asks first.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    stops: BTreeMap<StopId, usize>,
    names: Vec<StopId>,
    links: Vec<Link>,
    /// Numbers of the links that leave each stop.
    leaving: Vec<Vec<usize>>,
    from: Vec<OnceLock<Tree>>,
}

/// For each stop the link over which the shortest way arrives.
type Tree = Box<[Option<usize>]>;

#[derive(Clone, Debug)]
struct Link {
    from: usize,
    to: usize,
    metres: u32,
    agency: TextId,
}

impl Ways {
    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Metres on each agency's links, ordered by agency; `None` where there is no way.
    pub(super) fn metres(&self, from: &StopId, to: &StopId) -> Option<Vec<(TextId, u64)>> {
        let mut metres: BTreeMap<TextId, u64> = BTreeMap::new();
        for link in self.way(from, to)? {
            let so_far = metres.entry(link.agency).or_default();
            *so_far = so_far.saturating_add(u64::from(link.metres));
        }
        metres.retain(|_, metres| *metres > 0);
        Some(metres.into_iter().collect())
    }

    /// How many areas each agency's links touch, ordered by agency; `None` where there is no way.
    pub(super) fn zones<'r>(
        &self,
        from: &StopId,
        to: &StopId,
        areas: &impl Fn(&StopId) -> &'r [AreaId],
    ) -> Option<Vec<(TextId, u64)>> {
        let mut stops: BTreeMap<TextId, Vec<StopId>> = BTreeMap::new();
        for link in self.way(from, to)? {
            let ends = [link.from, link.to];
            let ends = ends.iter().filter_map(|at| self.names.get(*at));
            stops.entry(link.agency).or_default().extend(ends);
        }
        let mut zones = Vec::with_capacity(stops.len());
        for (agency, stops) in stops {
            let touched: BTreeSet<&AreaId> = stops.iter().flat_map(areas).collect();
            if !touched.is_empty() {
                zones.push((agency, u64::try_from(touched.len()).ok()?));
            }
        }
        Some(zones)
    }

    /// The links of the shortest way, last link first; of equally long ways the one with the
    /// fewest links, then the one that the file lists first.
    fn way(&self, from: &StopId, to: &StopId) -> Option<Vec<&Link>> {
        let (from, mut at) = (*self.stops.get(from)?, *self.stops.get(to)?);
        let tree = self.from.get(from)?.get_or_init(|| self.shortest(from));
        let mut way = Vec::new();
        while at != from {
            let link = self.links.get((*tree.get(at)?)?)?;
            way.push(link);
            at = link.from;
        }
        Some(way)
    }

    /// Dijkstra over (metres, links on the way, number of the last link).
    fn shortest(&self, from: usize) -> Tree {
        const FAR: (u64, u32, usize) = (u64::MAX, u32::MAX, usize::MAX);
        let mut best = vec![FAR; self.leaving.len()];
        let mut last = vec![None; self.leaving.len()];
        let mut queue = BinaryHeap::from([Reverse(((0_u64, 0_u32, 0_usize), from))]);
        if let Some(own) = best.get_mut(from) {
            *own = (0, 0, 0);
        }
        while let Some(Reverse((so_far, stop))) = queue.pop() {
            if best.get(stop).is_none_or(|known| so_far > *known) {
                continue;
            }
            for number in self.leaving.get(stop).into_iter().flatten() {
                let Some(link) = self.links.get(*number) else {
                    continue;
                };
                let metres = so_far.0.saturating_add(u64::from(link.metres));
                let total = (metres, so_far.1.saturating_add(1), *number);
                if let (Some(known), Some(over)) = (best.get_mut(link.to), last.get_mut(link.to))
                    && total < *known
                {
                    *known = total;
                    *over = Some(*number);
                    queue.push(Reverse((total, link.to)));
                }
            }
        }
        last.into_boxed_slice()
    }

    pub(super) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> Self {
        let required = ["from_stop_id", "to_stop_id", "distance_meters", "agency_id"];
        let rows = cells::rows(files, FILE, &required, known, report, |cells| {
            let (from, to) = (cells.stop("from_stop_id"), cells.stop("to_stop_id"));
            let metres = cells.number("distance_meters", 0..=METRES_MAX);
            let both_ways = cells.flag("both_directions", true);
            let agency = cells.agency("agency_id");
            Some((from?, to?, u32::try_from(metres).ok()?, both_ways, agency?))
        });
        let mut ways = Self::default();
        for (from, to, metres, both_ways, agency) in rows {
            let (from, to) = (ways.number(from), ways.number(to));
            ways.link(from, to, metres, agency);
            if both_ways {
                ways.link(to, from, metres, agency);
            }
        }
        if ways.names.len() > STOPS_MAX {
            let expected = format!("at most {STOPS_MAX} stops");
            report.push(Defect::of_file(&known.path(FILE), expected));
            return Self::default();
        }
        ways.from = vec![OnceLock::new(); ways.names.len()];
        ways
    }

    fn number(&mut self, stop: StopId) -> usize {
        let next = self.names.len();
        let number = *self.stops.entry(stop).or_insert(next);
        if number == next {
            self.names.push(stop);
            self.leaving.push(Vec::new());
        }
        number
    }

    fn link(&mut self, from: usize, to: usize, metres: u32, agency: TextId) {
        let number = self.links.len();
        self.links.push(Link {
            from,
            to,
            metres,
            agency,
        });
        if let Some(leaving) = self.leaving.get_mut(from) {
            leaving.push(number);
        }
    }
}
