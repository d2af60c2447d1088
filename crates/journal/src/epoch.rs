//! When a device begins another epoch: its image is older than what the world knows of it.
//!
//! An epoch is never used twice, so that no (device, epoch, sequence) ever is. The new one is
//! above the image's, above the server's, and not below the boot counter.

use crate::journal::{Journal, Mode};
use crate::media::Media;
use crate::options::Witness;
use crate::position::Position;
use crate::sabotage::Sabotage;

/// Why no epoch can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The counter outside the image is not above the one inside: it was not raised, or it is no
    /// witness.
    #[error("expected a boot count above {last}, got {got}")]
    BootCount {
        /// The count that the image holds.
        last: u64,
        /// The count that was given.
        got: u64,
    },
    /// There is no higher epoch.
    #[error("no epoch is left after {last}")]
    UsedUp {
        /// The last one.
        last: u32,
    },
}

/// What [`Journal::meet`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Met {
    /// The server knows nothing that the journal does not.
    Agrees,
    /// The server holds taps that this image lacks: it was restored. A new epoch has begun (if
    /// the mode is [`Mode::Writing`]; otherwise it begins when the journal resumes).
    Restored {
        /// The epoch of the next tap.
        epoch: u32,
        /// Durable taps from here on were written by this opening under numbers that the server
        /// may know for other taps: the caller appends them again, numbered anew.
        written_again_from: Position,
    },
}

/// The epoch to begin, if the image is behind its witness. `next`: the place after the image's
/// last tap, none for an empty medium. `boot`: the count in the image, 0: none.
pub(crate) fn decide(
    next: Option<Position>,
    boot: u64,
    witness: Witness,
) -> Result<Option<u32>, EpochError> {
    let image = next.unwrap_or(Position::new(0, 0));
    let count = witness.boot.unwrap_or(boot);
    if witness.boot.is_some() && count <= boot {
        return Err(EpochError::BootCount {
            last: boot,
            got: count,
        });
    }
    let server = witness.server_next.unwrap_or(image);
    let skipped = boot > 0 && count > boot.saturating_add(1);
    if next.is_some() && server <= image && !skipped {
        return Ok(None);
    }
    let last = image.epoch().max(server.epoch());
    let above = last.checked_add(1).ok_or(EpochError::UsedUp { last })?;
    let counted = u32::try_from(count).unwrap_or(above);
    Ok(Some(above.max(counted)))
}

impl<M: Media> Journal<M> {
    /// Compares with the last tap that the server holds of this device; begins a new epoch when
    /// the server holds more than this journal ever made durable.
    ///
    /// # Errors
    /// [`EpochError::UsedUp`].
    pub fn meet(&mut self, server_last: Position) -> Result<Met, EpochError> {
        let known = self.next.next.max(self.durable.next);
        let witness = Witness::NONE.server(server_last);
        let Some(epoch) = decide(Some(known), 0, witness)? else {
            return Ok(Met::Agrees);
        };
        if self.options.has(Sabotage::NoEpochBump) {
            return Ok(Met::Agrees);
        }
        self.new_epoch = Some(epoch);
        self.new_boot = self.boot;
        if self.mode() == Mode::Writing {
            self.replace();
        }
        Ok(Met::Restored {
            epoch,
            written_again_from: self.opened_at,
        })
    }
}
