//! # oracle
//!
//! **What**: a rider's taps to journeys and fares, a second time: written from docs/FARES.md and
//! the GTFS Schedule reference alone, as plainly as the texts say it.
//!
//! **Why it exists**: a test whose expected values come from the code under test proves nothing.
//! `tariff` is fast and clever; here everything is searched and counted again from the start, and
//! the two must agree to the cent on whatever a generator thinks of.
//!
//! **Where it sits**: tests only. It knows `units` and nothing else, and nobody who changes
//! `tariff` may make it agree without a sentence of docs/FARES.md that says so.
//!
//! **Invariants**: no state but the taps; no cleverness: time may grow exponentially with the rides
//! of a day; money is whole minor units; files are taken to be sound, their checking is `tariff`'s.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use oracle::{Clock, Settings, Tap, World};
//! use units::{TapId, Timestamp};
//!
//! let settings = Settings {
//!     clock: Clock { offsets: vec![(0, 8 * 3600)], day_starts: 3 * 3600 },
//!     default_network: Some("metro".to_owned()),
//!     tap_on_only: Vec::new(),
//!     longest: 3 * 3600,
//!     maximum: 900,
//! };
//! let files = [
//!     ("stops.txt", "stop_id\na\nb\n"),
//!     ("fare_leg_rules.txt", "network_id,fare_product_id\nmetro,single\n"),
//!     ("fare_products.txt", "fare_product_id,amount\nsingle,3.00\n"),
//! ];
//! let files: BTreeMap<String, String> =
//!     files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
//! let world = World::read(settings, &files)?;
//! let tap = |number: u8, minute: i64, is_off, stop: &str| Tap {
//!     at: Timestamp::from_secs(1_546_828_200 + 60 * minute),
//!     is_off,
//!     id: TapId::from_bytes([number; 16]),
//!     stop: stop.to_owned(),
//!     route: None,
//!     category: 0,
//!     companions: 0,
//!     product: 0,
//!     medium: None,
//! };
//! let journeys = world.rate(&[tap(2, 20, true, "b"), tap(1, 0, false, "a")]);
//! assert_eq!(journeys[0].cost, Some(300));
//! # Ok::<(), String>(())
//! ```

mod clock;
mod count;
mod csv;
mod itinerary;
mod pairing;
mod ride;
mod rider;
mod tables;
mod tickets;
mod version_1;
mod world;

pub use clock::{Clock, Moment};
pub use itinerary::{Cost, Leg, Who};
pub use pairing::Tap;
pub use rider::Journey;
pub use world::{Settings, World};
