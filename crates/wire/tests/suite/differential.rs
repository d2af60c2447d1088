//! What we accept, `coset` reads the same way: header, claims, key and signed bytes.

use coset::cwt::ClaimsSet;
use coset::iana::{Algorithm, CwtClaimName, EnumI64 as _};
use coset::{
    AsCborValue as _, CborSerializable as _, CoseKey, CoseSign1, KeyType, Label,
    RegisteredLabelWithPrivate, cbor::Value,
};
use ed25519_dalek::{Signature, VerifyingKey};
use proptest::prelude::*;
use units::Timestamp;
use wire::{Code, ParsedCredential};

use crate::objects::{KID, codes, credential, holder, issuer, issuer_key, signed_by};
use crate::round_trips::{arb_credential, arb_presentation, arb_ticket};

fn secs(at: Timestamp) -> coset::cwt::Timestamp {
    coset::cwt::Timestamp::WholeSeconds(at.as_secs())
}

/// Reads `bytes` with coset and checks the signature with `verify_strict` over coset's own
/// `Sig_structure`.
fn read(bytes: &[u8], key: &VerifyingKey) -> (CoseSign1, ClaimsSet) {
    let object = CoseSign1::from_slice(bytes).unwrap();
    assert_eq!(
        object.protected.header.alg,
        Some(RegisteredLabelWithPrivate::Assigned(Algorithm::Ed25519))
    );
    assert!(object.unprotected.is_empty());
    object
        .verify_signature(b"", |signature, message| {
            key.verify_strict(message, &Signature::from_slice(signature).unwrap())
        })
        .unwrap();
    let claims = ClaimsSet::from_slice(object.payload.as_ref().unwrap()).unwrap();
    // One encoding: what coset writes is what it read.
    assert_eq!(object.clone().to_vec().unwrap(), bytes);
    (object, claims)
}

fn private_claim(claims: &ClaimsSet) -> &[u8] {
    let name = coset::cwt::ClaimName::PrivateUse(-65_537);
    claims
        .rest
        .iter()
        .find(|(found, _)| *found == name)
        .unwrap()
        .1
        .as_bytes()
        .unwrap()
}

fn check_credential(ours: &ParsedCredential<'_>) {
    let (object, claims) = read(ours.as_bytes(), &issuer().verifying_key());
    assert_eq!(object.protected.header.key_id, ours.kid().as_bytes());
    assert_eq!(claims.expiration_time, Some(secs(ours.expires())));
    assert_eq!(claims.cwt_id.as_deref(), Some(&ours.id().as_bytes()[..]));
    let entitlement = ours.entitlement();
    let claim = private_claim(&claims);
    assert_eq!(claim[0], entitlement.category.as_code());
    assert_eq!(claim[1], entitlement.party.as_riders());
    assert_eq!(claim[2..4], entitlement.product.as_number().to_be_bytes());
    let life = ours.expires().since(ours.starts()).as_secs();
    assert_eq!(i64::from(claim[4]) * 3600, life);
    let cnf = coset::cwt::ClaimName::Assigned(CwtClaimName::Cnf);
    let cnf = &claims.rest.iter().find(|(name, _)| *name == cnf).unwrap().1;
    let [(member, key)] = cnf.as_map().unwrap().as_slice() else {
        panic!("one member")
    };
    assert_eq!(*member, Value::from(1));
    let key = CoseKey::from_cbor_value(key.clone()).unwrap();
    assert_eq!(key.kty, KeyType::Assigned(coset::iana::KeyType::OKP));
    let curve = Value::from(coset::iana::EllipticCurve::Ed25519.to_i64());
    assert_eq!(
        key.params,
        [
            (Label::Int(-1), curve),
            (Label::Int(-2), Value::from(&ours.holder_bytes()[..])),
        ]
    );
}

fn check_code(bytes: &[u8]) {
    match wire::parse(bytes).unwrap() {
        Code::Ticket(ours) => {
            let (object, claims) = read(bytes, &issuer().verifying_key());
            assert_eq!(object.protected.header.key_id, ours.kid().as_bytes());
            assert_eq!(claims.expiration_time, Some(secs(ours.expires())));
            assert_eq!(claims.not_before, Some(secs(ours.starts())));
            assert_eq!(claims.cwt_id.as_deref(), Some(&ours.id().as_bytes()[..]));
            assert_eq!(private_claim(&claims).len(), 4);
        }
        Code::Presentation(ours) => {
            let (object, claims) = read(bytes, &holder().verifying_key());
            let [(label, inner)] = object.protected.header.rest.as_slice() else {
                panic!("one more label")
            };
            assert_eq!(*label, Label::Int(13));
            let inner = inner.clone().to_vec().unwrap();
            assert_eq!(inner, ours.credential().as_bytes());
            check_credential(ours.credential());
            assert_eq!(claims.issued_at, Some(secs(ours.issued_at())));
            assert_eq!(claims.audience, ours.gate().map(|gate| gate.to_string()));
        }
    }
    wire::parse(bytes).unwrap().verify(&issuer_key()).unwrap();
}

#[test]
fn coset_reads_the_good_objects_as_we_do() {
    check_credential(&ParsedCredential::parse(&credential()).unwrap());
    for (_, bytes) in codes() {
        check_code(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn coset_reads_every_credential_as_we_do(claims in arb_credential()) {
        let bytes = claims.sign(KID, signed_by(&issuer())).unwrap();
        check_credential(&ParsedCredential::parse(&bytes).unwrap());
    }

    #[test]
    fn coset_reads_every_code_as_we_do(ticket in arb_ticket(), presentation in arb_presentation()) {
        let ticket = ticket.sign(KID, signed_by(&issuer())).unwrap();
        check_code(&ticket);
        let key = holder();
        let signed = signed_by(&key);
        check_code(&presentation.sign(&credential(), signed).unwrap());
    }
}
