//! Who earned how much of a rider's day.

use std::collections::BTreeMap;

use ledger::{ApportionError, apportion};
use tariff::{City, Earned};
use units::{Amount, ServiceDay};

use super::Earner;
use super::published::{Published, PublishedJourney};

/// Minor units by who earned them; together they are what was paid.
pub type Shares = BTreeMap<Earner, i64>;

/// Why revenue cannot be divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// An amount below 0: no fare is.
    #[error("a fare below 0 cannot be divided")]
    Negative,
    /// A sum leaves 64 bits of minor units.
    #[error("the revenue leaves 64 bits of minor units")]
    Overflow,
    /// The arithmetic refuses.
    #[error("the revenue cannot be divided")]
    Divide(#[from] ApportionError),
}

/// The shares of each service day.
///
/// # Errors
/// [`ShareError`].
pub fn of_days(
    city: &City,
    published: &Published,
) -> Result<BTreeMap<ServiceDay, Shares>, ShareError> {
    let mut days = BTreeMap::new();
    for (day, riders) in published {
        let mut sums = Shares::new();
        for rides in riders {
            for shares in of_rider_day(city, *day, rides)? {
                add(&mut sums, &shares)?;
            }
        }
        days.insert(*day, sums);
    }
    Ok(days)
}

/// The shares of each of a rider's journeys of one day, in their order.
///
/// First what was paid for all journeys whose rule says `pool` = `leg_fares` is divided among them
/// by what each would have cost alone: a ride that a cap or a transfer made free still carried
/// somebody. Then each journey's part is divided by the weights of its rule. Both times the
/// largest remainder method hands out every unit ([`ledger::apportion`]); of equal claims the
/// lower journey id, and the lower agency id, is first.
///
/// # Errors
/// [`ShareError`].
pub fn of_rider_day(
    city: &City,
    day: ServiceDay,
    rides: &[PublishedJourney],
) -> Result<Vec<Shares>, ShareError> {
    let currency = city.currency();
    let amount = |minor| Amount::new(minor, currency).map_err(|_| ShareError::Negative);
    let earned: Vec<Option<Earned>> = rides
        .iter()
        .map(|ride| city.earned(day, &ride.travelled))
        .collect();
    let mut parts = Vec::with_capacity(rides.len());
    for ride in rides {
        parts.push(amount(ride.fare_minor)?);
    }
    let pooled: Vec<usize> = earned
        .iter()
        .enumerate()
        .filter(|(_, earned)| earned.as_ref().is_some_and(|earned| earned.is_pooled))
        .map(|(at, _)| at)
        .collect();
    let alone = |at: &usize| rides.get(*at).map_or(0, |ride| ride.alone_minor);
    let alone: Vec<u64> = pooled
        .iter()
        .map(|at| u64::try_from(alone(at)).unwrap_or(0))
        .collect();
    if alone.iter().any(|weight| *weight > 0) {
        let paid = pooled
            .iter()
            .filter_map(|at| parts.get(*at).copied())
            .try_fold(Amount::zero(currency), Amount::checked_add)
            .ok_or(ShareError::Overflow)?;
        for (at, part) in pooled.iter().zip(apportion(paid, &alone)?) {
            if let Some(own) = parts.get_mut(*at) {
                *own = part;
            }
        }
    }
    let of_ride = |(part, earned): (Amount, Option<Earned>)| {
        let Some(earned) = earned else {
            return Ok(Shares::from([(Earner::City, part.as_minor())]));
        };
        let weights: Vec<u64> = earned.weights.iter().map(|(_, weight)| *weight).collect();
        let minor = apportion(part, &weights)?;
        let agencies = earned
            .weights
            .iter()
            .map(|(agency, _)| Earner::Agency(*agency));
        Ok(agencies.zip(minor.iter().map(Amount::as_minor)).collect())
    };
    parts.into_iter().zip(earned).map(of_ride).collect()
}

/// Adds `shares` to `sums`.
///
/// # Errors
/// [`ShareError::Overflow`].
pub fn add(sums: &mut Shares, shares: &Shares) -> Result<(), ShareError> {
    for (earner, minor) in shares {
        let sum = sums.entry(*earner).or_default();
        *sum = sum.checked_add(*minor).ok_or(ShareError::Overflow)?;
    }
    Ok(())
}
