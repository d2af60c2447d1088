//! Gates of one station: real processes that tell each other what they let pass, with peers that
//! die, cheat and flood.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wire::note::Record;

use crate::server::Server;
use crate::support::{Line, Running, Station, free_port, ticket, wait_for};

const TCP: &str = "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"";

/// Asking the station never takes longer than its budget of 5 ms and what a loaded machine needs
/// to wake a thread.
const BOUND_US: u64 = 500_000;

/// A gate of a station, and where its pages are.
pub(crate) struct Gate {
    pub(crate) station: Station,
    pages: u16,
}

impl Gate {
    /// Gate number `number`, with this `[station]`.
    pub(crate) fn new(number: u32, section: &str, url: Option<&str>) -> Self {
        let station = Station::new(TCP, url);
        let pages = free_port();
        let file = station.path().join("gate.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("id = \"00000007\"", &format!("id = \"{number:08x}\""));
        let key = station.path().join("station.key");
        std::fs::write(&key, "5a".repeat(32)).unwrap();
        let text = format!(
            "{text}\n[http]\nlisten = \"127.0.0.1:{pages}\"\n\
             [station]\nkey_file = \"{}\"\n{section}\n",
            key.display()
        );
        std::fs::write(file, text).unwrap();
        Self { station, pages }
    }

    /// What a metric says; zero before the gate answers.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.pages)) else {
            return 0;
        };
        let asked = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(asked.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok())
            .unwrap_or(0)
    }
}

/// Free ports of this machine for datagrams.
pub(crate) fn free_addresses(count: usize) -> Vec<SocketAddr> {
    let sockets: Vec<_> = (0..count)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    sockets
        .iter()
        .map(|socket| socket.local_addr().unwrap())
        .collect()
}

/// The lines of a station for the reader at `me`, whose peers are all others.
pub(crate) fn section(me: SocketAddr, all: &[SocketAddr]) -> String {
    let others = all.iter().filter(|other| **other != me);
    let peers: Vec<_> = others.map(|other| format!("\"{other}\"")).collect();
    format!("listen = \"{me}\"\npeers = [{}]", peers.join(", "))
}

/// Three gates that hear each other.
fn three() -> (Vec<Gate>, Vec<Running>, Vec<Line>, Vec<SocketAddr>) {
    let addresses = free_addresses(3);
    let gates: Vec<_> = (1_u32..)
        .zip(&addresses)
        .map(|(number, me)| Gate::new(number, &section(*me, &addresses), None))
        .collect();
    let running = gates.iter().map(|gate| gate.station.start()).collect();
    let lines = gates.iter().map(|gate| gate.station.connect()).collect();
    for gate in &gates {
        wait_for("two others", || gate.metric("gate_station_readers") == 2);
    }
    (gates, running, lines, addresses)
}

/// Shows a code; gives the reason and how long the station was asked.
pub(crate) fn show(line: &mut Line, number: u64) -> (String, u64) {
    let answer = line.ask(&ticket(number)).unwrap();
    let shared = answer["shared_us"].as_u64().unwrap();
    assert!(shared < BOUND_US, "asking took {shared} µs");
    (answer["reason"].as_str().unwrap().to_owned(), shared)
}

fn reason(line: &mut Line, number: u64) -> String {
    show(line, number).0
}

#[test]
fn a_code_passes_at_one_gate_of_the_station() {
    let (gates, _running, mut lines, _) = three();
    for number in 0..12 {
        let first = usize::try_from(number % 3).unwrap();
        assert_eq!(reason(&mut lines[first], number), "permitted");
        for line in &mut lines {
            assert_eq!(reason(line, number), "already_used");
        }
    }
    // At two gates in the same instant.
    let (left, right) = lines.split_at_mut(1);
    for number in 100..130 {
        let told = std::thread::scope(|scope| {
            let other = scope.spawn(|| reason(&mut right[0], number));
            [reason(&mut left[0], number), other.join().unwrap()]
        });
        let passed = told.iter().filter(|told| *told == "permitted").count();
        assert!(passed >= 1, "{told:?}");
        if gates[0].metric("gate_station_late_total") == 0
            && gates[1].metric("gate_station_late_total") == 0
        {
            assert_eq!(passed, 1, "{told:?}");
        }
    }
    for gate in &gates {
        assert!(gate.metric("gate_station_hits_total") >= 8);
        assert_eq!(gate.metric("gate_station_forged_total"), 0);
        assert_eq!(
            gate.metric("gate_station_asked_total") >= 4,
            gate.metric("gate_station_seconds_count") >= 4
        );
    }
}

#[test]
fn a_dead_peer_and_a_partition_leave_the_decision_as_it_is() {
    let (gates, mut running, mut lines, _) = three();
    running.pop().unwrap().kill();
    for number in 0..5 {
        assert_eq!(reason(&mut lines[0], number), "permitted");
        assert_eq!(reason(&mut lines[1], number), "already_used");
    }
    // It is waited for no more.
    wait_for("two gates", || gates[0].metric("gate_station_readers") == 1);
    let late = gates[0].metric("gate_station_late_total");
    assert_eq!(reason(&mut lines[0], 50), "permitted");
    assert!(gates[0].metric("gate_station_late_total") <= late + 1);
    // Two gates that do not reach each other: both let the code pass, and the server gets two
    // taps with the same ticket, which settlement flags.
    let mut used = Vec::new();
    for number in [4, 5] {
        let addresses = free_addresses(2);
        let server = Server::start();
        let alone = Gate::new(
            number,
            &section(addresses[0], &addresses),
            Some(&server.url),
        );
        let _running = alone.station.start();
        assert_eq!(reason(&mut alone.station.connect(), 9), "permitted");
        wait_for("the tap", || server.taps() == 1);
        let books = server.books.lock().unwrap();
        let taps = books.taps.values().find_map(|bytes| {
            let Ok(Record::Tap(tap)) = Record::decode(bytes) else {
                return None;
            };
            let Ok(wire::Code::Ticket(code)) = wire::parse(tap.evidence) else {
                return None;
            };
            Some((tap.gate, tap.decision, code.id()))
        });
        used.push(taps.unwrap());
    }
    assert_ne!(used[0].0, used[1].0);
    assert_eq!((used[0].1, used[0].2), (used[1].1, used[1].2));
}

#[test]
fn forged_replayed_and_flooding_datagrams_refuse_and_delay_nobody() {
    let addresses = free_addresses(3);
    let gates: Vec<_> = (1_u32..3)
        .zip(&addresses)
        .map(|(number, me)| Gate::new(number, &section(*me, &addresses), None))
        .collect();
    let _running: Vec<_> = gates.iter().map(|gate| gate.station.start()).collect();
    let mut lines: Vec<_> = gates.iter().map(|gate| gate.station.connect()).collect();
    wait_for("the other", || gates[0].metric("gate_station_readers") == 1);
    // The third is listed, and hears what is said; it has no key.
    let third = Arc::new(UdpSocket::bind(addresses[2]).unwrap());
    third
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut heard = Vec::new();
    for number in 0..3 {
        assert_eq!(reason(&mut lines[0], number), "permitted");
    }
    while heard.len() < 6 {
        let mut datagram = [0; 200];
        let length = third.recv(&mut datagram).unwrap();
        heard.push(datagram[..length].to_vec());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flooding = {
        let (third, stop, addresses) = (Arc::clone(&third), Arc::clone(&stop), addresses.clone());
        std::thread::spawn(move || {
            let mut turn = 0_usize;
            while !stop.load(Ordering::Relaxed) {
                let mut datagram = heard[turn % heard.len()].clone();
                match turn % 4 {
                    0 => {}
                    1 => datagram[turn % 104] ^= 0x40,
                    2 => datagram.truncate(turn % 104),
                    _ => datagram = vec![0xa5; 104],
                }
                for to in &addresses[..2] {
                    // A full queue is what a flood is about.
                    let _ = third.send_to(&datagram, to);
                }
                turn += 1;
                if turn.is_multiple_of(64) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        })
    };
    let mut took = Vec::new();
    for number in 10..60 {
        let (told, shared) = show(&mut lines[usize::try_from(number % 2).unwrap()], number);
        assert_eq!(told, "permitted");
        took.push(shared);
    }
    wait_for("forgeries", || {
        gates[1].metric("gate_station_forged_total") > 100
            && gates[1].metric("gate_station_stale_total") > 10
    });
    stop.store(true, Ordering::Relaxed);
    flooding.join().unwrap();
    took.sort_unstable();
    println!("asked under a flood: {} µs, at most {}", took[25], took[49]);
    assert!(took[25] < 20_000, "{took:?}");
    // When it is over they hear each other as before.
    wait_for("the other", || gates[0].metric("gate_station_readers") == 1);
    wait_for("a refusal", || {
        let number = 1_000 + gates[0].metric("gate_station_asked_total");
        assert_eq!(reason(&mut lines[0], number), "permitted");
        reason(&mut lines[1], number) == "already_used"
    });
}

/// One group in place of a list of addresses; gates come and go without being listed.
#[test]
fn gates_of_a_multicast_group_hear_each_other() {
    let port = free_addresses(1)[0].port();
    let gates: Vec<_> = (1..4)
        .map(|number| {
            let section =
                format!("listen = \"127.0.0.{number}:{port}\"\npeers = [\"239.77.7.7:{port}\"]");
            Gate::new(number, &section, None)
        })
        .collect();
    let _running: Vec<_> = gates.iter().map(|gate| gate.station.start()).collect();
    let mut lines: Vec<_> = gates.iter().map(|gate| gate.station.connect()).collect();
    for gate in &gates {
        wait_for("the others", || gate.metric("gate_station_readers") == 2);
    }
    let mut refused = 0;
    for number in 0..30 {
        assert_eq!(reason(&mut lines[0], number), "permitted");
        let seconds = [1, 2].map(|line| reason(&mut lines[line], number));
        refused += seconds
            .iter()
            .filter(|told| *told == "already_used")
            .count();
    }
    assert!(refused > 45, "{refused} of 60");
    assert_eq!(gates[1].metric("gate_station_forged_total"), 0);
}

/// Refused at the second gate while the first one's door is open; nobody goes through there, and
/// the second gate hears of it.
#[test]
fn who_did_not_pass_at_one_gate_passes_at_the_next() {
    let addresses = free_addresses(2);
    let gates = [0, 1].map(|index| {
        let number = if index == 0 { 1 } else { 2 };
        Gate::new(number, &section(addresses[index], &addresses), None)
    });
    let folder = gates[0].station.path();
    let sensor = folder.join("sensor");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &sensor, mode).unwrap();
    let relay = folder.join("relay");
    std::fs::write(&relay, "").unwrap();
    let config = folder.join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = format!(
        "{text}\n[door]\nkind = \"relay\"\npath = '{}'\nopen = \"01\"\nclose = \"00\"\n\
         open_ms = 500\n[passage]\nkind = \"line\"\npath = '{}'\nwait_ms = 1500\n",
        relay.display(),
        sensor.display()
    );
    std::fs::write(&config, text).unwrap();
    let _running = gates.each_ref().map(|gate| gate.station.start());
    // Opening a pipe waits for its other end: the agent's sensor listens from here on.
    let _sensor = std::fs::OpenOptions::new().write(true).open(&sensor);
    let mut lines = gates.each_ref().map(|gate| gate.station.connect());
    wait_for("the other", || gates[0].metric("gate_station_readers") == 1);
    // The agent knows of its sensor a moment after the pipe is open; until then a rider is taken
    // to have passed. A late word is no refusal either: then the next rider shows it.
    let is_freed = (0..5).any(|number| {
        assert_eq!(reason(&mut lines[0], number), "permitted");
        if reason(&mut lines[1], number) != "already_used" {
            return false;
        }
        let watch = gate::machine::Stopwatch::start();
        while watch.elapsed() < Duration::from_secs(6) {
            std::thread::sleep(Duration::from_millis(100));
            if reason(&mut lines[1], number) == "permitted" {
                return true;
            }
        }
        false
    });
    assert!(is_freed);
}
