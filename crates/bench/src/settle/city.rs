//! A city made of numbers: stations, a bus, riders who go to work and back. The same seed makes
//! the same day.

use settlement::ids;
use settlement::model::{CodeUse, StoredTap, TapSource};
use tariff::{City, CityFiles, Holder, Medium, Tap, TapKind};
use units::{AccountId, CredentialId, DeviceId, RouteId, ServiceDay, Span, StopId, Timestamp};

/// Stations of the metro; four in a zone.
const STATIONS: u32 = 24;
/// Stations of one zone.
const ZONE_STATIONS: u32 = 4;
/// Stops of the bus.
const BUS_STOPS: u32 = 40;
/// What a gate sees on a day.
pub(super) const TAPS_PER_DEVICE: u32 = 1_000;

/// A day of riders, which begins at 03:00.
pub(super) struct Day {
    /// What the riders pay.
    pub(super) city: City,
    /// The service day.
    pub(super) date: ServiceDay,
    starts: Timestamp,
    stations: Vec<StopId>,
    bus_stops: Vec<StopId>,
    bus: RouteId,
    seed: u64,
}

/// One tap, small enough that a day of a large city fits into memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Small {
    pub(super) device: u32,
    /// Milliseconds since the day began.
    at: u32,
    pub(super) rider: u32,
    /// A station, or [`STATIONS`] and more for a stop of the bus.
    stop: u16,
    off: bool,
}

impl Day {
    /// The day of `seed`.
    pub(super) fn new(seed: u64) -> anyhow::Result<Self> {
        let city = City::load(&CityFiles(files().into_iter().collect()))?;
        let day = ServiceDay::parse("2026-03-10")?;
        let stop = |(kind, number): (&str, u32)| StopId::new(&format!("{kind}{number}"));
        let named = |kind: &'static str, count: u32| {
            let all = (0..count).map(move |number| stop((kind, number)));
            all.collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            starts: city.day_bounds(day).0,
            city,
            date: day,
            stations: named("station-", STATIONS)?,
            bus_stops: named("bus-stop-", BUS_STOPS)?,
            bus: RouteId::new("bus-1")?,
            seed,
        })
    }

    /// The instant so many hours after the day began.
    pub(super) fn hour(&self, hours: i64) -> Timestamp {
        self.starts.plus(Span::from_secs(hours * 3_600))
    }

    /// The taps of riders from 0 until there are `count`, by device and time.
    pub(super) fn taps(&self, count: usize) -> Vec<Small> {
        let devices = (u32::try_from(count).unwrap_or(u32::MAX) / TAPS_PER_DEVICE).max(64);
        let mut taps = Vec::with_capacity(count + 16);
        for rider in 0.. {
            if taps.len() >= count {
                break;
            }
            self.ride(rider, devices, &mut taps);
        }
        taps.sort_unstable();
        taps
    }

    /// One rider's day: to work and back by metro, by bus, or both; some go out in the evening,
    /// and of a hundred journeys one lacks its tap off.
    fn ride(&self, rider: u32, devices: u32, taps: &mut Vec<Small>) {
        let mut random = Random(self.seed ^ (u64::from(rider) << 20));
        let (home, work) = (random.below(STATIONS), random.below(STATIONS));
        let bus = u16::try_from(STATIONS + random.below(BUS_STOPS)).unwrap_or(0);
        let morning = 10_800_000 + random.below(7_200_000);
        let evening = morning + 28_800_000 + random.below(7_200_000);
        let kind = random.below(100);
        let mut tap = |random: &mut Random, at: u32, stop: u16, off: bool| {
            // The gates of a stop share its riders.
            let gates = (devices / (STATIONS + BUS_STOPS)).max(1);
            let device = u32::from(stop) * gates + random.below(gates);
            taps.push(Small {
                device,
                at,
                rider,
                stop,
                off,
            });
        };
        let mut metro = |random: &mut Random, at: u32, (from, to): (u32, u32)| {
            let number = |station: u32| u16::try_from(station).unwrap_or(0);
            tap(random, at, number(from), false);
            if random.below(100) > 0 {
                let takes = 600_000 + from.abs_diff(to) * 90_000 + random.below(120_000);
                tap(random, at + takes, number(to), true);
            }
        };
        if kind < 90 {
            metro(&mut random, morning, (home, work));
            metro(&mut random, evening, (work, home));
        }
        if (65..85).contains(&kind) {
            let out = random.below(STATIONS);
            metro(&mut random, evening + 5_400_000, (home, out));
        }
        if !(35..85).contains(&kind) {
            tap(&mut random, morning - 1_500_000, bus, false);
            tap(&mut random, evening + 3_000_000, bus, false);
        }
        if kind >= 90 {
            tap(&mut random, morning, bus, false);
        }
    }

    /// The tap as the product keeps it; `seq` is its record's number.
    pub(super) fn stored(&self, small: &Small, seq: u64) -> StoredTap {
        let account = account(small.rider);
        let at = self.starts.as_micros() + i64::from(small.at) * 1_000;
        let at = Timestamp::from_micros(at);
        let station = self.stations.get(usize::from(small.stop));
        let on_bus = usize::from(small.stop).saturating_sub(self.stations.len());
        let device = device(small.device);
        let credential = CredentialId::from_bytes(numbered(b'c', small.rider));
        // The phone made the code some seconds before.
        let issued = at.minus(Span::from_secs(i64::from(small.at % 7)));
        StoredTap {
            account,
            day: self.date,
            tap: Tap {
                at,
                kind: if small.off { TapKind::Off } else { TapKind::On },
                id: ids::tap_of_record(device, 1, seq),
                stop: station.copied().unwrap_or(self.bus_stops[on_bus]),
                route: station.is_none().then_some(self.bus),
                holder: Holder {
                    category: 0,
                    companions: 0,
                    product: 1,
                    medium: Some(Medium::from_bytes(numbered(b'm', small.rider))),
                },
            },
            source: TapSource::Gate {
                device,
                epoch: 1,
                seq,
            },
            code: Some(CodeUse::presentation(credential, issued)),
            outcome: None,
        }
    }
}

/// The account of a rider.
pub(super) fn account(rider: u32) -> AccountId {
    AccountId::from_bytes(numbered(b'a', rider))
}

/// The device of a number.
pub(super) fn device(number: u32) -> DeviceId {
    DeviceId::from_bytes(numbered(b'd', number))
}

/// Sixteen bytes as good as random.
fn numbered(what: u8, number: u32) -> [u8; 16] {
    let mut random = Random((u64::from(what) << 40) | u64::from(number));
    let mut bytes = [0; 16];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&random.next().to_be_bytes());
    }
    bytes
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(((self.next() >> 32) * u64::from(end)) >> 32).unwrap_or(0)
    }
}

/// Zones by distance, a bus with transfers, and a cap of a day.
fn files() -> Vec<(String, Vec<u8>)> {
    let zones = STATIONS / ZONE_STATIONS;
    let each = |count: u32, line: &dyn Fn(u32) -> String| (0..count).map(line).collect::<String>();
    let stops = "stop_id,stop_name,stop_lat,stop_lon\n".to_owned()
        + &each(STATIONS, &|n| format!("station-{n},S{n},52.{n:02},13.4\n"))
        + &each(BUS_STOPS, &|n| {
            format!("bus-stop-{n},B{n},52.{n:02},13.5\n")
        });
    let areas = "area_id,area_name\n".to_owned() + &each(zones, &|n| format!("z{n},Zone {n}\n"));
    let stop_areas = "area_id,stop_id\n".to_owned()
        + &each(STATIONS, &|n| {
            format!("z{},station-{n}\n", n / ZONE_STATIONS)
        });
    let products = "fare_product_id,amount,currency\nbus,2.00,EUR\n".to_owned()
        + &each(zones, &|far| format!("far{far},{}.40,EUR\n", far + 2));
    let rules = "leg_group_id,network_id,from_area_id,to_area_id,fare_product_id\n".to_owned()
        + &each(zones, &|from| {
            let to = |to: u32| format!("metro,metro,z{from},z{to},far{}\n", from.abs_diff(to));
            each(zones, &to)
        })
        + "bus,bus,,,bus\n";
    let texts = [
        (
            "city.toml",
            "name = \"Bench\"\ntime_zone = \"Europe/Berlin\"\ncurrency = \"EUR\"\n\
             service_day_starts = \"03:00\"\ndefault_network = \"metro\"\n\
             [journey]\nlongest_minutes = 180\n\
             [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 900\n\
             [operator]\nname = \"Bench\"\n[[tap_on_only]]\nnetwork = \"bus\"\n"
                .to_owned(),
        ),
        (
            "gtfs/agency.txt",
            "agency_id,agency_name,agency_url,agency_timezone\n\
             b,Bench,https://example.org,Europe/Berlin\n"
                .to_owned(),
        ),
        ("gtfs/stops.txt", stops),
        (
            "gtfs/routes.txt",
            "route_id,agency_id,route_short_name,route_type,network_id\n\
             metro-1,b,1,1,metro\nbus-1,b,B1,3,bus\n"
                .to_owned(),
        ),
        ("gtfs/areas.txt", areas),
        ("gtfs/stop_areas.txt", stop_areas),
        ("gtfs/fare_products.txt", products),
        ("gtfs/fare_leg_rules.txt", rules),
        (
            "gtfs/fare_transfer_rules.txt",
            "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,\
             duration_limit_type,fare_transfer_type,fare_product_id\nmetro,bus,,3600,1,0,\n"
                .to_owned(),
        ),
        (
            "gtfs/fare_caps.txt",
            "cap_id,period,amount\nday,day,9.00\n".to_owned(),
        ),
    ];
    let file = |(path, text): (&str, String)| (path.to_owned(), text.into_bytes());
    texts.into_iter().map(file).collect()
}
