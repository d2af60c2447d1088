//! Readers of one station tell each other which codes they let pass, without a server: sealed
//! datagrams between them, and Redis where there is one. An extra check: it has a few
//! milliseconds, and where nobody answers in time the decision stands and settlement sees a
//! double use.
//!
//! The core claims a code before the tap is written down ([`Station::claim`]): others learn of it
//! and answer whether they have let it pass. A claim that comes to nothing is withdrawn.

mod boot;
mod counts;
mod gossip;
mod hot;
mod key;
pub mod message;
mod senders;
mod state;
mod table;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use units::GateId;
use validator::{Passage, Permit};

pub use boot::next_start;
pub use counts::StationCounts;
pub use gossip::Gossip;
pub use hot::{Hot, HotError};
pub use key::{CodeHash, StationKey, StationKeyError};

use counts::Count;
use state::{Begun, Shown, State};

use crate::machine::{self, Stopwatch};

/// What the threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    pub(crate) key: StationKey,
    pub(crate) me: GateId,
    pub(crate) boot: u64,
    pub(crate) counts: Arc<StationCounts>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something came that the core may be waiting for.
    pub(crate) fn wake(&self) {
        self.wake.notify_all();
    }
}

/// What the station said of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// Nobody has let it pass, as far as is known within the budget.
    New,
    /// Another reader has.
    Used,
}

/// The station, as the core sees it.
#[derive(Debug)]
pub struct Station {
    shared: Arc<Shared>,
    budget: Duration,
    gossip: Option<Gossip>,
    hot: Option<Hot>,
}

impl Station {
    /// A station of which this is reader `me`, in its start number `boot`, that is asked for at
    /// most `budget` per code. Nobody else is in it yet.
    #[must_use]
    pub fn new(
        key: StationKey,
        me: GateId,
        boot: u64,
        budget: Duration,
        counts: Arc<StationCounts>,
    ) -> Self {
        let shared = Shared {
            state: Mutex::new(State::new(me, boot)),
            wake: Condvar::new(),
            key,
            me,
            boot,
            counts,
        };
        Self {
            shared: Arc::new(shared),
            budget,
            gossip: None,
            hot: None,
        }
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Talks to other readers from now on.
    #[must_use]
    pub fn with_gossip(self, gossip: Gossip) -> Self {
        Self {
            gossip: Some(gossip),
            ..self
        }
    }

    /// Asks Redis too from now on.
    #[must_use]
    pub fn with_hot(self, hot: Hot) -> Self {
        Self {
            hot: Some(hot),
            ..self
        }
    }

    /// Tells the station that this code is about to pass, and asks whether it has passed elsewhere.
    /// Takes no longer than the budget.
    pub fn claim(&self, permit: &Permit) -> Word {
        let watch = Stopwatch::start();
        let shown = self.shown(permit);
        let shared = &self.shared;
        let hot = self.hot.as_ref().filter(|hot| hot.answers());
        let mut state = shared.lock();
        let message = match state.begin(&shown, hot.is_some(), machine::now()) {
            Begun::Taken => {
                state.refused(shown.code, permit.passage);
                shared.counts.add(Count::Hits);
                return Word::Used;
            }
            Begun::Say(message) => message,
        };
        let own = state.own(shown.code);
        drop(state);
        shared.counts.add(Count::Asked);
        if let Some(gossip) = &self.gossip {
            gossip.send(&message.encode(&shared.key));
        }
        let asked = hot.is_none_or(|hot| hot.claim(&shown, own, self.budget));
        let mut state = shared.lock();
        if !asked && let Some(round) = state.round() {
            round.waits_for_redis = false;
        }
        let left = self.budget.saturating_sub(watch.elapsed());
        let waits = |state: &mut State| state.round().is_some_and(|round| !round.is_over());
        let (mut state, _) = shared
            .wake
            .wait_timeout_while(state, left, waits)
            .unwrap_or_else(PoisonError::into_inner);
        let ended = state.end();
        if ended.taken {
            state.refused(shown.code, permit.passage);
        }
        drop(state);
        if ended.taken {
            shared.counts.add(Count::Hits);
            self.take_back(&shown);
            return Word::Used;
        }
        let count = if ended.complete && asked {
            Count::Answered
        } else {
            Count::Late
        };
        shared.counts.add(count);
        Word::New
    }

    /// Nobody went through on this tap, after all.
    pub fn withdraw(&self, permit: &Permit) {
        self.take_back(&self.shown(permit));
    }

    fn take_back(&self, shown: &Shown) {
        let message = self.shared.lock().withdraw(shown, machine::now());
        if let Some(gossip) = &self.gossip {
            gossip.send(&message.encode(&self.shared.key));
        }
        if let Some(hot) = &self.hot {
            hot.withdraw(shown);
        }
    }

    /// Passages that were refused on another's word, which it has taken back.
    #[must_use]
    pub fn freed(&self) -> Vec<Passage> {
        self.shared.lock().freed()
    }

    /// A code that is shown once counts as one; a ticket that its party shows in turn as many as
    /// they are.
    fn shown(&self, permit: &Permit) -> Shown {
        let (passage, party) = (&permit.passage, permit.entitlement.party.as_riders());
        let in_turn = passage.made.is_none() && passage.riders < party;
        Shown {
            code: self.shared.key.code_of(passage),
            riders: if in_turn { passage.riders } else { 1 },
            limit: if in_turn { party } else { 1 },
            until: passage.live_until,
        }
    }
}
