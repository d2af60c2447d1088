//! Negative controls: with each seeded bug switched on, a check above must fail.

use journal::Sabotage;

use crate::enumeration::{Depth, SETTINGS, campaign};
use crate::model::Setting;
use crate::{damage, epochs, faults};

const DEPTH: Depth = Depth {
    sampled: 24,
    most: 150,
    deep_every: 16,
};

fn with(bug: Sabotage) -> impl DoubleEndedIterator<Item = Setting> {
    SETTINGS.into_iter().map(move |setting| Setting {
        bug: Some(bug),
        ..setting
    })
}

/// Enumeration finds it with some size of sectors.
fn enumeration_finds(bug: Sabotage) {
    let found = with(bug)
        .rev()
        .find_map(|setting| campaign(setting, 0..12, DEPTH).err());
    assert!(found.is_some(), "{bug:?} was not found");
}

macro_rules! found_by_enumeration {
    ($($name:ident: $bug:ident;)*) => {$(
        #[test]
        fn $name() {
            enumeration_finds(Sabotage::$bug);
        }
    )*};
}

found_by_enumeration! {
    bug_1_ack_before_sync: AckBeforeSync;
    bug_2_no_crc: NoCrc;
    bug_3_no_sequence_check: NoSequence;
    bug_4_no_generation_in_the_crc: NoGeneration;
    bug_6_open_before_journal: OpenBeforeJournal;
    bug_7_replay_not_rebuilt: ReplayNotRebuilt;
    bug_append_after_a_torn_tail: AppendAfterTail;
    bug_header_before_records: HeaderBeforeRecords;
    bug_no_directory_sync: NoDirectorySync;
    bug_trim_before_ack: TrimBeforeAck;
    bug_no_alignment: NoAlignment;
}

#[test]
fn bug_5_failed_sync_retried_and_trusted() {
    let found =
        with(Sabotage::SyncRetried).find_map(|setting| faults::campaign(setting, 0..3).err());
    assert!(found.is_some());
}

#[test]
fn bug_silent_gap() {
    assert!(with(Sabotage::SilentGap).any(|setting| damage::flip_all(setting).is_err()));
}

#[test]
fn bug_no_epoch_bump() {
    for setting in with(Sabotage::NoEpochBump) {
        assert!(epochs::restored_image_reuses_a_place(setting, false));
        assert!(epochs::restored_image_reuses_a_place(setting, true));
    }
}
