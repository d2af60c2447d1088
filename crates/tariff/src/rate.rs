//! Rating: one rider's taps of one service day to journeys with fares.

use units::{AccountId, ServiceDay};

use crate::{City, DayRating, Tap};

/// Rates the taps of `account` on `day`.
///
/// A function of the set of taps: their order and repetition change nothing. Every tap ends in
/// exactly one journey. The caller gives exactly the taps of that account and day
/// ([`City::service_day`]).
#[must_use]
pub fn rate_day(city: &City, account: AccountId, day: ServiceDay, taps: &[Tap]) -> DayRating {
    todo!()
}
