//! The memory against a naive one: a list of all that passed, read from end to end each time.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use units::Span;

use super::*;

const BEGIN: Timestamp = Timestamp::from_micros(i64::MIN);

/// What a memory says to a code that asks to pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Said {
    /// Riders that pass, and the doubtful tap that this one repeats.
    Permitted(u8, Option<Timestamp>),
    Used,
    Through(Timestamp),
    Full,
    ClockWentBack,
}

fn said(noted: Result<Noted, ReplayRefusal>) -> Said {
    match noted {
        Ok(noted) => Said::Permitted(noted.passage.riders, noted.again),
        Err(ReplayRefusal::Used) => Said::Used,
        Err(ReplayRefusal::Through(back_from)) => Said::Through(back_from),
        Err(ReplayRefusal::NotReady(NotReady::ClockWentBack)) => Said::ClockWentBack,
        Err(ReplayRefusal::NotReady(_)) => Said::Full,
    }
}

/// One tap in the naive memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Tap {
    passage: Passage,
    inside: u8,
    doubtful: bool,
}

impl Tap {
    fn is_away(&self, now: Timestamp) -> bool {
        let passage = &self.passage;
        self.inside > 0 && passage.at < passage.back_from && now < passage.back_from
    }

    fn is_in_doubt(&self, asked: &Asked) -> bool {
        self.doubtful
            && self.passage.kind == asked.passage.kind
            && asked.doubt_since <= self.passage.at
    }
}

/// All taps in one row. With a room of `n` the first dead one makes place for the next, as in a
/// memory that is read from end to end; without, nothing is ever forgotten.
#[derive(Clone, Debug)]
struct Naive {
    taps: Vec<Option<Tap>>,
    room: Option<usize>,
    forgotten_until: Timestamp,
}

impl Naive {
    fn new(room: Option<usize>) -> Self {
        Self {
            taps: vec![None; room.unwrap_or(0)],
            room,
            forgotten_until: BEGIN,
        }
    }

    fn find(&mut self, passage: &Passage) -> Option<&mut Option<Tap>> {
        self.taps
            .iter_mut()
            .find(|tap| tap.is_some_and(|tap| tap.passage.is_same_code(passage)))
    }

    fn is_live(&mut self, passage: &Passage, now: Timestamp) -> bool {
        let found = self.find(passage).copied().flatten();
        found.is_some_and(|tap| now <= tap.passage.live_until || tap.is_away(now))
    }

    fn put(&mut self, passage: Passage, now: Timestamp, doubt_since: Timestamp) -> bool {
        let tap = Tap {
            passage,
            inside: passage.riders,
            doubtful: false,
        };
        if self.room.is_none() {
            self.taps.push(Some(tap));
            return true;
        }
        for place in &mut self.taps {
            if let Some(old) = place {
                let is_doubted = old.doubtful && doubt_since <= old.passage.at;
                if is_doubted || now <= old.passage.live_until || old.is_away(now) {
                    continue;
                }
                self.forgotten_until = self.forgotten_until.max(old.passage.live_until);
            }
            *place = Some(tap);
            return true;
        }
        false
    }

    fn remember(&mut self, passage: &Passage, now: Timestamp) -> bool {
        if self.find(passage).is_some() || self.put(*passage, now, BEGIN) {
            return true;
        }
        self.forgotten_until = self.forgotten_until.max(passage.live_until);
        false
    }

    fn forget(&mut self, passage: &Passage) -> bool {
        let Some(Some(mut tap)) = self.find(passage).copied() else {
            return false;
        };
        if passage.made.is_some() && tap.passage.at != passage.at {
            return false;
        }
        tap.passage.riders = tap.passage.riders.saturating_sub(passage.riders);
        tap.inside = tap.inside.saturating_sub(passage.riders);
        let left = (tap.passage.riders > 0).then_some(tap);
        *self.find(passage).unwrap() = left;
        true
    }

    fn doubt(&mut self, passage: &Passage) -> bool {
        match self.find(passage) {
            Some(Some(tap)) => {
                tap.doubtful = true;
                true
            }
            _ => false,
        }
    }

    fn note(&mut self, asked: &Asked) -> Said {
        let (mut passage, party) = (asked.passage, asked.passage.riders);
        let now = passage.at;
        if asked.one_by_one {
            passage.riders = 1;
        }
        let of_id = |tap: &&Tap| tap.passage.id == passage.id;
        let same_way = |tap: &&Tap| tap.passage.kind == passage.kind;
        let mine: Vec<Tap> = self.taps.iter().flatten().filter(of_id).copied().collect();
        let known = mine
            .iter()
            .find(|tap| tap.passage.is_same_code(&passage))
            .copied();
        if let Some(tap) = known.filter(|tap| !tap.is_in_doubt(asked)) {
            let by_turns = asked.one_by_one && passage.made.is_none();
            if !by_turns || tap.passage.riders >= party {
                return Said::Used;
            }
        }
        let doubts = mine.iter().filter(|tap| tap.is_in_doubt(asked));
        let again = doubts.map(|tap| tap.passage.at).max();
        let sure = mine
            .iter()
            .filter(same_way)
            .filter(|tap| !tap.is_in_doubt(asked) && tap.is_away(now));
        let inside: u32 = sure.clone().map(|tap| u32::from(tap.inside)).sum();
        if inside + u32::from(passage.riders) > u32::from(party) {
            let ends = sure.map(|tap| tap.passage.back_from);
            return Said::Through(ends.fold(passage.back_from, Ord::min));
        }
        if known.is_none() && passage.live_until <= self.forgotten_until {
            return Said::ClockWentBack;
        }
        if known.is_none() && !self.put(passage, now, asked.doubt_since) {
            return Said::Full;
        }
        self.repeat(&passage, known.is_some(), again);
        for _ in 0..passage.riders {
            let back = self.taps.iter_mut().flatten().filter(|tap| {
                tap.passage.id == passage.id && tap.passage.kind != passage.kind && tap.is_away(now)
            });
            if let Some(tap) = back.min_by_key(|tap| (tap.passage.at, tap.passage.made)) {
                tap.inside -= 1;
            }
        }
        Said::Permitted(passage.riders, again)
    }

    /// The doubtful tap ends; a known code counts its new riders.
    fn repeat(&mut self, passage: &Passage, is_known: bool, again: Option<Timestamp>) {
        for tap in self.taps.iter_mut().flatten() {
            let is_same = is_known && tap.passage.is_same_code(passage);
            let ends = tap.doubtful
                && tap.passage.id == passage.id
                && tap.passage.kind == passage.kind
                && Some(tap.passage.at) == again;
            if ends {
                (tap.doubtful, tap.inside) = (false, 0);
            }
            if is_same {
                let before = if ends { 0 } else { tap.passage.riders };
                tap.passage = Passage {
                    riders: before.saturating_add(passage.riders),
                    ..*passage
                };
                tap.inside = tap.inside.saturating_add(passage.riders);
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A code asks to pass.
    Ask,
    /// Another reader let it pass.
    Remember,
    /// Nobody passed on an earlier tap.
    Forget(prop::sample::Index),
    /// Nobody knows of an earlier tap.
    Doubt(prop::sample::Index),
}

/// A code, by small numbers, and what happens to it after so many tenths of a second.
#[derive(Clone, Copy, Debug)]
struct Event {
    step: Step,
    credential: u16,
    made: Option<u8>,
    is_on: bool,
    after: i64,
}

fn arb_events(credentials: u16, after: core::ops::Range<i64>) -> impl Strategy<Value = Vec<Event>> {
    let step = prop_oneof![
        8 => Just(Step::Ask),
        2 => Just(Step::Remember),
        2 => any::<prop::sample::Index>().prop_map(Step::Forget),
        1 => any::<prop::sample::Index>().prop_map(Step::Doubt),
    ];
    let code = (0..credentials, proptest::option::of(0..8_u8), any::<bool>());
    let event = (step, code, after);
    let event = event.prop_map(|(step, (credential, made, is_on), after)| Event {
        step,
        credential,
        made,
        is_on,
        after,
    });
    proptest::collection::vec(event, 1..400)
}

/// Party, whether one by one, and anti-passback in seconds.
fn arb_ways() -> impl Strategy<Value = (u8, bool, i64)> {
    (1..4_u8, any::<bool>(), prop_oneof![Just(0_i64), 1..40_i64])
}

/// The code of an event as a tap at `now`; `None` when it does not live then.
fn tap(
    event: &Event,
    now: Timestamp,
    (party, one_by_one, passback): (u8, bool, i64),
) -> Option<Passage> {
    let mut id = [7; 16];
    id[4..6].copy_from_slice(&event.credential.to_be_bytes());
    let (made, live_until) = match event.made {
        Some(number) => {
            let made = Timestamp::from_secs(i64::from(number) * 9);
            (Some(made), made.plus(Span::from_secs(25)))
        }
        None => (
            None,
            Timestamp::from_secs(20 + i64::from(event.credential % 9) * 8),
        ),
    };
    let is_made = made.is_none_or(|made| now >= made.minus(Span::from_secs(5)));
    (is_made && now <= live_until).then_some(Passage {
        id: CredentialId::from_bytes(id),
        made,
        kind: if event.is_on {
            TapKind::On
        } else {
            TapKind::Off
        },
        at: now,
        riders: if one_by_one && !matches!(event.step, Step::Ask) {
            1
        } else {
            party
        },
        live_until,
        back_from: now.plus(Span::from_secs(passback)),
    })
}

struct Both {
    memory: ReplayMemory<Vec<ReplaySlot>>,
    naive: Naive,
    taps: Vec<Passage>,
    /// Answers by number: permitted, refused as used or through, full, clock.
    seen: [usize; 4],
}

impl Both {
    fn new(slots: usize, room: Option<usize>) -> Self {
        Self {
            memory: ReplayMemory::new(vec![ReplaySlot::EMPTY; slots]),
            naive: Naive::new(room),
            taps: Vec::new(),
            seen: [0; 4],
        }
    }

    fn ask(&mut self, asked: &Asked) -> (Said, Said, Naive) {
        let before = self.naive.clone();
        let noted = self.memory.note(asked);
        if let Ok(noted) = &noted {
            self.taps.push(noted.passage);
        }
        let ours = said(noted);
        self.seen[match ours {
            Said::Permitted(..) => 0,
            Said::Used | Said::Through(_) => 1,
            Said::Full => 2,
            Said::ClockWentBack => 3,
        }] += 1;
        (ours, self.naive.note(asked), before)
    }
}

fn asked(passage: Passage, one_by_one: bool) -> Asked {
    Asked {
        passage,
        one_by_one,
        doubt_since: passage.at.minus(Span::from_secs(30)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// In one run of slots it is the naive memory, whatever the clock does: the same answers, the
    /// same slot for each code, the same instant until which codes are forgotten.
    #[test]
    fn in_one_run_it_is_the_naive_memory(
        events in arb_events(9, -40..60),
        ways in arb_ways(),
        slots in 0..=16_usize,
    ) {
        let mut both = Both::new(slots, Some(slots));
        let mut now = Timestamp::from_secs(0);
        for event in &events {
            now = now.plus(Span::from_micros(event.after * 100_000));
            match (event.step, tap(event, now, ways)) {
                (Step::Ask, Some(passage)) => {
                    let (ours, theirs, _) = both.ask(&asked(passage, ways.1));
                    prop_assert_eq!(ours, theirs, "{:?}", passage);
                }
                (Step::Remember, Some(passage)) => {
                    let ours = both.memory.remember(&passage, now).is_ok();
                    prop_assert_eq!(ours, both.naive.remember(&passage, now));
                    both.taps.push(passage);
                }
                (Step::Forget(which), _) if !both.taps.is_empty() => {
                    let passage = *which.get(&both.taps);
                    prop_assert_eq!(both.memory.forget(&passage), both.naive.forget(&passage));
                }
                (Step::Doubt(which), _) if !both.taps.is_empty() => {
                    let passage = *which.get(&both.taps);
                    prop_assert_eq!(both.memory.doubt(&passage), both.naive.doubt(&passage));
                }
                _ => {}
            }
            prop_assert_eq!(both.memory.forgotten_until, both.naive.forgotten_until);
            let slots = both.memory.slots.iter().map(|slot| slot.0);
            let ours: Vec<_> = slots
                .map(|used| used.map(|used| (used.passage, used.inside, used.doubtful)))
                .collect();
            let theirs: Vec<_> = both.naive.taps.iter()
                .map(|tap| tap.map(|tap| (tap.passage, tap.inside, tap.doubtful)))
                .collect();
            prop_assert_eq!(ours, theirs);
        }
    }

    /// In many runs, with a clock that goes forward, it answers like a memory that forgets nothing,
    /// but for full neighbourhoods, which refuse.
    #[test]
    fn in_many_runs_it_answers_like_a_memory_without_end(
        events in arb_events(60, 0..6),
        ways in arb_ways(),
        slots in prop_oneof![17..40_usize, 40..400_usize],
    ) {
        let mut both = Both::new(slots, None);
        let mut now = Timestamp::from_secs(0);
        let mut failed_until = BEGIN;
        for event in &events {
            now = now.plus(Span::from_micros(event.after * 100_000));
            match (event.step, tap(event, now, ways)) {
                (Step::Ask, Some(passage)) => {
                    let (ours, theirs, before) = both.ask(&asked(passage, ways.1));
                    match ours {
                        Said::Full => {
                            let near = Neighbourhoods::of(&passage.id, slots);
                            let near = near.slots(&both.memory.slots);
                            let busy = near.filter(|slot| slot.0.is_some()).count();
                            prop_assert!(busy >= 16, "full with {} of {}", busy, slots);
                            both.naive = before;
                        }
                        // A code that was told and found no room is refused all the same.
                        Said::ClockWentBack => {
                            prop_assert!(passage.live_until <= failed_until);
                            both.naive = before;
                        }
                        _ => prop_assert_eq!(ours, theirs, "{:?}", passage),
                    }
                }
                (Step::Remember, Some(passage)) => {
                    if both.memory.remember(&passage, now).is_ok() {
                        both.naive.remember(&passage, now);
                        both.taps.push(passage);
                    } else {
                        failed_until = failed_until.max(passage.live_until);
                    }
                }
                // Of taps that are over a memory with an end may know nothing.
                (Step::Forget(which), _) if !both.taps.is_empty() => {
                    let passage = *which.get(&both.taps);
                    if both.naive.is_live(&passage, now) {
                        prop_assert_eq!(both.memory.forget(&passage), both.naive.forget(&passage));
                    }
                }
                (Step::Doubt(which), _) if !both.taps.is_empty() => {
                    let passage = *which.get(&both.taps);
                    if both.naive.is_live(&passage, now) {
                        prop_assert!(both.memory.doubt(&passage) && both.naive.doubt(&passage));
                    }
                }
                _ => {}
            }
        }
        // A table with room for all codes that live at once refuses none of them for want of it.
        if slots >= 300 {
            prop_assert_eq!(both.seen[2], 0, "{:?} in {}", both.seen, slots);
        }
    }

    /// In any number of slots and whatever the clock does, a code that passed does not pass again.
    #[test]
    fn no_clock_makes_it_forget(events in arb_events(60, -60..70), slots in 0..400_usize) {
        let mut both = Both::new(slots, None);
        let mut now = Timestamp::from_secs(0);
        for event in events.iter().filter(|event| matches!(event.step, Step::Ask)) {
            now = now.plus(Span::from_micros(event.after * 100_000));
            let Some(passage) = tap(event, now, (1, false, 0)) else { continue };
            let (ours, theirs, before) = both.ask(&asked(passage, false));
            match ours {
                Said::Permitted(..) => prop_assert_eq!(ours, theirs, "{:?}", passage),
                _ => both.naive = before,
            }
        }
    }
}

/// One credential has at most two runs of codes that live; the next is refused, and others pass.
#[test]
fn a_full_neighbourhood_refuses_and_frees_itself() {
    let mut memory = ReplayMemory::new(vec![ReplaySlot::EMPTY; 4096]);
    let (first, last) = (Timestamp::from_secs(0), Timestamp::from_secs(45));
    let passage = |credential, micros| Passage {
        id: CredentialId::from_bytes([credential; 16]),
        made: Some(Timestamp::from_micros(micros)),
        kind: TapKind::On,
        at: first,
        riders: 1,
        live_until: last,
        back_from: first,
    };
    let note = |memory: &mut ReplayMemory<_>, passage| said(memory.note(&asked(passage, false)));
    for micros in 0..32 {
        let fresh = note(&mut memory, passage(1, micros));
        assert_eq!(fresh, Said::Permitted(1, None), "{micros}");
    }
    assert_eq!(note(&mut memory, passage(1, 32)), Said::Full);
    assert_eq!(note(&mut memory, passage(1, 31)), Said::Used);
    assert_eq!(note(&mut memory, passage(2, 0)), Said::Permitted(1, None));
    assert_eq!(memory.live(last), 33);
    // Their time is over: slots are free again.
    let later = Passage {
        at: last.plus(Span::from_micros(1)),
        live_until: last.plus(Span::from_secs(45)),
        ..passage(1, 40_000_000)
    };
    assert_eq!(note(&mut memory, later), Said::Permitted(1, None));
}
