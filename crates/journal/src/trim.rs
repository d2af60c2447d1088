//! What the server has acknowledged, and giving its space back.

use crate::journal::{AppendError, Journal, StoppedError};
use crate::media::{Media, MediaError};
use crate::position::Position;
use crate::sabotage::Sabotage;

/// Why an acknowledgement was not taken or its space not freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcknowledgeError {
    /// Of a tap that is not durable here: the server knows more than this journal. See
    /// [`Journal::meet`].
    #[error("expected a tap before {durable_next}, got {got}")]
    NotDurable {
        /// The place after the last durable tap.
        durable_next: Position,
        /// The tap that was acknowledged.
        got: Position,
    },
    /// The acknowledgement could not be written.
    #[error("the acknowledgement cannot be written")]
    Append(#[source] AppendError),
    /// The acknowledgement could not be made durable, so nothing was removed.
    #[error("the acknowledgement is not durable")]
    Sync(#[source] StoppedError),
    /// A segment could not be removed.
    #[error("a segment cannot be removed")]
    Remove(#[source] MediaError),
}

impl<M: Media> Journal<M> {
    /// The server has committed every tap up to and with `last`: writes that down, makes it
    /// durable, then removes the segments *all* of whose taps are acknowledged (never the active
    /// one). Gives how many were removed.
    ///
    /// Notes go with the segment that they stand in; the caller sends them before it acknowledges.
    /// What must stay although it is acknowledged: [`Journal::keep_from`].
    ///
    /// A stopped journal removes too (that may be the space it lacks): the acknowledgement is
    /// then written with the next segment.
    ///
    /// # Errors
    /// [`AcknowledgeError`].
    pub fn acknowledge(&mut self, last: Position) -> Result<usize, AcknowledgeError> {
        if last >= self.durable.next {
            return Err(AcknowledgeError::NotDurable {
                durable_next: self.durable.next,
                got: last,
            });
        }
        if last.next() > self.acked_next {
            self.acked_next = last.next();
            if self.stopped.is_none() {
                self.push_acknowledged(self.acked_next)
                    .map_err(AcknowledgeError::Append)?;
                self.sync().map_err(AcknowledgeError::Sync)?;
            }
        }
        self.trim().map_err(AcknowledgeError::Remove)
    }

    /// Taps from this place on stay, acknowledged or not; `None`: all that is acknowledged may go.
    /// It holds for this opening, until it is called again; it brings nothing back.
    pub const fn keep_from(&mut self, place: Option<Position>) {
        self.keep_from = place;
    }

    /// Removes the segments all of whose taps are acknowledged and need not be kept. Gives how
    /// many were removed.
    ///
    /// # Errors
    /// [`MediaError`] when a segment cannot be removed.
    pub fn trim(&mut self) -> Result<usize, MediaError> {
        let early = self.options.has(Sabotage::TrimBeforeAck);
        let count = self
            .sealed
            .iter()
            .take_while(|segment| {
                let reached = if early { segment.first } else { segment.next };
                let kept = self.keep_from.is_some_and(|keep| segment.next > keep);
                reached <= self.acked_next && !kept
            })
            .count();
        for done in 0..count {
            let Some(segment) = self.sealed.first() else {
                return Ok(done);
            };
            self.media.remove(segment.id)?;
            self.sealed.remove(0);
        }
        if count > 0 {
            self.media.sync_directory()?;
        }
        Ok(count)
    }
}
