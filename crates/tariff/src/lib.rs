//! # tariff
//!
//! **What**: a city's fares, and the pure function from one rider's taps of one service day to
//! journeys, legs and fares, each line with its explanation.
//!
//! **Why it exists**: a charge that nobody can compute again is an opinion. Everything that
//! decides a fare is in the city's files and in the taps, and every line names the rule it used.
//!
//! **Where it sits**: layer L1, pure. `settlement` calls it with taps it has verified; shells read
//! the city's folder and hand the bytes over. It knows no store, clock, network or file system.
//!
//! **Invariants**: [`rate_day`] is a function of the *set* of taps: order and duplicates change
//! nothing; each tap ends in exactly one journey; a leg that no rule prices is
//! [`Fare::Unpriced`], never free; amounts are integers of the city's currency; a city with any
//! defect does not load, and all its defects are reported at once.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use tariff::{Fare, TapKind, rate_day, testing};
//! use units::{AccountId, ServiceDay};
//!
//! let city = testing::city();
//! let day = ServiceDay::parse("2019-01-07")?;
//! let (opens, _) = city.day_bounds(day);
//! let taps = [
//!     testing::tap(1, opens, 0, TapKind::On, testing::NORTH, None),
//!     testing::tap(2, opens, 20, TapKind::Off, testing::CENTRE, None),
//! ];
//! let rating = rate_day(&city, AccountId::from_bytes([7; 16]), day, &taps);
//! let Fare::Priced(fare) = rating.journeys[0].fare else { return Err("unpriced".into()) };
//! assert_eq!(fare.to_string(), "CNY 3.00");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![cfg_attr(not(test), deny(clippy::as_conversions, clippy::float_arithmetic))]

mod calendar;
mod city;
mod defect;
pub mod explain;
pub mod ext;
pub mod fares;
pub mod feed;
mod fold;
pub mod ids;
mod journey;
mod pairing;
mod rate;
mod tap;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use city::{
    City, CityFiles, Companions, Earned, IncompletePolicy, Operator, Route, Stop, Travelled,
};
pub use defect::{Defect, LoadReport, Severity};
pub use feed::{Feed, FeedFiles};
pub use fold::{Accumulators, Adjustment, AdjustmentKind, CapSum};
pub use journey::{
    Breakdown, DayRating, Fare, FareLine, Journey, JourneyStatus, Leg, LegFare, MissingTap,
    PricedBy, RuleRef, Unpriced,
};
pub use rate::{
    Carry, rate_day, rate_day_after, rate_days, total_of_day, window_start, windows_end,
};
pub use tap::{Holder, Medium, Tap, TapKind};
