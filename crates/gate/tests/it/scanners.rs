//! Scanners that type and cameras that leave pictures: real bytes into a real process. Garbage,
//! floods and half-read codes, each followed by the next rider's.

use std::fs::{File, OpenOptions};
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::Duration;

use gate::machine::Stopwatch;
use image::{GrayImage, ImageFormat, Luma};
use qrcode::QrCode;

use crate::support::{Running, Station, free_port, ticket, wait_for};

/// An agent with one input and its counters.
struct Reader {
    station: Station,
    _running: Running,
    http: u16,
}

impl Reader {
    fn start(from: &str, path: &str) -> Self {
        let http = free_port();
        let station = Station::new("", None);
        let input = format!(
            "[[input]]\nfrom = \"{from}\"\ndirection = \"on\"\npath = \"{}\"",
            station.path().join(path).display()
        );
        let config = station.path().join("gate.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let text = text.replace("[[input]]\n", &input);
        let text = format!("{text}\n[http]\nlisten = \"127.0.0.1:{http}\"\n");
        std::fs::write(config, text).unwrap();
        let running = station.start();
        Self {
            station,
            _running: running,
            http,
        }
    }

    /// How often the gate has given this answer.
    fn count(&self, reason: &str) -> u64 {
        let metrics = crate::pages::get(self.http, "/metrics");
        let name = format!("gate_scans_total{{reason=\"{reason}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0, |count| count.parse().unwrap())
    }

    fn wait(&self, reason: &str, count: u64) {
        wait_for(&format!("{count} {reason}"), || self.count(reason) >= count);
        assert_eq!(self.count(reason), count);
    }
}

/// The events of a key: kind, code, value, after two times of 8 bytes.
fn event(kind: u16, code: u16, value: i32) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(code.to_ne_bytes());
    bytes.extend(value.to_ne_bytes());
    bytes
}

/// What a scanner types for a text: rows of the US keyboard by the code of their first key.
fn typed(text: &str) -> Vec<u8> {
    const ROWS: [(u16, &str, &str); 5] = [
        (2, "1234567890-=", "!@#$%^&*()_+"),
        (16, "qwertyuiop", "QWERTYUIOP"),
        (30, "asdfghjkl;", "ASDFGHJKL:"),
        (44, "zxcvbnm,./", "ZXCVBNM<>?"),
        (57, " ", ""),
    ];
    let mut bytes = Vec::new();
    for character in text.chars() {
        let key = ROWS.iter().find_map(|(first, plain, shifted)| {
            let at = |row: &str| {
                row.find(character)
                    .map(|at| first + u16::try_from(at).unwrap())
            };
            at(plain)
                .map(|c| (c, false))
                .or(at(shifted).map(|c| (c, true)))
        });
        let (code, shift) = if character == '\n' {
            (28, false)
        } else {
            key.unwrap()
        };
        if shift {
            bytes.extend(event(1, 42, 1));
        }
        bytes.extend(event(1, code, 1));
        bytes.extend(event(0, 0, 0));
        bytes.extend(event(1, code, 0));
        if shift {
            bytes.extend(event(1, 42, 0));
        }
        bytes.extend(event(0, 0, 0));
    }
    bytes
}

#[test]
fn a_scanner_that_types_gets_through_garbage_floods_and_half_codes() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("events");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
    let reader = Reader::start("hid", pipe.to_str().unwrap());
    let mut keys = OpenOptions::new().write(true).open(&pipe).unwrap();
    keys.write_all(&typed(&(ticket(1) + "\n"))).unwrap();
    reader.wait("permitted", 1);
    // The same look at the same phone.
    keys.write_all(&typed(&(ticket(1) + "\n"))).unwrap();

    // Half a code, a pause, and the next rider's: not one long wrong code.
    let half = &ticket(2)[..60];
    keys.write_all(&typed(half)).unwrap();
    std::thread::sleep(Duration::from_millis(400));
    keys.write_all(&typed(&(ticket(3) + "\n"))).unwrap();
    reader.wait("permitted", 2);
    assert_eq!(reader.count("malformed"), 0, "half a code is no code");

    // A code of which the kernel lost a part.
    let mut lost = typed(half);
    lost.extend(event(0, 3, 0));
    keys.write_all(&lost).unwrap();
    keys.write_all(&typed(&(ticket(4) + "\n"))).unwrap();
    reader.wait("permitted", 3);

    // A cat on the keyboard: a million events, then a rider.
    let noise: Vec<u8> = (0..100_000u32)
        .flat_map(|n| event(1, u16::try_from(n % 700).unwrap(), 1))
        .collect();
    keys.write_all(&noise).unwrap();
    keys.write_all(&event(1, 28, 1)).unwrap();
    for key in [42, 54] {
        keys.write_all(&event(1, key, 0)).unwrap();
    }
    // Caps lock was pressed as often as shows up in the noise: an even number leaves it off.
    let caps = (0..100_000u32).filter(|n| n % 700 == 58).count();
    if caps % 2 == 1 {
        keys.write_all(&event(1, 58, 1)).unwrap();
    }
    keys.write_all(&typed(&(ticket(5) + "\n"))).unwrap();
    reader.wait("permitted", 4);
}

fn picture(text: &str) -> Vec<u8> {
    let code = QrCode::new(text).unwrap();
    let drawn: GrayImage = code.render::<Luma<u8>>().module_dimensions(4, 4).build();
    let mut bytes = Cursor::new(Vec::new());
    drawn.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Puts a file there under its final name at once.
fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let part = folder.join(format!("{name}.part"));
    std::fs::write(&part, bytes).unwrap();
    std::fs::rename(part, folder.join(name)).unwrap();
}

/// A PNG that says it has a billion pixels and holds none.
fn bomb() -> Vec<u8> {
    let mut bytes = picture("x");
    // Width and height stand in the IHDR chunk, at 16 and 20; a wrong checksum is noticed later.
    bytes[16..24].copy_from_slice(&[0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff]);
    bytes
}

#[test]
fn pictures_are_read_and_poison_ones_keep_nobody_waiting() {
    let reader = Reader::start("images", "pictures");
    let folder = reader.station.path().join("pictures");
    wait_for("the folder", || folder.is_dir());
    put(&folder, "1.png", &picture(&ticket(1)));
    reader.wait("permitted", 1);
    let whole = picture(&ticket(2));
    let noise: Vec<u8> = (0..100_000u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes())
        .collect();
    let poison: [(&str, &[u8]); 5] = [
        ("bomb.png", &bomb()),
        ("half.png", &whole[..whole.len() / 2]),
        ("noise.png", &noise),
        ("empty.jpg", b""),
        ("jpeg.jpg", &[&b"\xff\xd8\xff\xe0"[..], &noise].concat()),
    ];
    for (round, (name, bytes)) in (3..).zip(poison) {
        put(&folder, name, bytes);
        let watch = Stopwatch::start();
        put(&folder, "next.png", &picture(&ticket(round)));
        reader.wait("permitted", round - 1);
        assert!(watch.elapsed() < Duration::from_secs(30), "{name}");
    }
    // A flood: the newest are read, the rest is taken away, nothing piles up.
    for number in 0..200 {
        put(&folder, &format!("flood{number}.png"), b"\x89PNG\r\n\x1a\n");
    }
    put(&folder, "last.png", &picture(&ticket(99)));
    reader.wait("permitted", 7);
    wait_for("an empty folder", || {
        std::fs::read_dir(&folder).unwrap().next().is_none()
    });
    // A picture's own process reads as the agent does.
    let file = reader.station.path().join("p.png");
    let code = ticket(7);
    std::fs::write(&file, picture(&code)).unwrap();
    let mut alone = std::process::Command::new(env!("CARGO_BIN_EXE_faregate-gate"));
    let output = alone
        .arg("read-picture")
        .stdin(File::open(&file).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.stdout, (code + "\n").as_bytes());
}
