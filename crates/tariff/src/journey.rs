//! What a day of taps becomes: journeys with legs, fares and lines.

use std::fmt;

use units::{
    Amount, JourneyId, NetworkId, ProductId, RouteId, ServiceDay, StopId, TapId, TextId, Timestamp,
};

use crate::ext::Evidence;
use crate::{Adjustment, Tap};

/// One rider's journeys of one service day, ordered by first tap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayRating {
    /// The journeys; each tap of the day is in exactly one.
    pub journeys: Vec<Journey>,
}

/// From a tap on to a tap off, or the one tap there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Journey {
    /// `UUIDv5` of the account and the first tap: the same taps give the same id.
    pub id: JourneyId,
    /// The service day it is counted to.
    pub day: ServiceDay,
    /// Whether every tap it needs is there.
    pub status: JourneyStatus,
    /// Its taps in order of time: one or two.
    pub taps: Vec<TapId>,
    /// What was travelled; empty where a missing tap leaves it unknown.
    pub legs: Vec<Leg>,
    /// What it costs.
    pub fare: Fare,
    /// How the fare adds up: the amounts sum to the fare; empty when unpriced.
    pub lines: Vec<FareLine>,
    /// What each line is made of, as data; in the order of the lines.
    pub breakdown: Vec<Breakdown>,
}

/// How one line of a fare came about: taps, leg, rule, product, and what changed the price.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breakdown {
    /// Which member of the party: 0 is the holder of the code.
    pub rider: u8,
    /// Their rider category.
    pub category: Option<TextId>,
    /// The taps of the journey.
    pub taps: Vec<TapId>,
    /// The first of them.
    pub tap: Tap,
    /// Whether a tap is missing.
    pub status: JourneyStatus,
    /// What was travelled, or is taken to have been.
    pub leg: Option<Leg>,
    /// What kind of rule priced it.
    pub priced_by: PricedBy,
    /// The product bought.
    pub product: Option<ProductId>,
    /// The row that priced it.
    pub rule: RuleRef,
    /// The price by that row.
    pub price: Amount,
    /// What each further rule made of it, in order; the last one's `after` is the amount.
    pub adjustments: Vec<Adjustment>,
    /// What is paid.
    pub amount: Amount,
}

/// What kind of rule priced a journey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PricedBy {
    /// Rules of GTFS: a leg rule, with its transfers.
    LegRule,
    /// The matrix of origins and destinations.
    Matrix,
    /// A distance band, for so many metres of track.
    Distance {
        /// Metres.
        metres: u32,
    },
    /// A zone ticket bought for this ride.
    ZoneTicket,
    /// Out where the rider came in.
    SameStation,
    /// The maximum fare of an incomplete journey.
    Maximum,
    /// The suspended maximum fare of a declared disruption.
    Disruption {
        /// Its place among the city's disruptions.
        place: usize,
    },
    /// A missing tap filled in: the leg's price, at most the maximum fare.
    Completed {
        /// How sure the city is, in per cent.
        confidence_percent: i64,
        /// From what.
        evidence: Evidence,
        /// The place of its row among the city's events.
        place: usize,
    },
}

/// Whether a journey has the taps it needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum JourneyStatus {
    /// Every tap it needs.
    Complete,
    /// One is missing.
    Incomplete(MissingTap),
}

/// Which tap a journey lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MissingTap {
    /// A tap on, and no tap off within the longest journey.
    NoTapOff,
    /// A tap off, and no tap on before it within the longest journey.
    NoTapOn,
}

/// Travel that a fare leg rule can price (GTFS "leg").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Leg {
    /// The network of the route travelled on, where it is known.
    pub network: Option<NetworkId>,
    /// Where it began.
    pub from: StopId,
    /// Where it ended; `None` on networks without tap off.
    pub to: Option<StopId>,
    /// When it began.
    pub start: Timestamp,
    /// When it ended, where a tap says so.
    pub end: Option<Timestamp>,
}

/// A row of a city's file that decided something.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleRef {
    /// The file, relative to the city's folder.
    pub file: String,
    /// The line in it; the header of a table is line 1.
    pub row: u64,
}

/// What the rules of GTFS say of one leg alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegFare {
    /// The price.
    pub amount: Amount,
    /// The product to hold.
    pub product: ProductId,
    /// Its name for riders; the id where the files give none.
    pub product_name: String,
    /// The row that allows it.
    pub rule: RuleRef,
}

/// What a journey costs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fare {
    /// So much, 0 or more, in the city's currency.
    Priced(Amount),
    /// No rule prices it: somebody must look; it is never free by accident.
    Unpriced {
        /// What is missing.
        why: Unpriced,
    },
}

/// One line of a fare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FareLine {
    /// What it adds, in the city's currency.
    pub amount: Amount,
    /// The row of the city's files that says so.
    pub rule: Option<RuleRef>,
    /// One English sentence: from where, to where, which product, which rule.
    pub because: String,
}

/// Why a leg has no fare. `Display` is a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unpriced {
    /// The tap is at a stop that the city does not have.
    #[error("Stop {0} is not in gtfs/stops.txt, so the travel has no fare.")]
    UnknownStop(StopId),
    /// The tap is on a route that the city does not have.
    #[error("Route {0} is not in gtfs/routes.txt, so the travel has no fare.")]
    UnknownRoute(RouteId),
    /// No row of `fare_leg_rules.txt` matches: by the GTFS reference the fare is unknown.
    #[error("{sentence}")]
    NoRule {
        /// From where to where, on which network.
        sentence: String,
    },
    /// The parts of the fare leave 64 bits of minor units.
    #[error("The fare is more than 64 bits of minor units can hold.")]
    TooMuch,
    /// Rows match, but their products have no price for riders without a category.
    #[error("Product {product} has no price for this rider in gtfs/fare_products.txt.")]
    NoPrice {
        /// The first such product by id.
        product: ProductId,
    },
}

impl Journey {
    /// Why it costs what it costs, in English: its lines, or what keeps it from having a fare.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.fare {
            Fare::Unpriced { why } => why.to_string(),
            Fare::Priced(_) => {
                let sentences: Vec<&str> = self
                    .lines
                    .iter()
                    .map(|line| line.because.as_str())
                    .collect();
                sentences.join(" ")
            }
        }
    }
}

impl RuleRef {
    /// Stands in until a rule is found.
    pub(crate) const fn none() -> Self {
        Self {
            file: String::new(),
            row: 0,
        }
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} row {}", self.file, self.row)
    }
}
