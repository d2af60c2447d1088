//! Refunds by two persons, appeals, and the audit trail.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tariff::TapKind;
use units::{AccountId, Amount, ChargeId, CorrectionId, JourneyId};

use super::{Bench, Factory};
use crate::corrections::{
    self, CaseError, CorrectionFilter, CorrectionStore as _, PageAfter, Refused,
};
use crate::ids;
use crate::model::{
    Actor, Correction, CorrectionKind, Decision, Reason, StaffName, Subject, Verdict,
};
use crate::ports::SettlementStore as _;
use crate::testing::world::{Phone, day, minutes};

pub(super) async fn check<F: Factory>(factory: &F) {
    a_refund_takes_two_persons(factory).await;
    nothing_above_what_was_charged_is_given_back(factory).await;
    of_two_approvals_at_once_one_is_too_much(factory).await;
    a_refund_survives_settling_again(factory).await;
    in_some_orders(factory, (0..ORDERS).step_by(5)).await;
    a_journey_is_refunded_up_to_its_fare(factory).await;
    asking_again_changes_nothing(factory).await;
    an_appeal_is_answered_and_moves_no_money(factory).await;
    lists_go_on_where_they_stopped(factory).await;
}

pub(super) fn staff(name: &str) -> Actor {
    Actor::Staff(StaffName::parse(name).unwrap())
}

pub(super) fn decision(verdict: Verdict, by: &str) -> Decision {
    Decision {
        verdict,
        by: staff(by),
        at: minutes(2_300),
        note: String::from("checked"),
    }
}

/// A rider's day: one who tapped on at north and, where `off`, off at centre. Charged.
async fn charged<F: Factory>(factory: &F, off: bool) -> (Bench<'_, F>, Phone) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    ride(&mut bench, &phone, 10, off);
    bench.upload_all().await;
    bench.close().await;
    (bench, phone)
}

fn ride<F: Factory>(bench: &mut Bench<'_, F>, phone: &Phone, minute: i64, off: bool) {
    let (on, end) = (minutes(minute), minutes(minute + 20));
    bench.north.permit(on, TapKind::On, &phone.code(on));
    if off {
        bench.centre.permit(end, TapKind::Off, &phone.code(end));
    }
}

fn first_charge(account: AccountId) -> ChargeId {
    ids::charge_of(account, day(), 1)
}

/// A proposal by anna about the first charge, number `number`.
fn refund<F: Factory>(bench: &Bench<'_, F>, phone: &Phone, number: u8, minor: i64) -> Correction {
    Correction {
        id: CorrectionId::from_bytes([number; 16]),
        account: phone.account,
        day: day(),
        kind: CorrectionKind::Refund,
        subject: Subject::Charge(first_charge(phone.account)),
        amount: Amount::new(minor, bench.city.currency()).unwrap(),
        reason: Reason::parse("disruption").unwrap(),
        note: "the lift was out of order".to_owned(),
        maker: staff("anna"),
        made_at: minutes(2_200),
        decision: None,
    }
}

async fn approve<F: Factory>(bench: &Bench<'_, F>, number: u8) -> Result<Correction, CaseError> {
    let id = CorrectionId::from_bytes([number; 16]);
    corrections::judge(&bench.store, id, &decision(Verdict::Approved, "bert")).await
}

pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, CaseError>) -> Refused {
    match result {
        Err(CaseError::Refused(refused)) => refused,
        other => unreachable!("expected a refusal, got {other:?}"),
    }
}

async fn charges<F: Factory>(bench: &Bench<'_, F>, phone: &Phone) -> Vec<i64> {
    let record = bench.store.day_record(phone.account, day()).await.unwrap();
    let amounts = record.charges.iter().map(|one| one.amount.as_minor());
    amounts.collect()
}

async fn a_refund_takes_two_persons<F: Factory>(factory: &F) {
    let (bench, phone) = charged(factory, true).await;
    let asked = refund(&bench, &phone, 1, 100);
    corrections::ask(&bench.store, &asked).await.unwrap();
    assert_eq!(charges(&bench, &phone).await, [300], "asking moves nothing");
    let own = decision(Verdict::Approved, "anna");
    let answer = corrections::judge(&bench.store, asked.id, &own).await;
    assert_eq!(refused(answer), Refused::SamePerson);
    let done = approve(&bench, 1).await.unwrap();
    let expected = Correction {
        decision: Some(decision(Verdict::Approved, "bert")),
        ..asked
    };
    assert_eq!(done, expected);
    assert_eq!(charges(&bench, &phone).await, [300, -100]);
    let record = bench.store.day_record(phone.account, day()).await.unwrap();
    let because = "Travel on 2019-01-07 comes to CNY 3.00, CNY 1.00 of it is refunded and \
                   CNY 3.00 was charged: CNY -1.00 given back.";
    assert_eq!(record.charges[1].because, because);
    bench.check_laws("refunded").await;
    let dump = bench.dump().await;
    for line in [
        "balance allowances CNY -100",
        "balance clearing CNY -200",
        &format!("refunds {} 2019-01-07 CNY 100", phone.account),
        &format!("charged {} 2019-01-07 CNY 200", phone.account),
    ] {
        assert!(dump.lines().any(|found| found == line), "{line}\n{dump}");
    }
    assert_eq!(bench.close().await, 0, "the day is closed with its refund");
    // Doing it again, as after a lost answer, changes nothing.
    approve(&bench, 1).await.unwrap();
    assert_eq!(charges(&bench, &phone).await, [300, -100]);
    let trail = bench.store.audit_trail(None, 10).await.unwrap();
    let actions: Vec<(String, String)> = trail
        .iter()
        .map(|(_, line)| (line.who.to_string(), line.action.clone()))
        .collect();
    let line = |who: &str, action: &str| (who.to_owned(), action.to_owned());
    let expected = [
        line("staff:bert", "refund.approve"),
        line("staff:anna", "refund.propose"),
    ];
    assert_eq!(actions, expected, "newest first, and nothing twice");
}

async fn nothing_above_what_was_charged_is_given_back<F: Factory>(factory: &F) {
    let (bench, phone) = charged(factory, true).await;
    let cny = |minor| Amount::new(minor, bench.city.currency()).unwrap();
    let ask = async |number, minor| {
        corrections::ask(&bench.store, &refund(&bench, &phone, number, minor)).await
    };
    let left = cny(300);
    assert_eq!(refused(ask(1, 301).await), Refused::TooMuch { left });
    assert_eq!(refused(ask(1, 0).await), Refused::NoAmount);
    ask(1, 200).await.unwrap();
    ask(2, 200).await.unwrap();
    ask(3, 100).await.unwrap();
    approve(&bench, 1).await.unwrap();
    let left = cny(100);
    let answer = approve(&bench, 2).await;
    assert_eq!(refused(answer), Refused::TooMuch { left });
    approve(&bench, 3).await.unwrap();
    assert_eq!(charges(&bench, &phone).await, [300, -200, -100]);
    let left = cny(0);
    assert_eq!(refused(ask(4, 1).await), Refused::TooMuch { left });
    let mut no = decision(Verdict::Rejected, "bert");
    " ".clone_into(&mut no.note);
    let id = CorrectionId::from_bytes([2; 16]);
    let answer = corrections::judge(&bench.store, id, &no).await;
    assert_eq!(refused(answer), Refused::NoNote);
    "refunded already".clone_into(&mut no.note);
    corrections::judge(&bench.store, id, &no).await.unwrap();
    let answer = approve(&bench, 2).await;
    assert_eq!(refused(answer), Refused::Decided(Box::new(no)));
    bench.check_laws("all given back").await;
}

/// Both at once.
async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(done) = one.as_mut().poll(context)
        {
            first = Some(done);
        }
        if second.is_none()
            && let Poll::Ready(done) = other.as_mut().poll(context)
        {
            second = Some(done);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

async fn of_two_approvals_at_once_one_is_too_much<F: Factory>(factory: &F) {
    for round in 0..4 {
        let (bench, phone) = charged(factory, true).await;
        for number in [1, 2] {
            let asked = refund(&bench, &phone, number, 200);
            corrections::ask(&bench.store, &asked).await.unwrap();
        }
        let (one, other) = if round % 2 == 0 { (1, 2) } else { (2, 1) };
        let (one, other) = both(approve(&bench, one), approve(&bench, other)).await;
        let granted = u8::from(one.is_ok()) + u8::from(other.is_ok());
        assert_eq!(granted, 1, "{one:?} {other:?}");
        assert_eq!(charges(&bench, &phone).await, [300, -200]);
        bench.check_laws("two at once").await;
    }
    // The same request by two approvers at once: one decides.
    let (bench, phone) = charged(factory, true).await;
    let asked = refund(&bench, &phone, 1, 100);
    corrections::ask(&bench.store, &asked).await.unwrap();
    let carl = decision(Verdict::Approved, "carl");
    let second = corrections::judge(&bench.store, asked.id, &carl);
    let (one, other) = both(approve(&bench, 1), second).await;
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(charges(&bench, &phone).await, [300, -100]);
}

async fn a_refund_survives_settling_again<F: Factory>(factory: &F) {
    // No tap off: the maximum fare, of which 4.00 is given back.
    let (mut bench, phone) = charged(factory, false).await;
    let asked = refund(&bench, &phone, 1, 400);
    corrections::ask(&bench.store, &asked).await.unwrap();
    approve(&bench, 1).await.unwrap();
    assert_eq!(charges(&bench, &phone).await, [900, -400]);
    // The tap off comes: 3.00. All of it is refunded, and not a cent more.
    let (end, late) = (minutes(30), minutes(300));
    bench.centre.permit(end, TapKind::Off, &phone.code(end));
    bench.upload_all().await;
    bench.settle().await;
    bench.check_laws("settled again, not closed").await;
    bench.close().await;
    assert_eq!(charges(&bench, &phone).await, [900, -400, -500]);
    bench.check_laws("corrected by a tap").await;
    // Another ride of 3.00: of 6.00 in all the refund takes its 4.00.
    ride(&mut bench, &phone, 300, true);
    assert!(late < minutes(320));
    bench.upload_all().await;
    bench.close().await;
    assert_eq!(charges(&bench, &phone).await, [900, -400, -500, 200]);
    bench.check_laws("refund in full again").await;
    // Prompt taps and the same refund make the same books.
    let mut prompt = Bench::new(factory).await;
    let phone = prompt.phone(1).await;
    ride(&mut prompt, &phone, 10, true);
    ride(&mut prompt, &phone, 300, true);
    prompt.upload_all().await;
    prompt.close().await;
    let asked = refund(&prompt, &phone, 1, 400);
    corrections::ask(&prompt.store, &asked).await.unwrap();
    approve(&prompt, 1).await.unwrap();
    assert_eq!(charges(&prompt, &phone).await, [600, -400]);
    assert_eq!(prompt.dump().await, bench.dump().await);
}

/// Two approvals, a late tap off and another ride, in each of their orders, the day closed after
/// every one of them, only settled, or neither before the end.
///
/// # Panics
/// When two orders make different books, or a law does not hold.
pub async fn approvals_in_every_order<F: Factory>(factory: &F) {
    in_some_orders(factory, 0..ORDERS).await;
}

/// The orders of four steps.
const ORDERS: usize = 24;

async fn in_some_orders<F: Factory>(factory: &F, orders: impl Iterator<Item = usize>) {
    let mut expected: Option<String> = None;
    for order in orders {
        let mut left = vec![0, 1, 2, 3];
        let mut rest = order;
        let (mut bench, phone) = charged(factory, false).await;
        for (number, minor) in [(1, 100), (2, 150)] {
            let asked = refund(&bench, &phone, number, minor);
            corrections::ask(&bench.store, &asked).await.unwrap();
        }
        while !left.is_empty() {
            let step = left.remove(rest % left.len());
            rest /= left.len().max(1) + 1;
            match step {
                0 => drop(approve(&bench, 1).await.unwrap()),
                1 => drop(approve(&bench, 2).await.unwrap()),
                2 => {
                    let end = minutes(30);
                    bench.centre.permit(end, TapKind::Off, &phone.code(end));
                    bench.upload_all().await;
                }
                _ => {
                    ride(&mut bench, &phone, 300, true);
                    bench.upload_all().await;
                }
            }
            if order % 3 == 0 {
                bench.close().await;
                bench.check_laws("on the way").await;
            } else if order % 3 == 1 {
                bench.settle().await;
            }
        }
        bench.close().await;
        bench.check_laws("in any order").await;
        let total: i64 = charges(&bench, &phone).await.iter().sum();
        assert_eq!(total, 600 - 250, "order {order}");
        // Journeys are named after their taps, whose numbers follow the order they came in.
        let dump: Vec<String> = bench
            .dump()
            .await
            .lines()
            .filter(|line| !line.starts_with("journey "))
            .map(str::to_owned)
            .collect();
        let dump = dump.join("\n");
        assert_eq!(*expected.get_or_insert_with(|| dump.clone()), dump);
    }
}

async fn a_journey_is_refunded_up_to_its_fare<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    ride(&mut bench, &phone, 10, true);
    ride(&mut bench, &phone, 300, true);
    bench.upload_all().await;
    bench.close().await;
    let record = bench.store.day_record(phone.account, day()).await.unwrap();
    let of_journey = |number, minor| Correction {
        subject: Subject::Journey(record.journeys[0].id),
        ..refund(&bench, &phone, number, minor)
    };
    let left = Amount::new(300, bench.city.currency()).unwrap();
    let answer = corrections::ask(&bench.store, &of_journey(1, 301)).await;
    assert_eq!(refused(answer), Refused::TooMuch { left });
    let ask = async |asked: Correction| corrections::ask(&bench.store, &asked).await;
    ask(of_journey(1, 300)).await.unwrap();
    approve(&bench, 1).await.unwrap();
    assert!(
        ask(of_journey(2, 1)).await.is_err(),
        "its fare is given back"
    );
    let unknown = Correction {
        subject: Subject::Journey(JourneyId::from_bytes([9; 16])),
        ..refund(&bench, &phone, 3, 1)
    };
    assert_eq!(refused(ask(unknown).await), Refused::Unknown);
    bench.check_laws("a journey given back").await;
}

async fn asking_again_changes_nothing<F: Factory>(factory: &F) {
    let (bench, phone) = charged(factory, true).await;
    let asked = refund(&bench, &phone, 1, 100);
    let ask = async |asked: &Correction| corrections::ask(&bench.store, asked).await;
    ask(&asked).await.unwrap();
    ask(&asked).await.unwrap();
    let filter = CorrectionFilter::default();
    let listed = bench.store.corrections(&filter, None, 10).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&asked));
    let other = refund(&bench, &phone, 1, 200);
    assert_eq!(refused(ask(&other).await), Refused::IdTaken);
    let foreign = Correction {
        account: AccountId::from_bytes([0xee; 16]),
        ..refund(&bench, &phone, 2, 100)
    };
    assert_eq!(refused(ask(&foreign).await), Refused::Unknown);
    let long = Correction {
        note: "x".repeat(2_001),
        ..refund(&bench, &phone, 3, 100)
    };
    assert_eq!(
        refused(ask(&long).await),
        Refused::NoteTooLong { got: 2_001 }
    );
    let answer = approve(&bench, 9).await;
    assert_eq!(refused(answer), Refused::Unknown);
}

async fn an_appeal_is_answered_and_moves_no_money<F: Factory>(factory: &F) {
    let (bench, phone) = charged(factory, false).await;
    let appeal = Correction {
        kind: CorrectionKind::Appeal,
        amount: Amount::zero(bench.city.currency()),
        maker: Actor::Rider,
        note: "the gate stood open".to_owned(),
        ..refund(&bench, &phone, 1, 1)
    };
    corrections::ask(&bench.store, &appeal).await.unwrap();
    let mut answer = decision(Verdict::Approved, "anna");
    answer.note = String::new();
    let said = corrections::judge(&bench.store, appeal.id, &answer).await;
    assert_eq!(refused(said), Refused::NoNote);
    "you are right, 6.00 comes back".clone_into(&mut answer.note);
    let done = corrections::judge(&bench.store, appeal.id, &answer).await;
    assert_eq!(done.unwrap().decision, Some(answer));
    assert_eq!(charges(&bench, &phone).await, [900]);
    bench.check_laws("an appeal").await;
}

async fn lists_go_on_where_they_stopped<F: Factory>(factory: &F) {
    let (bench, phone) = charged(factory, true).await;
    let mut all = Vec::new();
    for number in 1..=5u8 {
        let mut asked = refund(&bench, &phone, number, 10);
        // Some in the same instant: then the id says which is first.
        asked.made_at = minutes(2_200 + i64::from(number / 2));
        corrections::ask(&bench.store, &asked).await.unwrap();
        all.push(asked);
    }
    approve(&bench, 2).await.unwrap();
    let open = CorrectionFilter {
        kind: Some(CorrectionKind::Refund),
        open: true,
        account: Some(phone.account),
    };
    all.retain(|one| one.id != CorrectionId::from_bytes([2; 16]));
    let mut found: Vec<Correction> = Vec::new();
    loop {
        let after = found.last().map(|last| PageAfter {
            made_at: last.made_at,
            id: last.id,
        });
        let page = bench.store.corrections(&open, after, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        found.extend(page);
    }
    assert_eq!(found, all);
    let nobody = CorrectionFilter {
        account: Some(AccountId::from_bytes([0xee; 16])),
        ..CorrectionFilter::default()
    };
    let page = bench.store.corrections(&nobody, None, 3).await.unwrap();
    assert_eq!(page, []);
    let trail = bench.store.audit_trail(None, 2).await.unwrap();
    let below = bench.store.audit_trail(Some(trail[1].0), 10).await.unwrap();
    assert_eq!((trail.len(), below.len()), (2, 4), "six lines in all");
    let id = first_charge(phone.account);
    let record = bench.store.day_record(phone.account, day()).await.unwrap();
    let charge = bench.store.charge(id).await.unwrap();
    assert_eq!(charge.as_ref(), record.charges.first());
    let unknown = ChargeId::from_bytes([0xee; 16]);
    assert_eq!(bench.store.charge(unknown).await.unwrap(), None);
}
