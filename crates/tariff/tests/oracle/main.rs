//! Rating against its oracle: generated cities and riders, to the cent and journey by journey.
//!
//! Deliberate breaks of `tariff` and the tests here that caught them, with a sixth of the seeds:
//!
//! | break | caught by |
//! |---|---|
//! | `transfer_count` one less | rating, quotes |
//! | duration type 2 from the departure | rating, quotes |
//! | a rolling window one day longer | rating |
//! | the end of a timeframe counts | rating |
//! | a lower `rule_priority` stays | rating, quotes |
//! | legs join at other stations | rating, quotes |
//! | a same-station exit at its last minute | rating |
//! | a tier from above its edge, or to its edge | rating |
//! | a ride below 0 gives back only where there are transfers | rating |
//! | a ride without a price stops what is given back | rating |

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop at what should not happen"
)]

mod city;
mod dice;
mod extensions;
mod laws;
mod quotes;
mod riders;

use std::collections::{BTreeMap, BTreeSet};

use city::Pair;
use tariff::{Fare, Tap, TapKind, rate_days};
use units::{AccountId, ServiceDay, TapId};

type Journey = (ServiceDay, Vec<TapId>, Option<i64>);

fn by_tariff(pair: &Pair, taps: &[Tap]) -> Vec<Journey> {
    let days = rate_days(&pair.city, AccountId::from_bytes([1; 16]), taps);
    let journeys = days.into_iter().flat_map(|(_, rating)| rating.journeys);
    journeys
        .map(|journey| {
            let cost = match journey.fare {
                Fare::Priced(amount) => Some(amount.as_minor()),
                Fare::Unpriced { .. } => None,
            };
            (journey.day, journey.taps, cost)
        })
        .collect()
}

fn for_oracle(tap: &Tap) -> oracle::Tap {
    oracle::Tap {
        at: tap.at,
        is_off: tap.kind == TapKind::Off,
        id: tap.id,
        stop: tap.stop.as_str().to_owned(),
        route: tap.route.map(|route| route.as_str().to_owned()),
        category: tap.holder.category,
        companions: tap.holder.companions,
        product: tap.holder.product,
        medium: tap.holder.medium.map(|medium| *medium.as_bytes()),
    }
}

/// What a failure needs to be understood.
fn story(
    pair: &Pair,
    rider: u64,
    taps: &[Tap],
    journeys: &[oracle::Journey],
    got: &[Journey],
) -> String {
    let mut text = format!("seed {} rider {rider}\n", pair.seed);
    for (name, file) in &pair.files {
        if !matches!(
            name.as_str(),
            "agency.txt"
                | "stops.txt"
                | "routes.txt"
                | "calendar.txt"
                | "areas.txt"
                | "networks.txt"
                | "route_networks.txt"
                | "fare_media.txt"
        ) {
            text += &format!("{name}\n{file}");
        }
    }
    let mut taps = taps.to_vec();
    taps.sort_unstable();
    taps.dedup();
    let short = |id: &TapId| format!("{id}")[..4].to_owned();
    for tap in &taps {
        let moment = pair.clock.moment(tap.at);
        text += &format!(
            "{} {} {:02}:{:02}:{:02} {:?} {} {} c{} +{} p{} m{:?}\n",
            short(&tap.id),
            moment.date,
            moment.second / 3_600,
            moment.second / 60 % 60,
            moment.second % 60,
            tap.kind,
            tap.stop.as_str(),
            tap.route
                .map_or(String::new(), |route| route.as_str().to_owned()),
            tap.holder.category,
            tap.holder.companions,
            tap.holder.product,
            tap.holder.medium.map(|medium| medium.as_bytes()[0]),
        );
    }
    for (place, journey) in journeys.iter().enumerate() {
        let ids: Vec<String> = journey.taps.iter().map(short).collect();
        let want = (journey.day, journey.taps.clone(), journey.cost);
        let bad = if got.get(place) == Some(&want) {
            ""
        } else {
            "  <<<<"
        };
        text += &format!(
            "{} {ids:?} {:?} {:?} tariff {:?}{bad}\n",
            journey.day,
            journey.cost,
            journey.touched,
            got.get(place).map(|journey| journey.2)
        );
    }
    text
}

/// What must have had a say in so many journeys at least: a generator that never reaches a cap
/// tests none.
const LEAST: [(&str, usize); 22] = [
    ("bought pass", 2_000),
    ("cap", 5_000),
    ("cap of incomplete", 5_000),
    ("completed", 500),
    ("disruption", 1_000),
    ("distance", 2_000),
    ("earned pass", 2_000),
    ("joined legs", 500),
    ("leg rules", 50_000),
    ("matrix", 2_000),
    ("maximum", 50_000),
    ("medium alone", 300),
    ("party", 20_000),
    ("same station", 1_000),
    ("ticket", 3_000),
    ("tied", 5_000),
    ("tier", 2_000),
    ("tier at its edge", 200),
    ("transfer", 2_000),
    ("unpriced", 10_000),
    ("version 1", 5_000),
    ("window", 1_000),
];

#[test]
fn rating_agrees_with_its_oracle_on_100_000_rider_days() {
    let (mut days, mut riders) = (0, 0);
    let mut touched: BTreeMap<&str, usize> = BTreeMap::new();
    let mut bad = Vec::new();
    for seed in 0..1_550 {
        let pair = city::generate(seed);
        for rider in 0..7 {
            let taps = riders::taps(&pair, rider);
            let got = by_tariff(&pair, &taps);
            let asked: Vec<oracle::Tap> = taps.iter().map(for_oracle).collect();
            let journeys = pair.world.rate(&asked);
            let want: Vec<Journey> = journeys
                .iter()
                .map(|journey| (journey.day, journey.taps.clone(), journey.cost))
                .collect();
            if got != want {
                bad.push(story(&pair, rider, &taps, &journeys, &got));
                continue;
            }
            riders += 1;
            days += want
                .iter()
                .map(|(day, ..)| *day)
                .collect::<BTreeSet<_>>()
                .len();
            for kind in journeys.iter().flat_map(|journey| &journey.touched) {
                *touched.entry(kind).or_default() += 1;
            }
        }
    }
    println!("{days} rider-days of {riders} riders agree: {touched:?}");
    let first = bad.first().map_or("", String::as_str);
    assert!(bad.is_empty(), "{} disagree, the first: {first}", bad.len());

    assert!(days >= 100_000, "{days}");
    for (kind, least) in LEAST {
        let times = touched.get(kind).copied().unwrap_or(0);
        assert!(times >= least, "{kind}: {times} times");
    }
}
