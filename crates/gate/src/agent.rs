//! The core: one scan → decision → station → journal → door → note. One thread owns it.

mod outcomes;
mod rules;
mod unrecorded;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use journal::{AppendError, Journal, Media, Mode, Outcome, Position, Record, Witness};
use units::{DeviceId, Span, Timestamp};
use validator::update::Freshness;
use validator::{Decision, Permit, Place, Reading, Refusal, ReplayMemory, ReplaySlot};
use wire::chain::ChainHead;
use wire::lists::Snapshot;
use wire::tap::{TapKind, TapRecord};
use wire::text::CodeBuffer;

use crate::answer::{Answer, Closed, Verdict};
use crate::clock::GateClock;
use crate::denied::Denied;
use crate::door::Door;
use crate::history::History;
use crate::lists::{Keys, ListName};
use crate::live::{LiveCodes, live_until};
use crate::machine::Stopwatch;
use crate::signed::InForce;
use crate::station::{Station, Word};

pub use rules::{Rules, Site};
pub use unrecorded::UnrecordedRule;

use outcomes::Kept;
use unrecorded::{Passed, Unrecorded};

/// How long what need not wait for (refusals, notes) may be in memory only.
const LAZY_SYNC: Span = Span::from_secs(1);

/// Most openings that wait for the door to say what came of them: a door without a sensor answers
/// at once, one that never answers must not fill the memory.
const OPENED_MAX: usize = 64;

/// A list in use, and when the server last confirmed it.
#[derive(Clone, Debug)]
pub struct Held<T> {
    /// The list.
    pub list: Arc<T>,
    /// By this gate's clock.
    pub confirmed: Timestamp,
}

/// Signed lists, and how many riders they let pass after their end.
#[derive(Clone, Debug)]
struct Signed {
    lists: InForce,
    passed_stale: u32,
}

impl Signed {
    fn freshness(&self, now: Timestamp) -> Freshness {
        let rule = self.lists.rule;
        self.lists.held.freshness(now, rule, self.passed_stale)
    }
}

/// Whether somebody passed on this tap, by the lists of this snapshot, after its end.
fn passed_stale(tap: &TapRecord<'_>, snapshot: &Snapshot) -> bool {
    tap.decision == wire::tap::PERMITTED
        && tap.at >= snapshot.expires
        && tap.lists == snapshot.versions_at(tap.at)
}

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

    /// Uses these keys from now on. The replay memory is filled from the journal for every key
    /// that is new, before the first code under it is judged.
    pub fn use_keys(&mut self, held: Held<Keys>, now: Timestamp) {
        let policy = *held.list.validator.policy();
        if policy != self.rules.policy {
            // Codes live longer or shorter than they were noted for: the memory begins anew, from
            // the journal. What other readers of the station told is lost with it.
            self.live.judge_by(&policy);
            self.used = ReplayMemory::new(vec![ReplaySlot::EMPTY; self.rules.replay_slots]);
            self.keys = None;
            self.rules.policy = policy;
        }
        let known = self.keys.as_ref().map(|keys| &keys.list.public);
        let all_known = known.is_some_and(|known| held.list.public.is_subset(known));
        if !all_known {
            let failed = self.live.note_all(&held.list, now, &mut self.used);
            if failed > 0 {
                tracing::info!(
                    failed,
                    "codes of the journal that these keys do not let pass"
                );
            }
        }
        self.keys = Some(held);
    }

    /// Uses this deny list from now on.
    pub fn use_denied(&mut self, held: Held<Denied>) {
        if let Some(before) = &self.denied
            && !Arc::ptr_eq(&before.list, &held.list)
        {
            self.denied_unread = self.denied_unread.saturating_add(before.list.unread());
        }
        self.denied = Some(held);
    }

    /// How often a page of a deny list could not be read since the start.
    #[must_use]
    pub fn denied_unread(&self) -> u64 {
        let now = self.denied.as_ref().map_or(0, |held| held.list.unread());
        self.denied_unread.saturating_add(now)
    }

    /// Uses these signed lists from now on.
    pub fn use_signed(&mut self, lists: InForce, now: Timestamp) {
        let (keys, denied) = (Arc::clone(&lists.keys), Arc::clone(&lists.denied));
        self.use_keys(
            Held {
                list: keys,
                confirmed: now,
            },
            now,
        );
        self.use_denied(Held {
            list: denied,
            confirmed: now,
        });
        if let Some(snapshot) = lists.held.snapshot() {
            self.clock.past(snapshot.issued);
        }
        // The same snapshot again (after a repair or a restart) does not buy more riders.
        let before = self.signed.take();
        let passed =
            before.and_then(|before| Some((*before.lists.held.snapshot()?, before.passed_stale)));
        let same = |(snapshot, _): &(Snapshot, u32)| Some(snapshot) == lists.held.snapshot();
        let known = passed.or(self.passed_before.take()).filter(same);
        let passed_stale = known.map_or(0, |(_, passed)| passed);
        self.signed = Some(Signed {
            lists,
            passed_stale,
        });
    }

    /// The signed lists in use, and what they are worth at `now`.
    #[must_use]
    pub fn signed_lists(&self, now: Timestamp) -> Option<(&InForce, Freshness)> {
        let signed = self.signed.as_ref()?;
        Some((&signed.lists, signed.freshness(now)))
    }

    /// Whether this list is in use.
    #[must_use]
    pub const fn holds(&self, name: ListName) -> bool {
        match name {
            ListName::IssuerKeys => self.keys.is_some(),
            ListName::DenyList => self.denied.is_some(),
        }
    }

    /// The server has confirmed the list in use at this time.
    pub const fn confirm(&mut self, name: ListName, at: Timestamp) {
        let confirmed = match name {
            ListName::IssuerKeys => match &mut self.keys {
                Some(held) => &mut held.confirmed,
                None => return,
            },
            ListName::DenyList => match &mut self.denied {
                Some(held) => &mut held.confirmed,
                None => return,
            },
        };
        *confirmed = at;
    }

    /// Versions of the lists in use, and the age of what binds them. Of unsigned lists only the
    /// deny list has a version.
    #[must_use]
    pub fn list_versions(&self, now: Timestamp) -> wire::ListVersions {
        if let Some(signed) = &self.signed {
            return signed.lists.versions_at(now);
        }
        let denied = self.denied.as_ref().map_or(0, |held| held.list.version);
        wire::ListVersions {
            deny: u32::try_from(denied).unwrap_or(u32::MAX),
            ..wire::ListVersions::UNKNOWN
        }
    }

    /// Ages of issuer keys and deny list at `now`; none where there is no list.
    #[must_use]
    pub fn list_ages(&self, now: Timestamp) -> (Option<Span>, Option<Span>) {
        let keys = self.keys.as_ref().map(|held| now.since(held.confirmed));
        let denied = self.denied.as_ref().map(|held| now.since(held.confirmed));
        (keys, denied)
    }

    /// Whether the next good code would open the door.
    #[must_use]
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.fresh_lists(now).is_some() && self.journal.mode() == Mode::Writing
    }

    fn fresh_lists(&self, now: Timestamp) -> Option<(&Held<Keys>, &Held<Denied>)> {
        let (keys, denied) = (self.keys.as_ref()?, self.denied.as_ref()?);
        if let Some(signed) = &self.signed {
            let open = signed.freshness(now) != Freshness::Closed;
            return open.then_some((keys, denied));
        }
        let fresh = now.since(keys.confirmed) <= self.rules.keys_stale
            && now.since(denied.confirmed) <= self.rules.denied_stale;
        fresh.then_some((keys, denied))
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

    /// What would pass here is shown to the station. A code that another reader has let pass stays
    /// in the replay memory, where the decision has put it, as one that passed.
    fn ask_station(&self, judged: Result<Decision, Closed>) -> Result<Decision, Closed> {
        match (&self.station, judged) {
            (Some(station), Ok(Decision::Permitted(permit)))
                if station.claim(&permit) == Word::Used =>
            {
                Ok(Decision::Refused(Refusal::AlreadyUsed))
            }
            (_, judged) => judged,
        }
    }

    /// Nobody went through on this tap: its code may be shown again, here and at the station.
    fn set_free(&mut self, permit: &Permit) {
        self.used.forget(&permit.passage);
        if let Some(station) = &self.station {
            station.withdraw(permit);
        }
    }

    /// Codes that were refused because another reader had let them pass, and has taken that back.
    fn hear_station(&mut self) {
        let freed = self.station.as_ref().map(Station::freed);
        for passage in freed.unwrap_or_default() {
            self.used.forget(&passage);
        }
    }

    fn judge(&mut self, text: &[u8], kind: TapKind, reading: &Reading) -> Result<Decision, Closed> {
        let Some((keys, denied)) = self.fresh_lists(reading.time) else {
            return Err(Closed::ListsStale);
        };
        let (keys, denied) = (Arc::clone(&keys.list), Arc::clone(&denied.list));
        let place = Place {
            gate: self.site.gate,
            kind,
            network: self.site.network,
            zone: self.site.zone,
        };
        let decision = keys
            .validator
            .validate(text, &place, *reading, &*denied, &mut self.used);
        if let Decision::Permitted(permit) = &decision {
            let mut buffer = CodeBuffer::new();
            let evidence = wire::text::decode(text, &mut buffer).unwrap_or(&[]);
            let until = live_until(evidence, &self.rules.policy);
            if until.is_none_or(|until| self.live.may_have_dropped(until)) {
                self.used.forget(&permit.passage);
                return Err(Closed::ClockWentBack);
            }
        }
        Ok(decision)
    }

    /// The tap that this one repeats did not open, as its rider shows by standing here: it is
    /// written down before the tap that stands for it, and the same sync makes both durable.
    fn end_doubt(&mut self, permit: &Permit, now: Timestamp) {
        let Some(doubtful) = permit.again.and_then(|at| self.live.at(at)) else {
            return;
        };
        self.note(doubtful, Outcome::DidNotOpen, now);
    }

    /// Makes the tap durable, if the journal can be written.
    fn record_permit(
        &mut self,
        evidence: &[u8],
        decision: u16,
        kind: TapKind,
        now: Timestamp,
    ) -> Kept {
        let Some(tap) = self.append(evidence, decision, kind, now) else {
            return Kept::Nowhere;
        };
        match self.journal.sync() {
            Ok(durable) if durable.covers(tap) => {
                self.unsynced_since = None;
                self.count_stale(now);
                Kept::Durable(tap)
            }
            outcome => {
                if let Err(error) = outcome {
                    tracing::error!(error = %error.source, "the journal has stopped");
                }
                Kept::Later(tap)
            }
        }
    }

    /// One more rider passes on lists that are over.
    fn count_stale(&mut self, now: Timestamp) {
        if let Some(signed) = &mut self.signed
            && signed.freshness(now) != Freshness::Fresh
        {
            signed.passed_stale = signed.passed_stale.saturating_add(1);
        }
    }

    /// Writes a refusal down, without waiting for the disk. What is no code at all is not written,
    /// nor what comes faster than the limit: a flood must not fill the disk.
    fn record_refusal(
        &mut self,
        evidence: &[u8],
        refusal: Refusal,
        kind: TapKind,
        now: Timestamp,
    ) -> Option<Position> {
        if evidence.is_empty() || matches!(refusal, Refusal::Malformed(_)) {
            return None;
        }
        let (began, written) = self.refusals;
        let age = now.since(began);
        if age < Span::ZERO || age >= Span::from_secs(60) {
            self.refusals = (now, 0);
        } else if written >= self.rules.refusals_per_minute {
            return None;
        }
        self.refusals.1 += 1;
        let tap = self.append(evidence, refusal.code(), kind, now)?;
        self.unsynced_since.get_or_insert(now);
        Some(tap)
    }

    fn append(
        &mut self,
        evidence: &[u8],
        decision: u16,
        kind: TapKind,
        now: Timestamp,
    ) -> Option<Position> {
        let record = TapRecord {
            seq: self.journal.next().seq(),
            at: now,
            kind,
            gate: self.site.gate,
            stop: self.site.stop,
            route: self.site.route,
            decision,
            evidence,
            lists: self
                .signed
                .as_ref()
                .map_or(wire::ListVersions::UNKNOWN, |signed| {
                    signed.lists.versions_at(now)
                }),
            clock: self.clock.last().state(),
        };
        let bytes = match record.encode() {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "the tap has no record");
                return None;
            }
        };
        let tap = self.append_bytes(&bytes, now)?;
        self.live.take(tap, &bytes, &self.rules.policy);
        Some(tap)
    }

    /// Writes a record, whose number is the journal's next.
    fn append_bytes(&mut self, bytes: &[u8], at: Timestamp) -> Option<Position> {
        let mut outcome = self.journal.append(bytes);
        if matches!(outcome, Err(AppendError::PendingFull { .. })) && self.journal.sync().is_ok() {
            outcome = self.journal.append(bytes);
        }
        let refused = |error| tracing::error!(%error, "the journal did not take the record");
        let place = outcome.map_err(refused).ok()?;
        self.history.take(place, Some(at));
        Some(place)
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
