//! Generated cities: the same files for both, and the clock that only one of them has to be told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp as Instant;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oracle::{Clock, Settings, World};
use tariff::{City, CityFiles};
use units::ServiceDay;

use crate::dice::Dice;
use crate::extensions;

/// A city as both read it.
pub(crate) struct Pair {
    pub(crate) seed: u64,
    pub(crate) city: City,
    pub(crate) world: World,
    /// The files of its first tariff.
    pub(crate) files: BTreeMap<String, String>,
    /// Its `city.toml`.
    pub(crate) toml: String,
    pub(crate) clock: Clock,
    /// The first day of travel.
    pub(crate) from: Date,
    pub(crate) zone: TimeZone,
}

/// Stations with their platforms, then a stop on the street.
pub(crate) const STOPS: [&str; 7] = ["s1", "s2", "s3", "s4", "s2p", "s3p", "k1"];
pub(crate) const STATIONS: [&str; 4] = ["s1", "s2", "s3", "s4"];
pub(crate) const NETWORKS: [&str; 3] = ["metro", "rail", "bus"];
pub(crate) const AREAS: [&str; 4] = ["a1", "a2", "a3", "a4"];
pub(crate) const GROUPS: [&str; 3] = ["g1", "g2", "g3"];
pub(crate) const PRODUCTS: [&str; 6] = ["p1", "p2", "p3", "p4", "p5", "p6"];
pub(crate) const TIMEFRAMES: [&str; 3] = ["peak", "night", "weekend"];
pub(crate) const CATEGORIES: [&str; 3] = ["adult", "child", "senior"];

/// An amount as files write it.
#[derive(Clone, Copy)]
pub(crate) struct Money {
    pub(crate) currency: &'static str,
    decimals: usize,
}

impl Money {
    pub(crate) fn text(self, minor: i64) -> String {
        let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.abs());
        let one = 10i64.pow(u32::try_from(self.decimals).unwrap());
        match self.decimals {
            0 => format!("{sign}{minor}"),
            _ => format!(
                "{sign}{}.{:0width$}",
                minor / one,
                minor % one,
                width = self.decimals
            ),
        }
    }
}

/// Year, month and day.
type Ymd = (i16, i8, i8);

/// Zones and, for each, days around which clocks change there, with one where they do not.
const ZONES: [(&str, [Ymd; 3]); 4] = [
    (
        "Europe/Berlin",
        [(2025, 3, 27), (2025, 10, 23), (2025, 6, 28)],
    ),
    (
        "America/New_York",
        [(2025, 3, 6), (2025, 10, 30), (2025, 1, 28)],
    ),
    (
        "Australia/Lord_Howe",
        [(2025, 4, 2), (2025, 10, 1), (2025, 12, 29)],
    ),
    (
        "Asia/Shanghai",
        [(2025, 2, 26), (2024, 12, 28), (2025, 9, 28)],
    ),
];

fn clock(zone: &TimeZone, day_starts: i64) -> Clock {
    let start: Instant = "2024-01-01T00:00:00Z".parse().unwrap();
    let mut offsets = vec![(
        start.as_second(),
        i64::from(zone.to_offset(start).seconds()),
    )];
    let changes = zone.following(start).take_while(|change| {
        change.timestamp() < "2027-01-01T00:00:00Z".parse::<Instant>().unwrap()
    });
    for change in changes {
        offsets.push((
            change.timestamp().as_second(),
            i64::from(change.offset().seconds()),
        ));
    }
    Clock {
        offsets,
        day_starts,
    }
}

/// A later tariff: its first service day, files and maximum fare.
type Later = (Date, Files, i64);

fn manifest(
    zone: &str,
    money: Money,
    starts: &str,
    settings: &Settings,
    later: Option<&Later>,
) -> String {
    let mut text = format!(
        "name = \"City\"\ntime_zone = \"{zone}\"\ncurrency = \"{}\"\n\
         service_day_starts = \"{starts}\"\n",
        money.currency
    );
    if let Some(network) = &settings.default_network {
        text += &format!("default_network = \"{network}\"\n");
    }
    text += &format!(
        "[journey]\nlongest_minutes = {}\n[incomplete]\npolicy = \"maximum_fare\"\n\
         maximum_minor = {}\n[operator]\nname = \"Operator\"\n",
        settings.longest / 60,
        settings.maximum
    );
    for network in &settings.tap_on_only {
        text += &format!("[[tap_on_only]]\nnetwork = \"{network}\"\n");
    }
    if let Some((effective, _, maximum)) = later {
        text += &format!(
            "[[tariff]]\neffective = \"{effective}\"\ngtfs = \"next\"\n\
             maximum_minor = {maximum}\n"
        );
    }
    text
}

/// The city of a seed.
pub(crate) fn generate(seed: u64) -> Pair {
    let mut dice = Dice::new(seed);
    let (zone, dates) = dice.pick(&ZONES);
    let (year, month, day) = dice.pick(&dates);
    let (starts, seconds) = dice.pick(&[("03:00", 10_800), ("02:30", 9_000), ("00:00", 0)]);
    let money = dice.pick(&[
        Money {
            currency: "EUR",
            decimals: 2,
        },
        Money {
            currency: "JPY",
            decimals: 0,
        },
        Money {
            currency: "KWD",
            decimals: 3,
        },
    ]);
    let tz = TimeZone::get(zone).unwrap();
    let settings = Settings {
        clock: clock(&tz, seconds),
        default_network: dice
            .chance(85)
            .then(|| dice.pick(&["metro", "rail"]).to_owned()),
        tap_on_only: if dice.chance(80) {
            vec!["bus".to_owned()]
        } else {
            Vec::new()
        },
        longest: dice.pick(&[60, 120, 180]) * 60,
        maximum: dice.between(300, 1_500),
    };
    let from = Date::constant(year, month, day);
    let can_be_v1 = settings.tap_on_only.is_empty();
    let files = tariff_files(&mut dice, zone, money, from, can_be_v1);
    // Another tariff takes over on one of the days of travel.
    let later = dice.chance(35).then(|| {
        let mut next = tariff_files(&mut dice, zone, money, from, can_be_v1);
        for name in ["fare_caps.txt", "fare_tiers.txt", "fare_passes.txt"] {
            if let (true, Some(text)) = (dice.chance(50), files.get(name)) {
                next.insert(name.to_owned(), text.clone());
            }
        }
        let effective = from.checked_add(dice.between(1, 8).days()).unwrap();
        (effective, next, dice.between(300, 1_500))
    });
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let folders = [
        ("gtfs", Some(&files)),
        ("next", later.as_ref().map(|(_, next, _)| next)),
    ];
    for (folder, files) in folders {
        for (name, text) in files.into_iter().flatten() {
            all.insert(format!("{folder}/{name}"), text.as_bytes().to_vec());
        }
    }
    let toml = manifest(zone, money, starts, &settings, later.as_ref());
    all.insert("city.toml".to_owned(), toml.clone().into_bytes());
    let city = City::load(&CityFiles(all))
        .unwrap_or_else(|report| panic!("seed {seed}: {report}\n{files:#?}"));
    let clock = settings.clock.clone();
    let mut world = World::read(settings.clone(), &files).unwrap();
    if let Some((effective, next, maximum)) = later {
        let settings = Settings {
            maximum,
            ..settings
        };
        let day = ServiceDay::parse(&effective.to_string()).unwrap();
        world.add_tariff(day, World::read(settings, &next).unwrap());
    }
    Pair {
        seed,
        city,
        world,
        files,
        toml,
        clock,
        from,
        zone: tz,
    }
}

/// The files of one tariff.
fn tariff_files(dice: &mut Dice, zone: &str, money: Money, from: Date, can_be_v1: bool) -> Files {
    let mut files = BTreeMap::new();
    places(&mut files, dice, zone);
    times(&mut files, dice);
    products(&mut files, dice, money);
    if can_be_v1 && dice.chance(50) {
        version_1(&mut files, dice, money);
    } else {
        let groups = leg_rules(&mut files, dice);
        transfers(&mut files, dice, &groups);
    }
    extensions::generate(&mut files, dice, money, from);
    files
}

/// Fares v1, instead of leg rules.
fn version_1(files: &mut Files, dice: &mut Dice, money: Money) {
    let fares = ["p1", "p2", "p3", "p4"];
    let attributes = fares.map(|fare| {
        format!(
            "{fare},{},{},0,{},{},{}",
            money.text(dice.between(50, 900)),
            money.currency,
            dice.pick(&["", "", "0", "1", "2"]),
            dice.pick(&["", "o"]),
            dice.pick(&["", "3600", "7200", "14400"]),
        )
    });
    put(
        files,
        "fare_attributes.txt",
        "fare_id,price,currency_type,payment_method,transfers,agency_id,transfer_duration",
        attributes,
    );
    let mut rows = BTreeSet::new();
    for _ in 0..dice.between(3, 9) {
        let fare = dice.pick(&fares);
        let route = dice.pick_or_empty(60, &["m1", "r1", "b1", "x1"]);
        let zones = ["z1", "z2", "z3"];
        let (from, to) = (
            dice.pick_or_empty(50, &zones),
            dice.pick_or_empty(50, &zones),
        );
        let visits = dice.pick_or_empty(80, &zones);
        rows.insert(format!("{fare},{route},{from},{to},{visits}"));
    }
    put(
        files,
        "fare_rules.txt",
        "fare_id,route_id,origin_id,destination_id,contains_id",
        rows,
    );
}

type Files = BTreeMap<String, String>;

pub(crate) fn put(
    files: &mut Files,
    name: &str,
    header: &str,
    rows: impl IntoIterator<Item = String>,
) {
    let rows: Vec<String> = rows.into_iter().collect();
    if !rows.is_empty() {
        files.insert(name.to_owned(), format!("{header}\n{}\n", rows.join("\n")));
    }
}

fn places(files: &mut Files, dice: &mut Dice, zone: &str) {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    put(
        files,
        "agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone",
        [format!("o,Operator,https://example.org/,{zone}")],
    );
    put(
        files,
        "stops.txt",
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,zone_id",
        lines(
            "s1,S1,1.0,1.0,1,,z1 s2,S2,1.1,1.0,1,,z2 s3,S3,1.2,1.0,1,,z3 s4,S4,1.3,1.0,1,,z1 \
             s2p,S2,1.1,1.0,0,s2,z2 s3p,S3,1.2,1.0,0,s3,z1 k1,K1,1.2,1.1,0,,z3",
        ),
    );
    put(
        files,
        "routes.txt",
        "route_id,agency_id,route_short_name,route_type",
        lines("m1,o,M1,1 r1,o,R1,2 b1,o,B1,3 b2,o,B2,3 x1,o,X1,3"),
    );
    put(
        files,
        "networks.txt",
        "network_id",
        NETWORKS.map(str::to_owned),
    );
    put(
        files,
        "route_networks.txt",
        "network_id,route_id",
        lines("metro,m1 rail,r1 bus,b1 bus,b2"),
    );
    put(files, "areas.txt", "area_id", AREAS.map(str::to_owned));
    let mut areas = BTreeSet::new();
    for (stop, likely) in STOPS.iter().zip([95, 95, 95, 60, 10, 0, 60]) {
        for _ in 0..2 {
            if dice.chance(likely) {
                areas.insert(format!("{},{stop}", dice.pick(&AREAS)));
            }
        }
    }
    put(files, "stop_areas.txt", "area_id,stop_id", areas);
}

fn times(files: &mut Files, dice: &mut Dice) {
    put(
        files,
        "calendar.txt",
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
        [
            "weekdays,1,1,1,1,1,0,0,20240101,20261231".to_owned(),
            "weekends,0,0,0,0,0,1,1,20240101,20261231".to_owned(),
            "daily,1,1,1,1,1,1,1,20240101,20261231".to_owned(),
        ],
    );
    put(
        files,
        "calendar_dates.txt",
        "service_id,date,exception_type",
        [
            "weekdays,20250102,2".to_owned(),
            "weekends,20250102,1".to_owned(),
            "weekdays,20251003,2".to_owned(),
            "weekends,20251003,1".to_owned(),
            "weekdays,20250330,1".to_owned(),
        ],
    );
    let hour = dice.between(6, 8);
    put(
        files,
        "timeframes.txt",
        "timeframe_group_id,start_time,end_time,service_id",
        [
            format!("peak,{hour:02}:00:00,09:30:00,weekdays"),
            "peak,16:30:00,19:00:00,weekdays".to_owned(),
            "night,22:00:00,24:00:00,daily".to_owned(),
            "night,00:00:00,02:30:00,daily".to_owned(),
            "weekend,,,weekends".to_owned(),
        ],
    );
}

fn products(files: &mut Files, dice: &mut Dice, money: Money) {
    put(
        files,
        "rider_categories.txt",
        "rider_category_id,rider_category_name,is_default_fare_category",
        [
            "adult,Adult,1".to_owned(),
            "child,Child,0".to_owned(),
            "senior,Senior,".to_owned(),
        ],
    );
    put(
        files,
        "fare_media.txt",
        "fare_media_id,fare_media_name,fare_media_type",
        ["card,Card,2".to_owned(), "app,App,4".to_owned()],
    );
    let mut rows = Vec::new();
    for product in PRODUCTS {
        // Now and then one gives back: what it does is taken from the rides before.
        let full = if dice.chance(4) {
            -dice.between(1, 400)
        } else {
            dice.amount(80, 900)
        };
        let categories: &[&str] = match dice.below(8) {
            0 => &["adult", "child"],
            1 => &["adult", "child", "senior"],
            2 => &["adult"],
            _ => &[""],
        };
        let media: &[&str] = match dice.below(5) {
            0 => &["card", "app"],
            1 => &["card"],
            _ => &[""],
        };
        for category in categories {
            for medium in media {
                let less = if dice.chance(50) {
                    0
                } else {
                    dice.between(0, 60)
                };
                rows.push(format!(
                    "{product},{category},{medium},{},{}",
                    money.text(full - less),
                    money.currency
                ));
            }
        }
    }
    for (product, amount) in [("t1", dice.between(-90, -1)), ("t2", dice.between(1, 200))] {
        rows.push(format!(
            "{product},,,{},{}",
            money.text(amount),
            money.currency
        ));
    }
    put(
        files,
        "fare_products.txt",
        "fare_product_id,rider_category_id,fare_media_id,amount,currency",
        rows,
    );
}

/// Leg rules; gives the leg groups that they name.
fn leg_rules(files: &mut Files, dice: &mut Dice) -> Vec<&'static str> {
    let has_priority = dice.chance(50);
    let mut rows = BTreeMap::new();
    let mut groups = BTreeSet::new();
    let mut add = |group: &'static str, key: String, priority: i64| {
        if !group.is_empty() {
            groups.insert(group);
        }
        let priority = if has_priority {
            format!(",{priority}")
        } else {
            String::new()
        };
        rows.entry(key.clone())
            .or_insert_with(|| format!("{group},{key}{priority}"));
    };
    let bus = dice.pick(&GROUPS);
    add(bus, format!("bus,,,,,{}", dice.pick(&PRODUCTS)), 0);
    // Most travel has some fare.
    if dice.chance(80) {
        for network in ["metro", "rail", ""] {
            let group = dice.pick_or_empty(20, &GROUPS);
            add(group, format!("{network},,,,,{}", dice.pick(&PRODUCTS)), 0);
        }
    }
    for _ in 0..dice.between(1, 8) {
        let network = dice.pick_or_empty(30, &NETWORKS);
        let from = dice.pick_or_empty(40, &AREAS);
        let to = if network == "bus" {
            ""
        } else {
            dice.pick_or_empty(40, &AREAS)
        };
        let start = dice.pick_or_empty(75, &TIMEFRAMES);
        let end = if network == "bus" {
            ""
        } else {
            dice.pick_or_empty(85, &TIMEFRAMES)
        };
        let product = dice.pick(&PRODUCTS);
        let group = dice.pick_or_empty(20, &GROUPS);
        let key = format!("{network},{from},{to},{start},{end},{product}");
        add(group, key, dice.between(0, 2));
    }
    let priority = if has_priority { ",rule_priority" } else { "" };
    let header = format!(
        "leg_group_id,network_id,from_area_id,to_area_id,from_timeframe_group_id,\
         to_timeframe_group_id,fare_product_id{priority}"
    );
    put(files, "fare_leg_rules.txt", &header, rows.into_values());
    groups.into_iter().collect()
}

fn transfers(files: &mut Files, dice: &mut Dice, groups: &[&'static str]) {
    let mut rows = BTreeMap::new();
    if dice.chance(65) {
        for _ in 0..dice.between(1, 5) {
            let from = dice.pick_or_empty(25, groups);
            let to = if dice.chance(50) {
                from
            } else {
                dice.pick_or_empty(25, groups)
            };
            let count = if from == to {
                dice.pick(&["-1", "1", "2", "3"])
            } else {
                ""
            };
            let (limit, kind) = match dice.below(6) {
                0 => (String::new(), String::new()),
                kind => {
                    let minutes = dice.pick(&[30, 60, 90, 120, 180]);
                    (format!("{}", minutes * 60), format!("{}", kind.min(4) - 1))
                }
            };
            let cost = dice.below(3);
            let product = match (cost, dice.below(3)) {
                (_, 0) => "",
                (2, _) => dice.pick(&["p1", "p2", "p3", "t2"]),
                _ => dice.pick(&["t1", "t2"]),
            };
            let key = format!("{from},{to},{product},{count},{limit}");
            rows.entry(key).or_insert(format!(
                "{from},{to},{count},{limit},{kind},{cost},{product}"
            ));
        }
    }
    put(
        files,
        "fare_transfer_rules.txt",
        "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,\
         fare_transfer_type,fare_product_id",
        rows.into_values(),
    );
    let mut rows = Vec::new();
    if dice.chance(30) {
        let (from, to) = (dice.pick(&["metro", "rail"]), dice.pick(&["metro", "rail"]));
        rows.push(format!("{from},{to},,"));
    }
    if dice.chance(15) {
        let (from, to) = (dice.pick(&STOPS), dice.pick(&STOPS));
        rows.push(format!("metro,rail,{from},{to}"));
    }
    put(
        files,
        "fare_leg_join_rules.txt",
        "from_network_id,to_network_id,from_stop_id,to_stop_id",
        rows,
    );
}
