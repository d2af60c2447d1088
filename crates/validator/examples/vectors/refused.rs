//! Codes that a gate refuses, with the number and the rule.

use ed25519_dalek::Signer as _;
use units::{GateId, KeyId, Timestamp};
use wire::{CredentialClaims, LifeHours, PresentationClaims, SignatureError, TicketClaims};

use crate::damage::{damaged, identity, identity_not_canonical, no_point};
use crate::hostile::{self, CLAIM, cose_key, credential_with, int, map, presentation_parts};
use crate::model::{CodeVector, CredentialVector};
use crate::objects::{
    GATE, KID, NOW_SECS, codes, credential, credential_claims, holder, issuer, now, presentation,
    signed_by, stranger, ticket, ticket_claims,
};
use crate::vectors::{DENIED, LAST_YEAR, last_year, vector};

fn because(error: &str, mut vector: CodeVector) -> CodeVector {
    vector.expected.error = Some(error.to_owned());
    vector
}

pub(crate) fn malformed() -> Vec<CodeVector> {
    let hostile = hostile::all();
    let row = |found: &hostile::Hostile| {
        because(
            found.error,
            vector(found.name, &found.bytes, 102, "malformed"),
        )
    };
    hostile.iter().map(row).collect()
}

pub(crate) fn texts() -> Vec<CodeVector> {
    let ticket = wire::text::encode(&ticket()).unwrap();
    let ticket = ticket.as_str();
    let cut = |characters: usize| &ticket[..ticket.len() - characters];
    let digits = &ticket[4..];
    let not_a_code = [
        ("empty", String::new()),
        ("a_link", "https://example.org/ticket/1".to_owned()),
        ("prefix_in_lower_case", format!("fg1:{digits}")),
        ("prefix_of_another_version", format!("FG2:{digits}")),
        ("space_before", format!(" {ticket}")),
    ];
    let malformed = [
        ("newline_after", "Character", format!("{ticket}\n")),
        (
            "all_in_lower_case",
            "Character",
            format!("FG1:{}", digits.to_lowercase()),
        ),
        (
            "letter_outside_ascii",
            "Character",
            format!("FG1:É{}", &digits[2..]),
        ),
        ("one_character_cut", "Length", cut(1).to_owned()),
        (
            "three_characters_too_large",
            "Group",
            format!("FG1:GGW{}", &digits[3..]),
        ),
        ("two_characters_too_large", "Group", format!("{}::", cut(2))),
        ("prefix_only", "Truncated", "FG1:".to_owned()),
    ];
    let row = |name, text, (code, result), error| {
        let vector = vector(name, &[], code, result);
        because(
            error,
            CodeVector {
                text,
                hex: None,
                ..vector
            },
        )
    };
    let none = not_a_code.map(|(name, text)| row(name, text, (101, "not_a_code"), "NotACode"));
    let bad = malformed.map(|(name, error, text)| row(name, text, (102, "malformed"), error));
    let long = format!("FG1:{}", "0".repeat(481));
    let long = row("longer_than_any_code", long, (103, "too_long"), "TooLong");
    none.into_iter().chain(bad).chain([long]).collect()
}

fn name_of(error: SignatureError) -> (&'static str, &'static str) {
    match error {
        SignatureError::ScalarTooLarge => ("s_not_below_the_order", "ScalarTooLarge"),
        SignatureError::SmallOrderPoint => ("r_of_small_order", "SmallOrderPoint"),
        SignatureError::NonCanonicalPoint => ("r_not_canonical", "NonCanonicalPoint"),
        SignatureError::NotAPoint => ("r_no_point", "NotAPoint"),
        _ => ("a_bit_of_s_changed", "Mismatch"),
    }
}

pub(crate) fn signatures() -> Vec<CodeVector> {
    let mut vectors = Vec::new();
    for (kind, bytes) in codes() {
        let (code, result) = match kind {
            "ticket" => (112, "bad_issuer_signature"),
            _ => (113, "bad_holder_signature"),
        };
        let start = bytes.len() - 64;
        for (signature, error) in damaged(bytes.last_chunk().unwrap()) {
            let (what, error) = name_of(error);
            let changed = [&bytes[..start], &signature].concat();
            vectors.push(because(
                error,
                vector(&format!("{kind}_{what}"), &changed, code, result),
            ));
        }
    }
    let one_way = presentation(None);
    for (signature, error) in damaged(one_way[102..166].try_into().unwrap()) {
        let (what, error) = name_of(error);
        let changed = [&one_way[..102], &signature, &one_way[166..]].concat();
        let name = format!("credential_{what}");
        vectors.push(because(
            error,
            vector(&name, &changed, 112, "bad_issuer_signature"),
        ));
    }
    vectors.extend(keys());
    vectors
}

fn keys() -> Vec<CodeVector> {
    let holder_key = |name, error, key: [u8; 32]| {
        let kcwt = credential_with(map(&[(1, cose_key(1, 6, &key))]), &CLAIM);
        let code = presentation_parts(kcwt, &[(6, int(NOW_SECS))]).signed(&holder());
        because(error, vector(name, &code, 113, "bad_holder_signature"))
    };
    let forged = ticket_claims().sign(KID, signed_by(&stranger())).unwrap();
    let self_made = credential_claims().sign(KID, signed_by(&holder())).unwrap();
    let made_now = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let self_made = made_now.sign(&self_made, signed_by(&holder())).unwrap();
    let stolen = made_now
        .sign(&credential(), signed_by(&stranger()))
        .unwrap();
    let unknown = KeyId::from_bytes(*b"zz99");
    let unknown = ticket_claims()
        .sign(unknown, signed_by(&stranger()))
        .unwrap();
    let old = ticket_claims()
        .sign(LAST_YEAR, signed_by(&last_year()))
        .unwrap();
    let mismatch = |vector| because("Mismatch", vector);
    vec![
        holder_key("holder_key_of_small_order", "SmallOrder", identity()),
        holder_key(
            "holder_key_not_canonical",
            "NonCanonical",
            identity_not_canonical(),
        ),
        holder_key("holder_key_no_point", "NotAPoint", no_point()),
        mismatch(vector(
            "ticket_forged",
            &forged,
            112,
            "bad_issuer_signature",
        )),
        mismatch(vector(
            "credential_self_made",
            &self_made,
            112,
            "bad_issuer_signature",
        )),
        mismatch(vector(
            "credential_stolen",
            &stolen,
            113,
            "bad_holder_signature",
        )),
        vector("issuer_unknown", &unknown, 110, "unknown_issuer"),
        vector(
            "issuer_key_of_last_year",
            &old,
            111,
            "issuer_key_not_in_force",
        ),
    ]
}

/// A presentation made now of a credential that the issuer signed.
fn present(credential: &CredentialClaims) -> Vec<u8> {
    let shown = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let credential = credential.sign(KID, signed_by(&issuer())).unwrap();
    shown
        .sign(&credential, signed_by(&holder()))
        .unwrap()
        .to_vec()
}

pub(crate) fn here_and_now() -> Vec<CodeVector> {
    let mut vectors = at_other_times();
    vectors.extend(at_this_gate());
    vectors
}

fn at_other_times() -> Vec<CodeVector> {
    let (one_way, bound, minute) = (presentation(None), presentation(Some(GATE)), ticket());
    let life = LifeHours::new(1).unwrap();
    let short = CredentialClaims {
        expires: now(),
        life,
        ..credential_claims()
    };
    let starting = Timestamp::from_secs(NOW_SECS + 3631);
    let starting = CredentialClaims {
        expires: starting,
        ..short
    };
    let early = (120, "not_yet_valid");
    let rows = [
        (-31, "ticket_too_early", minute.clone(), early),
        (0, "credential_too_early", present(&starting), early),
        (60, "ticket_at_its_end", minute, (121, "expired")),
        (
            0,
            "credential_at_its_end",
            present(&short),
            (121, "expired"),
        ),
        (46, "presentation_too_old", one_way.clone(), (122, "stale")),
        (46, "gate_bound_too_old", bound, (122, "stale")),
        (
            -31,
            "presentation_from_the_future",
            one_way,
            (123, "from_the_future"),
        ),
    ];
    let row = |(secs, name, bytes, (code, result)): (i64, &str, Vec<u8>, (u16, &str))| CodeVector {
        clock: NOW_SECS + secs,
        ..vector(name, &bytes, code, result)
    };
    rows.map(row).into()
}

fn at_this_gate() -> Vec<CodeVector> {
    let (one_way, bound, minute) = (presentation(None), presentation(Some(GATE)), ticket());
    let denied_ticket = TicketClaims {
        id: DENIED,
        ..ticket_claims()
    };
    let denied_ticket = denied_ticket.sign(KID, signed_by(&issuer())).unwrap();
    let denied = present(&CredentialClaims {
        id: DENIED,
        ..credential_claims()
    });
    let elsewhere = GateId::from_number(43).to_string();
    let again = |name, bytes: &[u8]| CodeVector {
        shown_before: true,
        ..vector(name, bytes, 150, "already_used")
    };
    let state = |name, gate_state: &str| CodeVector {
        gate_state: gate_state.to_owned(),
        ..vector(name, &one_way, 160, "gate_not_ready")
    };
    vec![
        CodeVector {
            gate: elsewhere,
            ..vector("for_another_gate", &bound, 130, "other_gate")
        },
        vector("ticket_denied", &denied_ticket, 140, "denied"),
        vector("credential_denied", &denied, 140, "denied"),
        again("presentation_used", &one_way),
        again("ticket_used", &minute),
        state("gate_without_keys", "without_keys"),
        state("gate_with_full_memory", "memory_full"),
    ]
}

pub(crate) fn credentials() -> Vec<CredentialVector> {
    let good = credential();
    let mut vectors = Vec::new();
    let mut add = |name: &str, bytes: &[u8], error: &str| {
        vectors.push(CredentialVector {
            name: name.to_owned(),
            hex: hex::encode(bytes),
            verifies: false,
            error: Some(error.to_owned()),
            claims: None,
            signatures: vec![],
        });
    };
    add("last_byte_cut", &good[..good.len() - 1], "Truncated");
    add(
        "a_byte_after_it",
        &[&good[..], &[0]].concat(),
        "TrailingBytes",
    );
    add("a_ticket", &ticket(), "UnexpectedKey");
    add("a_presentation", &presentation(None), "UnexpectedKey");
    let start = good.len() - 64;
    for (signature, error) in damaged(good.last_chunk().unwrap()) {
        let (what, error) = name_of(error);
        add(what, &[&good[..start], &signature].concat(), error);
    }
    let forged = credential_claims().to_be_signed(KID).unwrap();
    let signature = stranger().sign(forged.message()).to_bytes();
    add("forged", &forged.finish(&signature).unwrap(), "Mismatch");
    let other_name = credential_claims().sign(KeyId::from_bytes(*b"zz99"), signed_by(&issuer()));
    add("another_kid", &other_name.unwrap(), "OtherKey");
    vectors
}
