//! Payments: planned once, written once, posted; the books of balances and invoices; the debt list.

use ledger::LedgerAccount;
use tariff::TapKind;
use units::{AccountId, Amount, PaymentId, ProviderId, ServiceDay};

use super::{Bench, Factory};
use crate::charging::{
    Attempt, BankWord, ClosedWindows, InvoiceBook as _, Mandate, Means, Order, PayWindow, Payer,
    Payment, PaymentProfile, PaymentStore as _, Prepaid, PrepaidBook as _, Request, Stage, Terms,
    TopUp, Totals, What, payment_of, plan_account, plan_page, work,
};
use crate::debt::deny::{DebtEntry, DebtPolicy, DebtReason};
use crate::debt::list::{self, DebtList as _};
use crate::ids;
use crate::ports::SettlementStore as _;
use crate::testing::world::{Phone, day, minutes};

const PREPAID: ProviderId = ProviderId::from_bytes([0xa1; 16]);
const TILL: ProviderId = ProviderId::from_bytes([0xa2; 16]);

pub(super) async fn check<F: Factory>(factory: &F) {
    a_payment_is_read_as_it_was_written(factory).await;
    a_window_is_planned_once(factory).await;
    a_credit_comes_from_what_was_paid(factory).await;
    pages_go_through_all(factory).await;
    a_balance_pays_once(factory).await;
    invoices_wait_for_the_bank(factory).await;
    debt_is_listed_apart(factory).await;
}

fn amount<F: Factory>(bench: &Bench<'_, F>, minor: i64) -> Amount {
    Amount::new(minor, bench.city.currency()).unwrap()
}

fn payer() -> Payer {
    Payer {
        provider: PREPAID,
        reference: None,
    }
}

fn terms(closed: ServiceDay) -> Terms {
    Terms {
        closed,
        unsaid: Some((PREPAID, PayWindow::Day)),
    }
}

async fn a_payment_is_read_as_it_was_written<F: Factory>(factory: &F) {
    let bench = Bench::new(factory).await;
    let account = AccountId::from_bytes([3; 16]);
    let new = Payment {
        payer: Some("cus_1".to_owned()),
        ..payment_of(account, day(), 1, payer(), amount(&bench, 300), minutes(10))
    };
    assert!(bench.store.save(&new, &[]).await.unwrap());
    assert!(!bench.store.save(&new, &[]).await.unwrap(), "it is there");
    let first = Payment {
        version: 1,
        ..new.clone()
    };
    assert_eq!(
        bench.store.payment(new.id).await.unwrap(),
        Some(first.clone())
    );
    let full = Payment {
        give_back: amount(&bench, 20),
        stage: Stage::Debt,
        due: None,
        request: Some(Request {
            what: What::GiveBack,
            number: 4,
            amount: amount(&bench, 7),
            from: Some("pi_1".to_owned()),
            first_sent: minutes(11),
            sent: 3,
        }),
        requests: 4,
        asked: true,
        failed: vec![
            Attempt::new(minutes(12), "insufficient_funds"),
            Attempt::new(minutes(13), "stolen_card"),
        ],
        posted: Totals {
            collected: 300,
            given_back: 13,
            charged_back: 5,
        },
        written_off: 8,
        entries: 6,
        ..first.clone()
    };
    assert!(bench.store.save(&full, &[]).await.unwrap());
    assert!(
        !bench.store.save(&first, &[]).await.unwrap(),
        "somebody was faster"
    );
    let stored = Payment { version: 2, ..full };
    assert_eq!(
        bench.store.payment(new.id).await.unwrap(),
        Some(stored.clone())
    );
    assert_eq!(bench.store.payments_of(account).await.unwrap(), [stored]);
    let other = PaymentId::from_bytes([9; 16]);
    assert_eq!(bench.store.payment(other).await.unwrap(), None);
}

/// A journey of 3.00 on the first day.
async fn travel<F: Factory>(bench: &mut Bench<'_, F>, phone: &Phone, minute: i64) {
    let code = phone.code(minutes(minute));
    bench.north.permit(minutes(minute), TapKind::On, &code);
    let code = phone.code(minutes(minute + 20));
    bench
        .centre
        .permit(minutes(minute + 20), TapKind::Off, &code);
    bench.upload_all().await;
    bench.close().await;
}

async fn a_window_is_planned_once<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    travel(&mut bench, &phone, 10).await;
    let (account, now) = (phone.account, minutes(3_000));
    let yesterday = ServiceDay::from_days(day().as_days() - 1);
    let planned = plan_page(&bench.store, &terms(yesterday), None, now).await;
    assert_eq!(planned.unwrap().next, None, "the day is not over");
    let nobody = Terms {
        closed: day(),
        unsaid: None,
    };
    let planned = plan_page(&bench.store, &nobody, None, now).await.unwrap();
    assert_eq!(
        (planned.planned, planned.next),
        (0, None),
        "nobody has said how to pay"
    );
    let planned = plan_page(&bench.store, &terms(day()), None, now)
        .await
        .unwrap();
    assert_eq!((planned.planned, planned.next), (1, Some(account)));
    let again = plan_account(&bench.store, &terms(day()), account, now).await;
    assert!(!again.unwrap());
    let payments = bench.store.payments_of(account).await.unwrap();
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0].amount, amount(&bench, 300));
    assert_eq!((payments[0].window, payments[0].version), (day(), 1));
    assert_eq!(payments[0].id, ids::payment_of(account, day(), 1));
    let gathered = bench.store.charges_of(&payments[0]).await.unwrap();
    assert_eq!((gathered.len(), gathered[0].state.as_str()), (1, "settled"));
    assert_eq!(bench.store.due(minutes(2_999), 9).await.unwrap(), []);
    assert_eq!(bench.store.due(now, 9).await.unwrap(), payments);
    // A later charge of the same window makes another payment.
    travel(&mut bench, &phone, 300).await;
    assert!(
        plan_account(&bench.store, &terms(day()), account, now)
            .await
            .unwrap()
    );
    let payments = bench.store.payments_of(account).await.unwrap();
    assert_eq!(
        payments.iter().map(|one| one.revision).collect::<Vec<_>>(),
        [1, 2]
    );
    // By the week: this one ends on Sunday.
    let profile = PaymentProfile {
        account,
        provider: TILL,
        window: PayWindow::Week,
        means: Means::Mandate(Mandate {
            reference: "M-1".to_owned(),
            signed: day(),
            name: "Anna".to_owned(),
            iban: "DE75512108001245126199".to_owned(),
        }),
    };
    bench.store.set_profile(&profile, now).await.unwrap();
    assert_eq!(
        bench.store.profile(account).await.unwrap(),
        Some(profile.clone())
    );
    travel(&mut bench, &phone, 400).await;
    let to_plan = async |closed| {
        let unsaid = Some(PayWindow::Day);
        let windows = ClosedWindows { closed, unsaid };
        bench
            .store
            .accounts_to_plan(&windows, None, 9)
            .await
            .unwrap()
    };
    assert_eq!(to_plan(day()).await, [], "Monday is not the end of a week");
    let sunday = ServiceDay::from_days(day().as_days() + 6);
    assert_eq!(to_plan(sunday).await, [account]);
    assert!(
        plan_account(&bench.store, &terms(sunday), account, now)
            .await
            .unwrap()
    );
    let payments = bench.store.payments_of(account).await.unwrap();
    let weekly = payments.last().unwrap();
    assert_eq!(
        (weekly.provider, weekly.payer.as_deref()),
        (TILL, Some("M-1"))
    );
    let customer = PaymentProfile {
        means: Means::Customer("cus_1".to_owned()),
        ..profile.clone()
    };
    bench.store.set_profile(&customer, now).await.unwrap();
    assert_eq!(bench.store.profile(account).await.unwrap(), Some(customer));
    bench.check_laws("planned").await;
}

async fn top_up<F: Factory>(bench: &Bench<'_, F>, account: AccountId, minor: i64) -> bool {
    let top_up = TopUp {
        account,
        prepaid: PREPAID,
        through: TILL,
        reference: format!("receipt {minor}"),
        amount: amount(bench, minor),
        day: day(),
        at: minutes(1),
    };
    bench.store.top_up(&top_up).await.unwrap()
}

async fn a_credit_comes_from_what_was_paid<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let (account, now) = (phone.account, minutes(3_000));
    top_up(&bench, account, 1_000).await;
    // No tap off yet: the maximum, 9.00.
    bench
        .north
        .permit(minutes(10), TapKind::On, &phone.code(minutes(10)));
    bench.upload(bench.north.all()).await;
    bench.close().await;
    plan_account(&bench.store, &terms(day()), account, now)
        .await
        .unwrap();
    let dump = bench.dump().await;
    work(&bench.store, &Prepaid(&bench.store), now)
        .await
        .unwrap();
    assert_eq!(
        bench.dump().await,
        dump,
        "what was paid does not follow from taps"
    );
    let paid = bench.store.payments_of(account).await.unwrap();
    assert_eq!(
        (paid[0].stage, paid[0].posted.collected),
        (Stage::Paid, 900)
    );
    let currency = bench.city.currency();
    assert_eq!(
        bench.store.prepaid_minor(account, currency).await.unwrap(),
        100
    );
    bench.check_laws("paid").await;
    // The tap off comes late: 6.00 are given back, to the balance.
    bench
        .centre
        .permit(minutes(30), TapKind::Off, &phone.code(minutes(30)));
    bench.upload(bench.centre.all()).await;
    bench.close().await;
    assert!(
        plan_account(&bench.store, &terms(day()), account, now)
            .await
            .unwrap()
    );
    let wants = bench.store.payments_of(account).await.unwrap();
    assert_eq!((wants.len(), wants[0].give_back), (1, amount(&bench, 600)));
    assert_eq!(wants[0].due, Some(now));
    work(&bench.store, &Prepaid(&bench.store), now)
        .await
        .unwrap();
    assert_eq!(
        bench.store.prepaid_minor(account, currency).await.unwrap(),
        700
    );
    let record = &bench.store.accounts_page(None, 9).await.unwrap()[0];
    let held = |of| record.balances.iter().find(|row| row.account == of);
    let prepaid = held(LedgerAccount::Provider(PREPAID)).unwrap();
    assert_eq!(
        prepaid.balance.as_minor(),
        700,
        "the ledger says what the book says"
    );
    assert_eq!(
        held(LedgerAccount::Provider(TILL))
            .unwrap()
            .balance
            .as_minor(),
        -1_000
    );
    assert_eq!(
        held(LedgerAccount::Clearing),
        None,
        "nothing is left to pay"
    );
    bench.check_laws("given back").await;
}

async fn pages_go_through_all<F: Factory>(factory: &F) {
    let bench = Bench::new(factory).await;
    let mut made = Vec::new();
    for number in 1..=3u8 {
        let account = AccountId::from_bytes([number; 16]);
        for revision in 1..=2 {
            let at = minutes(i64::from(number));
            let new = payment_of(account, day(), revision, payer(), amount(&bench, 5), at);
            let stage = if revision == 1 {
                Stage::Paid
            } else {
                Stage::Due
            };
            let new = Payment {
                stage,
                due: None,
                ..new
            };
            assert!(bench.store.save(&new, &[]).await.unwrap());
            made.push((account, new.id, stage));
        }
    }
    made.sort_unstable();
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = bench.store.payments_page(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.account, last.id));
        seen.extend(page.iter().map(|one| (one.account, one.id, one.stage)));
    }
    assert_eq!(seen, made);
    // Those that are not done.
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = bench.store.open_payments(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.account, last.id));
        seen.extend(page.iter().map(|one| (one.account, one.id, one.stage)));
    }
    made.retain(|one| one.2 == Stage::Due);
    assert_eq!(seen, made);
    // Two were made in each of three minutes: those after the first.
    let mut after = (minutes(1), None);
    let mut seen = Vec::new();
    loop {
        let page = bench
            .store
            .payments_made(after, minutes(3), 1)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = (last.made_at, Some(last.id));
        seen.push(after);
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.is_sorted() && seen[0].0 == minutes(2), "{seen:?}");
    let none = bench
        .store
        .payments_made((minutes(0), None), minutes(0), 9)
        .await;
    assert_eq!(none.unwrap(), []);
}

fn order<F: Factory>(bench: &Bench<'_, F>, number: u32, what: What, minor: i64) -> Order {
    let account = AccountId::from_bytes([3; 16]);
    let payment = ids::payment_of(account, day(), 1);
    Order {
        payment,
        account,
        provider: PREPAID,
        payer: None,
        what,
        number,
        key: ids::request_key(payment, number),
        amount: amount(bench, minor),
        from: None,
    }
}

async fn a_balance_pays_once<F: Factory>(factory: &F) {
    let bench = Bench::new(factory).await;
    let account = AccountId::from_bytes([3; 16]);
    let payment = payment_of(account, day(), 1, payer(), amount(&bench, 300), minutes(1));
    let left = async || {
        let currency = bench.city.currency();
        bench.store.prepaid_minor(account, currency).await.unwrap()
    };
    let draw = async |order: &Order| bench.store.draw(order).await.unwrap();
    assert!(top_up(&bench, account, 500).await);
    assert!(
        !top_up(&bench, account, 500).await,
        "one receipt counts once"
    );
    let (first, second) = (
        order(&bench, 1, What::Collect, 300),
        order(&bench, 2, What::Collect, 201),
    );
    assert!(draw(&first).await && draw(&first).await);
    assert_eq!(left().await, 200, "drawn once");
    assert!(!draw(&second).await);
    assert!(top_up(&bench, account, 100).await);
    assert!(!draw(&second).await, "the first answer stays");
    let back = order(&bench, 3, What::GiveBack, 50);
    assert!(draw(&back).await && draw(&back).await);
    assert_eq!(left().await, 350);
    let drawn = bench.store.drawn(&payment).await.unwrap();
    let drawn: Vec<_> = drawn
        .iter()
        .map(|one| (one.number, one.what, one.done))
        .collect();
    let expected = [
        (1, What::Collect, true),
        (2, What::Collect, false),
        (3, What::GiveBack, true),
    ];
    assert_eq!(drawn, expected);
    // Nobody who paid ahead and never travelled is left out of the books.
    let page = bench.store.accounts_page(None, 9).await.unwrap();
    assert_eq!((page.len(), page[0].entries.len()), (1, 2));
    bench.check_laws("paid ahead").await;
}

async fn invoices_wait_for_the_bank<F: Factory>(factory: &F) {
    let bench = Bench::new(factory).await;
    let account = AccountId::from_bytes([3; 16]);
    let payment = payment_of(account, day(), 1, payer(), amount(&bench, 300), minutes(1));
    let store = &bench.store;
    for number in [1, 1, 2] {
        let order = order(&bench, number, What::Collect, 300);
        store.invoice(&order).await.unwrap();
    }
    store
        .invoice(&order(&bench, 3, What::GiveBack, 10))
        .await
        .unwrap();
    let numbers = async |file: &str, limit| {
        let taken = store.take_file(file, What::Collect, limit).await.unwrap();
        taken.iter().map(|order| order.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers("A", 1).await, [1]);
    assert_eq!(
        numbers("A", 9).await,
        [1],
        "a lost file is written again as it was"
    );
    assert_eq!(
        numbers("B", 9).await,
        [2],
        "nothing is in two files, nor what is given back"
    );
    assert_eq!(numbers("C", 9).await, [0u32; 0]);
    let says =
        async |number, word: BankWord| store.bank_says(payment.id, number, &word).await.unwrap();
    assert!(says(1, BankWord::Paid).await);
    assert!(
        says(1, BankWord::Failed("AM04".to_owned())).await,
        "known, and of no effect"
    );
    assert!(says(2, BankWord::Failed("MD01".to_owned())).await);
    assert!(says(2, BankWord::Paid).await);
    assert!(!says(9, BankWord::Paid).await, "an order that is not ours");
    let words = async || -> Vec<BankWord> {
        let orders = store.invoiced(&payment).await.unwrap();
        orders.into_iter().map(|order| order.word).collect()
    };
    let failed = BankWord::Failed("MD01".to_owned());
    assert_eq!(
        words().await,
        [BankWord::Paid, failed.clone(), BankWord::Open]
    );
    let back = BankWord::TakenBack("MD06".to_owned());
    assert!(says(1, back.clone()).await);
    assert_eq!(words().await, [back, failed, BankWord::Open]);
}

async fn debt_is_listed_apart<F: Factory>(factory: &F) {
    let bench = Bench::new(factory).await;
    let (owes, other) = (bench.phone(1).await, bench.phone(2).await);
    let entry = |account, because: &str| DebtEntry {
        account,
        reason: DebtReason::Overdue,
        because: because.to_owned(),
        expires: minutes(50),
    };
    let store = &bench.store;
    let listed = async |account| store.listed(account).await.unwrap();
    let now = minutes(30);
    store.put(&entry(owes.account, "first"), now).await.unwrap();
    store
        .put(&entry(owes.account, "second"), now)
        .await
        .unwrap();
    store
        .put(&entry(other.account, "other"), now)
        .await
        .unwrap();
    let expected = entry(owes.account, "second").listed();
    assert_eq!(listed(owes.account).await, Some(expected));
    let mut both = vec![owes.account, other.account];
    both.sort_unstable();
    assert_eq!(store.debtors(None, 9).await.unwrap(), both);
    assert_eq!(store.debtors(Some(both[0]), 9).await.unwrap(), both[1..]);
    store.take_off(owes.account, now).await.unwrap();
    assert_eq!(listed(owes.account).await, None);
    assert!(listed(other.account).await.is_some());
    // As payments say.
    let policy = DebtPolicy {
        overdue_max_minor: 0,
        exposure_max_minor: 1_000,
        entry_lasts: units::Span::from_secs(600),
    };
    let of = (owes.account, bench.city.currency());
    let new = payment_of(owes.account, day(), 1, payer(), amount(&bench, 300), now);
    let failed = Payment {
        failed: vec![Attempt::new(now, "stolen_card")],
        stage: Stage::Debt,
        ..new
    };
    assert!(store.save(&failed, &[]).await.unwrap());
    list::update(store, of, &policy, now).await.unwrap();
    let told = listed(owes.account).await.unwrap();
    assert!(told.because.starts_with("CNY 3.00 could not be collected"));
    let paid = Payment {
        stage: Stage::Paid,
        posted: Totals {
            collected: 300,
            ..Totals::default()
        },
        version: 1,
        ..failed
    };
    assert!(store.save(&paid, &[]).await.unwrap());
    list::update(store, of, &policy, now).await.unwrap();
    assert_eq!(listed(owes.account).await, None);
}
