//! A small city for tests: three metro stations with fares by origin and destination, and one
//! bus line with a flat fare where riders only tap on.
//!
//! | from \ to | north | centre | south |
//! |---|---|---|---|
//! | north | 2.00 | 3.00 | 5.00 |
//! | centre | 3.00 | 2.00 | 4.00 |
//! | south | 5.00 | 4.00 | *no rule* |
//!
//! Bus `b1` costs 2.00; a journey with a missing tap costs the maximum fare of 9.00. Currency CNY,
//! time zone Asia/Shanghai, service days start at 03:00, the longest journey is 180 minutes.

use std::collections::BTreeMap;

use units::{RouteId, Span, StopId, TapId, Timestamp};

use crate::{City, CityFiles, Holder, Tap, TapKind};

/// Metro station "North Gate".
pub const NORTH: &str = "north";
/// Metro station "Central Square".
pub const CENTRE: &str = "centre";
/// Metro station "South Lake".
pub const SOUTH: &str = "south";
/// Bus stop "Market Street" of route [`BUS`].
pub const MARKET: &str = "market";
/// The bus route, in network `bus`, tap on only.
pub const BUS: &str = "b1";
/// The metro route, in network `metro`.
pub const METRO: &str = "m1";

const FILES: [(&str, &str); 11] = [
    (
        "city.toml",
        r#"name = "Testopolis"
names = { en = "Testopolis", zh = "测试城" }
time_zone = "Asia/Shanghai"
currency = "CNY"
service_day_starts = "03:00"
default_network = "metro"

[journey]
longest_minutes = 180

[incomplete]
policy = "maximum_fare"
maximum_minor = 900

[operator]
name = "Testopolis Transit"

[[tap_on_only]]
network = "bus"
"#,
    ),
    (
        "gtfs/agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\n\
         tt,Testopolis Transit,https://example.org/,Asia/Shanghai\n",
    ),
    (
        "gtfs/stops.txt",
        "stop_id,stop_name,stop_lat,stop_lon,location_type\n\
         north,North Gate,30.30,120.16,1\n\
         centre,Central Square,30.25,120.16,1\n\
         south,South Lake,30.20,120.16,1\n\
         market,Market Street,30.26,120.17,0\n",
    ),
    (
        "gtfs/routes.txt",
        "route_id,agency_id,route_short_name,route_long_name,route_type\n\
         m1,tt,1,Line 1,1\n\
         b1,tt,B1,Market line,3\n",
    ),
    (
        "gtfs/networks.txt",
        "network_id,network_name\nmetro,Metro\nbus,Bus\n",
    ),
    (
        "gtfs/route_networks.txt",
        "network_id,route_id\nmetro,m1\nbus,b1\n",
    ),
    (
        "gtfs/areas.txt",
        "area_id,area_name\na_north,North\na_centre,Centre\na_south,South\n",
    ),
    (
        "gtfs/stop_areas.txt",
        "area_id,stop_id\na_north,north\na_centre,centre\na_south,south\n",
    ),
    (
        "gtfs/fare_media.txt",
        "fare_media_id,fare_media_name,fare_media_type\nqr,QR code,4\n",
    ),
    (
        "gtfs/fare_products.txt",
        "fare_product_id,fare_product_name,fare_media_id,amount,currency\n\
         single_2,Single 2,qr,2.00,CNY\n\
         single_3,Single 3,qr,3.00,CNY\n\
         single_4,Single 4,qr,4.00,CNY\n\
         single_5,Single 5,qr,5.00,CNY\n\
         bus_flat,Bus ride,qr,2.00,CNY\n",
    ),
    (
        "gtfs/fare_leg_rules.txt",
        "leg_group_id,network_id,from_area_id,to_area_id,fare_product_id\n\
         metro,metro,a_north,a_north,single_2\n\
         metro,metro,a_north,a_centre,single_3\n\
         metro,metro,a_north,a_south,single_5\n\
         metro,metro,a_centre,a_north,single_3\n\
         metro,metro,a_centre,a_centre,single_2\n\
         metro,metro,a_centre,a_south,single_4\n\
         metro,metro,a_south,a_north,single_5\n\
         metro,metro,a_south,a_centre,single_4\n\
         bus,bus,,,bus_flat\n",
    ),
];

/// The files of the test city; take it and spoil a copy.
#[must_use]
pub fn city_files() -> CityFiles {
    CityFiles(
        FILES
            .into_iter()
            .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
            .collect::<BTreeMap<_, _>>(),
    )
}

/// The test city.
///
/// # Panics
/// Never: a test of this crate loads it.
#[must_use]
#[expect(
    clippy::panic,
    reason = "a fixture that does not load is a bug of this file"
)]
pub fn city() -> City {
    City::load(&city_files()).unwrap_or_else(|report| panic!("{report}"))
}

/// A tap with number `id`, `minutes` after `start`.
///
/// # Panics
/// When `stop` or `route` is no GTFS id.
#[must_use]
#[expect(clippy::panic, reason = "the arguments are literals of tests")]
pub fn tap(
    id: u32,
    start: Timestamp,
    minutes: i64,
    kind: TapKind,
    stop: &str,
    route: Option<&str>,
) -> Tap {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().rev().zip(id.to_le_bytes()) {
        *place = byte;
    }
    Tap {
        at: start.plus(Span::from_secs(minutes.saturating_mul(60))),
        kind,
        id: TapId::from_bytes(bytes),
        stop: StopId::new(stop).unwrap_or_else(|error| panic!("{stop}: {error}")),
        route: route.map(|id| RouteId::new(id).unwrap_or_else(|error| panic!("{id}: {error}"))),
        holder: Holder::default(),
    }
}
