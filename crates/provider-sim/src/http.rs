//! The provider over HTTP, on a free port of this machine.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{Form as FormBody, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{Service as _, service_fn};

use crate::bank::{Form, error};
use crate::sim::{Shown, Sim};

/// How long a connection on which nothing comes is kept.
const HANGS: Duration = Duration::from_secs(30);

/// A provider that listens; it ends when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    sim: Arc<Mutex<Sim>>,
    task: tokio::task::JoinHandle<Infallible>,
}

/// Tells the connection's loop to end it without an answer.
#[derive(Debug, Clone)]
struct CutHere;

impl Server {
    /// Lets `sim` listen. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the system has no port.
    pub async fn start(sim: Sim) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let sim = Arc::new(Mutex::new(sim));
        let task = tokio::spawn(serve(listener, router(Arc::clone(&sim))));
        Ok(Self { address, sim, task })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The provider, to set its clock and to read its books.
    pub fn sim(&self) -> MutexGuard<'_, Sim> {
        self.sim.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(sim: Arc<Mutex<Sim>>) -> Router {
    let lists = get(list);
    Router::new()
        .route("/v1/payment_intents", post(change).merge(lists.clone()))
        .route("/v1/payment_intents/{id}", lists.clone())
        .route("/v1/refunds", post(change).merge(lists.clone()))
        .route("/v1/disputes", lists)
        .with_state(sim)
}

async fn change(
    State(sim): State<Arc<Mutex<Sim>>>,
    uri: Uri,
    headers: HeaderMap,
    FormBody(form): FormBody<Form>,
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !is_authorized(&headers) {
        return reply(401, &error(401, "api_key_missing", "who are you").1);
    }
    let Some(key) = text("idempotency-key") else {
        return reply(
            400,
            &error(400, "parameter_missing", "send an Idempotency-Key").1,
        );
    };
    let shown = lock(&sim).post(uri.path(), key, &form);
    show(shown).await
}

async fn list(
    State(sim): State<Arc<Mutex<Sim>>>,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query<Form>,
) -> Response {
    if !is_authorized(&headers) {
        return reply(401, &error(401, "api_key_missing", "who are you").1);
    }
    let shown = lock(&sim).get(uri.path(), &query);
    show(shown).await
}

fn is_authorized(headers: &HeaderMap) -> bool {
    let value = headers.get("authorization");
    value.is_some_and(|value| value.as_bytes().starts_with(b"Bearer sk_"))
}

fn lock(sim: &Mutex<Sim>) -> MutexGuard<'_, Sim> {
    sim.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn show(shown: Shown) -> Response {
    match shown {
        Shown::Reply(status, body) => reply(status, &body),
        Shown::Cut => cut(),
        Shown::Hang => {
            tokio::time::sleep(HANGS).await;
            cut()
        }
    }
}

fn cut() -> Response {
    let mut response = StatusCode::IM_A_TEAPOT.into_response();
    response.extensions_mut().insert(CutHere);
    response
}

fn reply(status: u16, body: &serde_json::Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}

async fn serve(listener: TcpListener, router: Router) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let router = router.clone();
        let service = service_fn(move |request: Request<_>| {
            let mut router = router.clone();
            async move {
                let response = match router.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                // An error of the service ends the connection without an answer.
                match response.extensions().get::<CutHere>() {
                    Some(_) => Err(std::io::Error::other("cut")),
                    None => Ok(response),
                }
            }
        });
        tokio::spawn(async move {
            let service = TowerToHyperService::new(service);
            let builder = Builder::new(TokioExecutor::new());
            // How a connection ends is the client's to see.
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
