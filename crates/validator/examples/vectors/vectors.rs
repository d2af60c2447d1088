//! The files, and the codes that a gate permits.

use ed25519_dalek::SigningKey;
use serde::Serialize;
use units::{CredentialId, GateId, KeyId, Timestamp};
use wire::{
    CredentialClaims, Entitlement, HolderKey, LifeHours, PartySize, PresentationClaims,
    ProductCode, RiderCategory, TicketClaims,
};

use crate::model::{
    Claims, CodeFile, CodeVector, CredentialFile, CredentialVector, Expected, Key, PolicySecs,
    Reader, Signed,
};
use crate::objects::{
    GATE, KID, NOW_SECS, credential, credential_claims, holder, issuer, presentation, signed_by,
    ticket, ticket_claims,
};
use crate::{refused, taps};

/// A neighbour city whose key happens to have the same name.
pub(crate) fn neighbour() -> SigningKey {
    SigningKey::from_bytes(&[0x55; 32])
}

/// A key that is in force for all times that codes can hold.
fn always() -> SigningKey {
    SigningKey::from_bytes(&[0x66; 32])
}

/// A key that was in force in 2018.
pub(crate) fn last_year() -> SigningKey {
    SigningKey::from_bytes(&[0x77; 32])
}

pub(crate) const ALWAYS: KeyId = KeyId::from_bytes(*b"hz02");
pub(crate) const LAST_YEAR: KeyId = KeyId::from_bytes(*b"hz18");
/// The id on the deny list.
pub(crate) const DENIED: CredentialId = CredentialId::from_bytes(*b"denied-id-000001");

fn key(kid: KeyId, secret: &SigningKey, not_before: i64, not_after: i64) -> Key {
    let public_key = hex::encode(secret.verifying_key().to_bytes());
    Key {
        kid: kid.to_string(),
        public_key,
        not_before,
        not_after,
    }
}

/// The year 2019 in UTC.
const YEAR: (i64, i64) = (1_546_300_800, 1_577_836_799);

pub(crate) fn reader() -> Reader {
    Reader {
        issuer_keys: vec![
            key(KID, &issuer(), YEAR.0, YEAR.1),
            key(KID, &neighbour(), YEAR.0, YEAR.1),
            key(ALWAYS, &always(), 0, u32::MAX.into()),
            key(LAST_YEAR, &last_year(), 1_514_764_800, YEAR.0 - 1),
        ],
        policy: PolicySecs {
            code_life: 15,
            phone_slow_max: 30,
            phone_fast_max: 30,
            not_before_tolerance: 30,
            expiry_tolerance: 0,
        },
        denied: vec![hex::encode(DENIED.as_bytes())],
    }
}

/// All files with their names.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let codes = |about: &str, vectors| {
        text(&CodeFile {
            about: about.to_owned(),
            reader: reader(),
            vectors,
        })
    };
    vec![
        ("good.json", codes("Codes that a gate permits.", good())),
        ("credentials.json", text(&credentials())),
        (
            "malformed.json",
            codes(
                "Properly signed, but not the one encoding.",
                refused::malformed(),
            ),
        ),
        (
            "texts.json",
            codes("Texts that stand for no bytes.", refused::texts()),
        ),
        (
            "signatures.json",
            codes("Right in shape, wrong in signature.", refused::signatures()),
        ),
        (
            "refused.json",
            codes("Signed, but not here and now.", refused::here_and_now()),
        ),
        ("taps.json", text(&taps::file())),
    ]
}

fn text(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap();
    text.push('\n');
    text
}

/// A code shown at `NOW_SECS` to the gate of the gate-bound codes, for a tap on.
pub(crate) fn vector(name: &str, bytes: &[u8], code: u16, result: &str) -> CodeVector {
    CodeVector {
        name: name.to_owned(),
        text: wire::text::encode(bytes).unwrap().as_str().to_owned(),
        hex: Some(hex::encode(bytes)),
        clock: NOW_SECS,
        gate: GATE.to_string(),
        tap: "on".to_owned(),
        gate_state: "ready".to_owned(),
        shown_before: false,
        expected: Expected {
            code,
            result: result.to_owned(),
            error: None,
            claims: None,
            signatures: vec![],
        },
    }
}

fn permitted(name: &str, bytes: &[u8], claims: Claims, signatures: Vec<Signed>) -> CodeVector {
    let mut vector = vector(name, bytes, 0, "permitted");
    vector.expected.claims = Some(claims);
    vector.expected.signatures = signatures;
    vector
}

fn at(clock: i64, vector: &CodeVector, name: &str) -> CodeVector {
    CodeVector {
        name: name.to_owned(),
        clock,
        ..vector.clone()
    }
}

/// The last signature in `bytes`, over `message`.
fn signature(by: &str, key: &SigningKey, message: &[u8], bytes: &[u8]) -> Signed {
    Signed {
        by: by.to_owned(),
        public_key: hex::encode(key.verifying_key().to_bytes()),
        message: hex::encode(message),
        signature: hex::encode(&bytes[bytes.len() - 64..]),
    }
}

fn ticket_vector(name: &str, kid: KeyId, key: &SigningKey, ticket: &TicketClaims) -> CodeVector {
    let message = ticket.to_be_signed(kid).unwrap();
    let bytes = ticket.sign(kid, signed_by(key)).unwrap();
    let Entitlement {
        category,
        party,
        product,
    } = ticket.entitlement;
    let claims = Claims {
        kid: kid.to_string(),
        cti: hex::encode(ticket.id.as_bytes()),
        exp: ticket.expires.as_secs(),
        starts: ticket.starts.as_secs(),
        category: category.as_code(),
        party: party.as_riders(),
        product: product.as_number(),
        ..Claims::default()
    };
    let signed = vec![signature("issuer", key, message.message(), &bytes)];
    permitted(name, &bytes, claims, signed)
}

fn credential_says(credential: &CredentialClaims, kid: KeyId) -> Claims {
    let Entitlement {
        category,
        party,
        product,
    } = credential.entitlement;
    Claims {
        kid: kid.to_string(),
        cti: hex::encode(credential.id.as_bytes()),
        exp: credential.expires.as_secs(),
        starts: credential.starts().as_secs(),
        category: category.as_code(),
        party: party.as_riders(),
        product: product.as_number(),
        holder: Some(hex::encode(credential.holder.as_bytes())),
        ..Claims::default()
    }
}

fn presentation_vector(
    name: &str,
    (kid, key): (KeyId, &SigningKey),
    credential: &CredentialClaims,
    presentation: PresentationClaims,
) -> CodeVector {
    let inner = credential.sign(kid, signed_by(key)).unwrap();
    let bytes = presentation.sign(&inner, signed_by(&holder())).unwrap();
    let claims = Claims {
        iat: Some(presentation.issued_at.as_secs()),
        aud: presentation.gate.map(|gate| gate.to_string()),
        ..credential_says(credential, kid)
    };
    let inner_message = credential.to_be_signed(kid).unwrap();
    let message = presentation.to_be_signed(&inner).unwrap();
    let signed = vec![
        signature("issuer", key, inner_message.message(), &inner),
        signature("holder", &holder(), message.message(), &bytes),
    ];
    permitted(name, &bytes, claims, signed)
}

fn made(secs: i64, gate: Option<GateId>) -> PresentationClaims {
    PresentationClaims {
        issued_at: Timestamp::from_secs(secs),
        gate,
    }
}

fn good() -> Vec<CodeVector> {
    let ours = (KID, &issuer());
    let one_way = presentation_vector("one_way", ours, &credential_claims(), made(NOW_SECS, None));
    let bound = made(NOW_SECS, Some(GATE));
    let bound = presentation_vector("gate_bound", ours, &credential_claims(), bound);
    let minute = ticket_vector("ticket", KID, &issuer(), &ticket_claims());
    assert_eq!(one_way.hex, Some(hex::encode(presentation(None))));
    assert_eq!(bound.hex, Some(hex::encode(presentation(Some(GATE)))));
    assert_eq!(minute.hex, Some(hex::encode(ticket())));
    let tap_off = CodeVector {
        tap: "off".to_owned(),
        ..minute.clone()
    };
    let same_kid = "ticket_of_a_neighbour_with_the_same_kid";
    let mut vectors = vec![
        minute.clone(),
        one_way.clone(),
        bound,
        at(
            NOW_SECS + 45,
            &one_way,
            "one_way_at_the_end_of_its_life_on_a_slow_phone",
        ),
        at(NOW_SECS - 30, &one_way, "one_way_on_a_fast_phone"),
        at(NOW_SECS - 30, &minute, "ticket_at_a_slow_gate"),
        at(NOW_SECS + 59, &minute, "ticket_in_its_last_second"),
        at(NOW_SECS, &tap_off, "ticket_to_tap_off"),
        ticket_vector(same_kid, KID, &neighbour(), &ticket_claims()),
    ];
    vectors.extend(extremes());
    vectors
}

/// The smallest values a ticket can hold, and the largest of a gate-bound presentation.
fn extremes() -> [CodeVector; 2] {
    let smallest = Entitlement {
        category: RiderCategory::from_code(0),
        party: PartySize::ONE,
        product: ProductCode::from_number(0),
    };
    let largest = Entitlement {
        category: RiderCategory::from_code(255),
        party: PartySize::new(255).unwrap(),
        product: ProductCode::from_number(65_535),
    };
    let first = TicketClaims {
        id: CredentialId::from_bytes([0; 16]),
        starts: Timestamp::from_secs(65_536),
        expires: Timestamp::from_secs(65_537),
        entitlement: smallest,
    };
    let last = CredentialClaims {
        id: CredentialId::from_bytes([0xff; 16]),
        holder: HolderKey::from_bytes(holder().verifying_key().as_bytes()).unwrap(),
        entitlement: largest,
        expires: Timestamp::from_secs(u32::MAX.into()),
        life: LifeHours::new(255).unwrap(),
    };
    let last_second = i64::from(u32::MAX) - 1;
    let widest = made(last_second, Some(GateId::from_number(u32::MAX)));
    let smallest = ticket_vector("", ALWAYS, &always(), &first);
    let largest = presentation_vector("", (ALWAYS, &always()), &last, widest);
    let largest = CodeVector {
        gate: "ffffffff".to_owned(),
        ..largest
    };
    [
        at(65_536, &smallest, "smallest_values"),
        at(last_second, &largest, "largest_values"),
    ]
}

fn credentials() -> CredentialFile {
    let good = CredentialVector {
        name: "credential".to_owned(),
        hex: hex::encode(credential()),
        verifies: true,
        error: None,
        claims: Some(credential_says(&credential_claims(), KID)),
        signatures: vec![signature(
            "issuer",
            &issuer(),
            credential_claims().to_be_signed(KID).unwrap().message(),
            &credential(),
        )],
    };
    let mut vectors = vec![good];
    vectors.extend(refused::credentials());
    CredentialFile {
        about: "Credentials by themselves, as a phone gets them; a gate refuses each (102)."
            .to_owned(),
        issuer_key: key(KID, &issuer(), YEAR.0, YEAR.1),
        vectors,
    }
}
