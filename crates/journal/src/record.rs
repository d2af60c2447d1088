//! What stands in a journal: taps, notes about them, and the server's acknowledgements.

use crate::position::{Head, Position};

/// What became of a tap whose record was durable before the door moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The door opened.
    Opened,
    /// The door did not open.
    DidNotOpen,
    /// The door opened and nobody passed before it closed.
    NobodyPassed,
}

impl Outcome {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Opened => 1,
            Self::DidNotOpen => 2,
            Self::NobodyPassed => 3,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Opened),
            2 => Some(Self::DidNotOpen),
            3 => Some(Self::NobodyPassed),
            _ => None,
        }
    }
}

/// One record as it is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record<'a> {
    /// A tap.
    Tap {
        /// Its place.
        position: Position,
        /// The bytes that were appended.
        payload: &'a [u8],
        /// The chain's head before it.
        before: Head,
        /// The chain's head after it.
        after: Head,
    },
    /// What became of a tap.
    Note {
        /// Which tap.
        tap: Position,
        /// What became of it.
        outcome: Outcome,
    },
}

/// Taps that were durable once and are not there any more. Reported, never hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first tap that is missing.
    pub from: Position,
    /// The first place after the gap that is known. With an equal `from`, only notes are missing.
    pub until: Position,
}

/// Consecutive taps of one epoch, ready to be signed and uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Place of the first tap.
    pub first: Position,
    /// The chain's head before the first tap.
    pub before: Head,
    /// The chain's head after the last tap.
    pub after: Head,
    /// The taps' payloads, in order; never empty.
    pub payloads: alloc::vec::Vec<alloc::vec::Vec<u8>>,
}

impl Batch {
    /// The place of the last tap.
    #[must_use]
    pub fn last(&self) -> Position {
        let more = u64::try_from(self.payloads.len().saturating_sub(1)).unwrap_or(u64::MAX);
        Position::new(self.first.epoch(), self.first.seq().saturating_add(more))
    }
}
