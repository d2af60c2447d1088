//! The laws of the ledger, over generated entries, totals and weights.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stop at what should not happen"
)]

use ledger::{ApportionError, Entry, EntryKind, FoldError, LedgerAccount, PostError, Posting};
use ledger::{apportion, fold};
use proptest::prelude::*;
use units::{AccountId, Amount, Balance, Currency, EntryId, OperatorId, Timestamp};

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn posting(account: LedgerAccount, minor: i64, code: &str) -> Posting {
    Posting {
        account,
        amount: Balance::new(minor, currency(code)),
    }
}

fn entry(number: u8, postings: Vec<Posting>) -> Result<Entry, PostError> {
    let id = EntryId::from_bytes([number; 16]);
    Entry::new(
        id,
        Timestamp::from_secs(0),
        EntryKind::Fare,
        "a fare".to_owned(),
        postings,
    )
}

const RIDER: LedgerAccount = LedgerAccount::Rider(AccountId::from_bytes([1; 16]));
const OPERATOR: LedgerAccount = LedgerAccount::Operator(OperatorId::from_bytes([2; 16]));

#[test]
fn postings_that_make_no_entry() {
    use LedgerAccount::{Clearing, Tax};
    let check = |postings: Vec<Posting>, expect: PostError| {
        assert_eq!(entry(1, postings), Err(expect));
    };
    check(vec![], PostError::TooFew { got: 0 });
    check(vec![posting(RIDER, 5, "CNY")], PostError::TooFew { got: 1 });
    check(
        vec![posting(RIDER, -300, "CNY"), posting(OPERATOR, 299, "CNY")],
        PostError::Unbalanced {
            currency: currency("CNY"),
            sum_minor: -1,
        },
    );
    // Zero over all currencies together is not zero in each.
    check(
        vec![posting(RIDER, -300, "CNY"), posting(OPERATOR, 300, "EUR")],
        PostError::Unbalanced {
            currency: currency("CNY"),
            sum_minor: -300,
        },
    );
    check(
        vec![
            posting(RIDER, -3, "CNY"),
            posting(Tax, 0, "CNY"),
            posting(Clearing, 3, "CNY"),
        ],
        PostError::Zero {
            index: 1,
            account: Tax,
        },
    );
    // 2^63 - 1 four times and +4 is 2^65: it would wrap to 0 in 64 bits.
    let mut wraps = vec![posting(RIDER, i64::MAX, "CNY"); 4];
    wraps.push(posting(OPERATOR, 4, "CNY"));
    let sum_minor = 1i128 << 65;
    check(
        wraps,
        PostError::Unbalanced {
            currency: currency("CNY"),
            sum_minor,
        },
    );
    let pair = [posting(RIDER, -1, "CNY"), posting(OPERATOR, 1, "CNY")];
    assert!(entry(1, pair.repeat(512)).is_ok());
    check(pair.repeat(513), PostError::TooMany { got: 1026 });
    let long = "x".repeat(4097);
    assert_eq!(
        Entry::new(
            EntryId::from_bytes([1; 16]),
            Timestamp::from_secs(0),
            EntryKind::Charge,
            long,
            pair.to_vec(),
        ),
        Err(PostError::DescriptionTooLong { got: 4097 })
    );
}

#[test]
fn kinds_have_one_text_each() {
    for (kind, text) in [
        (EntryKind::Fare, "fare"),
        (EntryKind::Correction, "correction"),
        (EntryKind::Charge, "charge"),
    ] {
        assert_eq!(kind.to_string(), text);
        assert_eq!(EntryKind::parse(text), Ok(kind));
    }
    assert!(EntryKind::parse("Fare").is_err());
}

#[test]
fn a_fare_and_its_correction_leave_no_trace_in_the_balances() {
    let fare = entry(
        1,
        vec![posting(RIDER, -300, "CNY"), posting(OPERATOR, 300, "CNY")],
    )
    .unwrap();
    let back = entry(
        2,
        vec![posting(RIDER, 300, "CNY"), posting(OPERATOR, -300, "CNY")],
    )
    .unwrap();
    let balances = fold([&fare]).unwrap();
    assert_eq!(
        balances.of(RIDER, currency("CNY")),
        Balance::new(-300, currency("CNY"))
    );
    assert_eq!(
        balances.of(RIDER, currency("EUR")),
        Balance::zero(currency("EUR"))
    );
    assert_eq!(balances.iter().count(), 2);
    assert_eq!(fold([&fare, &back]).unwrap(), fold([]).unwrap());
}

#[test]
fn a_balance_beyond_64_bits_is_refused_whatever_the_order() {
    let up = entry(
        1,
        vec![
            posting(RIDER, -i64::MAX, "CNY"),
            posting(OPERATOR, i64::MAX, "CNY"),
        ],
    )
    .unwrap();
    let down = entry(
        2,
        vec![
            posting(RIDER, i64::MAX, "CNY"),
            posting(OPERATOR, -i64::MAX, "CNY"),
        ],
    )
    .unwrap();
    assert!(matches!(fold([&up, &up]), Err(FoldError::Overflow { .. })));
    // The way there passes beyond 64 bits; the end does not.
    for entries in [[&up, &up, &down], [&up, &down, &up], [&down, &up, &up]] {
        assert_eq!(fold(entries).unwrap(), fold([&up]).unwrap());
    }
}

#[test]
fn parts_by_hand() {
    let check = |total: i64, weights: &[u64], parts: &[i64]| {
        let total = Amount::new(total, currency("CNY")).unwrap();
        let got: Vec<i64> = apportion(total, weights)
            .unwrap()
            .iter()
            .map(Amount::as_minor)
            .collect();
        assert_eq!(got, parts, "{total} by {weights:?}");
    };
    check(100, &[1, 1, 1], &[34, 33, 33]);
    check(0, &[3, 4], &[0, 0]);
    check(5, &[0, 7, 0], &[0, 5, 0]);
    // Exact: 1.25, 3.75, 5.00. One unit is left; .75 is the largest remainder.
    check(10, &[1, 3, 4], &[1, 4, 5]);
    // Exact: 0.5 and 1.5. Equal remainders: the larger weight is first.
    check(2, &[1, 3], &[0, 2]);
    check(2, &[3, 1], &[2, 0]);
    check(i64::MAX, &[u64::MAX, u64::MAX], &[1 << 62, (1 << 62) - 1]);
    check(i64::MAX, &[u64::MAX, 1], &[i64::MAX, 0]);

    let one = Amount::new(1, currency("CNY")).unwrap();
    assert_eq!(
        apportion(one, &[]),
        Err(ApportionError::NoWeight { got: 0 })
    );
    assert_eq!(
        apportion(one, &[0, 0]),
        Err(ApportionError::NoWeight { got: 2 })
    );
}

fn arb_account() -> impl Strategy<Value = LedgerAccount> {
    prop_oneof![
        (0u8..4).prop_map(|n| LedgerAccount::Rider(AccountId::from_bytes([n; 16]))),
        (0u8..4).prop_map(|n| LedgerAccount::Operator(OperatorId::from_bytes([n; 16]))),
        Just(LedgerAccount::Clearing),
        Just(LedgerAccount::Suspense),
        Just(LedgerAccount::Tax),
    ]
}

prop_compose! {
    /// A balanced entry in one or two currencies.
    fn arb_entry()(
        number in any::<u8>(),
        moves in prop::collection::vec(
            (arb_account(), arb_account(), 1i64..1 << 40, prop::sample::select(vec!["CNY", "EUR"])),
            1..6,
        ),
    ) -> Entry {
        let postings = moves.into_iter().flat_map(|(from, to, minor, code)| {
            [posting(from, -minor, code), posting(to, minor, code)]
        });
        entry(number, postings.collect()).unwrap()
    }
}

proptest! {
    #[test]
    fn balances_sum_to_zero_and_are_the_fold(
        entries in prop::collection::vec(arb_entry(), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let balances = fold(&entries).unwrap();
        for code in ["CNY", "EUR"] {
            let of_code = balances.iter().filter(|(_, balance)| balance.currency().code() == code);
            let sum: i64 = of_code.map(|(_, balance)| balance.as_minor()).sum();
            prop_assert_eq!(sum, 0);
        }
        // The naive fold, posting by posting.
        for posting in entries.iter().flat_map(Entry::postings) {
            let of = |p: &&Posting| {
                p.account == posting.account && p.amount.currency() == posting.amount.currency()
            };
            let sum: i64 = entries
                .iter()
                .flat_map(Entry::postings)
                .filter(of)
                .map(|p| p.amount.as_minor())
                .sum();
            let balance = balances.of(posting.account, posting.amount.currency());
            prop_assert_eq!(balance.as_minor(), sum);
        }
        let mut turned = entries.clone();
        turned.rotate_left(cut.index(entries.len() + 1).min(entries.len()));
        turned.reverse();
        prop_assert_eq!(fold(&turned).unwrap(), balances);
    }

    #[test]
    fn an_entry_that_does_not_sum_to_zero_is_refused(
        minors in prop::collection::vec(any::<i64>(), 2..8),
    ) {
        let exact: i128 = minors.iter().copied().map(i128::from).sum();
        let postings = minors.iter().map(|minor| posting(RIDER, *minor, "CNY")).collect();
        prop_assert_eq!(entry(1, postings).is_ok(), exact == 0 && !minors.contains(&0));
    }

    #[test]
    fn parts_are_exact(
        total in prop_oneof![0i64..1000, any::<i64>().prop_map(|n| n & i64::MAX)],
        weights in prop::collection::vec(
            prop_oneof![0u64..10, any::<u64>(), Just(u64::MAX)], 1..12,
        ),
        order in any::<prop::sample::Index>(),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let amount = Amount::new(total, currency("CNY")).unwrap();
        let parts: Vec<i64> =
            apportion(amount, &weights).unwrap().iter().map(Amount::as_minor).collect();
        prop_assert_eq!(parts.iter().copied().map(i128::from).sum::<i128>(), i128::from(total));

        let whole: u128 = weights.iter().copied().map(u128::from).sum();
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert!(*part >= 0);
            // |part - total * weight / whole| < 1, without a division: the exact value lies
            // strictly between the quotient's neighbours.
            let product = u128::from(total.unsigned_abs()) * u128::from(*weight);
            let floor = product / whole;
            let part = u128::from(part.unsigned_abs());
            let exact = product % whole == 0;
            prop_assert!(part == floor || (part == floor + 1 && !exact), "{} {}", part, floor);
        }

        // Another order of the weights gives each weight the same parts.
        let mut turned = weights.clone();
        turned.rotate_left(order.index(weights.len()));
        let turned_parts = apportion(amount, &turned).unwrap();
        let mut before: Vec<_> = weights.iter().copied().zip(parts).collect();
        let mut after: Vec<_> =
            turned.iter().copied().zip(turned_parts.iter().map(Amount::as_minor)).collect();
        before.sort_unstable();
        after.sort_unstable();
        prop_assert_eq!(before, after);
    }
}
