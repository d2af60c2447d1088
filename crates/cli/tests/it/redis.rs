//! `faregate serve --redis` with a real Redis: limits that hold over servers, and a Redis that is
//! flushed, lies and dies while riders travel, which changes no money.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::Problem;
use services::Redis;
use settlement::dump;
use store::{Address, Store};
use wallet::Wallet;

use crate::serve::{Server, batch, plain_client, register, settled_day, upload, write_all};

/// Challenges that one address gets in a minute.
const CHALLENGES: usize = 240;

async fn challenge(http: &reqwest::Client, server: &Server) -> reqwest::Response {
    let path = format!("{}/v1/challenges", server.url);
    http.post(path).send().await.unwrap()
}

/// Says in Redis that every client counted there has asked a thousand times.
const ASKED_OFTEN: &str = "EVAL \"for _,k in ipairs(redis.call('KEYS','faregate:pace:*')) do \
    redis.call('SET',k,1000,'KEEPTTL') end\" 0";

/// Asks one server and then, when Redis has counted more than it, another, which refuses. Again
/// where Redis did not answer in time, as on a machine under load.
async fn refused_by_another(redis: &Redis, servers: [&Server; 2]) -> reqwest::Response {
    let http = plain_client();
    for _ in 0..50 {
        challenge(&http, servers[0]).await;
        let _ = redis.ask(ASKED_OFTEN);
        let answer = challenge(&http, servers[1]).await;
        if answer.status() != 201 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the other server never heard of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_at_every_server_and_also_without_redis() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let mut redis = Redis::start().unwrap();
    let books = folder.path().join("books.db").display().to_string();
    let url = redis.url();
    let start = || Server::start_on(&books, folder.path(), &["--redis", &url]);
    let (one, two) = (start(), start());
    let http = plain_client();
    let refused = refused_by_another(&redis, [&one, &two]).await;
    assert_eq!(refused.status(), 429);
    let wait = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!((1..=61).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    let kind = refused.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(kind, "application/problem+json");
    let problem: Problem = refused.json().await.unwrap();
    assert_eq!(&*problem.code, "too_many_requests");
    let page = http
        .get(format!("{}{}", one.url, problem.kind))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Too many requests"));

    // Flushed: it has forgotten; and no gate ever waits.
    assert_eq!(redis.ask("FLUSHALL").as_deref(), Some("+OK"));
    assert_eq!(challenge(&http, &one).await.status(), 201);
    redis.kill();
    let mut through = 0;
    while challenge(&http, &one).await.status() == 201 {
        through += 1;
    }
    // It counts by itself, and counted for itself while Redis was not up yet.
    assert!((1..=CHALLENGES).contains(&through), "{through}");
    assert!(one.stop() && two.stop());
}

/// Empties Redis, fills what servers put there with lies, and pushes versions that never were.
fn torment(redis: &Redis, done: &AtomicBool) -> u32 {
    let lie = "EVAL \"for _,k in ipairs(redis.call('KEYS','*')) do \
        redis.call('SET',k,ARGV[1]) end\" 0 ";
    let mut rounds = 0;
    while !done.load(Ordering::Relaxed) {
        for word in ["lie", "-7", "99999999999999999999"] {
            let _ = redis.ask(&format!("{lie}{word}"));
            let _ = redis.ask("PUBLISH faregate:deny 18446744073709551615");
            let _ = redis.ask("FLUSHALL");
        }
        rounds += 1;
        std::thread::sleep(Duration::from_millis(2));
    }
    rounds
}

/// Travels on the books in `folder` and gives their canonical dump.
async fn travel(folder: &Path, wallet: &Wallet, session: &str, redis: &[&str]) -> String {
    let books = folder.join("books.db").display().to_string();
    let server = Server::start_on(&books, folder, redis);
    let http = plain_client();
    let taps = batch(wallet, wallet.credential().unwrap().starts());
    for _ in 0..20 {
        upload(&http, &server.url, &taps).await;
    }
    let day = settled_day(&http, &server.url, session).await;
    assert_eq!(day.balance_minor, 300);
    assert!(server.stop());
    let store = Store::open(&Address::parse(&books).unwrap()).await.unwrap();
    let dumped = dump::canonical(&store).await.unwrap();
    store.close().await;
    dumped
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_flushed_lies_and_dies_changes_no_money() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path();
    write_all(plain);
    let books = plain.join("books.db").display().to_string();
    let server = Server::start_on(&books, plain, &[]);
    let mut wallet = Wallet::new(&[1; 32]);
    let device = register(&plain_client(), &server.url, &mut wallet).await;
    assert!(server.stop());
    let session = device.session.to_text();
    // The same city a second time: same keys, same rider.
    let copy = tempfile::tempdir().unwrap();
    write_all(copy.path());
    for name in ["books.db", "issuer.age"] {
        std::fs::copy(plain.join(name), copy.path().join(name)).unwrap();
    }
    let expected = travel(plain, &wallet, &session, &[]).await;

    let mut redis = Redis::start().unwrap();
    let url = redis.url();
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let tormentor = std::thread::spawn(move || {
        let rounds = torment(&redis, &seen);
        redis.kill();
        rounds
    });
    let with_redis = ["--redis", &url];
    let travelling = travel(copy.path(), &wallet, &session, &with_redis);
    let ending = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        done.store(true, Ordering::Relaxed);
    };
    let (dumped, ()) = tokio::join!(travelling, ending);
    assert!(tormentor.join().unwrap() > 3);
    assert!(expected.lines().count() > 2, "{expected}");
    assert_eq!(dumped, expected);
}
