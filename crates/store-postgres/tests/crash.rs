//! Three processes settle one database while a fourth delivers what gates upload. Workers are
//! killed (SIGKILL) and PostgreSQL is stopped at once (`pg_ctl stop -m immediate`) and started
//! again, both at times drawn by a seed: nothing is lost, nothing happens twice.
//!
//! The parent starts this very binary as its children. A gate that gets no answer sends again, as
//! gates do; a worker that fails goes on with the next step.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

mod factory;

use std::io::Write as _;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use factory::Databases;
use settlement::ingest::judge::{self, OneCore};
use settlement::ingest::{batch, rows};
use settlement::testing::contract::Factory as _;
use settlement::testing::shuffle::{Dealer, Delivery, Morning};
use settlement::testing::world::{city, day, minutes};
use settlement::{charge, dump, recompute, settle, verify_ledger};
use store_postgres::{Location, PostgresStore};
use units::ServiceDay;

/// How many deals of the morning are played, each in a database of its own.
const SEEDS: u64 = 4;
/// Processes that settle and charge.
const WORKERS: usize = 3;
/// What happens to them and to PostgreSQL in each deal: every fourth time it is PostgreSQL.
const FAULTS: usize = 12;
/// The longest time between two faults: some transactions of an unoptimised build.
const PAUSE_MICROS_MAX: usize = 60_000;
/// Before something that failed is tried again.
const PATIENCE: Duration = Duration::from_millis(5);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["worker", url] => runtime.block_on(work(url)),
        ["gates", url, seed] => runtime.block_on(deliver(url, seed.parse().unwrap())),
        ["--list", ..] => say("kills_and_power_cuts_change_nothing: test"),
        _ => {
            runtime.block_on(kills_and_power_cuts_change_nothing());
            say("test kills_and_power_cuts_change_nothing ... ok");
        }
    }
    ExitCode::SUCCESS
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
}

async fn kills_and_power_cuts_change_nothing() {
    let databases = Databases::new();
    let expected = factory::play_in_order(&databases.fresh().await).await;
    let (mut kills, mut cuts) = (0, 0);
    for seed in 0..SEEDS {
        let url = databases.0.create_database().unwrap();
        let store = Databases::open(&url).await;
        let morning = Morning::new();
        for (credential, issued) in morning.issued() {
            factory::issue(&store, credential, issued).await;
        }
        morning.prepare(&store).await;
        store.close().await;

        let mut dealer = Dealer::new(7_000 + seed);
        let mut gates = child(&["gates", &url, &seed.to_string()]);
        let mut workers: Vec<Child> = (0..WORKERS).map(|_| child(&["worker", &url])).collect();
        for fault in 0..FAULTS {
            let pause = u64::try_from(dealer.below(PAUSE_MICROS_MAX)).unwrap();
            std::thread::sleep(Duration::from_micros(pause));
            if fault % 4 == 3 {
                databases.0.stop_immediately();
                databases.0.start_again().unwrap();
                cuts += 1;
            } else {
                let hit = dealer.below(WORKERS);
                end(&mut workers[hit]);
                workers[hit] = child(&["worker", &url]);
                kills += 1;
            }
        }
        assert!(
            gates.wait().unwrap().success(),
            "seed {seed}: the gates end"
        );
        workers.iter_mut().for_each(end);
        check(&url, &expected, &format!("seed {seed}")).await;
    }
    say(&format!(
        "{kills} workers killed, PostgreSQL cut off {cuts} times"
    ));
}

fn child(arguments: &[&str]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Whoever is left closes the days; then all is as if nothing had happened.
async fn check(url: &str, expected: &str, case: &str) {
    let store = Databases::open(url).await;
    let keys = Morning::new().issuer_keys();
    let judged = judge::all(&store, &city(), &keys, &OneCore).await;
    judged.unwrap();
    charge::close(&store, &city(), &both_days(), minutes(3_000))
        .await
        .unwrap();
    let ledger = verify_ledger::verify(&store).await.unwrap();
    assert!(ledger.is_sound(), "{case}: {ledger:#?}");
    let recomputed = recompute::compare(&store, &city()).await.unwrap();
    assert!(recomputed.is_equal(), "{case}: {recomputed:#?}");
    assert_eq!(dump::canonical(&store).await.unwrap(), expected, "{case}");
    store.close().await;
}

fn both_days() -> settlement::ports::ChargeScope {
    charge::through(ServiceDay::from_days(day().as_days() + 1))
}

/// Opens the database as soon as it answers.
async fn open(url: &str) -> PostgresStore {
    loop {
        match PostgresStore::open(&Location::parse(url).unwrap()).await {
            Ok(store) => return store,
            Err(_) => tokio::time::sleep(PATIENCE).await,
        }
    }
}

/// Settles and charges in small steps until killed.
async fn work(url: &str) {
    let (store, city, now) = (open(url).await, city(), minutes(3_000));
    let keys = Morning::new().issuer_keys();
    loop {
        let judged = judge::step(&store, &city, &keys, &OneCore, 2).await;
        let settled = settle::step(&store, &city, now, 2).await;
        let charged = charge::step(&store, &both_days(), now, 1).await;
        if !matches!((judged, settled, charged), (Ok(1..), Ok(1..), Ok(1..))) {
            tokio::time::sleep(PATIENCE).await;
        }
    }
}

/// Sends everything, each thing until it is answered.
async fn deliver(url: &str, seed: u64) {
    let (store, city, now) = (open(url).await, city(), minutes(3_000));
    let morning = Morning::new();
    let keys = morning.issuer_keys();
    for delivery in morning.dealt(seed) {
        loop {
            let done = match &delivery {
                Delivery::Batch(sent) => {
                    let taken = batch::store(&store, (**sent).clone(), now);
                    taken.await.is_ok()
                }
                Delivery::File(text) => {
                    let taken = rows::store(&store, &city, text.as_bytes(), now, |_| ());
                    taken.await.is_ok()
                }
                Delivery::Settle(days) => settle::step(&store, &city, now, *days).await.is_ok(),
                Delivery::Close => {
                    judge::all(&store, &city, &keys, &OneCore).await.is_ok()
                        && charge::close(&store, &city, &both_days(), now)
                            .await
                            .is_ok()
                }
            };
            if done {
                break;
            }
            tokio::time::sleep(PATIENCE).await;
        }
        tokio::time::sleep(PATIENCE).await;
    }
}
