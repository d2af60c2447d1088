//! The order of things, seen from the medium and the door.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use ed25519_dalek::{Signer as _, SigningKey};
use journal::testing::{Fault, Medium, Operation};
use journal::{MediaError, Options, SegmentId};
use units::{CredentialId, GateId, KeyId, StopId};
use validator::{ClockRules, NetworkCode, Policy, ZoneCode};
use wire::note::{NoteRecord, TapOutcome};
use wire::{Entitlement, PartySize, ProductCode, RiderCategory, TicketClaims};

use super::*;
use crate::denied::DeniedDraft;
use crate::door::{DoorError, Passage};
use crate::lists::{Keys, ListName};

pub(super) const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);
const KID: KeyId = KeyId::from_bytes(*b"hz01");
const DEVICE: DeviceId = DeviceId::from_bytes([0xd1; 16]);

/// What happened, in order.
pub(super) type Events = Arc<Mutex<Vec<&'static str>>>;

/// A medium that says when it syncs.
pub(super) struct Watched(pub(super) Medium, Events);

impl Media for Watched {
    fn list(&mut self, into: &mut Vec<SegmentId>) -> Result<(), MediaError> {
        self.0.list(into)
    }

    fn create(&mut self, id: SegmentId, bytes: u32) -> Result<(), MediaError> {
        self.0.create(id, bytes)
    }

    fn write(&mut self, id: SegmentId, offset: u32, bytes: &[u8]) -> Result<(), MediaError> {
        self.1.lock().unwrap().push("write");
        self.0.write(id, offset, bytes)
    }

    fn sync(&mut self, id: SegmentId) -> Result<(), MediaError> {
        let outcome = self.0.sync(id);
        let event = if outcome.is_ok() {
            "sync"
        } else {
            "failed sync"
        };
        self.1.lock().unwrap().push(event);
        outcome
    }

    fn read(&mut self, id: SegmentId, offset: u32, into: &mut [u8]) -> Result<usize, MediaError> {
        self.0.read(id, offset, into)
    }

    fn remove(&mut self, id: SegmentId) -> Result<(), MediaError> {
        self.0.remove(id)
    }

    fn sync_directory(&mut self) -> Result<(), MediaError> {
        self.0.sync_directory()
    }
}

/// What will happen.
pub(super) fn events_of() -> Events {
    Events::default()
}

struct WatchedDoor(Events);

impl Door for WatchedDoor {
    fn open(&mut self) -> Result<(), DoorError> {
        self.0.lock().unwrap().push("open");
        Ok(())
    }

    fn outcome(&mut self) -> Option<Passage> {
        None
    }
}

fn issuer() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32])
}

pub(super) fn ticket(number: u8) -> String {
    ticket_until(number, NOW.plus(Span::from_secs(600)))
}

/// Ticket number `number`, good from [`NOW`] until then.
fn ticket_until(number: u8, expires: Timestamp) -> String {
    let claims = TicketClaims {
        id: CredentialId::from_bytes([number; 16]),
        starts: NOW,
        expires,
        entitlement: Entitlement {
            category: RiderCategory::from_code(0),
            party: PartySize::new(1).unwrap(),
            product: ProductCode::from_number(1),
        },
    };
    let bytes = claims.sign(KID, |message| issuer().sign(message).to_bytes());
    wire::text::encode(&bytes.unwrap()).unwrap().to_string()
}

pub(super) fn open(medium: Medium, events: &Events) -> Agent<Watched> {
    open_with(medium, events, UnrecordedRule::Shut)
}

fn open_with(medium: Medium, events: &Events, unrecorded: UnrecordedRule) -> Agent<Watched> {
    let site = Site {
        device: DEVICE,
        gate: GateId::from_number(7),
        stop: StopId::new("a").unwrap(),
        route: None,
        network: NetworkCode::default(),
        zone: ZoneCode::default(),
    };
    let rules = Rules {
        policy: Policy::default(),
        keys_stale: Span::from_secs(60),
        denied_stale: Span::from_secs(60),
        refusals_per_minute: 3,
        replay_slots: 128,
        keep: Span::ZERO,
        unrecorded,
        clock: ClockRules::default(),
    };
    let options = Options::new(DEVICE, chain_start, 1)
        .with_segment_bytes(16 * 1024)
        .unwrap();
    let medium = Watched(medium, Arc::clone(events));
    let door = Box::new(WatchedDoor(Arc::clone(events)));
    let (mut agent, _) =
        Agent::open(medium, options, Witness::NONE, (site, rules), door, None).unwrap();
    let key = api::Base64Url(issuer().verifying_key().to_bytes());
    let keys = format!(
        "{{\"keys\":[{{\"kid\":\"{KID}\",\"public_key\":\"{key}\",\
         \"not_before\":\"2019-01-01T00:00:00Z\",\"not_after\":\"2029-01-01T00:00:00Z\"}}]}}"
    );
    let keys = Held {
        list: Arc::new(Keys::read(keys.as_bytes(), Policy::default()).unwrap()),
        confirmed: NOW,
    };
    agent.use_keys(keys, NOW);
    agent.use_denied(Held {
        list: Arc::new(DeniedDraft::new(0).finish(1, tempfile::tempfile().unwrap())),
        confirmed: NOW,
    });
    agent
}

pub(super) fn scan(agent: &mut Agent<Watched>, text: &str, now: Timestamp) -> &'static str {
    let watch = Stopwatch::start();
    agent
        .scan(text.as_bytes(), TapKind::On, now, watch)
        .reason()
}

#[test]
fn the_tap_is_durable_before_the_door_opens() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    events.lock().unwrap().clear();
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    assert_eq!(*events.lock().unwrap(), ["write", "sync", "open", "write"]);
}

#[test]
fn no_door_opens_while_the_medium_fails_and_its_riders_may_try_again() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    agent.journal.media_mut().0.plan(Some(Fault {
        at: 0,
        count: u64::MAX,
        only: Some(Operation::Sync),
        no_space: false,
    }));
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "not_recorded");
    assert!(!agent.is_ready(NOW));
    assert_eq!(scan(&mut agent, &ticket(2), NOW), "not_recorded");
    assert!(!events.lock().unwrap().contains(&"open"));
    agent.journal.media_mut().0.plan(None);
    agent.tick(NOW.plus(Span::from_secs(6)));
    assert!(agent.is_ready(NOW), "it writes again");
    assert_eq!(scan(&mut agent, &ticket(3), NOW), "permitted");
    // Nobody went through on the first try, and its record says so.
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "already_used");
    assert_eq!(charged(agent), 2);
}

/// Every sync fails from now on.
fn break_medium(agent: &mut Agent<Watched>) {
    agent.journal.media_mut().0.plan(Some(Fault {
        at: 0,
        count: u64::MAX,
        only: Some(Operation::Sync),
        no_space: false,
    }));
}

/// T21: who breaks the disk opens the gate as often as the city says, and no more; what those
/// riders showed is written down afterwards, and none of their codes passes twice.
#[test]
fn a_broken_medium_opens_so_often_and_its_taps_are_told_afterwards() {
    let events = Events::default();
    let rule = UnrecordedRule::Open {
        passes: 3,
        within: Span::from_secs(3_600),
    };
    let mut agent = open_with(Medium::new(), &events, rule);
    assert_eq!(scan(&mut agent, &ticket(9), NOW), "permitted");
    break_medium(&mut agent);
    assert_eq!(agent.opens_unrecorded(), None, "nobody has noticed");
    let mut told = Vec::new();
    for number in 1..=6 {
        let at = NOW.plus(Span::from_secs(i64::from(number)));
        told.push(scan(&mut agent, &ticket(number), at));
        agent.tick(at);
    }
    let (passed, shut) = told.split_at(3);
    assert_eq!(passed, ["permitted_unrecorded"; 3]);
    assert_eq!(shut, ["not_recorded"; 3]);
    let opens = |events: &Events| {
        let events = events.lock().unwrap();
        events.iter().filter(|event| **event == "open").count()
    };
    assert_eq!(opens(&events), 4);
    assert_eq!((agent.opens_unrecorded(), agent.unrecorded()), (Some(0), 2));
    assert!(!agent.is_ready(NOW), "it is an alarm as long as it lasts");
    assert_eq!(scan(&mut agent, &ticket(2), NOW), "already_used");

    agent.journal.media_mut().0.plan(None);
    let later = NOW.plus(Span::from_secs(60));
    agent.tick(later);
    assert_eq!((agent.opens_unrecorded(), agent.unrecorded()), (None, 0));
    assert!(agent.is_ready(NOW));
    for number in 1..=3 {
        assert_eq!(scan(&mut agent, &ticket(number), later), "already_used");
    }
    assert_eq!(scan(&mut agent, &ticket(4), later), "permitted");
    agent.flush();
    let batch = agent.batch(1000).unwrap().unwrap();
    let taps = batch.payloads.iter().map(|bytes| TapRecord::decode(bytes));
    let at: Vec<_> = taps
        .flatten()
        .filter(|tap| tap.decision == 0)
        .map(|tap| tap.at.since(NOW).as_secs())
        .collect();
    assert_eq!(at, [0, 1, 2, 3, 60], "with the time at which they passed");
    assert_eq!(charged(agent), 5);
}

/// A second outage of the day does not open for more.
#[test]
fn a_medium_that_breaks_again_opens_for_nobody_more() {
    let events = Events::default();
    let rule = UnrecordedRule::Open {
        passes: 1,
        within: Span::from_secs(3_600),
    };
    let mut agent = open_with(Medium::new(), &events, rule);
    for (outage, expected) in [(1, "permitted_unrecorded"), (2, "not_recorded")] {
        break_medium(&mut agent);
        assert_eq!(scan(&mut agent, &ticket(outage), NOW), expected);
        agent.journal.media_mut().0.plan(None);
        agent.tick(NOW.plus(Span::from_secs(10 * i64::from(outage))));
        assert!(agent.is_ready(NOW));
    }
    assert_eq!(charged(agent), 1);
}

/// Where nobody went through, nothing is owed, whatever state the journal is in.
#[test]
fn nobody_passed_is_told_after_an_outage_too() {
    let events = Events::default();
    let rule = UnrecordedRule::Open {
        passes: 9,
        within: Span::from_secs(3_600),
    };
    let mut agent = open_with(Medium::new(), &events, rule);
    agent.door = Box::new(EmptyDoor(0));
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    break_medium(&mut agent);
    for number in 2..=4 {
        let told = scan(&mut agent, &ticket(number), NOW);
        assert_eq!(told, "permitted_unrecorded");
    }
    agent.tick(NOW);
    assert_eq!(agent.unrecorded(), 0);
    agent.journal.media_mut().0.plan(None);
    agent.tick(NOW.plus(Span::from_secs(10)));
    assert_eq!(charged(agent), 0);
}

/// Permitted taps of the journal that no note says to have stayed outside: those that are charged.
pub(super) fn charged(agent: Agent<Watched>) -> usize {
    let mut agent = agent;
    agent.flush();
    let medium = agent.journal.into_media().0.after_kill();
    let (mut taps, mut outside) = (BTreeSet::new(), BTreeSet::new());
    let options = Options::new(DEVICE, chain_start, 1);
    let options = options.with_segment_bytes(16 * 1024).unwrap();
    let mut take = |record: journal::Record<'_>| {
        let journal::Record::Tap {
            position, payload, ..
        } = record
        else {
            return;
        };
        match wire::note::Record::decode(payload).unwrap() {
            wire::note::Record::Tap(tap) if tap.decision == 0 => {
                taps.insert(position);
            }
            wire::note::Record::Note(note) if note.outcome != TapOutcome::Opened => {
                outside.insert(Position::new(note.tap_epoch, note.tap_seq));
            }
            _ => {}
        }
    };
    journal::Journal::open(medium, options, journal::Witness::NONE, &mut take).unwrap();
    taps.difference(&outside).count()
}

/// 9: the tap after a power cut is charged twice. The power fails after each single operation of a
/// scan; the rider taps again, and again.
#[test]
fn seeded_bug_09_tap_after_a_crash_charged_twice() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    agent.journal.media_mut().0.watch();
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    let cuts = agent.journal.media_mut().0.take_watched();
    let mut told = Vec::new();
    for cut in &cuts {
        let mut agent = open(cut.after_kill(), &events);
        let first = scan(&mut agent, &ticket(1), NOW.plus(Span::from_secs(20)));
        let second = scan(&mut agent, &ticket(1), NOW.plus(Span::from_secs(21)));
        assert_eq!(second, "already_used", "after {first}");
        told.push(first);
        assert_eq!(charged(agent), 1, "after {first}");
    }
    // Until the note says that the door opened the rider stands before it.
    assert_eq!(told.last(), Some(&"already_used"));
    assert!(
        told[..told.len() - 1]
            .iter()
            .all(|told| *told == "permitted"),
        "{told:?}"
    );
    assert!(told.len() >= 3, "a tap, its sync, its note");
}

/// 11, 12: the mark comes from the journal's proven taps alone.
#[test]
fn the_mark_is_rebuilt_from_taps_whose_clock_was_proven() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    agent.flush();
    // Nothing proved that clock: a restart in 1970 is no worse than before.
    let medium = agent.journal.into_media().0.after_kill();
    let mut agent = open(medium, &events);
    let epoch = Timestamp::from_secs(0);
    assert_eq!(agent.clock().read(epoch).trust, validator::Trust::Unproven);
    // Signed time: the next tap's record is proof.
    assert!(agent.clock().signed(NOW, Span::ZERO));
    assert_eq!(scan(&mut agent, &ticket(2), NOW), "permitted");
    agent.flush();
    let medium = agent.journal.into_media().0.after_kill();
    let mut agent = open(medium, &events);
    assert_eq!(agent.clock().read(epoch).trust, validator::Trust::Wrong);
    assert_eq!(scan(&mut agent, &ticket(3), epoch), "gate_not_ready");
}

/// The notes of the journal: which tap, and what became of it.
fn outcomes(agent: &mut Agent<Watched>) -> Vec<(u64, TapOutcome)> {
    let batch = agent.batch(1000).unwrap().unwrap();
    let notes = batch.payloads.iter().map(|bytes| NoteRecord::decode(bytes));
    let notes = notes.flatten();
    notes.map(|note| (note.tap_seq, note.outcome)).collect()
}

#[test]
fn a_door_that_fails_is_noted() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    agent.door = Box::new(BrokenDoor);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "door_failed");
    agent.door = Box::new(WatchedDoor(events));
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    agent.flush();
    let expected = [(0, TapOutcome::DidNotOpen), (2, TapOutcome::Opened)];
    assert_eq!(outcomes(&mut agent), expected);
}

#[test]
fn where_nobody_passed_the_rider_may_tap_again() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    agent.door = Box::new(EmptyDoor(0));
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    agent.tick(NOW);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    agent.flush();
    let told = outcomes(&mut agent);
    let first = [(0, TapOutcome::Opened), (0, TapOutcome::NobodyPassed)];
    assert_eq!(told[..2], first);
}

struct BrokenDoor;

impl Door for BrokenDoor {
    fn open(&mut self) -> Result<(), DoorError> {
        Err(DoorError {
            device: "door".to_owned(),
            doing: "it is stuck",
            source: std::io::Error::other("stuck"),
        })
    }

    fn outcome(&mut self) -> Option<Passage> {
        None
    }
}

/// Opens, and nobody ever passes.
struct EmptyDoor(u32);

impl Door for EmptyDoor {
    fn open(&mut self) -> Result<(), DoorError> {
        self.0 += 1;
        Ok(())
    }

    fn outcome(&mut self) -> Option<Passage> {
        self.0 = self.0.checked_sub(1)?;
        Some(Passage::NobodyPassed)
    }
}

#[test]
fn a_restart_remembers_and_old_lists_refuse() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    agent.flush();
    let medium = agent.journal.into_media().0.after_kill();
    let mut agent = open(medium, &events);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "already_used");
    let later = NOW.plus(Span::from_secs(61));
    assert_eq!(scan(&mut agent, &ticket(2), later), "lists_stale");
    assert_eq!(scan(&mut agent, &ticket(2), NOW), "permitted");
}

#[test]
fn refusals_are_written_only_so_fast() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    for _ in 0..10 {
        assert_eq!(scan(&mut agent, &ticket(1), NOW), "already_used");
    }
    agent.flush();
    let batch = agent.batch(1000).unwrap().unwrap();
    assert_eq!(
        batch.payloads.len(),
        5,
        "a permit, its note, three refusals"
    );
    agent.commit(batch.last(), NOW);
    assert_eq!((agent.batch(1000).unwrap(), agent.queue_depth()), (None, 0));
    assert_eq!(agent.journal.acknowledged_next(), Some(batch.last().next()));
}

/// Forty riders fill several segments; all that they left is committed.
fn committed(keep: Span) -> Agent<Watched> {
    let mut agent = open(Medium::new(), &Events::default());
    agent.rules.keep = keep;
    for number in 0..40 {
        assert_eq!(scan(&mut agent, &ticket(number), NOW), "permitted");
    }
    agent.flush();
    while let Some(batch) = agent.batch(1000).unwrap() {
        agent.commit(batch.last(), NOW);
    }
    assert!(agent.segments() > 2, "{}", agent.segments());
    agent
}

#[test]
fn taps_of_live_codes_are_kept_although_they_are_committed() {
    let mut agent = committed(Span::ZERO);
    let all = agent.segments();
    agent.trim(NOW.plus(Span::from_secs(600 + 3_500)));
    assert_eq!(agent.segments(), all);
    agent.trim(NOW.plus(Span::from_secs(600 + 3_601)));
    assert_eq!(agent.segments(), 1);
}

#[test]
fn what_is_committed_is_kept_for_its_days_unless_its_room_is_needed() {
    let day = Span::from_secs(86_400);
    let mut agent = committed(day);
    let all = agent.segments();
    let later = NOW.plus(Span::from_secs(86_400 - 60));
    agent.trim(later);
    assert_eq!(agent.segments(), all);
    // What comes after it is younger; what is older than a day goes.
    let next = NOW.plus(Span::from_secs(2 * 86_400));
    agent.history.take(agent.journal.next(), Some(next));
    agent.trim(NOW.plus(Span::from_secs(2 * 86_400 + 60)));
    assert_eq!(agent.segments(), all, "the next record is not old enough");
    agent.trim(NOW.plus(Span::from_secs(3 * 86_400)));
    assert_eq!(agent.segments(), 1);

    // A disk that takes nothing more is worth more than what the server has.
    let mut agent = committed(day);
    break_medium(&mut agent);
    let dead = NOW.plus(Span::from_secs(600 + 3_601));
    agent.use_denied(Held {
        list: Arc::new(DeniedDraft::new(0).finish(1, tempfile::tempfile().unwrap())),
        confirmed: dead,
    });
    agent.confirm(ListName::IssuerKeys, dead);
    assert_eq!(
        scan(
            &mut agent,
            &ticket_until(50, dead.plus(Span::from_secs(600))),
            dead
        ),
        "not_recorded"
    );
    agent.trim(dead);
    assert!(agent.segments() <= 1, "{}", agent.segments());
}

#[test]
fn an_old_image_begins_a_new_epoch_and_writes_its_taps_again() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    agent.flush();
    let image = agent.journal.into_media().0.after_kill();
    let mut agent = open(image, &events);
    assert_eq!(scan(&mut agent, &ticket(2), NOW), "permitted");
    agent.flush();
    // The server holds ten taps that this image has forgotten.
    agent.meet(Position::new(1, 10));
    let first = agent.batch(1000).unwrap().unwrap();
    assert_eq!(
        (first.first, first.payloads.len()),
        (Position::new(1, 0), 2)
    );
    agent.commit(first.last(), NOW);
    let second = agent.batch(1000).unwrap().unwrap();
    assert_eq!(
        (second.first, second.payloads.len()),
        (Position::new(2, 0), 2)
    );
    let record = TapRecord::decode(&second.payloads[0]).unwrap();
    assert_eq!((record.seq, record.decision), (0, 0));
    agent.commit(second.last(), NOW);
    assert_eq!(agent.batch(1000).unwrap(), None);
}

/// 20: the upload cursor moved before the server's answer. What was read for sending is read
/// again, also after a restart, until the answer is there.
#[test]
fn seeded_bug_20_upload_cursor_moved_before_the_answer() {
    let events = Events::default();
    let mut agent = open(Medium::new(), &events);
    assert_eq!(scan(&mut agent, &ticket(1), NOW), "permitted");
    agent.flush();
    let sent = agent.batch(1000).unwrap().unwrap();
    assert_eq!(sent.payloads.len(), 2, "a tap and its note");
    let medium = agent.journal.into_media().0.after_kill();
    let mut agent = open(medium, &events);
    let later = NOW.plus(Span::from_secs(600 + 3_601));
    agent.trim(later);
    assert_eq!(agent.batch(1000).unwrap(), Some(sent.clone()));
    agent.commit(sent.last(), later);
    assert_eq!((agent.batch(1000).unwrap(), agent.queue_depth()), (None, 0));
}
