//! Journals under the real hledger: it finds no fault and its balances are ours.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stop at what should not happen"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ledger::hledger::{Names, write_declarations, write_entry};
use ledger::{Balances, Entry, EntryKind, LedgerAccount, Posting, fold};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use units::{AccountId, Balance, Currency, EntryId, OperatorId, ProviderId, ServiceDay, Timestamp};

/// hledger's path: `FAREGATE_HLEDGER`, which `cargo xtask test` sets, or where Debian's package
/// puts it.
#[expect(clippy::disallowed_methods, reason = "a test is told through it")]
fn program() -> PathBuf {
    let told = std::env::var("FAREGATE_HLEDGER");
    let path = PathBuf::from(told.unwrap_or_else(|_| "/usr/bin/hledger".to_owned()));
    assert!(
        path.exists(),
        "these tests need hledger: install it, or run `cargo xtask test`"
    );
    path
}

fn hledger(journal: &Path, arguments: &[&str]) -> Output {
    Command::new(program())
        .env("LC_ALL", "C.UTF-8")
        .arg("--file")
        .arg(journal)
        .args(arguments)
        .output()
        .unwrap()
}

fn journal(names: &Names, entries: &[(ServiceDay, Entry)]) -> String {
    let postings = || entries.iter().flat_map(|(_, entry)| entry.postings());
    let accounts: BTreeSet<LedgerAccount> = postings().map(|posting| posting.account).collect();
    let currencies: BTreeSet<Currency> = postings()
        .map(|posting| posting.amount.currency())
        .collect();
    let mut text = String::new();
    write_declarations(&mut text, names, &accounts, &currencies).unwrap();
    for (day, entry) in entries {
        write_entry(&mut text, names, *day, entry).unwrap();
    }
    text
}

/// Account, currency and amount as hledger prints them.
type Rows = BTreeSet<(String, String, String)>;

fn their_balances(journal: &Path) -> Rows {
    let answer = hledger(
        journal,
        &[
            "balance",
            "--flat",
            "--no-total",
            "--layout=bare",
            "--output-format=json",
        ],
    );
    assert!(answer.status.success(), "{answer:?}");
    let rows: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    let mut found = Rows::new();
    for row in rows[0].as_array().unwrap() {
        let account = row[0].as_str().unwrap();
        for amount in row[3].as_array().unwrap() {
            let quantity = &amount["aquantity"];
            let minor = &quantity["decimalMantissa"];
            if minor.as_i64() == Some(0) {
                continue;
            }
            let digits = quantity["decimalPlaces"].as_u64().unwrap();
            found.insert((
                account.to_owned(),
                amount["acommodity"].as_str().unwrap().to_owned(),
                format!("{minor}/10^{digits}"),
            ));
        }
    }
    found
}

fn our_balances(names: &Names, balances: &Balances) -> Rows {
    let rows = balances.iter().map(|(account, balance)| {
        let currency = balance.currency();
        let digits: u32 = match currency.code() {
            "JPY" => 0,
            "KWD" => 3,
            _ => 2,
        };
        (
            names.of(account),
            currency.code().to_owned(),
            format!("{}/10^{digits}", balance.as_minor()),
        )
    });
    rows.collect()
}

/// hledger drops the zeros at a number's end.
fn normal(rows: Rows) -> BTreeMap<(String, String), (i128, u32)> {
    let rows = rows.into_iter().map(|(account, currency, value)| {
        let (minor, digits) = value.split_once("/10^").unwrap();
        let (mut minor, mut digits): (i128, u32) =
            (minor.parse().unwrap(), digits.parse().unwrap());
        while digits > 0 && minor % 10 == 0 {
            (minor, digits) = (minor / 10, digits - 1);
        }
        ((account, currency), (minor, digits))
    });
    rows.collect()
}

fn check(names: &Names, entries: &[(ServiceDay, Entry)]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faregate.journal");
    std::fs::write(&path, journal(names, entries)).unwrap();
    let answer = hledger(&path, &["check", "--strict"]);
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    let balances = fold(entries.iter().map(|(_, entry)| entry)).unwrap();
    assert_eq!(
        normal(their_balances(&path)),
        normal(our_balances(names, &balances))
    );
}

const AWKWARD: [&str; 14] = [
    "Plain",
    "two  spaces and\ttabs",
    "(brackets)",
    "[virtual]",
    "a:sub:account",
    "; comment",
    "1,000.00 EUR",
    "= 5 @ 3",
    "凤起路公司",
    "new\nline\n2020-01-01 evil",
    "\u{3000}wide\u{a0}spaces\u{2028}",
    "| pipe \"quote\" 'q' \\ { } < > ~ ^ `",
    "",
    "*!& #",
];

fn account(number: u8) -> LedgerAccount {
    match number {
        0 => LedgerAccount::Clearing,
        1 => LedgerAccount::Suspense,
        2 => LedgerAccount::Tax,
        3 => LedgerAccount::WriteOff,
        4..=19 => LedgerAccount::Operator(OperatorId::from_bytes([number; 16])),
        20..=35 => LedgerAccount::Provider(ProviderId::from_bytes([number; 16])),
        _ => LedgerAccount::Rider(AccountId::from_bytes([number; 16])),
    }
}

fn names() -> Names {
    let mut names = Names::default();
    for (number, name) in (4u8..).zip(AWKWARD) {
        names.insert(account(number), name);
        // The same name twice is two accounts.
        names.insert(account(number + 16), name);
    }
    names
}

prop_compose! {
    fn rows()(
        id in any::<[u8; 16]>(),
        day in 0i32..40_000,
        kind in 0usize..EntryKind::ALL.len(),
        description in prop_oneof![
            prop::sample::select(AWKWARD.to_vec()).prop_map(str::to_owned),
            any::<String>(),
        ],
        lines in prop::collection::vec(
            (any::<u8>(), any::<u8>(), 1i64..1_000_000_000_000, 0usize..4), 1..4,
        ),
    ) -> (ServiceDay, Entry) {
        let mut postings = Vec::new();
        for (from, to, minor, currency) in lines {
            let currency = Currency::from_code(["CNY", "JPY", "KWD", "EUR"][currency]).unwrap();
            for (number, minor) in [(from, -minor), (to, minor)] {
                postings.push(Posting {
                    account: account(number),
                    amount: Balance::new(minor, currency),
                });
            }
        }
        let kind = EntryKind::ALL[kind];
        let id = EntryId::from_bytes(id);
        let entry = Entry::new(id, Timestamp::from_secs(0), kind, description, postings);
        (ServiceDay::from_days(day), entry.unwrap())
    }
}

#[test]
fn hledger_agrees_over_generated_ledgers() {
    let mut runner = TestRunner::deterministic();
    let names = names();
    for size in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 5_000] {
        let ledgers = prop::collection::vec(rows(), size);
        check(&names, &ledgers.new_tree(&mut runner).unwrap().current());
    }
}

#[test]
fn the_largest_amounts_and_the_smallest_digits_survive() {
    let line = |number, minor, code: &str| Posting {
        account: account(number),
        amount: Balance::new(minor, Currency::from_code(code).unwrap()),
    };
    let mut postings = Vec::new();
    for code in ["CNY", "JPY", "KWD"] {
        postings.extend([
            line(0, i64::MIN, code),
            line(40, i64::MAX, code),
            line(2, 1, code),
        ]);
    }
    let id = EntryId::from_bytes([9; 16]);
    let at = Timestamp::from_secs(0);
    let kind = EntryKind::Fare;
    let entry = Entry::new(id, at, kind, "x".repeat(4096), postings).unwrap();
    check(
        &names(),
        &[(ServiceDay::parse("2019-01-07").unwrap(), entry)],
    );
}

#[test]
fn names_lose_what_hledger_would_read_as_its_own() {
    let of = |number| names().of(account(number)).split_off("operator:".len());
    let cut = |text: String| text[..text.len() - 37].to_owned();
    assert_eq!(cut(of(6)), "brackets");
    assert_eq!(cut(of(8)), "a sub account");
    assert_eq!(cut(of(9)), "comment");
    assert_eq!(cut(of(14)), "wide spaces");
    // Where nothing is left of a name its id stands alone.
    assert_eq!(of(16), "10101010-1010-1010-1010-101010101010");
}

#[test]
fn a_journal_by_hand() {
    let cny = Currency::from_code("CNY").unwrap();
    let line = |account, minor| Posting {
        account,
        amount: Balance::new(minor, cny),
    };
    let entry = Entry::new(
        EntryId::from_bytes([1; 16]),
        Timestamp::from_secs(0),
        EntryKind::Charge,
        "Travel on 2019-01-07: CNY 3.05; paid | later.".to_owned(),
        vec![line(account(5), -305), line(LedgerAccount::Clearing, 305)],
    )
    .unwrap();
    let day = ServiceDay::parse("2019-01-07").unwrap();
    let expected = "\
; Signs are the ledger's: below zero the holder owes.
decimal-mark .
commodity CNY 1.00
account operator:two spaces and tabs 05050505-0505-0505-0505-050505050505
account clearing

2019-01-07 * (01010101-0101-0101-0101-010101010101) charge | \
Travel on 2019-01-07: CNY 3.05 paid later.
    operator:two spaces and tabs 05050505-0505-0505-0505-050505050505  CNY -3.05
    clearing  CNY 3.05

";
    assert_eq!(journal(&names(), &[(day, entry)]), expected);
}
