//! Gates that share through a real Redis, which stops, dies and lies.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use services::{Redis, RedisCluster};

use crate::station::{Gate, show};
use crate::support::wait_for;

/// Two gates that share through Redis alone.
fn two(port: u16) -> [Gate; 2] {
    let section = format!("redis = [\"redis://127.0.0.1:{port}\"]");
    [1, 2].map(|number| Gate::new(number, &section, None))
}

#[test]
fn a_code_passes_once_while_redis_answers_and_nobody_waits_when_it_does_not() {
    let mut redis = Redis::start().unwrap();
    let gates = two(redis.port());
    let _running = gates.each_ref().map(|gate| gate.station.start());
    let mut lines = gates.each_ref().map(|gate| gate.station.connect());
    let up = |gates: &[Gate; 2]| {
        for gate in gates {
            wait_for("redis", || gate.metric("gate_station_redis_up") == 1);
        }
    };
    up(&gates);
    let mut told = |line: usize, number| show(&mut lines[line], number).0;
    for number in 0..10 {
        // Late answers are counted, and nothing else explains a code that passes twice.
        assert_eq!(told(0, number), "permitted");
        let second = told(1, number);
        let late = gates
            .iter()
            .map(|gate| gate.metric("gate_station_late_total"));
        if second != "already_used" {
            assert!(late.sum::<u64>() > 0, "{second}");
            up(&gates);
        }
    }
    assert!(gates[1].metric("gate_station_hits_total") > 0);
    // Values die with their codes, and say nothing of them.
    let keys = redis.ask("DBSIZE").unwrap();
    assert!(keys.starts_with(':') && keys != ":0", "{keys}");
    // It hangs: the first code waits for its budget, the next ones for nothing.
    redis.pause();
    for number in 20..30 {
        assert_eq!(told(0, number), "permitted");
        assert_eq!(told(1, number), "permitted");
    }
    assert_eq!(gates[0].metric("gate_station_redis_up"), 0);
    redis.resume();
    up(&gates);
    // It is slow.
    let sleeps = std::thread::spawn({
        let port = redis.port();
        move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(b"DEBUG SLEEP 0.5\r\n").unwrap();
            let _ = stream.read(&mut [0; 64]);
        }
    });
    for number in 30..40 {
        let first = told(0, number);
        assert_eq!(first, "permitted");
    }
    sleeps.join().unwrap();
    // It dies, and comes back empty.
    redis.kill();
    for number in 40..50 {
        assert_eq!(told(0, number), "permitted");
        assert_eq!(told(1, number), "permitted");
    }
    redis.start_again().unwrap();
    up(&gates);
    wait_for("a refusal", || {
        let number = 1_000 + gates[0].metric("gate_station_asked_total");
        assert_eq!(told(0, number), "permitted");
        told(1, number) == "already_used"
    });
}

/// Codes are spread over the nodes; one that dies takes its part with it, and nobody waits.
#[test]
fn a_cluster_is_asked_and_a_node_that_dies_delays_nobody() {
    let mut cluster = RedisCluster::start().unwrap();
    let section = format!("redis = {:?}\nredis_cluster = true", cluster.urls());
    let gates = [1, 2].map(|number| Gate::new(number, &section, None));
    let _running = gates.each_ref().map(|gate| gate.station.start());
    let mut lines = gates.each_ref().map(|gate| gate.station.connect());
    let up = |gates: &[Gate; 2]| {
        for gate in gates {
            wait_for("the cluster", || gate.metric("gate_station_redis_up") == 1);
        }
    };
    up(&gates);
    let mut told = |line: usize, number| show(&mut lines[line], number);
    let mut refused = 0;
    for number in 0..40 {
        assert_eq!(told(0, number).0, "permitted");
        match &*told(1, number).0 {
            "already_used" => refused += 1,
            // Late answers are counted, and nothing else explains a code that passes twice.
            other => {
                let late = gates
                    .iter()
                    .map(|gate| gate.metric("gate_station_late_total"));
                assert!(other == "permitted" && late.sum::<u64>() > 0, "{other}");
                up(&gates);
            }
        }
    }
    assert!(refused > 20, "{refused}");
    for node in cluster.nodes() {
        let keys = node.ask("DBSIZE").unwrap();
        assert!(keys.starts_with(':') && keys != ":0", "every node: {keys}");
    }
    cluster.nodes()[1].kill();
    let mut took = Vec::new();
    for number in 100..140 {
        let (reason, shared_us) = told(0, number);
        assert_eq!(reason, "permitted");
        took.push(shared_us);
    }
    took.sort_unstable();
    assert!(took[20] < 20_000, "{took:?}");
}

/// A Redis that says of every code that it is taken, and shows for it garbage, or what a reader
/// of the station wrote about another code.
fn lie(stream: TcpStream, written: &Mutex<Vec<Vec<u8>>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    let mut turn = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|got| *got > 0)?;
        let parts: usize = line.trim().strip_prefix('*')?.parse().ok()?;
        let mut command = Vec::new();
        for _ in 0..parts {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let length: usize = line.trim().strip_prefix('$')?.parse().ok()?;
            let mut part = vec![0; length + 2];
            reader.read_exact(&mut part).ok()?;
            part.truncate(length);
            command.push(part);
        }
        let answer = match &*command[0] {
            b"SET" => {
                written.lock().unwrap().push(command[2].clone());
                b"$-1\r\n".to_vec()
            }
            b"GET" => {
                turn += 1;
                // The last one is what the asker itself has just written.
                let written = written.lock().unwrap();
                let shown = match written.len().checked_sub(2) {
                    Some(at) if turn % 2 == 0 => written[at].clone(),
                    _ => vec![0xa5; 44],
                };
                [format!("${}\r\n", shown.len()).as_bytes(), &shown, b"\r\n"].concat()
            }
            b"EVAL" => b":0\r\n".to_vec(),
            b"PING" => b"$7\r\nstation\r\n".to_vec(),
            _ => b"+OK\r\n".to_vec(),
        };
        stream.write_all(&answer).ok()?;
    }
}

#[test]
fn a_redis_that_lies_refuses_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let written = Arc::new(Mutex::new(Vec::new()));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let written = Arc::clone(&written);
            std::thread::spawn(move || lie(stream, &written));
        }
    });
    let gates = two(port);
    let _running = gates.each_ref().map(|gate| gate.station.start());
    let mut lines = gates.each_ref().map(|gate| gate.station.connect());
    for gate in &gates {
        wait_for("redis", || gate.metric("gate_station_redis_up") == 1);
    }
    let mut number = 0;
    wait_for("lies", || {
        number += 1;
        let line = usize::from(number % 2 == 0);
        assert_eq!(show(&mut lines[line], number).0, "permitted");
        gates
            .iter()
            .all(|gate| gate.metric("gate_station_forged_total") > 10)
    });
    assert_eq!(gates[0].metric("gate_station_hits_total"), 0);
}
