//! Whose revenue a ride is.

use std::collections::BTreeMap;

use units::{NetworkId, RouteId, ServiceDay, StopId, TextId};

use super::City;
use crate::RuleRef;
use crate::ext::Carried;

/// Where a ride went, as far as its taps say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Travelled {
    /// Its network.
    pub network: Option<NetworkId>,
    /// Its route, where a tap names one.
    pub route: Option<RouteId>,
    /// Its first stop.
    pub from: Option<StopId>,
    /// Its last stop.
    pub to: Option<StopId>,
}

/// Who earned a ride's revenue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Earned {
    /// Weights by `agency_id`, ordered by it, each above 0; never empty.
    pub weights: Vec<(TextId, u64)>,
    /// Whether the ride's own revenue is a share of all that the rider paid on the service day
    /// ([`crate::ext::ShareRule::is_pooled`]).
    pub is_pooled: bool,
    /// The row that says so; `None` where the route or the feed has one agency.
    pub rule: Option<RuleRef>,
}

impl City {
    /// The name of each agency of any tariff, by `agency_id`.
    #[must_use]
    pub fn agencies(&self) -> BTreeMap<TextId, &str> {
        let mut all = BTreeMap::new();
        for (id, name) in self.tariffs().flat_map(|tariff| &tariff.agencies) {
            all.entry(*id).or_insert(name.as_str());
        }
        all
    }

    /// Who earned the revenue of `ride` by the rules in force on `day`: the first row of
    /// `apportionment_rules.txt` that holds it; with none, the agency of its route; without a
    /// route, the only agency of the feed. `None`: nobody can say, and the city keeps it.
    #[must_use]
    pub fn earned(&self, day: ServiceDay, ride: &Travelled) -> Option<Earned> {
        let tariff = self.in_force(day);
        let areas = |stop: &StopId| tariff.rules.areas(stop);
        let carried = Carried {
            network: ride.network,
            from: ride.from,
            to: ride.to,
            from_areas: ride.from.as_ref().map_or(&[], areas),
            to_areas: ride.to.as_ref().map_or(&[], areas),
        };
        if let Some((weights, rule)) = tariff.extensions().apportionment.weights(&carried, areas) {
            return Some(Earned {
                weights,
                is_pooled: rule.is_pooled,
                rule: Some(rule.rule.clone()),
            });
        }
        let of_route = ride.route.and_then(|id| tariff.routes.get(&id)?.agency);
        let mut agencies = tariff.agencies.keys();
        let only = agencies.next().filter(|_| agencies.next().is_none());
        Some(Earned {
            weights: vec![(of_route.or(only.copied())?, 1)],
            is_pooled: false,
            rule: None,
        })
    }
}
