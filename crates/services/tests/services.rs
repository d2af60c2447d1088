//! The servers start, answer, stop, and leave nothing behind.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use std::net::TcpStream;
use std::path::Path;

use services::{Postgres, Redis, RedisCluster};

fn listens(url: &str) -> bool {
    let place = url.rsplit('@').next().unwrap();
    let place = place.trim_start_matches("redis://");
    TcpStream::connect(place.split('/').next().unwrap()).is_ok()
}

fn runs(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn postgres_starts_stops_and_starts_again() {
    let server = Postgres::start().unwrap();
    let url = server.create_database().unwrap();
    let other = server.create_database().unwrap();
    assert_ne!(url, other, "each test has a database of its own");
    assert!(listens(&url));
    let pid = server.pid().unwrap();
    server.stop_immediately();
    assert!(!listens(&url));
    assert!(!runs(pid));
    assert_eq!(server.pid(), None);
    server.start_again().unwrap();
    assert!(listens(&url), "on the same port");
    let pid = server.pid().unwrap();
    drop(server);
    assert!(!runs(pid) && !listens(&url));
}

#[test]
fn a_server_ends_with_a_test_that_panics() {
    let told = std::sync::Mutex::new(0);
    let panicked = std::panic::catch_unwind(|| {
        let server = Redis::start().unwrap();
        *told.lock().unwrap() = server.port();
        assert_eq!(server.ask("PING").as_deref(), Some("+PONG"));
        std::panic::resume_unwind(Box::new("as a failed test does"));
    });
    assert!(panicked.is_err());
    let port = told.into_inner().unwrap();
    assert!(!listens(&format!("redis://127.0.0.1:{port}")));
}

#[test]
fn a_server_outlives_the_thread_that_asked_for_it() {
    let server = std::thread::spawn(|| Redis::start().unwrap());
    let mut server = server.join().unwrap();
    assert_eq!(server.ask("SET k v").as_deref(), Some("+OK"));
    server.kill();
    assert_eq!(server.ask("PING"), None);
    server.start_again().unwrap();
    assert_eq!(server.ask("DBSIZE").as_deref(), Some(":0"), "it forgets");
}

#[test]
fn three_servers_are_a_cluster() {
    let mut cluster = RedisCluster::start().unwrap();
    assert_eq!(cluster.urls().len(), 3);
    // Key "a" lies in slot 15495 (CRC16 as of the specification), which one node alone serves.
    let answers: Vec<String> = cluster
        .nodes()
        .iter()
        .map(|node| node.ask("SET a 1").unwrap())
        .collect();
    let ours = answers.iter().filter(|answer| *answer == "+OK").count();
    let moved = answers
        .iter()
        .filter(|answer| answer.contains("MOVED 15495"));
    assert_eq!((ours, moved.count()), (1, 2), "{answers:?}");
}
