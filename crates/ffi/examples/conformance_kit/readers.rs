//! The readers of the kit.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use units::KeyId;

use crate::codes::MICROS;
use crate::model::{Key, PolicyMicros, Reader, Rule};
use crate::objects::{KID, issuer};

/// A neighbour city whose key happens to have the same name as ours.
pub(crate) fn neighbour() -> SigningKey {
    SigningKey::from_bytes(&[0x55; 32])
}

/// A key that is in force for all times that codes can hold.
pub(crate) fn always() -> SigningKey {
    SigningKey::from_bytes(&[0x66; 32])
}

/// A key that was in force in 2018.
pub(crate) fn last_year() -> SigningKey {
    SigningKey::from_bytes(&[0x77; 32])
}

/// The name of [`always`].
pub(crate) const ALWAYS: KeyId = KeyId::from_bytes(*b"hz02");
/// The name of [`last_year`].
pub(crate) const LAST_YEAR: KeyId = KeyId::from_bytes(*b"hz18");
/// The id on the short deny list.
pub(crate) const DENIED: [u8; 16] = *b"denied-id-000001";
/// The first second of 2019 in UTC.
pub(crate) const YEAR_START: i64 = 1_546_300_800;
/// The last second of 2019.
const YEAR_END: i64 = 1_577_836_799;

/// The ids on the long deny list: the odd numbers below 400.
pub(crate) fn id_number(number: u32) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

/// All readers by name.
pub(crate) fn all() -> BTreeMap<String, Reader> {
    let city = city();
    let rows = [
        (
            "without_keys",
            Reader {
                issuer_keys: vec![],
                ..city.clone()
            },
        ),
        ("memory_full", slots(&city, 0)),
        ("one_slot", slots(&city, 1)),
        ("two_slots", slots(&city, 2)),
        (
            "patient_city",
            with_policy(&city, policy([60, 120, 5, 0, 10])),
        ),
        ("strict_city", with_policy(&city, policy([0; 5]))),
        (
            "long_deny_list",
            Reader {
                denied: (0..200)
                    .map(|index| hex::encode(id_number(2 * index + 1)))
                    .collect(),
                ..city.clone()
            },
        ),
        (
            "one_name_four_keys",
            Reader {
                issuer_keys: [neighbour(), always(), last_year(), issuer()]
                    .map(|secret| key(KID, &secret, YEAR_START, YEAR_END))
                    .into(),
                ..city.clone()
            },
        ),
        (
            "old_key_of_the_same_name",
            Reader {
                issuer_keys: vec![
                    key(KID, &issuer(), 0, YEAR_START - 1),
                    key(KID, &neighbour(), YEAR_START, YEAR_END),
                ],
                ..city.clone()
            },
        ),
        (
            "rules",
            Reader {
                rules: Some(rules()),
                ..city.clone()
            },
        ),
        (
            "no_rule",
            Reader {
                rules: Some(vec![]),
                ..city.clone()
            },
        ),
        ("passback", with_policy(&city, passback("together"))),
        ("one_by_one", with_policy(&city, passback("one_by_one"))),
        (
            "careful_clock",
            with_policy(&city, degraded("presentations", "nothing")),
        ),
        (
            "bold_clock",
            with_policy(&city, degraded("nothing", "everything")),
        ),
        ("city", city),
    ];
    let rows = rows.into_iter().chain(of_some_kinds());
    rows.map(|(name, reader)| (name.to_owned(), reader))
        .collect()
}

/// Readers that do not take every kind of code.
fn of_some_kinds() -> [(&'static str, Reader); 4] {
    let city = city();
    let ruled = Reader {
        rules: Some(rules()),
        ..city.clone()
    };
    [
        ("no_one_way", kinds(&city, &["gate_bound", "ticket"])),
        ("no_gate_bound", kinds(&city, &["one_way", "ticket"])),
        ("no_ticket", kinds(&city, &["one_way", "gate_bound"])),
        ("only_gate_bound_by_rules", kinds(&ruled, &["gate_bound"])),
    ]
}

/// The reader of `proto/vectors`.
fn city() -> Reader {
    Reader {
        issuer_keys: vec![
            key(KID, &issuer(), YEAR_START, YEAR_END),
            Key {
                issuer: NEIGHBOUR,
                ..key(KID, &neighbour(), YEAR_START, YEAR_END)
            },
            key(ALWAYS, &always(), 0, u32::MAX.into()),
            key(LAST_YEAR, &last_year(), 1_514_764_800, YEAR_START - 1),
        ],
        policy: policy([15, 30, 30, 30, 0]),
        denied: vec![hex::encode(DENIED)],
        replay_slots: 4,
        rules: None,
    }
}

/// The neighbour's number.
pub(crate) const NEIGHBOUR: u16 = 7;

/// Our codes on network 1 for two riders at most, on network 3 for category 9 alone, on network 4
/// on product 9 alone; those of the neighbour on network 2 in zone 5, with tickets of 59 s.
fn rules() -> Vec<Rule> {
    let ours = |network| Rule {
        issuer: Some(0),
        network: Some(network),
        ..Rule::default()
    };
    vec![
        Rule {
            party_max: Some(2),
            ..ours(1)
        },
        Rule {
            category: Some(9),
            ..ours(3)
        },
        Rule {
            product: Some(9),
            ..ours(4)
        },
        Rule {
            party_max: Some(1),
            passback_micros: Some(60 * MICROS),
            ..ours(5)
        },
        Rule {
            passback_micros: Some(60 * MICROS),
            ..ours(6)
        },
        Rule {
            issuer: Some(NEIGHBOUR),
            zone: Some(5),
            ticket_life_max_micros: Some(59 * MICROS),
            ..ours(2)
        },
        Rule {
            issuer: Some(NEIGHBOUR),
            zone: Some(6),
            ..ours(2)
        },
    ]
}

fn passback(companions: &str) -> PolicyMicros {
    PolicyMicros {
        passback_micros: 120 * MICROS,
        companions: companions.to_owned(),
        ..policy([15, 30, 30, 30, 0])
    }
}

fn degraded(unproven: &str, wrong: &str) -> PolicyMicros {
    PolicyMicros {
        pass_unproven: unproven.to_owned(),
        pass_wrong: wrong.to_owned(),
        ..policy([15, 30, 30, 30, 0])
    }
}

/// The reader that takes these kinds of codes alone.
fn kinds(reader: &Reader, taken: &[&str]) -> Reader {
    let mut reader = reader.clone();
    reader.policy.kinds = Some(taken.iter().map(|kind| (*kind).to_owned()).collect());
    reader
}

fn with_policy(reader: &Reader, policy: PolicyMicros) -> Reader {
    Reader {
        policy,
        ..reader.clone()
    }
}

fn slots(reader: &Reader, replay_slots: usize) -> Reader {
    Reader {
        replay_slots,
        ..reader.clone()
    }
}

fn policy(secs: [i64; 5]) -> PolicyMicros {
    let [life, slow, fast, early, late] = secs.map(|secs| secs * MICROS);
    PolicyMicros {
        code_life_micros: life,
        phone_slow_max_micros: slow,
        phone_fast_max_micros: fast,
        not_before_tolerance_micros: early,
        expiry_tolerance_micros: late,
        ticket_life_max_micros: 86_400 * MICROS,
        passback_micros: 0,
        retry_micros: 300 * MICROS,
        companions: "together".to_owned(),
        pass_unproven: "everything".to_owned(),
        pass_wrong: "nothing".to_owned(),
        kinds: None,
    }
}

fn key(kid: KeyId, secret: &SigningKey, not_before_secs: i64, not_after_secs: i64) -> Key {
    Key {
        kid: kid.to_string(),
        public_key: hex::encode(secret.verifying_key().to_bytes()),
        not_before_micros: not_before_secs * MICROS,
        not_after_micros: not_after_secs * MICROS,
        issuer: 0,
    }
}
