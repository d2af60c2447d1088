//! The lists' server of the measurement: what `docs/API.md` says of `/v1/lists`, and no more.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use issuer::lists::{Published, hex};
use wire::lists::ListName;

/// What is served at the moment.
type Served = Arc<Mutex<Arc<Published>>>;

/// A body, or why there is none.
type Answer = Result<Vec<u8>, StatusCode>;

/// A server on a port of its own; it ends with this value.
pub(super) struct ListServer {
    served: Served,
    /// Where it listens.
    pub(super) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl ListServer {
    /// Serves these lists from now on.
    pub(super) fn start(lists: Published) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let served = Arc::new(Mutex::new(Arc::new(lists)));
        // Roots that follow and batches of taps: there are none, and nobody takes them.
        let routes = Router::new()
            .route("/v1/lists/snapshot", get(snapshot))
            .route("/v1/lists/objects/{hash}", get(object))
            .route("/v1/lists/deltas/{hash}", get(delta))
            .with_state(Arc::clone(&served));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Ok(Self {
            served,
            address,
            _runtime: runtime,
        })
    }

    /// Serves others.
    pub(super) fn publish(&self, lists: Published) {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(lists);
    }
}

fn current(served: &Served) -> Arc<Published> {
    Arc::clone(&served.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn snapshot(State(served): State<Served>) -> Vec<u8> {
    current(&served).signed.to_vec()
}

async fn object(State(served): State<Served>, Path(hash): Path<String>) -> Answer {
    let lists = current(&served);
    let mut names = ListName::ALL.into_iter();
    let name = names.find(|name| hex(&lists.snapshot.list(*name).hash) == hash);
    let name = name.ok_or(StatusCode::NOT_FOUND)?;
    Ok(lists.list(name).to_vec())
}

async fn delta(State(served): State<Served>, Path(hash): Path<String>) -> Answer {
    let lists = current(&served);
    let found = lists.deltas.iter().find(|delta| hex(&delta.base) == hash);
    let bytes = found.and_then(|delta| delta.bytes.as_ref());
    Ok(bytes.ok_or(StatusCode::NOT_FOUND)?.to_vec())
}
