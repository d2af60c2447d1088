//! Parties and anti-passback: who may follow on one credential, when, and after what.

use units::{Span, Timestamp};
use validator::{Companions, Decision, Passage, Permit, Policy, Refusal};
use wire::PresentationClaims;
use wire::tap::TapKind;

use crate::objects::{NOW_SECS, credential, holder, now, presentation, signed_by, ticket};
use crate::shown::Gate;

const SEC: i64 = 1_000_000;

/// Two minutes between parties.
fn strict() -> Policy {
    Policy {
        passback: Span::from_secs(120),
        ..Policy::default()
    }
}

fn one_by_one() -> Policy {
    Policy {
        companions: Companions::OneByOne,
        ..strict()
    }
}

fn after(micros: i64) -> Timestamp {
    now().plus(Span::from_micros(micros))
}

/// The code that the phone shows after `secs`.
fn fresh(secs: i64) -> Vec<u8> {
    let claims = PresentationClaims {
        issued_at: Timestamp::from_secs(NOW_SECS + secs),
        gate: None,
    };
    let signed = claims.sign(&credential(), signed_by(&holder()));
    signed.unwrap().to_vec()
}

fn permit(decision: Decision) -> Permit {
    match decision {
        Decision::Permitted(permit) => permit,
        Decision::Refused(refusal) => panic!("{refusal}"),
    }
}

fn through(wait_micros: i64) -> Decision {
    let wait = Span::from_micros(wait_micros);
    Decision::Refused(Refusal::PartyThrough { wait })
}

#[test]
fn one_tap_is_the_whole_party_and_no_second_follows_in_time() {
    let mut gate = Gate::under(strict(), 8);
    assert_eq!(permit(gate.show(&fresh(0), now())).passage.riders, 2);
    assert_eq!(gate.show(&fresh(5), after(5 * SEC)), through(115 * SEC));
    let last = 120 * SEC - 1;
    assert_eq!(gate.show(&fresh(119), after(last)), through(1));
    permit(gate.show(&fresh(119), after(last + 1)));
}

#[test]
fn companions_one_by_one_are_counted_down() {
    let mut gate = Gate::under(one_by_one(), 8);
    assert_eq!(permit(gate.show(&fresh(0), now())).passage.riders, 1);
    // The same screen again is the same code; the next one is the companion's.
    let used = Decision::Refused(Refusal::AlreadyUsed);
    assert_eq!(gate.show(&fresh(0), after(SEC)), used);
    assert_eq!(
        permit(gate.show(&fresh(5), after(5 * SEC))).passage.riders,
        1
    );
    // A third of two: told when the first of them may come again.
    assert_eq!(gate.show(&fresh(10), after(10 * SEC)), through(110 * SEC));
    permit(gate.show(&fresh(120), after(120 * SEC)));
}

#[test]
fn a_ticket_is_shown_by_each_of_its_party() {
    let mut gate = Gate::under(one_by_one(), 8);
    let used = Decision::Refused(Refusal::AlreadyUsed);
    for kind in [TapKind::On, TapKind::Off] {
        gate.place.kind = kind;
        permit(gate.show(&ticket(), now()));
        permit(gate.show(&ticket(), after(SEC)));
        assert_eq!(gate.show(&ticket(), after(2 * SEC)), used);
    }
    // Together, one tap is all.
    let mut gate = Gate::under(strict(), 8);
    permit(gate.show(&ticket(), now()));
    assert_eq!(gate.show(&ticket(), after(SEC)), used);
}

#[test]
fn who_has_gone_out_may_come_in() {
    for policy in [strict(), one_by_one()] {
        let mut gate = Gate::under(policy, 8);
        permit(gate.show(&fresh(0), now()));
        gate.place.kind = TapKind::Off;
        permit(gate.show(&fresh(5), after(5 * SEC)));
        gate.place.kind = TapKind::On;
        permit(gate.show(&fresh(10), after(10 * SEC)));
        let riders = if policy.companions == Companions::OneByOne {
            1
        } else {
            2
        };
        // One by one a second companion may follow the first; together nobody may.
        let second = gate.show(&fresh(15), after(15 * SEC));
        assert_eq!(second.code() == 0, riders == 1, "{second:?}");
    }
}

#[test]
fn a_door_that_did_not_open_costs_nothing() {
    for (policy, code, next) in [
        (strict(), fresh(0), fresh(5)),
        (one_by_one(), fresh(0), fresh(5)),
        (strict(), ticket(), ticket()),
    ] {
        for again in [&code, &next] {
            let mut gate = Gate::under(policy, 8);
            let shut = permit(gate.show(&code, now()));
            assert!(gate.memory.forget(&shut.passage));
            let second = permit(gate.show(again, after(5 * SEC)));
            assert_eq!(second.again, None);
            assert_eq!(second.passage.riders, shut.passage.riders);
            // Once forgotten it is gone: the note is not taken twice, nor for another tap.
            if again == &next && code != next {
                assert!(!gate.memory.forget(&shut.passage));
            }
        }
    }
}

#[test]
fn nobody_passed_for_one_of_two_leaves_the_other() {
    let mut gate = Gate::under(one_by_one(), 8);
    permit(gate.show(&ticket(), now()));
    let second = permit(gate.show(&ticket(), after(SEC)));
    assert!(gate.memory.forget(&second.passage));
    permit(gate.show(&ticket(), after(2 * SEC)));
    assert_eq!(gate.show(&ticket(), after(3 * SEC)).code(), 150);
}

/// What a gate does after a power cut between disk and door (invariant J3).
#[test]
fn a_doubtful_tap_may_be_repeated_once() {
    for same in [true, false] {
        let mut gate = Gate::under(strict(), 8);
        let first = permit(gate.show(&fresh(0), now()));
        assert!(gate.memory.doubt(&first.passage));
        let code = if same { fresh(0) } else { fresh(8) };
        let second = permit(gate.show(&code, after(8 * SEC)));
        assert_eq!(second.again, Some(now()), "the first is then not charged");
        // The benefit is given once.
        let third = gate.show(&code, after(9 * SEC));
        assert_eq!(third, Decision::Refused(Refusal::AlreadyUsed));
        assert_eq!(gate.show(&fresh(12), after(12 * SEC)).code(), 151);
    }
}

#[test]
fn doubt_ends_and_covers_its_own_way_only() {
    let doubtful = |kind: TapKind| {
        let mut gate = Gate::under(strict(), 8);
        gate.place.kind = kind;
        let first = permit(gate.show(&fresh(0), now()));
        assert!(gate.memory.doubt(&first.passage));
        gate.place.kind = TapKind::On;
        gate
    };
    let shown = |mut gate: Gate, secs: i64| gate.show(&fresh(secs), after(secs * SEC));
    assert_eq!(permit(shown(doubtful(TapKind::On), 300)).again, Some(now()));
    assert_eq!(permit(shown(doubtful(TapKind::On), 301)).again, None);
    assert_eq!(permit(shown(doubtful(TapKind::Off), 9)).again, None);
    // The same code the other way is a replay all the same.
    let replayed = shown(doubtful(TapKind::Off), 0);
    assert_eq!(replayed, Decision::Refused(Refusal::AlreadyUsed));
}

#[test]
fn a_station_shares_what_its_readers_let_pass() {
    let mut entrance = Gate::under(strict(), 8);
    let mut other = Gate::under(strict(), 8).at_gate(43);
    let passage = permit(entrance.show(&fresh(0), now())).passage;
    other.memory.remember(&passage, now()).unwrap();
    other.memory.remember(&passage, now()).unwrap();
    let used = Decision::Refused(Refusal::AlreadyUsed);
    assert_eq!(other.show(&fresh(0), after(SEC)), used);
    assert_eq!(other.show(&fresh(5), after(5 * SEC)), through(115 * SEC));
    assert_eq!(other.memory.live(after(SEC)), 1);
}

#[test]
fn a_record_gives_back_what_was_noted() {
    for policy in [strict(), one_by_one()] {
        for code in [presentation(None), ticket()] {
            let mut gate = Gate::under(policy, 8);
            let noted = permit(gate.show(&code, now())).passage;
            let read = gate.validator.passage(&code, TapKind::On, now());
            assert_eq!(read, Some(noted));
        }
    }
    let gate = Gate::new();
    assert_eq!(gate.validator.passage(b"", TapKind::On, now()), None);
    assert_eq!(
        gate.validator.passage(&credential(), TapKind::On, now()),
        None
    );
}

#[test]
fn what_finds_no_room_is_refused_not_forgotten() {
    let mut gate = Gate::under(strict(), 1);
    let passage = |secs| {
        let policy = Gate::under(strict(), 1);
        policy
            .validator
            .passage(&fresh(secs), TapKind::On, after(secs * SEC))
            .unwrap()
    };
    let Passage { id, .. } = passage(0);
    gate.memory.remember(&passage(0), now()).unwrap();
    let mut second = passage(3);
    second.id = units::CredentialId::from_bytes([9; 16]);
    assert_ne!(second.id, id);
    gate.memory.remember(&second, after(3 * SEC)).unwrap_err();
    // Live until 45 s and away until 120 s: the one slot is taken, and then codes that die no later
    // than the one that found no room are not taken for new ones.
    assert_eq!(gate.memory.live(after(119 * SEC)), 1);
    assert_eq!(gate.memory.live(after(120 * SEC)), 0);
}
