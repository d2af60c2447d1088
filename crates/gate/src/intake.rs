//! What waits for the core: codes by reader, and jobs. Bounded; codes come first, and a reader that
//! floods loses its own oldest codes, never another's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wire::tap::TapKind;

use crate::agent::Agent;
use crate::answer::Answer;
use crate::machine::Stopwatch;
use crate::media::FileMedia;

/// Codes that wait per reader: the rider in front and one behind; older ones have gone by.
const FRAMES_PER_INPUT_MAX: usize = 4;

/// Jobs that wait: uploader, sync and status ask one at a time each.
const JOBS_MAX: usize = 64;

/// Codes in a row before a job gets its turn.
const FRAMES_IN_A_ROW: u32 = 8;

/// One code from a reader.
#[derive(Debug)]
pub struct Frame {
    /// Which reader: one number per line or connection.
    pub input: u64,
    /// Which way its riders pass.
    pub kind: TapKind,
    /// The text, as it came.
    pub text: Vec<u8>,
    /// Runs since it came.
    pub watch: Stopwatch,
    /// Who waits for the answer.
    pub reply: Option<SyncSender<Answer>>,
}

/// Something to do on the core's thread.
pub type Job = Box<dyn FnOnce(&mut Agent<FileMedia>) + Send>;

/// What comes next.
pub enum Next {
    /// A code.
    Frame(Frame),
    /// A job.
    Job(Job),
    /// Nothing for a while.
    Idle,
    /// The end: nothing waits, and nothing more is taken.
    Stop,
}

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Frame(_) => "Frame",
            Self::Job(_) => "Job",
            Self::Idle => "Idle",
            Self::Stop => "Stop",
        })
    }
}

#[derive(Default)]
struct State {
    frames: BTreeMap<u64, VecDeque<Frame>>,
    jobs: VecDeque<Job>,
    /// The reader served last; the next one is the one after it.
    served: u64,
    in_a_row: u32,
    dropped: u64,
    stopping: bool,
}

/// The queue in front of the core.
#[derive(Default)]
pub struct Intake {
    state: Mutex<State>,
    wake: Condvar,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").finish_non_exhaustive()
    }
}

impl Intake {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in a code; its reader's oldest is dropped when too many wait.
    pub fn offer(&self, frame: Frame) {
        let mut state = self.lock();
        if state.stopping {
            return;
        }
        let waiting = state.frames.entry(frame.input).or_default();
        waiting.push_back(frame);
        if waiting.len() > FRAMES_PER_INPUT_MAX {
            waiting.pop_front();
            state.dropped += 1;
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Hands in a job; `false` when too many wait or the end has come.
    pub fn run(&self, job: Job) -> bool {
        let mut state = self.lock();
        if state.stopping || state.jobs.len() >= JOBS_MAX {
            return false;
        }
        state.jobs.push_back(job);
        drop(state);
        self.wake.notify_one();
        true
    }

    /// Codes that were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// No more is taken; what waits is still given out.
    pub fn stop(&self) {
        self.lock().stopping = true;
        self.wake.notify_all();
    }

    /// The next thing to do; waits for it at most so long.
    pub fn next(&self, wait: Duration) -> Next {
        let state = self.lock();
        let idle =
            |state: &mut State| state.frames.is_empty() && state.jobs.is_empty() && !state.stopping;
        let (mut state, _) = self
            .wake
            .wait_timeout_while(state, wait, idle)
            .unwrap_or_else(PoisonError::into_inner);
        let job_is_due = state.in_a_row >= FRAMES_IN_A_ROW && !state.jobs.is_empty();
        if !job_is_due && let Some(frame) = state.take_frame() {
            state.in_a_row = state.in_a_row.saturating_add(1);
            return Next::Frame(frame);
        }
        state.in_a_row = 0;
        match state.jobs.pop_front() {
            Some(job) => Next::Job(job),
            None if state.stopping => Next::Stop,
            None => Next::Idle,
        }
    }
}

impl State {
    /// The oldest code of the reader whose turn it is.
    fn take_frame(&mut self) -> Option<Frame> {
        let after = (
            std::ops::Bound::Excluded(self.served),
            std::ops::Bound::Unbounded,
        );
        let turn = self.frames.range(after).next();
        let input = *turn.or_else(|| self.frames.iter().next())?.0;
        self.served = input;
        let waiting = self.frames.get_mut(&input)?;
        let frame = waiting.pop_front();
        if waiting.is_empty() {
            self.frames.remove(&input);
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(input: u64, text: &str) -> Frame {
        Frame {
            input,
            kind: TapKind::On,
            text: text.as_bytes().to_vec(),
            watch: Stopwatch::start(),
            reply: None,
        }
    }

    fn text(next: Next) -> String {
        match next {
            Next::Frame(frame) => String::from_utf8(frame.text).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_flood_loses_its_own_oldest_and_the_other_reader_is_next_but_one() {
        let intake = Intake::default();
        for number in 0..1000 {
            intake.offer(frame(1, &format!("flood {number}")));
        }
        intake.offer(frame(2, "rider"));
        assert_eq!(intake.dropped(), 996);
        let wait = Duration::ZERO;
        assert_eq!(text(intake.next(wait)), "flood 996");
        assert_eq!(text(intake.next(wait)), "rider");
        assert_eq!(text(intake.next(wait)), "flood 997");
    }

    #[test]
    fn codes_come_before_jobs_but_jobs_come() {
        let intake = Intake::default();
        assert!(intake.run(Box::new(|_| ())));
        let mut order = Vec::new();
        for number in 0..10 {
            intake.offer(frame(number, "code"));
        }
        for _ in 0..11 {
            order.push(text(intake.next(Duration::ZERO)));
        }
        assert_eq!(order.iter().position(|next| next == "Job"), Some(8));
        intake.stop();
        intake.offer(frame(1, "too late"));
        assert_eq!(text(intake.next(Duration::ZERO)), "Stop");
    }
}
