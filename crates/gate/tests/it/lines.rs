//! Standard input and TCP: every line is answered, whatever is in it.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Station, ticket};

#[test]
fn codes_on_standard_input_are_answered_in_order() {
    let station = Station::new("from = \"stdin\"\ndirection = \"on\"", None);
    let mut command = station.command();
    command.args(["--log", "gate=trace"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let code = ticket(1);
    let lines = format!(
        "{code}\n\u{fffd}garbage\n{code}\r\n{}\n",
        "x".repeat(100_000)
    );
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "it ends when its input does");
    let said = String::from_utf8(output.stdout).unwrap();
    let reasons: Vec<String> = said
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["reason"].to_string())
        .collect();
    assert_eq!(
        reasons,
        [
            "\"permitted\"",
            "\"not_a_code\"",
            "\"already_used\"",
            "\"not_a_code\""
        ]
    );
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("already_used"), "{log}");
    assert!(!log.contains(&code[4..20]), "no code in the log");
}

/// Every byte there is, lines without an end, and codes between them: each line has its answer, and
/// each rider theirs.
#[test]
fn garbage_on_standard_input_costs_no_rider_an_answer() {
    let station = Station::new("from = \"stdin\"\ndirection = \"on\"", None);
    let mut command = station.command();
    command.args(["--log", "off"]);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let riders = 20;
    let writer = std::thread::spawn(move || {
        // A sequence that is the same in every run (Knuth's MMIX multiplier).
        let mut state = 1_u64;
        for rider in 0..riders {
            let mut garbage = Vec::new();
            for _ in 0..20_000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                garbage.push(state.to_be_bytes()[0]);
            }
            input.write_all(&garbage).unwrap();
            input.write_all(&[b'x'; 5_000]).unwrap();
            input.write_all(b"\nFG1:HALF\n").unwrap();
            let line = format!("{}\n", ticket(rider));
            input.write_all(line.as_bytes()).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let answers = said.lines().map(|line| {
        let answer: Value = serde_json::from_str(line).unwrap();
        answer["reason"].as_str().unwrap().to_owned()
    });
    let (good, bad): (Vec<_>, Vec<_>) = answers.partition(|reason| reason == "permitted");
    assert_eq!(good.len(), usize::try_from(riders).unwrap());
    assert!(bad.len() > 1_000, "{}", bad.len());
    let (half, garbage): (Vec<_>, Vec<_>) = bad.iter().partition(|reason| *reason == "malformed");
    assert_eq!(half.len(), good.len(), "half a code each");
    assert!(garbage.iter().all(|reason| *reason == "not_a_code"));
}

#[test]
fn floods_and_half_codes_of_others_keep_no_rider_waiting() {
    let station = Station::new(
        "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"",
        None,
    );
    let running = station.start();
    let mut rider = station.connect();
    let mut half = station.connect();
    half.0.get_mut().write_all(b"FG1:HALF").unwrap();
    let port = station.port;
    let flood = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let garbage = "FG1:GARBAGE\n".repeat(1000);
        // Ends when the gate does.
        while stream.write_all(garbage.as_bytes()).is_ok() {}
    });
    for number in 0..50 {
        let answer = rider.ask(&ticket(number)).unwrap();
        assert_eq!(answer["reason"], "permitted", "{answer}");
        // A tap and its note each.
        assert_eq!(answer["seq"], 2 * number, "garbage is not written down");
        assert!(answer["took_us"].as_u64().unwrap() < 1_000_000, "{answer}");
    }
    drop(running);
    flood.join().unwrap();
}

#[test]
fn without_fresh_lists_everybody_is_refused() {
    let station = Station::new(
        "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"",
        None,
    );
    let confirmed = station.path().join("state/lists/deny-list.confirmed.json");
    std::fs::write(confirmed, "{\"at_secs\":1546819200,\"etag\":null}").unwrap();
    let _running = station.start();
    let answer = station.connect().ask(&ticket(1)).unwrap();
    assert_eq!(
        (&answer["code"], &answer["reason"]),
        (&160.into(), &"lists_stale".into())
    );
}

#[test]
fn the_configuration_that_is_shipped_is_good() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/gate/config.toml");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_faregate-gate"));
    let command = command.arg("--config").arg(shipped);
    let output = command.args(["config", "check"]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let mut told = told.lines();
    assert_eq!(told.next(), Some("The configuration is good."));
    // Root and key are where this machine is no reader.
    assert!(told.all(|line| line.starts_with("On this machine: ")));
    assert!(output.status.success());
}
