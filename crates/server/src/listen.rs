//! Serving connections: bounded in number, in the time their headers take, and at the end.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;

use crate::limits::Peer;
use crate::tls::Tls;

/// Connections served at a time; more wait in the system's queue. Each costs a file descriptor,
/// of which a process has 1,024 by default.
const CONNECTIONS_MAX: usize = 768;

/// How long a client may take for the headers of a request, and may stay silent between two.
const HEADERS_TIME_MAX: Duration = Duration::from_secs(20);

/// How long requests under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Rest after the system refused to hand over a connection, for example for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` at `listener` until `stop` is done, then until requests under way are answered
/// or the grace period is over.
///
/// # Errors
/// None so far: what goes wrong with one connection ends that connection.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_with(listener, None, router, stop).await
}

/// As [`serve`], over TLS where it is given.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEADERS_TIME_MAX);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let connection = Connection {
            builder: builder.clone(),
            router: router.clone(),
            watcher: connections.watcher(),
            peer,
            place,
        };
        match tls.clone() {
            None => {
                tokio::spawn(connection.serve(stream));
            }
            Some(tls) => {
                tokio::spawn(async move {
                    match tls.accept(stream).await {
                        Ok(stream) => connection.serve(stream).await,
                        Err(error) => tracing::debug!(%error, "no TLS with a client"),
                    }
                });
            }
        }
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("stopped with requests under way"),
    }
    Ok(())
}

/// One connection's way through the server.
struct Connection {
    builder: Builder<TokioExecutor>,
    router: Router,
    watcher: Watcher,
    peer: Peer,
    place: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let peer = self.peer;
        let router = self.router.map_request(move |mut request: Request<_>| {
            request.extensions_mut().insert(peer);
            request
        });
        let service = TowerToHyperService::new(router);
        let connection = self
            .builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service);
        if let Err(error) = self.watcher.watch(connection.into_owned()).await {
            tracing::debug!(error, "a connection ended early");
        }
        drop(self.place);
    }
}

/// The next connection and its place, or `None` when the system has none to give.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, Peer(address), place)),
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
