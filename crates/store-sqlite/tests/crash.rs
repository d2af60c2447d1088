//! A process that settles a file database is killed (SIGKILL) at random points and started again
//! until it is done: the ledger is the one an undisturbed run makes.
//!
//! The parent starts this very binary as its child. The child says a line after each transaction;
//! the parent waits for a line drawn by a seed, a few microseconds more, and kills. The child then
//! repeats everything from the start, as gates do that never got an answer.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test answers by failing"
)]

mod factory;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use factory::{Files, issue};
use issuer::IssuanceStore as _;
use settlement::ingest::judge::{self, OneCore};
use settlement::testing::contract::Factory as _;
use settlement::testing::shuffle::{Dealer, Delivery, Morning};
use settlement::testing::world::{city, day, minutes};
use settlement::{charge, dump, recompute, settle, verify_ledger};
use store_sqlite::{Location, SqliteStore};
use units::ServiceDay;

/// How many deals of the morning are played.
const SEEDS: u64 = 5;

/// How often the process is killed in each.
const KILLS: u32 = 24;

/// How long after the drawn line the kill may come: a step takes about 3 ms unoptimised, so that
/// kills fall into every part of a transaction and between two.
const DELAY_MICROS_MAX: usize = 4_000;

/// The child's last line.
const DONE: &str = "done";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["child", path, seed] => runtime.block_on(child(Path::new(path), seed.parse().unwrap())),
        ["--list", ..] => say("kills_change_nothing: test"),
        _ => {
            runtime.block_on(kills_change_nothing());
            say("test kills_change_nothing ... ok");
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

async fn kills_change_nothing() {
    let files = Files::new();
    let expected = factory::play_in_order(&files.fresh().await).await;
    let mut landed = 0;
    for seed in 0..SEEDS {
        let mut dealer = Dealer::new(1_000 + seed);
        let Location::File(undisturbed) = files.next_location() else {
            panic!("files lie in files");
        };
        let steps = run(&undisturbed, seed, None).expect("an undisturbed child ends");
        assert!(steps > 20, "{steps} transactions are worth killing");
        assert_eq!(
            read_dump(&undisturbed, "undisturbed").await,
            expected,
            "seed {seed}"
        );

        let Location::File(path) = files.next_location() else {
            panic!("files lie in files");
        };
        // In ascending order: work that is done stays done, and a kill must find some under way.
        let mut kills: Vec<usize> = (0..KILLS).map(|_| dealer.below(steps)).collect();
        kills.sort_unstable();
        for at in kills {
            let micros = u64::try_from(dealer.below(DELAY_MICROS_MAX)).unwrap();
            if run(&path, seed, Some((at, Duration::from_micros(micros)))).is_none() {
                landed += 1;
            }
            check_between(&path, &format!("seed {seed}, killed at step {at}")).await;
        }
        run(&path, seed, None).expect("the last child ends");
        assert_eq!(read_dump(&path, "killed").await, expected, "seed {seed}");
    }
    let tried = u64::from(KILLS) * SEEDS;
    assert!(
        landed * 2 > tried,
        "only {landed} of {tried} kills came before the end"
    );
    say(&format!("{landed} kills"));
}

/// Starts a child and waits for its end or for line `at`, and then kills it. Gives how many lines
/// it said when it ended by itself.
fn run(path: &Path, seed: u64, kill: Option<(usize, Duration)>) -> Option<usize> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", path.to_str().unwrap(), &seed.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for (said, line) in lines.enumerate() {
        let line = line.unwrap();
        if line == DONE {
            assert!(child.wait().unwrap().success());
            return Some(said);
        }
        if kill.is_some_and(|(at, _)| at == said) {
            std::thread::sleep(kill.unwrap().1);
            end(&mut child);
            return None;
        }
    }
    panic!(
        "the child of seed {seed} ended without a word: {:?}",
        child.wait()
    );
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(&Location::File(PathBuf::from(path)))
        .await
        .unwrap()
}

/// What was committed is whole: entries sum to zero, balances are their fold, charges are posted.
async fn check_between(path: &Path, case: &str) {
    let store = open(path).await;
    let report = verify_ledger::verify(&store).await.unwrap();
    assert!(report.is_sound(), "{case}: {report:#?}");
    store.close().await;
}

async fn read_dump(path: &Path, case: &str) -> String {
    let store = open(path).await;
    check_between(path, case).await;
    let recomputed = recompute::compare(&store, &city()).await.unwrap();
    assert!(recomputed.is_equal(), "{case}: {recomputed:#?}");
    dump::canonical(&store).await.unwrap()
}

/// Plays the whole deal, one small transaction after the other, and says a line after each.
async fn child(path: &Path, seed: u64) {
    let store = open(path).await;
    let morning = Morning::new();
    say("opened");
    for (credential, issued) in morning.issued() {
        if store.issued(credential).await.unwrap().is_none() {
            issue(&store, credential, issued).await;
        }
    }
    morning.prepare(&store).await;
    let city = city();
    for delivery in morning.dealt(seed) {
        match delivery {
            Delivery::Batch(_) | Delivery::File(_) => {
                morning.deliver(&store, &city, delivery).await;
                say("delivered");
            }
            Delivery::Settle(days) => {
                for _ in 0..days {
                    judge_some(&store).await;
                    settle::step(&store, &city, minutes(3_000), 1)
                        .await
                        .unwrap();
                    say("settled");
                }
            }
            Delivery::Close => close(&store).await,
        }
    }
    store.close().await;
    say(DONE);
}

/// Judges one record, or the run it lies in.
async fn judge_some(store: &SqliteStore) -> u32 {
    let (city, keys) = (city(), Morning::new().issuer_keys());
    let judged = judge::step(store, &city, &keys, &OneCore, 1);
    let judged = judged.await.unwrap();
    say("judged");
    judged
}

async fn close(store: &SqliteStore) {
    let now = minutes(3_000);
    while judge_some(store).await > 0 {}
    while settle::step(store, &city(), now, 1).await.unwrap() > 0 {
        say("settled");
    }
    let scope = charge::through(ServiceDay::from_days(day().as_days() + 1));
    while charge::step(store, &scope, now, 1).await.unwrap() > 0 {
        say("charged");
    }
}
