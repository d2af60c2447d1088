//! Rating riders' taps: days of taps to what they cost, with transfers and a daily cap.

use std::collections::BTreeMap;
use std::hint::black_box;

use anyhow::Context as _;
use tariff::{Carry, City, CityFiles, Holder, Tap, TapKind, rate_day_after, total_of_day};
use units::{AccountId, RouteId, ServiceDay, Span, StopId, TapId, Timestamp};

use crate::measure::once;
use crate::report::Row;

/// One rider's taps of a day.
type Day = Vec<Tap>;

/// A bus for a flat fare, transfers free for 90 minutes, never more than 5.00 a day.
const FLAT: [(&str, &str); 8] = [
    (
        "city.toml",
        "name = \"Flat\"\ntime_zone = \"Europe/Berlin\"\ncurrency = \"EUR\"\n\
         service_day_starts = \"03:00\"\n[journey]\nlongest_minutes = 180\n\
         [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 900\n\
         [operator]\nname = \"Flat\"\n[[tap_on_only]]\nnetwork = \"bus\"\n",
    ),
    (
        "gtfs/agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\nf,Flat,https://example.org,Europe/Berlin\n",
    ),
    (
        "gtfs/stops.txt",
        "stop_id,stop_name,stop_lat,stop_lon\na,A,52.5,13.4\n",
    ),
    (
        "gtfs/routes.txt",
        "route_id,agency_id,route_short_name,route_type,network_id\nr,f,1,3,bus\n",
    ),
    (
        "gtfs/fare_products.txt",
        "fare_product_id,amount,currency\nflat,2.00,EUR\n",
    ),
    (
        "gtfs/fare_leg_rules.txt",
        "leg_group_id,network_id,fare_product_id\nflat,bus,flat\n",
    ),
    (
        "gtfs/fare_transfer_rules.txt",
        "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,\
         fare_transfer_type,fare_product_id\nflat,flat,-1,5400,1,0,\n",
    ),
    ("gtfs/fare_caps.txt", "cap_id,period,amount\nday,day,5.00\n"),
];

/// What the MBTA's feed does not say and a city must.
const MBTA_CITY: &str = "name = \"Boston\"\ntime_zone = \"America/New_York\"\ncurrency = \"USD\"\n\
     service_day_starts = \"03:00\"\n[journey]\nlongest_minutes = 180\n\
     [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 1325\n[operator]\nname = \"MBTA\"\n";

/// Rows of the flat city, and of the MBTA's where its files are given.
///
/// # Errors
/// When a city does not load, or a tap costs what it should not.
pub(super) fn rows(mbta: Option<&BTreeMap<String, Vec<u8>>>) -> anyhow::Result<Vec<Row>> {
    let files = FLAT.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    let flat = City::load(&CityFiles(files.into()))?;
    let day = ServiceDay::parse("2024-10-15")?;
    let (opens, _) = flat.day_bounds(day);
    // At 8:00, 8:45, 17:00 and 18:00: 2.00, free, 2.00, free.
    let rider = |account: u32| -> anyhow::Result<Day> {
        let tap = |(number, minutes): (u8, i64)| {
            Ok(Tap {
                at: opens.plus(Span::from_secs(minutes * 60 + i64::from(account % 600))),
                kind: TapKind::On,
                id: tap_id(account, number),
                stop: StopId::new("a")?,
                route: Some(RouteId::new("r")?),
                holder: Holder::default(),
            })
        };
        [(0, 300), (1, 345), (2, 840), (3, 900)]
            .into_iter()
            .map(tap)
            .collect()
    };
    let first = total_of_day(&flat, day, &rider(1)?, &mut Carry::default());
    anyhow::ensure!(first == Some(400), "two fares of 2.00, got {first:?}");
    let ids = [
        "taps_flat_cap",
        "taps_flat_cap_told",
        "taps_flat_cap_growth",
    ];
    let mut rows = of(&flat, day, ids, "flat + transfer + daily cap", 1e6, rider)?;
    if let Some(files) = mbta {
        let mut files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(name, bytes)| (format!("gtfs/{name}"), bytes.clone()))
            .collect();
        files.insert("city.toml".to_owned(), MBTA_CITY.into());
        let city = City::load(&CityFiles(files))?;
        let travel = travel(&city)?;
        let (opens, _) = city.day_bounds(day);
        let ids = ["taps_mbta", "taps_mbta_told", "taps_mbta_growth"];
        rows.extend(of(&city, day, ids, "MBTA", 3e5, |account| {
            Ok(ridden(&travel, account, opens))
        })?);
    }
    Ok(rows)
}

/// Taps per second: amounts alone, whole ratings with sentences, and ten times the riders.
fn of(
    city: &City,
    day: ServiceDay,
    ids: [&'static str; 3],
    what: &str,
    least: f64,
    rider: impl Fn(u32) -> anyhow::Result<Day>,
) -> anyhow::Result<Vec<Row>> {
    let days = |riders: u32| {
        (0..riders)
            .map(&rider)
            .collect::<anyhow::Result<Vec<Day>>>()
    };
    let (few, many) = (days(5_000)?, days(50_000)?);
    let total = |taps: &Day| {
        black_box(total_of_day(city, day, taps, &mut Carry::default()));
    };
    let told = |taps: &Day| {
        let account = AccountId::from_bytes([7; 16]);
        black_box(rate_day_after(
            city,
            account,
            day,
            taps,
            &mut Carry::default(),
        ));
    };
    let (fast_few, fast_many) = (per_second(&few, total), per_second(&many, total));
    let told = per_second(&few, told);
    let name = |end: &str| format!("{what}: {end}");
    Ok(vec![
        Row::plain(ids[0], &name("taps rated, one core"), fast_many, "taps/s").at_least(least),
        Row::plain(
            ids[1],
            &name("the same, each told in a sentence"),
            told,
            "taps/s",
        ),
        Row::plain(
            ids[2],
            &name("time of ten times the taps"),
            10.0 * fast_few / fast_many,
            "×",
        )
        .at_most(11.0),
    ])
}

/// The best of five runs.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52 taps")]
fn per_second(days: &[Day], rate: impl Fn(&Day)) -> f64 {
    let taps: usize = days.iter().map(Vec::len).sum();
    let runs = (0..5).map(|_| once(|| days.iter().for_each(&rate)));
    taps as f64 / runs.fold(f64::INFINITY, f64::min)
}

/// Rides that the city's leg rules price: route, where on, where off.
fn travel(city: &City) -> anyhow::Result<Vec<(RouteId, StopId, StopId)>> {
    let feed = city.fares().feed();
    let mut stop_of = BTreeMap::new();
    for row in &feed.stop_areas {
        if let Ok(stop) = StopId::new(feed.ids.stops.text(row.stop))
            && city.stop(&stop).is_some()
        {
            stop_of.entry(row.area).or_insert(stop);
        }
    }
    let mut route_of = BTreeMap::new();
    for route in city.routes() {
        route_of.entry(route.network).or_insert(route.id);
    }
    let mut rides = Vec::new();
    for rule in feed
        .leg_rules
        .iter()
        .filter(|rule| rule.from_timeframe.is_none())
    {
        let network = rule.network.map(|ix| feed.ids.networks.text(ix));
        let network = network.and_then(|id| units::NetworkId::new(id).ok());
        let area = |area| area_stop(&stop_of, area);
        if let (Some(route), Some(from), Some(to)) = (
            route_of.get(&network),
            area(rule.from_area),
            area(rule.to_area),
        ) {
            rides.push((*route, from, to));
        }
    }
    anyhow::ensure!(
        !rides.is_empty(),
        "no leg rule of the feed fits a route and two stops"
    );
    Ok(rides)
}

/// A stop of the area; any stop where the rule asks for none.
fn area_stop<K: Ord>(stops: &BTreeMap<K, StopId>, area: Option<K>) -> Option<StopId> {
    match area {
        Some(area) => stops.get(&area).copied(),
        None => stops.values().next().copied(),
    }
}

/// Two rides of a day, on and off.
fn ridden(travel: &[(RouteId, StopId, StopId)], account: u32, opens: Timestamp) -> Day {
    let rides = travel
        .iter()
        .cycle()
        .skip(usize::try_from(account).unwrap_or(0) * 7 % travel.len());
    let mut taps = Vec::with_capacity(4);
    for ((route, from, to), (number, minutes)) in rides.zip([(0_u8, 300_i64), (2, 840)]) {
        for (step, kind, stop) in [(0, TapKind::On, from), (1, TapKind::Off, to)] {
            taps.push(Tap {
                at: opens.plus(Span::from_secs((minutes + i64::from(step) * 20) * 60)),
                kind,
                id: tap_id(account, number + step),
                stop: *stop,
                route: Some(*route),
                holder: Holder::default(),
            });
        }
    }
    taps
}

fn tap_id(account: u32, number: u8) -> TapId {
    let mut bytes = [number; 16];
    bytes[..4].copy_from_slice(&account.to_be_bytes());
    TapId::from_bytes(bytes)
}

/// The most memory that this process had so far, in MB (10^6 bytes); where the system tells.
pub(crate) fn peak_mb() -> anyhow::Result<Option<f64>> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return Ok(None);
    };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let line = line.context("/proc/self/status has no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(Some(kib * 1024.0 / 1e6))
}
