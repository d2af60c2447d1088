//! `[http]`: the status pages.

use std::net::SocketAddr;

use serde::Deserialize;

use super::mistake::Mistake;

/// `[http]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Where to listen; a loopback address.
    pub listen: SocketAddr,
}

impl HttpConfig {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        let got = self.listen.to_string();
        Err(Mistake::new("http.listen", "a loopback address", got))
    }
}
