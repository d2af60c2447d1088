//! A scanner on a PTY: line ends, silence, garbage, and a scanner that is pulled out.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::pty::OpenptFlags;
use wire::note::Record;

use crate::server::Server;
use crate::support::{Station, ticket, wait_for};

/// The scanner's end of a new tty, which `link` points to.
fn plug_in(link: &std::path::Path) -> OwnedFd {
    let scanner = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&scanner).unwrap();
    rustix::pty::unlockpt(&scanner).unwrap();
    let name = rustix::pty::ptsname(&scanner, Vec::new()).unwrap();
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(name.to_str().unwrap(), link).unwrap();
    scanner
}

fn write(scanner: &OwnedFd, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let done = rustix::io::write(scanner, rest).unwrap();
        rest = &rest[done..];
    }
}

#[test]
fn a_scanner_reads_stutters_is_pulled_out_and_comes_back() {
    let server = Server::start();
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("qr-scanner");
    let input = format!(
        "from = \"serial\"\ndirection = \"off\"\npath = \"{}\"\nidle_ms = 40",
        link.display()
    );
    let station = Station::new(&input, Some(&server.url));
    let _running = station.start();
    let opened = |number: usize| wait_for("taps at the server", || server.taps() == number);
    let settle = || std::thread::sleep(Duration::from_millis(300));

    let scanner = plug_in(&link);
    settle();
    write(&scanner, format!("{}\r", ticket(1)).as_bytes());
    opened(1);
    // No line end: silence ends the code. The same look again is not another tap.
    write(&scanner, ticket(2).as_bytes());
    settle();
    write(&scanner, ticket(2).as_bytes());
    opened(2);
    // Half a code, silence, garbage in any bytes, then the next rider.
    write(&scanner, &ticket(3).as_bytes()[..50]);
    settle();
    write(&scanner, &[0x00, 0xff, 0x03, 0x11, 0x13, 0x04, b'\n']);
    write(&scanner, &[b'Z'; 3000]);
    write(&scanner, b"\n");
    write(&scanner, format!("{}\n", ticket(3)).as_bytes());
    opened(3);
    drop(scanner);
    settle();
    let scanner = plug_in(&link);
    wait_for("a code after the scanner is back", || {
        write(&scanner, format!("{}\n", ticket(4)).as_bytes());
        std::thread::sleep(Duration::from_millis(200));
        server.taps() >= 4
    });
    let books = server.books.lock().unwrap();
    for record in books.taps.values() {
        let Record::Tap(record) = Record::decode(record).unwrap() else {
            continue;
        };
        assert_eq!((record.decision, record.kind), (0, wire::tap::TapKind::Off));
    }
    assert_eq!(books.wrong, Vec::<String>::new());
}

/// A scanner gone mad: 200 KiB of every byte without a pause, then lines that are almost codes. The
/// next rider's code is answered within a second of the end.
#[test]
fn a_scanner_that_floods_keeps_no_rider_waiting() {
    let server = Server::start();
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("qr-scanner");
    let input = format!(
        "from = \"serial\"\ndirection = \"on\"\npath = \"{}\"\nidle_ms = 40",
        link.display()
    );
    let station = Station::new(&input, Some(&server.url));
    let scanner = plug_in(&link);
    let _running = station.start();
    wait_for("the first rider", || {
        write(&scanner, format!("{}\n", ticket(1)).as_bytes());
        std::thread::sleep(Duration::from_millis(300));
        server.taps() >= 1
    });
    let every: Vec<u8> = (0..=255).cycle().take(200 * 1024).collect();
    write(&scanner, &every);
    let near = ticket(2);
    for number in 0..2_000 {
        let almost = near.replacen('A', "B", 1 + number % 7);
        write(&scanner, format!("{almost}\r\n").as_bytes());
    }
    // A line end of its own: what the flood left half read is no part of the rider's code.
    write(&scanner, format!("\n{}\n", ticket(3)).as_bytes());
    let watch = gate::machine::Stopwatch::start();
    let passed = || {
        let books = server.books.lock().unwrap();
        let taps = books
            .taps
            .values()
            .filter_map(|bytes| match Record::decode(bytes) {
                Ok(Record::Tap(tap)) => Some(tap.decision == 0),
                _ => None,
            });
        taps.filter(|permitted| *permitted).count()
    };
    wait_for("the rider after the flood", || passed() == 2);
    assert!(
        watch.elapsed() < Duration::from_secs(10),
        "{:?}",
        watch.elapsed()
    );
}
