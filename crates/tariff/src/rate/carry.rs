//! What days leave for the days after them.

use std::collections::BTreeMap;

use units::{ServiceDay, TapId};

use super::price::{Base, Pricer};
use super::trips::Trip;
use crate::{Accumulators, CapSum, City, Medium};

/// What a rider's earlier days leave for the next one: the accumulators of caps, tiers and passes.
///
/// A member of a party has accumulators by place: the holder of the code is 0, companions are 1
/// and so on. Riders with several media have those of each medium alone besides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Carry {
    riders: BTreeMap<u8, OfRider>,
    /// The media seen so far: at most one until a second one comes.
    media: Vec<Option<Medium>>,
    /// The number of the tariff that the accumulators were made by.
    tariff: usize,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct OfRider {
    linked: Accumulators,
    /// Filled from the second medium on.
    alone: BTreeMap<Option<Medium>, Accumulators>,
}

/// What the taps of a day cost by their media alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Apart {
    /// By tap: the amount of the journey of that medium that begins with it.
    by_tap: BTreeMap<TapId, i64>,
    /// Journeys of one medium alone that have no fare: nothing to compare with.
    unpriced: Vec<TapId>,
}

impl Apart {
    /// What the taps of `trip` cost by their media alone; `None` where that is not known.
    pub(super) fn of(&mut self, trip: &Trip) -> Option<i64> {
        let taps = trip.taps();
        if taps.iter().any(|tap| self.unpriced.contains(tap)) {
            return None;
        }
        let mut amounts = taps.iter().filter_map(|tap| self.by_tap.get(tap));
        let first = *amounts.next()?;
        amounts.try_fold(first, |sum, more| sum.checked_add(*more))
    }
}

impl Carry {
    /// The tariff in force on `day`. Where it is another one than before, the sums of rules that
    /// both have go on.
    pub(super) fn enter<'c>(&mut self, city: &'c City, day: ServiceDay) -> &'c City {
        let number = city.tariff_number(day);
        // One by one, also those without a ride: a rule that one of them lacks begins anew.
        while self.tariff < number {
            let before = city.tariff(self.tariff).extensions();
            let next = self.tariff.saturating_add(1);
            let now = city.tariff(next).extensions();
            for rider in self.riders.values_mut() {
                rider.linked.change(before, now);
                for alone in rider.alone.values_mut() {
                    alone.change(before, now);
                }
            }
            self.tariff = next;
        }
        city.tariff(number)
    }

    /// How far each cap has got that is in force on `day`, the last one that was rated; over all of
    /// a rider's media together.
    #[must_use]
    pub fn cap_sums(&self, city: &City, day: ServiceDay) -> Vec<CapSum> {
        let rules = city.in_force(day).extensions();
        let riders = self.riders.iter();
        riders
            .flat_map(|(rider, sums)| sums.linked.cap_sums(rules, *rider, day))
            .collect()
    }

    /// Notes the media of a day; answers whether there has been more than one.
    pub(super) fn sees(&mut self, media: &[Option<Medium>]) -> bool {
        let before = self.media.len();
        for medium in media {
            if !self.media.contains(medium) {
                self.media.push(*medium);
            }
        }
        if before == 1 && self.media.len() > 1 {
            // So far the one medium's history was the whole history.
            if let Some(first) = self.media.first() {
                for rider in self.riders.values_mut() {
                    rider.alone.insert(*first, rider.linked.clone());
                }
            }
        }
        self.media.len() > 1
    }

    /// The accumulators of one member over all media.
    pub(super) fn linked(&mut self, rider: u8) -> &mut Accumulators {
        &mut self.riders.entry(rider).or_default().linked
    }

    /// Folds the trips of each medium alone.
    pub(super) fn alone(
        &mut self,
        rider: u8,
        media: &[Option<Medium>],
        pricer: &Pricer<'_>,
        trips: &[Vec<(Trip, Option<Base>)>],
    ) -> Apart {
        let mut apart = Apart::default();
        if media.is_empty() {
            return apart;
        }
        let of_rider = self.riders.entry(rider).or_default();
        for (medium, trips) in media.iter().zip(trips) {
            let own = of_rider.alone.entry(*medium).or_default();
            for (trip, base) in trips {
                let Some(base) = base else {
                    apart.unpriced.push(trip.first().id);
                    continue;
                };
                let amount = pricer.take(own, trip, base, &mut base.adjustments.clone());
                apart.by_tap.insert(trip.first().id, amount);
            }
        }
        apart
    }
}
