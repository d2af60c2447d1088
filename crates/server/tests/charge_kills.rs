//! A process that charges is killed (SIGKILL) at random points, on SQLite and on PostgreSQL, while
//! the provider fails in every way and no webhook ever comes: in the end the provider's truth is
//! our ledger to the cent, and nobody has paid twice.
//!
//! The parent is the provider, over HTTP, and starts this very binary as the worker. It tells the
//! worker a time; the worker makes a whole turn (plan, collect, look up, post, deny list) and says
//! so, or is killed before it can.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ledger::LedgerAccount;
use provider::stripe::{Stripe, StripeConfig};
use provider::{Kind, Providers};
use provider_sim::{Faults, Server, Sim};
use server::{Charging, SharedCharging};
use settlement::charging::{
    Means, PayWindow, Payment, PaymentProfile, PaymentStore as _, Stage, wake,
};
use settlement::debt::deny::DebtPolicy;
use settlement::debt::ladder;
use settlement::ingest::rows;
use settlement::ports::SettlementStore as _;
use settlement::testing::shuffle::{Dealer, HEADER};
use settlement::testing::world::{city, day, minutes};
use settlement::{charge, ids, recompute, verify_ledger};
use store::{Address, Store};
use tokio::sync::Notify;
use units::{ServiceDay, Span, Timestamp};

/// Runs on each database.
const SEEDS: u64 = 4;
/// Riders of a run.
const RIDERS: usize = 8;
/// Turns of a run, seven hours apart.
const TURNS: u32 = 40;
/// Of ten turns, so many are cut short.
const KILLS_OF_TEN: usize = 6;
/// A turn of an unoptimised build takes some 100 ms: kills fall between any two of its steps.
const DELAY_MICROS_MAX: usize = 120_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["worker", database, provider] => runtime.block_on(work(database, provider)),
        ["--list", ..] => say("seeded_bug_30_killed_workers_collect_nothing_twice: test"),
        _ => {
            let folder = tempfile::TempDir::new().unwrap();
            let files = |seed: u64| {
                folder
                    .path()
                    .join(format!("{seed}.db"))
                    .display()
                    .to_string()
            };
            let postgres = services::Postgres::shared().unwrap();
            let databases = |_| postgres.create_database().unwrap();
            let mut kills = 0;
            for seed in 0..SEEDS {
                kills += runtime.block_on(run(&files(seed), seed));
                kills += runtime.block_on(run(&databases(seed), 100 + seed));
            }
            assert!(kills > 100, "only {kills} turns were cut short");
            say(&format!("{kills} kills, to the cent"));
            say("test seeded_bug_30_killed_workers_collect_nothing_twice ... ok");
        }
    }
    ExitCode::SUCCESS
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that kills closes the pipe too: then nobody listens, and that is fine.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

async fn open(database: &str) -> Store {
    Store::open(&Address::parse(database).unwrap())
        .await
        .unwrap()
}

fn charging(store: Store, provider: &str) -> SharedCharging {
    let config = StripeConfig {
        url: provider.to_owned(),
        secret_key: "sk_test_1".into(),
        timeout: Duration::from_millis(100),
    };
    let stripe = Kind::Stripe(Box::new(Stripe::new(config).unwrap()), None);
    Arc::new(Charging {
        providers: Providers::new(store, [("card".to_owned(), stripe)]),
        unsaid: None,
        grace: Span::ZERO,
        policy: DebtPolicy {
            overdue_max_minor: 0,
            exposure_max_minor: 10_000,
            entry_lasts: Span::from_secs(30 * 86_400),
        },
        bell: Notify::new(),
    })
}

/// The worker: a turn for each time that it is told.
async fn work(database: &str, provider: &str) {
    let charging = charging(open(database).await, provider);
    say("open");
    for line in std::io::stdin().lines() {
        let now = Timestamp::from_micros(line.unwrap().parse().unwrap());
        server::turn(&charging, &city(), now, |_| ()).await.unwrap();
        say("done");
    }
}

/// A worker process.
struct Worker {
    child: Child,
    tell: ChildStdin,
    told: BufReader<ChildStdout>,
}

impl Worker {
    fn start(database: &str, provider: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["worker", database, provider])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let tell = child.stdin.take().unwrap();
        let told = BufReader::new(child.stdout.take().unwrap());
        let mut worker = Self { child, tell, told };
        worker.wait("open");
        worker
    }

    fn wait(&mut self, word: &str) {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), word);
    }

    fn say(&mut self, now: Timestamp) {
        writeln!(self.tell, "{}", now.as_micros()).unwrap();
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Riders with charges of two days, each a customer of the provider's.
async fn prepare(store: &Store) {
    let mut file = HEADER.to_owned();
    for rider in 0..RIDERS {
        for date in ["2019-01-07", "2019-01-08"] {
            let tap = format!("{rider}-{date}");
            file += &format!("{tap}-a,{rider},{date}T08:00:00+08:00,on,north,,x1\n");
            file += &format!("{tap}-b,{rider},{date}T08:20:00+08:00,off,centre,,x2\n");
        }
    }
    let taken = rows::store(store, &city(), file.as_bytes(), minutes(3_000), |_| ()).await;
    taken.unwrap();
    let both = charge::through(ServiceDay::from_days(day().as_days() + 1));
    charge::close(store, &city(), &both, minutes(3_000))
        .await
        .unwrap();
    for record in store.accounts_page(None, 1_000).await.unwrap() {
        let profile = PaymentProfile {
            account: record.account,
            provider: ids::provider_of_name("card"),
            window: PayWindow::Day,
            means: Means::Customer(format!("cus_{}", record.account)),
        };
        store.set_profile(&profile, minutes(3_000)).await.unwrap();
    }
}

async fn run(database: &str, seed: u64) -> u32 {
    let store = open(database).await;
    prepare(&store).await;
    let mut now = minutes(4 * 24 * 60);
    let bank = Server::start(Sim::new(seed, Faults::swarm(seed), now))
        .await
        .unwrap();
    let mut dealer = Dealer::new(seed);
    let mut worker = Worker::start(database, &bank.url());
    let mut kills = 0;
    for _ in 0..TURNS {
        now = now.plus(Span::from_secs(7 * 3_600));
        bank.sim().advance(now);
        bank.sim().take_webhooks();
        worker.say(now);
        if dealer.below(10) < KILLS_OF_TEN {
            let micros = u64::try_from(dealer.below(DELAY_MICROS_MAX)).unwrap();
            tokio::time::sleep(Duration::from_micros(micros)).await;
            worker.kill();
            kills += 1;
            worker = Worker::start(database, &bank.url());
        } else {
            tokio::task::block_in_place(|| worker.wait("done"));
        }
        nobody_pays_twice(&store, &bank).await;
    }
    worker.kill();
    // The way heals; banks take their months.
    bank.sim().heal();
    let with = charging(store.clone(), &bank.url());
    for _ in 0..20 {
        let before = now;
        now = now.plus(Span::from_secs(7 * 86_400));
        bank.sim().advance(now);
        server::sweep(&with, &city(), (before, now)).await.unwrap();
        server::turn(&with, &city(), now, |_| ()).await.unwrap();
    }
    for payment in payments(&store).await {
        store.save(&wake(&payment, now), &[]).await.unwrap();
    }
    server::turn(&with, &city(), now, |_| ()).await.unwrap();
    check(&store, &bank, seed).await;
    store.close().await;
    kills
}

async fn payments(store: &Store) -> Vec<Payment> {
    store.payments_page(None, 10_000).await.unwrap()
}

async fn nobody_pays_twice(store: &Store, bank: &Server) {
    for payment in payments(store).await {
        let books = bank.sim().books(&payment.id.to_string());
        assert!(books.collections <= 1, "paid twice: {payment:?}");
    }
}

async fn check(store: &Store, bank: &Server, seed: u64) {
    let found = payments(store).await;
    assert_eq!(
        found.len(),
        RIDERS,
        "seed {seed}: both days are in one window's payment"
    );
    let mut owed = 0;
    for payment in &found {
        let books = bank.sim().books(&payment.id.to_string());
        assert_eq!(
            payment.posted.collected, books.collected,
            "seed {seed}: {payment:?}"
        );
        assert_eq!(
            payment.posted.given_back, books.given_back,
            "seed {seed}: {payment:?}"
        );
        assert_eq!(
            payment.posted.charged_back, books.charged_back,
            "seed {seed}: {payment:?}"
        );
        assert_eq!(payment.request, None, "seed {seed}: {payment:?}");
        assert_ne!(payment.stage, Stage::Due, "paid or a debt: {payment:?}");
        assert!(payment.failed.len() <= ladder::ATTEMPTS_MAX);
        owed += books.collected - books.given_back - books.charged_back;
    }
    let records = store.accounts_page(None, 1_000).await.unwrap();
    let card = LedgerAccount::Provider(ids::provider_of_name("card"));
    let rows = records.iter().flat_map(|record| &record.balances);
    let held = rows.filter(|row| row.account == card);
    let in_ledger: i64 = held.map(|row| row.balance.as_minor()).sum();
    assert_eq!(
        in_ledger, -owed,
        "seed {seed}: the ledger says what the provider has"
    );
    // Every charge is in exactly one payment.
    let charged: i64 = records
        .iter()
        .flat_map(|record| &record.charges)
        .map(|charge| charge.amount.as_minor())
        .sum();
    let asked: i64 = found.iter().map(|payment| payment.amount.as_minor()).sum();
    assert_eq!(charged, asked, "seed {seed}");
    let ledger = verify_ledger::verify(store).await.unwrap();
    assert!(ledger.is_sound(), "seed {seed}: {ledger:#?}");
    let recomputed = recompute::compare(store, &city()).await.unwrap();
    assert!(recomputed.is_equal(), "seed {seed}: {recomputed:#?}");
}
