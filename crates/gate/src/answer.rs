//! What came of one scan, for the screen, the caller and the counters.

use journal::Position;
use serde::Serialize;
use validator::{Language, Permit, Refusal};

/// The number of an answer that the gate itself is to blame for (`docs/WIRE.md`, table of
/// decisions).
pub const GATE_NOT_READY: u16 = 160;

/// Why the door stays shut although the code may be good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// The tap could not be made durable.
    NotRecorded,
    /// No list, or one that was confirmed too long ago.
    ListsStale,
    /// The clock is behind codes that are forgotten.
    ClockWentBack,
    /// The tap is durable, but the door did not open.
    DoorFailed,
}

impl Closed {
    /// Stable name, for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRecorded => "not_recorded",
            Self::ListsStale => "lists_stale",
            Self::ClockWentBack => "clock_went_back",
            Self::DoorFailed => "door_failed",
        }
    }

    const fn sentence(language: Language) -> &'static str {
        match language {
            Language::Chinese => "本闸机暂时无法使用，请走其他闸机。",
            Language::Korean => "이 개찰구는 지금 사용할 수 없습니다. 다른 개찰구를 이용하세요.",
            _ => "This gate is out of order: please use another one.",
        }
    }
}

/// The verdict on one scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The door opened.
    Opened(Permit),
    /// The door opened although the tap could not be made durable: the journal cannot be written,
    /// and the gate's rule lets some pass.
    Unrecorded(Permit),
    /// The code may not travel.
    Refused(Refusal),
    /// The gate could not do its work.
    Closed(Closed),
}

/// One scan's verdict and record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What was decided.
    pub verdict: Verdict,
    /// Where the tap stands in the journal, if it was written down.
    pub tap: Option<Position>,
    /// What the decision took, in microseconds.
    pub decided_us: u64,
    /// What asking the station took after it, in microseconds.
    pub shared_us: u64,
    /// From scan to open (or to the refusal), in microseconds.
    pub took_us: u64,
}

/// An answer as a line of JSON. It says nothing of the code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AnswerBody {
    /// `permitted` or `refused`.
    pub decision: &'static str,
    /// 0, or the refusal's number.
    pub code: u16,
    /// The stable name.
    pub reason: &'static str,
    /// For the rider.
    pub sentence: String,
    /// Epoch of the tap, if it was written down.
    pub epoch: Option<u32>,
    /// Sequence number of the tap, if it was written down.
    pub seq: Option<u64>,
    /// Microseconds of the decision.
    pub decided_us: u64,
    /// Microseconds of asking the station.
    pub shared_us: u64,
    /// Microseconds from scan to open.
    pub took_us: u64,
}

impl Answer {
    /// 0, or the refusal's number.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match &self.verdict {
            Verdict::Opened(_) | Verdict::Unrecorded(_) => wire::tap::PERMITTED,
            Verdict::Refused(refusal) => refusal.code(),
            Verdict::Closed(_) => GATE_NOT_READY,
        }
    }

    /// The stable name.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match &self.verdict {
            Verdict::Opened(_) => "permitted",
            Verdict::Unrecorded(_) => "permitted_unrecorded",
            Verdict::Refused(refusal) => refusal.name(),
            Verdict::Closed(closed) => closed.name(),
        }
    }

    /// What the rider is told.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match &self.verdict {
            Verdict::Opened(_) | Verdict::Unrecorded(_) => match language {
                Language::Chinese => "请通行。",
                Language::Korean => "통과하세요.",
                _ => "Please pass.",
            }
            .to_owned(),
            Verdict::Refused(refusal) => refusal.sentence_in(language).as_str().to_owned(),
            Verdict::Closed(_) => Closed::sentence(language).to_owned(),
        }
    }

    /// As JSON.
    #[must_use]
    pub fn to_body(&self, language: Language) -> AnswerBody {
        let opened = self.code() == wire::tap::PERMITTED;
        AnswerBody {
            decision: if opened { "permitted" } else { "refused" },
            code: self.code(),
            reason: self.reason(),
            sentence: self.sentence(language),
            epoch: self.tap.map(Position::epoch),
            seq: self.tap.map(Position::seq),
            decided_us: self.decided_us,
            shared_us: self.shared_us,
            took_us: self.took_us,
        }
    }
}
