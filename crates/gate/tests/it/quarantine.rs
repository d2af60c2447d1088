//! What the server refuses: kept one by one, shown to the operator, sent again.

use serde_json::Value;

use crate::server::{Mood, Server};
use crate::support::{Station, wait_for};
use crate::upload::{TCP, quiet, ride};

/// `faregate-gate quarantine …`: whether it went well, what it printed, what it complained of.
fn quarantine(station: &Station, arguments: &[&str]) -> (bool, String, String) {
    let mut command = station.command();
    let output = command.arg("quarantine").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn listed(station: &Station) -> Vec<Value> {
    let (good, text, _) = quarantine(station, &["list", "--json"]);
    assert!(good, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn one_bad_record_of_a_long_backlog_is_set_aside_alone() {
    let server = Server::start();
    server.set(Mood::Refuses(503));
    let station = Station::new(TCP, Some(&server.url));
    let _running = station.start();
    // Each rider is a tap and a note: record 20 is the eleventh rider's tap.
    ride(&station, 0..30);
    server.set(Mood::RefusesRecord(20));
    wait_for("29 taps", || server.taps() == 29);
    let kept = listed(&station);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let told = ["name", "taps", "notes"].map(|field| kept[0][field].to_string());
    assert_eq!(told, ["\"1-20\"", "1", "0"]);
    quiet(&server);
}

#[test]
fn what_was_refused_is_listed_and_sent_again() {
    let server = Server::start();
    server.set(Mood::Refuses(422));
    let station = Station::new(TCP, Some(&server.url));
    let nothing = quarantine(&station, &["list"]);
    assert_eq!(nothing.1, "The quarantine is empty.\n");
    let running = station.start();
    ride(&station, 0..2);
    wait_for("four records", || listed(&station).len() == 4);
    let (_, text, _) = quarantine(&station, &["list"]);
    assert!(text.contains("1-0 ") && text.contains("422"), "{text}");
    let code = crate::support::ticket(0);
    assert!(!text.contains(&code[4..20]), "codes are not shown");

    // Still refused: said so, and kept, with what the server says now.
    server.set(Mood::Refuses(409));
    let (good, text, complaint) = quarantine(&station, &["retry", "1-0"]);
    assert!(!good && text.contains("409"), "{text}");
    assert!(
        complaint.contains("1 of 1 are still refused"),
        "{complaint}"
    );
    let kept = listed(&station);
    assert!(
        kept[0]["problem"].as_str().unwrap().starts_with("409"),
        "{kept:?}"
    );
    let (good, _, complaint) = quarantine(&station, &["retry", "1-7"]);
    assert!(!good && complaint.contains("1-7"), "{complaint}");

    // Taken, beside a running agent: gone from the folder, and each at the server once.
    server.set(Mood::Good);
    let (good, text, complaint) = quarantine(&station, &["retry", "--json", "1-0"]);
    assert!(good, "{complaint}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&told[0]["name"], &told[0]["taken"]),
        (&"1-0".into(), &true.into())
    );
    assert_eq!((server.taps(), listed(&station).len()), (1, 3));
    ride(&station, 2..3);
    wait_for("a later tap", || server.taps() == 2);
    let (good, _, complaint) = quarantine(&station, &["retry"]);
    assert!(good, "{complaint}");
    assert_eq!((server.taps(), listed(&station).len()), (3, 0));
    quiet(&server);
    running.kill();

    // Nobody answers: nothing is lost.
    server.set(Mood::Refuses(422));
    let _running = station.start();
    ride(&station, 3..4);
    wait_for("two records", || listed(&station).len() == 2);
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace(&server.url, "http://127.0.0.1:9")).unwrap();
    let (good, text, _) = quarantine(&station, &["retry"]);
    assert!(!good && text.contains("does not answer"), "{text}");
    assert_eq!(listed(&station).len(), 2);
}
