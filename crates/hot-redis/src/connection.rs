//! The connection: made and made again in the background, never waited for beyond the budget.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult,
};
use tokio::sync::Notify;

/// What a call may take when nobody says otherwise: a Redis in the same place answers in a
/// hundredth of it, and a rider does not feel it.
pub const BUDGET: Duration = Duration::from_millis(20);

/// Between attempts to reach a Redis that does not answer.
const TRIES_EVERY: Duration = Duration::from_millis(500);

/// How long connecting may take; nobody waits for it.
const CONNECTS_WITHIN: Duration = Duration::from_secs(2);

/// Why Redis can never be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HotError {
    /// No address, or several for one server.
    #[error("one Redis has one address, a cluster one or more, got {got}")]
    Addresses {
        /// Addresses given.
        got: usize,
    },
    /// An address is none.
    #[error("the addresses of Redis are not understood")]
    Address(#[from] RedisError),
}

/// What stands at the addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One server.
    One,
    /// Nodes of one cluster.
    Cluster,
}

/// Asks Redis. Clones share one connection, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct Hot {
    line: Arc<Line>,
    budget: Duration,
    addresses: Arc<[Client]>,
}

#[derive(Debug)]
struct Line {
    open: Mutex<Option<Connection>>,
    lost: Notify,
}

#[derive(Clone)]
enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Where to connect to.
enum Target {
    One(Box<Client>),
    Cluster(Box<ClusterClient>),
}

impl Hot {
    /// Asks the Redis at these addresses (`redis://host:port`). To be called inside a tokio
    /// runtime; one that cannot be reached is tried again for as long as this value lives.
    ///
    /// # Errors
    /// [`HotError`] when an address is none.
    pub fn open(addresses: &[String], kind: Kind) -> Result<Self, HotError> {
        let clients: Result<Vec<Client>, RedisError> = addresses
            .iter()
            .map(|address| Client::open(address.as_str()))
            .collect();
        let clients = clients?;
        let target = match (kind, clients.as_slice()) {
            (Kind::One, [one]) => Target::One(Box::new(one.clone())),
            (Kind::Cluster, [_, ..]) => {
                let builder = ClusterClient::builder(addresses.iter().map(String::as_str));
                let builder = builder
                    .connection_timeout(CONNECTS_WITHIN)
                    .response_timeout(CONNECTS_WITHIN)
                    .retries(1);
                Target::Cluster(Box::new(builder.build()?))
            }
            (_, other) => return Err(HotError::Addresses { got: other.len() }),
        };
        let line = Arc::new(Line {
            open: Mutex::new(None),
            lost: Notify::new(),
        });
        let task = keep_open(target, Arc::downgrade(&line));
        tokio::spawn(task);
        Ok(Self {
            line,
            budget: BUDGET,
            addresses: clients.into(),
        })
    }

    /// The same with another budget for each call.
    #[must_use]
    pub fn with_budget(self, budget: Duration) -> Self {
        Self { budget, ..self }
    }

    /// Whether there is a connection, for a page about the server's health.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.connection().is_some()
    }

    /// The servers, for what needs a connection of its own.
    pub(crate) fn addresses(&self) -> &[Client] {
        &self.addresses
    }

    /// One command; `None` when there is no answer of that type in time.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let connection = self.connection()?;
        self.within(async {
            match connection {
                Connection::One(mut one) => command.query_async(&mut one).await,
                Connection::Cluster(mut cluster) => command.query_async(&mut cluster).await,
            }
        })
        .await
    }

    /// Commands about keys of one tag; `None` when there is no answer of that type in time.
    pub(crate) async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Option<T> {
        let connection = self.connection()?;
        self.within(async {
            match connection {
                Connection::One(mut one) => commands.query_async(&mut one).await,
                Connection::Cluster(mut cluster) => commands.query_async(&mut cluster).await,
            }
        })
        .await
    }

    fn connection(&self) -> Option<Connection> {
        let open = self.line.open.lock();
        open.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn within<T>(&self, answer: impl Future<Output = RedisResult<T>>) -> Option<T> {
        match tokio::time::timeout(self.budget, answer).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, "redis does not serve");
                // What stands under a key of ours is not ours: the connection is not to blame.
                if error.is_io_error() || error.is_unrecoverable_error() || error.is_timeout() {
                    self.line.lose();
                }
                None
            }
            Err(_) => {
                tracing::debug!(budget = ?self.budget, "redis did not answer in time");
                self.line.lose();
                None
            }
        }
    }
}

impl Line {
    fn set(&self, connection: Option<Connection>) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    fn lose(&self) {
        self.set(None);
        self.lost.notify_one();
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One(_) => "One",
            Self::Cluster(_) => "Cluster",
        })
    }
}

/// Connects whenever there is no connection, until the last [`Hot`] is gone.
async fn keep_open(target: Target, line: std::sync::Weak<Line>) {
    loop {
        let Some(shared) = line.upgrade() else {
            return;
        };
        let is_open = {
            let open = shared.open.lock();
            open.unwrap_or_else(PoisonError::into_inner).is_some()
        };
        if !is_open {
            match tokio::time::timeout(CONNECTS_WITHIN, connect(&target)).await {
                Ok(Ok(connection)) => shared.set(Some(connection)),
                Ok(Err(error)) => tracing::debug!(%error, "redis cannot be reached"),
                Err(_) => tracing::debug!("redis cannot be reached in time"),
            }
        }
        // Woken by a loss it waits all the same: a Redis that just failed is not pressed.
        let _ = tokio::time::timeout(TRIES_EVERY, shared.lost.notified()).await;
        drop(shared);
        tokio::time::sleep(TRIES_EVERY / 5).await;
    }
}

async fn connect(target: &Target) -> RedisResult<Connection> {
    let ping = redis::cmd("PING");
    match target {
        Target::One(client) => {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECTS_WITHIN))
                .set_response_timeout(Some(CONNECTS_WITHIN));
            let made = client.get_multiplexed_async_connection_with_config(&config);
            let mut one = made.await?;
            let () = ping.query_async(&mut one).await?;
            Ok(Connection::One(one))
        }
        Target::Cluster(client) => {
            let mut cluster = client.get_async_connection().await?;
            let () = ping.query_async(&mut cluster).await?;
            Ok(Connection::Cluster(cluster))
        }
    }
}
