//! Images restored from a backup: no place of a tap is ever given out twice.

use std::collections::BTreeSet;

use journal::testing::{Medium, chain_start};
use journal::{EpochError, Journal, Met, OpenError, Options, Position, Witness};
use units::DeviceId;

use crate::enumeration::SETTINGS;
use crate::model::Setting;

/// Opens, appends this many taps durably, and gives the medium back.
fn live(
    medium: Medium,
    setting: Setting,
    salt: u64,
    witness: Witness,
    taps: usize,
    places: &mut Vec<Position>,
) -> Medium {
    let (mut journal, _) =
        Journal::open(medium, setting.options(salt), witness, &mut |_| {}).unwrap();
    for _ in 0..taps {
        places.push(journal.append(&[7; 64]).unwrap());
        journal.sync().unwrap();
    }
    journal.into_media()
}

/// Three lives, the third on the image of the first; whether any place was given out twice.
pub(crate) fn restored_image_reuses_a_place(setting: Setting, by_server: bool) -> bool {
    let mut places = Vec::new();
    let witness = |count: u64, places: &[Position]| match places.last() {
        Some(last) if by_server => Witness::NONE.server(*last),
        _ if by_server => Witness::NONE,
        _ => Witness::NONE.boot_count(count),
    };
    let first = live(
        setting.medium(),
        setting,
        1,
        witness(1, &places),
        3,
        &mut places,
    );
    let second = live(
        first.clone(),
        setting,
        2,
        witness(2, &places),
        5,
        &mut places,
    );
    let third = second.restored(&first);
    let third = live(third, setting, 3, witness(3, &places), 6, &mut places);
    live(third, setting, 4, witness(4, &places), 2, &mut places);
    let distinct: BTreeSet<_> = places.iter().collect();
    distinct.len() < places.len()
}

#[test]
fn a_restored_image_begins_a_new_epoch() {
    for setting in SETTINGS {
        for by_server in [false, true] {
            assert!(!restored_image_reuses_a_place(setting, by_server));
        }
    }
}

#[test]
fn an_unbroken_life_stays_in_its_epoch() {
    let setting = SETTINGS[1];
    let mut places = Vec::new();
    let mut medium = setting.medium();
    for count in 1..5 {
        let witness = Witness::NONE.boot_count(count);
        medium = live(medium, setting, count, witness, 2, &mut places);
    }
    let expected: Vec<_> = (0..8).map(|seq| Position::new(1, seq)).collect();
    assert_eq!(places, expected);
}

#[test]
fn the_server_is_met_after_opening_and_knows_more() {
    let setting = SETTINGS[1];
    let options = setting.options(1);
    let (mut journal, _) =
        Journal::open(setting.medium(), options, Witness::NONE, &mut |_| {}).unwrap();
    journal.append(b"one").unwrap();
    journal.sync().unwrap();
    assert_eq!(journal.meet(Position::new(1, 0)), Ok(Met::Agrees));
    assert_eq!(
        journal.meet(Position::new(3, 9)),
        Ok(Met::Restored {
            epoch: 4,
            written_again_from: Position::new(1, 0),
        })
    );
    assert_eq!(journal.append(b"two"), Ok(Position::new(4, 0)));
    assert!(journal.sync().unwrap().covers(Position::new(4, 0)));
    let mut seen = Vec::new();
    let medium = journal.into_media();
    let (journal, report) =
        Journal::open(medium, setting.options(2), Witness::NONE, &mut |record| {
            seen.push(crate::model::Item::of(record));
        })
        .unwrap();
    assert_eq!((report.taps, report.gaps, seen.len()), (2, vec![], 2));
    assert_eq!(journal.next(), Position::new(4, 1));
}

#[test]
fn a_counter_that_was_not_raised_is_no_witness() {
    let setting = SETTINGS[1];
    let medium = live(
        setting.medium(),
        setting,
        1,
        Witness::NONE.boot_count(5),
        1,
        &mut vec![],
    );
    let again = Witness::NONE.boot_count(5);
    let refused = Journal::open(medium, setting.options(2), again, &mut |_| {}).map(|_| ());
    let expected = EpochError::BootCount { last: 5, got: 5 };
    assert_eq!(refused, Err(OpenError::Epoch(expected)));
}

#[test]
fn another_devices_medium_is_refused() {
    let setting = SETTINGS[1];
    let medium = live(setting.medium(), setting, 1, Witness::NONE, 1, &mut vec![]);
    let other = Options::new(DeviceId::from_bytes([1; 16]), chain_start, 2);
    let refused = Journal::open(medium, other, Witness::NONE, &mut |_| {}).map(|_| ());
    let id = journal::SegmentId::new(1);
    assert_eq!(refused, Err(OpenError::OtherDevice { id }));
}
