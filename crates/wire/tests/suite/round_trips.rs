//! What is encoded is read back, for all values; and any bytes get an answer.

use proptest::prelude::*;
use units::{CredentialId, GateId, KeyId, Timestamp};
use wire::{
    Code, CredentialClaims, DecodeError, EncodeError, Entitlement, HolderKey, LifeHours,
    ParsedCredential, PartySize, PresentationClaims, ProductCode, RiderCategory, TicketClaims,
    VerifiedCode,
};

use crate::objects::{
    KID, codes, credential, credential_claims, entitlement, holder, issuer, issuer_key, now,
    signed_by, stranger, ticket_claims,
};

fn arb_time() -> impl Strategy<Value = Timestamp> {
    (65_536i64..=i64::from(u32::MAX)).prop_map(Timestamp::from_secs)
}

fn arb_entitlement() -> impl Strategy<Value = Entitlement> {
    (any::<u8>(), 1..=u8::MAX, any::<u16>()).prop_map(|(category, party, product)| Entitlement {
        category: RiderCategory::from_code(category),
        party: PartySize::new(party).unwrap(),
        product: ProductCode::from_number(product),
    })
}

pub(crate) fn arb_credential() -> impl Strategy<Value = CredentialClaims> {
    (
        any::<[u8; 16]>(),
        any::<[u8; 32]>(),
        arb_entitlement(),
        arb_time(),
        1..=u8::MAX,
    )
        .prop_map(|(id, seed, entitlement, expires, hours)| {
            let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
            CredentialClaims {
                id: CredentialId::from_bytes(id),
                holder: HolderKey::from_bytes(key.as_bytes()).unwrap(),
                entitlement,
                expires,
                life: LifeHours::new(hours).unwrap(),
            }
        })
}

pub(crate) fn arb_ticket() -> impl Strategy<Value = TicketClaims> {
    (any::<[u8; 16]>(), arb_entitlement(), arb_time(), arb_time()).prop_map(
        |(id, entitlement, starts, expires)| TicketClaims {
            id: CredentialId::from_bytes(id),
            starts,
            expires,
            entitlement,
        },
    )
}

pub(crate) fn arb_presentation() -> impl Strategy<Value = PresentationClaims> {
    let gate = any::<Option<u32>>().prop_map(|number| number.map(GateId::from_number));
    (arb_time(), gate).prop_map(|(issued_at, gate)| PresentationClaims { issued_at, gate })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn credentials_come_back(claims in arb_credential(), kid in any::<[u8; 4]>()) {
        let kid = KeyId::from_bytes(kid);
        let bytes = claims.sign(kid, signed_by(&issuer())).unwrap();
        let parsed = ParsedCredential::parse(&bytes).unwrap();
        prop_assert_eq!((parsed.kid(), parsed.as_bytes()), (kid, &bytes[..]));
        let key = wire::IssuerKey::new(kid, issuer_key().public_key(), now(), now()).unwrap();
        let read = parsed.verify(&key).unwrap();
        prop_assert_eq!(read.id(), claims.id);
        prop_assert_eq!(read.holder(), &claims.holder);
        prop_assert_eq!(read.entitlement(), claims.entitlement);
        prop_assert_eq!((read.starts(), read.expires()), (claims.starts(), claims.expires));
    }

    #[test]
    fn tickets_come_back(claims in arb_ticket()) {
        let bytes = claims.sign(KID, signed_by(&issuer())).unwrap();
        let VerifiedCode::Ticket(read) = wire::parse(&bytes).unwrap().verify(&issuer_key()).unwrap()
        else { panic!("no ticket") };
        prop_assert_eq!(
            (read.id(), read.starts(), read.expires(), read.entitlement()),
            (claims.id, claims.starts, claims.expires, claims.entitlement)
        );
    }

    #[test]
    fn presentations_come_back(claims in arb_presentation()) {
        let bytes = claims.sign(&credential(), signed_by(&holder())).unwrap();
        prop_assert_eq!(bytes.len(), if claims.gate.is_some() { 251 } else { 241 });
        let VerifiedCode::Presentation(read) =
            wire::parse(&bytes).unwrap().verify(&issuer_key()).unwrap()
        else { panic!("no presentation") };
        prop_assert_eq!((read.issued_at(), read.gate()), (claims.issued_at, claims.gate));
        prop_assert_eq!(read.credential().as_bytes(), &credential()[..]);
    }

    /// Fuzzing at small scale: no byte string panics, and random ones are no codes.
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(wire::parse(&bytes).is_err());
        prop_assert!(ParsedCredential::parse(&bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Fuzzing near good codes: bytes replaced, cut out and put in. Nothing changed is accepted.
    #[test]
    fn damaged_codes_are_never_accepted(
        which in 0usize..3,
        edits in proptest::collection::vec((any::<u16>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let good = codes()[which].1.clone();
        let mut bytes = good.clone();
        for (at, byte, kind) in edits {
            let at = usize::from(at) % bytes.len();
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let accepted = wire::parse(&bytes).is_ok_and(|code| code.verify(&issuer_key()).is_ok());
        prop_assert_eq!(accepted, bytes == good);
    }
}

#[test]
fn signing_in_two_steps_gives_the_same_object() {
    let two_steps = credential_claims().to_be_signed(KID).unwrap();
    let signature = signed_by(&issuer())(two_steps.message());
    assert_eq!(two_steps.finish(&signature).unwrap()[..], credential());
}

#[test]
fn a_credential_lives_for_its_hours() {
    // 18 hours left of 24: it started 6 hours before now.
    let starts = Timestamp::from_secs(1_546_819_200 - 6 * 3600);
    assert_eq!(credential_claims().starts(), starts);
    let bytes = credential();
    assert_eq!(ParsedCredential::parse(&bytes).unwrap().starts(), starts);
}

#[test]
fn times_that_do_not_fit_are_not_signed() {
    for (secs, field) in [(65_535, "exp"), (-1, "exp"), (1 << 32, "exp")] {
        let claims = TicketClaims {
            expires: Timestamp::from_secs(secs),
            ..ticket_claims()
        };
        let error = EncodeError::TimeOutOfRange { field, got: secs };
        assert_eq!(claims.sign(KID, signed_by(&issuer())), Err(error));
    }
    let claims = TicketClaims {
        starts: Timestamp::from_micros(-1),
        ..ticket_claims()
    };
    let error = EncodeError::TimeOutOfRange {
        field: "nbf",
        got: -1,
    };
    assert_eq!(claims.sign(KID, signed_by(&issuer())), Err(error));
}

#[test]
fn only_a_credential_can_be_presented() {
    let claims = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let ticket = codes()[2].1.clone();
    let refused = claims.sign(&ticket, signed_by(&holder())).unwrap_err();
    assert!(matches!(
        refused,
        EncodeError::NotACredential(DecodeError::UnexpectedKey {
            expected: 7,
            got: 5,
            ..
        })
    ));
    assert!(claims.sign(b"", signed_by(&holder())).is_err());
}

#[test]
fn another_phone_cannot_present_a_credential() {
    let claims = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let stolen = claims.sign(&credential(), signed_by(&stranger())).unwrap();
    let Code::Presentation(parsed) = wire::parse(&stolen).unwrap() else {
        panic!()
    };
    assert!(matches!(
        parsed.verify(&issuer_key()),
        Err(wire::VerifyError::Holder(_))
    ));
    assert_eq!(parsed.credential().entitlement(), entitlement());
}
