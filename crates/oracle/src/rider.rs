//! A rider's taps of any number of days: parties, days, and never worse over media.

use std::collections::{BTreeMap, BTreeSet};

use units::{ServiceDay, TapId};

use crate::count::Past;
use crate::pairing::{Tap, Trip, trips};
use crate::world::World;

/// What became of some taps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Journey {
    /// The service day it is counted to.
    pub day: ServiceDay,
    /// Its taps in order of time.
    pub taps: Vec<TapId>,
    /// Minor units; `None` is unpriced.
    pub cost: Option<i64>,
    /// Which kinds of rules had a say.
    pub touched: BTreeSet<&'static str>,
}

/// One trip, its day, and for each member what they pay, if anything prices it.
struct Paid {
    day: ServiceDay,
    trip: Trip,
    members: BTreeMap<u8, Option<i64>>,
    touched: BTreeSet<&'static str>,
}

impl World {
    /// The journeys of one rider, by day and first tap.
    #[must_use]
    pub fn rate(&self, taps: &[Tap]) -> Vec<Journey> {
        let mut taps = taps.to_vec();
        taps.sort();
        let mut ids = BTreeSet::new();
        taps.retain(|tap| ids.insert(tap.id));
        let media: BTreeSet<Option<[u8; 16]>> = taps.iter().map(|tap| tap.medium).collect();
        let mut alone = Vec::new();
        if media.len() > 1 {
            for medium in media {
                let own: Vec<Tap> = taps
                    .iter()
                    .filter(|tap| tap.medium == medium)
                    .cloned()
                    .collect();
                alone.extend(self.fold(&own));
            }
        }
        let linked = self.fold(&taps);
        linked
            .into_iter()
            .map(|paid| journey(&paid, &alone))
            .collect()
    }

    /// Steps 1 to 9 over days.
    fn fold(&self, taps: &[Tap]) -> Vec<Paid> {
        let mut days: BTreeMap<ServiceDay, Vec<Tap>> = BTreeMap::new();
        for tap in taps {
            let day = self.settings.clock.service_day(tap.at);
            days.entry(day).or_default().push(tap.clone());
        }
        let mut histories: BTreeMap<u8, Vec<Past>> = BTreeMap::new();
        let mut all = Vec::new();
        for (day, taps) in days {
            let number = self.number(day);
            let tariff = self.tariff(number);
            let trips = trips(tariff, &taps);
            let mut paid: Vec<Paid> = trips
                .iter()
                .map(|trip| Paid {
                    day,
                    trip: trip.clone(),
                    members: BTreeMap::new(),
                    touched: BTreeSet::new(),
                })
                .collect();
            let most = taps.iter().map(|tap| tap.companions).max().unwrap_or(0);
            for member in 0..=most {
                let mut bases = tariff.bases(&trips, member);
                tariff.on_tickets(&mut bases);
                let history = histories.entry(member).or_default();
                for (paid, base) in paid.iter_mut().zip(bases) {
                    let Some(base) = base else { continue };
                    let carried = paid.trip.taps()[0].product;
                    let counted = self.count((day, number), &base, carried, history);
                    paid.members
                        .insert(member, counted.as_ref().map(|counted| counted.cost));
                    paid.touched
                        .extend(counted.iter().flat_map(|c| c.touched.clone()));
                    if counted.is_none() {
                        paid.touched.insert("unpriced");
                    }
                    paid.touched.extend(base.notes.iter().copied());
                    if member > 0 {
                        paid.touched.insert("party");
                    }
                }
            }
            all.extend(paid);
        }
        all
    }
}

/// The lesser of both amounts for each member (step 10), and their sum.
fn journey(paid: &Paid, alone: &[Paid]) -> Journey {
    let taps = paid.trip.taps();
    let apart: Vec<&Paid> = alone
        .iter()
        .filter(|other| other.trip.taps().iter().any(|tap| taps.contains(tap)))
        .collect();
    let mut touched = paid.touched.clone();
    let mut cost = Some(0);
    for (member, amount) in &paid.members {
        let mut other = (!apart.is_empty()).then_some(0);
        for paid in &apart {
            let amount = paid.members.get(member).copied().flatten();
            other = other.zip(amount).map(|(sum, amount)| sum + amount);
        }
        let amount = match (*amount, other) {
            (Some(linked), Some(other)) if other < linked => {
                touched.insert("medium alone");
                Some(other)
            }
            (linked, _) => linked,
        };
        cost = cost.zip(amount).map(|(sum, amount)| sum + amount);
    }
    Journey {
        day: paid.day,
        taps: taps.iter().map(|tap| tap.id).collect(),
        cost,
        touched,
    }
}
