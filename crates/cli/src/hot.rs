//! The Redis that an operator names.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use hot_redis::{Hot, Kind};

/// How long a command that only passes a word on waits for Redis.
const CONNECTS_WITHIN: Duration = Duration::from_secs(2);

/// Which Redis.
#[derive(Args, Clone, Debug)]
pub struct RedisArguments {
    /// Redis for what servers share while it is hot, redis://:PASSWORD@HOST:PORT: limits, and word
    /// of denied codes. Several with commas between them: nodes of one cluster. It may be flushed
    /// or gone at any moment.
    #[arg(
        long,
        env = "FAREGATE_REDIS",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "URL"
    )]
    pub redis: Vec<String>,
}

impl RedisArguments {
    /// Asks the Redis that is named, which need not answer; `None` where none is.
    ///
    /// # Errors
    /// When an address is none.
    pub(crate) fn open(&self) -> Result<Option<Hot>> {
        let kind = match self.redis.len() {
            0 => return Ok(None),
            1 => Kind::One,
            _ => Kind::Cluster,
        };
        Hot::open(&self.redis, kind).context("--redis").map(Some)
    }

    /// Tells every server that the deny list has version `version`. Where Redis does not answer,
    /// servers find out by themselves within a second.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) async fn push_denied(&self, version: u64) -> Result<()> {
        let Some(hot) = self.open()? else {
            return Ok(());
        };
        let pushed = async {
            while !hot.push_denied(version).await {
                tokio::time::sleep(hot_redis::BUDGET).await;
            }
        };
        if tokio::time::timeout(CONNECTS_WITHIN, pushed).await.is_err() {
            tracing::warn!("redis does not answer; servers look by themselves every second");
        }
        Ok(())
    }
}
