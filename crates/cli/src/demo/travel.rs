//! The morning itself: every moment of the plan at its gate.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use tariff::{City, IncompletePolicy, Leg, TapKind};
use units::{GateId, RouteId, StopId};
use validator::Decision;

use super::cheats::Workshop;
use super::dice::Dice;
use super::gate::{Gate, Lists};
use super::phone::Phone;
use super::places::Places;
use super::plan::{Act, Moment, Plan};
use super::spool::Travel;
use super::town::Town;
use crate::world::Stopwatch;
use crate::{progress, scan};

/// The gates of the city: one reader a station, one a bus route.
pub(super) struct Gates {
    pub(super) all: Vec<Gate>,
    stations: BTreeMap<StopId, usize>,
    buses: BTreeMap<RouteId, usize>,
}

impl Gates {
    /// Sets up every reader that the plan's city needs.
    pub(super) fn new(places: &Places, seed: u64) -> Self {
        let mut dice = Dice::new(seed, u64::MAX);
        let mut gates = Self {
            all: Vec::new(),
            stations: BTreeMap::new(),
            buses: BTreeMap::new(),
        };
        for &stop in &places.metro {
            gates.stations.insert(stop, gates.all.len());
            gates.add(stop, None, &mut dice);
        }
        for &(route, stop) in &places.bus {
            if !gates.buses.contains_key(&route) {
                gates.buses.insert(route, gates.all.len());
                gates.add(stop, Some(route), &mut dice);
            }
        }
        gates
    }

    fn add(&mut self, stop: StopId, route: Option<RouteId>, dice: &mut Dice) {
        let number = u32::try_from(self.all.len() + 1).unwrap_or(u32::MAX);
        self.all.push(Gate::new(number, stop, route, dice));
    }

    /// The reader that a rider meets there.
    pub(super) fn at(&mut self, stop: StopId, route: Option<RouteId>) -> Option<&mut Gate> {
        let index = match route {
            Some(route) => self.buses.get(&route),
            None => self.stations.get(&stop),
        };
        self.all.get_mut(*index?)
    }

    /// The reader of this number.
    pub(super) fn numbered(&mut self, id: GateId) -> Option<&mut Gate> {
        self.all.iter_mut().find(|gate| gate.id == id)
    }
}

/// Lets everybody travel; the taps wait in the gates afterwards.
pub(super) async fn travel(
    town: &Town,
    plan: &Plan,
    phones: &[Phone],
    gates: &mut Gates,
    lists: &Lists,
    seed: u64,
) -> Result<Travel> {
    let watch = Stopwatch::start();
    let known = lists.known().context("the gates hold no issuer key")?;
    let mut dice = Dice::new(seed, u64::MAX - 1);
    let workshop = Workshop::new(known, &mut dice);
    let mut found = Travel::default();
    let mut purse = Purse::default();
    let mut last: BTreeMap<usize, String> = BTreeMap::new();
    let mut took: Vec<u64> = Vec::with_capacity(plan.moments.len());
    let bar = progress::bar(
        "riders travel",
        u64::try_from(plan.moments.len()).unwrap_or(0),
    );
    for moment in &plan.moments {
        bar.inc(1);
        let phone = phones
            .get(moment.rider)
            .context("a rider without a phone")?;
        let code = match moment.act {
            Act::Ride { picture: false } => phone.code(moment.at)?,
            Act::Ride { picture: true } => {
                found.pictures += 1;
                through_pixels(&phone.code(moment.at)?)?
            }
            Act::Ticket => {
                found.tickets += 1;
                town.clock.set(moment.at);
                town.client.ticket(&phone.session).await?.text
            }
            Act::Cheat(cheat) => {
                let before = last.get(&moment.rider).map(String::as_str);
                workshop.code(cheat, phone, before, moment.at, &mut dice)?
            }
        };
        let gate = gates
            .at(moment.stop, moment.route)
            .context("a stop without a gate")?;
        let kind = match moment.kind {
            TapKind::On => wire::tap::TapKind::On,
            TapKind::Off => wire::tap::TapKind::Off,
        };
        let scanned = gate.scan(&code, kind, moment.stop, moment.at, lists)?;
        took.push(scanned.took_us);
        found.count(moment, &scanned.decision);
        let honest = !matches!(moment.act, Act::Cheat(_));
        if honest && matches!(scanned.decision, Decision::Permitted(_)) {
            purse.tap(&town.city, moment)?;
            last.insert(moment.rider, code);
        }
    }
    bar.finish_and_clear();
    took.sort_unstable();
    found.riders = u64::try_from(phones.len()).unwrap_or(0);
    found.validate_us_median = took.get(took.len() / 2).copied().unwrap_or(0);
    found.expected_charged_minor = purse.total(&town.city);
    found.travelling_s = watch.seconds();
    Ok(found)
}

/// Draws the code as the phone's screen does and reads it back from the pixels.
fn through_pixels(code: &str) -> Result<String> {
    let picture = issuer::picture::png(code)?;
    let read = scan::read_picture(&picture)?;
    ensure!(read == code, "the picture of a code reads as another code");
    Ok(read)
}

impl Travel {
    fn count(&mut self, moment: &Moment, decision: &Decision) {
        self.taps += 1;
        let cheat = match moment.act {
            Act::Cheat(cheat) => Some(cheat.name().to_owned()),
            Act::Ride { .. } | Act::Ticket => None,
        };
        self.cheats += u64::from(cheat.is_some());
        match (decision, cheat) {
            (Decision::Permitted(_), cheat) => {
                self.permitted += 1;
                if let Some(cheat) = cheat {
                    *self.cheats_let_pass.entry(cheat).or_default() += 1;
                }
            }
            (Decision::Refused(refusal), cheat) => {
                self.refused += 1;
                *self
                    .refused_by_reason
                    .entry(refusal.name().to_owned())
                    .or_default() += 1;
                match cheat {
                    Some(cheat) => *self.cheats_refused.entry(cheat).or_default() += 1,
                    None => self.honest_refused += 1,
                }
            }
        }
    }
}

/// What the honest taps must cost, added up as riders would: without settlement's code.
#[derive(Default)]
struct Purse {
    inside: BTreeMap<usize, Moment>,
    minor: i64,
    unfinished: i64,
}

impl Purse {
    fn tap(&mut self, city: &City, moment: &Moment) -> Result<()> {
        match (moment.route, moment.kind) {
            (Some(_), _) => self.minor += fare(city, moment, None)?,
            (None, TapKind::On) => {
                let before = self.inside.insert(moment.rider, *moment);
                self.unfinished += i64::from(before.is_some());
            }
            (None, TapKind::Off) => match self.inside.remove(&moment.rider) {
                Some(entered) => self.minor += fare(city, &entered, Some(moment))?,
                None => self.unfinished += 1,
            },
        }
        Ok(())
    }

    fn total(&self, city: &City) -> i64 {
        let inside = i64::try_from(self.inside.len()).unwrap_or(0);
        self.minor + (self.unfinished + inside) * maximum_minor(city)
    }
}

/// What a journey with a missing tap costs, in minor units.
pub(super) fn maximum_minor(city: &City) -> i64 {
    match city.incomplete_policy() {
        IncompletePolicy::MaximumFare(amount) => amount.as_minor(),
        _ => 0,
    }
}

fn fare(city: &City, on: &Moment, off: Option<&Moment>) -> Result<i64> {
    let leg = Leg {
        network: city.network(on.route.as_ref()),
        from: on.stop,
        to: off.map(|off| off.stop),
        start: on.at,
        end: off.map(|off| off.at),
    };
    let fare = city
        .fare(&leg)
        .map_err(|why| anyhow::anyhow!("the plan has no fare: {why}"))?;
    Ok(fare.amount.as_minor())
}
