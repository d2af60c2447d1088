//! A rider whose card fails is stopped at gates, pays, and travels on: provider over HTTP, webhooks
//! with real signatures, the deny list as gates fetch it.

use std::sync::Arc;
use std::time::Duration;

use api::Debt;
use axum::body::Body;
use axum::http::{Request, header};
use provider::stripe::{Stripe, StripeConfig};
use provider::{Kind, Providers};
use provider_sim::{Faults, Server, Sim};
use secrecy::SecretString;
use server::{Charging, SharedCharging, Turn};
use settlement::charging::{Payer, PaymentStore as _, Stage, payment_of};
use settlement::debt::deny::DebtPolicy;
use settlement::ids;
use tokio::sync::Notify;
use units::{AccountId, Amount, PaymentId, ServiceDay, Span};
use wallet::Wallet;

use crate::signed::Signed;
use crate::world::{Answer, DAWN, World};

const STOLEN: Faults = Faults {
    stolen: 1_000,
    ..Faults::NONE
};

pub(crate) struct Town {
    pub(crate) world: World,
    charging: SharedCharging,
    pub(crate) bank: Server,
}

pub(crate) async fn town(faults: Faults) -> Town {
    let mut world = World::new().await;
    let bank = Server::start(Sim::new(1, faults, DAWN)).await.unwrap();
    let config = StripeConfig {
        url: bank.url(),
        secret_key: "sk_test_1".into(),
        timeout: Duration::from_secs(5),
    };
    let secret = SecretString::from(bank.sim().webhook_secret().to_owned());
    let stripe = Kind::Stripe(Box::new(Stripe::new(config).unwrap()), Some(secret));
    let named = [
        ("card".to_owned(), stripe),
        ("wallet".to_owned(), Kind::Prepaid),
    ];
    let charging = Arc::new(Charging {
        providers: Providers::new(world.state.store.clone(), named),
        unsaid: None,
        grace: Span::from_secs(6 * 3_600),
        policy: DebtPolicy {
            overdue_max_minor: 0,
            exposure_max_minor: 10_000,
            entry_lasts: Span::from_secs(30 * 86_400),
        },
        bell: Notify::new(),
    });
    world.offer(|offers| offers.charging = Some(Arc::clone(&charging)));
    Town {
        world,
        charging,
        bank,
    }
}

impl Town {
    /// A payment of 3.00 that the account owes.
    pub(crate) async fn owe(&self, account: AccountId) -> PaymentId {
        let payer = Payer {
            provider: ids::provider_of_name("card"),
            reference: Some("cus_1".to_owned()),
        };
        let amount = Amount::new(300, self.world.state.city.currency()).unwrap();
        let window = ServiceDay::from_days(17_902);
        let payment = payment_of(account, window, 1, payer, amount, self.world.now());
        assert!(self.world.state.store.save(&payment, &[]).await.unwrap());
        payment.id
    }

    pub(crate) async fn turn(&self) -> Turn {
        self.bank.sim().advance(self.world.now());
        let city = &self.world.state.city;
        let done = server::turn(&self.charging, city, self.world.now(), |_| ()).await;
        done.unwrap()
    }

    async fn until_paid(&self, id: PaymentId) {
        let store = &self.world.state.store;
        while store.payment(id).await.unwrap().unwrap().stage != Stage::Paid {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn debt(&self, session: &str) -> Debt {
        let request = Request::get("/v1/me/debt")
            .header(header::AUTHORIZATION, format!("Bearer {session}"))
            .body(Body::empty())
            .unwrap();
        self.world.send(request).await.read(200)
    }

    async fn debt_of(&self, account: AccountId) -> i64 {
        let payments = self.world.state.store.payments_of(account).await.unwrap();
        payments
            .iter()
            .map(settlement::charging::Payment::open_minor)
            .sum()
    }

    async fn hook(&self, name: &str, body: &str, signature: &str) -> Answer {
        let request = Request::post(format!("/v1/webhooks/{name}"))
            .header("stripe-signature", signature)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.world.send(request).await
    }
}

#[tokio::test]
async fn seeded_bug_33_who_pays_is_off_every_gates_list_within_a_minute() {
    let town = town(STOLEN).await;
    let mut wallet = Wallet::new(&[7; 32]);
    let device = town.world.register(&mut wallet).await;
    let session = device.session.to_text();
    let account = device.account_id.0;
    let code = |now| wallet.present(now, None).unwrap();
    assert_eq!(
        town.world.gate_says(&code(town.world.now())).await,
        "permitted"
    );
    town.owe(account).await;
    let turn = town.turn().await;
    assert_eq!((turn.worked.taken, turn.denied), (1, 1));
    town.world.advance(30);
    assert_eq!(
        town.world.gate_says(&code(town.world.now())).await,
        "denied"
    );
    let owed = town.debt(&session).await;
    assert_eq!((owed.overdue_minor, owed.payments.len()), (300, 1));
    assert_eq!(owed.payments[0].reason.as_deref(), Some("stolen_card"));
    let why = "CNY 3.00 could not be collected: pay it to travel again.";
    assert_eq!(owed.denied.as_deref(), Some(why));
    // A fresh credential does not help.
    let renewed = town.world.post("/v1/credentials", Some(&session), "").await;
    renewed.problem(403, "account_denied");
    // With the old card paying fails, and not twice at once.
    town.world.advance(600);
    let failed: Debt = town
        .world
        .post("/v1/me/pay", Some(&session), "")
        .await
        .read(200);
    assert_eq!(
        (failed.overdue_minor, failed.payments[0].can_pay_now),
        (300, false)
    );
    // With another one it works.
    town.bank.sim().set_faults(Faults::NONE);
    town.world.advance(600);
    let clear: Debt = town
        .world
        .post("/v1/me/pay", Some(&session), "")
        .await
        .read(200);
    assert_eq!((clear.overdue_minor, clear.denied), (0, None));
    // A gate that asks every half minute lets the rider through within a minute.
    town.world.advance(30);
    assert_eq!(
        town.world.gate_says(&code(town.world.now())).await,
        "permitted"
    );
    let again: Debt = town
        .world
        .post("/v1/me/pay", Some(&session), "")
        .await
        .read(200);
    assert_eq!(again.payments, []);
    let paid = town.world.state.store.payments_of(account).await.unwrap();
    let books = town.bank.sim().books(&paid[0].id.to_string());
    assert_eq!((books.collections, books.collected), (1, 300));
}

#[tokio::test]
async fn a_debt_is_on_the_signed_list_and_off_it_within_a_minute_of_paying() {
    let mut town = town(STOLEN).await;
    let mut signed = Signed::new(&mut town.world);
    let mut wallet = Wallet::new(&[4; 32]);
    let device = town.world.register(&mut wallet).await;
    let session = device.session.to_text();
    let own = wallet.credential().unwrap().id();
    assert_eq!(signed.denied(&town.world).await, []);
    town.owe(device.account_id.0).await;
    town.turn().await;
    assert_eq!(signed.denied(&town.world).await, [own]);
    town.bank.sim().set_faults(Faults::NONE);
    town.world.advance(600);
    let paid = town.world.post("/v1/me/pay", Some(&session), "").await;
    assert_eq!(paid.read::<Debt>(200).denied, None);
    town.world.advance(30);
    assert_eq!(signed.denied(&town.world).await, []);
}

#[tokio::test]
async fn what_staff_denied_stays_denied_when_a_debt_is_paid() {
    let town = town(STOLEN).await;
    let mut wallet = Wallet::new(&[8; 32]);
    let device = town.world.register(&mut wallet).await;
    let session = device.session.to_text();
    town.owe(device.account_id.0).await;
    town.turn().await;
    let credential = town.world.deny_list().await.entries[0].0;
    let reason = issuer::DenyReason::new("lost phone").unwrap();
    let (now, later) = (
        town.world.now(),
        town.world.now().plus(Span::from_secs(86_400)),
    );
    let issuer = &town.world.state.issuer;
    issuer.deny(credential, reason, later, now).await.unwrap();
    town.bank.sim().set_faults(Faults::NONE);
    town.world.advance(600);
    let clear: Debt = town
        .world
        .post("/v1/me/pay", Some(&session), "")
        .await
        .read(200);
    assert_eq!((clear.overdue_minor, clear.denied), (0, None));
    assert_eq!(
        town.world.deny_list().await.entries.len(),
        1,
        "the phone is still lost"
    );
    issuer.allow(credential, town.world.now()).await.unwrap();
    assert_eq!(town.world.deny_list().await.entries.len(), 0);
}

#[tokio::test]
async fn the_worker_collects_by_itself_and_sooner_when_the_bell_rings() {
    let town = town(Faults::NONE).await;
    let [first, second] = [9, 10].map(|byte| AccountId::from_bytes([byte; 16]));
    let id = town.owe(first).await;
    let state = town.world.state.clone();
    let worker = tokio::spawn(server::charge_forever(state, Arc::clone(&town.charging)));
    town.until_paid(id).await;
    let id = town.owe(second).await;
    // Less than the worker's rest of 5 s.
    town.charging.bell.notify_one();
    let sooner = tokio::time::timeout(Duration::from_secs(4), town.until_paid(id));
    sooner.await.unwrap();
    worker.abort();
}

#[tokio::test]
async fn a_webhook_proves_its_origin_and_makes_a_payment_due_and_nothing_else() {
    let slow = Faults {
        slow_bank: 1_000,
        ..Faults::NONE
    };
    let town = town(slow).await;
    let account = AccountId::from_bytes([9; 16]);
    let id = town.owe(account).await;
    town.turn().await;
    let store = &town.world.state.store;
    // The bank answers within two days, and its webhook comes within a minute after that.
    for secs in [3 * 86_400, 60] {
        town.world.advance(secs);
        town.bank.sim().advance(town.world.now());
    }
    let told = town.bank.sim().take_webhooks();
    let [told] = told.as_slice() else {
        panic!("one webhook: {told:?}");
    };
    // Made due long after, so that only the webhook can bring it forward.
    let mut waits = store.payment(id).await.unwrap().unwrap();
    waits.due = Some(town.world.now().plus(Span::from_secs(86_400)));
    assert!(store.save(&waits, &[]).await.unwrap());
    let before = store.payment(id).await.unwrap().unwrap();
    let changed = format!("{} ", told.body);
    for (body, signature) in [
        (told.body.as_str(), ""),
        (told.body.as_str(), "t=1,v1=00"),
        (changed.as_str(), told.signature.as_str()),
    ] {
        let refused = town.hook("card", body, signature).await;
        refused.problem(403, "webhook_unproven");
    }
    for name in ["wallet", "nobody"] {
        let unknown = town.hook(name, &told.body, &told.signature).await;
        unknown.problem(404, "not_found");
    }
    assert_eq!(store.payment(id).await.unwrap(), Some(before.clone()));
    let taken = town.hook("card", &told.body, &told.signature).await;
    assert_eq!(taken.status, 204);
    let woken = store.payment(id).await.unwrap().unwrap();
    assert_eq!(woken.due, Some(town.world.now()));
    assert_eq!((woken.stage, woken.posted), (before.stage, before.posted));
    town.turn().await;
    let paid = store.payment(id).await.unwrap().unwrap();
    assert_eq!(paid.posted.collected, 300);
    // Told again, it is looked at again, and nothing more is posted.
    let again = town.hook("card", &told.body, &told.signature).await;
    assert_eq!(again.status, 204);
    let turn = town.turn().await;
    assert_eq!((turn.worked.taken, turn.worked.sent), (1, 0));
    let same = store.payment(id).await.unwrap().unwrap();
    assert_eq!((same.posted, same.entries), (paid.posted, paid.entries));
    // An hour later the same webhook is too old.
    town.world.advance(3_600);
    let late = town.hook("card", &told.body, &told.signature).await;
    late.problem(403, "webhook_unproven");
}

#[tokio::test]
async fn a_webhook_that_never_came_is_made_good_by_the_sweep() {
    // The bank takes it back, and nobody says so.
    let disputed = Faults {
        disputed: 1_000,
        ..Faults::NONE
    };
    let town = town(disputed).await;
    let account = AccountId::from_bytes([9; 16]);
    let id = town.owe(account).await;
    town.turn().await;
    let store = &town.world.state.store;
    assert_eq!(
        store.payment(id).await.unwrap().unwrap().due,
        None,
        "nothing more is to be done"
    );
    let started = town.world.now();
    while town.bank.sim().books(&id.to_string()).charged_back == 0 {
        assert!(town.world.now().since(started).as_secs() < 61 * 86_400);
        town.world.advance(86_400);
        town.bank.sim().advance(town.world.now());
        town.bank.sim().take_webhooks();
    }
    let span = (started, town.world.now());
    let city = &town.world.state.city;
    let swept = server::sweep(&town.charging, city, span).await.unwrap();
    assert_eq!(swept.woken, 1);
    town.turn().await;
    let seen = store.payment(id).await.unwrap().unwrap();
    assert_eq!(seen.posted.charged_back, 300);
    assert_eq!(seen.stage, Stage::Debt);
}

#[tokio::test]
async fn a_disputes_webhook_that_names_only_the_intent_wakes_its_payment() {
    let disputed = Faults {
        disputed: 1_000,
        ..Faults::NONE
    };
    let town = town(disputed).await;
    let account = AccountId::from_bytes([9; 16]);
    let id = town.owe(account).await;
    town.turn().await;
    let store = &town.world.state.store;
    let mut told = None;
    for _ in 0..61 {
        town.world.advance(86_400);
        town.bank.sim().advance(town.world.now());
        let sent = town.bank.sim().take_webhooks();
        told = sent
            .into_iter()
            .find(|sent| sent.body.contains("charge.dispute.created"));
        if told.is_some() {
            break;
        }
    }
    let told = told.unwrap();
    assert!(!told.body.contains(&id.to_string()), "{}", told.body);
    let deaf = Faults {
        look_up: 1_000,
        ..disputed
    };
    // A provider that cannot be asked is to tell it again.
    town.bank.sim().set_faults(deaf);
    let unheard = town.hook("card", &told.body, &told.signature).await;
    unheard.problem(503, "unavailable");
    assert_eq!(store.payment(id).await.unwrap().unwrap().due, None);
    town.bank.sim().set_faults(disputed);
    let taken = town.hook("card", &told.body, &told.signature).await;
    assert_eq!(taken.status, 204);
    let woken = store.payment(id).await.unwrap().unwrap();
    assert_eq!(woken.due, Some(town.world.now()));
    assert_eq!(town.turn().await.worked.taken, 1);
    let seen = store.payment(id).await.unwrap().unwrap();
    assert_eq!((seen.posted.charged_back, seen.stage), (300, Stage::Debt));
}

#[tokio::test]
async fn a_debtor_without_a_code_is_not_said_to_be_denied() {
    let town = town(STOLEN).await;
    let account = AccountId::from_bytes([9; 16]);
    town.owe(account).await;
    let turn = town.turn().await;
    assert_eq!((turn.worked.taken, turn.denied), (1, 0));
    assert_eq!(town.debt_of(account).await, 300);
    let span = (town.world.now(), town.world.now());
    let city = &town.world.state.city;
    let swept = server::sweep(&town.charging, city, span).await.unwrap();
    assert_eq!((swept.woken, swept.denied), (1, 0));
    assert_eq!(town.world.deny_list().await.entries.len(), 0);
}

#[tokio::test]
async fn nobody_pays_or_asks_for_another() {
    let town = town(STOLEN).await;
    let mut wallet = Wallet::new(&[3; 32]);
    let device = town.world.register(&mut wallet).await;
    town.owe(AccountId::from_bytes([9; 16])).await;
    town.turn().await;
    let session = device.session.to_text();
    let own = town.debt(&session).await;
    assert_eq!((own.overdue_minor, own.payments), (0, vec![]));
    town.bank.sim().set_faults(Faults::NONE);
    town.world.advance(600);
    let paid: Debt = town
        .world
        .post("/v1/me/pay", Some(&session), "")
        .await
        .read(200);
    assert_eq!((paid.overdue_minor, paid.payments), (0, vec![]));
    assert_eq!(
        town.debt_of(AccountId::from_bytes([9; 16])).await,
        300,
        "not touched"
    );
    for path in ["/v1/me/pay", "/v1/me/debt"] {
        let request = match path {
            "/v1/me/pay" => Request::post(path),
            _ => Request::get(path),
        };
        let none = town.world.send(request.body(Body::empty()).unwrap()).await;
        none.problem(401, "unauthorized");
    }
}
