//! What the GTFS rules ask for the legs of a day: leg rules, joined legs and transfers.

use units::{ProductId, RouteId, TextId, Timestamp};

use super::trips::Trip;
use crate::fares::{self, Bought, Fares, Line, LineKind, Moment, Place, Rider, Work};
use crate::feed::{FareProduct, Feed, TransferType};
use crate::{AdjustmentKind, City, Leg, RuleRef};

/// The price of one leg with what transfers add to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ByRules {
    /// By the leg's own row, minor units.
    pub(crate) price: i64,
    /// With its transfers and what later legs give back, at least 0.
    pub(crate) fare: i64,
    pub(crate) product: Option<ProductId>,
    pub(crate) rule: RuleRef,
    /// What made `fare` of `price`: the leg's own transfer, then a later leg.
    pub(crate) changes: [Option<Change>; 2],
}

/// A row of GTFS that changed what a leg costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    /// Of transfer rules or, where a leg costs less than nothing, of leg rules.
    pub(crate) kind: AdjustmentKind,
    /// The line in its file.
    pub(crate) row: u32,
    /// Minor units after it, at least 0.
    pub(crate) after: i64,
}

/// Whether what one leg costs depends on the others: by transfers, joined legs or fares v1, or
/// because a leg may cost less than nothing, which those before it give back.
pub(crate) fn asks_itinerary(feed: &Feed) -> bool {
    let below = |product: &FareProduct| product.amount.as_minor() < 0;
    !feed.transfer_rules.is_empty()
        || !feed.join_rules.is_empty()
        || !feed.is_v2()
        || feed.products.iter().any(below)
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
    let mut work = Work::default();
    let own = trips.iter().enumerate().filter(|(_, trip)| takes(trip));
    let legs = own.filter_map(|(place, trip)| {
        let (leg, route) = trip.leg.as_ref()?;
        Some((place, fares_leg(city, leg, route.as_ref())?))
    });
    if !city.rules().asks_itinerary {
        for (place, leg) in legs {
            let price = of_legs(city, rider, &[leg], &mut work).pop().flatten();
            if let Some(slot) = prices.get_mut(place) {
                *slot = price;
            }
        }
        return prices;
    }
    let (places, legs): (Vec<usize>, Vec<fares::Leg<'_>>) = legs.unzip();
    for (place, price) in places.iter().zip(of_legs(city, rider, &legs, &mut work)) {
        if let Some(slot) = prices.get_mut(*place) {
            *slot = price;
        }
    }
    prices
}

/// The price of one leg that nothing else goes with; `None` where no rule prices it.
pub(crate) fn price_alone(
    city: &City,
    leg: &Leg,
    route: Option<&RouteId>,
    category: Option<&TextId>,
) -> Option<ByRules> {
    let leg = fares_leg(city, leg, route)?;
    let rider = city.rules().rider(category)?;
    of_legs(city, rider, &[leg], &mut Work::default()).pop()?
}

/// The first product by id of those that rules sell for a leg, where none has a price for the
/// rider.
pub(crate) fn product_without_price(city: &City, leg: &Leg) -> Option<ProductId> {
    let fares = &city.rules().fares;
    let leg = fares_leg(city, leg, None)?;
    let matched = fares.matches(&[leg]);
    let rows = matched.iter().flat_map(|(_, rows)| rows);
    let feed = fares.feed();
    let product = |row: &u32| {
        let rule = feed.leg_rules.iter().find(|rule| rule.row == *row)?;
        ProductId::new(feed.ids.products.text(rule.product)).ok()
    };
    rows.filter_map(product).min()
}

/// What each of `legs`, which are one itinerary, costs; all `None` where it is ambiguous.
fn of_legs(
    city: &City,
    rider: &Rider,
    legs: &[fares::Leg<'_>],
    work: &mut Work,
) -> Vec<Option<ByRules>> {
    let mut prices: Vec<Option<ByRules>> = legs.iter().map(|_| None).collect();
    let rules = &city.rules().fares;
    let found = rules.price(rider, legs, work);
    if matches!(found.status, fares::Status::Ambiguous(_)) {
        return prices;
    }
    for (at, price) in prices.iter_mut().enumerate() {
        if !found.unpriced.contains(&at) {
            *price = Some(ByRules {
                price: 0,
                fare: 0,
                product: None,
                rule: RuleRef::none(),
                changes: [None; 2],
            });
        }
    }
    for line in &found.lines {
        count(city, line, &mut prices);
    }
    take_from_before(&mut prices);
    prices
}

/// Counts a line to its legs.
fn count(city: &City, line: &Line, prices: &mut [Option<ByRules>]) {
    let rules = &city.rules().fares;
    let is_transfer = matches!(line.kind, LineKind::Transfer(_));
    // Type 1 adds to a ticket, which has a line of its own; other transfers are the leg's ticket.
    let is_added = line.kind == LineKind::Transfer(TransferType::FromPlusTransferPlusTo);
    for leg in line.legs.clone() {
        let Some(Some(price)) = prices.get_mut(leg) else {
            continue;
        };
        let amount = if leg == line.pays {
            line.amount.as_minor()
        } else {
            0
        };
        if !is_added {
            price.rule = RuleRef {
                file: city.path(line.file.name()),
                row: u64::from(line.row),
            };
            price.product = product(rules, line.bought);
            price.price = price.price.saturating_add(amount.max(0));
        }
        price.fare = price.fare.saturating_add(amount);
        if leg != line.pays {
            continue;
        }
        // A row that asks less than nothing may change what the legs before cost.
        let kind = if is_transfer {
            AdjustmentKind::Transfer
        } else {
            AdjustmentKind::Credit
        };
        if is_transfer || amount < 0 {
            let (row, after) = (line.row, 0);
            price.changes[0] = Some(Change { kind, row, after });
        }
    }
}

fn product(rules: &Fares, bought: Bought) -> Option<ProductId> {
    let ids = &rules.feed().ids;
    match bought {
        Bought::Product(product) => ProductId::new(ids.products.text(product)).ok(),
        Bought::Fare(fare) => ProductId::new(ids.fares.text(fare)).ok(),
        Bought::Nothing => None,
    }
}

/// No leg costs less than nothing: what is below is taken from the legs before, latest first.
fn take_from_before(prices: &mut [Option<ByRules>]) {
    let mut below: i64 = 0;
    let mut why: Option<Change> = None;
    for price in prices.iter_mut().rev().flatten() {
        let own = price.fare;
        if let [Some(change), _] = &mut price.changes {
            change.after = own.max(0);
        }
        price.fare = own.saturating_add(below).max(0);
        if price.fare != own.max(0) {
            let after = price.fare;
            price.changes[1] = why.map(|change| Change { after, ..change });
        }
        below = own.saturating_add(below).min(0);
        if own < 0 {
            why = price.changes[0];
        }
    }
}

/// A leg as the rules of GTFS take it; `None` where a stop is not the city's.
fn fares_leg<'a>(city: &City, leg: &Leg, route: Option<&RouteId>) -> Option<fares::Leg<'a>> {
    let ids = &city.rules().fares.feed().ids;
    let place = |stop: &units::StopId| Place {
        stop: ids.stops.find(stop.as_str()),
        areas: None,
    };
    if !city.lists_stop(&leg.from) || leg.to.is_some_and(|to| !city.lists_stop(&to)) {
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
