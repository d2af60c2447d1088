//! Every operation of the medium fails, once or from then on, in the real agent.

use journal::testing::{Fault, Medium, Operation};

use super::tests::{NOW, charged, events_of, open, scan, ticket};
use super::*;

/// Scans after which a segment of 16 KiB is full twice over.
const SCANS: u8 = 40;

/// Riders tap while the medium fails as planned, and afterwards. Gives how often the door opened,
/// and how many taps are charged.
fn ride(fault: Fault) -> (usize, usize) {
    let events = events_of();
    let mut agent = open(Medium::new(), &events);
    events.lock().unwrap().clear();
    agent.journal.media_mut().0.plan(Some(fault));
    let mut now = NOW;
    let mut waiting = Vec::new();
    for number in 0..SCANS {
        // Who was sent away tries again with the same code.
        waiting.push(number);
        waiting.retain(|number| scan(&mut agent, &ticket(*number), now) != "permitted");
        now = now.plus(Span::from_secs(1));
        agent.tick(now);
    }
    agent.journal.media_mut().0.plan(None);
    for _ in 0..2 {
        now = now.plus(Span::from_secs(6));
        agent.tick(now);
    }
    waiting.retain(|number| scan(&mut agent, &ticket(*number), now) != "permitted");
    assert!(waiting.is_empty(), "{fault:?}: {waiting:?}");
    for number in 0..SCANS {
        let again = scan(&mut agent, &ticket(number), now);
        assert_eq!(again, "already_used", "{fault:?}");
    }
    let charged = charged(agent);
    let events = events.lock().unwrap();
    let opened = events.iter().filter(|event| **event == "open").count();
    (opened, charged)
}

/// A failed fsync believed, a full disk, an error read as success. However the medium fails, each
/// rider goes through once and is charged once: the journal seals the segment and writes the rest
/// again, and no tap whose sync failed ends as a charge.
#[test]
fn whatever_operation_fails_every_rider_passes_once_and_is_charged_once() {
    let every = usize::from(SCANS);
    for (count, no_space) in [(1, false), (1, true), (3, false), (u64::MAX, true)] {
        for at in 0..60 {
            let only = None;
            let fault = Fault {
                at,
                count,
                only,
                no_space,
            };
            assert_eq!(ride(fault), (every, every), "{fault:?}");
        }
    }
    for only in [Operation::Sync, Operation::Create, Operation::SyncDirectory] {
        for at in 0..12 {
            let fault = Fault {
                at,
                count: 2,
                only: Some(only),
                no_space: only == Operation::Create,
            };
            assert_eq!(ride(fault), (every, every), "{fault:?}");
        }
    }
}

/// While the medium fails for good the door stays shut: nothing is let pass unrecorded.
#[test]
fn a_medium_that_fails_for_good_shuts_the_door() {
    let events = events_of();
    let mut agent = open(Medium::new(), &events);
    events.lock().unwrap().clear();
    agent.journal.media_mut().0.plan(Some(Fault {
        at: 0,
        count: u64::MAX,
        only: None,
        no_space: false,
    }));
    let mut now = NOW;
    for number in 0..SCANS {
        let reason = scan(&mut agent, &ticket(number), now);
        assert_eq!(reason, "not_recorded");
        now = now.plus(Span::from_secs(1));
        agent.tick(now);
    }
    assert!(!events.lock().unwrap().contains(&"open"));
    assert!(!agent.is_ready(now));
}
