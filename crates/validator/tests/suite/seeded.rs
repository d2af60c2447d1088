//! The seeded bugs of the reliability plan that this crate can have, each with the test that
//! catches it.

use ed25519_dalek::{Signer as _, SigningKey};
use units::{KeyId, Span, Timestamp};
use validator::{Clock, ClockRules, Decision, Language, Malformed, Policy, Refusal, Trust};
use wire::{IssuerKey, PresentationClaims, TicketClaims};

use crate::objects::{
    GATE, KID, NOW_SECS, credential, holder, issuer, issuer_key, now, presentation, signed_by,
    stranger, ticket, ticket_claims,
};
use crate::shown::Gate;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(NOW_SECS + secs)
}

/// 8: the replay memory is keyed by the signature. Some phones sign with noise: two signatures of
/// one message hold, and they are one code.
#[test]
fn seeded_bug_08_replay_key_is_the_signature() {
    // A second good signature of the same holder over the same claims: the same key, another nonce.
    let secret = holder();
    let noisy = |message: &[u8]| noisy_signature(&secret, message);
    let claims = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let second = claims.sign(&credential(), noisy).unwrap();
    assert_ne!(second[..], presentation(None)[..], "two signatures");
    let mut gate = Gate::new();
    assert_eq!(gate.show(&presentation(None), now()).code(), 0);
    for code in [&second[..], &presentation(Some(GATE))] {
        assert_eq!(
            gate.show(code, at(1)),
            Decision::Refused(Refusal::AlreadyUsed)
        );
    }
    let mut gate = Gate::new();
    assert_eq!(
        gate.show(&second, now()).code(),
        0,
        "it is a good code of its own"
    );
}

/// Ed25519 with another nonce than RFC 8032's: R = rB, S = r + ka.
fn noisy_signature(secret: &SigningKey, message: &[u8]) -> [u8; 64] {
    use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
    let mut expanded = ExpandedSecretKey::from(&secret.to_bytes());
    expanded.hash_prefix[0] ^= 1;
    let signed = raw_sign::<sha2::Sha512>(&expanded, message, &secret.verifying_key()).to_bytes();
    assert_ne!(signed, secret.sign(message).to_bytes());
    signed
}

/// 9: the tap after a power cut is charged a second time. The gate's part: it is told which tap the
/// second one repeats, so that this one is written down as not opened.
#[test]
fn seeded_bug_09_tap_after_a_crash_charged_twice() {
    for code in [presentation(None), ticket()] {
        let mut gate = Gate::new();
        // What the journal holds after the cut, without a note of what the door did.
        let passage = gate
            .validator
            .passage(&code, gate.place.kind, now())
            .unwrap();
        gate.memory.remember(&passage, at(2)).unwrap();
        assert!(gate.memory.doubt(&passage));
        let Decision::Permitted(permit) = gate.show(&code, at(4)) else {
            panic!("the rider stands before a shut door");
        };
        assert_eq!(permit.again, Some(now()));
        assert_eq!(gate.show(&code, at(5)).code(), 150, "and once only");
    }
}

/// 10: the sign of a phone's skew is turned round. A slow phone is told that it is slow.
#[test]
fn seeded_bug_10_skew_sign_inverted() {
    let made = |secs| {
        let claims = PresentationClaims {
            issued_at: at(secs),
            gate: None,
        };
        let signed = claims.sign(&credential(), signed_by(&holder()));
        signed.unwrap().to_vec()
    };
    let told = |secs| match Gate::new().show(&made(secs), now()) {
        Decision::Refused(refusal) => refusal,
        Decision::Permitted(_) => panic!("{secs}"),
    };
    let (slow, fast) = (told(-240), told(240));
    let minutes = Span::from_secs(240);
    assert_eq!(slow, Refusal::Stale { age: minutes });
    assert_eq!(fast, Refusal::FromTheFuture { ahead: minutes });
    for (refusal, english, chinese, korean) in [
        (
            slow,
            "your phone's clock is 4 min slow",
            "慢了4分钟",
            "4분 느립니다",
        ),
        (
            fast,
            "Your phone's clock is 4 min fast",
            "快了4分钟",
            "4분 빠릅니다",
        ),
    ] {
        assert!(refusal.sentence().contains(english), "{refusal}");
        assert!(refusal.sentence_in(Language::Chinese).contains(chinese));
        assert!(refusal.sentence_in(Language::Korean).contains(korean));
    }
    // The window is 45 s behind and 30 s ahead, and not the other way round.
    for (secs, code) in [
        (-46, 122),
        (-45, 0),
        (-31, 0),
        (30, 0),
        (31, 123),
        (45, 123),
    ] {
        assert_eq!(Gate::new().show(&made(secs), now()).code(), code, "{secs}");
    }
}

/// 11: the high-water mark is ignored. A battery fails, it is 2000 again, and yesterday's ticket
/// would be young.
#[test]
fn seeded_bug_11_high_water_mark_ignored() {
    let mut clock = Clock::new(ClockRules::default());
    clock.past(at(3600));
    for wall in [0, 946_684_800, NOW_SECS + 30] {
        let reading = clock.read(Timestamp::from_secs(wall), Span::from_secs(1));
        assert_eq!(
            (reading.trust, reading.time),
            (Trust::Wrong, at(3600)),
            "{wall}"
        );
        assert_ne!(Gate::new().show(&ticket(), reading).code(), 0);
        let open = Policy {
            degraded: validator::Degraded {
                unproven: validator::Pass::Everything,
                wrong: validator::Pass::Everything,
            },
            ..Policy::default()
        };
        let decision = Gate::under(open, 4).show(&ticket(), reading);
        assert_eq!(
            decision.code(),
            121,
            "over, even for a city that lets all pass"
        );
    }
}

/// 12: a jump forward is written into the mark, and every honest rider is refused for ten years.
#[test]
fn seeded_bug_12_high_water_mark_poisoned() {
    let years = Span::from_secs(10 * 365 * 86_400);
    for is_synced in [true, false] {
        let mut clock = Clock::new(ClockRules::default());
        clock.past(now());
        if is_synced {
            assert!(clock.signed(now(), Span::ZERO, Span::from_secs(1)));
        }
        clock.read(now().plus(years), Span::from_secs(2));
        assert!(clock.mark() <= Some(at(2)), "{:?}", clock.mark());
        let back = clock.read(at(2), Span::from_secs(3));
        assert_eq!(back.trust == Trust::Proven, is_synced);
        assert_eq!(Gate::new().show(&presentation(None), back).code(), 0);
    }
    // Nor is an unproven time of 80 days ahead, which might be right.
    let mut clock = Clock::new(ClockRules::default());
    clock.past(now());
    clock.read(at(80 * 86_400), Span::from_secs(1));
    assert_eq!(clock.mark(), Some(now()));
}

/// 17: of two issuer keys with one name only the first is tried. Both orders, both kinds of code,
/// and a code of neither key.
#[test]
fn seeded_bug_17_of_two_keys_of_one_name_the_first_is_taken() {
    let public = stranger().verifying_key().to_bytes();
    let other = IssuerKey::new(KID, &public, at(-60), at(60)).unwrap();
    let theirs = ticket_claims().sign(KID, signed_by(&stranger())).unwrap();
    let nobodys = ticket_claims().sign(KID, signed_by(&holder())).unwrap();
    for keys in [vec![other, issuer_key()], vec![issuer_key(), other]] {
        for code in [&theirs[..], &ticket(), &presentation(None)] {
            let decision = Gate::with(keys.clone(), 8).show(code, now());
            assert_eq!(decision.code(), 0, "{decision:?}");
        }
        assert_eq!(Gate::with(keys, 8).show(&nobodys, now()).code(), 112);
    }
    // The first of them out of force does not hide the second.
    let over = IssuerKey::new(KID, &public, at(-60), at(-1)).unwrap();
    let keys = vec![over, issuer_key()];
    assert_eq!(Gate::with(keys, 8).show(&ticket(), now()).code(), 0);
}

/// 18: a token of another city is accepted: one whose issuer is not in this city's bundle, though
/// its key has a name that is.
#[test]
fn seeded_bug_18_token_of_another_city() {
    let theirs = ticket_claims().sign(KID, signed_by(&stranger())).unwrap();
    assert_eq!(Gate::new().show(&theirs, now()).code(), 112);
    let name = KeyId::from_bytes(*b"sh01");
    let theirs = ticket_claims().sign(name, signed_by(&stranger())).unwrap();
    let unknown = Refusal::UnknownIssuer { kid: name };
    assert_eq!(Gate::new().show(&theirs, now()), Decision::Refused(unknown));
    // Both cities in the bundle, one name: each key takes its own.
    let public = stranger().verifying_key().to_bytes();
    let key = IssuerKey::new(KID, &public, now(), at(60)).unwrap();
    let theirs = ticket_claims().sign(KID, signed_by(&stranger())).unwrap();
    for keys in [vec![key, issuer_key()], vec![issuer_key(), key]] {
        assert_eq!(Gate::with(keys.clone(), 4).show(&theirs, now()).code(), 0);
        assert_eq!(Gate::with(keys, 4).show(&ticket(), now()).code(), 0);
    }
}

/// 19: an object of one type is taken for another. Every signed object, shown as a code: a
/// presentation and a ticket pass, and nothing else does; nor does a holder's key sign tickets, or
/// an issuer's a presentation.
#[test]
fn seeded_bug_19_object_types_confused() {
    let malformed = |bytes: &[u8]| {
        let decision = Gate::new().show(bytes, now());
        let is = matches!(
            decision,
            Decision::Refused(Refusal::Malformed(Malformed::Object(_)))
        );
        assert!(is, "{decision:?}");
    };
    malformed(&credential());
    // A batch's signed message, a tap record.
    let start = wire::chain::ChainHead::start(units::DeviceId::from_bytes([1; 16]), 1);
    let device = units::DeviceId::from_bytes([1; 16]);
    malformed(&wire::chain::batch_message(device, 1, 0, 1, start, start));
    // The issuer's signature on what the phone should have signed, and the other way round.
    let claims = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let by_issuer = claims.sign(&credential(), signed_by(&issuer())).unwrap();
    assert_eq!(Gate::new().show(&by_issuer, now()).code(), 113);
    let by_phone = ticket_claims().sign(KID, signed_by(&holder())).unwrap();
    assert_eq!(Gate::new().show(&by_phone, now()).code(), 112);
    // A credential's signature on a ticket with the same words: the messages differ.
    let long = TicketClaims {
        starts: at(-6 * 3600),
        expires: at(18 * 3600),
        ..ticket_claims()
    };
    let mut forged = long.sign(KID, signed_by(&issuer())).unwrap().to_vec();
    let signature = credential();
    let length = forged.len();
    forged[length - 64..].copy_from_slice(&signature[signature.len() - 64..]);
    assert_eq!(Gate::new().show(&forged, now()).code(), 112);
}
