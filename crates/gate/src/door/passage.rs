//! Whether the rider for whom the door opened went through.
//!
//! A sensor (a light barrier, a turnstile's contact) gives a pulse per person. [`Passages`] is the
//! pure part: pulses are matched with openings in their order; an opening without a pulse when its
//! time is over is one where nobody passed. A pulse without an opening (somebody jumped over, or
//! walked out) is counted and changes no rider's tap.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use rustix::fs::OFlags;

use super::{DoorError, Pin};
use crate::config::PassageConfig;
use crate::machine::Stopwatch;

/// Openings without an outcome that are remembered: a minute of the fastest gate. Above it, the
/// oldest is told as [`Passage::NotTold`].
const OPENINGS_MAX: usize = 64;

/// Pulses that wait for the core; more are dropped, which can only lose a "passed".
const PULSES_MAX: usize = 64;

/// Two pulses within this time are one person (a bag, an arm).
const PULSE_BOUNCE: Duration = Duration::from_millis(150);

/// Between attempts to open a sensor that is not there.
const REOPEN: Duration = Duration::from_secs(1);

/// What came of an opening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passage {
    /// Somebody went through.
    Passed,
    /// The door closed again and nobody had gone through.
    NobodyPassed,
    /// There is no sensor, or it does not work: the rider is taken to have passed.
    NotTold,
}

/// Openings and pulses, matched. Times are microseconds of one steady clock.
#[derive(Debug)]
pub struct Passages {
    /// How long after an opening a pulse still belongs to it.
    wait_us: u64,
    /// When each was opened, or `None` where its outcome is known already.
    openings: VecDeque<(u64, Option<Passage>)>,
    /// Pulses that no opening explains.
    strangers: u64,
    last_pulse: Option<u64>,
}

impl Passages {
    /// Nothing opened yet.
    #[must_use]
    pub fn new(wait: Duration) -> Self {
        Self {
            wait_us: u64::try_from(wait.as_micros()).unwrap_or(u64::MAX),
            openings: VecDeque::new(),
            strangers: 0,
            last_pulse: None,
        }
    }

    /// The door was opened; `sensed` whether a sensor works at this time.
    pub fn opened(&mut self, at_us: u64, sensed: bool) {
        let known = (!sensed).then_some(Passage::NotTold);
        self.openings.push_back((at_us, known));
        let unknown = self
            .openings
            .iter_mut()
            .filter(|(_, known)| known.is_none());
        let too_many = unknown.count().saturating_sub(OPENINGS_MAX);
        let oldest = self
            .openings
            .iter_mut()
            .filter(|(_, known)| known.is_none());
        for (_, known) in oldest.take(too_many) {
            *known = Some(Passage::NotTold);
        }
    }

    /// Somebody went through.
    pub fn pulse(&mut self, at_us: u64) {
        let bounce = u64::try_from(PULSE_BOUNCE.as_micros()).unwrap_or(u64::MAX);
        let before = self.last_pulse.replace(at_us);
        if before.is_some_and(|before| at_us.saturating_sub(before) < bounce) {
            return;
        }
        let wait = self.wait_us;
        let waiting = self
            .openings
            .iter_mut()
            .find(|(opened, known)| known.is_none() && *opened <= at_us && at_us - *opened <= wait);
        match waiting {
            Some((_, known)) => *known = Some(Passage::Passed),
            None => self.strangers = self.strangers.saturating_add(1),
        }
    }

    /// The sensor is gone: what waits for it is not told.
    pub fn sensor_lost(&mut self) {
        for (_, known) in &mut self.openings {
            known.get_or_insert(Passage::NotTold);
        }
    }

    /// The outcome of the oldest opening, once it has one.
    pub fn outcome(&mut self, now_us: u64) -> Option<Passage> {
        let (opened, known) = self.openings.front()?;
        let over = now_us.saturating_sub(*opened) > self.wait_us;
        let passage = known.or(over.then_some(Passage::NobodyPassed))?;
        self.openings.pop_front();
        Some(passage)
    }

    /// Pulses that no opening explains: riders without a tap, or leaving ones.
    #[must_use]
    pub const fn strangers(&self) -> u64 {
        self.strangers
    }
}

/// What a sensor's thread says.
#[derive(Clone, Copy, Debug)]
enum Sensed {
    Pulse(u64),
    Works(bool),
}

/// A sensor's thread and the openings that wait for it.
#[derive(Debug)]
pub struct PassageWatch {
    passages: Passages,
    heard: Option<Receiver<Sensed>>,
    works: bool,
    clock: Stopwatch,
}

/// Unexplained passages of this process, for the status pages.
static STRANGERS: AtomicU64 = AtomicU64::new(0);

impl PassageWatch {
    /// No sensor.
    #[must_use]
    pub fn none(open_for: Duration) -> Self {
        Self {
            passages: Passages::new(open_for),
            heard: None,
            works: false,
            clock: Stopwatch::start(),
        }
    }

    /// Starts to listen to the sensor. One that is not there yet is waited for.
    ///
    /// # Errors
    /// When there is no thread, or a pin cannot be asked for.
    pub fn start(config: &PassageConfig, open_for: Duration) -> Result<Self, DoorError> {
        let (say, heard) = sync_channel(PULSES_MAX);
        let clock = Stopwatch::start();
        let (wait_ms, sensor) = match config {
            PassageConfig::None => return Ok(Self::none(open_for)),
            PassageConfig::Line { path, wait_ms } => (*wait_ms, Sensor::Line(path.clone())),
            PassageConfig::Gpio {
                chip,
                line,
                active_low,
                wait_ms,
            } => (*wait_ms, Sensor::Pin(Pin::input(chip, *line, *active_low)?)),
        };
        let device = sensor.name();
        let named = std::thread::Builder::new().name("passage".to_owned());
        let spawned = named.spawn(move || sensor.listen(&say, clock));
        spawned.map_err(|source| DoorError {
            device,
            doing: "the sensor has no thread",
            source,
        })?;
        let wait = open_for + Duration::from_millis(u64::from(wait_ms));
        Ok(Self {
            passages: Passages::new(wait),
            heard: Some(heard),
            works: false,
            clock,
        })
    }

    /// Pulses so far that no opening explains.
    #[must_use]
    pub fn strangers() -> u64 {
        STRANGERS.load(Ordering::Relaxed)
    }

    /// The door was opened.
    pub fn opened(&mut self) {
        self.hear();
        self.passages.opened(self.clock.micros(), self.works);
    }

    /// See [`super::Door::outcome`].
    pub fn outcome(&mut self) -> Option<Passage> {
        self.hear();
        self.passages.outcome(self.clock.micros())
    }

    fn hear(&mut self) {
        let Some(heard) = &self.heard else { return };
        let before = self.passages.strangers();
        while let Ok(sensed) = heard.try_recv() {
            match sensed {
                Sensed::Pulse(at) => self.passages.pulse(at),
                Sensed::Works(works) => {
                    self.works = works;
                    if !works {
                        self.passages.sensor_lost();
                    }
                }
            }
        }
        STRANGERS.fetch_add(self.passages.strangers() - before, Ordering::Relaxed);
    }
}

/// Where pulses come from.
enum Sensor {
    /// A byte per passage: a serial counter, or a named pipe.
    Line(PathBuf),
    /// A rising edge per passage.
    Pin(Pin),
}

impl Sensor {
    fn name(&self) -> String {
        match self {
            Self::Line(path) => path.display().to_string(),
            Self::Pin(pin) => pin.name().to_owned(),
        }
    }

    /// Until the agent ends.
    fn listen(self, say: &SyncSender<Sensed>, clock: Stopwatch) {
        // A full queue loses a pulse, never the core's time.
        let pulse = || {
            let _ = say.try_send(Sensed::Pulse(clock.micros()));
        };
        loop {
            let ended = match &self {
                Self::Line(path) => open_line(path).and_then(|file| {
                    let _ = say.send(Sensed::Works(true));
                    read_line(file, pulse)
                }),
                Self::Pin(pin) => {
                    let _ = say.send(Sensed::Works(true));
                    pin.each_edge(pulse)
                }
            };
            if say.send(Sensed::Works(false)).is_err() {
                return;
            }
            if let Err(error) = ended {
                tracing::warn!(sensor = self.name(), %error, "the passage sensor is gone");
            }
            std::thread::sleep(REOPEN);
        }
    }
}

fn open_line(path: &Path) -> std::io::Result<File> {
    let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap_or(0);
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn read_line(mut file: File, mut pulse: impl FnMut()) -> std::io::Result<()> {
    let mut bytes = [0; 16];
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(_) => pulse(),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn passages() -> Passages {
        Passages::new(Duration::from_secs(5))
    }

    #[test]
    fn a_pulse_says_that_the_oldest_rider_passed_and_silence_that_nobody_did() {
        let mut door = passages();
        door.opened(0, true);
        door.opened(SECOND, true);
        assert_eq!(door.outcome(2 * SECOND), None);
        door.pulse(2 * SECOND);
        assert_eq!(door.outcome(2 * SECOND), Some(Passage::Passed));
        assert_eq!(door.outcome(6 * SECOND), None);
        assert_eq!(door.outcome(6 * SECOND + 1), Some(Passage::NobodyPassed));
        assert_eq!(door.outcome(60 * SECOND), None, "each is told once");
        assert_eq!(door.strangers(), 0);
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_openings() {
        let mut door = passages();
        door.opened(0, true);
        door.opened(4 * SECOND, true);
        door.pulse(6 * SECOND);
        assert_eq!(door.outcome(6 * SECOND), Some(Passage::NobodyPassed));
        assert_eq!(door.outcome(6 * SECOND), Some(Passage::Passed));
    }

    #[test]
    fn a_pulse_without_an_opening_is_nobodys_passage() {
        let mut door = passages();
        door.pulse(0);
        door.opened(SECOND, true);
        assert_eq!(door.outcome(7 * SECOND), Some(Passage::NobodyPassed));
        assert_eq!(door.strangers(), 1);
        door.opened(8 * SECOND, true);
        door.pulse(8 * SECOND);
        door.pulse(8 * SECOND + 1_000);
        assert_eq!(door.strangers(), 1, "a bouncing contact is one person");
        assert_eq!(door.outcome(8 * SECOND), Some(Passage::Passed));
    }

    #[test]
    fn without_a_sensor_and_when_it_breaks_riders_are_taken_to_have_passed() {
        let mut door = passages();
        door.opened(0, false);
        assert_eq!(door.outcome(0), Some(Passage::NotTold));
        door.opened(0, true);
        assert_eq!(door.outcome(0), None);
        door.sensor_lost();
        assert_eq!(door.outcome(0), Some(Passage::NotTold));
    }

    #[test]
    fn openings_without_an_outcome_are_bounded() {
        let mut door = passages();
        for _ in 0..OPENINGS_MAX + 2 {
            door.opened(0, true);
        }
        assert_eq!(door.outcome(0), Some(Passage::NotTold));
        assert_eq!(door.outcome(0), Some(Passage::NotTold));
        assert_eq!(door.outcome(0), None);
    }

    #[test]
    fn a_pipe_of_pulses_is_a_sensor_and_its_end_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sensor");
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            &path,
            rustix::fs::Mode::from_raw_mode(0o600),
        )
        .unwrap();
        let config = PassageConfig::Line {
            path: path.clone(),
            wait_ms: 30_000,
        };
        let mut watch = PassageWatch::start(&config, Duration::from_millis(50)).unwrap();
        let mut sensor = OpenOptions::new().write(true).open(&path).unwrap();
        while !watch.works {
            watch.hear();
            std::thread::sleep(Duration::from_millis(1));
        }
        watch.opened();
        std::io::Write::write_all(&mut sensor, b"p").unwrap();
        let mut wait = || loop {
            if let Some(passage) = watch.outcome() {
                return passage;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        // Half a minute is left for the pulse: a slow machine does not turn it into silence.
        assert_eq!(wait(), Passage::Passed);
        drop(sensor);
        while watch.works {
            watch.hear();
            std::thread::sleep(Duration::from_millis(1));
        }
        watch.opened();
        assert_eq!(watch.outcome(), Some(Passage::NotTold));
    }
}
