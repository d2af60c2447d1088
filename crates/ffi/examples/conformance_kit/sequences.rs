//! Cases of several scans: replay, edges of time to the microsecond, lists, the order of checks.
//!
//! Expected numbers are worked out by hand from the section "Decision" of `docs/WIRE.md`.

use units::{CredentialId, GateId, KeyId, Timestamp};
use wire::{CredentialClaims, TicketClaims};

use crate::codes::{Code, MICROS, case, one_way, presentation, scan, ticket};
use crate::model::Case;
use crate::objects::{GATE, KID, NOW_SECS, credential_claims, issuer, stranger, ticket_claims};
use crate::readers::{
    ALWAYS, DENIED, LAST_YEAR, YEAR_START, always, id_number, last_year, neighbour,
};

/// When most codes are made or start, in microseconds.
const NOW: i64 = NOW_SECS * MICROS;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = replay();
    cases.extend(replay_memory());
    cases.extend(edges_of_time());
    cases.extend(policies());
    cases.extend(lists());
    cases.extend(order_of_checks());
    cases.extend(places());
    cases
}

fn with_id(id: [u8; 16]) -> CredentialClaims {
    CredentialClaims {
        id: CredentialId::from_bytes(id),
        ..credential_claims()
    }
}

fn ticket_with_id(id: [u8; 16]) -> Code {
    let claims = TicketClaims {
        id: CredentialId::from_bytes(id),
        ..ticket_claims()
    };
    ticket(&claims, KID, &issuer())
}

fn minute() -> Code {
    ticket(&ticket_claims(), KID, &issuer())
}

fn at(secs: i64) -> i64 {
    NOW + secs * MICROS
}

fn replay() -> Vec<Case> {
    let bound = presentation(&credential_claims(), NOW_SECS, Some(GATE));
    let other = presentation(&with_id(*b"credential-id-02"), NOW_SECS, None);
    vec![
        case(
            "city",
            "a_presentation_passes_once",
            "The same code never passes twice; the next code of the same phone does.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&one_way(NOW_SECS), at(1), 150),
                scan(&one_way(NOW_SECS), at(45), 150),
                scan(&one_way(NOW_SECS), at(46), 122),
                scan(&one_way(NOW_SECS + 5), at(46), 0),
            ],
        ),
        case(
            "city",
            "the_same_code_bound_and_unbound",
            "One cti and iat is one code, whatever its audience, way and signature.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&bound, at(1), 150),
                scan(&bound, at(2), 150).off(),
            ],
        ),
        case(
            "city",
            "two_phones_in_the_same_second",
            "Codes of two credentials are two codes.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&other, at(0), 0),
                scan(&other, at(0), 150),
            ],
        ),
        case(
            "city",
            "a_ticket_passes_once_in_and_once_out",
            "A ticket is used once for each way.",
            vec![
                scan(&minute(), at(0), 0),
                scan(&minute(), at(1), 150),
                scan(&minute(), at(20), 0).off(),
                scan(&minute(), at(21), 150).off(),
                scan(&minute(), at(22), 150),
            ],
        ),
        case(
            "city",
            "a_refusal_uses_nothing",
            "A code refused before its time passes when its time comes.",
            vec![
                scan(&one_way(NOW_SECS), at(-31), 123),
                scan(&bound, at(-31), 123),
                scan(&bound, at(0), 130).at_gate(43),
                scan(&bound.damaged(), at(0), 113),
                scan(&bound, at(0), 0),
            ],
        ),
    ]
}

fn replay_memory() -> Vec<Case> {
    let second = one_way(NOW_SECS + 10);
    let later = one_way(NOW_SECS + 46);
    vec![
        case(
            "one_slot",
            "a_full_memory_refuses_until_a_code_dies",
            "A slot is free again when its code can no longer pass: after 15 s + 30 s.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&second, at(10), 160),
                scan(&second, at(45), 160),
                scan(&one_way(NOW_SECS), at(45), 150),
                scan(&second, at(46), 0),
            ],
        ),
        case(
            "one_slot",
            "a_clock_that_goes_back",
            "After forgetting a code the gate does not permit codes as old as that one.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&later, at(46), 0),
                scan(&one_way(NOW_SECS), at(0), 160),
                scan(&one_way(NOW_SECS + 92), at(92), 0),
            ],
        ),
        case(
            "two_slots",
            "two_tickets_fill_two_slots",
            "Tickets keep their slots until they end.",
            vec![
                scan(&minute(), at(0), 0),
                scan(&ticket_with_id(*b"ticket-id-000002"), at(1), 0),
                scan(&ticket_with_id(*b"ticket-id-000003"), at(2), 160),
                scan(&one_way(NOW_SECS + 59), at(59), 160),
                scan(&one_way(NOW_SECS + 61), at(61), 0),
            ],
        ),
    ]
}

fn edges_of_time() -> Vec<Case> {
    let old = TicketClaims {
        starts: Timestamp::from_secs(YEAR_START - 10),
        expires: Timestamp::from_secs(YEAR_START + 50),
        ..ticket_claims()
    };
    let old = ticket(&old, LAST_YEAR, &last_year());
    let first = TicketClaims {
        starts: Timestamp::from_secs(65_536),
        expires: Timestamp::from_secs(65_600),
        ..ticket_claims()
    };
    let first = ticket(&first, ALWAYS, &always());
    vec![
        case(
            "city",
            "edge_of_start",
            "A ticket passes from 30 s before its start on.",
            vec![
                scan(&minute(), at(-30) - 1, 120),
                scan(&minute(), at(-30), 0),
            ],
        ),
        case(
            "city",
            "edge_of_end",
            "A ticket passes until its last microsecond, not at its end.",
            vec![scan(&minute(), at(60), 121), scan(&minute(), at(60) - 1, 0)],
        ),
        case(
            "city",
            "edge_of_age",
            "A presentation passes to the age of 45 s.",
            vec![
                scan(&one_way(NOW_SECS), at(45) + 1, 122),
                scan(&one_way(NOW_SECS), at(45), 0),
            ],
        ),
        case(
            "city",
            "edge_of_a_fast_phone",
            "A presentation passes from 30 s before it was made on.",
            vec![
                scan(&one_way(NOW_SECS), at(-30) - 1, 123),
                scan(&one_way(NOW_SECS), at(-30), 0),
            ],
        ),
        case(
            "city",
            "edge_of_a_key",
            "A key is in force to its last instant, and not after.",
            vec![
                scan(&old, (YEAR_START - 1) * MICROS + 1, 111),
                scan(&old, (YEAR_START - 1) * MICROS, 0),
            ],
        ),
        case(
            "city",
            "clocks_far_from_here",
            "A reader whose clock stands at 1970, before it, or in 2200 still decides.",
            vec![
                scan(&minute(), 0, 111),
                scan(&first, 0, 120),
                scan(&first, -1, 111),
                scan(&minute(), 7_258_118_400 * MICROS, 111),
                scan(&first, 65_536 * MICROS, 0),
            ],
        ),
    ]
}

fn policies() -> Vec<Case> {
    vec![
        case(
            "patient_city",
            "policy_of_another_city",
            "Life 60 s, phones 120 s slow and 5 s fast.",
            vec![
                scan(&one_way(NOW_SECS), at(180) + 1, 122),
                scan(&one_way(NOW_SECS), at(180), 0),
                scan(&one_way(NOW_SECS + 200), at(195) - 1, 123),
                scan(&one_way(NOW_SECS + 200), at(195), 0),
            ],
        ),
        case(
            "patient_city",
            "policy_of_another_city_for_tickets",
            "No early start, 10 s after the end.",
            vec![
                scan(&minute(), at(0) - 1, 120),
                scan(&minute(), at(70), 121),
                scan(&minute(), at(70) - 1, 0),
            ],
        ),
        case(
            "strict_city",
            "policy_without_tolerance",
            "A presentation passes only at the instant at which it was made.",
            vec![
                scan(&one_way(NOW_SECS), at(0) - 1, 123),
                scan(&one_way(NOW_SECS), at(0) + 1, 122),
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&minute(), at(0) - 1, 120),
                scan(&minute(), at(0), 0),
            ],
        ),
    ]
}

fn lists() -> Vec<Case> {
    let numbers = [
        (0, 0),
        (1, 140),
        (2, 0),
        (198, 0),
        (199, 140),
        (399, 140),
        (400, 0),
    ];
    let tickets =
        numbers.map(|(number, decided)| scan(&ticket_with_id(id_number(number)), at(0), decided));
    let others = [neighbour(), last_year(), always()];
    let by_others = [1, 2, 3].map(|number| TicketClaims {
        id: CredentialId::from_bytes(id_number(number)),
        ..ticket_claims()
    });
    let mut named: Vec<_> = by_others
        .iter()
        .zip(&others)
        .map(|(claims, key)| scan(&ticket(claims, KID, key), at(0), 0))
        .collect();
    named.push(scan(&minute(), at(0), 0));
    named.push(scan(
        &ticket(&ticket_claims(), KID, &stranger()),
        at(0),
        112,
    ));
    let neighbours = ticket(&ticket_claims(), KID, &neighbour());
    let mut denied = tickets.to_vec();
    // Four of the seven pass, which fills the four slots.
    denied.push(scan(&minute(), at(0), 160));
    vec![
        case(
            "long_deny_list",
            "deny_list_of_two_hundred",
            "Exactly the odd numbers below 400 are denied: first, middle, last, and neighbours.",
            denied,
        ),
        case(
            "one_name_four_keys",
            "four_keys_of_one_name",
            "Every key of the name is tried.",
            named,
        ),
        case(
            "old_key_of_the_same_name",
            "a_key_out_of_force_is_not_tried",
            "The code's key is out of force; another of its name is in force and did not sign it.",
            vec![scan(&minute(), at(0), 112), scan(&neighbours, at(0), 0)],
        ),
    ]
}

fn order_of_checks() -> Vec<Case> {
    let denied = ticket_with_id(DENIED);
    let denied_phone = |made, gate| presentation(&with_id(DENIED), made, gate);
    let elsewhere = Some(GateId::from_number(43));
    let unknown = KeyId::from_bytes(*b"zz99");
    let unknown = ticket(&ticket_claims(), unknown, &stranger());
    let forged = ticket(&ticket_claims(), KID, &stranger());
    let bound = presentation(&credential_claims(), NOW_SECS, elsewhere);
    let noise = Code {
        bytes: b"noise".to_vec(),
        ..minute()
    };
    vec![
        case(
            "city",
            "two_faults_in_one_code",
            "The first check that fails names the refusal.",
            vec![
                scan(&unknown, at(60), 110),
                scan(&forged, at(60), 112),
                scan(&one_way(NOW_SECS).damaged(), at(46), 113),
                scan(&bound, at(46), 122),
                scan(&bound, at(-31), 123),
                scan(&bound, at(18 * 3600), 121),
                scan(&denied, at(60), 121),
                scan(&denied_phone(NOW_SECS, elsewhere), at(0), 130),
                scan(&denied_phone(NOW_SECS, None), at(46), 122),
                scan(&denied_phone(NOW_SECS, None), at(45), 140),
            ],
        ),
        case(
            "without_keys",
            "shape_before_readiness",
            "A reader without keys still says what is no code.",
            vec![scan(&noise, at(0), 102), scan(&minute(), at(0), 160)],
        ),
        case(
            "memory_full",
            "everything_before_replay",
            "A reader without room says every other fault first.",
            vec![
                scan(&forged, at(0), 112),
                scan(&denied, at(0), 140),
                scan(&minute(), at(0), 160),
            ],
        ),
    ]
}

fn places() -> Vec<Case> {
    let bound = |gate| {
        presentation(
            &credential_claims(),
            NOW_SECS,
            Some(GateId::from_number(gate)),
        )
    };
    vec![
        case(
            "city",
            "gate_zero",
            "The smallest number of a gate is one like the others.",
            vec![
                scan(&bound(0), at(0), 130).at_gate(1),
                scan(&bound(0), at(0), 0).at_gate(0),
            ],
        ),
        case(
            "city",
            "gate_of_eight_digits",
            "Numbers of gates have 32 bits, compared as a whole.",
            vec![
                scan(&bound(0xffff_ffff), at(0), 130).at_gate(0x7fff_ffff),
                scan(&bound(0xffff_ffff), at(0), 130).at_gate(0xffff),
                scan(&bound(0xffff_ffff), at(0), 0).at_gate(0xffff_ffff),
            ],
        ),
    ]
}
