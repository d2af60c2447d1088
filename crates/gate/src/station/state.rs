//! What the reader knows of its station, between the core's thread and those that listen. Pure:
//! the clock is handed in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use units::{GateId, Span, Timestamp};
use validator::Passage;

use super::key::CodeHash;
use super::message::{Message, Saying};
use super::senders::{Senders, Unheard};
use super::table::{Table, Told};

/// What another reader says of a third one counts once it is so old: until then the third one's
/// claim may still be refused.
const SETTLED_AFTER: Span = Span::from_micros(50_000);

/// Codes refused on another's word, to be freed when it takes its word back.
const REFUSED_MAX: usize = 256;

/// Withdrawals that wait to be said again.
const WITHDRAWALS_MAX: usize = 256;

/// How often a withdrawal is said, a greeting apart: datagrams get lost.
const WITHDRAWN_TIMES: u8 = 3;

/// One code about which the station is being asked.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) code: CodeHash,
    /// Riders that go through on this tap, with those before on the same code.
    own: u8,
    /// How many may pass on the code.
    limit: u8,
    counter: u64,
    waits_for: BTreeSet<GateId>,
    /// Whether Redis has yet to answer.
    pub(crate) waits_for_redis: bool,
    taken: bool,
}

impl Round {
    /// Whether nothing that may still come changes the verdict.
    pub(crate) fn is_over(&self) -> bool {
        self.taken || self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.waits_for.is_empty() && !self.waits_for_redis
    }
}

/// What came of a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ended {
    /// Others have let too many pass.
    pub(crate) taken: bool,
    /// Everybody answered.
    pub(crate) complete: bool,
}

/// A code as the station counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    pub(crate) code: CodeHash,
    /// Riders on this tap.
    pub(crate) riders: u8,
    /// Riders that may pass on the code all in all.
    pub(crate) limit: u8,
    /// End of the code's life.
    pub(crate) until: Timestamp,
}

/// How a round begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Begun {
    /// It was told before that others have passed.
    Taken,
    /// This is to be said, and answers are to be waited for.
    Say(Message),
}

/// The station, as this reader knows it.
#[derive(Debug)]
pub(crate) struct State {
    me: GateId,
    boot: u64,
    counter: u64,
    table: Table,
    senders: Senders,
    round: Option<Round>,
    /// What was refused on others' word, in the order of refusing.
    refused: VecDeque<(CodeHash, Passage)>,
    /// Of them, those whose readers took their word back.
    freed: Vec<Passage>,
    /// Withdrawals, and how often they are still said.
    withdrawals: BTreeMap<CodeHash, (Timestamp, u8)>,
}

impl State {
    pub(crate) fn new(me: GateId, boot: u64) -> Self {
        Self {
            me,
            boot,
            counter: 0,
            table: Table::default(),
            senders: Senders::default(),
            round: None,
            refused: VecDeque::new(),
            freed: Vec::new(),
            withdrawals: BTreeMap::new(),
        }
    }

    fn say(&mut self, saying: Saying, now: Timestamp) -> Message {
        self.counter = self.counter.saturating_add(1);
        Message {
            sender: self.me,
            boot: self.boot,
            counter: self.counter,
            at: now,
            saying,
        }
    }

    fn put_own(&mut self, code: CodeHash, riders: u8, until: Timestamp, now: Timestamp) {
        let told = Told {
            reader: self.me,
            code,
            riders,
            said: (self.boot, self.counter),
            until,
        };
        self.table.put(&told, now);
    }

    /// The core is about to let riders pass.
    pub(crate) fn begin(&mut self, shown: &Shown, redis: bool, now: Timestamp) -> Begun {
        let (me, code) = (self.me, shown.code);
        let own = self.table.riders(me, code).saturating_add(shown.riders);
        let own = own.min(shown.limit);
        let ever = Timestamp::from_micros(i64::MAX);
        let others = self.table.elsewhere(code, ever, |reader| reader != me);
        if others > 0 && others.saturating_add(own) > shown.limit {
            return Begun::Taken;
        }
        self.withdrawals.remove(&code);
        let said = Saying::Claim {
            code,
            riders: own,
            until: shown.until,
            asks: true,
        };
        let message = self.say(said, now);
        self.put_own(code, own, shown.until, now);
        self.round = Some(Round {
            code,
            own,
            limit: shown.limit,
            counter: message.counter,
            waits_for: self.senders.present(now).collect(),
            waits_for_redis: redis,
            taken: false,
        });
        Begun::Say(message)
    }

    pub(crate) const fn round(&mut self) -> Option<&mut Round> {
        self.round.as_mut()
    }

    /// How many riders of this reader the code has, to be told to Redis.
    pub(crate) fn own(&self, code: CodeHash) -> u8 {
        self.table.riders(self.me, code)
    }

    /// Redis has answered about this code.
    pub(crate) fn redis_answered(&mut self, code: CodeHash, taken: bool) {
        if let Some(round) = self.round.as_mut().filter(|round| round.code == code) {
            round.waits_for_redis = false;
            round.taken |= taken;
        }
    }

    /// The core decides: with what is known by now.
    pub(crate) fn end(&mut self) -> Ended {
        let ended = self.round.take().map(|round| Ended {
            taken: round.taken,
            complete: round.is_complete(),
        });
        ended.unwrap_or(Ended {
            taken: false,
            complete: true,
        })
    }

    /// A code was refused on another's word.
    pub(crate) fn refused(&mut self, code: CodeHash, passage: Passage) {
        if self.refused.len() >= REFUSED_MAX {
            self.refused.pop_front();
        }
        self.refused.push_back((code, passage));
    }

    /// Passages that were refused on a word that was taken back.
    pub(crate) fn freed(&mut self) -> Vec<Passage> {
        std::mem::take(&mut self.freed)
    }

    /// Riders of ours did not go through after all; gives what is to be said.
    pub(crate) fn withdraw(&mut self, shown: &Shown, now: Timestamp) -> Message {
        let own = self.own(shown.code).saturating_sub(shown.riders);
        if self.withdrawals.len() < WITHDRAWALS_MAX {
            let again = WITHDRAWN_TIMES.saturating_sub(1);
            self.withdrawals.insert(shown.code, (shown.until, again));
        }
        self.say_withdrawn(shown.code, own, shown.until, now)
    }

    fn say_withdrawn(
        &mut self,
        code: CodeHash,
        riders: u8,
        until: Timestamp,
        now: Timestamp,
    ) -> Message {
        let message = self.say(
            Saying::Claim {
                code,
                riders,
                until,
                asks: false,
            },
            now,
        );
        self.put_own(code, riders, until, now);
        message
    }

    /// What is due: a greeting, and withdrawals once more. To be called about once a second.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Message> {
        let mut messages = vec![self.say(Saying::Hello, now)];
        let mut waiting = std::mem::take(&mut self.withdrawals);
        waiting.retain(|code, (until, times)| {
            let riders = self.own(*code);
            messages.push(self.say_withdrawn(*code, riders, *until, now));
            *times = times.saturating_sub(1);
            *times > 0
        });
        self.withdrawals = waiting;
        messages
    }

    /// Readers that are there.
    pub(crate) fn present(&self, now: Timestamp) -> usize {
        self.senders.present(now).count()
    }

    /// Takes a message that carries the station's seal; gives the answer to it.
    pub(crate) fn hear(
        &mut self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Option<Message>, Unheard> {
        if message.sender == self.me {
            return Err(Unheard::Stale); // One of ours that was sent back.
        }
        self.senders.hear(message, now)?;
        match message.saying {
            Saying::Hello => Ok(None),
            Saying::Claim {
                code,
                riders,
                until,
                asks,
            } => {
                let told = Told {
                    reader: message.sender,
                    code,
                    riders,
                    said: (message.boot, message.counter),
                    until,
                };
                Ok(self.hear_claim(&told, asks, now))
            }
            Saying::Answer {
                code,
                riders,
                to,
                boot,
                counter,
            } => {
                if (to, boot) == (self.me, self.boot) {
                    self.hear_answer(message.sender, code, riders, counter);
                }
                Ok(None)
            }
        }
    }

    /// Of two readers that claim a code at the same time the one with the lower number goes first.
    fn hear_claim(&mut self, told: &Told, asks: bool, now: Timestamp) -> Option<Message> {
        let (me, asker, code) = (self.me, told.reader, told.code);
        self.table.put(told, now);
        let ever = Timestamp::from_micros(i64::MAX);
        let round = self.round.as_mut().filter(|round| round.code == code);
        let is_pending = round.is_some();
        if let Some(round) = round {
            let before = self.table.elsewhere(code, ever, |reader| reader < me);
            round.taken |= before > 0 && before.saturating_add(round.own) > round.limit;
        } else if told.riders == 0 {
            self.free(code);
        }
        if !asks {
            return None;
        }
        let settled = now.minus(SETTLED_AFTER);
        let others = |reader| reader != me && reader != asker;
        let mut riders = self.table.elsewhere(code, settled, others);
        if !is_pending || me < asker {
            riders = riders.saturating_add(self.table.riders(me, code));
        }
        let (boot, counter) = told.said;
        let answer = Saying::Answer {
            code,
            riders,
            to: asker,
            boot,
            counter,
        };
        Some(self.say(answer, now))
    }

    fn hear_answer(&mut self, from: GateId, code: CodeHash, riders: u8, counter: u64) {
        let round = self.round.as_mut();
        if let Some(round) = round.filter(|round| (round.code, round.counter) == (code, counter)) {
            round.waits_for.remove(&from);
            round.taken |= riders > 0 && riders.saturating_add(round.own) > round.limit;
        }
    }

    /// A reader took its word back: who was refused on it may try again.
    fn free(&mut self, code: CodeHash) {
        let at = self
            .refused
            .iter()
            .position(|(refused, _)| *refused == code);
        if let Some((_, passage)) = at.and_then(|at| self.refused.remove(at)) {
            self.freed.push(passage);
        }
    }
}

#[cfg(test)]
mod tests;
