//! Codes that this gate let pass and that could still be shown: what the replay memory is rebuilt
//! from after a restart, and what must not be trimmed from the journal.

use std::collections::BTreeMap;

use journal::Position;
use units::{GateId, Span, Timestamp};
use validator::{Decision, NothingDenied, Place, Policy, Refusal, ReplayMemory, ReplaySlot};
use wire::Code;
use wire::note::{Record, TapOutcome};
use wire::tap::{PERMITTED, TapKind};

use crate::lists::Keys;

/// Most codes held: four times the largest replay memory that is the default. Beyond it those that
/// die first are dropped.
pub const LIVE_CODES_MAX: usize = 16_384;

/// How long a tap is kept in the journal after its code has died, by this clock: a clock that is
/// set back by less lets nobody pass twice after a restart.
pub const TRIM_MARGIN: Span = Span::from_secs(3_600);

/// One permitted tap.
#[derive(Clone, Debug)]
struct LiveCode {
    kind: TapKind,
    at: Timestamp,
    evidence: Vec<u8>,
    /// Whether a note says that the door opened.
    noted: bool,
}

/// Permitted taps by the end of their code's life.
#[derive(Clone, Debug)]
pub struct LiveCodes {
    codes: BTreeMap<(Timestamp, Position), LiveCode>,
    /// The end of life of each, by its place.
    places: BTreeMap<Position, Timestamp>,
    /// Latest end of life among those that were dropped.
    dropped_until: Timestamp,
}

impl Default for LiveCodes {
    fn default() -> Self {
        Self {
            codes: BTreeMap::new(),
            places: BTreeMap::new(),
            dropped_until: Timestamp::from_micros(i64::MIN),
        }
    }
}

impl LiveCodes {
    /// Takes a record as it stands in the journal: a tap that lets somebody pass, or a note.
    pub fn take(&mut self, position: Position, payload: &[u8], policy: &Policy) {
        let record = match Record::decode(payload) {
            Ok(Record::Tap(tap)) => tap,
            Ok(Record::Note(note)) => {
                self.note(Position::new(note.tap_epoch, note.tap_seq), note.outcome);
                return;
            }
            Err(_) => return,
        };
        let Some(until) = live_until(record.evidence, policy) else {
            return;
        };
        if record.decision != PERMITTED {
            return;
        }
        let code = LiveCode {
            kind: record.kind,
            at: record.at,
            evidence: record.evidence.to_vec(),
            noted: false,
        };
        self.codes.insert((until, position), code);
        self.places.insert(position, until);
        if self.codes.len() > LIVE_CODES_MAX
            && let Some(((until, position), _)) = self.codes.pop_first()
        {
            self.places.remove(&position);
            self.dropped_until = self.dropped_until.max(until);
        }
    }

    /// What became of a tap. One on which nobody passed leaves its code unused.
    pub fn note(&mut self, tap: Position, outcome: TapOutcome) {
        let Some(until) = self.places.get(&tap).copied() else {
            return;
        };
        if outcome == TapOutcome::Opened {
            if let Some(code) = self.codes.get_mut(&(until, tap)) {
                code.noted = true;
            }
        } else {
            self.codes.remove(&(until, tap));
            self.places.remove(&tap);
        }
    }

    /// The tap of this time that has no note, if there is one.
    #[must_use]
    pub fn doubtful_at(&self, at: Timestamp) -> Option<Position> {
        let mut doubtful = self.codes.iter();
        let found = doubtful.find(|(_, code)| !code.noted && code.at == at);
        found.map(|((_, position), _)| *position)
    }

    /// Whether a code that dies at `until` may be among the dropped ones.
    #[must_use]
    pub fn may_have_dropped(&self, until: Timestamp) -> bool {
        until <= self.dropped_until
    }

    /// The earliest tap whose code lives, or died less than [`TRIM_MARGIN`] ago.
    #[must_use]
    pub fn keep_from(&self, now: Timestamp) -> Option<Position> {
        let since = (now.minus(TRIM_MARGIN), Position::new(0, 0));
        self.codes
            .range(since..)
            .map(|((_, position), _)| *position)
            .min()
    }

    /// Notes every code in `used`, as if it were shown again at its time. A tap without a note is
    /// doubtful: the gate was cut off before it knew what the door did, and its rider may tap
    /// again. Gives how many could not be noted: those that these keys do not let pass.
    pub fn note_all(
        &self,
        keys: &Keys,
        gate: GateId,
        now: Timestamp,
        used: &mut ReplayMemory<Vec<ReplaySlot>>,
    ) -> usize {
        let mut by_time: Vec<_> = self.codes.iter().collect();
        by_time.sort_by_key(|((_, position), code)| (code.at, *position));
        let mut failed = 0;
        for (_, code) in by_time {
            let Ok(text) = wire::text::encode(&code.evidence) else {
                failed += 1;
                continue;
            };
            let place = Place::new(gate, code.kind);
            let noted = [code.at, now].into_iter().any(|at| {
                let decision =
                    keys.validator
                        .validate(text.as_bytes(), &place, at, &NothingDenied, used);
                match decision {
                    Decision::Permitted(permit) => {
                        if !code.noted {
                            used.doubt(&permit.passage);
                        }
                        true
                    }
                    Decision::Refused(refusal) => refusal == Refusal::AlreadyUsed,
                }
            });
            failed += usize::from(!noted);
        }
        failed
    }
}

/// Last instant at which this code could pass, if it is one.
#[must_use]
pub fn live_until(evidence: &[u8], policy: &Policy) -> Option<Timestamp> {
    Some(match wire::parse(evidence).ok()? {
        Code::Presentation(parsed) => parsed
            .issued_at()
            .plus(policy.code_life)
            .plus(policy.phone_slow_max),
        Code::Ticket(parsed) => parsed.expires().plus(policy.expiry_tolerance),
    })
}
