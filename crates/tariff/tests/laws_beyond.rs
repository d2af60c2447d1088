//! Laws of rating over days, for any caps, tiers, passes and windows and any taps.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop at what should not happen"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use tariff::{City, Fare, Medium, Tap, TapKind, rate_days, testing};
use units::{AccountId, ServiceDay, Span, Timestamp};

/// The rules of one generated city, before they are files.
#[derive(Clone, Debug)]
struct Rules {
    day: i64,
    week: i64,
    month: i64,
    rolling: i64,
    tiers: (i64, i64, i64),
    rides: i64,
    window: i64,
}

fn money(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// The test city with these rules, all amounts times `scale`.
fn city(rules: &Rules, scale: i64) -> City {
    let mut files = testing::city_files();
    let m = |minor: i64| money(minor * scale);
    let (first, second, end) = rules.tiers;
    for (name, text) in [
        (
            "fare_caps.txt",
            format!(
                "cap_id,period,period_days,amount\nd,day,,{}\nw,week,,{}\nm,month,,{}\n\
                 r,rolling,3,{}\n",
                m(rules.day),
                m(rules.week),
                m(rules.month),
                m(rules.rolling)
            ),
        ),
        (
            "fare_tiers.txt",
            format!(
                "tier_id,period,from_amount,to_amount,pay_percent\nt,month,{},{},80\n\
                 t,month,{},{},50\n",
                m(first),
                m(first + second),
                m(first + second),
                m(first + second + end)
            ),
        ),
        (
            "fare_passes.txt",
            format!(
                "pass_id,kind,period,rides,network_id\np,earned,week,{},bus\n",
                rules.rides
            ),
        ),
        (
            "fare_windows.txt",
            format!(
                "window_id,duration_seconds,network_id\nf,{},bus\n",
                rules.window
            ),
        ),
    ] {
        files.0.insert(format!("gtfs/{name}"), text.into_bytes());
    }
    for name in ["gtfs/fare_products.txt", "city.toml"] {
        let text = String::from_utf8(files.0[name].clone()).unwrap();
        let scaled = text
            .lines()
            .map(|line| match line.rsplit_once(",CNY") {
                Some((rest, _)) => {
                    let (rest, amount) = rest.rsplit_once(',').unwrap();
                    let minor: i64 = amount.replace('.', "").parse().unwrap();
                    format!("{rest},{},CNY\n", m(minor))
                }
                None if line.starts_with("maximum_minor") => {
                    format!("maximum_minor = {}\n", 900 * scale)
                }
                None => format!("{line}\n"),
            })
            .collect::<String>();
        files.0.insert(name.to_owned(), scaled.into_bytes());
    }
    City::load(&files).unwrap_or_else(|report| panic!("{report}"))
}

/// Minor units by day; every journey of these taps has a fare.
fn paid(city: &City, account: u8, taps: &[Tap]) -> BTreeMap<ServiceDay, i64> {
    let days = rate_days(city, AccountId::from_bytes([account; 16]), taps);
    days.into_iter()
        .map(|(day, rating)| {
            let fares = rating.journeys.iter().map(|journey| match &journey.fare {
                Fare::Priced(amount) => amount.as_minor(),
                Fare::Unpriced { why } => panic!("{why}"),
            });
            (day, fares.sum())
        })
        .collect()
}

fn total(city: &City, taps: &[Tap]) -> i64 {
    paid(city, 1, taps).values().sum()
}

prop_compose! {
    fn rules()(
        day in 100i64..2_000, week in 100i64..5_000, month in 100i64..9_000,
        rolling in 100i64..4_000,
        tiers in (0i64..2_000, 1i64..2_000, 1i64..5_000),
        rides in 1i64..6, window in 1i64..20_000,
    ) -> Rules {
        Rules { day, week, month, rolling, tiers, rides, window }
    }
}

/// Taps of some weeks: rides of the metro between two stations that have a fare, or of the bus;
/// now and then a tap is missing.
fn taps() -> impl Strategy<Value = Vec<Tap>> {
    let ride = (
        0i64..20,
        60i64..1_200,
        5i64..120,
        0usize..3,
        0u8..10,
        1u8..4,
    );
    prop::collection::vec(ride, 1..25).prop_map(|rides| {
        // 2019-01-07 03:00 in Shanghai, a Monday.
        let start = Timestamp::from_secs(1_546_801_200);
        let mut taps = Vec::new();
        for (number, (day, minute, lasts, way, kind, medium)) in rides.into_iter().enumerate() {
            let id = u32::try_from(number * 2).unwrap();
            let at = day * 1_440 + minute;
            let (from, to) = [
                (testing::NORTH, testing::CENTRE),
                (testing::CENTRE, testing::SOUTH),
                (testing::SOUTH, testing::NORTH),
            ][way];
            let mut add = |id, at, kind, stop, route| {
                let mut tap = testing::tap(id, start, at, kind, stop, route);
                tap.holder.medium = Some(Medium::from_bytes([medium; 16]));
                taps.push(tap);
            };
            if kind < 4 {
                add(id, at, TapKind::On, testing::MARKET, Some(testing::BUS));
                continue;
            }
            if kind != 4 {
                add(id, at, TapKind::On, from, None);
            }
            if kind != 5 {
                add(id + 1, at + lasts, TapKind::Off, to, None);
            }
        }
        taps
    })
}

/// Whether some day has a journey from the south to the south, which the test city does not price.
fn is_priced(city: &City, taps: &[Tap]) -> bool {
    let days = rate_days(city, AccountId::from_bytes([1; 16]), taps);
    let mut journeys = days.iter().flat_map(|(_, rating)| &rating.journeys);
    journeys.all(|journey| matches!(journey.fare, Fare::Priced(_)))
}

fn of_medium(taps: &[Tap], medium: u8) -> Vec<Tap> {
    let medium = Some(Medium::from_bytes([medium; 16]));
    taps.iter()
        .filter(|tap| tap.holder.medium == medium)
        .copied()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_and_repetition_change_nothing(
        rules in rules(), taps in taps(), seed in any::<u64>(),
    ) {
        let city = city(&rules, 1);
        let account = AccountId::from_bytes([1; 16]);
        let mut shuffled = taps.clone();
        shuffled.extend_from_slice(&taps[..taps.len() / 2]);
        // Any order will do: by a hash of seed and place.
        let mut keyed: Vec<(u64, Tap)> = shuffled
            .into_iter()
            .enumerate()
            .map(|(place, tap)| {
                ((place as u64 + 1).wrapping_mul(seed | 1).rotate_left(31), tap)
            })
            .collect();
        keyed.sort_unstable();
        let shuffled: Vec<Tap> = keyed.into_iter().map(|(_, tap)| tap).collect();
        prop_assert_eq!(rate_days(&city, account, &taps), rate_days(&city, account, &shuffled));
    }

    #[test]
    fn caps_hold(rules in rules(), taps in taps()) {
        let city = city(&rules, 1);
        prop_assume!(is_priced(&city, &taps));
        let days = paid(&city, 1, &taps);
        let mut weeks: BTreeMap<i32, i64> = BTreeMap::new();
        let mut months: BTreeMap<(i32, u8), i64> = BTreeMap::new();
        for (day, sum) in &days {
            prop_assert!((0..=rules.day).contains(sum), "{day}: {sum}");
            // Day 4 after 1970-01-01 was a Monday.
            *weeks.entry((day.as_days() - 4).div_euclid(7)).or_default() += sum;
            let (year, month, _) = day.to_date();
            *months.entry((year, month)).or_default() += sum;
            let first = day.as_days() - 2;
            let window = days.range(ServiceDay::from_days(first)..=*day).map(|(_, sum)| sum);
            prop_assert!(window.sum::<i64>() <= rules.rolling);
        }
        prop_assert!(weeks.values().all(|sum| *sum <= rules.week));
        prop_assert!(months.values().all(|sum| *sum <= rules.month));
    }

    #[test]
    fn linking_devices_never_costs_more(rules in rules(), taps in taps()) {
        let city = city(&rules, 1);
        let apart: Vec<Vec<Tap>> = (1..4).map(|medium| of_medium(&taps, medium)).collect();
        prop_assume!(is_priced(&city, &taps));
        prop_assume!(apart.iter().all(|taps| is_priced(&city, taps)));
        let alone: i64 = apart.iter().map(|taps| total(&city, taps)).sum();
        let linked = total(&city, &taps);
        prop_assert!(linked <= alone, "linked {linked}, alone {alone}");
    }

    #[test]
    fn scaled_amounts_give_scaled_totals(rules in rules(), taps in taps()) {
        // By 100 every per cent of a fare is whole, so that nothing is rounded.
        let (hundred, more) = (city(&rules, 100), city(&rules, 700));
        prop_assume!(is_priced(&hundred, &taps));
        prop_assert_eq!(total(&hundred, &taps) * 7, total(&more, &taps));
    }

    #[test]
    fn a_week_later_is_the_same_without_months(rules in rules(), taps in taps()) {
        let rules = Rules { month: 1_000_000, tiers: (900_000, 1, 1), ..rules };
        let city = city(&rules, 1);
        prop_assume!(is_priced(&city, &taps));
        let later: Vec<Tap> = taps
            .iter()
            .map(|tap| Tap { at: tap.at.plus(Span::from_secs(7 * 86_400)), ..*tap })
            .collect();
        let shifted: Vec<i64> = paid(&city, 1, &later).into_values().collect();
        prop_assert_eq!(paid(&city, 1, &taps).into_values().collect::<Vec<_>>(), shifted);
    }
}
