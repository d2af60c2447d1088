//! Write-offs: a debt is given up by two persons, never more than it is, and comes off the list.

use ledger::{EntryKind, LedgerAccount};
use tariff::TapKind;
use units::{AccountId, Amount, CorrectionId, PaymentId, ProviderId};

use super::corrections::{decision, refused, staff};
use super::{Bench, Factory};
use crate::charging::{Attempt, PayWindow, Payment, PaymentStore as _, Stage, Terms, plan_account};
use crate::corrections::{self, CaseError, CorrectionStore as _, Refused};
use crate::debt::deny::DebtPolicy;
use crate::debt::list::{self, DebtList as _};
use crate::model::{Correction, CorrectionKind, Reason, Subject, Verdict};
use crate::ports::SettlementStore as _;
use crate::testing::world::{day, minutes};

const BANK: ProviderId = ProviderId::from_bytes([0xa1; 16]);

pub(super) async fn check<F: Factory>(factory: &F) {
    a_debt_is_given_up_by_two_persons(factory).await;
    no_more_than_is_overdue_is_given_up(factory).await;
}

/// A rider who travelled for 3.00 and whose bank refused to pay it; the rider is listed.
async fn debtor<F: Factory>(factory: &F) -> (Bench<'_, F>, Payment) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let (on, off) = (minutes(10), minutes(30));
    bench.north.permit(on, TapKind::On, &phone.code(on));
    bench.centre.permit(off, TapKind::Off, &phone.code(off));
    bench.upload_all().await;
    bench.close().await;
    let terms = Terms {
        closed: day(),
        unsaid: Some((BANK, PayWindow::Day)),
    };
    let (store, account) = (&bench.store, phone.account);
    plan_account(store, &terms, account, minutes(2_150))
        .await
        .unwrap();
    let planned = store.payments_of(account).await.unwrap().remove(0);
    let failed = Payment {
        stage: Stage::Debt,
        due: None,
        requests: 1,
        failed: vec![Attempt::new(minutes(2_160), "stolen_card")],
        ..planned
    };
    assert!(store.save(&failed, &[]).await.unwrap());
    bring_into_line(&bench, account).await;
    assert!(store.listed(account).await.unwrap().is_some());
    let payment = store.payment(failed.id).await.unwrap().unwrap();
    (bench, payment)
}

async fn bring_into_line<F: Factory>(bench: &Bench<'_, F>, account: AccountId) {
    let policy = DebtPolicy {
        overdue_max_minor: 0,
        exposure_max_minor: 1_000,
        entry_lasts: units::Span::from_secs(600),
    };
    let of = (account, bench.city.currency());
    let now = minutes(2_400);
    list::update(&bench.store, of, &policy, now).await.unwrap();
}

/// A proposal by anna, number `number`, to give up so much of the payment.
fn write_off(payment: &Payment, number: u8, minor: i64) -> Correction {
    Correction {
        id: CorrectionId::from_bytes([number; 16]),
        account: payment.account,
        day: payment.window,
        kind: CorrectionKind::WriteOff,
        subject: Subject::Payment(payment.id),
        amount: Amount::new(minor, payment.currency()).unwrap(),
        reason: Reason::parse("uncollectable").unwrap(),
        note: "the rider has moved away".to_owned(),
        maker: staff("anna"),
        made_at: minutes(2_200),
        decision: None,
    }
}

async fn decide<F: Factory>(
    bench: &Bench<'_, F>,
    number: u8,
    by: &str,
) -> Result<Correction, CaseError> {
    let id = CorrectionId::from_bytes([number; 16]);
    corrections::judge(&bench.store, id, &decision(Verdict::Approved, by)).await
}

async fn a_debt_is_given_up_by_two_persons<F: Factory>(factory: &F) {
    let (bench, payment) = debtor(factory).await;
    let store = &bench.store;
    let asked = write_off(&payment, 1, 300);
    corrections::ask(store, &asked).await.unwrap();
    let waits = store.payment(payment.id).await.unwrap();
    assert_eq!(waits.as_ref(), Some(&payment), "asking moves nothing");
    assert_eq!(
        refused(decide(&bench, 1, "anna").await),
        Refused::SamePerson
    );
    let done = decide(&bench, 1, "bert").await.unwrap();
    assert_eq!(done.decision, Some(decision(Verdict::Approved, "bert")));
    let given_up = Payment {
        stage: Stage::Paid,
        // Looked up once more, and its rider's place on the list looked at.
        due: Some(minutes(2_300)),
        written_off: 300,
        entries: 1,
        version: payment.version + 1,
        ..payment.clone()
    };
    assert_eq!(
        store.payment(payment.id).await.unwrap(),
        Some(given_up.clone())
    );
    assert_eq!((given_up.open_minor(), given_up.is_overdue()), (0, false));
    // A worker that read the debt before writes nothing any more.
    assert!(!store.save(&payment, &[]).await.unwrap());
    let record = store.accounts_page(None, 9).await.unwrap().remove(0);
    let held = |of| {
        let row = record.balances.iter().find(|row| row.account == of);
        row.map_or(0, |row| row.balance.as_minor())
    };
    let accounts = [LedgerAccount::Clearing, LedgerAccount::WriteOff];
    assert_eq!(accounts.map(held), [0, -300]);
    let mut entries = record.entries.iter().map(|posted| &posted.entry);
    let entry = entries
        .find(|entry| entry.kind() == EntryKind::WriteOff)
        .unwrap();
    let because = format!(
        "Write-off {} of CNY 3.00 (uncollectable), proposed by staff:anna, approved by staff:bert.",
        asked.id
    );
    assert_eq!(entry.description(), because);
    bench.check_laws("written off").await;
    bring_into_line(&bench, payment.account).await;
    assert_eq!(store.listed(payment.account).await.unwrap(), None);
    // Doing it again, as after a lost answer, changes nothing.
    decide(&bench, 1, "bert").await.unwrap();
    assert_eq!(store.payment(payment.id).await.unwrap(), Some(given_up));
    let trail = store.audit_trail(None, 2).await.unwrap();
    let actions: Vec<&str> = trail.iter().map(|(_, line)| line.action.as_str()).collect();
    assert_eq!(actions, ["write-off.approve", "write-off.propose"]);
    assert_eq!(store.open_payments(None, 9).await.unwrap(), []);
}

async fn no_more_than_is_overdue_is_given_up<F: Factory>(factory: &F) {
    let (bench, payment) = debtor(factory).await;
    let cny = |minor| Amount::new(minor, payment.currency()).unwrap();
    let above = |minor| Refused::AboveDebt { left: cny(minor) };
    let ask = async |asked: &Correction| corrections::ask(&bench.store, asked).await;
    let too_much = write_off(&payment, 1, 301);
    assert_eq!(refused(ask(&too_much).await), above(300));
    assert_eq!(
        refused(ask(&write_off(&payment, 1, 0)).await),
        Refused::NoAmount
    );
    for wrong in [
        Correction {
            subject: Subject::Payment(PaymentId::from_bytes([9; 16])),
            ..write_off(&payment, 1, 100)
        },
        // A payment is not given back, and a charge is not given up.
        Correction {
            kind: CorrectionKind::Refund,
            ..write_off(&payment, 1, 100)
        },
    ] {
        assert_eq!(refused(ask(&wrong).await), Refused::Unknown);
    }
    // Both fit alone, together they do not.
    for number in [2, 3] {
        ask(&write_off(&payment, number, 200)).await.unwrap();
    }
    decide(&bench, 2, "bert").await.unwrap();
    assert_eq!(refused(decide(&bench, 3, "bert").await), above(100));
    let part = bench.store.payment(payment.id).await.unwrap().unwrap();
    assert_eq!((part.open_minor(), part.stage), (100, Stage::Debt));
    assert!(part.is_overdue(), "the rest is still a debt");
    bring_into_line(&bench, payment.account).await;
    assert!(bench.store.listed(payment.account).await.unwrap().is_some());
    // What is on its way is no debt.
    let hopeful = Payment {
        stage: Stage::Due,
        failed: Vec::new(),
        ..part
    };
    assert!(bench.store.save(&hopeful, &[]).await.unwrap());
    assert_eq!(refused(ask(&write_off(&payment, 4, 1)).await), above(0));
    bench.check_laws("part is written off").await;
}
