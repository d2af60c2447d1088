//! Redis, where the station has one: `SET key value NX` says in one step whether a code is new.
//!
//! Redis is not believed: a value counts only with the station's seal over the very key that it
//! stands under. So a Redis that lies can say that a code is new (settlement sees the double use),
//! or show what a reader of this station once wrote about this code and has taken back since. It
//! cannot refuse a rider whose code no reader has let pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use tokio::sync::mpsc;
use units::{Span, Timestamp};

use super::counts::Count;
use super::key::SEAL_BYTES;
use super::state::Shown;
use super::{Shared, Station};
use crate::machine;

/// Before what a value's seal is taken of.
const VALUE: &[u8] = b"faregate station redis 1\0";

/// Bytes of a value: the reader's number, its start, the seal.
const VALUE_BYTES: usize = 4 + 8 + SEAL_BYTES;

/// Requests that wait; the core waits for one, withdrawals for nobody.
const WAITING_MAX: usize = 64;

/// Between attempts to reach a Redis that did not answer in time.
const TRIES_EVERY: Duration = Duration::from_secs(1);

/// How long connecting may take; nobody waits for it.
const CONNECTS_WITHIN: Duration = Duration::from_secs(2);

/// Bounds of the time that a value stays, in milliseconds.
const STAYS_MS: std::ops::RangeInclusive<i64> = 1_000..=86_400_000;

/// Gives a value's place back if it is still ours, in one step.
const GIVE_BACK: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// Why Redis cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("the addresses of Redis are not understood")]
pub struct HotError(#[from] RedisError);

/// Asks Redis.
#[derive(Debug)]
pub struct Hot {
    requests: mpsc::Sender<Request>,
    answers: Arc<AtomicBool>,
}

enum Request {
    Claim {
        shown: Shown,
        /// Riders of ours on this code, all in all.
        own: u8,
        within: Duration,
    },
    Withdraw(Shown),
}

/// Which Redis.
enum Target {
    One(Client),
    Cluster(Box<ClusterClient>),
}

enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Hot {
    /// Asks the Redis at these addresses (`redis://host:port`): one, or nodes of a cluster. To be
    /// called inside a tokio runtime, on which it runs.
    ///
    /// # Errors
    /// [`HotError`] when an address is none. One that cannot be reached is tried again for ever.
    pub fn start(addresses: &[String], cluster: bool, station: &Station) -> Result<Self, HotError> {
        let target = match addresses {
            [one] if !cluster => Target::One(Client::open(one.as_str())?),
            nodes => {
                let builder = ClusterClient::builder(nodes.iter().map(String::as_str));
                let builder = builder
                    .connection_timeout(CONNECTS_WITHIN)
                    .response_timeout(CONNECTS_WITHIN)
                    .retries(1);
                Target::Cluster(Box::new(builder.build()?))
            }
        };
        let (requests, waiting) = mpsc::channel(WAITING_MAX);
        let answers = Arc::new(AtomicBool::new(false));
        let work = Work {
            target,
            shared: Arc::clone(station.shared()),
            answers: Arc::clone(&answers),
        };
        tokio::spawn(work.run(waiting));
        Ok(Self { requests, answers })
    }

    /// Whether it answered lately: who did not is not waited for.
    pub(crate) fn answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// Asks about a code; the answer comes into the round. Says whether there was room to ask.
    pub(crate) fn claim(&self, shown: &Shown, own: u8, within: Duration) -> bool {
        let request = Request::Claim {
            shown: *shown,
            own,
            within,
        };
        self.requests.try_send(request).is_ok()
    }

    pub(crate) fn withdraw(&self, shown: &Shown) {
        // Where there is no room the value dies with its code.
        let _ = self.requests.try_send(Request::Withdraw(*shown));
    }
}

struct Work {
    target: Target,
    shared: Arc<Shared>,
    answers: Arc<AtomicBool>,
}

impl Work {
    async fn run(self, mut waiting: mpsc::Receiver<Request>) {
        loop {
            match self.connect().await {
                Ok(connection) => {
                    self.up(true);
                    let open = self.serve(connection, &mut waiting).await;
                    self.up(false);
                    if !open {
                        return;
                    }
                }
                Err(error) => tracing::debug!(%error, "redis cannot be reached"),
            }
            while let Ok(request) = waiting.try_recv() {
                self.not_asked(&request);
            }
            tokio::time::sleep(TRIES_EVERY).await;
        }
    }

    fn up(&self, answers: bool) {
        self.answers.store(answers, Ordering::Relaxed);
        self.shared.counts.redis(answers);
    }

    async fn connect(&self) -> RedisResult<Connection> {
        let mut connection = match &self.target {
            Target::One(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECTS_WITHIN))
                    .set_response_timeout(Some(CONNECTS_WITHIN));
                let made = client.get_multiplexed_async_connection_with_config(&config);
                Connection::One(made.await?)
            }
            Target::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
        };
        let () = connection.ask(redis::cmd("PING").arg("station")).await?;
        Ok(connection)
    }

    /// Serves until Redis does not answer in time; `false` when nobody asks any more.
    async fn serve(
        &self,
        mut connection: Connection,
        waiting: &mut mpsc::Receiver<Request>,
    ) -> bool {
        while let Some(request) = waiting.recv().await {
            let (within, done) = match &request {
                Request::Claim { shown, own, within } => {
                    let claim = self.claim(&mut connection, shown, *own);
                    (*within, tokio::time::timeout(*within, claim).await)
                }
                Request::Withdraw(shown) => {
                    let within = CONNECTS_WITHIN;
                    let withdraw = self.withdraw(&mut connection, shown);
                    (within, tokio::time::timeout(within, withdraw).await)
                }
            };
            match done {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    self.not_asked(&request);
                    tracing::debug!(%error, "redis does not serve");
                    return true;
                }
                Err(_) => {
                    tracing::debug!(?within, "redis did not answer in time");
                    return true;
                }
            }
        }
        false
    }

    /// Redis will not answer this one: nobody needs to wait for it.
    fn not_asked(&self, request: &Request) {
        if let Request::Claim { shown, .. } = request {
            self.shared.lock().redis_answered(shown.code, false);
            self.shared.wake();
        }
    }

    /// Takes a place for each of our riders among those that the code has.
    async fn claim(&self, connection: &mut Connection, shown: &Shown, own: u8) -> RedisResult<()> {
        let now = machine::now();
        let mut held = 0;
        for place in 0..shown.limit {
            if held == own {
                break;
            }
            let (key, value) = self.place(shown, place);
            held += u8::from(self.take(connection, &key, &value, shown, now).await?);
        }
        let taken = held < own;
        self.shared.lock().redis_answered(shown.code, taken);
        self.shared.wake();
        Ok(())
    }

    /// Takes one place; `false` when it is another reader's.
    async fn take(
        &self,
        connection: &mut Connection,
        key: &str,
        value: &[u8],
        shown: &Shown,
        now: Timestamp,
    ) -> RedisResult<bool> {
        let set: Option<String> = connection
            .ask(
                redis::cmd("SET")
                    .arg(key)
                    .arg(value)
                    .arg("NX")
                    .arg("PX")
                    .arg(stays_ms(shown.until, now)),
            )
            .await?;
        if set.is_some() {
            return Ok(true);
        }
        let found: Option<Vec<u8>> = connection.ask(redis::cmd("GET").arg(key)).await?;
        let Some(found) = found else {
            return Ok(true); // It has just ended or been given back.
        };
        let Some(reader) = self.writer(key, &found) else {
            self.shared.counts.add(Count::Forged);
            return Ok(true);
        };
        Ok(reader == self.shared.me.as_number())
    }

    async fn withdraw(&self, connection: &mut Connection, shown: &Shown) -> RedisResult<()> {
        // The last of our places, for the riders before may have gone through.
        for place in (0..shown.limit).rev() {
            let (key, value) = self.place(shown, place);
            let command = redis::cmd("EVAL")
                .arg(GIVE_BACK)
                .arg(1)
                .arg(&key)
                .arg(&value)
                .to_owned();
            let given: i64 = connection.ask(&command).await?;
            if given == 1 {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Key of a place, and what this reader writes there.
    fn place(&self, shown: &Shown, place: u8) -> (String, Vec<u8>) {
        let key = format!("faregate:station:{}:{place}", hex::encode(shown.code.0));
        let reader = self.shared.me.as_number().to_be_bytes();
        let boot = self.shared.boot.to_be_bytes();
        let seal = self
            .shared
            .key
            .seal(&[VALUE, key.as_bytes(), &reader, &boot]);
        (key, [&reader[..], &boot, &seal].concat())
    }

    /// Which reader wrote this value under this key; none when it carries no seal of the station.
    fn writer(&self, key: &str, value: &[u8]) -> Option<u32> {
        if value.len() != VALUE_BYTES {
            return None;
        }
        let (reader, rest) = value.split_first_chunk::<4>()?;
        let (boot, seal) = rest.split_first_chunk::<8>()?;
        let parts: [&[u8]; 4] = [VALUE, key.as_bytes(), reader, boot];
        let is_sealed = self.shared.key.is_seal(&parts, seal);
        is_sealed.then_some(u32::from_be_bytes(*reader))
    }
}

impl Connection {
    async fn ask<T: redis::FromRedisValue>(&mut self, command: &redis::Cmd) -> RedisResult<T> {
        match self {
            Self::One(one) => command.query_async(one).await,
            Self::Cluster(cluster) => command.query_async(cluster).await,
        }
    }
}

/// How long a value stays: as long as its code could pass, and a little longer.
fn stays_ms(until: Timestamp, now: Timestamp) -> i64 {
    let left = until.plus(Span::from_secs(60)).since(now);
    let millis = left.as_micros().div_euclid(1_000);
    millis.clamp(*STAYS_MS.start(), *STAYS_MS.end())
}
