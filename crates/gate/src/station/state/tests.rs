//! Rounds between readers, message by message.

use proptest::prelude::*;

use super::*;
use crate::station::key::StationKey;
use crate::station::message::DATAGRAM_BYTES;
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);

fn reader(number: u32) -> State {
    let mut state = State::new(GateId::from_number(number), 1);
    // Everybody has greeted everybody.
    for other in (1..=3).filter(|other| *other != number) {
        let hello = Message {
            sender: GateId::from_number(other),
            boot: 1,
            counter: 0,
            at: NOW,
            saying: Saying::Hello,
        };
        state.hear(&hello, NOW).unwrap();
    }
    state
}

fn shown(number: u8) -> Shown {
    Shown {
        code: CodeHash([number; 16]),
        riders: 1,
        limit: 1,
        until: NOW.plus(Span::from_secs(45)),
    }
}

fn claim(state: &mut State, shown: &Shown, now: Timestamp) -> Message {
    match state.begin(shown, false, now) {
        Begun::Say(message) => message,
        Begun::Taken => panic!("taken"),
    }
}

#[test]
fn a_code_that_passed_is_refused_by_who_heard_it_and_by_who_asks() {
    let (mut one, mut two) = (reader(1), reader(2));
    let said = claim(&mut one, &shown(7), NOW);
    let answer = two.hear(&said, NOW).unwrap().unwrap();
    one.hear(&answer, NOW).unwrap();
    assert_eq!(
        one.end(),
        Ended {
            taken: false,
            complete: false
        },
        "reader 3 has not answered"
    );
    // Who heard the claim asks nobody.
    assert_eq!(two.begin(&shown(7), false, NOW), Begun::Taken);
    // Who did not hear it is answered.
    let mut three = reader(3);
    let said = claim(&mut three, &shown(7), NOW);
    let answer = one.hear(&said, NOW).unwrap().unwrap();
    three.hear(&answer, NOW).unwrap();
    assert!(three.round().unwrap().is_over());
    assert!(three.end().taken);
    // Another code is another one.
    let said = claim(&mut three, &shown(8), NOW);
    for other in [&mut one, &mut two] {
        let answer = other.hear(&said, NOW).unwrap().unwrap();
        three.hear(&answer, NOW).unwrap();
    }
    assert_eq!(
        three.end(),
        Ended {
            taken: false,
            complete: true
        }
    );
}

#[test]
fn what_another_says_of_a_third_counts_once_it_is_settled() {
    let (mut one, mut two, mut three) = (reader(1), reader(2), reader(3));
    let said = claim(&mut one, &shown(7), NOW);
    two.hear(&said, NOW).unwrap();
    // Reader 1 is gone, and its datagram to reader 3 was lost.
    let later = NOW.plus(Span::from_secs(1));
    let said = claim(&mut three, &shown(7), later);
    let answer = two.hear(&said, later).unwrap().unwrap();
    three.hear(&answer, later).unwrap();
    assert!(three.end().taken);
}

#[test]
fn a_withdrawn_code_may_be_tapped_again_in_whatever_order_it_is_heard() {
    for order in [[0, 1], [1, 0]] {
        let (mut one, mut two) = (reader(1), reader(2));
        let said = claim(&mut one, &shown(7), NOW);
        one.end();
        let taken_back = one.withdraw(&shown(7), NOW);
        let messages = [said, taken_back];
        for index in order {
            two.hear(&messages[index], NOW).unwrap();
        }
        assert_ne!(two.begin(&shown(7), false, NOW), Begun::Taken, "{order:?}");
    }
}

#[test]
fn who_was_refused_on_a_word_that_is_taken_back_is_freed() {
    let (mut one, mut two) = (reader(1), reader(2));
    let passage = Passage {
        id: units::CredentialId::from_bytes([1; 16]),
        made: Some(NOW),
        kind: wire::tap::TapKind::On,
        at: NOW,
        riders: 1,
        live_until: NOW,
        back_from: NOW,
    };
    let said = claim(&mut one, &shown(7), NOW);
    two.hear(&said, NOW).unwrap();
    assert_eq!(two.begin(&shown(7), false, NOW), Begun::Taken);
    two.refused(shown(7).code, passage);
    assert_eq!(two.freed(), []);
    let taken_back = one.withdraw(&shown(7), NOW);
    two.hear(&taken_back, NOW).unwrap();
    assert_eq!(two.freed(), [passage]);
    assert_eq!(two.freed(), []);
    // A withdrawal is said three times, for datagrams get lost.
    assert_eq!(one.due(NOW).len(), 2);
    assert_eq!(one.due(NOW).len(), 2);
    assert_eq!(one.due(NOW).len(), 1);
}

#[test]
fn a_party_that_shows_its_ticket_in_turn_is_counted_over_all_readers() {
    let (mut one, mut two) = (reader(1), reader(2));
    let ticket = Shown {
        limit: 3,
        ..shown(7)
    };
    let mut passed = 0;
    for turn in 0..5 {
        let (asker, other) = if turn % 2 == 0 {
            (&mut one, &mut two)
        } else {
            (&mut two, &mut one)
        };
        let Begun::Say(said) = asker.begin(&ticket, false, NOW) else {
            continue;
        };
        let answer = other.hear(&said, NOW).unwrap().unwrap();
        asker.hear(&answer, NOW).unwrap();
        assert!(!asker.end().taken);
        passed += 1;
    }
    assert_eq!(passed, 3);
}

#[test]
fn garbage_replays_and_answers_to_nobody_change_nothing() {
    let mut one = reader(1);
    let said = claim(&mut one, &shown(7), NOW);
    let answer = |counter, boot, sent| Message {
        sender: GateId::from_number(2),
        boot: 1,
        counter: sent,
        at: NOW,
        saying: Saying::Answer {
            code: shown(7).code,
            riders: 1,
            to: GateId::from_number(1),
            boot,
            counter,
        },
    };
    // Of another claim, of another start.
    one.hear(&answer(said.counter + 1, 1, 5), NOW).unwrap();
    one.hear(&answer(said.counter, 2, 6), NOW).unwrap();
    assert!(!one.round().unwrap().is_over());
    // Our own, sent back.
    assert_eq!(one.hear(&said, NOW), Err(Unheard::Stale));
    one.hear(&answer(said.counter, 1, 7), NOW).unwrap();
    assert_eq!(
        one.hear(&answer(said.counter, 1, 7), NOW),
        Err(Unheard::Stale)
    );
    assert!(one.end().taken);
}

fn key(byte: u8) -> StationKey {
    StationKey::from_bytes(Zeroizing::new([byte; 32]))
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_datagram_is_seen() {
    let sayings = [
        Saying::Hello,
        Saying::Claim {
            code: shown(7).code,
            riders: 2,
            until: NOW,
            asks: true,
        },
        Saying::Claim {
            code: shown(7).code,
            riders: 0,
            until: NOW,
            asks: false,
        },
        Saying::Answer {
            code: shown(7).code,
            riders: 1,
            to: GateId::from_number(9),
            boot: 3,
            counter: 4,
        },
    ];
    for saying in sayings {
        let message = Message {
            sender: GateId::from_number(1),
            boot: 2,
            counter: 3,
            at: NOW,
            saying,
        };
        let datagram = message.encode(&key(1));
        assert_eq!(Message::decode(&datagram, &key(1)), Some(message));
        assert_eq!(Message::decode(&datagram, &key(2)), None);
        for bit in 0..DATAGRAM_BYTES * 8 {
            let mut flipped = datagram;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Message::decode(&flipped, &key(1)), None, "bit {bit}");
        }
        for end in 0..DATAGRAM_BYTES {
            assert_eq!(Message::decode(&datagram[..end], &key(1)), None);
        }
        let long = [&datagram[..], &[0]].concat();
        assert_eq!(Message::decode(&long, &key(1)), None);
    }
}

/// Readers that claim one code at the same time, with their datagrams in any order: one of them
/// lets it pass, and only one.
fn race(order: &[usize]) -> usize {
    let mut readers = [reader(1), reader(2), reader(3)];
    let said: Vec<_> = readers
        .iter_mut()
        .map(|state| claim(state, &shown(7), NOW))
        .collect();
    // Every claim on its way to both others, then every answer on its way back.
    let mut on_the_way: Vec<(usize, Message)> = Vec::new();
    for (from, message) in said.iter().enumerate() {
        on_the_way.extend((0..3).filter(|to| *to != from).map(|to| (to, *message)));
    }
    let mut draws = order.iter().cycle();
    while !on_the_way.is_empty() {
        let at = draws.next().unwrap() % on_the_way.len();
        let (to, message) = on_the_way.swap_remove(at);
        if let Ok(Some(answer)) = readers[to].hear(&message, NOW) {
            let Saying::Answer { to, .. } = answer.saying else {
                panic!("{answer:?}");
            };
            on_the_way.push((usize::try_from(to.as_number()).unwrap() - 1, answer));
        }
    }
    readers
        .iter_mut()
        .filter_map(|state| (!state.end().taken).then_some(()))
        .count()
}

proptest! {
    #[test]
    fn of_claims_at_once_one_lets_pass(order in prop::collection::vec(0_usize..12, 12)) {
        prop_assert_eq!(race(&order), 1);
    }
}
