//! Windows of several days: which days a fare depends on.

use std::collections::BTreeMap;

use units::{AccountId, ServiceDay};

use super::{Carry, rate_day_after};
use crate::ext::Period;
use crate::{City, DayRating, Tap};

/// Rates every service day of a rider's taps, in order.
#[must_use]
pub fn rate_days(city: &City, account: AccountId, taps: &[Tap]) -> Vec<(ServiceDay, DayRating)> {
    let mut days: BTreeMap<ServiceDay, Vec<Tap>> = BTreeMap::new();
    for tap in taps {
        days.entry(city.service_day(tap.at)).or_default().push(*tap);
    }
    let mut carry = Carry::default();
    days.iter()
        .map(|(day, taps)| {
            let rating = rate_day_after(city, account, *day, taps, &mut carry);
            (*day, rating)
        })
        .collect()
}

/// The first service day whose taps the fares of `day` depend on: `day` itself where nothing is
/// counted over days; `None` where a rolling window is, for which every earlier day counts.
#[must_use]
pub fn window_start(city: &City, day: ServiceDay) -> Option<ServiceDay> {
    let mut first = day;
    for period in city.extensions().periods() {
        if matches!(period, Period::Rolling { .. }) {
            return None;
        }
        first = first.min(period.first_day(day));
    }
    Some(first)
}

/// The last service day whose fares taps of `day` can change: the counterpart of [`window_start`].
#[must_use]
pub fn windows_end(city: &City, day: ServiceDay) -> Option<ServiceDay> {
    let mut last = day;
    for period in city.extensions().periods() {
        last = last.max(period.last_day(day)?);
    }
    Some(last)
}
