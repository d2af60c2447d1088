//! What it costs from one stop to all others: of a city by taps, so that every rule it has counts;
//! of a bare feed by its own rules.

use anyhow::{Context as _, Result, bail};
use intake::Package;
use tariff::explain::{self, Language};
use tariff::fares::{Fares as Rules, Leg, Moment, Place, Work};
use tariff::feed::{NetworkIx, StopKind};
use tariff::{City, Fare, Feed, Holder, Tap, TapKind, rate_day};
use units::{AccountId, RouteId, ServiceDay, Span, StopId, TapId, TextId, Timestamp};

use super::super::arguments::MapArguments;
use super::super::taps;
use super::{Fares, Stop};
use crate::package;
use crate::progress;
use crate::world::system_now;

/// How long the rides take, where that is less than the longest journey.
const RIDE: Span = Span::from_secs(30 * 60);

/// The fares that the arguments ask for.
pub(super) fn of(arguments: &MapArguments, package: &Package) -> Result<Fares> {
    if package.is_city() {
        of_city(arguments, &package::city(package, &arguments.city)?)
    } else {
        of_feed(arguments, package::feed(package, &arguments.city)?)
    }
}

/// The local time that is asked for: today at noon, where none is.
fn local(arguments: &MapArguments, today: ServiceDay) -> String {
    arguments
        .at
        .clone()
        .unwrap_or_else(|| format!("{today}T12:00"))
}

fn of_city(arguments: &MapArguments, city: &City) -> Result<Fares> {
    let from = StopId::new(&arguments.from).context("--from")?;
    let origin = city.stop(&from);
    let origin = origin.with_context(|| format!("--from: {} has no stop {from}", city.name()))?;
    let at = local(arguments, city.service_day(system_now()));
    let rules = city.fares();
    let start = rules
        .moment(&at, rules.feed().ids.stops.find(from.as_str()))
        .context("--at")?
        .at;
    let category = arguments.category.as_deref();
    let holder = Holder {
        category: category.map_or(Ok(0), |id| number(city, id))?,
        ..Holder::default()
    };
    let route = match &arguments.route {
        None => None,
        Some(id) => {
            let route = RouteId::new(id).context("--route")?;
            city.route(&route)
                .with_context(|| format!("--route: {} has no route {id}", city.name()))?;
            Some(route)
        }
    };
    let tap = |number: u8, kind, stop: &StopId, at: Timestamp| Tap {
        at,
        kind,
        id: TapId::from_bytes([number; 16]),
        stop: *stop,
        route,
        holder,
    };
    let end = start.plus(RIDE.min(city.longest_journey()));
    let bar = progress::bar("pricing", u64::try_from(city.stops().count())?);
    let mut stops = Vec::new();
    for stop in city.stops() {
        bar.inc(1);
        let Some((lat_degrees, lon_degrees)) = stop.degrees else {
            continue;
        };
        let ride = [
            tap(1, TapKind::On, &from, start),
            tap(2, TapKind::Off, &stop.id, end),
        ];
        let (fare_minor, because) = priced(city, &ride, arguments.language);
        stops.push(Stop {
            stop_id: stop.id.to_string(),
            name: stop.name.clone(),
            lat_degrees,
            lon_degrees,
            fare_minor,
            because,
        });
    }
    bar.finish_and_clear();
    Ok(Fares {
        from_stop_id: from.to_string(),
        from_stop_name: origin.name.clone(),
        at,
        rider_category_id: arguments.category.clone(),
        currency: city.currency().code().to_owned(),
        stops,
    })
}

fn number(city: &City, category: &str) -> Result<u8> {
    let id = TextId::new(category).context("--category")?;
    taps::number_of(city, &id)
        .with_context(|| format!("--category: {} has no category {category}", city.name()))
}

/// The fare of a ride's first journey and the sentences that say why.
fn priced(city: &City, ride: &[Tap; 2], language: Language) -> (Option<i64>, String) {
    let day = city.service_day(ride[0].at);
    let rating = rate_day(city, AccountId::from_bytes([0; 16]), day, ride);
    let Some(journey) = rating.journeys.first() else {
        return (None, String::new());
    };
    match &journey.fare {
        Fare::Priced(fare) => {
            let lines = journey.breakdown.iter();
            let told = lines.map(|line| explain::sentence(city, line, language));
            (Some(fare.as_minor()), told.collect::<Vec<_>>().join(" "))
        }
        Fare::Unpriced { why } => (None, explain::no_fare(city, why, language)),
    }
}

fn of_feed(arguments: &MapArguments, feed: Feed) -> Result<Fares> {
    let rules = Rules::new(feed);
    let feed = rules.feed();
    let from = feed.ids.stops.find(&arguments.from);
    let origin = from.and_then(|from| Some((from, feed.stops.get(from.index())?)));
    let Some((from, origin)) = origin else {
        bail!("--from: the feed has no stop {}", arguments.from);
    };
    let days = system_now().as_micros().div_euclid(86_400_000_000);
    let at = local(arguments, ServiceDay::from_days(i32::try_from(days)?));
    let start = rules.moment(&at, Some(from)).context("--at")?;
    let end = Moment {
        at: start.at.plus(RIDE),
        second: (start.second + 1800).min(86_399),
        ..start
    };
    let networks = networks(&rules, arguments.route.as_deref())?;
    let rider = rules.rider(arguments.category.as_deref(), None);
    let mut work = Work::default();
    // ISO 4217: no currency, where no rule prices anything.
    let mut currency = "XXX".to_owned();
    let mut stops = Vec::new();
    for ((stop, id), row) in feed.ids.stops.iter().zip(&feed.stops) {
        let Some((lat_degrees, lon_degrees)) = row.place.filter(|_| is_served(row.kind)) else {
            continue;
        };
        let legs = networks.iter().map(|network| Leg {
            network: *network,
            route: None,
            from: Place::stop(from),
            to: Some(Place::stop(stop)),
            start,
            end: Some(end),
        });
        let mut best: Option<(i64, String)> = None;
        for leg in legs {
            let found = rules.price(&rider, &[leg], &mut work);
            let Some(total) = found.total else { continue };
            total.currency().code().clone_into(&mut currency);
            if best
                .as_ref()
                .is_none_or(|(known, _)| total.as_minor() < *known)
            {
                let lines = found.lines.iter();
                let told =
                    lines.map(|line| explain::line(&rules, &[leg], line, arguments.language));
                best = Some((total.as_minor(), told.collect::<Vec<_>>().join(" ")));
            }
        }
        let because = explain::unpriced(&rules, 0, arguments.language);
        let (fare_minor, because) = match best {
            Some((fare, because)) => (Some(fare), because),
            None => (None, because),
        };
        stops.push(Stop {
            stop_id: id.to_owned(),
            name: row.name.to_string(),
            lat_degrees,
            lon_degrees,
            fare_minor,
            because,
        });
    }
    Ok(Fares {
        from_stop_id: arguments.from.clone(),
        from_stop_name: origin.name.to_string(),
        at,
        rider_category_id: arguments.category.clone(),
        currency,
        stops,
    })
}

/// Entrances, nodes and parts of platforms have no fares of their own.
const fn is_served(kind: StopKind) -> bool {
    matches!(kind, StopKind::Stop | StopKind::Station)
}

/// The networks that a ride may be on: that of the route, or all and none.
fn networks(rules: &Rules, route: Option<&str>) -> Result<Vec<Option<NetworkIx>>> {
    let feed = rules.feed();
    if let Some(id) = route {
        let route = feed.ids.routes.find(id);
        let route = route.with_context(|| format!("--route: the feed has no route {id}"))?;
        return Ok(vec![feed.network_of(route)]);
    }
    let all = feed.ids.networks.iter().map(|(network, _)| Some(network));
    Ok(all.chain([None]).collect())
}
