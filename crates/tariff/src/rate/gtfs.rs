//! What the GTFS rules ask for the legs of a day: leg rules, joined legs and transfers.

use units::{ProductId, TextId, Timestamp};

use super::trips::Trip;
use crate::fares::{self, Bought, LineKind, Moment, Place, Work};
use crate::feed::TransferType;
use crate::{City, RuleRef};

/// The price of one leg with what transfers add to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ByRules {
    /// By the leg's own row, minor units.
    pub(super) price: i64,
    /// With its transfers, at least 0.
    pub(super) fare: i64,
    pub(super) product: Option<ProductId>,
    pub(super) rule: RuleRef,
    /// The line of the transfer rule that made `fare` of `price`.
    pub(super) transfer: Option<u32>,
}

/// Whether legs must be priced together, or for other than the default rider.
pub(super) fn asks_itinerary(city: &City) -> bool {
    let feed = city.rules().fares.feed();
    !feed.transfer_rules.is_empty() || !feed.join_rules.is_empty() || !feed.is_v2()
}

/// The prices of the legs of those `trips` that `takes` says; `None` for the others, and for legs
/// that no rule prices. The legs are one itinerary in order of time.
///
/// An amount for several legs is counted to the first of them; what a transfer adds, or takes, to
/// the last. What would make a leg less than nothing is taken from the legs before it.
pub(super) fn prices(
    city: &City,
    trips: &[Trip],
    category: Option<&TextId>,
    takes: impl Fn(&Trip) -> bool,
) -> Vec<Option<ByRules>> {
    let mut prices: Vec<Option<ByRules>> = trips.iter().map(|_| None).collect();
    let Some(rider) = city.rules().rider(category) else {
        return prices;
    };
    let chosen: Vec<(usize, fares::Leg<'_>)> = trips
        .iter()
        .enumerate()
        .filter(|(_, trip)| takes(trip))
        .filter_map(|(place, trip)| Some((place, leg(city, trip)?)))
        .collect();
    let legs: Vec<fares::Leg<'_>> = chosen.iter().map(|(_, leg)| *leg).collect();
    let rules = &city.rules().fares;
    let found = rules.price(rider, &legs, &mut Work::default());
    if matches!(found.status, fares::Status::Ambiguous(_)) {
        return prices;
    }
    for (at, (place, _)) in chosen.iter().enumerate() {
        if found.unpriced.contains(&at) {
            continue;
        }
        if let Some(slot) = prices.get_mut(*place) {
            *slot = Some(ByRules {
                price: 0,
                fare: 0,
                product: None,
                rule: RuleRef::none(),
                transfer: None,
            });
        }
    }
    for line in &found.lines {
        let instead = line.kind == LineKind::Transfer(TransferType::TransferOnly);
        let is_transfer = matches!(line.kind, LineKind::Transfer(_));
        let at = if is_transfer && !(instead && line.legs.len() > 1) {
            line.legs.end.saturating_sub(1)
        } else {
            line.legs.start
        };
        let rule = RuleRef {
            file: format!("gtfs/{}", line.file.name()),
            row: u64::from(line.row),
        };
        let product = match line.bought {
            Bought::Product(product) => {
                ProductId::new(rules.feed().ids.products.text(product)).ok()
            }
            Bought::Fare(fare) => ProductId::new(rules.feed().ids.fares.text(fare)).ok(),
            Bought::Nothing => None,
        };
        let all = at..line.legs.end.max(at.saturating_add(1));
        for (number, leg) in all.clone().enumerate() {
            let Some(Some(price)) = chosen
                .get(leg)
                .and_then(|(place, _)| prices.get_mut(*place))
            else {
                continue;
            };
            let amount = if number == 0 {
                line.amount.as_minor()
            } else {
                0
            };
            let first = price.rule.file.is_empty();
            if first {
                price.rule = rule.clone();
                price.product = product;
            }
            if is_transfer {
                price.transfer = Some(line.row);
            }
            if first || !is_transfer {
                price.price = price.price.saturating_add(amount.max(0));
            }
            price.fare = price.fare.saturating_add(amount);
        }
    }
    take_from_before(&mut prices);
    prices
}

/// No leg costs less than nothing: what is below is taken from the legs before, latest first.
fn take_from_before(prices: &mut [Option<ByRules>]) {
    let mut below: i64 = 0;
    for price in prices.iter_mut().rev().flatten() {
        price.fare = price.fare.saturating_add(below);
        below = price.fare.min(0);
        price.fare = price.fare.max(0);
    }
}

fn leg<'a>(city: &City, trip: &Trip) -> Option<fares::Leg<'a>> {
    let (leg, route) = trip.leg.as_ref()?;
    let ids = &city.rules().fares.feed().ids;
    let place = |stop: &units::StopId| Place {
        stop: ids.stops.find(stop.as_str()),
        areas: None,
    };
    if city.stop(&leg.from).is_none() || leg.to.is_some_and(|to| city.stop(&to).is_none()) {
        return None;
    }
    Some(fares::Leg {
        network: leg.network.and_then(|id| ids.networks.find(id.as_str())),
        route: route.and_then(|id| ids.routes.find(id.as_str())),
        from: place(&leg.from),
        to: leg.to.as_ref().map(place),
        start: moment(city, leg.start),
        end: leg.end.map(|end| moment(city, end)),
    })
}

fn moment(city: &City, at: Timestamp) -> Moment {
    let local = city.local(at);
    let (year, month, day) = (local.year(), local.month(), local.day());
    let date = u8::try_from(month).ok().zip(u8::try_from(day).ok());
    let day = date
        .and_then(|(month, day)| units::ServiceDay::from_date(i32::from(year), month, day).ok());
    let second = i32::from(local.hour())
        .saturating_mul(3600)
        .saturating_add(i32::from(local.minute()).saturating_mul(60))
        .saturating_add(i32::from(local.second()));
    Moment {
        at,
        day: day.unwrap_or_else(|| city.service_day(at)),
        second: u32::try_from(second).unwrap_or(0),
    }
}
