//! Bits that flip in what was durable: found, or reported, or without effect.

use journal::testing::Medium;
use journal::{Journal, Outcome, Record, SegmentId, Witness};

use crate::enumeration::SETTINGS;
use crate::model::{Item, Setting};

/// A journal of several segments, each record synced alone; its records, and how many of them
/// later ones prove to have been durable.
fn written(setting: Setting) -> (Medium, Vec<Item>, usize) {
    let (mut journal, _) = Journal::open(
        setting.medium(),
        setting.options(1),
        Witness::NONE,
        &mut |_| {},
    )
    .unwrap();
    let mut items = Vec::new();
    for number in 0..12_u8 {
        let payload = vec![number; 64];
        let tap = journal.append(&payload).unwrap();
        items.push(Item::Tap(tap, payload));
        assert!(journal.sync().unwrap().covers(tap));
        if number % 3 == 0 {
            journal.note(tap, Outcome::Opened).unwrap();
            items.push(Item::Note(tap, Outcome::Opened));
            journal.sync().unwrap();
        }
    }
    let proven = items.len() - 1;
    (journal.into_media(), items, proven)
}

fn found_in(medium: Medium, setting: Setting, salt: u64) -> (Vec<Item>, bool, Medium) {
    let mut found = Vec::new();
    let mut visit = |record: Record<'_>| found.push(Item::of(record));
    let (journal, report) =
        Journal::open(medium, setting.options(salt), Witness::NONE, &mut visit).unwrap();
    let reported = !report.gaps.is_empty();
    (found, reported, journal.into_media())
}

/// Flips every bit of every header and record, one at a time.
pub(crate) fn flip_all(setting: Setting) -> Result<u64, String> {
    let (medium, items, proven) = written(setting);
    let places: Vec<(SegmentId, usize)> = medium
        .contents()
        .flat_map(|(id, bytes)| {
            let headers = (0..144).chain(4096..4240);
            headers.chain(8192..bytes.len()).map(move |at| (id, at))
        })
        .collect();
    let mut flips = 0;
    for (id, at) in places {
        for bit in 0..8 {
            flips += 1;
            let mut flipped = medium.clone();
            assert!(flipped.flip(id, at, bit));
            let (found, reported, after) = found_in(flipped, setting, 2);
            let mut rest = items.iter();
            if !found.iter().all(|item| rest.any(|written| written == item)) {
                return Err(format!(
                    "segment {id}, byte {at}, bit {bit}: invented {found:?}"
                ));
            }
            let lost = items[..proven]
                .iter()
                .filter(|item| !found.contains(item))
                .count();
            if lost > 0 && !reported {
                return Err(format!(
                    "segment {id}, byte {at}, bit {bit}: {lost} lost silently"
                ));
            }
            let (again, _, _) = found_in(after, setting, 3);
            if again != found {
                return Err(format!(
                    "segment {id}, byte {at}, bit {bit}: recovered differently"
                ));
            }
        }
    }
    Ok(flips)
}

#[test]
fn a_flipped_bit_is_found_or_harmless() {
    let flips = flip_all(SETTINGS[1]).unwrap();
    println!("{flips} flipped bits");
    assert!(flips > 10_000);
}

#[test]
fn one_damaged_record_costs_only_itself() {
    let setting = SETTINGS[1];
    let (mut medium, items, _) = written(setting);
    // The payload of the second record of the first segment: header slots, then 64 + 64 bytes.
    assert!(medium.flip(SegmentId::new(1), 8192 + 128 + 64, 0));
    let (found, reported, after) = found_in(medium, setting, 2);
    assert!(reported);
    assert_eq!(found.len(), items.len() - 1);
    let (again, still_reported, _) = found_in(after, setting, 3);
    assert_eq!((again, still_reported), (found, true));
}
