//! Replay memory: which codes this gate has let pass and could be shown again.
//!
//! A presentation is known by (`cti`, `iat`), a ticket by (`cti`, on or off): never by its text or
//! its signature, since some phones sign the same message differently each time. A slot is used
//! again only when its code has died; when no slot is free the gate refuses rather than forgets.

use units::{CredentialId, Timestamp};
use wire::tap::TapKind;

use crate::refusal::NotReady;

/// What makes two codes the same code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReplayKey {
    /// A presentation, by when it was made.
    Presentation(CredentialId, Timestamp),
    /// A ticket, by which way it passed: once in and once out.
    Ticket(CredentialId, TapKind),
}

/// Room for one code. The memory holds as many codes as the caller gives it slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplaySlot(Option<Used>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Used {
    key: ReplayKey,
    /// Last instant at which the code could be permitted.
    live_until: Timestamp,
}

impl ReplaySlot {
    /// A slot without a code.
    pub const EMPTY: Self = Self(None);
}

/// The memory, in slots that the caller owns: an array, a `Vec`, a borrowed slice.
///
/// Every slot is looked at for each code that would be permitted. A gate needs about as many as
/// riders can pass in the longest life of a code: 64 for presentations of 45 s.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplayMemory<S> {
    slots: S,
    /// The latest end of life among forgotten codes. A live code that ends no later could be one
    /// of them; that only happens when the gate's clock has gone back.
    forgotten_until: Timestamp,
}

/// Why a code is not let pass again, or not noted.
pub(crate) enum ReplayRefusal {
    Used,
    NotReady(NotReady),
}

impl<S: AsRef<[ReplaySlot]> + AsMut<[ReplaySlot]>> ReplayMemory<S> {
    /// A memory in `slots`, which are emptied.
    #[must_use]
    pub fn new(mut slots: S) -> Self {
        slots.as_mut().fill(ReplaySlot::EMPTY);
        Self {
            slots,
            forgotten_until: Timestamp::from_micros(i64::MIN),
        }
    }

    /// How many codes it holds that are live at `now`.
    #[must_use]
    pub fn live(&self, now: Timestamp) -> usize {
        self.slots
            .as_ref()
            .iter()
            .filter(|slot| slot.is_live(now))
            .count()
    }

    /// Notes a code that may pass, or says why it may not; then nothing is changed.
    pub(crate) fn note(
        &mut self,
        key: ReplayKey,
        live_until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ReplayRefusal> {
        let slots = self.slots.as_mut();
        if slots
            .iter()
            .any(|slot| slot.0.is_some_and(|used| used.key == key))
        {
            return Err(ReplayRefusal::Used);
        }
        if live_until <= self.forgotten_until {
            return Err(ReplayRefusal::NotReady(NotReady::ClockWentBack));
        }
        let Some(slot) = slots.iter_mut().find(|slot| !slot.is_live(now)) else {
            return Err(ReplayRefusal::NotReady(NotReady::ReplayMemoryFull));
        };
        if let Some(dead) = slot.0 {
            self.forgotten_until = self.forgotten_until.max(dead.live_until);
        }
        *slot = ReplaySlot(Some(Used { key, live_until }));
        Ok(())
    }
}

impl ReplaySlot {
    fn is_live(&self, now: Timestamp) -> bool {
        self.0.is_some_and(|used| now <= used.live_until)
    }
}
