//! # intake
//!
//! **What**: what strangers hand in on its way into `tariff`: the files of a city package or a
//! GTFS feed, zip archives of them, and itineraries as JSON.
//!
//! **Why it exists**: sizes, counts, names and encodings are limited before anything is believed,
//! in one place that the command line uses and a fuzzer drives without it.
//!
//! **Where it sits**: layer L3, above `tariff`. It opens no file itself: bytes come from a
//! [`std::io::Read`].
//!
//! **Invariants**: memory is bounded by what is unpacked, whatever a header says; every problem of
//! an archive is told, not the first; an itinerary that cannot be read is told with its place.
//!
//! ```
//! use intake::{Package, Collected};
//!
//! let mut files = Collected::default();
//! files.take("feed/fare_products.txt", &b"fare_product_id,amount,currency\n"[..])?;
//! let package: Package = files.finish();
//! assert_eq!(package.notes, ["all files are in the folder feed/; it should be the top itself"]);
//! assert!(!package.is_city() && package.holds_fares());
//! # Ok::<(), anyhow::Error>(())
//! ```

pub mod archive;
pub mod itinerary;
mod package;

pub use package::{Collected, FILES_MAX, Package, is_read};
