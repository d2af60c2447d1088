//! Each refusal, at both sides of its border.

use units::{CredentialId, GateId, KeyId, Span, Timestamp};
use validator::{
    CodeKind, Decision, DenyList, DenyListError, KEYS_MAX, Kinds, Malformed, NotReady,
    NothingDenied, Passage, Permit, Policy, Refusal, SAME_KID_MAX, SetupError, SortedDenyList,
    Validator,
};
use wire::lists::GatePolicy;
use wire::tap::TapKind;
use wire::{
    ClockState, DecodeError, IssuerCode, IssuerKey, LifeHours, PresentationClaims, SignatureError,
    TicketClaims, VerifyError,
};

use crate::objects::{
    GATE, KID, NOW_SECS, credential, credential_claims, entitlement, holder, issuer, issuer_key,
    now, presentation, signed_by, stranger, ticket, ticket_claims,
};
use crate::shown::Gate;

/// `micros` after the codes were made.
fn later(micros: i64) -> Timestamp {
    now().plus(Span::from_micros(micros))
}

const SEC: i64 = 1_000_000;

fn check(bytes: &[u8], now: Timestamp, expected: Refusal) {
    assert_eq!(Gate::new().show(bytes, now), Decision::Refused(expected));
}

fn permits(bytes: &[u8], now: Timestamp) {
    let decision = Gate::new().show(bytes, now);
    assert!(matches!(decision, Decision::Permitted(_)), "{decision:?}");
}

#[test]
fn a_permit_says_what_was_let_pass() {
    let passage = Passage {
        id: credential_claims().id,
        made: Some(now()),
        kind: TapKind::On,
        at: now(),
        riders: 2,
        live_until: later(45 * SEC),
        back_from: now(),
    };
    let expected = Permit {
        id: credential_claims().id,
        kid: KID,
        entitlement: entitlement(),
        kind: CodeKind::OneWay,
        issued_at: Some(now()),
        issuer: IssuerCode::OWN,
        clock: ClockState::Proven,
        passage,
        again: None,
    };
    let got = Gate::new().show(&presentation(None), now());
    assert_eq!((got, got.code()), (Decision::Permitted(expected), 0));
    let expected = Permit {
        kind: CodeKind::GateBound,
        ..expected
    };
    let got = Gate::new().show(&presentation(Some(GATE)), now());
    assert_eq!(got, Decision::Permitted(expected));
    let expected = Permit {
        id: ticket_claims().id,
        kind: CodeKind::Ticket,
        issued_at: None,
        passage: Passage {
            id: ticket_claims().id,
            made: None,
            live_until: later(60 * SEC),
            ..passage
        },
        ..expected
    };
    assert_eq!(
        Gate::new().show(&ticket(), now()),
        Decision::Permitted(expected)
    );
}

#[test]
fn texts_that_are_no_codes() {
    let show = |text: &[u8]| Gate::new().show_text(text, now(), &NothingDenied);
    assert_eq!(
        show(b"https://example.org"),
        Decision::Refused(Refusal::NotACode)
    );
    // However long: what does not begin as a code is none.
    assert_eq!(show(&[b'x'; 9000]), Decision::Refused(Refusal::NotACode));
    let long = format!("FG1:{}", "0".repeat(481));
    let too_long = Refusal::TooLong { max: 484, got: 485 };
    assert_eq!(show(long.as_bytes()), Decision::Refused(too_long));
    assert!(matches!(
        show(b"FG1:a"),
        Decision::Refused(Refusal::Malformed(Malformed::Text(_)))
    ));
    let empty = Malformed::Object(DecodeError::Truncated { at: 0 });
    assert_eq!(show(b"FG1:"), Decision::Refused(Refusal::Malformed(empty)));
}

#[test]
fn a_credential_alone_opens_nothing() {
    // Where a ticket has `nbf`, a credential has `cti`.
    let refusal = Gate::new().show(&credential(), now());
    let expected = Malformed::Object(DecodeError::CredentialAlone { at: 21 });
    assert_eq!(refusal, Decision::Refused(Refusal::Malformed(expected)));
}

#[test]
fn issuers_unknown_and_out_of_force() {
    let kid = KeyId::from_bytes(*b"zz99");
    let unknown = ticket_claims().sign(kid, signed_by(&issuer())).unwrap();
    check(&unknown, now(), Refusal::UnknownIssuer { kid });
    // In force from now until one second later, both ends included.
    let key = |from: Timestamp, until: Timestamp| {
        IssuerKey::new(KID, issuer().verifying_key().as_bytes(), from, until).unwrap()
    };
    let show = |key, at| Gate::with(vec![key], 8).show(&ticket(), at);
    let short = key(now(), later(SEC));
    let refused = Decision::Refused(Refusal::IssuerKeyNotInForce { kid: KID });
    assert_eq!(show(short, later(-1)), refused);
    assert!(matches!(show(short, now()), Decision::Permitted(_)));
    assert!(matches!(show(short, later(SEC)), Decision::Permitted(_)));
    assert_eq!(show(short, later(SEC + 1)), refused);
}

#[test]
fn every_key_of_the_name_is_tried() {
    let (start, end) = (now(), later(SEC));
    let named = |secret: &ed25519_dalek::SigningKey, start, end| {
        IssuerKey::new(KID, secret.verifying_key().as_bytes(), start, end).unwrap()
    };
    let ours = named(&issuer(), start, end);
    let other = named(&stranger(), start, end);
    let old = named(&issuer(), later(-9), later(-1));
    let show = |keys, bytes: &[u8]| Gate::with(keys, 8).show(bytes, now());
    for keys in [
        vec![other, ours],
        vec![ours, other],
        vec![old, ours],
        vec![ours, old],
    ] {
        assert!(matches!(show(keys, &ticket()), Decision::Permitted(_)));
    }
    let bad = Refusal::BadIssuerSignature(VerifyError::Issuer(SignatureError::Mismatch));
    for keys in [vec![other], vec![old, other], vec![other, old]] {
        assert_eq!(show(keys, &ticket()), Decision::Refused(bad));
    }
    let stolen = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let stolen = stolen.sign(&credential(), signed_by(&stranger())).unwrap();
    let bad = Refusal::BadHolderSignature(VerifyError::Holder(SignatureError::Mismatch));
    for keys in [vec![ours, other], vec![other, ours]] {
        assert_eq!(show(keys, &stolen), Decision::Refused(bad));
    }
}

#[test]
fn validity_of_tickets() {
    let early = Refusal::NotYetValid {
        starts_in: Span::from_micros(30 * SEC + 1),
    };
    check(&ticket(), later(-30 * SEC - 1), early);
    permits(&ticket(), later(-30 * SEC));
    permits(&ticket(), later(60 * SEC - 1));
    check(
        &ticket(),
        later(60 * SEC),
        Refusal::Expired {
            ended_ago: Span::ZERO,
        },
    );
}

#[test]
fn validity_of_credentials() {
    // Starts at its end less its life, 3600 s; shown as soon as the tolerance lets it, 30 s before.
    let claims = wire::CredentialClaims {
        expires: Timestamp::from_secs(NOW_SECS + 3630),
        life: LifeHours::new(1).unwrap(),
        ..credential_claims()
    };
    let credential = claims.sign(KID, signed_by(&issuer())).unwrap();
    let made_at = |secs: i64| {
        let claims = PresentationClaims {
            issued_at: Timestamp::from_secs(secs),
            gate: None,
        };
        claims.sign(&credential, signed_by(&holder())).unwrap()
    };
    let early = Refusal::NotYetValid {
        starts_in: Span::from_micros(30 * SEC + 1),
    };
    check(&made_at(NOW_SECS), later(-1), early);
    permits(&made_at(NOW_SECS), now());
    let last = NOW_SECS + 3629;
    permits(&made_at(last), Timestamp::from_micros((last + 1) * SEC - 1));
    let ended = Refusal::Expired {
        ended_ago: Span::ZERO,
    };
    check(&made_at(last), Timestamp::from_secs(last + 1), ended);
}

#[test]
fn tolerance_after_the_end() {
    let policy = Policy {
        expiry_tolerance: Span::from_secs(5),
        ..Policy::default()
    };
    let show = |now| {
        let mut gate = Gate::new();
        gate.validator = Validator::new(vec![issuer_key()], policy).unwrap();
        gate.show(&ticket(), now)
    };
    assert!(matches!(show(later(65 * SEC - 1)), Decision::Permitted(_)));
    let ended = Refusal::Expired {
        ended_ago: Span::from_secs(5),
    };
    assert_eq!(show(later(65 * SEC)), Decision::Refused(ended));
}

#[test]
fn age_of_presentations() {
    let code = presentation(None);
    permits(&code, later(45 * SEC));
    let age = Span::from_micros(45 * SEC + 1);
    check(&code, later(45 * SEC + 1), Refusal::Stale { age });
    permits(&code, later(-30 * SEC));
    let ahead = Span::from_micros(30 * SEC + 1);
    check(
        &code,
        later(-30 * SEC - 1),
        Refusal::FromTheFuture { ahead },
    );
}

#[test]
fn gate_bound_codes_open_their_gate_only() {
    let code = presentation(Some(GATE));
    let refusal = Refusal::OtherGate {
        expected: GATE,
        got: GateId::from_number(43),
    };
    assert_eq!(
        Gate::new().at_gate(43).show(&code, now()),
        Decision::Refused(refusal)
    );
    let decision = Gate::new().at_gate(43).show(&presentation(None), now());
    assert!(
        matches!(decision, Decision::Permitted(_)),
        "one-way codes open any gate"
    );
}

#[test]
fn denied_ids() {
    let id = credential_claims().id;
    let mut list = [ticket_claims().id, id, CredentialId::from_bytes([0; 16])];
    list.sort_unstable();
    let list = SortedDenyList::new(&list).unwrap();
    let refused = Decision::Refused(Refusal::Denied { id });
    let text = wire::text::encode(&presentation(None)).unwrap();
    let mut gate = Gate::new();
    let before = gate.memory.clone();
    assert_eq!(gate.show_text(text.as_bytes(), now(), &list), refused);
    assert_eq!(gate.memory, before);
    assert!(!list.contains(&CredentialId::from_bytes([1; 16])));
    let twice = [id, id];
    assert!(matches!(
        SortedDenyList::new(&twice),
        Err(DenyListError::Order { index: 1 })
    ));
}

#[test]
fn a_code_passes_once() {
    let mut gate = Gate::new();
    assert!(matches!(
        gate.show(&presentation(None), now()),
        Decision::Permitted(_)
    ));
    let used = Decision::Refused(Refusal::AlreadyUsed);
    assert_eq!(gate.show(&presentation(None), later(45 * SEC)), used);
    // The same credential and time bound to the gate is the same code.
    assert_eq!(gate.show(&presentation(Some(GATE)), later(SEC)), used);
    // A fresh code of the same credential is another one.
    let fresh = PresentationClaims {
        issued_at: later(SEC),
        gate: None,
    };
    let fresh = fresh.sign(&credential(), signed_by(&holder())).unwrap();
    assert!(matches!(
        gate.show(&fresh, later(SEC)),
        Decision::Permitted(_)
    ));
}

#[test]
fn a_ticket_passes_once_in_and_once_out() {
    let mut gate = Gate::new();
    let used = Decision::Refused(Refusal::AlreadyUsed);
    for kind in [TapKind::On, TapKind::Off] {
        gate.place.kind = kind;
        assert!(matches!(
            gate.show(&ticket(), now()),
            Decision::Permitted(_)
        ));
        assert_eq!(gate.show(&ticket(), now()), used);
    }
}

#[test]
fn a_gate_that_cannot_remember_refuses() {
    let mut gate = Gate::with(vec![issuer_key()], 1);
    assert!(matches!(
        gate.show(&presentation(None), now()),
        Decision::Permitted(_)
    ));
    let full = Decision::Refused(Refusal::GateNotReady(NotReady::ReplayMemoryFull));
    assert_eq!(gate.show(&ticket(), later(45 * SEC)), full);
    assert_eq!(gate.memory.live(later(45 * SEC)), 1);
    // The presentation dies 45 s after it was made; then its slot is free.
    assert_eq!(gate.memory.live(later(45 * SEC + 1)), 0);
    assert!(matches!(
        gate.show(&ticket(), later(45 * SEC + 1)),
        Decision::Permitted(_)
    ));
    // The clock goes back: the presentation is young again, but it was forgotten.
    let wrong = Decision::Refused(Refusal::GateNotReady(NotReady::ClockWentBack));
    assert_eq!(gate.show(&presentation(None), now()), wrong);
}

#[test]
fn a_gate_keeps_the_latest_end_of_what_it_forgot() {
    let mut gate = Gate::with(vec![issuer_key()], 3);
    // The ticket dies at 60 s, the presentation at 45 s; both are forgotten for two fresh codes.
    for code in [ticket(), presentation(None)] {
        assert!(matches!(gate.show(&code, now()), Decision::Permitted(_)));
    }
    for secs in [100, 101] {
        let issued_at = now().plus(Span::from_secs(secs));
        let claims = PresentationClaims {
            issued_at,
            gate: None,
        };
        let fresh = claims.sign(&credential(), signed_by(&holder())).unwrap();
        assert!(matches!(
            gate.show(&fresh, issued_at),
            Decision::Permitted(_)
        ));
    }
    let wrong = Decision::Refused(Refusal::GateNotReady(NotReady::ClockWentBack));
    assert_eq!(gate.show(&ticket(), later(50 * SEC)), wrong);
}

#[test]
fn a_gate_without_keys_refuses() {
    let refused = Decision::Refused(Refusal::GateNotReady(NotReady::NoIssuerKeys));
    assert_eq!(Gate::with(vec![], 8).show(&ticket(), now()), refused);
}

#[test]
fn limits_of_a_gate() {
    let key = |number: u32| {
        let kid = KeyId::from_bytes(number.to_be_bytes());
        IssuerKey::new(kid, issuer().verifying_key().as_bytes(), now(), now()).unwrap()
    };
    let many = |count: u32| (0..count).map(key).collect::<Vec<_>>();
    let set_up = |keys| Validator::new(keys, Policy::default()).map(|_| ());
    assert_eq!(set_up(many(64)), Ok(()));
    assert_eq!(
        set_up(many(65)),
        Err(SetupError::TooManyKeys {
            max: KEYS_MAX,
            got: 65
        })
    );
    assert_eq!(set_up(vec![key(1); 4]), Ok(()));
    let kid = KeyId::from_bytes([0, 0, 0, 1]);
    let error = SetupError::TooManyOfOneName {
        kid,
        max: SAME_KID_MAX,
        got: 5,
    };
    assert_eq!(set_up(vec![key(1); 5]), Err(error));
    let policy = Policy {
        phone_fast_max: Span::from_micros(-1),
        ..Policy::default()
    };
    let error = SetupError::NegativeSpan {
        field: "phone_fast_max",
        micros: -1,
    };
    assert_eq!(Validator::new(many(1), policy).map(|_| ()), Err(error));
}

/// The policy's modes: each kind of code is taken under exactly those that name it.
#[test]
fn only_the_kinds_of_the_policy_are_taken() {
    let codes = [
        (GatePolicy::ONE_WAY, presentation(None)),
        (GatePolicy::GATE_BOUND, presentation(Some(GATE))),
        (GatePolicy::TICKETS, ticket()),
    ];
    for modes in 1..=7_u8 {
        let kinds = Kinds::from_modes(modes).unwrap();
        assert_eq!(kinds.as_modes(), modes);
        let policy = Policy {
            kinds,
            ..Policy::default()
        };
        for (mode, code) in &codes {
            let expected = if modes & mode == 0 { 135 } else { 0 };
            let decision = Gate::under(policy, 8).show(code, now());
            assert_eq!(
                decision.code(),
                expected,
                "modes {modes}, code of mode {mode}"
            );
        }
    }
    assert_eq!((Kinds::from_modes(0), Kinds::from_modes(8)), (None, None));
    assert_eq!(Kinds::from_modes(7), Some(Kinds::ALL));
}

#[test]
fn times_at_the_ends_of_the_clock_are_no_trouble() {
    let ends = [i64::MIN, -1, 0, i64::MAX].map(Timestamp::from_micros);
    for now in ends {
        let always = IssuerKey::new(KID, issuer().verifying_key().as_bytes(), ends[0], ends[3]);
        for code in [presentation(None), ticket()] {
            let decision = Gate::with(vec![always.unwrap()], 8).show(&code, now);
            assert!(matches!(decision.code(), 120 | 121), "{decision:?}");
        }
    }
    let life = TicketClaims {
        expires: Timestamp::from_secs(65_536),
        ..ticket_claims()
    };
    let ended_before_its_start = life.sign(KID, signed_by(&issuer())).unwrap();
    assert_eq!(Gate::new().show(&ended_before_its_start, now()).code(), 121);
}
