//! Which reader has let how many riders pass on which code: a register for each reader and code,
//! that only its reader's later messages change. Bounded: a reader that floods loses its own
//! registers, never another's.

use std::collections::{BTreeMap, BTreeSet};

use units::{GateId, Span, Timestamp};

use super::key::CodeHash;

/// Readers of a station.
pub(crate) const READERS_MAX: usize = 64;

/// Codes held per reader: one lets pass about one rider a second, and a ticket that is shown at
/// a gate lives for minutes.
pub(crate) const CODES_PER_READER_MAX: usize = 1024;

/// The longest that a code is held, whatever its reader says.
const HELD_MAX: Span = Span::from_secs(24 * 3600);

/// How long a code is held after its end: clocks of one station differ by less.
const HELD_AFTER: Span = Span::from_secs(60);

/// What one reader says of one code.
#[derive(Clone, Copy, Debug)]
struct Register {
    riders: u8,
    /// Boot and counter of the message.
    said: (u64, u64),
    /// When it was heard.
    heard: Timestamp,
    /// When it is forgotten.
    until: Timestamp,
}

#[derive(Debug, Default)]
struct Shelf {
    registers: BTreeMap<CodeHash, Register>,
    ends: BTreeSet<(Timestamp, CodeHash)>,
}

/// All registers.
#[derive(Debug, Default)]
pub(crate) struct Table {
    shelves: BTreeMap<GateId, Shelf>,
}

/// What is to be put down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) reader: GateId,
    pub(crate) code: CodeHash,
    pub(crate) riders: u8,
    /// Boot and counter.
    pub(crate) said: (u64, u64),
    /// End of the code's life.
    pub(crate) until: Timestamp,
}

impl Table {
    /// Puts down what a reader says, unless it said something later before.
    pub(crate) fn put(&mut self, told: &Told, now: Timestamp) {
        if !self.shelves.contains_key(&told.reader) && self.shelves.len() >= READERS_MAX {
            return;
        }
        let own = self.shelves.entry(told.reader).or_default();
        own.forget(now);
        let mut heard = now;
        if let Some(before) = own.registers.get(&told.code) {
            if before.said >= told.said {
                return;
            }
            if before.riders == told.riders {
                heard = before.heard;
            }
            own.ends.remove(&(before.until, told.code));
        }
        let until = told.until.plus(HELD_AFTER).min(now.plus(HELD_MAX));
        let register = Register {
            riders: told.riders,
            said: told.said,
            heard,
            until,
        };
        own.registers.insert(told.code, register);
        own.ends.insert((until, told.code));
        if own.registers.len() > CODES_PER_READER_MAX
            && let Some((_, code)) = own.ends.pop_first()
        {
            own.registers.remove(&code);
        }
    }

    /// Riders that this reader has let pass on this code.
    pub(crate) fn riders(&self, reader: GateId, code: CodeHash) -> u8 {
        let registers = self.shelves.get(&reader).map(|shelf| &shelf.registers);
        registers
            .and_then(|registers| registers.get(&code))
            .map_or(0, |register| register.riders)
    }

    /// Riders on this code at readers that `counts`, of what was heard until then.
    pub(crate) fn elsewhere(
        &self,
        code: CodeHash,
        heard_until: Timestamp,
        counts: impl Fn(GateId) -> bool,
    ) -> u8 {
        let shelves = self.shelves.iter().filter(|(reader, _)| counts(**reader));
        let registers = shelves.filter_map(|(_, shelf)| shelf.registers.get(&code));
        registers
            .filter(|register| register.heard <= heard_until)
            .fold(0, |sum, register| sum.saturating_add(register.riders))
    }
}

impl Shelf {
    fn forget(&mut self, now: Timestamp) {
        while let Some((until, code)) = self.ends.first().copied()
            && until < now
        {
            self.ends.pop_first();
            self.registers.remove(&code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);

    fn told(reader: u32, number: u32, riders: u8, counter: u64) -> Told {
        let mut code = [0; 16];
        code[..4].copy_from_slice(&number.to_be_bytes());
        Told {
            reader: GateId::from_number(reader),
            code: CodeHash(code),
            riders,
            said: (1, counter),
            until: NOW.plus(Span::from_secs(45)),
        }
    }

    fn elsewhere(table: &Table, told: &Told) -> u8 {
        table.elsewhere(told.code, NOW, |_| true)
    }

    #[test]
    fn the_later_message_counts_in_whatever_order_they_come() {
        let mut table = Table::default();
        table.put(&told(1, 5, 0, 8), NOW);
        table.put(&told(1, 5, 1, 7), NOW);
        assert_eq!(elsewhere(&table, &told(1, 5, 0, 0)), 0);
        table.put(&told(2, 5, 2, 1), NOW);
        table.put(&told(1, 5, 1, 9), NOW);
        assert_eq!(elsewhere(&table, &told(1, 5, 0, 0)), 3);
        assert_eq!(
            table.riders(GateId::from_number(2), told(2, 5, 0, 0).code),
            2
        );
        assert_eq!(elsewhere(&table, &told(1, 6, 0, 0)), 0);
    }

    #[test]
    fn a_flood_loses_its_own_registers_and_the_dead_are_forgotten() {
        let mut table = Table::default();
        table.put(&told(2, 5, 1, 1), NOW);
        for number in 0..5_000 {
            table.put(&told(1, number, 1, u64::from(number)), NOW);
        }
        let flood = &table.shelves[&GateId::from_number(1)];
        assert_eq!(flood.registers.len(), CODES_PER_READER_MAX);
        assert_eq!(flood.ends.len(), CODES_PER_READER_MAX);
        assert_eq!(
            table.riders(GateId::from_number(2), told(2, 5, 0, 0).code),
            1
        );
        for reader in 3..200 {
            table.put(&told(reader, 1, 1, 1), NOW);
        }
        assert_eq!(table.shelves.len(), READERS_MAX);
        table.put(&told(1, 9_999, 1, 9_999), NOW.plus(Span::from_secs(106)));
        let flood = &table.shelves[&GateId::from_number(1)];
        assert_eq!((flood.registers.len(), flood.ends.len()), (1, 1));
    }
}
