//! A switch that is open for a bounded time.
//!
//! One thread owns the switch and its clock. A second rider prolongs the opening; a switch that
//! does not close is closed again and again, and does not open for anybody until it has.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Door, DoorError, Passage, PassageWatch, Switch};
use crate::machine::Stopwatch;

/// How long the core waits for a switch; what takes longer did not open.
const SWITCHED_WITHIN: Duration = Duration::from_millis(200);

/// Between attempts to close a switch that does not.
const CLOSE_AGAIN: Duration = Duration::from_millis(100);

/// Where the answer to one opening goes.
type Asked = SyncSender<Result<(), DoorError>>;

/// A door that is a switch. It is closed at the start, some time after each opening, and when this
/// value goes. What it does after a kill is the hardware's matter: relays with a timer of their
/// own, or that fall back without current, are to be preferred.
#[derive(Debug)]
pub struct TimedDoor {
    ask: Option<SyncSender<Asked>>,
    closer: Option<JoinHandle<()>>,
    watch: PassageWatch,
}

impl TimedDoor {
    /// A door, which is closed at once.
    ///
    /// # Errors
    /// [`DoorError`] when it cannot be closed, or there is no thread.
    pub fn new(
        mut switch: impl Switch,
        open_for: Duration,
        watch: PassageWatch,
    ) -> Result<Self, DoorError> {
        switch.set(false)?;
        let (ask, asked) = sync_channel(1);
        let named = std::thread::Builder::new().name("door".to_owned());
        let closer = named.spawn(move || keep(&mut switch, open_for, &asked));
        let closer = closer.map_err(|source| DoorError {
            device: "door".to_owned(),
            doing: "it has no thread",
            source,
        })?;
        Ok(Self {
            ask: Some(ask),
            closer: Some(closer),
            watch,
        })
    }
}

impl Door for TimedDoor {
    fn open(&mut self) -> Result<(), DoorError> {
        let late = || DoorError {
            device: "door".to_owned(),
            doing: "it does not answer in time",
            source: std::io::ErrorKind::TimedOut.into(),
        };
        let (answer, answered) = sync_channel(1);
        let ask = self.ask.as_ref().ok_or_else(late)?;
        ask.try_send(answer).map_err(|_| late())?;
        answered
            .recv_timeout(SWITCHED_WITHIN)
            .map_err(|_| late())??;
        self.watch.opened();
        Ok(())
    }

    fn outcome(&mut self) -> Option<Passage> {
        self.watch.outcome()
    }
}

impl Drop for TimedDoor {
    fn drop(&mut self) {
        drop(self.ask.take());
        if let Some(closer) = self.closer.take() {
            // A panic of the thread was printed; there is nobody left to tell.
            let _ = closer.join();
        }
    }
}

/// Opens when asked, closes when it is time; closed at the end.
fn keep(switch: &mut impl Switch, open_for: Duration, asked: &Receiver<Asked>) {
    let mut open_since: Option<Stopwatch> = None;
    let mut stuck = false;
    loop {
        let next = match (&open_since, stuck) {
            (_, true) => asked.recv_timeout(CLOSE_AGAIN),
            (Some(since), _) => asked.recv_timeout(open_for.saturating_sub(since.elapsed())),
            (None, _) => asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(answer) if stuck => {
                let error = DoorError {
                    device: "door".to_owned(),
                    doing: "it does not close",
                    source: std::io::ErrorKind::Other.into(),
                };
                // Who asked may have given up waiting.
                let _ = answer.try_send(Err(error));
            }
            Ok(answer) => {
                // The time runs from before the opening: it is never open for longer. A failed
                // opening may have opened half: it is closed in its time too.
                open_since = Some(Stopwatch::start());
                if answer.try_send(switch.set(true)).is_ok() {
                    continue;
                }
                // Nobody waits any more: the rider was told that it did not open.
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        stuck = !close(switch, stuck);
        open_since = None;
    }
    close(switch, false);
}

fn close(switch: &mut impl Switch, told: bool) -> bool {
    match switch.set(false) {
        Ok(()) => {
            if told {
                tracing::info!("the door closes again");
            }
            true
        }
        Err(error) => {
            if !told {
                tracing::error!(%error, cause = %error.source, "the door cannot be closed");
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A switch on a bench: what was asked of it, and whether it obeys.
    #[derive(Clone, Default)]
    struct Bench {
        states: Arc<Mutex<Vec<bool>>>,
        broken: Arc<Mutex<bool>>,
        slow: Duration,
    }

    impl Switch for Bench {
        fn set(&mut self, open: bool) -> Result<(), DoorError> {
            if *self.broken.lock().unwrap() {
                return Err(DoorError {
                    device: "bench".to_owned(),
                    doing: "broken",
                    source: std::io::ErrorKind::Other.into(),
                });
            }
            if open {
                std::thread::sleep(self.slow);
            }
            self.states.lock().unwrap().push(open);
            Ok(())
        }
    }

    impl Bench {
        fn states(&self) -> Vec<bool> {
            self.states.lock().unwrap().clone()
        }
    }

    fn door(bench: &Bench, open_for: Duration) -> TimedDoor {
        TimedDoor::new(bench.clone(), open_for, PassageWatch::none(open_for)).unwrap()
    }

    #[test]
    fn it_opens_for_its_time_and_a_second_rider_prolongs_it() {
        let (bench, time) = (Bench::default(), Duration::from_millis(300));
        let mut door = door(&bench, time);
        assert_eq!(bench.states(), [false]);
        door.open().unwrap();
        std::thread::sleep(time / 2);
        door.open().unwrap();
        assert_eq!(bench.states(), [false, true, true]);
        while bench.states().len() < 4 {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(bench.states(), [false, true, true, false]);
        assert_eq!(door.outcome(), Some(Passage::NotTold));
        door.open().unwrap();
        drop(door);
        assert_eq!(bench.states().last(), Some(&false), "closed at the end");
    }

    #[test]
    fn a_door_that_does_not_close_is_tried_again_and_opens_for_nobody_meanwhile() {
        let (bench, time) = (Bench::default(), Duration::from_millis(50));
        let mut door = door(&bench, time);
        door.open().unwrap();
        *bench.broken.lock().unwrap() = true;
        std::thread::sleep(time * 2);
        assert_eq!(door.open().unwrap_err().doing, "it does not close");
        *bench.broken.lock().unwrap() = false;
        while bench.states() != [false, true, false] {
            std::thread::sleep(Duration::from_millis(1));
        }
        door.open().unwrap();
    }

    #[test]
    fn a_switch_that_hangs_keeps_nobody_waiting_and_counts_as_shut() {
        let bench = Bench {
            slow: SWITCHED_WITHIN * 4,
            ..Bench::default()
        };
        let mut door = door(&bench, Duration::from_millis(50));
        let watch = Stopwatch::start();
        assert_eq!(door.open().unwrap_err().doing, "it does not answer in time");
        assert!(watch.elapsed() < SWITCHED_WITHIN * 3);
        assert_eq!(door.outcome(), None, "it did not open");
        drop(door);
        assert_eq!(bench.states().last(), Some(&false), "closed at the end");
    }
}
