//! Marks in everything that is secret: none comes out of a real process anywhere but where it
//! belongs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use crate::pages::get;
use crate::support::{Running, Station, free_port, ticket};

/// A mark that a device's key could be: 32 bytes that nothing else writes.
const KEY: [u8; 32] = *b"CANARY-device-key-CANARY-device!";

/// A secret, in the forms in which it could leak.
fn forms(bytes: &[u8]) -> Vec<String> {
    let list = format!("{bytes:?}");
    vec![
        String::from_utf8_lossy(bytes).into_owned(),
        hex::encode(bytes),
        hex::encode_upper(bytes),
        list.trim_matches(['[', ']']).to_owned(),
    ]
}

/// A code, and parts of it: what a prefix in a log would show.
fn code_forms(code: &str) -> Vec<String> {
    let mut buffer = wire::text::CodeBuffer::new();
    let bytes = wire::text::decode(code.as_bytes(), &mut buffer).unwrap();
    let mut forms = vec![code[4..24].to_owned(), code[code.len() - 20..].to_owned()];
    forms.push(hex::encode(&bytes[bytes.len() - 16..]));
    forms.push(hex::encode(&bytes[..16]));
    forms
}

#[test]
fn keys_and_codes_are_seen_nowhere_outside() {
    let port = free_port();
    let station = Station::new(
        "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"",
        // Nobody answers there: what fails is logged too.
        Some("http://127.0.0.1:9"),
    );
    std::fs::write(station.path().join("key"), hex::encode(KEY)).unwrap();
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = format!("{text}\n[http]\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(&config, text).unwrap();

    let checked = station.command().args(["config", "check"]).output();
    let checked = checked.unwrap();
    assert!(checked.status.success());
    let mut seen = vec![("config check", [checked.stdout, checked.stderr].concat())];

    let mut command = station.command();
    command
        .args(["--log", "trace"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut log = running.0.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let mut line = station.connect();
    let mut screen = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(screen, "GET /display/events HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut screen = BufReader::new(screen);
    let mut shown = String::new();
    while !shown.ends_with("\r\n\r\n") {
        screen.read_line(&mut shown).unwrap();
    }
    let (good, other) = (ticket(1), ticket(2));
    let mut damaged = other.clone();
    damaged.pop();
    let mut answers = String::new();
    for code in [&good, &good, &damaged, &other] {
        answers += &line.ask(code).unwrap().to_string();
    }
    for _ in 0..4 {
        while !screen
            .read_line(&mut shown)
            .is_ok_and(|got| got > 0 && shown.ends_with("}\n"))
        {}
    }
    assert_eq!(shown.matches("data:").count(), 4, "{shown}");
    seen.push(("screen", shown.into_bytes()));
    seen.push(("answers", answers.into_bytes()));
    for page in ["/metrics", "/", "/readyz", "/livez", "/display"] {
        seen.push((page, get(port, page).into_bytes()));
    }
    let mut out = running.0.stdout.take().unwrap();
    running.kill();
    let mut printed = Vec::new();
    out.read_to_end(&mut printed).unwrap();
    seen.push(("standard output", printed));
    let log = log.join().unwrap();
    assert!(log.len() > 1000, "the log is a full one");
    seen.push(("log", log));

    let mut secrets = forms(&KEY);
    secrets.extend(
        [&good, &other]
            .into_iter()
            .flat_map(|code| code_forms(code)),
    );
    for (place, text) in &seen {
        let text = String::from_utf8_lossy(text);
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{place} shows {secret}");
        }
    }
    // The marks are found where they belong: the journal is evidence.
    let journal = std::fs::read_dir(station.path().join("state/journal")).unwrap();
    let evidence: Vec<u8> = journal
        .filter_map(|entry| std::fs::read(entry.unwrap().path()).ok())
        .flatten()
        .collect();
    let written = hex::encode(evidence);
    assert!(
        code_forms(&good)[2..]
            .iter()
            .all(|form| written.contains(form))
    );
}
