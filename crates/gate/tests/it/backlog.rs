//! Weeks without a server: a long journal is sent in bounded memory, and nothing of it goes before
//! the server has it.

use gate::agent::chain_start;
use gate::machine::{Stopwatch, now};
use gate::media::FileMedia;
use journal::{Journal, Options, Witness};
use units::{GateId, Span, StopId, Timestamp};
use wire::note::{NoteRecord, TapOutcome};
use wire::tap::{PERMITTED, TapKind, TapRecord};
use wire::{ClockState, ListVersions};

use crate::pages::get;
use crate::server::{Mood, Server};
use crate::support::{DEVICE, Running, Station, free_port, ticket, wait_for};
use crate::upload::TCP;

/// Riders who passed while the server was away: for each a tap and a note.
const RIDERS: u64 = 100_000;

/// What the agent may hold while it sends, in KiB; it is a debug build.
const MEMORY_MAX: u64 = 96 * 1024;

/// Writes the journal of a gate that has not seen its server for three weeks.
fn fill(station: &Station) {
    let media = FileMedia::open(&station.path().join("state/journal")).unwrap();
    let options = Options::new(DEVICE, chain_start, 1);
    let (mut journal, _) = Journal::open(media, options, Witness::NONE, &mut |_| {}).unwrap();
    let code = ticket(1);
    let mut buffer = wire::text::CodeBuffer::new();
    let evidence = wire::text::decode(code.as_bytes(), &mut buffer).unwrap();
    let begun = now().minus(Span::from_secs(21 * 86_400));
    for rider in 0..RIDERS {
        let at = begun.plus(Span::from_secs(i64::try_from(rider * 15).unwrap()));
        let tap = record(journal.next().seq(), at, evidence);
        let place = journal.append(&tap).unwrap();
        let note = NoteRecord {
            seq: journal.next().seq(),
            at,
            tap_epoch: place.epoch(),
            tap_seq: place.seq(),
            outcome: TapOutcome::Opened,
        };
        journal.append(&note.encode().unwrap()).unwrap();
        if rider % 100 == 99 {
            journal.sync().unwrap();
        }
    }
}

fn record(seq: u64, at: Timestamp, evidence: &[u8]) -> Vec<u8> {
    let tap = TapRecord {
        seq,
        at,
        kind: TapKind::On,
        gate: GateId::from_number(7),
        stop: StopId::new("a").unwrap(),
        route: None,
        decision: PERMITTED,
        evidence,
        lists: ListVersions::UNKNOWN,
        clock: ClockState::Proven,
    };
    tap.encode().unwrap().to_vec()
}

fn segments(station: &Station) -> usize {
    let folder = station.path().join("state/journal");
    let files = std::fs::read_dir(folder).unwrap();
    let sizes = files.map(|file| file.unwrap().metadata().unwrap().len());
    sizes.filter(|bytes| *bytes > 100_000).count()
}

fn peak_kib(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.0.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

#[test]
fn a_backlog_of_weeks_is_sent_in_bounded_memory_and_kept_until_it_is_committed() {
    let server = Server::start();
    server.set(Mood::Refuses(503));
    let station = Station::new(TCP, Some(&server.url));
    let pages = free_port();
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text
        .replace("segment_kib = 16", "keep_days = 14")
        .replace("batch_records = 16", "batch_records = 1024");
    let text = format!("{text}\n[http]\nlisten = \"127.0.0.1:{pages}\"\n");
    std::fs::write(&config, text).unwrap();
    let waiting = |records: u64| {
        let line = format!("gate_queue_records {records}\n");
        get(pages, "/metrics").contains(&line)
    };
    fill(&station);
    let all = segments(&station);
    assert!(all > 25, "{all} segments");

    // Three weeks are more than the days that are configured: what is not committed stays.
    let running = station.start();
    let mut line = station.connect();
    wait_for("requests", || server.books.lock().unwrap().requests > 3);
    assert!(segments(&station) >= all);
    assert!(waiting(2 * RIDERS));

    // It is cut off in the middle; riders pass meanwhile, and none waits for the upload.
    server.set(Mood::Good);
    let mut slowest = 0;
    let mut riders = 0;
    wait_for("half of it", || {
        riders += 1;
        let watch = Stopwatch::start();
        let answer = line.ask(&ticket(1_000 + riders)).unwrap();
        slowest = slowest.max(watch.micros());
        assert_eq!(answer["reason"], "permitted", "{answer}");
        server.books.lock().unwrap().taps.len() > 100_000
    });
    let peak = peak_kib(&running);
    running.kill();
    let running = station.start();
    let watch = Stopwatch::start();
    let records = usize::try_from(2 * RIDERS + 2 * riders).unwrap();
    wait_for("all of it", || {
        server.books.lock().unwrap().taps.len() >= records
    });
    println!(
        "{records} records, the second half in {} ms; peak {} and {peak} KiB; slowest rider {} µs",
        watch.micros() / 1000,
        peak_kib(&running),
        slowest,
    );
    assert!(peak.max(peak_kib(&running)) < MEMORY_MAX);
    assert_eq!(server.books.lock().unwrap().wrong, Vec::<String>::new());
    // Two weeks stay, of three: what is older and committed has gone.
    wait_for("room", || segments(&station) < all * 3 / 4);
    assert!(
        segments(&station) > all / 2,
        "{} of {all}",
        segments(&station)
    );
    wait_for("an empty queue", || waiting(0));
}
