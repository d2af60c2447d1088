//! Against real servers: one Redis and a cluster of three; flushed, hung, killed, lying.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test answers by failing"
)]

use std::future::Future;
use std::time::Duration;

use hot_redis::{Hint, Hot, HotError, Kind, Limit, Pace, Seen};
use services::{Redis, RedisCluster};
use settlement::model::CodeUse;
use units::{CredentialId, TapId, Timestamp};

const LIMIT: Limit = Limit {
    times: 3,
    within: Duration::from_mins(1),
};

fn tap(code: u8, tap: u8) -> Seen {
    let credential = CredentialId::from_bytes([code; 16]);
    Seen {
        code: CodeUse::presentation(credential, Timestamp::from_secs(1_546_819_200)),
        tap: TapId::from_bytes([tap; 16]),
    }
}

async fn wait_for<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    for _ in 0..500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited for {what}");
}

/// Asks with a budget that a loaded machine keeps.
async fn open(urls: &[String], kind: Kind) -> Hot {
    let hot = Hot::open(urls, kind).unwrap();
    let hot = hot.with_budget(Duration::from_secs(2));
    wait_for("redis", || async { hot.is_up() }).await;
    hot
}

async fn hints_and_limits(hot: &Hot) {
    let many: Vec<Seen> = (0..100).map(|code| tap(code, code)).collect();
    assert_eq!(hot.seen(&many).await, vec![Hint::First; 100]);
    // A batch that is sent again is not a second use.
    assert_eq!(hot.seen(&many).await, vec![Hint::Repeated; 100]);
    let again: Vec<Seen> = (0..100).map(|code| tap(code, 200)).collect();
    let after: Vec<Hint> = (0..100)
        .map(|code| Hint::After(TapId::from_bytes([code; 16])))
        .collect();
    assert_eq!(hot.seen(&again).await, after);
    for _ in 0..3 {
        assert_eq!(hot.pace("anna", LIMIT).await, Pace::Within);
    }
    match hot.pace("anna", LIMIT).await {
        Pace::TooOften { wait } => assert!(wait <= LIMIT.within && wait > Duration::from_secs(30)),
        other => panic!("{other:?}"),
    }
    assert_eq!(hot.pace("bert", LIMIT).await, Pace::Within);
}

async fn knows_nothing(hot: &Hot) {
    assert_eq!(hot.seen(&[tap(1, 1), tap(2, 2)]).await, [Hint::Unknown; 2]);
    assert_eq!(hot.pace("anna", LIMIT).await, Pace::Unknown);
    assert!(!hot.push_denied(7).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_redis_remembers_is_flushed_dies_and_comes_back() {
    let mut redis = Redis::start().unwrap();
    let hot = open(&[redis.url()], Kind::One).await;
    hints_and_limits(&hot).await;
    // Flushed: it knows nothing of what was, and nothing is wrong.
    assert_eq!(redis.ask("FLUSHALL").as_deref(), Some("+OK"));
    assert_eq!(hot.seen(&[tap(1, 9)]).await, [Hint::First]);
    assert_eq!(hot.pace("anna", LIMIT).await, Pace::Within);
    redis.kill();
    knows_nothing(&hot).await;
    assert!(!hot.is_up());
    redis.start_again().unwrap();
    wait_for("redis", || async { hot.is_up() }).await;
    assert_eq!(hot.seen(&[tap(1, 9)]).await, [Hint::First]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_redis_that_hangs() {
    let redis = Redis::start().unwrap();
    let hot = open(&[redis.url()], Kind::One).await;
    let hot = hot.with_budget(Duration::from_millis(50));
    redis.pause();
    let began = tokio::time::Instant::now();
    knows_nothing(&hot).await;
    let first = began.elapsed();
    for _ in 0..1_000 {
        knows_nothing(&hot).await;
    }
    // One budget for the call that found out; the next 3,000 do not wait at all.
    assert!(first < Duration::from_secs(1), "{first:?}");
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    redis.resume();
    wait_for("an answer", || async {
        hot.pace("carl", LIMIT).await != Pace::Unknown
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_three_shares_the_keys_and_loses_a_node() {
    let mut cluster = RedisCluster::start().unwrap();
    let hot = open(&cluster.urls(), Kind::Cluster).await;
    hints_and_limits(&hot).await;
    for node in cluster.nodes() {
        let keys = node.ask("DBSIZE").unwrap();
        assert_ne!(keys, ":0", "every node has some of the keys");
        assert_eq!(node.ask("FLUSHALL").as_deref(), Some("+OK"));
    }
    assert_eq!(hot.seen(&[tap(1, 9)]).await, [Hint::First]);
    cluster.nodes()[1].kill();
    // Whatever is still known, nothing fails and nothing takes longer than its budget.
    let many: Vec<Seen> = (0..100).map(|code| tap(code, code)).collect();
    let began = tokio::time::Instant::now();
    let hints = hot.seen(&many).await;
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(hints.len(), 100);
    assert!(
        hints.contains(&Hint::Unknown),
        "a third of the keys is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_lies_is_not_believed() {
    let redis = Redis::start().unwrap();
    let hot = open(&[redis.url()], Kind::One).await;
    assert_eq!(
        hot.seen(&[tap(1, 1), tap(2, 2), tap(3, 3)]).await,
        [Hint::First; 3]
    );
    assert_eq!(hot.pace("anna", LIMIT).await, Pace::Within);
    // Every key gets another type or garbage, one after the other.
    let keys = all_keys(&redis);
    assert_eq!(keys.len(), 4);
    let lies = [
        "DEL {} | RPUSH {} a",
        "DEL {} | HSET {} a b",
        "SET {} garbage",
        "SET {} 99999999999999999999999",
        "SET {} 9223372036854775807",
        "DEL {} | SADD {} 7",
        "SET {} -5",
    ];
    for lie in lies {
        for key in &keys {
            for command in lie.split(" | ") {
                assert!(redis.ask(&command.replace("{}", key)).is_some());
            }
        }
        let hints = hot.seen(&[tap(1, 1), tap(2, 2), tap(3, 3)]).await;
        assert_eq!(hints, [Hint::Unknown; 3], "{lie}");
        assert_eq!(hot.pace("anna", LIMIT).await, Pace::Unknown, "{lie}");
        // The others are as well off as before.
        assert!(hot.is_up());
        assert_ne!(hot.pace(lie, LIMIT).await, Pace::Unknown);
    }
}

fn all_keys(redis: &Redis) -> Vec<String> {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    stream.write_all(b"KEYS *\r\nPING\r\n").unwrap();
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let keys = lines.take_while(|line| line != "+PONG");
    keys.filter(|line| line.starts_with("faregate:")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_knows_digests_only() {
    let redis = Redis::start().unwrap();
    let hot = open(&[redis.url()], Kind::One).await;
    hot.seen(&[tap(0x41, 1)]).await;
    hot.pace("203.0.113.9 secret-session", LIMIT).await;
    for key in all_keys(&redis) {
        assert!(!key.contains("4141") && !key.contains("secret"), "{key}");
        assert!(
            redis.ask(&format!("PTTL {key}")).unwrap() != ":-1",
            "everything ends"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn word_of_a_new_deny_list_reaches_everybody() {
    let mut cluster = RedisCluster::start().unwrap();
    let urls = cluster.urls();
    let hot = open(&urls, Kind::Cluster).await;
    // Three servers, each with its own order of nodes.
    let mut told = Vec::new();
    for turn in 0..3 {
        let mut own = urls.clone();
        own.rotate_left(turn);
        let mut pushes = open(&own, Kind::Cluster).await.listen_denied();
        // The first word is that it listens from now on.
        pushes.changed().await;
        told.push(pushes);
    }
    assert!(hot.push_denied(42).await);
    for pushes in &mut told {
        let heard = tokio::time::timeout(Duration::from_secs(10), pushes.changed());
        heard.await.expect("within seconds, not at the next look");
    }
    // A listener whose node dies says so by looking anew, at another node.
    cluster.nodes()[0].kill();
    let heard = tokio::time::timeout(Duration::from_secs(20), told[0].changed());
    heard.await.expect("what was missed is looked up");
}

#[tokio::test]
async fn addresses_that_are_none() {
    let none: [String; 0] = [];
    assert!(matches!(
        Hot::open(&none, Kind::One),
        Err(HotError::Addresses { got: 0 })
    ));
    let two = ["redis://a:1".to_owned(), "redis://b:1".to_owned()];
    assert!(matches!(
        Hot::open(&two, Kind::One),
        Err(HotError::Addresses { got: 2 })
    ));
    assert!(matches!(
        Hot::open(&["http://a".to_owned()], Kind::One),
        Err(HotError::Address(_))
    ));
}
