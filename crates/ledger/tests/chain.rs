//! The chain of a rider's entries: vectors of another implementation, and every kind of tampering.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stop at what should not happen"
)]

use ledger::chain::{self, Head, Link};
use ledger::{Entry, EntryKind, LedgerAccount, Posting};
use proptest::prelude::*;
use serde_json::Value;
use units::{AccountId, Balance, Currency, EntryId, Timestamp};

const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);

/// A UUID without its hyphens, as the vectors have it.
fn hyphenated(hex: &str) -> String {
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|range| &hex[range])
        .join("-")
}

fn account(text: &str) -> LedgerAccount {
    let full = match text.split_once(':') {
        Some((kind, id)) => format!("{kind}:{}", hyphenated(id)),
        None => text.to_owned(),
    };
    LedgerAccount::parse(&full).unwrap()
}

fn posting(line: &Value) -> Posting {
    let currency = Currency::from_code(line[1].as_str().unwrap()).unwrap();
    Posting {
        account: account(line[0].as_str().unwrap()),
        amount: Balance::new(line[2].as_i64().unwrap(), currency),
    }
}

#[test]
fn heads_are_those_that_python_computed() {
    let file: Value =
        serde_json::from_str(include_str!("../../../proto/vectors/ledger_chain.json")).unwrap();
    let rider = AccountId::parse(&hyphenated(file["account"].as_str().unwrap())).unwrap();
    let mut head = chain::start(rider);
    assert_eq!(hex::encode(head), file["start"]);
    let vectors = file["entries"].as_array().unwrap();
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap();
        let entry = Entry::new(
            EntryId::parse(&hyphenated(text("id"))).unwrap(),
            Timestamp::from_micros(vector["at"].as_i64().unwrap()),
            EntryKind::parse(text("kind")).unwrap(),
            text("description").to_owned(),
            vector["postings"]
                .as_array()
                .unwrap()
                .iter()
                .map(posting)
                .collect(),
        )
        .unwrap();
        head = chain::next(&head, &entry, &hex::decode(text("cause")).unwrap());
        assert_eq!(hex::encode(head), vector["head"], "{entry:?}");
    }
}

/// An entry with what may be changed about it.
#[derive(Debug, Clone, PartialEq)]
struct Draft {
    number: u8,
    at: i64,
    kind: EntryKind,
    description: String,
    minor: i64,
    other: LedgerAccount,
    currency: Currency,
    cause: Vec<u8>,
}

impl Draft {
    fn entry(&self) -> Entry {
        let line = |account, minor| Posting {
            account,
            amount: Balance::new(minor, self.currency),
        };
        Entry::new(
            EntryId::from_bytes([self.number; 16]),
            Timestamp::from_micros(self.at),
            self.kind,
            self.description.clone(),
            vec![
                line(LedgerAccount::Rider(ACCOUNT), self.minor),
                line(self.other, -self.minor),
            ],
        )
        .unwrap()
    }
}

fn drafts() -> impl Strategy<Value = Draft> {
    let other = prop::sample::select(vec![
        LedgerAccount::Clearing,
        LedgerAccount::Tax,
        LedgerAccount::Suspense,
        LedgerAccount::WriteOff,
        LedgerAccount::Allowances,
    ]);
    let currency = prop::sample::select(vec!["CNY", "JPY", "KWD"]);
    (
        (
            any::<u8>(),
            any::<i64>(),
            0usize..EntryKind::ALL.len(),
            ".{0,8}",
        ),
        (
            1i64..1_000_000,
            other,
            currency,
            prop::collection::vec(any::<u8>(), 0..4),
        ),
    )
        .prop_map(
            |((number, at, kind, description), (minor, other, code, cause))| Draft {
                number,
                at,
                kind: EntryKind::ALL[kind],
                description,
                minor,
                other,
                currency: Currency::from_code(code).unwrap(),
                cause,
            },
        )
}

/// The stored chain of `drafts`.
fn stored(drafts: &[Draft]) -> Vec<(Entry, Vec<u8>, Head)> {
    let mut head = chain::start(ACCOUNT);
    let links = drafts.iter().map(|draft| {
        let entry = draft.entry();
        head = chain::next(&head, &entry, &draft.cause);
        (entry, draft.cause.clone(), head)
    });
    links.collect()
}

fn broken_at(links: &[(Entry, Vec<u8>, Head)]) -> Option<u64> {
    let links = links.iter().map(|(entry, cause, head)| Link {
        entry,
        cause,
        head: *head,
    });
    chain::verify(ACCOUNT, links)
        .err()
        .map(|broken| broken.number)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_first_broken_link_is_named(
        drafts in prop::collection::vec(drafts(), 1..8),
        place in any::<prop::sample::Index>(),
        changed in drafts(),
        what in 0u8..4,
    ) {
        let chain = stored(&drafts);
        prop_assert_eq!(broken_at(&chain), None);
        let at = place.index(chain.len());
        let number = u64::try_from(at).unwrap();
        let mut tampered = chain.clone();
        match what {
            // Another entry under the same head.
            0 => {
                prop_assume!(changed != drafts[at]);
                (tampered[at].0, tampered[at].1) = (changed.entry(), changed.cause);
            }
            // Another head.
            1 => tampered[at].2[at] ^= 1,
            // An entry is gone; at the end nothing is left to say so but the head.
            2 => {
                tampered.remove(at);
                if at == tampered.len() {
                    prop_assert_eq!(broken_at(&tampered), None);
                    return Ok(());
                }
            }
            // Two entries have changed places.
            _ => {
                prop_assume!(at + 1 < chain.len());
                tampered.swap(at, at + 1);
            }
        }
        prop_assert_eq!(broken_at(&tampered), Some(number));
        // Nobody else's chain is this one.
        prop_assert_ne!(chain::start(ACCOUNT), chain::start(AccountId::from_bytes([2; 16])));
    }

    #[test]
    fn whatever_is_changed_changes_the_head(one in drafts(), other in drafts()) {
        let before = [7; 32];
        let same = chain::next(&before, &one.entry(), &one.cause)
            == chain::next(&before, &other.entry(), &other.cause);
        prop_assert_eq!(same, one == other);
        // Bytes that move from the description to the cause are another entry.
        let mut moved = one.clone();
        if let Some(last) = moved.description.pop() {
            moved.cause.splice(0..0, last.to_string().into_bytes());
            prop_assert_ne!(
                chain::next(&before, &one.entry(), &one.cause),
                chain::next(&before, &moved.entry(), &moved.cause)
            );
        }
    }
}
