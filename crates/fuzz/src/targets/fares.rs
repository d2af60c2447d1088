//! A bare GTFS feed: the input is cut at NUL bytes into a file's name and its contents.

use tariff::fares::{Fares, Leg, Moment, Place, Status, Work};
use tariff::feed::FeedFile;
use tariff::{Feed, FeedFiles, LoadReport};
use units::ServiceDay;

/// What loads prices an itinerary; what does not says why, in a bounded report.
pub(super) fn feed(bytes: &[u8]) {
    let mut files = FeedFiles::new("");
    let mut parts = bytes.split(|byte| *byte == 0);
    while let (Some(name), Some(contents)) = (parts.next(), parts.next()) {
        let known = FeedFile::ALL.iter().map(|file| file.name());
        if let Some(name) = known.into_iter().find(|known| known.as_bytes() == name) {
            files.insert(name, contents);
        }
    }
    match Feed::read(&files) {
        Ok(feed) => price(feed),
        Err(report) => {
            assert!(!report.is_sound(), "refused without a reason");
            assert!(report.defects().len() <= LoadReport::DEFECTS_MAX);
            for defect in report.defects() {
                let name = FeedFile::ALL.iter().find(|file| file.name() == defect.file);
                assert!(name.is_some(), "a defect of no file: {defect}");
            }
        }
    }
}

/// Two legs between the first and the last stop, for a rider who says nothing.
fn price(feed: Feed) {
    let stop = |stop: Option<_>| Place { stop, areas: None };
    let first = feed.ids.stops.iter().next().map(|(index, _)| index);
    let last = feed.ids.stops.iter().last().map(|(index, _)| index);
    let network = feed.ids.networks.iter().next().map(|(index, _)| index);
    let day = ServiceDay::from_days(20_000);
    let leg = |from, to, second| Leg {
        network,
        route: None,
        from: stop(from),
        to: Some(stop(to)),
        start: Moment::civil(day, second),
        end: Some(Moment::civil(day, second + 600)),
    };
    let legs = [leg(first, last, 28_800), leg(last, first, 30_000)];
    let fares = Fares::new(feed);
    let priced = fares.price(&fares.rider(None, None), &legs, &mut Work::default());
    let named = priced.lines.iter().flat_map(|line| line.legs.clone());
    assert!(
        named.clone().all(|leg| leg < legs.len()),
        "a line of no leg"
    );
    match priced.status {
        Status::Priced => assert!(priced.unpriced.is_empty()),
        Status::Unpriced => assert_eq!(priced.unpriced.len(), legs.len()),
        _ => {}
    }
}
