//! A city and a provider that fails in every way, over real HTTP: provider truth is our ledger, and
//! nobody pays twice.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ledger::{LedgerAccount, fold};
use provider::stripe::{Stripe, StripeConfig, file, webhook};
use provider_sim::{Faults, FileFault, Server, Sim};
use settlement::charging::{
    Answer, LineKind, Order, Payer, Payment, PaymentProvider as _, PaymentStore as _, Reason,
    Stage, What, ours, payment_of, reconcile, wake, work,
};
use settlement::debt::ladder;
use settlement::testing::MemoryStore;
use units::{
    AccountId, Amount, Balance, Currency, PaymentId, ProviderId, ServiceDay, Span, Timestamp,
};

/// Generated runs of the test command.
const RUNS: u64 = 1_000;

/// Runs at a time: those whose client waits in vain do not hold up the others.
const LANES: u64 = 8;

const PROVIDER: ProviderId = ProviderId::from_bytes([9; 16]);
const START: Timestamp = Timestamp::from_secs(1_546_819_200);

fn cny() -> Currency {
    Currency::from_code("CNY").unwrap()
}

/// A city at one provider.
struct World {
    server: Server,
    stripe: Stripe,
    store: MemoryStore,
    now: Timestamp,
    secret: String,
    sent: u64,
    webhooks: u64,
    unavailable: u32,
}

impl World {
    async fn new(seed: u64, faults: Faults) -> Self {
        let server = Server::start(Sim::new(seed, faults, START)).await.unwrap();
        let config = StripeConfig {
            url: server.url(),
            secret_key: "sk_test_1".into(),
            timeout: Duration::from_millis(100),
        };
        let secret = server.sim().webhook_secret().to_owned();
        Self {
            stripe: Stripe::new(config).unwrap(),
            server,
            store: MemoryStore::default(),
            now: START,
            secret,
            sent: 0,
            webhooks: 0,
            unavailable: 0,
        }
    }

    async fn owe(&self, account: u8, window: i32, minor: i64) -> PaymentId {
        let payer = Payer {
            provider: PROVIDER,
            reference: Some(format!("cus_{account}")),
        };
        let account = AccountId::from_bytes([account; 16]);
        let window = ServiceDay::from_days(window);
        let amount = Amount::new(minor, cny()).unwrap();
        let payment = payment_of(account, window, 1, payer, amount, self.now);
        assert!(self.store.save(&payment, &[]).await.unwrap());
        payment.id
    }

    /// Lets time pass: the provider goes on, its webhooks arrive, the worker works.
    async fn pass(&mut self, span: Span) {
        self.now = self.now.plus(span);
        let told = {
            let mut sim = self.server.sim();
            sim.advance(self.now);
            sim.take_webhooks()
        };
        for message in told {
            let body = message.body.as_bytes();
            let event = webhook::verify(body, &message.signature, &self.secret, self.now).unwrap();
            self.webhooks += 1;
            // What the object says of itself is not believed: it is looked up.
            let Some(id) = event.payment else {
                continue; // Disputes name the intent alone: the sweep finds them.
            };
            if let Some(payment) = self.store.payment(id).await.unwrap() {
                let woken = wake(&payment, self.now);
                self.store.save(&woken, &[]).await.unwrap();
            }
        }
        let worked = work(&self.store, &self.stripe, self.now).await.unwrap();
        assert_eq!((worked.lost, worked.unpostable), (0, 0));
        self.sent += u64::from(worked.sent);
        self.unavailable = worked.unavailable;
    }

    /// Looks everything up, as a nightly job does, until the provider has answered everything.
    async fn sweep(&mut self) {
        for _ in 0..20 {
            for payment in self.store.payments() {
                let woken = wake(&payment, self.now);
                self.store.save(&woken, &[]).await.unwrap();
            }
            self.pass(Span::from_secs(1)).await;
            if self.unavailable == 0 {
                return;
            }
        }
    }

    /// What the ledger says the provider owes.
    fn ledger_cash(&self) -> i64 {
        let entries = self.store.entries();
        let balances = fold(entries.iter().map(|posted| &posted.entry)).unwrap();
        -balances
            .of(LedgerAccount::Provider(PROVIDER), cny())
            .as_minor()
    }

    fn agrees(&self) {
        let mut cash = 0;
        for payment in self.store.payments() {
            let books = self.server.sim().books(&payment.id.to_string());
            assert!(
                books.collections <= 1,
                "paid {} times: {payment:?}",
                books.collections
            );
            assert_eq!(payment.posted.collected, books.collected, "{payment:?}");
            assert_eq!(payment.posted.given_back, books.given_back, "{payment:?}");
            assert_eq!(
                payment.posted.charged_back, books.charged_back,
                "{payment:?}"
            );
            assert!(books.given_back <= books.collected, "{payment:?}");
            cash += books.collected - books.given_back - books.charged_back;
        }
        assert_eq!(self.ledger_cash(), cash);
    }
}

/// What runs saw.
#[derive(Debug, Default)]
struct Seen {
    sent: u64,
    webhooks: u64,
    fired: BTreeMap<&'static str, u64>,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.webhooks += other.webhooks;
        for (fault, times) in &other.fired {
            *self.fired.entry(fault).or_default() += times;
        }
    }
}

async fn run(seed: u64) -> Seen {
    let mut world = World::new(seed, Faults::swarm(seed)).await;
    // Most runs are small, so that there are many; some are not.
    let riders = u8::try_from(if seed.is_multiple_of(50) {
        6
    } else {
        1 + seed % 2
    })
    .unwrap();
    let mut owed = Vec::new();
    for day in 0..2 {
        for rider in 0..riders {
            owed.push(world.owe(rider, 17_903 + day, 200 + i64::from(rider)).await);
        }
        for hours in [1, 5, 18] {
            world.pass(Span::from_secs(hours * 3_600)).await;
            world.sums_hold();
        }
    }
    // Part of some payments is given back.
    for (index, id) in owed.iter().enumerate() {
        let payment = world.store.payment(*id).await.unwrap().unwrap();
        if payment.stage == Stage::Paid && index % 2 == 0 {
            let give_back = Amount::new(50, cny()).unwrap();
            let asked = wake(
                &Payment {
                    give_back,
                    ..payment
                },
                world.now,
            );
            assert!(world.store.save(&asked, &[]).await.unwrap());
        }
    }
    for _ in 0..30 {
        world.pass(Span::from_secs(13 * 3_600)).await;
        world.sums_hold();
    }
    // The way heals; banks take their months.
    world.server.sim().heal();
    for week in 0..18 {
        world.pass(Span::from_secs(7 * 86_400)).await;
        if week % 6 == 5 {
            world.sweep().await;
        }
    }
    world.pass(Span::from_secs(86_400)).await;
    world.sweep().await;
    world.agrees();
    for payment in world.store.payments() {
        assert_eq!(
            payment.request, None,
            "every request has come to its end: {payment:?}"
        );
        assert!(payment.failed.len() <= ladder::ATTEMPTS_MAX);
        let kept = payment.posted.collected - payment.posted.charged_back;
        assert_eq!(
            payment.stage == Stage::Paid,
            kept == payment.amount.as_minor()
        );
        assert_ne!(payment.stage, Stage::Due, "paid or a debt: {payment:?}");
        if payment.posted.charged_back == 0 && payment.stage == Stage::Paid {
            assert_eq!(payment.posted.given_back, payment.give_back.as_minor());
        }
    }
    world.file_agrees();
    let fired = world.server.sim().fired();
    Seen {
        sent: world.sent,
        webhooks: world.webhooks,
        fired,
    }
}

impl World {
    fn sums_hold(&self) {
        for payment in self.store.payments() {
            let books = self.server.sim().books(&payment.id.to_string());
            assert!(books.collections <= 1, "paid twice: {payment:?}");
            assert!(
                books.given_back <= payment.give_back.as_minor(),
                "{payment:?}"
            );
        }
    }

    /// The settlement file names every payment that it is wrong about, and no other.
    fn file_agrees(&self) {
        let written = self.server.sim().settlement_file();
        let report = file::read(written.csv.as_bytes()).unwrap();
        let payments = self.store.payments();
        let known: BTreeSet<PaymentId> = payments.iter().map(|payment| payment.id).collect();
        let found = reconcile(&report.lines, &ours(&payments), |id| known.contains(&id));
        let mut wrong: BTreeMap<FileFault, usize> = BTreeMap::new();
        for line in &written.faults {
            *wrong.entry(line.fault).or_default() += 1;
        }
        let count = |reason| found.iter().filter(|line| line.reason == reason).count();
        let of = |fault| wrong.get(&fault).copied().unwrap_or(0);
        assert_eq!(
            count(Reason::UnknownPayment),
            of(FileFault::Stranger),
            "{found:?}"
        );
        assert_eq!(
            count(Reason::RepeatedLine),
            of(FileFault::Twice),
            "{found:?}"
        );
        // Lines of one payment and kind are compared as a sum: faults that cancel are none.
        let mut changes: BTreeMap<(String, LineKind), i64> = BTreeMap::new();
        for line in &written.faults {
            let kind = match line.category {
                "charge" => LineKind::Payment,
                "refund" | "refund_failure" => LineKind::Refund,
                _ => LineKind::Chargeback,
            };
            *changes.entry((line.payment.clone(), kind)).or_default() += line.change;
        }
        changes.retain(|_, change| *change != 0);
        let strange = [Reason::UnknownPayment, Reason::RepeatedLine];
        let differing: BTreeMap<(String, LineKind), i64> = found
            .iter()
            .filter(|line| !strange.contains(&line.reason))
            .map(|line| {
                let minor = |side: Option<Balance>| side.map_or(0, |sum| sum.as_minor());
                let payment = line.payment.unwrap().to_string();
                ((payment, line.kind), minor(line.file) - minor(line.ledger))
            })
            .collect();
        assert_eq!(differing, changes, "{found:?}");
    }
}

#[tokio::test]
async fn what_an_answer_proves() {
    let certain = 1_000;
    let rates = [
        (
            Faults {
                error_before: certain,
                ..Faults::NONE
            },
            Answer::Unheard,
        ),
        (
            Faults {
                error_after: certain,
                ..Faults::NONE
            },
            Answer::Unheard,
        ),
        (
            Faults {
                too_many: certain,
                ..Faults::NONE
            },
            Answer::Unheard,
        ),
        (
            Faults {
                cut_after: certain,
                ..Faults::NONE
            },
            Answer::Unheard,
        ),
        (
            Faults {
                hang_before: certain,
                ..Faults::NONE
            },
            Answer::Unheard,
        ),
        (
            Faults {
                declined: certain,
                ..Faults::NONE
            },
            Answer::Heard,
        ),
        (Faults::NONE, Answer::Heard),
    ];
    let order = |what, from: Option<&str>| Order {
        payment: PaymentId::from_bytes([1; 16]),
        account: AccountId::from_bytes([1; 16]),
        provider: PROVIDER,
        payer: Some("cus_1".to_owned()),
        what,
        number: 1,
        key: [7; 16],
        amount: Amount::new(300, cny()).unwrap(),
        from: from.map(str::to_owned),
    };
    for (faults, answer) in rates {
        let world = World::new(1, faults).await;
        let got = world.stripe.send(&order(What::Collect, None)).await;
        assert_eq!(got, answer, "{faults:?}");
    }
    let world = World::new(1, Faults::NONE).await;
    // Refused before anything was done.
    let stranger = order(What::GiveBack, Some("pi_unknown"));
    let code = "resource_missing".to_owned();
    assert_eq!(world.stripe.send(&stranger).await, Answer::Refused { code });
    // The same key for something else: what was done first is not known from this.
    let heard = world.stripe.send(&order(What::Collect, None)).await;
    assert_eq!(heard, Answer::Heard);
    let mut other = order(What::Collect, None);
    other.amount = Amount::new(301, cny()).unwrap();
    assert_eq!(world.stripe.send(&other).await, Answer::Unheard);
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_truth_is_our_ledger_whatever_goes_wrong() {
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        lanes.spawn(async move {
            let mut seen = Seen::default();
            for seed in (lane..RUNS).step_by(usize::try_from(LANES).unwrap()) {
                seen.add(&run(seed).await);
            }
            seen
        });
    }
    let mut seen = Seen::default();
    while let Some(lane) = lanes.join_next().await {
        seen.add(&lane.unwrap());
    }
    eprintln!("{RUNS} runs, all to the cent: {seen:?}");
    // A fault that never happened proves nothing.
    let all = [
        "CutBefore",
        "CutAfter",
        "HangBefore",
        "HangAfter",
        "Late",
        "ErrorBefore",
    ];
    let more = [
        "ErrorAfter",
        "TooMany",
        "look-up",
        "repeated",
        "in use",
        "forgotten",
    ];
    let banks = [
        "declined",
        "stolen_card",
        "refund failed",
        "dispute",
        "dispute won",
    ];
    for fault in all.iter().chain(&more).chain(&banks) {
        assert!(
            seen.fired.get(fault).copied() > Some(5),
            "{fault} hardly ever happened"
        );
    }
    assert!(seen.sent > RUNS * 2 && seen.webhooks > RUNS, "{seen:?}");
}
