//! Word that the deny list has changed, from the server that changed it to all others.
//!
//! What is pushed is the list's version and nothing else. Who hears of one reads the list from the
//! store, so a message that lies costs one read, and a message that is lost costs the time until
//! the next look that everybody takes anyway.

use std::time::Duration;

use futures_util::StreamExt as _;
use redis::aio::PubSub;

use crate::Hot;

/// The channel; in a cluster a message reaches every node.
const CHANNEL: &str = "faregate:deny";

/// Before another attempt to listen.
const TRIES_EVERY: Duration = Duration::from_millis(500);

impl Hot {
    /// Tells everybody who listens that version `version` of the deny list is out. Says whether
    /// Redis took it.
    pub async fn push_denied(&self, version: u64) -> bool {
        let mut command = redis::cmd("PUBLISH");
        command.arg(CHANNEL).arg(version);
        self.ask::<i64>(&command).await.is_some()
    }

    /// Listens for new versions.
    #[must_use]
    pub fn listen_denied(&self) -> DenyPushes {
        DenyPushes {
            hot: self.clone(),
            open: None,
            turn: 0,
        }
    }
}

/// Hears of new versions of the deny list.
pub struct DenyPushes {
    hot: Hot,
    open: Option<PubSub>,
    turn: usize,
}

impl DenyPushes {
    /// Waits until the list may have changed: a version was pushed, or the connection was made
    /// anew and some may have been missed. Never ends without reason and never fails.
    pub async fn changed(&mut self) {
        loop {
            if let Some(open) = &mut self.open {
                let heard = open.on_message().next().await.is_some();
                if heard {
                    return;
                }
                self.open = None;
            }
            match self.connect().await {
                Ok(open) => {
                    self.open = Some(open);
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "redis does not tell of the deny list");
                    tokio::time::sleep(TRIES_EVERY).await;
                }
            }
        }
    }

    /// Listens at the next of the addresses: each node of a cluster hears everything.
    async fn connect(&mut self) -> redis::RedisResult<PubSub> {
        let addresses = self.hot.addresses();
        let next = addresses.iter().cycle().nth(self.turn);
        self.turn = (self.turn + 1) % addresses.len().max(1);
        let Some(client) = next else {
            return std::future::pending().await;
        };
        let within = TRIES_EVERY;
        let made = tokio::time::timeout(within, async {
            let mut open = client.get_async_pubsub().await?;
            open.subscribe(CHANNEL).await?;
            Ok(open)
        });
        match made.await {
            Ok(made) => made,
            Err(late) => Err(std::io::Error::from(late).into()),
        }
    }
}
