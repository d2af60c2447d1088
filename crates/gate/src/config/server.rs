//! `[server]`: where taps go and lists come from.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::mistake::{Mistake, shown, within};

/// `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Its address, without a path.
    pub url: String,
    /// The authorities that may vouch for the server (PEM); the machine's where left out.
    pub ca_file: Option<PathBuf>,
    /// The agent's own certificate (PEM), for a server that asks for one.
    pub client_cert_file: Option<PathBuf>,
    /// The key of that certificate (PEM).
    pub client_key_file: Option<PathBuf>,
    /// Most taps in one batch.
    #[serde(default = "batch_records")]
    pub batch_records: usize,
    /// How often to look for taps to send.
    #[serde(default = "upload_ms")]
    pub upload_ms: u32,
    /// How often to ask for lists.
    #[serde(default = "sync_seconds")]
    pub sync_seconds: u32,
    /// How long a request may take; of a long list, how long the server may be silent.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u32,
}

impl ServerConfig {
    /// Whether the way to the server is TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// How long a request may take; of a long list, how long the server may be silent.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(u64::from(self.timeout_ms))
    }

    pub(super) fn check(&self) -> Result<(), Mistake> {
        let most = journal::BATCH_RECORDS_MAX;
        within("server.batch_records", self.batch_records, 1, most)?;
        within("server.upload_ms", self.upload_ms, 10, 3_600_000)?;
        within("server.sync_seconds", self.sync_seconds, 1, 86_400)?;
        within("server.timeout_ms", self.timeout_ms, 100, 120_000)?;
        let host = self
            .url
            .strip_prefix("https://")
            .or_else(|| self.url.strip_prefix("http://"));
        if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@'])) {
            return Err(Mistake::new(
                "server.url",
                "https://host:port or http://host:port without a path",
                shown(&self.url),
            ));
        }
        self.check_files()
    }

    fn check_files(&self) -> Result<(), Mistake> {
        let named = [
            ("server.ca_file", &self.ca_file),
            ("server.client_cert_file", &self.client_cert_file),
            ("server.client_key_file", &self.client_key_file),
        ];
        for (field, file) in named {
            if let Some(file) = file
                && !self.is_https()
            {
                let got = file.display().to_string();
                return Err(Mistake::new(field, "an https:// server.url with it", got));
            }
        }
        let missing = match (&self.client_cert_file, &self.client_key_file) {
            (Some(_), None) => "server.client_key_file",
            (None, Some(_)) => "server.client_cert_file",
            _ => return Ok(()),
        };
        Err(Mistake::new(missing, "certificate and key together", "one"))
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
