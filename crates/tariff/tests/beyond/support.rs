//! Cities with extension files, taps from a line of text, and what they cost.

use tariff::{City, CityFiles, Fare, Holder, Journey, Tap, TapKind, rate_days, testing};
use units::{AccountId, Span, Timestamp};

/// Categories of the cities here, by their numbers in codes: 1 adult (the default), 2 child,
/// 3 senior.
pub(crate) const CATEGORIES: (&str, &str) = (
    "rider_categories.txt",
    "rider_category_id,rider_category_name,is_default_fare_category\n\
     adult,Adult,1\nchild,Child,0\nsenior,Senior,0\n",
);
pub(crate) const CHILD: u8 = 2;
pub(crate) const SENIOR: u8 = 3;

/// The test city's files with these besides, or in place of its own: name in `gtfs/` and text.
pub(crate) fn files(extensions: &[(&str, &str)]) -> CityFiles {
    let mut files = testing::city_files();
    for (name, text) in extensions {
        let bytes = text.as_bytes().to_vec();
        files.0.insert(format!("gtfs/{name}"), bytes);
    }
    files
}

pub(crate) fn city(extensions: &[(&str, &str)]) -> City {
    City::load(&files(extensions)).unwrap_or_else(|report| panic!("{report}"))
}

/// Taps such as `"7 08:00 on north; 7 08:20:30 off centre; 32 09:00 bus"`: the day of January 2019
/// (32 is 1 February), what clocks in Shanghai show, kind, stop. `bus` is a tap on in a bus. Ids
/// count from 1 in the order written.
pub(crate) fn taps(text: &str) -> Vec<Tap> {
    // 2018-12-31T00:00 in Shanghai.
    let start = Timestamp::from_secs(1_546_185_600);
    let tap = |(number, words): (usize, &str)| {
        let words: Vec<&str> = words.split_whitespace().collect();
        let clock: Vec<i64> = words[1]
            .split(':')
            .map(|part| part.parse().unwrap())
            .collect();
        let seconds = clock.get(2).copied().unwrap_or(0);
        let minutes = words[0].parse::<i64>().unwrap() * 1_440 + clock[0] * 60 + clock[1];
        let id = u32::try_from(number).unwrap() + 1;
        let (kind, stop, route) = match words[2] {
            "on" => (TapKind::On, words[3], None),
            "off" => (TapKind::Off, words[3], None),
            "bus" => (TapKind::On, testing::MARKET, Some(testing::BUS)),
            other => panic!("{other}"),
        };
        let tap = testing::tap(id, start, minutes, kind, stop, route);
        Tap {
            at: tap.at.plus(Span::from_secs(seconds)),
            ..tap
        }
    };
    let parts = text.split(';').filter(|part| !part.trim().is_empty());
    parts.enumerate().map(tap).collect()
}

/// The same taps on a code of this holder.
pub(crate) fn held(text: &str, holder: Holder) -> Vec<Tap> {
    let taps = taps(text).into_iter();
    taps.map(|tap| Tap { holder, ..tap }).collect()
}

pub(crate) fn category(category: u8) -> Holder {
    Holder {
        category,
        ..Holder::default()
    }
}

pub(crate) fn with_companions(companions: u8) -> Holder {
    Holder {
        companions,
        ..Holder::default()
    }
}

/// The journeys of one rider in order of time.
pub(crate) fn journeys(city: &City, taps: &[Tap]) -> Vec<Journey> {
    let days = rate_days(city, AccountId::from_bytes([1; 16]), taps);
    days.into_iter()
        .flat_map(|(_, rating)| rating.journeys)
        .collect()
}

/// What each journey costs in minor units.
pub(crate) fn paid(city: &City, taps: &[Tap]) -> Vec<i64> {
    let minor = |journey: &Journey| match &journey.fare {
        Fare::Priced(amount) => amount.as_minor(),
        Fare::Unpriced { why } => panic!("{why}"),
    };
    journeys(city, taps).iter().map(minor).collect()
}

/// What the taps of `text` cost a rider of the default category.
pub(crate) fn costs(city: &City, text: &str) -> Vec<i64> {
    paid(city, &taps(text))
}

/// What each member of the party pays for each journey.
pub(crate) fn shares(city: &City, taps: &[Tap]) -> Vec<Vec<i64>> {
    let of_journey = |journey: &Journey| {
        let lines = journey.breakdown.iter();
        lines.map(|line| line.amount.as_minor()).collect()
    };
    journeys(city, taps).iter().map(of_journey).collect()
}
