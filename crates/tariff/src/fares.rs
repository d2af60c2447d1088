//! Fares by the GTFS reference: a feed compiled into an index, and the price of an itinerary.
//!
//! [`Fares::price`] reads the legs of one rider in the order in which they were travelled and finds
//! the least that the feed's rules ask for them. Fares v2 where the feed has leg rules, else
//! Fares v1 (reference, `fare_attributes.txt`, "Versions": only one of the two is used).
//!
//! Sections cited in these modules are those of the
//! [GTFS Schedule reference](https://gtfs.org/documentation/schedule/reference/) as revised on
//! 27 April 2026.

mod chain;
mod effective;
mod keys;
mod legs;
mod priced;
mod resolve;
mod rider;
mod timeframes;
mod transfers;
mod v1;

pub use priced::{Ambiguity, Bought, Line, LineKind, Priced, Status};
pub use resolve::{NotLocal, Stops};
pub use rider::Rider;

use units::{ServiceDay, Timestamp};

use crate::Feed;
use crate::feed::{AreaIx, NetworkIx, ProductIx, RouteIx, StopIx};

use effective::Joins;
use legs::LegRules;
use timeframes::Timeframes;
use transfers::Transfers;

/// The most legs of one itinerary: the price of n legs takes up to n² steps, and nobody rides more
/// in a day.
pub const LEGS_MAX: usize = 500;

/// A feed ready to price itineraries.
#[derive(Clone, Debug)]
pub struct Fares {
    feed: Feed,
    timeframes: Timeframes,
    rules: LegRules,
    joins: Joins,
    transfers: Transfers,
    /// The place of each product by the text of its id.
    order: Vec<u32>,
    v1: v1::Fares,
}

/// A moment of travel.
///
/// Two clocks are needed: time limits are spans between instants, also over a night when clocks
/// change, and timeframes are matched by the wall clock (section `timeframes.txt`, "Timeframe Local
/// Time Semantics").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// The date that the calendar shows there: the "current day", not the service day.
    pub day: ServiceDay,
    /// Seconds that the wall clock shows since 00:00:00 of that date, 0 to 86,399.
    pub second: u32,
}

/// Where a leg begins or ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place<'a> {
    /// The stop; `None` where only areas are known. One that the feed does not list is in no area.
    pub stop: Option<StopIx>,
    /// The areas to use instead of those of the stop.
    pub areas: Option<&'a [AreaIx]>,
}

/// Travel from boarding to leaving.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leg<'a> {
    /// The network; `None` where the leg is in none.
    pub network: Option<NetworkIx>,
    /// The route, which Fares v1 asks for.
    pub route: Option<RouteIx>,
    /// Where it began.
    pub from: Place<'a>,
    /// Where it ended; `None` where riders do not tap off.
    pub to: Option<Place<'a>>,
    /// When it began.
    pub start: Moment,
    /// When it ended; `None` where riders do not tap off.
    pub end: Option<Moment>,
}

/// Memory that [`Fares::price`] uses again from one itinerary to the next.
#[derive(Clone, Debug, Default)]
pub struct Work {
    effective: effective::Scratch,
    chain: chain::Scratch,
}

impl Moment {
    /// A moment of which only the wall clock is known: instants are counted as if clocks never
    /// changed.
    #[must_use]
    pub fn civil(day: ServiceDay, second: u32) -> Self {
        let days = i64::from(day.as_days()).saturating_mul(86_400);
        Self {
            at: Timestamp::from_secs(days.saturating_add(i64::from(second))),
            day,
            second,
        }
    }
}

impl Place<'_> {
    /// A stop with the areas that the feed gives it.
    #[must_use]
    pub const fn stop(stop: StopIx) -> Self {
        Self {
            stop: Some(stop),
            areas: None,
        }
    }
}

impl Fares {
    /// Compiles a feed.
    #[must_use]
    pub fn new(feed: Feed) -> Self {
        Self {
            timeframes: Timeframes::new(&feed),
            rules: LegRules::new(&feed),
            joins: Joins::new(&feed),
            transfers: Transfers::new(&feed),
            order: legs::text_order(&feed),
            v1: v1::Fares::new(&feed),
            feed,
        }
    }

    /// The rows it was made of.
    #[must_use]
    pub const fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The prices for a rider.
    ///
    /// `category` is a `rider_category_id`; `None` is a rider who named none, for whom the default
    /// categories hold. `medium` is a `fare_media_id`; `None` is a rider who takes whichever is
    /// cheapest. Ids that the feed does not have match no row that names one.
    #[must_use]
    pub fn rider(&self, category: Option<&str>, medium: Option<&str>) -> Rider {
        Rider::new(&self.feed, category, medium)
    }

    /// What `legs` cost `rider`: of all that the rules allow, the least.
    ///
    /// `legs` are in the order of travel. As many legs as possible are priced; the total is over
    /// these, and no leg is ever free because nothing prices it. Beyond [`LEGS_MAX`] legs all are
    /// unpriced.
    #[must_use]
    pub fn price(&self, rider: &Rider, legs: &[Leg<'_>], work: &mut Work) -> Priced {
        if legs.len() > LEGS_MAX {
            return Priced::nothing(legs.len());
        }
        if !self.feed.is_v2() {
            return self.v1.price(&self.feed, legs);
        }
        effective::join(self, legs, &mut work.effective);
        chain::price(self, rider, &work.effective, &mut work.chain)
    }

    /// What decides between equal prices, whatever the order of rows: the text of the id.
    fn order_of(&self, product: ProductIx) -> u32 {
        self.order.get(product.index()).copied().unwrap_or(u32::MAX)
    }

    /// What the reference makes of `legs` before any price: the effective fare legs, each with the
    /// rows of `fare_leg_rules.txt` that match it and have the highest `rule_priority`. Empty for
    /// feeds of Fares v1.
    #[must_use]
    pub fn matches(&self, legs: &[Leg<'_>]) -> Vec<(std::ops::Range<usize>, Vec<u32>)> {
        let mut scratch = effective::Scratch::default();
        effective::join(self, legs, &mut scratch);
        let rows = |leg: &effective::FareLeg| {
            let rules = scratch.rules_of(leg).iter();
            let mut rows: Vec<u32> = rules
                .filter_map(|at| Some(self.rules.get(*at)?.row))
                .collect();
            rows.sort_unstable();
            rows
        };
        let legs = scratch.legs.iter();
        legs.map(|leg| (leg.first..leg.end, rows(leg))).collect()
    }
}
