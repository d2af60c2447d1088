//! The passage sensor of a real process: a byte on a line for each person.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::time::Duration;

use wire::note::{Record, TapOutcome};

use crate::server::Server;
use crate::support::{Station, ticket, wait_for};

/// The outcomes that the server has been told of a tap, in order.
fn told(server: &Server, tap: u64) -> Vec<TapOutcome> {
    let books = server.books.lock().unwrap();
    let records = books.taps.values().map(|bytes| Record::decode(bytes));
    let notes = records.filter_map(|record| match record.unwrap() {
        Record::Note(note) if note.tap_seq == tap => Some(note.outcome),
        _ => None,
    });
    notes.collect()
}

/// Who passes is charged once; where nobody passed, that is told, and the rider may tap again.
#[test]
fn a_rider_who_did_not_pass_is_told_of_and_may_tap_again() {
    let server = Server::start();
    let station = Station::new(
        "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"",
        Some(&server.url),
    );
    let sensor = station.path().join("sensor");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &sensor, mode).unwrap();
    let relay = station.path().join("relay");
    std::fs::write(&relay, "").unwrap();
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = format!(
        "{text}\n[door]\nkind = \"relay\"\npath = '{}'\nopen = \"01\"\nclose = \"00\"\n\
         open_ms = 500\n[passage]\nkind = \"line\"\npath = '{}'\nwait_ms = 1500\n",
        relay.display(),
        sensor.display()
    );
    std::fs::write(&config, text).unwrap();
    let _running = station.start();
    // Opening a pipe waits for its other end: the agent's sensor listens from here on.
    let mut sensor: File = OpenOptions::new().write(true).open(&sensor).unwrap();
    let mut line = station.connect();
    let seq = |answer: &serde_json::Value| answer["seq"].as_u64().unwrap();
    // The agent knows of its sensor a moment after the pipe is open; until then a rider is taken
    // to have passed. So the first rider is one of whom it is told that nobody passed.
    let mut number = 1;
    let first = loop {
        let answer = line.ask(&ticket(number)).unwrap();
        assert_eq!(answer["reason"], "permitted");
        // The door's time, the sensor's, and the second in which notes reach the disk.
        let watch = gate::machine::Stopwatch::start();
        let mut notes = told(&server, seq(&answer));
        while notes.len() < 2 && watch.elapsed() < Duration::from_secs(8) {
            std::thread::sleep(Duration::from_millis(20));
            notes = told(&server, seq(&answer));
        }
        if notes.len() == 2 {
            break seq(&answer);
        }
        assert!(number < 5, "the sensor is never there");
        number += 1;
    };
    let outside = [TapOutcome::Opened, TapOutcome::NobodyPassed];
    assert_eq!(told(&server, first), outside);
    let again = line.ask(&ticket(number)).unwrap();
    assert_eq!(again["reason"], "permitted", "nobody had passed: {again}");
    sensor.write_all(b"p").unwrap();
    let again = seq(&again);
    // The pulse ends the wait; a third rider's silence shows that the second's time is over too.
    let third = line.ask(&ticket(99)).unwrap();
    let third = seq(&third);
    wait_for("the third did not pass", || told(&server, third) == outside);
    assert_eq!(told(&server, again), [TapOutcome::Opened], "who passed");
    let answer = line.ask(&ticket(number)).unwrap();
    assert_eq!(answer["reason"], "already_used");
}
