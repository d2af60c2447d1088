//! What systemd is told: ready, and alive as long as the core answers (`sd_notify(3)`).

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::core::Core;
use crate::http::health;

/// The supervisor's socket.
#[derive(Debug)]
pub struct Supervisor {
    socket: UnixDatagram,
    to: SocketAddr,
}

impl Supervisor {
    /// The supervisor at this address, as `NOTIFY_SOCKET` holds it: a path, or `@` and a name.
    ///
    /// # Errors
    /// When there is no such socket.
    pub fn new(address: &str) -> std::io::Result<Self> {
        let to = match address.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(address)?,
        };
        Ok(Self {
            socket: UnixDatagram::unbound()?,
            to,
        })
    }

    /// Says something, such as `READY=1`. What cannot be said is not worth stopping for.
    pub fn say(&self, state: &str) {
        if let Err(error) = self.socket.send_to_addr(state.as_bytes(), &self.to) {
            tracing::warn!(%error, "the supervisor does not listen");
        }
    }

    /// Says that the agent is alive, at half of the time that systemd allows, as long as the core
    /// answers. A core that hangs is restarted by systemd.
    pub async fn keep_alive(self, core: Core, allowed: Duration) {
        loop {
            if health(&core).await.is_some() {
                self.say("WATCHDOG=1");
            }
            tokio::time::sleep(allowed / 2).await;
        }
    }
}
