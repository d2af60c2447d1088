//! Laws of decisions: purity, memory that never forgets a live code, and answers to anything.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use units::{Span, Timestamp};
use validator::{Decision, NothingDenied, Refusal};
use wire::tap::TapKind;
use wire::{PresentationClaims, TicketClaims};

use crate::objects::{
    KID, codes, credential, holder, issuer, issuer_key, now, signed_by, ticket_claims,
};
use crate::shown::Gate;

/// Twelve presentations made 7 s apart and six tickets of different lengths: everything a gate
/// sees below. The number is the offset of a code's making or start from `now`, in seconds.
static POOL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let presentations = (0..12).map(|number| {
        let issued_at = now().plus(Span::from_secs(number * 7));
        let claims = PresentationClaims {
            issued_at,
            gate: None,
        };
        claims
            .sign(&credential(), signed_by(&holder()))
            .unwrap()
            .to_vec()
    });
    let tickets = (0..6u8).map(|number| {
        let claims = TicketClaims {
            id: units::CredentialId::from_bytes([number; 16]),
            starts: now(),
            expires: now().plus(Span::from_secs(20 + 20 * i64::from(number))),
            ..ticket_claims()
        };
        claims.sign(KID, signed_by(&issuer())).unwrap().to_vec()
    });
    presentations.chain(tickets).collect()
});

/// Which code is shown, which way, and how many tenths of a second after the last one (or before).
fn arb_showings() -> impl Strategy<Value = Vec<(usize, bool, i64)>> {
    proptest::collection::vec((0..18usize, any::<bool>(), -300..600i64), 1..60)
}

fn kind(is_on: bool) -> TapKind {
    if is_on { TapKind::On } else { TapKind::Off }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Any order, any clock, any number of slots: what was permitted is never permitted again.
    #[test]
    fn no_code_is_ever_permitted_twice(showings in arb_showings(), slots in 0..6usize) {
        let mut gate = Gate::with(vec![issuer_key()], slots);
        let mut permitted = BTreeSet::new();
        let mut clock = now();
        for (which, is_on, tenths) in showings {
            clock = clock.plus(Span::from_micros(tenths * 100_000));
            gate.place.kind = kind(is_on);
            if let Decision::Permitted(_) = gate.show(&POOL[which], clock) {
                let is_ticket = which >= 12;
                let fresh = permitted.insert((which, is_ticket && is_on));
                prop_assert!(fresh, "code {} was permitted twice", which);
            }
            prop_assert!(gate.memory.live(clock) <= slots);
        }
    }

    /// With a clock that only goes forward and slots enough, a code that is not yet used and in
    /// its time is always permitted: the memory never refuses without reason.
    #[test]
    fn every_fresh_code_in_its_time_is_permitted(showings in arb_showings()) {
        let mut gate = Gate::with(vec![issuer_key()], 24);
        let mut permitted = BTreeSet::new();
        let mut clock = now().plus(Span::from_secs(-30));
        for (which, is_on, tenths) in showings {
            clock = clock.plus(Span::from_micros(tenths.abs() * 20_000));
            gate.place.kind = kind(is_on);
            let is_ticket = which >= 12;
            let since = clock.since(now()).as_micros();
            let number = i64::try_from(which).unwrap();
            let in_time = if is_ticket {
                since < (20 + 20 * (number - 12)) * 1_000_000
            } else {
                let age = since - number * 7_000_000;
                (-30_000_000..=45_000_000).contains(&age)
            };
            let fresh = !permitted.contains(&(which, is_ticket && is_on));
            let decision = gate.show(&POOL[which], clock);
            let passed = matches!(decision, Decision::Permitted(_));
            prop_assert_eq!(passed, in_time && fresh, "{:?} at {}", decision, since);
            if passed {
                permitted.insert((which, is_ticket && is_on));
            }
        }
    }

    /// Equal inputs, the memory among them, give equal decisions and equal memories.
    #[test]
    fn decisions_are_pure(showings in arb_showings()) {
        let mut clock = now();
        let (mut one, mut two) = (Gate::new(), Gate::new());
        for (which, is_on, tenths) in showings {
            clock = clock.plus(Span::from_micros(tenths * 100_000));
            one.place.kind = kind(is_on);
            two.place.kind = kind(is_on);
            prop_assert_eq!(one.show(&POOL[which], clock), two.show(&POOL[which], clock));
            prop_assert_eq!(&one.memory, &two.memory);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Fuzzing at small scale: any bytes at any time get a refusal with a number and a sentence.
    #[test]
    fn any_bytes_are_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        has_prefix in any::<bool>(),
        micros in any::<i64>(),
    ) {
        let text = if has_prefix { [b"FG1:", &bytes[..]].concat() } else { bytes };
        let clock = Timestamp::from_micros(micros);
        let Decision::Refused(refusal) = Gate::new().show_text(&text, clock, &NothingDenied) else {
            panic!("permitted {text:?}");
        };
        prop_assert!((101..=103).contains(&refusal.code()));
        prop_assert!(!refusal.sentence().is_empty());
    }

    /// The same one layer deeper: any bytes in a text of the right form.
    #[test]
    fn any_objects_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..=320)) {
        let decision = Gate::new().show(&bytes, now());
        prop_assert!(matches!(decision, Decision::Refused(Refusal::Malformed(_))));
    }

    /// A good code with one character changed is refused: it is another code, and nobody's.
    #[test]
    fn changed_texts_are_never_permitted(
        which in 0..3usize,
        at in any::<prop::sample::Index>(),
        character in "[0-9A-Z $%*+./:-]",
    ) {
        let good = wire::text::encode(&codes()[which].1).unwrap();
        let mut text = good.as_bytes().to_vec();
        text[at.index(good.len())] = character.as_bytes()[0];
        let decision = Gate::new().show_text(&text, now(), &NothingDenied);
        let changed = text != good.as_bytes();
        prop_assert_eq!(matches!(decision, Decision::Refused(_)), changed);
    }
}
