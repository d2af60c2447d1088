//! `[server]`: where taps go and lists come from.

use serde::Deserialize;

use super::mistake::{Mistake, within};

/// `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Its address, without a path.
    pub url: String,
    /// Most taps in one batch.
    #[serde(default = "batch_records")]
    pub batch_records: usize,
    /// How often to look for taps to send.
    #[serde(default = "upload_ms")]
    pub upload_ms: u32,
    /// How often to ask for lists.
    #[serde(default = "sync_seconds")]
    pub sync_seconds: u32,
    /// How long a request may take.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u32,
}

impl ServerConfig {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        let most = journal::BATCH_RECORDS_MAX;
        within("server.batch_records", self.batch_records, 1, most)?;
        within("server.upload_ms", self.upload_ms, 10, 3_600_000)?;
        within("server.sync_seconds", self.sync_seconds, 1, 86_400)?;
        within("server.timeout_ms", self.timeout_ms, 100, 120_000)?;
        if !self.url.starts_with("http://") || self.url.ends_with('/') {
            return Err(Mistake::new(
                "server.url",
                "http://host:port without a path (TLS is ended by a local proxy)",
                self.url.as_str(),
            ));
        }
        Ok(())
    }
}

const fn batch_records() -> usize {
    256
}

const fn upload_ms() -> u32 {
    2_000
}

const fn sync_seconds() -> u32 {
    60
}

const fn timeout_ms() -> u32 {
    15_000
}
