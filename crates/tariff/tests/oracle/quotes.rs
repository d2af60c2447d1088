//! Itineraries against the oracle, as `fares quote` prices them: riders who name a category or a
//! fare medium, legs of any network, ends that are not known, Fares v1.

use std::collections::BTreeMap;

use oracle::{Cost, Who};
use tariff::fares::{Fares, Leg, Moment, Place, Priced, Status, Stops, Work};
use tariff::{Feed, FeedFiles};
use units::Timestamp;

use crate::city::{self, NETWORKS, Pair, STOPS};
use crate::dice::Dice;

/// A leg as both are told it.
struct Ride {
    network: Option<&'static str>,
    route: Option<&'static str>,
    from: &'static str,
    to: Option<&'static str>,
    start: Timestamp,
    end: Timestamp,
}

fn rides(pair: &Pair, dice: &mut Dice) -> Vec<Ride> {
    let midnight = pair.from.to_zoned(pair.zone.clone()).unwrap();
    let mut second = midnight.timestamp().as_second() + dice.between(0, 11 * 86_400);
    let count = dice.between(1, 5);
    let mut last = None;
    (0..count)
        .map(|_| {
            let network = dice.pick(&["metro", "rail", "bus", ""]);
            let to = dice.pick(&STOPS);
            let start = second;
            second += dice.pick(&[0, 60, 1_799, 1_800, 3_600]) + dice.between(0, 2_400);
            let end = second;
            second += dice.pick(&[0, 60, 900, 1_800, 1_801, 3_600]);
            // Changes within a station, now and then: those are what joined legs need.
            let from = match last.filter(|_| dice.chance(40)) {
                Some(stop) => stop,
                None => dice.pick(&STOPS),
            };
            last = Some(to);
            Ride {
                network: NETWORKS.into_iter().find(|known| *known == network),
                route: dice.pick(&[Some("m1"), Some("r1"), Some("b1"), None]),
                from,
                to: (!dice.chance(5)).then_some(to),
                start: Timestamp::from_secs(start),
                end: Timestamp::from_secs(end),
            }
        })
        .collect()
}

fn by_tariff(pair: &Pair, fares: &Fares, who: &Who, rides: &[Ride]) -> Priced {
    let mut stops = Stops::new(fares);
    let ids = &fares.feed().ids;
    let moment = |at: Timestamp| {
        let wall = pair.clock.moment(at);
        Moment {
            at,
            day: wall.date,
            second: u32::try_from(wall.second).unwrap(),
        }
    };
    let legs: Vec<Leg<'_>> = rides
        .iter()
        .map(|ride| Leg {
            network: ride.network.and_then(|id| ids.networks.find(id)),
            route: ride.route.and_then(|id| ids.routes.find(id)),
            from: Place::stop(stops.find(ride.from)),
            to: ride.to.map(|stop| Place::stop(stops.find(stop))),
            start: moment(ride.start),
            end: Some(moment(ride.end)),
        })
        .collect();
    let prices = fares.rider(who.category.as_deref(), who.medium.as_deref());
    fares.price(&prices, &legs, &mut Work::default())
}

fn by_oracle(pair: &Pair, who: &Who, rides: &[Ride]) -> Cost {
    let legs: Vec<oracle::Leg> = rides
        .iter()
        .map(|ride| oracle::Leg {
            network: ride.network.map(str::to_owned),
            route: ride.route.map(str::to_owned),
            from: ride.from.to_owned(),
            to: ride.to.map(str::to_owned),
            start: pair.clock.moment(ride.start),
            end: Some(pair.clock.moment(ride.end)),
        })
        .collect();
    pair.world.itinerary(who, &legs)
}

/// What each leg costs by the lines of a price; `None` is unpriced.
fn shares(priced: &Priced, legs: usize) -> Vec<Option<i64>> {
    let mut shares: Vec<Option<i64>> = vec![Some(0); legs];
    for leg in &priced.unpriced {
        shares[*leg] = None;
    }
    for line in &priced.lines {
        if let Some(sum) = &mut shares[line.pays] {
            *sum += line.amount.as_minor();
        }
    }
    shares
}

fn agree(got: &Priced, want: &Cost, place: &str) {
    let is_ambiguous = matches!(got.status, Status::Ambiguous(_));
    assert_eq!(is_ambiguous, want.is_ambiguous, "{got:?} {want:?} {place}");
    if is_ambiguous {
        return;
    }
    let legs: Vec<Option<i64>> = want
        .legs
        .iter()
        .map(|leg| leg.as_ref().map(|(_, minor)| *minor))
        .collect();
    assert_eq!(shares(got, legs.len()), legs, "{got:?} {want:?} {place}");
    let total = (want.unpriced < legs.len()).then_some(want.total);
    let sum = got.total.map(|total| total.as_minor());
    assert_eq!(sum, total, "{got:?} {want:?} {place}");
}

#[test]
fn quotes_agree_with_the_oracle_on_20_000_itineraries() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..1_600 {
        let pair = city::generate(seed);
        let mut feed = FeedFiles::new("");
        for (name, text) in &pair.files {
            feed.insert(name, text.as_bytes());
        }
        let fares = Fares::new(Feed::read(&feed).unwrap());
        let mut dice = Dice::new(seed.wrapping_mul(7_919));
        for number in 0..14 {
            let text = |id: &str| (!id.is_empty()).then(|| id.to_owned());
            let who = Who {
                category: text(dice.pick(&["", "", "adult", "child", "senior", "student"])),
                medium: text(dice.pick(&["", "", "card", "app", "coin"])),
            };
            let rides = rides(&pair, &mut dice);
            let got = by_tariff(&pair, &fares, &who, &rides);
            let want = by_oracle(&pair, &who, &rides);
            let place = format!("seed {seed} itinerary {number} {who:?}");
            agree(&got, &want, &format!("{place}\n{:#?}", pair.files));
            let of_status = match got.status {
                Status::Ambiguous(_) => vec!["ambiguous"],
                other => [vec![other.word()], want.notes].concat(),
            };
            let medium = who.medium.map(|_| "medium");
            for what in of_status.into_iter().chain(medium) {
                *seen.entry(what).or_default() += 1;
            }
        }
    }
    println!("{seen:?}");
    for (what, least) in [
        ("ambiguous", 100),
        ("joined legs", 300),
        ("medium", 5_000),
        ("partial", 1_000),
        ("priced", 5_000),
        ("tied", 200),
        ("transfer", 1_000),
        ("unpriced", 300),
        ("version 1", 1_000),
    ] {
        let times = seen.get(what).copied().unwrap_or(0);
        assert!(times >= least, "{what}: {times} times");
    }
}
