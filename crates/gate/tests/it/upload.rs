//! Batches and lists against a server that loses answers, refuses and fails.

use std::time::Duration;

use crate::server::{Mood, Server};
use crate::support::{Station, ticket, wait_for};

pub(crate) const TCP: &str = "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"";

pub(crate) fn ride(station: &Station, numbers: std::ops::Range<u64>) {
    let mut line = station.connect();
    for number in numbers {
        let answer = line.ask(&ticket(number)).unwrap();
        assert_eq!(answer["reason"], "permitted", "{answer}");
    }
}

pub(crate) fn quiet(server: &Server) {
    assert_eq!(server.books.lock().unwrap().wrong, Vec::<String>::new());
}

#[test]
fn lost_answers_lose_and_double_nothing() {
    let server = Server::start();
    server.set(Mood::LosesAnswers);
    let station = Station::new(TCP, Some(&server.url));
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap() + "timeout_ms = 200\n";
    std::fs::write(&config, text).unwrap();
    let _running = station.start();
    ride(&station, 0..60);
    wait_for("60 taps", || server.taps() == 60);
    quiet(&server);
}

#[test]
fn a_failing_server_gets_everything_later() {
    let server = Server::start();
    let station = Station::new(TCP, Some(&server.url));
    for status in [500, 503, 403, 429] {
        server.set(Mood::Refuses(status));
        let running = station.start();
        ride(
            &station,
            u64::from(status) * 100..u64::from(status) * 100 + 5,
        );
        wait_for("a request", || server.books.lock().unwrap().requests > 0);
        server.books.lock().unwrap().requests = 0;
        running.kill();
    }
    assert!(!station.path().join("state/quarantine").exists());
    server.set(Mood::Good);
    let _running = station.start();
    wait_for("20 taps", || server.taps() == 20);
    quiet(&server);
}

#[test]
fn a_refused_batch_is_kept_aside_and_does_not_hold_up_the_next() {
    let server = Server::start();
    server.set(Mood::Refuses(422));
    let station = Station::new(TCP, Some(&server.url));
    let _running = station.start();
    ride(&station, 0..1);
    let folder = station.path().join("state/quarantine");
    wait_for("a quarantine", || folder.join("1-0.batch.pb").exists());
    let problem = std::fs::read_to_string(folder.join("1-0.problem.txt")).unwrap();
    assert!(
        problem.starts_with("422") && problem.contains("\"code\""),
        "{problem}"
    );
    server.set(Mood::Good);
    ride(&station, 1..3);
    wait_for("the later taps", || server.taps() == 2);
    // What is kept is the request itself.
    let body = std::fs::read(folder.join("1-0.batch.pb")).unwrap();
    let batch = <api::TapBatch as prost::Message>::decode(&*body).unwrap();
    assert_eq!(batch.first_seq, 0);
    assert!(!batch.records.is_empty());
    quiet(&server);
}

#[test]
fn a_denied_rider_is_refused_once_the_list_is_here_and_it_never_goes_back() {
    let server = Server::start();
    let station = Station::new(TCP, Some(&server.url));
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap() + "sync_seconds = 1\n";
    std::fs::write(&config, text).unwrap();
    let _running = station.start();
    let mut line = station.connect();
    let denied = "{\"version\":2,\"entries\":[\"00000000-0000-0009-0000-000000000000\"]}";
    server.books.lock().unwrap().deny = denied.to_owned();
    let stored = station.path().join("state/lists/deny-list.json");
    let is_stored = || std::fs::read_to_string(&stored).unwrap() == denied;
    wait_for("the new list on disk", is_stored);
    wait_for("a refusal", || line.ask(&ticket(9)).unwrap()["code"] == 140);
    // An older version is not taken.
    server.books.lock().unwrap().deny = "{\"version\":1,\"entries\":[] }".to_owned();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(is_stored());
    assert_eq!(line.ask(&ticket(9)).unwrap()["code"], 140);
    server.books.lock().unwrap().deny = denied.to_owned();
    wait_for("an answer of 304", || {
        server.books.lock().unwrap().not_modified > 0
    });
}
