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
    let [not_a_code, malformed, too_long] =
        [(101, "not_a_code"), (102, "malformed"), (103, "too_long")];
    let rows = [
        ("empty", String::new(), not_a_code, "NotACode"),
        (
            "a_link",
            "https://example.org/ticket/1".to_owned(),
            not_a_code,
            "NotACode",
        ),
        (
            "prefix_in_lower_case",
            ticket.replace("FG1:", "fg1:"),
            not_a_code,
            "NotACode",
        ),
        (
            "prefix_of_another_version",
            ticket.replace("FG1:", "FG2:"),
            not_a_code,
            "NotACode",
        ),
        ("space_before", format!(" {ticket}"), not_a_code, "NotACode"),
        (
            "newline_after",
            format!("{ticket}\n"),
            malformed,
            "Character",
        ),
        (
            "all_in_lower_case",
            format!("FG1:{}", ticket[4..].to_lowercase()),
            malformed,
            "Character",
        ),
        (
            "letter_outside_ascii",
            format!("FG1:É{}", &ticket[6..]),
            malformed,
            "Character",
        ),
        (
            "one_character_cut",
            ticket[..ticket.len() - 1].to_owned(),
            malformed,
            "Length",
        ),
        (
            "three_characters_too_large",
            format!("FG1:GGW{}", &ticket[7..]),
            malformed,
            "Group",
        ),
        (
            "two_characters_too_large",
            format!("{}::", &ticket[..ticket.len() - 2]),
            malformed,
            "Group",
        ),
        ("prefix_only", "FG1:".to_owned(), malformed, "Truncated"),
        (
            "longer_than_any_code",
            format!("FG1:{}", "0".repeat(481)),
            too_long,
            "TooLong",
        ),
    ];
    let row = |(name, text, (code, result), error)| {
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
    rows.into_iter().map(row).collect()
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

pub(crate) fn here_and_now() -> Vec<CodeVector> {
    let (one_way, bound, minute) = (presentation(None), presentation(Some(GATE)), ticket());
    let at = |clock: i64, vector: CodeVector| CodeVector { clock, ..vector };
    let short = CredentialClaims {
        expires: now(),
        life: LifeHours::new(1).unwrap(),
        ..credential_claims()
    };
    let starting = CredentialClaims {
        expires: Timestamp::from_secs(NOW_SECS + 3631),
        ..short
    };
    let shown = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let present = |credential: &CredentialClaims| {
        let credential = credential.sign(KID, signed_by(&issuer())).unwrap();
        shown
            .sign(&credential, signed_by(&holder()))
            .unwrap()
            .to_vec()
    };
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
    let again = |vector| CodeVector {
        shown_before: true,
        ..vector
    };
    let state = |gate_state: &str, vector| CodeVector {
        gate_state: gate_state.to_owned(),
        ..vector
    };
    vec![
        at(
            NOW_SECS - 31,
            vector("ticket_too_early", &minute, 120, "not_yet_valid"),
        ),
        vector(
            "credential_too_early",
            &present(&starting),
            120,
            "not_yet_valid",
        ),
        at(
            NOW_SECS + 60,
            vector("ticket_at_its_end", &minute, 121, "expired"),
        ),
        vector("credential_at_its_end", &present(&short), 121, "expired"),
        at(
            NOW_SECS + 46,
            vector("presentation_too_old", &one_way, 122, "stale"),
        ),
        at(
            NOW_SECS + 46,
            vector("gate_bound_too_old", &bound, 122, "stale"),
        ),
        at(
            NOW_SECS - 31,
            vector(
                "presentation_from_the_future",
                &one_way,
                123,
                "from_the_future",
            ),
        ),
        CodeVector {
            gate: elsewhere,
            ..vector("for_another_gate", &bound, 130, "other_gate")
        },
        vector("ticket_denied", &denied_ticket, 140, "denied"),
        vector("credential_denied", &denied, 140, "denied"),
        again(vector("presentation_used", &one_way, 150, "already_used")),
        again(vector("ticket_used", &minute, 150, "already_used")),
        state(
            "without_keys",
            vector("gate_without_keys", &one_way, 160, "gate_not_ready"),
        ),
        state(
            "memory_full",
            vector("gate_with_full_memory", &one_way, 160, "gate_not_ready"),
        ),
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
