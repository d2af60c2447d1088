//! The machine of a payment against every order of answers: a provider in memory that a plan of
//! faults drives, and killed workers.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use ledger::{LedgerAccount, fold};
use proptest::prelude::*;
use settlement::charging::{
    Answer, Attempt, Order, Payer, Payment, PaymentProvider, PaymentStore, Plan, Prepaid,
    PrepaidBook as _, Request, Stage, Step, TopUp, Truth, TruthItem, TruthStatus, Unavailable,
    What, after, ask, differences, payment_of, plan, wake, work, write_off,
};
use settlement::debt::deny::{DebtChange, DebtPolicy, DebtReason, change};
use settlement::debt::exposure;
use settlement::model::{ChargeState, PostedEntry, StoredCharge};
use settlement::testing::MemoryStore;
use units::{
    AccountId, Amount, Balance, ChargeId, Currency, PaymentId, ProviderId, ServiceDay, Span,
    Timestamp,
};

const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
const PROVIDER: ProviderId = ProviderId::from_bytes([9; 16]);
const START: Timestamp = Timestamp::from_secs(1_546_819_200);
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn payer() -> Payer {
    Payer {
        provider: PROVIDER,
        reference: None,
    }
}

fn cny() -> Currency {
    Currency::from_code("CNY").unwrap()
}

fn amount(minor: i64) -> Amount {
    Amount::new(minor, cny()).unwrap()
}

fn payment(minor: i64) -> Payment {
    let window = ServiceDay::from_days(17_903);
    payment_of(ACCOUNT, window, 1, payer(), amount(minor), START)
}

fn collected(number: u32, minor: i64, status: TruthStatus) -> TruthItem {
    TruthItem::Requested {
        what: What::Collect,
        number,
        reference: format!("pi_{number}"),
        amount: amount(minor),
        status,
    }
}

fn truth(items: Vec<TruthItem>) -> Truth {
    Truth { items }
}

/// The payment after its first request was made durable.
fn asked() -> Payment {
    match settlement::charging::next_step(&payment(300), START) {
        Step::Send(sending) => sending.0,
        Step::LookUp => unreachable!("the first request needs no look"),
    }
}

fn at(seconds: i64) -> Timestamp {
    START.plus(Span::from_secs(seconds))
}

#[test]
fn seeded_bug_30_a_time_out_never_makes_a_new_key() {
    let first = asked();
    let request = first.request.clone().unwrap();
    // Nothing was heard, nothing is found: it stays the same request.
    let (waits, step) = after(&first, &Truth::default(), Some(&Answer::Unheard), at(1));
    assert_eq!((step, waits.requests), (None, 1));
    let (_, step) = after(&waits, &Truth::default(), None, at(60));
    let Some(Step::Send(again)) = step else {
        unreachable!("what is found nowhere is sent again");
    };
    assert_eq!(again.1.key, first.key(request.number));
    assert_eq!((again.1.number, again.0.requests), (1, 1));
}

#[test]
fn seeded_bug_31_a_request_is_looked_up_before_it_is_sent_after_its_key_was_forgotten() {
    // Two days later the key is forgotten; the only way to a sending leads through a look-up.
    let first = asked();
    assert_eq!(
        settlement::charging::next_step(&first, at(2 * DAY)),
        Step::LookUp
    );
    let found = truth(vec![collected(1, 300, TruthStatus::Done)]);
    let (paid, step) = after(&first, &found, None, at(2 * DAY));
    assert_eq!((paid.stage, paid.request, step), (Stage::Paid, None, None));
}

#[test]
fn seeded_bug_32_a_late_word_of_failure_reverts_nothing() {
    let found = truth(vec![collected(1, 300, TruthStatus::Done)]);
    let (paid, _) = after(&asked(), &found, Some(&Answer::Heard), at(1));
    let (paid, entries) = differences(&paid, &found, at(1)).unwrap();
    assert_eq!(entries.len(), 1);
    // The webhook says "failed"; it is woken, looks up and finds what is so.
    let woken = wake(&paid, at(3 * DAY));
    assert_eq!(woken.due, Some(at(3 * DAY)));
    let (still, step) = after(&woken, &found, None, at(3 * DAY));
    assert_eq!((still.stage, step), (Stage::Paid, None));
    assert_eq!(differences(&still, &found, at(3 * DAY)).unwrap().1, []);
}

/// A debt of 3.00 of which 2.00 were given up, and what its entry moved.
fn part_given_up() -> Payment {
    let failed = Payment {
        stage: Stage::Debt,
        failed: vec![Attempt::new(at(1), "stolen_card")],
        ..payment(300)
    };
    let (part, entry) = write_off(&failed, amount(200), "moved away".to_owned(), at(2)).unwrap();
    let expected = [
        (LedgerAccount::Clearing, 200),
        (LedgerAccount::WriteOff, -200),
    ];
    assert_eq!(moved(&entry), expected);
    assert_eq!((part.open_minor(), part.stage), (100, Stage::Debt));
    part
}

fn moved(posted: &PostedEntry) -> Vec<(LedgerAccount, i64)> {
    let postings = posted.entry.postings().iter();
    postings
        .map(|one| (one.account, one.amount.as_minor()))
        .collect()
}

#[test]
fn what_was_given_up_and_comes_in_after_all_is_given_up_no_more() {
    let part = part_given_up();
    // 1.00 comes in: what was given up stays given up, and nothing is owed.
    let found = truth(vec![collected(1, 100, TruthStatus::Done)]);
    let (paid, entries) = differences(&part, &found, at(3)).unwrap();
    assert_eq!(
        (paid.open_minor(), paid.written_off, entries.len()),
        (0, 200, 1)
    );
    // All of it comes in: nothing stays given up, and clearing has seen 3.00 in all.
    let found = truth(vec![collected(1, 300, TruthStatus::Done)]);
    let (paid, entries) = differences(&part, &found, at(3)).unwrap();
    assert_eq!(
        (paid.open_minor(), paid.written_off, entries.len()),
        (0, 0, 2)
    );
    let back = [
        (LedgerAccount::Clearing, -200),
        (LedgerAccount::WriteOff, 200),
    ];
    assert_eq!(moved(&entries[1]), back);
    let (again, none) = differences(&paid, &found, at(4)).unwrap();
    assert_eq!((&again, none), (&paid, vec![]));
    // It is no surplus: nothing goes back to the rider.
    let (done, step) = after(&paid, &found, None, at(4));
    assert_eq!((done.stage, step), (Stage::Paid, None));
}

#[test]
fn what_was_given_up_is_not_collected() {
    let part = Payment {
        asked: true,
        due: Some(at(3)),
        ..part_given_up()
    };
    let (_, step) = after(&part, &Truth::default(), None, at(3));
    let Some(Step::Send(sending)) = step else {
        unreachable!("the rider asked to pay the rest");
    };
    assert_eq!(sending.1.amount, amount(100));
    let (all, _) = write_off(&part, amount(100), "all".to_owned(), at(3)).unwrap();
    let (done, step) = after(&all, &Truth::default(), None, at(3));
    assert_eq!((done.stage, done.due, step), (Stage::Paid, None, None));
}

#[test]
fn seeded_bug_29_a_refund_is_not_repeated_on_retry() {
    let done = collected(1, 300, TruthStatus::Done);
    let found = truth(vec![done.clone()]);
    let (paid, _) = after(&asked(), &found, Some(&Answer::Heard), at(1));
    let wants = Payment {
        give_back: amount(120),
        ..paid
    };
    let (_, step) = after(&wants, &found, None, at(2));
    let Some(Step::Send(sending)) = step else {
        unreachable!("120 are to be given back");
    };
    let (asked, order) = *sending;
    assert_eq!(
        (order.amount, order.from.as_deref()),
        (amount(120), Some("pi_1"))
    );
    // It was done and the answer was lost.
    let refunded = TruthItem::Requested {
        what: What::GiveBack,
        number: order.number,
        reference: "re_1".to_owned(),
        amount: amount(120),
        status: TruthStatus::Done,
    };
    let both = truth(vec![done, refunded]);
    let (done, step) = after(&asked, &both, None, at(DAY));
    assert_eq!((done.request, step), (None, None));
}

#[test]
fn seeded_bug_33_who_has_paid_is_taken_off_the_list() {
    let policy = DebtPolicy {
        overdue_max_minor: 0,
        exposure_max_minor: 5_000,
        entry_lasts: Span::from_secs(30 * DAY),
    };
    let failed = TruthStatus::Failed {
        code: "stolen_card".to_owned(),
    };
    let found = truth(vec![collected(1, 300, failed)]);
    let (debt, _) = after(&asked(), &found, Some(&Answer::Heard), at(1));
    assert_eq!(debt.stage, Stage::Debt);
    let owes = exposure::of(ACCOUNT, cny(), std::slice::from_ref(&debt));
    let DebtChange::Put(entry) = change(&owes, &policy, None, at(1)) else {
        unreachable!("300 are overdue");
    };
    assert_eq!(entry.reason, DebtReason::Overdue);
    assert_eq!(entry.expires, at(1 + 30 * DAY));
    assert_eq!(
        entry.because,
        "CNY 3.00 could not be collected: pay it to travel again."
    );
    // The same entry is not written again until half its time is over.
    assert_eq!(
        change(&owes, &policy, Some(&entry.listed()), at(14 * DAY)),
        DebtChange::Nothing
    );
    assert!(matches!(
        change(&owes, &policy, Some(&entry.listed()), at(16 * DAY)),
        DebtChange::Put(_)
    ));
    // Paid after all.
    let found = truth(vec![collected(1, 300, TruthStatus::Done)]);
    let (paid, _) = after(&debt, &found, None, at(2));
    let (paid, _) = differences(&paid, &found, at(2)).unwrap();
    let owes = exposure::of(ACCOUNT, cny(), &[paid]);
    assert_eq!(
        change(&owes, &policy, Some(&entry.listed()), at(2)),
        DebtChange::TakeOff
    );
    assert_eq!(change(&owes, &policy, None, at(2)), DebtChange::Nothing);
}

#[test]
fn a_bank_that_takes_money_back_makes_a_debt_and_one_that_gives_it_up_ends_it() {
    let done = collected(1, 300, TruthStatus::Done);
    let (paid, _) = after(
        &asked(),
        &truth(vec![done.clone()]),
        Some(&Answer::Heard),
        at(1),
    );
    let held = truth(vec![done.clone(), TruthItem::ChargedBack(amount(300))]);
    let (debt, step) = after(&paid, &held, None, at(40 * DAY));
    assert_eq!((debt.stage, step), (Stage::Debt, None));
    let (debt, mut posted) = differences(&debt, &held, at(40 * DAY)).unwrap();
    let owed = |posted: &[PostedEntry]| {
        let balances = fold(posted.iter().map(|posted| &posted.entry)).unwrap();
        balances
            .of(LedgerAccount::Provider(PROVIDER), cny())
            .as_minor()
    };
    assert_eq!(
        (posted.len(), owed(&posted), debt.open_minor()),
        (2, 0, 300)
    );
    let (paid, _) = after(&debt, &truth(vec![done.clone()]), None, at(60 * DAY));
    let (paid, entries) = differences(&paid, &truth(vec![done]), at(60 * DAY)).unwrap();
    assert_eq!((paid.stage, paid.open_minor()), (Stage::Paid, 0));
    posted.extend(entries);
    // It is a new entry, and the provider owes the 300 again.
    assert_eq!((posted.len(), owed(&posted)), (3, -300));
}

/// The payment as it was posted after `found` was seen at `now`.
fn seen(payment: &Payment, found: &Truth, now: Timestamp) -> (Payment, Option<Step>) {
    let (after, step) = after(payment, found, None, now);
    (differences(&after, found, now).unwrap().0, step)
}

#[test]
fn what_a_bank_took_back_is_collected_again_when_the_rider_asks_and_never_else() {
    let first = collected(1, 300, TruthStatus::Done);
    let back = TruthItem::ChargedBack(amount(300));
    let held = truth(vec![first.clone(), back.clone()]);
    let (debt, step) = seen(&asked(), &held, at(DAY));
    assert_eq!((debt.stage, step), (Stage::Debt, None));
    assert_eq!(
        seen(&debt, &held, at(30 * DAY)).1,
        None,
        "not without the rider"
    );
    let wants = ask(&debt, at(30 * DAY)).unwrap();
    assert_eq!((wants.asked, wants.due), (true, Some(at(30 * DAY))));
    let (kept, Some(Step::Send(sending))) = seen(&wants, &held, at(30 * DAY)) else {
        unreachable!("the rider asked");
    };
    // Killed before it is sent, the wish is still there.
    assert!(kept.asked);
    let (again, order) = *sending;
    assert_eq!(
        (order.number, order.amount, again.asked),
        (2, amount(300), false)
    );
    // Paid: nothing is given back, though 600 were collected.
    let second = collected(2, 300, TruthStatus::Done);
    let both = truth(vec![first.clone(), back, second.clone()]);
    let (paid, step) = seen(&again, &both, at(31 * DAY));
    assert_eq!((paid.stage, step), (Stage::Paid, None));
    // The bank gives up what it held: now 300 are too much, and come from the newest collection.
    let (_, step) = seen(&paid, &truth(vec![first, second]), at(60 * DAY));
    let Some(Step::Send(surplus)) = step else {
        unreachable!("600 are there for 300");
    };
    let order = surplus.1;
    assert_eq!((order.what, order.amount), (What::GiveBack, amount(300)));
    assert_eq!(order.from.as_deref(), Some("pi_2"));
}

#[test]
fn a_rider_asks_for_what_is_overdue_and_not_again_at_once() {
    let failed = |code: &str| TruthStatus::Failed {
        code: code.to_owned(),
    };
    assert_eq!(ask(&payment(300), START), None, "it is on its way");
    let found = truth(vec![collected(1, 300, failed("insufficient_funds"))]);
    let (waits, _) = seen(&asked(), &found, at(0));
    assert_eq!(ask(&waits, at(299)), None, "the last failure is too fresh");
    let asked_for = ask(&waits, at(300)).unwrap();
    let (_, Some(Step::Send(sending))) = seen(&asked_for, &found, at(300)) else {
        unreachable!("a day before the ladder would");
    };
    let resent = sending.0;
    assert_eq!(ask(&resent, at(900)), None, "one is under way");
    let twice = truth(vec![
        collected(1, 300, failed("insufficient_funds")),
        collected(2, 300, failed("stolen_card")),
    ]);
    let (owed, step) = seen(&resent, &twice, at(301));
    assert_eq!((owed.stage, owed.due, step), (Stage::Debt, None, None));
    let many = Payment {
        failed: vec![owed.failed[0].clone(); 20],
        ..owed
    };
    assert_eq!(ask(&many, at(DAY)), None, "staff is next");
}

#[test]
fn failures_are_read_as_they_were_written() {
    let failed = [
        Attempt::new(at(1), "insufficient_funds"),
        Attempt::new(at(2), ""),
        Attempt::new(at(3), "two\nlines and \u{7}a bell"),
        Attempt::new(at(4), &"x".repeat(500)),
    ];
    assert_eq!(failed[2].code, "twolines and a bell");
    assert_eq!(failed[3].code.len(), 100);
    let text = Attempt::write_all(&failed);
    assert_eq!(Attempt::read_all(&text).unwrap(), failed);
    assert!(Attempt::read_all("soon declined\n").is_err());
}

#[test]
fn a_rider_who_rides_more_than_is_paid_is_stopped_at_the_limit() {
    let policy = DebtPolicy {
        overdue_max_minor: 100,
        exposure_max_minor: 700,
        entry_lasts: Span::from_secs(DAY),
    };
    let two = [
        payment(300),
        Payment {
            id: PaymentId::from_bytes([8; 16]),
            ..payment(400)
        },
    ];
    let owes = exposure::of(ACCOUNT, cny(), &two);
    assert_eq!((owes.expected_minor, owes.overdue_minor), (700, 0));
    assert_eq!(change(&owes, &policy, None, START), DebtChange::Nothing);
    let more = [
        two[0].clone(),
        two[1].clone(),
        Payment {
            id: PaymentId::from_bytes([7; 16]),
            ..payment(1)
        },
    ];
    let DebtChange::Put(entry) = change(&exposure::of(ACCOUNT, cny(), &more), &policy, None, START)
    else {
        unreachable!("701 is beyond the limit");
    };
    assert_eq!(entry.reason, DebtReason::Exposure);
    // Nobody else's payments count.
    let other = AccountId::from_bytes([2; 16]);
    assert_eq!(exposure::of(other, cny(), &more).expected_minor, 0);
}

fn charge(number: u8, minor: i64) -> StoredCharge {
    StoredCharge {
        id: ChargeId::from_bytes([number; 16]),
        account: ACCOUNT,
        day: ServiceDay::from_days(17_903),
        revision: u32::from(number),
        amount: Balance::new(minor, cny()),
        state: ChargeState::Pending,
        at: START,
        because: String::new(),
    }
}

#[test]
fn charges_of_a_window_are_one_payment_and_credits_come_from_what_was_paid() {
    let window = ServiceDay::from_days(17_903);
    let of_charges = |charges: &[StoredCharge], earlier: &[Payment]| -> Plan {
        plan(ACCOUNT, window, &payer(), charges, earlier, START).unwrap()
    };
    let made = of_charges(&[charge(1, 300), charge(2, -50), charge(3, 200)], &[]);
    let first = made.payment.unwrap();
    assert_eq!(
        (first.amount, first.revision, made.settles.len()),
        (amount(450), 1, 3)
    );
    // The same charges make the same payment: a primary key stops the second.
    let again = of_charges(&[charge(1, 300), charge(2, -50), charge(3, 200)], &[]);
    assert_eq!(again.payment.unwrap().id, first.id);
    let paid = Payment {
        stage: Stage::Paid,
        ..first
    };
    let more = of_charges(&[charge(4, 10)], std::slice::from_ref(&paid));
    assert_eq!(more.payment.unwrap().revision, 2);
    // A credit comes from what was paid; where less was paid it waits.
    let back = of_charges(&[charge(4, -400)], std::slice::from_ref(&paid));
    assert_eq!(back.give_back, [(paid.id, amount(400))]);
    let waits = of_charges(&[charge(4, -451)], std::slice::from_ref(&paid));
    assert_eq!(
        (waits.give_back, waits.settles, waits.payment),
        (vec![], vec![], None)
    );
    let nothing = of_charges(&[charge(4, 5), charge(5, -5)], &[]);
    assert_eq!((nothing.payment, nothing.settles.len()), (None, 2));
}

#[test]
fn a_prepaid_balance_pays_until_it_is_empty_and_gets_back_what_is_given_back() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = MemoryStore::default();
        let balances = MemoryStore::default();
        let prepaid = Prepaid(&balances);
        let top_up = async |minor| {
            let top_up = TopUp {
                account: ACCOUNT,
                prepaid: PROVIDER,
                through: ProviderId::from_bytes([7; 16]),
                reference: format!("receipt {minor}"),
                amount: amount(minor),
                day: ServiceDay::from_days(17_903),
                at: START,
            };
            assert!(prepaid.0.top_up(&top_up).await.unwrap());
            assert!(
                !prepaid.0.top_up(&top_up).await.unwrap(),
                "one receipt counts once"
            );
        };
        let left = async || prepaid.0.prepaid_minor(ACCOUNT, cny()).await.unwrap();
        top_up(500).await;
        let second = Payment {
            id: PaymentId::from_bytes([8; 16]),
            ..payment(300)
        };
        store.save(&payment(300), &[]).await.unwrap();
        store.save(&second, &[]).await.unwrap();
        work(&store, &prepaid, START).await.unwrap();
        let stages = |store: &MemoryStore| -> Vec<Stage> {
            store
                .payments()
                .iter()
                .map(|payment| payment.stage)
                .collect()
        };
        let mut expected = vec![Stage::Due, Stage::Paid];
        let mut found = stages(&store);
        found.sort_unstable();
        assert_eq!((found, left().await), (expected.clone(), 200));
        // The next rung finds the balance topped up.
        top_up(100).await;
        work(&store, &prepaid, at(DAY)).await.unwrap();
        expected = vec![Stage::Paid; 2];
        assert_eq!((stages(&store), left().await), (expected, 0));
        let paid = store.payment(second.id).await.unwrap().unwrap();
        let wants = Payment {
            give_back: amount(50),
            ..paid
        };
        store.save(&wake(&wants, at(DAY)), &[]).await.unwrap();
        work(&store, &prepaid, at(DAY)).await.unwrap();
        assert_eq!(left().await, 50);
        let entries = store.entries();
        let balances = fold(entries.iter().map(|posted| &posted.entry)).unwrap();
        // 600 drawn and 50 put back, of 600 topped up: 50 are left.
        let drawn = balances.of(LedgerAccount::Provider(PROVIDER), cny());
        assert_eq!(drawn.as_minor(), -550);
    });
}

/// What happens to one sending.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Done,
    DoneUnheard,
    Lost,
    Declined,
    DeclinedUnheard,
    Slow,
}

/// A provider that remembers keys for a day and does to each new request what the plan says.
#[derive(Default)]
struct Plans {
    state: Mutex<(Vec<Fate>, BTreeMap<u32, Done>, u32)>,
    looks: Mutex<Vec<bool>>,
}

struct Done {
    item: TruthItem,
    turns: u32,
}

impl PaymentProvider for Plans {
    async fn send(&self, order: &Order) -> Answer {
        let mut state = self.state.lock().unwrap();
        let fate = state.0.pop().unwrap_or(Fate::Done);
        if state.1.contains_key(&order.number) {
            return Answer::Heard;
        }
        let (status, heard, turns) = match fate {
            Fate::Lost => return Answer::Unheard,
            Fate::Done => (TruthStatus::Done, true, 0),
            Fate::DoneUnheard => (TruthStatus::Done, false, 0),
            Fate::Slow => (TruthStatus::Done, true, 3),
            Fate::Declined | Fate::DeclinedUnheard => {
                let code = "insufficient_funds".to_owned();
                let heard = matches!(fate, Fate::Declined);
                (TruthStatus::Failed { code }, heard, 0)
            }
        };
        let item = TruthItem::Requested {
            what: order.what,
            number: order.number,
            reference: format!("r{}", order.number),
            amount: order.amount,
            status,
        };
        state.1.insert(order.number, Done { item, turns });
        if heard {
            Answer::Heard
        } else {
            Answer::Unheard
        }
    }

    async fn look_up(&self, _payment: &Payment) -> Result<Truth, Unavailable> {
        if self.looks.lock().unwrap().pop().unwrap_or(false) {
            return Err(Unavailable {
                why: "planned".to_owned(),
            });
        }
        let mut state = self.state.lock().unwrap();
        let items = state.1.values_mut().map(|done| {
            let mut item = done.item.clone();
            if done.turns > 0 {
                done.turns -= 1;
                if let TruthItem::Requested { status, .. } = &mut item {
                    *status = TruthStatus::Open;
                }
            }
            item
        });
        Ok(Truth {
            items: items.collect(),
        })
    }
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop::sample::select(vec![
        Fate::Done,
        Fate::DoneUnheard,
        Fate::Lost,
        Fate::Declined,
        Fate::DeclinedUnheard,
        Fate::Slow,
    ]);
    prop::collection::vec(fate, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_ledger_is_what_the_provider_has_and_nobody_pays_twice(
        fates in fates(),
        looks in prop::collection::vec(any::<bool>(), 0..12),
        give_back in 0i64..400,
        killed_after in prop::option::of(0u32..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = MemoryStore::default();
            let provider = Plans::default();
            provider.state.lock().unwrap().0 = fates;
            *provider.looks.lock().unwrap() = looks;
            store.save(&payment(300), &[]).await.unwrap();
            let id = payment(300).id;
            let mut now = START;
            for turn in 0..120u32 {
                now = now.plus(Span::from_secs(7 * HOUR));
                if Some(turn) == killed_after {
                    // The worker dies between making a request durable and sending it.
                    let stored = store.payment(id).await.unwrap().unwrap();
                    if let Step::Send(sending) = settlement::charging::next_step(&stored, now) {
                        store.save(&sending.0, &[]).await.unwrap();
                    }
                    continue;
                }
                if turn == 70 {
                    let stored = store.payment(id).await.unwrap().unwrap();
                    let wants = Payment { give_back: amount(give_back.min(300)), ..stored };
                    store.save(&wake(&wants, now), &[]).await.unwrap();
                }
                work(&store, &provider, now).await.unwrap();
            }
            let stored = store.payment(id).await.unwrap().unwrap();
            let state = provider.state.lock().unwrap();
            let found = truth(state.1.values().map(|done| done.item.clone()).collect());
            let totals = found.totals(cny()).unwrap();
            prop_assert!(totals.collected <= 300, "paid twice");
            prop_assert_eq!(stored.posted, totals);
            prop_assert_eq!(&stored.request, &None::<Request>);
            let is_paid = totals.collected == 300;
            prop_assert_eq!(stored.stage, if is_paid { Stage::Paid } else { Stage::Debt });
            let wanted = if is_paid { give_back.min(300) } else { 0 };
            prop_assert_eq!(totals.given_back, wanted);
            prop_assert!(stored.failed.len() <= 6);
            let entries = store.entries();
            let balances = fold(entries.iter().map(|posted| &posted.entry)).unwrap();
            let owed = balances.of(LedgerAccount::Provider(PROVIDER), cny()).as_minor();
            prop_assert_eq!(owed, totals.given_back - totals.collected);
            prop_assert_eq!(balances.of(LedgerAccount::Clearing, cny()).as_minor(), -owed);
            Ok::<(), TestCaseError>(())
        })?;
    }
}
