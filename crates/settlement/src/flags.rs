//! Which permitted taps are no rides of their own, and why.
//!
//! 1. The gate noted that its door did not open, or that nobody passed.
//! 2. The gate was cut off between the tap's record and the note, and the rider tapped again: same
//!    service day, stop, route and direction within [`TAP_AGAIN_MAX`], and that tap has the note
//!    "opened". A tap without a note that nobody repeats counts as ridden.
//! 3. In a city that lets parties through one by one, the tap is of a party whose first tap is
//!    priced for as many as went through ([`crate::parties`]).
//! 4. The code had been used before. A gate refuses a code it has seen itself; two gates without a
//!    network cannot know of each other and let both through. Here all taps are together: of those
//!    left that share a [`CodeUse`], the first by (time, tap id) counts.
//!
//! The answer depends on the set of taps and notes alone, never on which came in first.

use std::collections::BTreeMap;

use tariff::{Companions, Tap};
use units::{ServiceDay, Span, TapId, Timestamp};
use wire::note::TapOutcome;

use crate::model::{CodeUse, StoredTap, TapFlag};
use crate::parties::{self, Part};

/// How long after a tap without a note a second one is taken for the same ride.
pub const TAP_AGAIN_MAX: Span = Span::from_secs(5 * 60);

/// What became of taps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flagged {
    /// The taps that are no rides of their own, ordered by tap.
    pub flags: Vec<(TapId, TapFlag)>,
    parts: BTreeMap<TapId, Part>,
}

impl Flagged {
    /// The taps to rate: those without a flag, each for as many riders as went through.
    pub(crate) fn counted<'a>(&self, taps: impl IntoIterator<Item = &'a StoredTap>) -> Vec<Tap> {
        let is_flagged = |tap: &StoredTap| self.flags.binary_search_by_key(&tap.tap.id, |f| f.0);
        let counted = taps.into_iter().filter(|tap| is_flagged(tap).is_err());
        let rated = counted.map(|tap| {
            let mut rated = tap.tap;
            if let Some(Part::First { companions }) = self.parts.get(&rated.id) {
                rated.holder.companions = *companions;
            }
            rated
        });
        rated.collect()
    }

    /// The same, by service day.
    pub(crate) fn counted_by_day(&self, taps: &[StoredTap]) -> BTreeMap<ServiceDay, Vec<Tap>> {
        let mut days: BTreeMap<ServiceDay, Vec<Tap>> = BTreeMap::new();
        for tap in taps {
            days.entry(tap.day).or_default().extend(self.counted([tap]));
        }
        days
    }
}

/// What became of `taps`; `elsewhere` are other taps of the same account that may have used the
/// same codes (on other days), which are compared but not flagged.
#[must_use]
pub fn of_taps<'a>(
    taps: &'a [StoredTap],
    elsewhere: impl IntoIterator<Item = &'a StoredTap>,
    companions: Companions,
) -> Flagged {
    let all: Vec<&StoredTap> = taps.iter().chain(elsewhere).collect();
    let opened = all.iter().copied();
    let mut opened: Vec<&StoredTap> = opened
        .filter(|tap| tap.outcome == Some(TapOutcome::Opened))
        .collect();
    opened.sort_unstable_by_key(|tap| in_time(tap));
    let mut no_rides: BTreeMap<TapId, TapFlag> = all
        .iter()
        .filter_map(|tap| Some((tap.tap.id, no_ride(tap, &opened)?)))
        .collect();
    let parts = match companions {
        Companions::Together => BTreeMap::new(),
        Companions::OneByOne => {
            let rides = all.iter().copied();
            parties::parts(rides.filter(|tap| !no_rides.contains_key(&tap.tap.id)))
        }
    };
    let later = parts.iter().filter(|(_, part)| **part == Part::Later);
    no_rides.extend(later.map(|(tap, _)| (*tap, TapFlag::OfParty)));
    let mut first: BTreeMap<CodeUse, (Timestamp, TapId)> = BTreeMap::new();
    for tap in &all {
        if let Some(code) = tap.code
            && !no_rides.contains_key(&tap.tap.id)
        {
            let this = (tap.tap.at, tap.tap.id);
            first
                .entry(code)
                .and_modify(|earliest| *earliest = this.min(*earliest))
                .or_insert(this);
        }
    }
    let flag_of = |tap: &StoredTap| {
        if let Some(flag) = no_rides.get(&tap.tap.id) {
            return Some(*flag);
        }
        let earliest = first.get(&tap.code?)?;
        (*earliest != (tap.tap.at, tap.tap.id)).then_some(TapFlag::CodeUsedTwice)
    };
    let mut flags: Vec<(TapId, TapFlag)> = taps
        .iter()
        .filter_map(|tap| Some((tap.tap.id, flag_of(tap)?)))
        .collect();
    flags.sort_unstable();
    Flagged { flags, parts }
}

fn in_time(tap: &StoredTap) -> (ServiceDay, Timestamp, TapId) {
    (tap.day, tap.tap.at, tap.tap.id)
}

/// Why nobody rode on this tap, whatever its code. `opened` are the taps with that note in order
/// of time. Only those of the same service day matter, so that a day's flags need no other day's
/// taps but those that share its codes.
fn no_ride(tap: &StoredTap, opened: &[&StoredTap]) -> Option<TapFlag> {
    match tap.outcome {
        Some(TapOutcome::DidNotOpen) => return Some(TapFlag::DoorDidNotOpen),
        Some(TapOutcome::NobodyPassed) => return Some(TapFlag::NobodyPassed),
        Some(TapOutcome::Opened) => return None,
        None => {}
    }
    let (this, until) = (&tap.tap, tap.tap.at.plus(TAP_AGAIN_MAX));
    let after = opened.partition_point(|other| in_time(other) <= in_time(tap));
    let in_reach = |other: &&&StoredTap| other.day == tap.day && other.tap.at <= until;
    let after = opened.get(after..).unwrap_or_default().iter();
    let mut again = after.take_while(in_reach).filter(|other| {
        let other = &other.tap;
        (other.kind, other.stop, other.route) == (this.kind, this.stop, this.route)
    });
    again.next().map(|_| TapFlag::TappedAgain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TapSource;
    use tariff::{Holder, TapKind};
    use units::{AccountId, CredentialId, StopId};

    fn tap(number: u8, secs: i64, code: Option<CodeUse>) -> StoredTap {
        StoredTap {
            account: AccountId::from_bytes([1; 16]),
            day: ServiceDay::from_days(1),
            tap: Tap {
                at: Timestamp::from_secs(secs),
                kind: TapKind::On,
                id: TapId::from_bytes([number; 16]),
                stop: StopId::new("north").unwrap(),
                route: None,
                holder: Holder::default(),
            },
            source: TapSource::File,
            code,
            outcome: None,
        }
    }

    fn flagged(taps: &[StoredTap], elsewhere: &[StoredTap]) -> Vec<u8> {
        let flags = of_taps(taps, elsewhere, Companions::Together).flags;
        flags.iter().map(|(tap, _)| tap.as_bytes()[0]).collect()
    }

    #[test]
    fn the_first_use_counts_and_every_later_one_is_flagged() {
        let credential = CredentialId::from_bytes([7; 16]);
        let code = Some(CodeUse::presentation(credential, Timestamp::from_secs(100)));
        let other = Some(CodeUse::presentation(credential, Timestamp::from_secs(101)));
        let on = Some(CodeUse::ticket(credential, TapKind::On));
        let off = Some(CodeUse::ticket(credential, TapKind::Off));

        let check = |taps: &[StoredTap], elsewhere: &[StoredTap], expected: &[u8]| {
            assert_eq!(flagged(taps, elsewhere), expected);
            let mut reversed = taps.to_vec();
            reversed.reverse();
            assert_eq!(
                flagged(&reversed, elsewhere),
                expected,
                "order does not matter"
            );
            let twice = [taps, taps].concat();
            let mut flags = flagged(&twice, elsewhere);
            flags.dedup();
            assert_eq!(flags, expected, "nor does repetition");
        };
        check(
            &[tap(1, 5, code), tap(2, 6, code), tap(3, 7, code)],
            &[],
            &[2, 3],
        );
        check(&[tap(2, 5, code), tap(1, 5, code)], &[], &[2]);
        check(&[tap(1, 5, code), tap(2, 6, other)], &[], &[]);
        check(&[tap(1, 5, on), tap(2, 6, off), tap(3, 7, on)], &[], &[3]);
        check(&[tap(1, 5, None), tap(2, 6, None)], &[], &[]);
        check(&[tap(1, 5, code)], &[tap(2, 4, code)], &[1]);
        check(&[tap(1, 5, code)], &[tap(2, 6, code)], &[]);
    }

    fn noted(number: u8, secs: i64, outcome: Option<TapOutcome>) -> StoredTap {
        let credential = CredentialId::from_bytes([7; 16]);
        let made = Timestamp::from_secs(secs);
        StoredTap {
            outcome,
            ..tap(number, secs, Some(CodeUse::presentation(credential, made)))
        }
    }

    const OPENED: Option<TapOutcome> = Some(TapOutcome::Opened);
    const SHUT: Option<TapOutcome> = Some(TapOutcome::DidNotOpen);

    #[test]
    fn a_tap_whose_door_stayed_shut_is_no_ride_and_leaves_its_code_unused() {
        let code = noted(1, 5, None).code;
        let shut = StoredTap {
            outcome: SHUT,
            ..tap(1, 5, code)
        };
        let nobody = StoredTap {
            outcome: Some(TapOutcome::NobodyPassed),
            ..tap(2, 6, code)
        };
        let through = StoredTap {
            outcome: OPENED,
            ..tap(3, 7, code)
        };
        let flags = of_taps(&[shut, nobody, through], &[], Companions::Together).flags;
        let flags: Vec<TapFlag> = flags.into_iter().map(|(_, flag)| flag).collect();
        assert_eq!(flags, [TapFlag::DoorDidNotOpen, TapFlag::NobodyPassed]);
    }

    #[test]
    fn seeded_bug_9_a_tap_again_after_a_crash_is_not_charged_twice() {
        let again = |first: Option<TapOutcome>, second: Option<TapOutcome>, apart: i64| {
            let taps = [noted(1, 100, first), noted(2, 100 + apart, second)];
            let flags = of_taps(&taps, &[], Companions::Together).flags;
            flags
                .into_iter()
                .map(|(tap, flag)| (tap.as_bytes()[0], flag))
                .collect::<Vec<_>>()
        };
        let one = vec![(1, TapFlag::TappedAgain)];
        assert_eq!(again(None, OPENED, 1), one);
        assert_eq!(again(None, OPENED, 300), one);
        assert_eq!(again(None, OPENED, 301), [], "another ride");
        assert_eq!(again(OPENED, OPENED, 1), [], "both went through");
        assert_eq!(again(None, None, 1), [], "a gate that notes nothing");
        assert_eq!(
            again(OPENED, None, 1),
            [],
            "the later one is cut off: ridden"
        );
        assert_eq!(again(None, SHUT, 1), [(2, TapFlag::DoorDidNotOpen)]);
        let mut back = noted(2, 160, OPENED);
        back.tap.kind = TapKind::Off;
        let taps = [noted(1, 100, None), back];
        assert_eq!(of_taps(&taps, &[], Companions::Together).flags, []);
    }

    /// A party of three: a tap for each second given, of a fresh code each.
    fn party(secs: &[i64]) -> Vec<StoredTap> {
        let numbered = (1..).zip(secs.iter().copied());
        let tap = numbered.map(|(number, secs)| noted(number, secs, OPENED));
        tap.map(|mut tap| {
            tap.tap.holder.companions = 2;
            tap
        })
        .collect()
    }

    /// Flagged taps, and the riders of each tap that counts.
    type Joined = (Vec<(u8, TapFlag)>, Vec<(u8, u8)>);

    fn one_by_one(taps: &[StoredTap]) -> Joined {
        let of = |taps: &[StoredTap]| {
            let found = of_taps(taps, &[], Companions::OneByOne);
            let flags = found
                .flags
                .iter()
                .map(|(tap, flag)| (tap.as_bytes()[0], *flag));
            let counted = found.counted(taps).into_iter();
            let counted = counted.map(|tap| (tap.id.as_bytes()[0], tap.holder.companions + 1));
            (flags.collect(), counted.collect())
        };
        let found: (Vec<_>, Vec<_>) = of(taps);
        let mut reversed = of(&taps.iter().rev().cloned().collect::<Vec<_>>());
        reversed.1.sort_unstable();
        assert_eq!(found, reversed, "order does not matter");
        found
    }

    #[test]
    fn a_party_that_goes_one_by_one_is_one_tap_of_as_many_as_went() {
        let later = |number: u8| (number, TapFlag::OfParty);
        assert_eq!(one_by_one(&party(&[100])), (vec![], vec![(1, 1)]));
        let two = one_by_one(&party(&[100, 115]));
        assert_eq!(two, (vec![later(2)], vec![(1, 2)]));
        let three = one_by_one(&party(&[100, 115, 400]));
        assert_eq!(
            three,
            (vec![later(2), later(3)], vec![(1, 3)]),
            "300 s, inclusive"
        );
        let late = one_by_one(&party(&[100, 115, 401]));
        assert_eq!(late, (vec![later(2)], vec![(1, 2), (3, 1)]), "another ride");
        let many = one_by_one(&party(&[100, 115, 130, 145]));
        let expected = (vec![later(2), later(3)], vec![(1, 3), (4, 1)]);
        assert_eq!(many, expected, "no more than it has");
        let together = of_taps(&party(&[100, 115]), &[], Companions::Together);
        assert_eq!(together.flags, [], "elsewhere each tap is for all");
        assert_eq!(together.counted(&party(&[100]))[0].holder.companions, 2);
    }

    #[test]
    fn a_party_is_of_one_stop_one_way_and_one_credential() {
        let changed = |change: fn(&mut StoredTap)| {
            let mut taps = party(&[100, 115]);
            change(&mut taps[1]);
            one_by_one(&taps)
        };
        let apart = (vec![], vec![(1, 1), (2, 1)]);
        assert_eq!(
            changed(|tap| tap.tap.stop = StopId::new("south").unwrap()),
            apart
        );
        assert_eq!(changed(|tap| tap.tap.kind = TapKind::Off), apart);
        let other = |tap: &mut StoredTap| {
            let stranger = CredentialId::from_bytes([8; 16]);
            tap.code = Some(CodeUse::presentation(stranger, tap.tap.at));
        };
        assert_eq!(changed(other), apart);
        // In and out and in again: the second time in is another journey.
        let mut taps = party(&[100, 115, 130]);
        taps[1].tap.kind = TapKind::Off;
        assert_eq!(one_by_one(&taps), (vec![], vec![(1, 1), (2, 1), (3, 1)]));
        // One code of a phone lets one rider through, whoever copied it.
        let mut taps = party(&[100, 115]);
        taps[1].code = taps[0].code;
        assert_eq!(
            one_by_one(&taps),
            (vec![(2, TapFlag::CodeUsedTwice)], vec![(1, 1)])
        );
        // A ticket is shown by each in turn.
        let mut taps = party(&[100, 115]);
        for tap in &mut taps {
            tap.code = Some(CodeUse::ticket(
                CredentialId::from_bytes([7; 16]),
                TapKind::On,
            ));
        }
        assert_eq!(
            one_by_one(&taps),
            (vec![(2, TapFlag::OfParty)], vec![(1, 2)])
        );
        // Nobody passed on the first tap: it is none of the party.
        let mut taps = party(&[100, 115, 130]);
        taps[0].outcome = Some(TapOutcome::NobodyPassed);
        let expected = (
            vec![(1, TapFlag::NobodyPassed), (3, TapFlag::OfParty)],
            vec![(2, 2)],
        );
        assert_eq!(one_by_one(&taps), expected);
    }
}
