//! `apportionment_rules.txt`, `apportionment_shares.txt` and `apportionment_links.txt`: whose
//! revenue a ride is.

use std::collections::BTreeMap;

use units::{AreaId, NetworkId, StopId, TextId};

use super::cells::{self, Cells};
use super::{Known, ways::Ways};
use crate::{CityFiles, Defect, LoadReport, RuleRef};

const RULES: &str = "apportionment_rules.txt";
const SHARES: &str = "apportionment_shares.txt";

/// The largest weight: with it, sums and products with an amount stay inside 128 bits.
const WEIGHT_MAX: i64 = 1_000_000_000_000;

/// How a city's revenue is divided among the agencies of `agency.txt`.
#[derive(Clone, Debug, Default)]
pub struct Apportionment {
    rules: Vec<ShareRule>,
    shares: BTreeMap<TextId, Vec<(TextId, u64)>>,
    ways: Ways,
}

/// One row of `apportionment_rules.txt`; empty cells of its scope mean "anything".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShareRule {
    /// `network_id` of the ride.
    pub network: Option<NetworkId>,
    /// `from_area_id`: an area of the first stop.
    pub from_area: Option<AreaId>,
    /// `to_area_id`: an area of the last stop; a ride without one is in none.
    pub to_area: Option<AreaId>,
    /// `share_by`.
    pub by: ShareBy,
    /// `pool` is `leg_fares`: what a rider paid on a service day for all rides of such rules is
    /// divided by what each would have cost alone, before the rides' own weights.
    pub is_pooled: bool,
    /// The row.
    pub rule: RuleRef,
}

/// By what a ride's revenue is divided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ShareBy {
    /// `agency`: all of it to one.
    Agency(TextId),
    /// `fixed`: the weights of this `share_id` in `apportionment_shares.txt`.
    Fixed(TextId),
    /// `distance`: metres on each agency's links along the shortest way.
    Distance,
    /// `zones`: areas that each agency's links touch along the shortest way.
    Zones,
}

/// Where a ride went, as far as its taps say.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'a> {
    /// Its network.
    pub network: Option<NetworkId>,
    /// Its first stop.
    pub from: Option<StopId>,
    /// Its last stop.
    pub to: Option<StopId>,
    /// Areas of the first stop.
    pub from_areas: &'a [AreaId],
    /// Areas of the last stop.
    pub to_areas: &'a [AreaId],
}

impl Apportionment {
    /// The rules in file order.
    #[must_use]
    pub fn rules(&self) -> &[ShareRule] {
        &self.rules
    }

    /// The first rule that holds `ride` and gives it weights, with the weights by agency, ordered
    /// by agency and each above 0. `areas` says the areas of a stop.
    ///
    /// A rule by distance or zones passes a ride on that has no way on the links: one with a
    /// missing tap, or out where it came in.
    #[must_use]
    pub fn weights<'r>(
        &'r self,
        ride: &Carried<'_>,
        areas: impl Fn(&StopId) -> &'r [AreaId],
    ) -> Option<(Vec<(TextId, u64)>, &'r ShareRule)> {
        self.rules
            .iter()
            .filter(|rule| rule.holds(ride))
            .find_map(|rule| {
                let weights = match &rule.by {
                    ShareBy::Agency(agency) => vec![(*agency, 1)],
                    ShareBy::Fixed(id) => self.shares.get(id)?.clone(),
                    ShareBy::Distance => self.ways.metres(&ride.from?, &ride.to?)?,
                    ShareBy::Zones => self.ways.zones(&ride.from?, &ride.to?, &areas)?,
                };
                (!weights.is_empty()).then_some((weights, rule))
            })
    }

    pub(super) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> Self {
        let shares = read_shares(files, known, report);
        let ways = Ways::read(files, known, report);
        let required = ["share_by"];
        let rules = cells::rows(files, RULES, &required, known, report, |cells| {
            rule(cells, &shares)
        });
        let asks_way = |rule: &ShareRule| matches!(rule.by, ShareBy::Distance | ShareBy::Zones);
        if ways.is_empty() && rules.iter().any(asks_way) {
            report.push(Defect::of_file(
                &known.path(super::ways::FILE),
                "the links that shares by distance and zones are measured on",
            ));
        }
        Self {
            rules,
            shares,
            ways,
        }
    }
}

impl ShareRule {
    fn holds(&self, ride: &Carried<'_>) -> bool {
        self.network
            .is_none_or(|wanted| ride.network == Some(wanted))
            && self
                .from_area
                .is_none_or(|area| ride.from_areas.contains(&area))
            && self
                .to_area
                .is_none_or(|area| ride.to_areas.contains(&area))
    }
}

fn read_shares(
    files: &CityFiles,
    known: &Known<'_>,
    report: &mut LoadReport,
) -> BTreeMap<TextId, Vec<(TextId, u64)>> {
    let mut shares: BTreeMap<TextId, BTreeMap<TextId, u64>> = BTreeMap::new();
    let required = ["share_id", "agency_id", "weight"];
    cells::rows(files, SHARES, &required, known, report, |cells| {
        let id = cells.id("share_id");
        let agency = cells.agency("agency_id");
        let weight = cells.number("weight", 1..=WEIGHT_MAX);
        let (id, agency) = (id?, agency?);
        if !cells.is_good() {
            return None;
        }
        let of_id = shares.entry(id).or_default();
        if of_id.contains_key(&agency) {
            cells.defect(
                "agency_id",
                "an agency that no earlier row of this share_id has",
            );
            return None;
        }
        of_id.insert(agency, u64::try_from(weight).ok()?);
        Some(())
    });
    shares
        .into_iter()
        .map(|(id, weights)| (id, weights.into_iter().collect()))
        .collect()
}

fn rule(cells: &mut Cells<'_>, shares: &BTreeMap<TextId, Vec<(TextId, u64)>>) -> Option<ShareRule> {
    let network = cells.network("network_id");
    let from_area = cells.area("from_area_id");
    let to_area = cells.area("to_area_id");
    let by = match cells.text("share_by") {
        "agency" => cells.agency("agency_id").map(ShareBy::Agency),
        "fixed" => {
            let id = cells.id("share_id");
            if id.is_some_and(|id| !shares.contains_key(&id)) {
                cells.defect("share_id", "a share_id of apportionment_shares.txt");
            }
            id.map(ShareBy::Fixed)
        }
        "distance" => Some(ShareBy::Distance),
        "zones" => Some(ShareBy::Zones),
        _ => {
            cells.defect("share_by", "agency, fixed, distance or zones");
            None
        }
    };
    let is_pooled = match cells.text("pool") {
        "" | "journey" => false,
        "leg_fares" => true,
        _ => {
            cells.defect("pool", "journey, leg_fares or an empty cell");
            false
        }
    };
    Some(ShareRule {
        network,
        from_area,
        to_area,
        by: by?,
        is_pooled,
        rule: cells.rule(),
    })
}
