//! The core: one scan → decision → station → journal → door → note. One thread owns it.

mod judge;
mod lists;
mod outcomes;
mod record;
mod rules;
mod unrecorded;

use std::collections::VecDeque;
use std::time::Duration;

use journal::{Journal, Media, Outcome, Position, Record, Witness};
use units::{DeviceId, Span, Timestamp};
use validator::{Decision, Permit, ReplayMemory, ReplaySlot};
use wire::chain::ChainHead;
use wire::lists::Snapshot;
use wire::tap::{TapKind, TapRecord};
use wire::text::CodeBuffer;

use crate::answer::{Answer, Verdict};
use crate::clock::GateClock;
use crate::denied::Denied;
use crate::door::Door;
use crate::history::History;
use crate::lists::Keys;
use crate::live::LiveCodes;
use crate::machine::Stopwatch;
use crate::station::Station;

pub use lists::Held;
pub use rules::{Rules, Site};
pub use unrecorded::UnrecordedRule;

use lists::{Signed, passed_stale};
use unrecorded::{Passed, Unrecorded};

/// How long what need not wait for (refusals, notes) may be in memory only.
const LAZY_SYNC: Span = Span::from_secs(1);

/// Most openings that wait for the door to say what came of them: a door without a sensor answers
/// at once, one that never answers must not fill the memory.
const OPENED_MAX: usize = 64;

/// The head of a chain as the journal wants it.
#[must_use]
pub fn chain_start(device: DeviceId, epoch: u32) -> journal::Head {
    journal::Head::from_bytes(*ChainHead::start(device, epoch).as_bytes())
}

/// A gate: journal, door, lists and memory.
pub struct Agent<M> {
    pub(crate) journal: Journal<M>,
    pub(crate) live: LiveCodes,
    pub(crate) history: History,
    pub(crate) clock: GateClock,
    pub(crate) site: Site,
    pub(crate) rules: Rules,
    /// The last tap that the server has committed, as far as this opening knows.
    pub(crate) committed: Option<Position>,
    /// Taps that were written again under other numbers and are not sent.
    pub(crate) replaced: Option<(Position, Position)>,
    door: Box<dyn Door>,
    keys: Option<Held<Keys>>,
    denied: Option<Held<Denied>>,
    /// Pages of earlier deny lists that could not be read.
    denied_unread: u64,
    /// Riders that passed on this snapshot after its end, before the start.
    passed_before: Option<(Snapshot, u32)>,
    /// What signed lists say of themselves, where the gate goes by signed lists.
    signed: Option<Signed>,
    used: ReplayMemory<Vec<ReplaySlot>>,
    /// Taps for which the door opened, in order, until the door says what came of them.
    opened: VecDeque<(Passed, Permit)>,
    /// What became of taps, to be noted once the journal writes again.
    owed: Vec<(Position, Outcome)>,
    /// Passes without a record.
    unrecorded: Unrecorded,
    /// A clock that nobody sets.
    steady: Stopwatch,
    /// The other readers of the station.
    station: Option<Station>,
    /// When something was written that no sync has covered.
    unsynced_since: Option<Timestamp>,
    tried_resume: Timestamp,
    /// Refusals written down in the minute that began then.
    refusals: (Timestamp, u32),
}

impl<M> std::fmt::Debug for Agent<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("gate", &self.site.gate)
            .finish_non_exhaustive()
    }
}

impl<M: Media> Agent<M> {
    /// Opens the journal and remembers from it which codes were let pass, and how many riders
    /// passed on the lists of `held` after their end.
    ///
    /// # Errors
    /// [`journal::OpenError`].
    pub fn open(
        media: M,
        options: journal::Options,
        witness: Witness,
        (site, rules): (Site, Rules),
        door: Box<dyn Door>,
        held: Option<&Snapshot>,
    ) -> Result<(Self, journal::Recovery), journal::OpenError> {
        let mut live = LiveCodes::default();
        let mut clock = GateClock::start(rules.clock);
        let mut history = History::default();
        let mut passed_before = held.map(|snapshot| (*snapshot, 0_u32));
        let (journal, report) =
            Journal::open(media, options, witness, &mut |record| match record {
                Record::Tap {
                    position, payload, ..
                } => {
                    live.take(position, payload, &rules.policy);
                    clock.recall(payload);
                    let decoded = TapRecord::decode(payload).ok();
                    history.take(position, decoded.as_ref().map(|tap| tap.at));
                    if let (Some(tap), Some((snapshot, passed))) = (&decoded, &mut passed_before) {
                        *passed = passed.saturating_add(passed_stale(tap, snapshot).into());
                    }
                }
                Record::Note { tap, outcome } => live.end(tap, outcome),
                _ => {}
            })?;
        let beginning = Timestamp::from_micros(i64::MIN);
        let agent = Self {
            journal,
            live,
            history,
            clock,
            site,
            rules,
            committed: None,
            replaced: None,
            door,
            keys: None,
            denied: None,
            denied_unread: 0,
            passed_before,
            signed: None,
            used: ReplayMemory::new(vec![ReplaySlot::EMPTY; rules.replay_slots]),
            opened: VecDeque::new(),
            owed: Vec::new(),
            unrecorded: Unrecorded::new(rules.unrecorded),
            steady: Stopwatch::start(),
            station: None,
            unsynced_since: None,
            tried_resume: beginning,
            refusals: (beginning, 0),
        };
        Ok((agent, report))
    }

    /// Shares what passes with the readers of this station from now on.
    pub fn share(&mut self, station: Station) {
        self.station = Some(station);
    }

    /// One scan. `watch` runs since the code came in.
    ///
    /// The door opens only when the tap is durable; what is shut stays shut on every error.
    pub fn scan(&mut self, text: &[u8], kind: TapKind, now: Timestamp, watch: Stopwatch) -> Answer {
        let begun = watch.micros();
        self.take_passage(now);
        self.hear_station();
        let reading = self.clock.read(now);
        let now = reading.time;
        let judged = self.judge(text, kind, &reading);
        let decided = watch.micros();
        let judged = self.ask_station(judged);
        let shared_us = watch.micros().saturating_sub(decided);
        let mut buffer = CodeBuffer::new();
        let evidence = wire::text::decode(text, &mut buffer).unwrap_or(&[]);
        let (verdict, tap) = match judged {
            Err(closed) => (Verdict::Closed(closed), None),
            Ok(Decision::Refused(refusal)) => {
                let tap = self.record_refusal(evidence, refusal, kind, now);
                (Verdict::Refused(refusal), tap)
            }
            Ok(decision @ Decision::Permitted(permit)) => {
                self.end_doubt(&permit, now);
                let code = decision.code();
                let kept = self.record_permit(evidence, code, kind, now);
                self.admit(&kept, (evidence, code), kind, permit, now)
            }
        };
        if let (Verdict::Closed(_), Ok(Decision::Permitted(permit))) = (&verdict, &judged) {
            // Nobody went through: the rider's next try is the first.
            self.set_free(permit);
        }
        Answer {
            verdict,
            tap,
            decided_us: decided.saturating_sub(begun),
            shared_us,
            took_us: watch.micros(),
        }
    }

    /// The clock: to be told of signed time, and to be asked what it is worth.
    pub const fn clock(&mut self) -> &mut GateClock {
        &mut self.clock
    }

    /// How long the core may sleep.
    #[must_use]
    pub const fn tick_every() -> Duration {
        Duration::from_millis(100)
    }
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
