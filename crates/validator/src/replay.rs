//! The memory of what passed: which codes are used, and who has just gone through.
//!
//! A presentation is known by (`cti`, `iat`), a ticket by (`cti`, on or off): never by its text or
//! its signature, since some phones sign the same message differently each time. A slot is used
//! again only when its code has died and its party may come again; when no slot is free the gate
//! refuses rather than forgets.
//!
//! A code has two neighbourhoods of at most 16 slots, by its credential, and nothing outside them
//! is looked at: the time is bounded, however many slots there are.
//!
//! The memory serves one reader, or a station whose readers tell each other what they let pass
//! ([`ReplayMemory::remember`]): what is said here of a gate is then said of the station.

use units::{CredentialId, Timestamp};
use wire::tap::TapKind;

use crate::neighbourhood::Neighbourhoods;
use crate::refusal::NotReady;

/// One tap that let somebody pass: what replay and anti-passback need of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passage {
    /// The id (`cti`) of the credential or ticket.
    pub id: CredentialId,
    /// When the phone made the code, by its clock; tickets do not say.
    pub made: Option<Timestamp>,
    /// Which way.
    pub kind: TapKind,
    /// When, by the gate's clock.
    pub at: Timestamp,
    /// How many riders went through on it.
    pub riders: u8,
    /// Last instant at which the code could pass.
    pub live_until: Timestamp,
    /// First instant at which the same credential may go through the same way again, beyond its
    /// party.
    pub back_from: Timestamp,
}

impl Passage {
    /// Whether both are taps with one code: one (`cti`, `iat`), or one ticket and one way.
    #[must_use]
    pub fn is_same_code(&self, other: &Self) -> bool {
        self.id == other.id
            && match (self.made, other.made) {
                (Some(made), Some(other)) => made == other,
                (None, None) => self.kind == other.kind,
                _ => false,
            }
    }
}

/// Room for one code. The memory holds as many codes as the caller gives it slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplaySlot(Option<Used>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Used {
    passage: Passage,
    /// Riders whose way back is not known: those that anti-passback counts.
    inside: u8,
    /// Whether nobody knows if somebody went through.
    doubtful: bool,
}

impl Used {
    /// Whether anti-passback holds it: riders are in, and their time is not over. A span of zero
    /// holds nobody, even when the clock has gone back.
    fn is_away(&self, now: Timestamp) -> bool {
        let passage = &self.passage;
        self.inside > 0 && passage.at < passage.back_from && now < passage.back_from
    }
}

impl ReplaySlot {
    /// A slot without a code.
    pub const EMPTY: Self = Self(None);

    fn is_live(&self, now: Timestamp) -> bool {
        self.0
            .is_some_and(|used| now <= used.passage.live_until || used.is_away(now))
    }
}

/// The memory, in slots that the caller owns: an array, a `Vec`, a borrowed slice.
///
/// At most 32 slots are looked at for each code that would be permitted: those in which codes of
/// its credential may be. With 32 slots or fewer that is all of them. A gate needs about twice as
/// many as riders can pass in the longest life of a code; up to that load no neighbourhood fills up
/// before the others. When both of a code are full of live codes it is refused
/// ([`NotReady::ReplayMemoryFull`]), so one credential has at most 32 live codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplayMemory<S> {
    slots: S,
    /// The latest end of life among forgotten codes. A live code that ends no later could be one
    /// of them; that only happens when the gate's clock has gone back.
    forgotten_until: Timestamp,
}

/// What a code asks of the memory.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// The tap, if it is let pass. `riders` is the party.
    pub(crate) passage: Passage,
    /// Whether the party goes one by one.
    pub(crate) one_by_one: bool,
    /// How long a doubtful tap is given the benefit of the doubt.
    pub(crate) doubt_since: Timestamp,
}

/// How a code was noted.
#[derive(Clone, Copy)]
pub(crate) struct Noted {
    pub(crate) passage: Passage,
    /// The doubtful tap that this one stands for.
    pub(crate) again: Option<Timestamp>,
}

/// Why a code is not let pass again, or not noted.
#[derive(Clone, Copy)]
pub(crate) enum ReplayRefusal {
    Used,
    /// Anti-passback: the party is through; it may come again then.
    Through(Timestamp),
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

    /// Takes a tap that was permitted elsewhere or before: by another reader of the station, or by
    /// this one before it was restarted. A code that is known already is not counted twice.
    ///
    /// # Errors
    /// [`NotReady::ReplayMemoryFull`]: no slot is free. The code is then refused all the same, with
    /// all codes that die no later, as if the clock had gone back.
    pub fn remember(&mut self, passage: &Passage, now: Timestamp) -> Result<(), NotReady> {
        if self.find(passage).is_some() {
            return Ok(());
        }
        let used = Used {
            passage: *passage,
            inside: passage.riders,
            doubtful: false,
        };
        let ever = Timestamp::from_micros(i64::MIN);
        let noted = self.place(used, now, ever);
        if noted.is_err() {
            self.forgotten_until = self.forgotten_until.max(passage.live_until);
        }
        noted
    }

    /// Nobody went through on this tap: the door did not open, or nobody moved. The same code and
    /// the next one of the same credential pass as if it had not been shown. Says whether the tap
    /// was known.
    ///
    /// The tap's record must say so too (a note), or the rider is charged for both.
    pub fn forget(&mut self, passage: &Passage) -> bool {
        let Some(slot) = self.find(passage) else {
            return false;
        };
        let Some(used) = &mut slot.0 else {
            return false;
        };
        if passage.made.is_some() && used.passage.at != passage.at {
            return false; // The code has passed since, as a repetition of this tap.
        }
        used.passage.riders = used.passage.riders.saturating_sub(passage.riders);
        used.inside = used.inside.saturating_sub(passage.riders);
        if used.passage.riders == 0 {
            *slot = ReplaySlot::EMPTY;
        }
        true
    }

    /// Nobody knows whether somebody went through on this tap: it is on disk, and the power failed
    /// before it was noted what the door did. The rider is given the benefit of the doubt once:
    /// the same code, or the next one of the same credential, passes as a repetition
    /// (`Permit::again`). Says whether the tap was known.
    pub fn doubt(&mut self, passage: &Passage) -> bool {
        match self.find(passage) {
            Some(ReplaySlot(Some(used))) => {
                used.doubtful = true;
                true
            }
            _ => false,
        }
    }

    fn find(&mut self, passage: &Passage) -> Option<&mut ReplaySlot> {
        self.near_mut(&passage.id).find(|slot| {
            slot.0
                .is_some_and(|used| used.passage.is_same_code(passage))
        })
    }

    /// The slots in which codes of this credential may be.
    fn near(&self, id: &CredentialId) -> impl Iterator<Item = &ReplaySlot> {
        let slots = self.slots.as_ref();
        Neighbourhoods::of(id, slots.len()).slots(slots)
    }

    fn near_mut(&mut self, id: &CredentialId) -> impl Iterator<Item = &mut ReplaySlot> {
        let slots = self.slots.as_mut();
        Neighbourhoods::of(id, slots.len()).slots_mut(slots)
    }

    /// Puts a tap into a slot whose code has died, and whose rider has no doubt to benefit from: in
    /// the emptier of its neighbourhoods, so that none fills up before the others.
    fn place(
        &mut self,
        used: Used,
        now: Timestamp,
        doubt_since: Timestamp,
    ) -> Result<(), NotReady> {
        let is_free = |slot: &ReplaySlot| {
            let is_doubted = slot
                .0
                .is_some_and(|used| used.doubtful && doubt_since <= used.passage.at);
            !is_doubted && !slot.is_live(now)
        };
        let slots = self.slots.as_mut();
        let near = Neighbourhoods::of(&used.passage.id, slots.len());
        let Some(slot) = near.free(slots, is_free) else {
            return Err(NotReady::ReplayMemoryFull);
        };
        if let Some(dead) = slot.0 {
            self.forgotten_until = self.forgotten_until.max(dead.passage.live_until);
        }
        *slot = ReplaySlot(Some(used));
        Ok(())
    }

    /// Notes a code that may pass, or says why it may not; then nothing is changed.
    pub(crate) fn note(&mut self, asked: &Asked) -> Result<Noted, ReplayRefusal> {
        let mut passage = asked.passage;
        let party = passage.riders;
        let now = passage.at;
        if asked.one_by_one {
            passage.riders = 1;
        }
        // The same credential, the same way, not back yet.
        let (mut inside, mut back_from, mut doubted) = (0_u8, passage.back_from, None);
        let mut same_code = None;
        for used in self.near(&passage.id).filter_map(|slot| slot.0) {
            if used.passage.id != passage.id {
                continue;
            }
            let in_doubt = used.doubtful
                && used.passage.kind == passage.kind
                && asked.doubt_since <= used.passage.at;
            if used.passage.is_same_code(&passage) {
                same_code = Some((used, in_doubt));
            }
            if used.passage.kind != passage.kind {
                continue;
            }
            if in_doubt {
                doubted = doubted.max(Some(used.passage.at));
            } else if used.is_away(now) {
                inside = inside.saturating_add(used.inside);
                back_from = back_from.min(used.passage.back_from);
            }
        }
        if let Some((used, in_doubt)) = same_code
            && !in_doubt
        {
            // A ticket is shown by each of its party in turn; a phone makes a code for each.
            let is_shared = asked.one_by_one && passage.made.is_none();
            if !is_shared || used.passage.riders >= party {
                return Err(ReplayRefusal::Used);
            }
        }
        if inside.saturating_add(passage.riders) > party {
            return Err(ReplayRefusal::Through(back_from));
        }
        if same_code.is_none() && passage.live_until <= self.forgotten_until {
            return Err(ReplayRefusal::NotReady(NotReady::ClockWentBack));
        }
        self.write(&passage, same_code.is_some(), doubted, asked.doubt_since)?;
        self.turn(&passage);
        let again = doubted;
        Ok(Noted { passage, again })
    }

    /// Writes a tap that passes. `doubted` is the tap that it repeats, whose doubt is over.
    fn write(
        &mut self,
        passage: &Passage,
        is_known: bool,
        doubted: Option<Timestamp>,
        doubt_since: Timestamp,
    ) -> Result<(), ReplayRefusal> {
        if !is_known {
            let used = Used {
                passage: *passage,
                inside: passage.riders,
                doubtful: false,
            };
            self.place(used, passage.at, doubt_since)
                .map_err(ReplayRefusal::NotReady)?;
        }
        let slots = self.near_mut(&passage.id);
        for used in slots.filter_map(|slot| slot.0.as_mut()) {
            let is_same = used.passage.is_same_code(passage);
            let was_doubted = used.doubtful
                && used.passage.id == passage.id
                && used.passage.kind == passage.kind
                && Some(used.passage.at) == doubted;
            if was_doubted {
                used.doubtful = false;
                used.inside = 0;
            }
            if is_same && is_known {
                let before = if was_doubted { 0 } else { used.passage.riders };
                used.passage = Passage {
                    riders: before.saturating_add(passage.riders),
                    ..*passage
                };
                used.inside = used.inside.saturating_add(passage.riders);
            }
        }
        Ok(())
    }

    /// Who goes out is no longer in, and the other way round: who came first, first, wherever its
    /// slot is.
    fn turn(&mut self, passage: &Passage) {
        let mut turned = passage.riders;
        let now = passage.at;
        while turned > 0 {
            let away = self
                .near_mut(&passage.id)
                .filter_map(|slot| slot.0.as_mut())
                .filter(|used| used.passage.id == passage.id && used.passage.kind != passage.kind)
                .filter(|used| used.is_away(now));
            let Some(used) = away.min_by_key(|used| (used.passage.at, used.passage.made)) else {
                return;
            };
            let back = turned.min(used.inside);
            used.inside = used.inside.saturating_sub(back);
            turned = turned.saturating_sub(back);
        }
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
