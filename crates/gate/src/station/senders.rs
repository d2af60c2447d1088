//! Who has been heard: no message counts twice, none from another time, and nobody speaks faster
//! than a reader needs to.

use std::collections::BTreeMap;

use units::{GateId, Span, Timestamp};

use super::message::Message;
use super::table::READERS_MAX;

/// How far a sender's clock may be off.
pub(crate) const CLOCKS_WITHIN: Span = Span::from_secs(30);

/// How long after its last message a reader counts as there: three greetings.
const PRESENT_FOR: Span = Span::from_secs(3);

/// Messages of one reader per second: far more than a claim and a withdrawal per rider, a greeting,
/// and an answer to each of our claims; few enough to cost a hundredth of a core.
const MESSAGES_PER_SECOND: u32 = 2_000;

/// Counters below the highest that may still come, for datagrams overtake each other.
const WINDOW: u64 = 64;

#[derive(Clone, Copy, Debug)]
struct Sender {
    boot: u64,
    highest: u64,
    /// Bit n: `highest - n` has come.
    seen: u64,
    heard: Timestamp,
    /// Messages in the second that began then.
    second: (Timestamp, u32),
}

/// Why a sealed message does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unheard {
    /// It came before, or is from another time.
    Stale,
    /// Its sender speaks too fast, or there are too many senders.
    TooMany,
}

/// All senders.
#[derive(Debug, Default)]
pub(crate) struct Senders(BTreeMap<GateId, Sender>);

impl Senders {
    /// Takes note of a message, which counts from now on no more.
    pub(crate) fn hear(&mut self, message: &Message, now: Timestamp) -> Result<(), Unheard> {
        let off = now.since(message.at);
        if off.as_micros().unsigned_abs() > CLOCKS_WITHIN.as_micros().unsigned_abs() {
            return Err(Unheard::Stale);
        }
        if !self.0.contains_key(&message.sender) && self.0.len() >= READERS_MAX {
            return Err(Unheard::TooMany);
        }
        let fresh = Sender {
            boot: message.boot,
            highest: message.counter,
            seen: 0,
            heard: now,
            second: (now, 0),
        };
        let sender = self.0.entry(message.sender).or_insert(fresh);
        if message.boot < sender.boot {
            return Err(Unheard::Stale);
        }
        let age = now.since(sender.second.0);
        if age < Span::ZERO || age >= Span::from_secs(1) {
            sender.second = (now, 0);
        }
        if sender.second.1 >= MESSAGES_PER_SECOND {
            return Err(Unheard::TooMany);
        }
        if message.boot > sender.boot {
            *sender = Sender {
                second: sender.second,
                ..fresh
            };
        }
        sender.take(message.counter)?;
        sender.second.1 += 1;
        sender.heard = now;
        Ok(())
    }

    /// Readers heard of lately.
    pub(crate) fn present(&self, now: Timestamp) -> impl Iterator<Item = GateId> {
        let lately = self.0.iter().filter(move |(_, sender)| {
            let age = now.since(sender.heard);
            age >= Span::ZERO && age <= PRESENT_FOR
        });
        lately.map(|(reader, _)| *reader)
    }
}

impl Sender {
    /// Takes a counter once (as RFC 4303, 3.4.3, does).
    fn take(&mut self, counter: u64) -> Result<(), Unheard> {
        if let Some(ahead) = counter.checked_sub(self.highest).filter(|ahead| *ahead > 0) {
            let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
            self.highest = counter;
            return Ok(());
        }
        let behind = self.highest.saturating_sub(counter);
        if behind >= WINDOW {
            return Err(Unheard::Stale);
        }
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return Err(Unheard::Stale);
        }
        self.seen |= bit;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::message::Saying;

    const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);

    fn message(boot: u64, counter: u64) -> Message {
        Message {
            sender: GateId::from_number(1),
            boot,
            counter,
            at: NOW,
            saying: Saying::Hello,
        }
    }

    #[test]
    fn each_message_counts_once_also_when_they_overtake_each_other() {
        let mut senders = Senders::default();
        let order = [10, 12, 11, 80, 17, 16, 200, 137, 136];
        let heard: Vec<_> = order
            .iter()
            .map(|counter| senders.hear(&message(5, *counter), NOW).is_ok())
            .collect();
        // 64 counters are remembered: 17 to 80, then 137 to 200.
        assert_eq!(
            heard,
            [true, true, true, true, true, false, true, true, false]
        );
        for counter in order {
            assert_eq!(senders.hear(&message(5, counter), NOW), Err(Unheard::Stale));
        }
        // After a restart counters begin again; what was said before does not.
        assert_eq!(senders.hear(&message(6, 0), NOW), Ok(()));
        assert_eq!(senders.hear(&message(6, 0), NOW), Err(Unheard::Stale));
        assert_eq!(senders.hear(&message(5, 201), NOW), Err(Unheard::Stale));
    }

    #[test]
    fn other_times_and_floods_do_not_count() {
        let mut senders = Senders::default();
        for off in [-31, 31] {
            let other = NOW.plus(Span::from_secs(off));
            assert_eq!(senders.hear(&message(1, 1), other), Err(Unheard::Stale));
        }
        assert_eq!(senders.present(NOW).count(), 0);
        let taken = (0..5000).filter(|n| senders.hear(&message(1, *n), NOW).is_ok());
        assert_eq!(taken.count(), 2_000);
        let later = NOW.plus(Span::from_secs(1));
        assert_eq!(senders.hear(&message(1, 9000), later), Ok(()));
        assert_eq!(senders.present(later.plus(Span::from_secs(3))).count(), 1);
        assert_eq!(senders.present(later.plus(Span::from_secs(4))).count(), 0);
    }
}
