//! Codes that this gate let pass and that could still be shown: what the replay memory is rebuilt
//! from after a restart, and what must not be trimmed from the journal.

use std::collections::BTreeMap;

use journal::{Outcome, Position};
use units::{Span, Timestamp};
use validator::{Policy, ReplayMemory, ReplaySlot};
use wire::Code;
use wire::note::{Record, TapOutcome};
use wire::tap::{PERMITTED, TapKind};
use wire::text::CodeBuffer;

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
}

/// Permitted taps by the end of their code's life.
#[derive(Clone, Debug)]
pub struct LiveCodes {
    codes: BTreeMap<(Timestamp, Position), LiveCode>,
    /// What became of taps, as far as it is noted.
    ends: BTreeMap<Position, Outcome>,
    /// Latest end of life among those that were dropped.
    dropped_until: Timestamp,
}

impl Default for LiveCodes {
    fn default() -> Self {
        Self {
            codes: BTreeMap::new(),
            ends: BTreeMap::new(),
            dropped_until: Timestamp::from_micros(i64::MIN),
        }
    }
}

impl LiveCodes {
    /// Takes a record as it stands in the journal, if it lets somebody pass.
    pub fn take(&mut self, position: Position, payload: &[u8], policy: &Policy) {
        let record = match Record::decode(payload) {
            Ok(Record::Tap(tap)) => tap,
            Ok(Record::Note(note)) => {
                let tap = Position::new(note.tap_epoch, note.tap_seq);
                self.end(tap, heard(note.outcome));
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
        };
        self.codes.insert((until, position), code);
        if self.codes.len() > LIVE_CODES_MAX
            && let Some(((until, _), _)) = self.codes.pop_first()
        {
            self.dropped_until = self.dropped_until.max(until);
        }
    }

    /// Another policy is in force: codes live as long as it says. One that dropped out before
    /// stays dropped.
    pub fn judge_by(&mut self, policy: &Policy) {
        let codes = std::mem::take(&mut self.codes);
        self.codes = codes
            .into_iter()
            .filter_map(|((_, position), code)| {
                let until = live_until(&code.evidence, policy)?;
                Some(((until, position), code))
            })
            .collect();
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

    /// Notes every code in `used`. Gives how many found no room: they are refused all the same.
    ///
    /// A tap of which the journal does not say what became of it was cut off between disk and
    /// door: it is doubtful, and its rider may repeat it once.
    pub fn note_all(
        &self,
        keys: &Keys,
        now: Timestamp,
        used: &mut ReplayMemory<Vec<ReplaySlot>>,
    ) -> usize {
        let mut by_time: Vec<_> = self.codes.iter().collect();
        by_time.sort_by_key(|((_, position), code)| (code.at, *position));
        let mut failed = 0;
        for ((_, position), code) in by_time {
            let validator = &keys.validator;
            let Some(passage) = validator.passage(&code.evidence, code.kind, code.at) else {
                failed += 1;
                continue;
            };
            let end = self.ends.get(position);
            if matches!(end, Some(Outcome::DidNotOpen | Outcome::NobodyPassed)) {
                continue;
            }
            failed += usize::from(used.remember(&passage, now).is_err());
            if end.is_none() {
                used.doubt(&passage);
            }
        }
        failed
    }

    /// Takes what became of a tap.
    pub fn end(&mut self, tap: Position, outcome: Outcome) {
        self.ends.insert(tap, outcome);
        if self.ends.len() > LIVE_CODES_MAX {
            self.ends.pop_first();
        }
    }

    /// The permitted tap of that time, to be noted as one that did not open.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<Position> {
        let mut taps = self.codes.iter();
        let found =
            taps.find(|((_, position), code)| code.at == at && !self.ends.contains_key(position));
        found.map(|((_, position), _)| *position)
    }
}

/// The journal's outcome in the words of notes.
#[must_use]
pub const fn told(outcome: Outcome) -> TapOutcome {
    match outcome {
        Outcome::DidNotOpen => TapOutcome::DidNotOpen,
        Outcome::NobodyPassed => TapOutcome::NobodyPassed,
        _ => TapOutcome::Opened,
    }
}

const fn heard(outcome: TapOutcome) -> Outcome {
    match outcome {
        TapOutcome::Opened => Outcome::Opened,
        TapOutcome::DidNotOpen => Outcome::DidNotOpen,
        TapOutcome::NobodyPassed => Outcome::NobodyPassed,
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

/// How long the ticket, or the credential behind a presentation, is still good, if the text is one.
#[must_use]
pub fn valid_for(text: &[u8], now: Timestamp) -> Option<Span> {
    let mut buffer = CodeBuffer::new();
    let expires = match wire::parse(wire::text::decode(text, &mut buffer).ok()?).ok()? {
        Code::Presentation(parsed) => parsed.credential().expires(),
        Code::Ticket(parsed) => parsed.expires(),
    };
    Some(expires.since(now))
}
