//! Datagrams between readers: one socket, one thread that listens, and the core that sends.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType};

use super::counts::Count;
use super::message::{DATAGRAM_BYTES, Message};
use super::senders::Unheard;
use super::{Shared, Station};
use crate::machine::{self, Stopwatch};

/// How long the thread sleeps at most.
const WAKES_EVERY: Duration = Duration::from_millis(100);

/// Between greetings.
const GREETS_EVERY: Duration = Duration::from_secs(1);

/// Datagrams that are looked at within [`SLICE`]; then the thread waits for the next slice, and
/// what comes meanwhile is lost in the kernel: a flood costs the core little.
const DATAGRAMS_PER_SLICE: u32 = 200;

/// See [`DATAGRAMS_PER_SLICE`].
const SLICE: Duration = Duration::from_millis(20);

/// Speaks to the other readers. Ends with its last owner.
#[derive(Debug)]
pub struct Gossip {
    lines: Arc<Lines>,
}

#[derive(Debug)]
struct Lines {
    socket: UdpSocket,
    peers: Vec<SocketAddr>,
    /// Whether a peer is a group, whose members may speak from any address.
    in_group: bool,
    stopping: AtomicBool,
}

impl Gossip {
    /// Listens at `listen`, and speaks to `peers`: addresses of readers, or of a multicast group
    /// (IPv4), which is joined.
    ///
    /// # Errors
    /// When the address cannot be listened at or the group cannot be joined.
    pub fn start(
        listen: SocketAddr,
        peers: Vec<SocketAddr>,
        station: &Station,
    ) -> io::Result<Self> {
        let socket = UdpSocket::bind(listen)?;
        let mut groups = Vec::new();
        let mut in_group = false;
        for peer in &peers {
            if let (SocketAddr::V4(group), IpAddr::V4(here)) = (peer, listen.ip())
                && group.ip().is_multicast()
            {
                if here.is_unspecified() {
                    // This socket hears all that comes to its port.
                    socket.join_multicast_v4(group.ip(), &here)?;
                } else {
                    groups.push(hear(*group, here)?);
                }
                in_group = true;
            }
        }
        let lines = Arc::new(Lines {
            socket: socket.try_clone()?,
            peers,
            in_group,
            stopping: AtomicBool::new(false),
        });
        groups.insert(0, socket);
        for (index, socket) in groups.into_iter().enumerate() {
            socket.set_read_timeout(Some(WAKES_EVERY))?;
            let (listening, shared) = (Arc::clone(&lines), Arc::clone(station.shared()));
            std::thread::Builder::new()
                .name("station".to_owned())
                .spawn(move || listening.listen(&socket, index == 0, &shared))?;
        }
        Ok(Self { lines })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.lines.socket.local_addr()
    }

    pub(crate) fn send(&self, datagram: &[u8]) {
        self.lines.send(datagram);
    }
}

/// A socket that hears a group: what is sent to one does not reach a socket that is bound to a
/// reader's own address. Several readers of one machine may hear the same group.
fn hear(group: SocketAddrV4, here: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = rustix::net::socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &group)?;
    let socket = UdpSocket::from(socket);
    socket.join_multicast_v4(group.ip(), &here)?;
    Ok(socket)
}

impl Drop for Gossip {
    fn drop(&mut self) {
        self.lines.stopping.store(true, Ordering::Relaxed);
    }
}

impl Lines {
    /// To everybody, without waiting for anybody.
    fn send(&self, datagram: &[u8]) {
        for peer in &self.peers {
            self.send_to(datagram, *peer);
        }
    }

    fn send_to(&self, datagram: &[u8], peer: SocketAddr) {
        let sent = rustix::net::sendto(&self.socket, datagram, SendFlags::DONTWAIT, &peer);
        if let Err(error) = sent {
            tracing::debug!(%error, %peer, "a reader cannot be told");
        }
    }

    fn listen(&self, socket: &UdpSocket, greets: bool, shared: &Shared) {
        let mut datagram = [0; DATAGRAM_BYTES + 1];
        let mut greeted: Option<Stopwatch> = None;
        let (mut slice, mut in_slice) = (Stopwatch::start(), 0_u32);
        while !self.stopping.load(Ordering::Relaxed) {
            if greets && greeted.is_none_or(|watch| watch.elapsed() >= GREETS_EVERY) {
                greeted = Some(Stopwatch::start());
                self.greet(shared);
            }
            if slice.elapsed() >= SLICE {
                (slice, in_slice) = (Stopwatch::start(), 0);
            } else if in_slice >= DATAGRAMS_PER_SLICE {
                shared.counts.add(Count::Dropped);
                std::thread::sleep(SLICE.saturating_sub(slice.elapsed()));
                continue;
            }
            // Nothing for a while, or an earlier datagram that found nobody: both are no matter.
            let Ok((length, from)) = socket.recv_from(&mut datagram) else {
                continue;
            };
            in_slice = in_slice.saturating_add(1);
            if !self.in_group && !self.peers.contains(&from) {
                shared.counts.add(Count::Dropped);
                continue;
            }
            self.take(datagram.get(..length).unwrap_or_default(), from, shared);
        }
    }

    fn take(&self, datagram: &[u8], from: SocketAddr, shared: &Shared) {
        let Some(message) = Message::decode(datagram, &shared.key) else {
            shared.counts.add(Count::Forged);
            return;
        };
        if message.sender == shared.me {
            // In a group one hears oneself.
            if !self.in_group {
                shared.counts.add(Count::Stale);
            }
            return;
        }
        let heard = shared.lock().hear(&message, machine::now());
        shared.wake();
        match heard {
            Ok(None) => {}
            Ok(Some(answer)) => self.send_to(&answer.encode(&shared.key), from),
            Err(Unheard::Stale) => shared.counts.add(Count::Stale),
            Err(Unheard::TooMany) => shared.counts.add(Count::Dropped),
        }
    }

    fn greet(&self, shared: &Shared) {
        let mut state = shared.lock();
        let now = machine::now();
        let messages = state.due(now);
        let present = state.present(now);
        drop(state);
        shared.counts.present(present);
        for message in messages {
            self.send(&message.encode(&shared.key));
        }
    }
}
