//! Cases of place, kind, party, anti-passback and clock: who may travel, rather than what is shown.
//!
//! Expected numbers are worked out by hand from the section "Decision" of `docs/WIRE.md`.

use units::{CredentialId, Timestamp};
use wire::TicketClaims;

use crate::codes::{Code, MICROS, case, one_way, presentation, scan, ticket};
use crate::model::Case;
use crate::objects::{GATE, KID, NOW_SECS, credential_claims, issuer, ticket_claims};
use crate::readers::{DENIED, NEIGHBOUR, neighbour};

/// `secs` after most codes are made, in microseconds.
fn at(secs: i64) -> i64 {
    (NOW_SECS + secs) * MICROS
}

/// A ticket of so many seconds.
fn lasting(secs: i64) -> Code {
    let claims = TicketClaims {
        expires: Timestamp::from_secs(NOW_SECS + secs),
        ..ticket_claims()
    };
    ticket(&claims, KID, &issuer())
}

/// The neighbour's ticket of so many seconds.
fn theirs(secs: i64) -> Code {
    let claims = TicketClaims {
        expires: Timestamp::from_secs(NOW_SECS + secs),
        ..ticket_claims()
    };
    let mut code = ticket(&claims, KID, &neighbour());
    code.permit.issuer = NEIGHBOUR;
    code
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = places();
    cases.extend(kinds());
    cases.extend(parties());
    cases.extend(clocks());
    cases
}

fn places() -> Vec<Case> {
    let minute = lasting(60);
    vec![
        case(
            "rules",
            "a_neighbours_riders_travel_where_a_rule_says_so",
            "Network 2, zone 5 or 6 take issuer 7, whose key has the same name as ours.",
            vec![
                scan(&theirs(59), at(0), 131).on(1, 5),
                scan(&theirs(59), at(0), 131).on(2, 4),
                scan(&theirs(60), at(0), 125).on(2, 5),
                scan(&theirs(59), at(0), 0).on(2, 5),
                scan(&theirs(59), at(0), 150).on(2, 6),
                scan(&minute, at(0), 131).on(2, 5),
            ],
        ),
        case(
            "rules",
            "product_category_and_party_by_network",
            "Network 3 takes another category, 4 another product, 5 one rider, 1 all of these.",
            vec![
                scan(&minute, at(0), 133).on(3, 0),
                scan(&minute, at(0), 132).on(4, 0),
                scan(&minute, at(0), 134).on(5, 0),
                scan(&one_way(NOW_SECS), at(0), 134).on(5, 0),
                scan(&minute, at(0), 0).on(1, 0),
            ],
        ),
        case(
            "rules",
            "a_rule_sets_the_time_between_parties",
            "The policy has no anti-passback, network 6 has 60 s of it, which hold everywhere.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0).on(6, 0),
                scan(&one_way(NOW_SECS + 50), at(60) - 1, 151).on(6, 0),
                scan(&one_way(NOW_SECS + 50), at(60) - 1, 151).on(1, 0),
                scan(&one_way(NOW_SECS + 50), at(60), 0).on(1, 0),
                scan(&one_way(NOW_SECS + 61), at(61), 0).on(1, 0),
            ],
        ),
        case(
            "no_rule",
            "an_empty_list_of_rules_takes_nothing",
            "No rules at all is another thing than an empty list.",
            vec![
                scan(&minute, at(0), 131),
                scan(&one_way(NOW_SECS), at(0), 131),
            ],
        ),
        case(
            "city",
            "the_longest_life_of_a_ticket",
            "A ticket of a day passes, of a second more not.",
            vec![
                scan(&lasting(86_401), at(0), 125),
                scan(&lasting(86_400), at(0), 0),
            ],
        ),
    ]
}

fn kinds() -> Vec<Case> {
    let (minute, shown) = (lasting(60), one_way(NOW_SECS));
    let bound = |made| presentation(&credential_claims(), made, Some(GATE));
    let denied = TicketClaims {
        id: CredentialId::from_bytes(DENIED),
        ..ticket_claims()
    };
    let denied = ticket(&denied, KID, &issuer());
    vec![
        case(
            "no_one_way",
            "one_way_is_not_taken",
            "The same cti and iat pass gate-bound: a refusal for the kind uses nothing.",
            vec![
                scan(&shown, at(0), 135),
                scan(&shown, at(0), 135).off(),
                scan(&bound(NOW_SECS), at(1), 0),
                scan(&shown, at(2), 135),
                scan(&bound(NOW_SECS), at(2), 150),
                scan(&minute, at(2), 0),
            ],
        ),
        case(
            "no_gate_bound",
            "gate_bound_is_not_taken",
            "Neither here nor, for another reason, at another gate.",
            vec![
                scan(&bound(NOW_SECS), at(0), 135),
                scan(&bound(NOW_SECS), at(0), 130).at_gate(43),
                scan(&shown, at(0), 0),
                scan(&minute, at(0), 0),
            ],
        ),
        case(
            "no_ticket",
            "tickets_are_not_taken",
            "Time comes before the kind; the longest life and the deny list come after it.",
            vec![
                scan(&minute, at(0), 135),
                scan(&minute, at(60), 121),
                scan(&lasting(86_401), at(0), 135),
                scan(&denied, at(0), 135),
                scan(&shown, at(0), 0),
                scan(&bound(NOW_SECS + 1), at(1), 0),
            ],
        ),
        case(
            "only_gate_bound_by_rules",
            "the_kind_comes_before_the_rules",
            "Network 3 takes another category, network 1 this one.",
            vec![
                scan(&shown, at(0), 135).on(3, 0),
                scan(&minute, at(0), 135).on(3, 0),
                scan(&bound(NOW_SECS), at(0), 133).on(3, 0),
                scan(&minute, at(0), 135).on(1, 0),
                scan(&bound(NOW_SECS), at(0), 0).on(1, 0),
            ],
        ),
    ]
}

fn parties() -> Vec<Case> {
    let minute = lasting(60);
    vec![
        case(
            "passback",
            "one_tap_for_the_party",
            "Two riders go through on one tap; the next party of the code after 120 s.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&one_way(NOW_SECS + 5), at(5), 151),
                scan(&one_way(NOW_SECS + 100), at(120) - 1, 151),
                scan(&one_way(NOW_SECS + 100), at(120), 0),
            ],
        ),
        case(
            "passback",
            "who_went_out_may_come_in",
            "A tap off ends the wait for the next tap on.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0),
                scan(&one_way(NOW_SECS + 5), at(5), 0).off(),
                scan(&one_way(NOW_SECS + 9), at(9), 0),
                scan(&one_way(NOW_SECS + 12), at(12), 151),
            ],
        ),
        case(
            "one_by_one",
            "companions_are_counted_down",
            "Each of two shows a fresh code; a third does not pass.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0).one(),
                scan(&one_way(NOW_SECS), at(1), 150),
                scan(&one_way(NOW_SECS + 5), at(5), 0).one(),
                scan(&one_way(NOW_SECS + 9), at(9), 151),
            ],
        ),
        case(
            "one_by_one",
            "a_ticket_for_two_is_shown_twice",
            "Twice in and twice out.",
            vec![
                scan(&minute, at(0), 0).one(),
                scan(&minute, at(1), 0).one(),
                scan(&minute, at(2), 150),
                scan(&minute, at(20), 0).one().off(),
                scan(&minute, at(21), 0).one().off(),
                scan(&minute, at(22), 150).off(),
            ],
        ),
        case(
            "passback",
            "nobody_went_through",
            "A tap that the door did not serve is forgotten: the same code and the next pass.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0).then("forget"),
                scan(&one_way(NOW_SECS), at(3), 0).then("forget"),
                scan(&one_way(NOW_SECS + 6), at(6), 0),
                scan(&one_way(NOW_SECS + 6), at(7), 150),
                scan(&minute, at(8), 0).then("forget"),
                scan(&minute, at(9), 0),
                scan(&minute, at(10), 150),
            ],
        ),
        case(
            "passback",
            "a_doubtful_tap_is_repeated_once",
            "After a power cut between journal and door the same code passes again, once.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0).then("doubt"),
                scan(&one_way(NOW_SECS), at(9), 0).again(at(0)),
                scan(&one_way(NOW_SECS), at(10), 150),
                scan(&one_way(NOW_SECS + 11), at(11), 151),
            ],
        ),
        case(
            "passback",
            "a_doubtful_tap_is_repeated_with_a_fresh_code",
            "Within 300 s; not after, and not the other way.",
            vec![
                scan(&one_way(NOW_SECS), at(0), 0).then("doubt"),
                scan(&one_way(NOW_SECS), at(1), 150).off(),
                scan(&one_way(NOW_SECS + 280), at(300), 0).again(at(0)),
                scan(&one_way(NOW_SECS + 290), at(301), 151),
            ],
        ),
    ]
}

fn clocks() -> Vec<Case> {
    let (minute, shown) = (lasting(60), one_way(NOW_SECS));
    let unproven = |code, decided| scan(code, at(0), decided).clock("unproven");
    let wrong = |code, decided| scan(code, at(0), decided).clock("wrong");
    vec![
        case(
            "city",
            "a_clock_that_nothing_confirms",
            "By the default policy an unproven clock decides, a wrong one does not.",
            vec![
                wrong(&minute, 160),
                wrong(&shown, 160),
                unproven(&minute, 0),
                unproven(&shown, 0),
            ],
        ),
        case(
            "careful_clock",
            "presentations_only_on_an_unproven_clock",
            "A bearer's ticket has nothing but the clock against it.",
            vec![
                unproven(&minute, 160),
                unproven(&shown, 0),
                wrong(&minute, 160),
                wrong(&one_way(NOW_SECS + 1), 160),
                scan(&minute, at(0), 0),
            ],
        ),
        case(
            "bold_clock",
            "each_state_has_its_own_policy",
            "Nothing on an unproven clock and all on a wrong one, which no city would choose.",
            vec![
                unproven(&minute, 160),
                unproven(&shown, 160),
                wrong(&minute, 0),
                wrong(&shown, 0),
            ],
        ),
    ]
}
