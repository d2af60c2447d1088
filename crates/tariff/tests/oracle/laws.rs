//! Laws that need no second opinion, over the cities and riders of the generator.

use std::collections::BTreeSet;

use tariff::{City, CityFiles, Medium, Tap};
use units::Span;

use crate::city::{self, Pair};
use crate::{by_tariff, riders};

/// The costs of all journeys in order; `None` is unpriced.
fn costs(pair: &Pair, taps: &[Tap]) -> Vec<Option<i64>> {
    let journeys = by_tariff(pair, taps);
    journeys.into_iter().map(|(.., cost)| cost).collect()
}

/// The sum; `None` where a journey is unpriced.
fn total(pair: &Pair, taps: &[Tap]) -> Option<i64> {
    costs(pair, taps).into_iter().sum()
}

/// The same city where every week is like the one before: one tariff, no holidays, no disruptions,
/// clocks that never change, and weeks in place of months.
fn without_dates(pair: Pair) -> Pair {
    let mut files = std::collections::BTreeMap::new();
    for (name, text) in &pair.files {
        if matches!(name.as_str(), "calendar_dates.txt" | "disruptions.txt") {
            continue;
        }
        let text = text
            .replace("month,,", "week,,")
            .replace(&zone(&pair), "Asia/Shanghai");
        files.insert(format!("gtfs/{name}"), text.into_bytes());
    }
    let first = pair.toml.split("[[tariff]]").next().unwrap_or_default();
    let toml = first.replace(&zone(&pair), "Asia/Shanghai");
    files.insert("city.toml".to_owned(), toml.into_bytes());
    let city = City::load(&CityFiles(files)).unwrap_or_else(|report| panic!("{report}"));
    Pair { city, ..pair }
}

fn zone(pair: &Pair) -> String {
    pair.zone.iana_name().unwrap_or_default().to_owned()
}

#[test]
fn whole_weeks_later_nothing_changes_also_with_timeframes() {
    let mut timed = 0;
    for seed in 0..300 {
        let pair = without_dates(city::generate(seed));
        let rules = pair.files.get("fare_leg_rules.txt");
        timed += usize::from(rules.is_some_and(|rules| rules.contains("peak")));
        for rider in 0..4 {
            let taps = riders::taps(&pair, rider);
            let weeks = i64::try_from(seed % 40 + 1).unwrap();
            let later: Vec<Tap> = taps
                .iter()
                .map(|tap| Tap {
                    at: tap.at.plus(Span::from_secs(weeks * 7 * 86_400)),
                    ..*tap
                })
                .collect();
            let (now, then) = (costs(&pair, &taps), costs(&pair, &later));
            assert_eq!(now, then, "seed {seed} rider {rider} {weeks} weeks");
        }
    }
    assert!(timed >= 60, "{timed}");
}

#[test]
fn the_order_of_taps_and_their_repetition_change_nothing() {
    for seed in 0..300 {
        let pair = city::generate(seed);
        for rider in 0..4 {
            // These come in a random order with some taps twice.
            let taps = riders::taps(&pair, rider);
            let once: BTreeSet<Tap> = taps.iter().copied().collect();
            let in_order: Vec<Tap> = once.iter().copied().collect();
            let backwards: Vec<Tap> = once.into_iter().rev().collect();
            let want = by_tariff(&pair, &taps);
            assert_eq!(
                by_tariff(&pair, &in_order),
                want,
                "seed {seed} rider {rider}"
            );
            assert_eq!(
                by_tariff(&pair, &backwards),
                want,
                "seed {seed} rider {rider}"
            );
        }
    }
}

#[test]
fn linking_media_never_costs_more() {
    let mut linked = 0;
    for seed in 0..400 {
        let pair = city::generate(seed);
        for rider in 0..7 {
            let taps = riders::taps(&pair, rider);
            let media: BTreeSet<Option<Medium>> =
                taps.iter().map(|tap| tap.holder.medium).collect();
            let alone = media.iter().map(|medium| {
                let own = taps.iter().filter(|tap| tap.holder.medium == *medium);
                total(&pair, &own.copied().collect::<Vec<_>>())
            });
            let alone: Option<i64> = alone.sum();
            let (Some(together), Some(alone)) = (total(&pair, &taps), alone) else {
                continue;
            };
            if media.len() > 1 {
                linked += 1;
                assert!(
                    together <= alone,
                    "seed {seed} rider {rider}: {together}, alone {alone}"
                );
            }
        }
    }
    assert!(linked >= 50, "{linked}");
}
