//! `kill -9` at random instants of a real process, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wire::note::Record;

use crate::server::{Mood, Server};
use crate::station::{Gate, free_addresses, section};
use crate::support::{ticket, wait_for};

const KILLS: u64 = 120;

/// A number from 0 to `below`, the same ones in every run (splitmix64).
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % below
}

/// An index into so many.
fn draw_index(state: &mut u64, count: usize) -> usize {
    let count = u64::try_from(count).unwrap().max(1);
    usize::try_from(draw(state, count)).unwrap()
}

/// What the riders were told.
#[derive(Default)]
struct Told {
    /// Tickets that opened the door, by place in the journal.
    opened: BTreeMap<(u32, u64), u64>,
    /// Tickets that were shown.
    shown: Vec<u64>,
    /// Tickets that opened the door, to see a second time.
    used: BTreeSet<u64>,
}

#[test]
fn no_tap_is_lost_or_doubled_and_no_code_passes_twice_whenever_the_process_dies() {
    let server = Server::start();
    // It shares with another gate, which lives.
    let addresses = free_addresses(2);
    let [gate, peer] = [0, 1].map(|index| {
        let number = if index == 0 { 7 } else { 8 };
        let url = (index == 0).then_some(server.url.as_str());
        Gate::new(number, &section(addresses[index], &addresses), url)
    });
    let _peer = peer.station.start();
    let station = &gate.station;
    let mut dice = 1;
    let mut next = 0;
    let mut told = Told::default();
    for round in 0..KILLS {
        server.set(if round % 3 == 0 {
            Mood::LosesAnswers
        } else {
            Mood::Good
        });
        let running = station.start();
        let mut line = station.connect();
        // Codes that passed before the kill, the last one above all, pass no more.
        let last = told.used.last().copied();
        let any = told.used.iter().nth(draw_index(&mut dice, told.used.len()));
        for number in last.into_iter().chain(any.copied()) {
            let answer = line.ask(&ticket_of(number, &told)).unwrap();
            assert_eq!(answer["reason"], "already_used", "round {round}: {answer}");
        }
        let wait = Duration::from_micros(draw(&mut dice, 40_000));
        let killer = std::thread::spawn(move || {
            std::thread::sleep(wait);
            running.kill();
        });
        loop {
            let text = ticket(next);
            told.shown.push(next);
            let Some(answer) = line.ask(&text) else { break };
            assert_eq!(answer["reason"], "permitted", "round {round}: {answer}");
            let place = (
                answer["epoch"].as_u64().unwrap(),
                answer["seq"].as_u64().unwrap(),
            );
            let place = (u32::try_from(place.0).unwrap(), place.1);
            assert_eq!(
                told.opened.insert(place, next),
                None,
                "a number was given out twice"
            );
            assert!(told.used.insert(next));
            next += 1;
        }
        next += 1;
        killer.join().unwrap();
    }
    server.set(Mood::Good);
    let _running = station.start();
    let mut line = station.connect();
    let last = line.ask(&ticket(next)).unwrap();
    let last = (
        u32::try_from(last["epoch"].as_u64().unwrap()).unwrap(),
        last["seq"].as_u64().unwrap(),
    );
    wait_for("everything at the server", || {
        server.books.lock().unwrap().taps.contains_key(&last)
    });
    check(&server, &told);
}

/// The text of a ticket that was shown: the id alone decides whether it was used.
fn ticket_of(number: u64, told: &Told) -> String {
    assert!(told.shown.contains(&number));
    ticket(number)
}

fn check(server: &Server, told: &Told) {
    let books = server.books.lock().unwrap();
    assert_eq!(books.wrong, Vec::<String>::new());
    let mut permitted = BTreeSet::new();
    for (place, bytes) in &books.taps {
        let Record::Tap(record) = Record::decode(bytes).unwrap() else {
            continue;
        };
        let wire::Code::Ticket(parsed) = wire::parse(record.evidence).unwrap() else {
            panic!("no ticket at {place:?}");
        };
        let number = u64::from_be_bytes(parsed.id().as_bytes()[..8].try_into().unwrap());
        if record.decision == 0 {
            assert!(
                permitted.insert(number),
                "ticket {number} was let pass twice"
            );
        }
        if let Some(opened) = told.opened.get(place) {
            assert_eq!((*opened, record.decision), (number, 0), "at {place:?}");
        }
    }
    for (place, number) in &told.opened {
        assert!(
            books.taps.contains_key(place),
            "tap {place:?} of ticket {number} is lost"
        );
    }
    println!(
        "{KILLS} kills: {} doors opened, {} taps at the server, {} uploads",
        told.opened.len(),
        books.taps.len(),
        books.requests
    );
    assert!(u64::try_from(told.opened.len()).unwrap() > KILLS);
}
