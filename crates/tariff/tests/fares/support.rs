//! Feeds from tables and archives, itineraries from JSON, and a score that says what it missed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

use serde_json::Value;
use tariff::fares::{Fares, Leg, Moment, Place, Priced, Stops, Work};
use tariff::{Feed, FeedFiles};
use units::ServiceDay;

/// A file of the folder beside the repository; says so where it is absent.
pub(crate) fn data(name: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = root.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("absent, nothing checked: {}", path.display());
    }
    bytes
}

pub(crate) fn json(name: &str) -> Option<Value> {
    Some(serde_json::from_slice(&data(name)?).unwrap())
}

/// A feed of files by name.
pub(crate) fn load(files: &BTreeMap<String, Vec<u8>>) -> Fares {
    let mut feed = FeedFiles::new("");
    for (name, bytes) in files {
        feed.insert(name, bytes);
    }
    Fares::new(Feed::read(&feed).unwrap_or_else(|report| panic!("{report}")))
}

/// A feed of tables given as `file: lines`.
pub(crate) fn feed(tables: &[(&str, &str)]) -> Fares {
    let files = tables
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    load(&files.collect())
}

/// A feed given as JSON: files to lists of rows.
pub(crate) fn feed_of(tables: &Value) -> Fares {
    let mut files = BTreeMap::new();
    for (name, rows) in tables.as_object().unwrap() {
        if let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) {
            files.insert(name.clone(), table(rows).into_bytes());
        }
    }
    load(&files)
}

pub(crate) fn table(rows: &[Value]) -> String {
    let columns: BTreeSet<&String> = rows
        .iter()
        .flat_map(|row| row.as_object().unwrap().keys())
        .collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let mut out = line(columns.iter().map(|column| quoted(column)).collect());
    for row in rows {
        let cells = columns
            .iter()
            .map(|column| quoted(row[column.as_str()].as_str().unwrap_or("")));
        out += &line(cells.collect());
    }
    out
}

/// The files of a zip archive, read from its central directory (APPNOTE 4.3.12).
pub(crate) fn unzip(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let number = |at: usize, bytes: usize| {
        let field = &archive[at..at + bytes];
        field
            .iter()
            .rev()
            .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let end = (0..archive.len() - 21)
        .rev()
        .find(|at| archive[*at..].starts_with(b"PK\x05\x06"))
        .unwrap();
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut files = BTreeMap::new();
    for _ in 0..count {
        let (method, packed) = (number(at + 10, 2), number(at + 20, 4));
        let (name, extra, comment) = (number(at + 28, 2), number(at + 30, 2), number(at + 32, 2));
        let local = number(at + 42, 4);
        let begin = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        let bytes = &archive[begin..begin + packed];
        let mut text = Vec::new();
        if method == 0 {
            text.extend_from_slice(bytes);
        } else {
            let mut reader = flate2::read::DeflateDecoder::new(bytes);
            reader.read_to_end(&mut text).unwrap();
        }
        let path = String::from_utf8(archive[at + 46..at + 46 + name].to_vec()).unwrap();
        let file = path.rsplit('/').next().unwrap().to_owned();
        if !file.is_empty() {
            files.insert(file, text);
        }
        at += 46 + name + extra + comment;
    }
    files
}

/// A leg as texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ride {
    pub(crate) network: Option<String>,
    pub(crate) route: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) start: Option<Moment>,
    pub(crate) end: Option<Moment>,
}

/// `HH:MM:SS` (24 and more is the next day) or `HH:MM` on a date.
pub(crate) fn at(date: &str, time: &str) -> Moment {
    let day = ServiceDay::parse(date).unwrap();
    let parts: Vec<u32> = time.split(':').map(|part| part.parse().unwrap()).collect();
    let seconds = parts
        .iter()
        .chain([&0])
        .zip([3600, 60, 1])
        .map(|(n, unit)| n * unit)
        .sum::<u32>();
    let days = i32::try_from(seconds / 86_400).unwrap();
    Moment::civil(
        ServiceDay::from_days(day.as_days() + days),
        seconds % 86_400,
    )
}

impl Ride {
    /// A leg of the case files.
    pub(crate) fn of(leg: &Value) -> Self {
        let text = |field: &str| leg[field].as_str().map(str::to_owned);
        let time = |field: &str| {
            Some(at(
                leg["service_date"].as_str().unwrap_or("2025-01-15"),
                leg[field].as_str()?,
            ))
        };
        Self {
            network: text("network_id").filter(|id| !id.is_empty()),
            route: text("route_id"),
            from: text("from_stop_id").unwrap_or_default(),
            to: text("to_stop_id").unwrap_or_default(),
            start: time("departure"),
            end: time("arrival"),
        }
    }
}

/// Prices rides for a rider.
pub(crate) fn price(fares: &Fares, rides: &[Ride], who: (Option<&str>, Option<&str>)) -> Priced {
    let legs = legs(fares, rides);
    fares.price(&fares.rider(who.0, who.1), &legs, &mut Work::default())
}

pub(crate) fn legs(fares: &Fares, rides: &[Ride]) -> Vec<Leg<'static>> {
    let mut stops = Stops::new(fares);
    let ids = &fares.feed().ids;
    rides
        .iter()
        .map(|ride| {
            let route = ride.route.as_deref().and_then(|id| ids.routes.find(id));
            let network = match &ride.network {
                Some(id) => ids.networks.find(id),
                None => route.and_then(|route| fares.feed().network_of(route)),
            };
            Leg {
                network,
                route,
                from: Place::stop(stops.find(&ride.from)),
                to: Some(Place::stop(stops.find(&ride.to))),
                start: ride.start.unwrap(),
                end: ride.end,
            }
        })
        .collect()
}

/// The total in minor units.
pub(crate) fn minor(priced: &Priced) -> Option<i64> {
    priced.total.map(|total| total.as_minor())
}

/// `"4.10"` as minor units of a currency with two decimals.
pub(crate) fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap();
    whole.parse::<i64>().unwrap() * 100 + format!("{part:0<2}").parse::<i64>().unwrap()
}

/// How many cases came out as they should.
#[derive(Default)]
pub(crate) struct Score {
    good: usize,
    misses: Vec<String>,
}

impl Score {
    pub(crate) fn case<T: PartialEq + std::fmt::Debug>(&mut self, id: &str, got: &T, want: &T) {
        if got == want {
            self.good += 1;
        } else {
            self.misses
                .push(format!("{id}: want {want:?}, got {got:?}"));
        }
    }

    pub(crate) fn all(self, name: &str, least: usize) {
        let total = self.good + self.misses.len();
        println!("{name}: {} of {total}", self.good);
        assert!(self.misses.is_empty(), "{name}: {:#?}", self.misses);
        assert!(total >= least, "{name}: only {total} cases");
    }
}
