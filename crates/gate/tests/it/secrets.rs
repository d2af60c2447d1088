//! Marks in everything that is secret: none comes out of a real process anywhere but where it
//! belongs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use services::Redis;

use crate::pages::get;
use crate::support::{Running, Station, free_port, presentation, ticket, wait_for};
use crate::tls::{Authority, add, serve};
use crate::upload::TCP;

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

const STATION_KEY: [u8; 32] = *b"CANARY-station-key-CANARY-key!!!";
const PASSWORD: &str = "CANARY-redis-password";

/// A gate with everything that has a secret: TLS with a key of its own, a station, a Redis with a
/// password. They work, at the fullest log that there is.
#[test]
fn keys_of_station_and_tls_and_passwords_are_seen_nowhere_outside() {
    let (authority, gates) = (Authority::new("city"), Authority::new("gates"));
    let server = serve(&authority.server(), Some(&gates));
    let redis = Redis::start_with(&["--requirepass", PASSWORD]).unwrap();
    let station = Station::new(TCP, Some(&server.url));
    let client = gates.client();
    add(&station, "ca.pem", &authority.pem(), "ca_file");
    add(&station, "gate.pem", &client.cert, "client_cert_file");
    add(&station, "gate.key", &client.key, "client_key_file");
    let port = free_port();
    let key = station.path().join("station.key");
    std::fs::write(&key, hex::encode(STATION_KEY)).unwrap();
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = format!(
        "{text}\n[http]\nlisten = \"127.0.0.1:{port}\"\n[station]\nkey_file = \"{}\"\n\
         redis = [\"redis://:{PASSWORD}@127.0.0.1:{}\"]\n\
         listen = \"127.0.0.1:{}\"\npeers = [\"127.0.0.1:9\"]\n",
        key.display(),
        redis.port(),
        free_port(),
    );
    std::fs::write(&config, text).unwrap();
    let log = station.path().join("log");
    let mut command = station.command();
    command.args(["--log", "trace"]).stdin(Stdio::null());
    command.stderr(std::fs::File::create(&log).unwrap());
    let running = Running(command.spawn().unwrap());
    let mut line = station.connect();
    let up = "gate_station_redis_up 1\n";
    wait_for("redis", || get(port, "/metrics").contains(up));
    let codes = [ticket(1), presentation(2), presentation(3)];
    let mut seen = Vec::new();
    for code in codes.iter().chain(&codes) {
        seen.push(("an answer", line.ask(code).unwrap().to_string()));
    }
    let permitted = |told: &&(&str, String)| told.1.contains("\"permitted\"");
    assert_eq!(seen.iter().filter(permitted).count(), 3, "{seen:?}");
    wait_for("taps over TLS", || server.taps() >= 3);
    for page in ["/metrics", "/", "/readyz", "/livez", "/display"] {
        seen.push((page, get(port, page)));
    }
    // Redis goes: what fails is logged too.
    drop(redis);
    line.ask(&ticket(4)).unwrap();
    wait_for("no redis", || !get(port, "/metrics").contains(up));
    running.kill();
    let log = std::fs::read(&log).unwrap();
    assert!(log.len() > 10_000, "the log is a full one");
    seen.push(("the log", String::from_utf8_lossy(&log).into_owned()));
    let mut secrets = forms(&STATION_KEY);
    secrets.extend(forms(PASSWORD.as_bytes()));
    secrets.extend(codes.iter().flat_map(|code| code_forms(code)));
    let body = client.key.lines().filter(|line| !line.contains("-----"));
    secrets.extend(body.map(|line| line[..line.len().min(30)].to_owned()));
    for (place, text) in &seen {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{place} shows {secret}");
        }
    }
}

/// What is wrong with a file or a line is told without what stands in it.
#[test]
fn errors_do_not_repeat_secrets() {
    let mark = "CANARYsecretCANARY";
    let station = Station::new(TCP, Some("https://127.0.0.1:9"));
    let good = std::fs::read_to_string(station.path().join("gate.toml")).unwrap();
    let broken = station.path().join("broken");
    std::fs::write(&broken, format!("-----BEGIN {mark}-----\n{mark}\n")).unwrap();
    let file = broken.display();
    let station_with = |lines: &str| format!("{good}\n[station]\nkey_file = \"{file}\"\n{lines}\n");
    let peers = "listen = \"127.0.0.1:1\"\npeers = [\"127.0.0.1:2\"]";
    let redis = |url: &str| station_with(&format!("redis = [\"{url}\"]"));
    let cases = [
        ("broken: expected 64", station_with(peers)),
        ("64 hexadecimal", good.replacen("/key\"", "/broken\"", 1)),
        (
            "no certificate in PEM",
            format!("{good}client_cert_file = \"{file}\"\nclient_key_file = \"{file}\"\n"),
        ),
        ("station.redis", redis(&format!("rediss://:{mark}@h:1"))),
        (
            "redis+unix://…@h",
            redis(&format!("redis+unix://:{mark}@h")),
        ),
        (
            "server.url",
            good.replace("127.0.0.1:9", &format!("u:{mark}@h")),
        ),
        ("station.redis", redis(&format!("{mark}@h"))),
        (
            "uplaod",
            redis(&format!("redis://:{mark}@h:1\"]\nuplaod = [\"1")),
        ),
        (
            "redi",
            redis("redis://h").replace("redis = [", &format!("redi = [\"redis://:{mark}@h\",  ")),
        ),
        ("TOML", redis(&format!("redis://:{mark}@h:1\" \"x"))),
    ];
    for (said, text) in cases {
        std::fs::write(station.path().join("gate.toml"), &text).unwrap();
        let output = station.command().stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success(), "{said}: {told}");
        println!("{said}: {told}");
        assert!(told.contains(said), "{said}: {told}");
        for form in forms(mark.as_bytes()) {
            assert!(!told.contains(&form), "{said}: {told}");
        }
    }
}
