//! What strangers hand in: zip archives of packages, and itineraries to be priced.

use std::io::Cursor;
use std::sync::OnceLock;

use intake::itinerary::{self, NOTES_MAX, Ride};
use tariff::City;
use tariff::fares::{Leg, Status, Work};

/// A zip archive: only files that have a use, inside the package, and the same ones again.
pub(super) fn archive(bytes: &[u8]) {
    let read = || intake::archive::read(Cursor::new(bytes), || {}).ok();
    let Some(package) = read() else { return };
    for path in package.files.0.keys() {
        assert!(
            !path.starts_with('/') && !path.contains(".."),
            "{path} leads out"
        );
        assert!(intake::is_read(path), "{path} has no use");
    }
    assert_eq!(Some(package), read(), "read twice, and not the same");
}

/// A file of itineraries: each gets an answer, and what is priced is all of it or says what not.
pub(super) fn itineraries(bytes: &[u8]) {
    static CITY: OnceLock<City> = OnceLock::new();
    let fares = CITY.get_or_init(tariff::testing::city).fares();
    let Ok(read) = itinerary::read(bytes, fares) else {
        return;
    };
    assert!(read.notes.len() <= NOTES_MAX);
    let mut work = Work::default();
    for one in &read.all {
        match &one.asked {
            Ok(asked) => {
                let legs: Vec<Leg<'_>> = asked.legs.iter().map(Ride::leg).collect();
                let priced = fares.price(&asked.rider(fares), &legs, &mut work);
                match priced.status {
                    Status::Priced => assert!(priced.unpriced.is_empty()),
                    Status::Partial | Status::Unpriced => assert!(!priced.unpriced.is_empty()),
                    Status::Ambiguous(_) => assert!(priced.total.is_none()),
                }
            }
            Err(mistake) => assert!(mistake.said.starts_with("itinerary ")),
        }
    }
}
