//! Somebody sets the machine's clock under a real process, forward and back, with and without a
//! server that proves the time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::pages::get;
use crate::server::Server;
use crate::support::{Running, Station, free_port, presentation, wait_for};
use crate::tls::{Authority, add, serve};
use crate::upload::TCP;

const DAY: i64 = 86_400;

/// A gate whose clock on the wall is set by a file, and its status page's port.
struct Gate {
    station: Station,
    pages: u16,
    shim: PathBuf,
}

impl Gate {
    fn new(server: &Server, authority: &Authority) -> Self {
        let station = Station::new(TCP, Some(&server.url));
        add(&station, "ca.pem", &authority.pem(), "ca_file");
        let pages = free_port();
        let config = station.path().join("gate.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let text = format!("{text}\n[http]\nlisten = \"127.0.0.1:{pages}\"\n");
        std::fs::write(&config, text).unwrap();
        let shim = station.path().join("clock_shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clock_shim.c");
        let made = Command::new("gcc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&shim, &source])
            .status();
        assert!(made.unwrap().success(), "gcc made no library");
        let gate = Self {
            station,
            pages,
            shim,
        };
        gate.set(0);
        gate
    }

    /// Sets the clock on the wall so many seconds ahead of the true time.
    fn set(&self, ahead: i64) {
        // By a rename: the agent never reads half a number.
        let (new, path) = (self.station.path().join("new"), self.ahead());
        std::fs::write(&new, ahead.to_string()).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    fn ahead(&self) -> PathBuf {
        self.station.path().join("ahead")
    }

    fn start(&self) -> Running {
        let mut command = self.station.command();
        command
            .args(["--log", "off"])
            .stdin(Stdio::null())
            .env("LD_PRELOAD", &self.shim)
            .env("CLOCK_SHIM", self.ahead());
        Running(command.spawn().unwrap())
    }

    /// What a phone whose clock is right is told.
    fn ride(&self, phone: u8) -> String {
        let answer = self.station.connect().ask(&presentation(phone)).unwrap();
        answer["reason"].as_str().unwrap().to_owned()
    }

    fn metric(&self, name: &str) -> Option<i64> {
        let metrics = get(self.pages, "/metrics");
        let line = metrics.lines().find(|line| line.starts_with(name))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    fn is(&self, state: &str) -> bool {
        self.metric(&format!("gate_clock_state{{state=\"{state}\"}}")) == Some(1)
    }

    /// The wall clock's lead on proven time, to the second it takes to ask.
    fn is_off_by(&self, seconds: i64) -> bool {
        let ahead = self.metric("gate_clock_wall_ahead_seconds ");
        ahead.is_some_and(|ahead| (ahead - seconds).abs() <= 5)
    }
}

#[test]
fn a_clock_that_is_set_lets_nobody_wrong_pass_and_poisons_nothing() {
    let authority = Authority::new("city");
    let server = serve(&authority.server(), None);
    let gate = Gate::new(&server, &authority);
    let running = gate.start();
    assert_eq!(gate.ride(1), "permitted");
    // The server's answer to the first tap says what time it is.
    wait_for("a proven clock", || gate.is("proven"));

    // Proven time goes on whatever the wall says: a day ahead, and years back.
    gate.set(DAY);
    assert_eq!(gate.ride(2), "permitted");
    wait_for("a day ahead", || gate.is("proven") && gate.is_off_by(DAY));
    gate.set(-3_000 * DAY);
    assert_eq!(gate.ride(3), "permitted");
    wait_for("years behind", || {
        gate.is("proven") && gate.is_off_by(-3_000 * DAY)
    });
    wait_for("every tap at the server", || server.taps() == 3);
    running.kill();

    // From here on no server: all that is known is the journal's proven taps.
    let config = gate.station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let nobody = format!("https://127.0.0.1:{}", free_port());
    std::fs::write(&config, text.replace(&server.url, &nobody)).unwrap();

    // Before what is past: the clock is wrong, and codes wait for one that is right.
    let running = gate.start();
    assert_ne!(gate.ride(4), "permitted");
    assert!(gate.is("wrong"));
    running.kill();

    // Ten minutes ahead nothing contradicts it: a fresh code looks old, and nobody passes on it.
    gate.set(600);
    let running = gate.start();
    assert_eq!(gate.ride(5), "stale");
    assert!(gate.is("unproven"));
    // Set right again, it is as if nothing had been.
    gate.set(0);
    assert_eq!(gate.ride(6), "permitted");
    running.kill();
    assert_eq!(server.books.lock().unwrap().wrong, Vec::<String>::new());
}
