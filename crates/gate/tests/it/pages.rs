//! The status pages and the supervisor's socket, from outside.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Running, Station, free_port, ticket};

fn request(port: u16, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    stream
}

pub(crate) fn get(port: u16, path: &str) -> String {
    let mut answer = String::new();
    request(port, path).read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_pages_and_the_supervisor_see_what_happens() {
    let station = Station::new(
        "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"",
        None,
    );
    let port = free_port();
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = format!("{text}\n[http]\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(&config, text).unwrap();
    let socket = station.path().join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let mut command = station.command();
    command
        .args(["--log", "off"])
        .stdin(Stdio::null())
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "200000");
    let running = Running(command.spawn().unwrap());
    let mut said = [0; 64];
    for expected in ["READY=1", "WATCHDOG=1", "WATCHDOG=1"] {
        let length = supervisor.recv(&mut said).unwrap();
        assert_eq!(std::str::from_utf8(&said[..length]).unwrap(), expected);
    }

    assert!(get(port, "/livez").starts_with("HTTP/1.1 200"));
    assert!(get(port, "/readyz").starts_with("HTTP/1.1 200"));
    let page = get(port, "/display");
    assert!(page.contains("<svg") && page.contains("content-security-policy"));
    let mut screen = BufReader::new(request(port, "/display/events")).lines();
    assert!(
        screen.any(|line| line.unwrap().is_empty()),
        "the head's end"
    );
    let code = ticket(1);
    let mut rider = station.connect();
    assert_eq!(rider.ask(&code).unwrap()["reason"], "permitted");
    assert_eq!(rider.ask(&code).unwrap()["reason"], "already_used");
    for expected in ["\"permitted\"", "\"already_used\""] {
        let shown = screen.find(|line| line.as_ref().unwrap().starts_with("data:"));
        let shown = shown.unwrap().unwrap();
        assert!(
            shown.contains(expected) && !shown.contains(&code[4..20]),
            "{shown}"
        );
        if expected == "\"permitted\"" {
            // A ticket of an hour, a few seconds ago.
            let valid = shown.split("\"valid_seconds\":").nth(1).unwrap();
            let seconds: u32 = valid.trim_end_matches('}').parse().unwrap();
            assert!((3_400..=3_600).contains(&seconds), "{shown}");
        } else {
            assert!(shown.ends_with("\"valid_seconds\":null}"), "{shown}");
        }
    }
    let status = get(port, "/");
    assert!(
        status.contains("<h1>Ready, on unsigned lists</h1>"),
        "{status}"
    );
    assert!(status.contains("Deny list</th><td>version 1</td>"));
    assert!(status.contains("Scans: already used</th><td>1</td>"));
    let metrics = get(port, "/metrics");
    for expected in [
        "gate_scans_total{reason=\"permitted\"} 1",
        "gate_scans_total{reason=\"already_used\"} 1",
        "gate_open_seconds_count 1",
        "gate_ready 1",
        "gate_list_age_seconds{list=\"deny-list\"} ",
        "gate_list_version{list=\"deny-list\"} 1\n",
    ] {
        assert!(metrics.contains(expected), "{expected}\n{metrics}");
    }
    drop(running);
}
