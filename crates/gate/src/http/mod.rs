//! The status pages, on loopback: liveness, readiness, metrics, and a page for the reader's screen.

mod metrics;
mod shown;
mod status_page;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use futures_util::Stream;
use tokio::sync::broadcast::error::RecvError;
use units::{Span, Timestamp};
use validator::Reading;

pub use shown::Shown;

use crate::core::Core;
use crate::machine;
use crate::status::Status;

/// How long the core may take to answer before it counts as hung.
const CORE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Only what the page itself holds may run or be fetched.
const PAGE_RULES: &str = "default-src 'none'; style-src 'unsafe-inline'; \
                          script-src 'unsafe-inline'; connect-src 'self'";

/// What the core says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Health {
    /// Whether the next good code would open the door.
    pub ready: bool,
    /// While the journal cannot be written and riders pass all the same: how many more may.
    pub opens_unrecorded: Option<u32>,
    /// Passes of which nothing is written down yet.
    pub unrecorded: usize,
    /// Versions of the lists in use.
    pub versions: wire::ListVersions,
    /// Age of the issuer keys, if there are any.
    pub keys_age: Option<Span>,
    /// Age of the deny list, if there is one.
    pub denied_age: Option<Span>,
    /// How often a page of a deny list could not be read.
    pub denied_unread: u64,
    /// Records that wait to be sent.
    pub queued: u64,
    /// Segments of the journal.
    pub segments: usize,
    /// What the gate's clock reads, and what that is worth.
    pub clock: Reading,
    /// The latest instant that is certainly past, if any is known.
    pub clock_mark: Option<Timestamp>,
}

/// What the pages show.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Asks the core.
    pub core: Core,
    /// Counters.
    pub status: Arc<Status>,
}

/// Serves the pages on a listener.
///
/// # Errors
/// When the address cannot be listened at.
pub fn start(listen: SocketAddr, pages: Pages) -> std::io::Result<()> {
    let listener = std::net::TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let routes = Router::new()
        .route("/", get(status_page))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .route("/display", get(display))
        .route("/display/events", get(events))
        .with_state(pages);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "the status pages have ended");
        }
    });
    Ok(())
}

/// Asks the core how it is; none when it does not answer in time.
pub async fn health(core: &Core) -> Option<Health> {
    let asked = core.ask(|agent| {
        let now = machine::now();
        let (keys_age, denied_age) = agent.list_ages(now);
        Health {
            ready: agent.is_ready(now),
            opens_unrecorded: agent.opens_unrecorded(),
            unrecorded: agent.unrecorded(),
            versions: agent.list_versions(now),
            keys_age,
            denied_age,
            denied_unread: agent.denied_unread(),
            queued: agent.queue_depth(),
            segments: agent.segments(),
            clock: agent.clock().read(now),
            clock_mark: agent.clock().mark(),
        }
    });
    tokio::time::timeout(CORE_ANSWERS_WITHIN, asked)
        .await
        .ok()
        .flatten()
}

async fn livez(State(pages): State<Pages>) -> (StatusCode, &'static str) {
    match health(&pages.core).await {
        Some(_) => (StatusCode::OK, "alive\n"),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the core does not answer\n",
        ),
    }
}

async fn readyz(State(pages): State<Pages>) -> (StatusCode, String) {
    let health = health(&pages.core).await;
    let code = match &health {
        Some(health) if health.ready => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, format!("{}\n", readiness(health.as_ref())))
}

/// Whether a good code opens the door, and if not so, why: a sentence.
fn readiness(health: Option<&Health>) -> String {
    match health {
        None => "The core does not answer".to_owned(),
        // Only the server's word stands behind lists that no snapshot binds.
        Some(health) if health.ready && health.versions.bundle == 0 => {
            "Ready, on unsigned lists".to_owned()
        }
        Some(health) if health.ready => "Ready".to_owned(),
        Some(health) => match health.opens_unrecorded {
            Some(left) => format!(
                "ALARM: the journal has stopped and riders pass without a record: {left} more may"
            ),
            None => "Not ready: lists are missing or stale, or the journal has stopped".to_owned(),
        },
    }
}

async fn show_metrics(State(pages): State<Pages>) -> impl IntoResponse {
    let health = health(&pages.core).await;
    let dropped = pages.core.intake().dropped();
    let text = metrics::write(
        &pages.status.counts(),
        pages.status.station(),
        health,
        dropped,
    );
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text)
}

async fn status_page(State(pages): State<Pages>) -> impl IntoResponse {
    let health = health(&pages.core).await;
    let page = Html(status_page::write(&pages.status.counts(), health));
    ([(header::CONTENT_SECURITY_POLICY, PAGE_RULES)], page)
}

async fn display() -> impl IntoResponse {
    let page = Html(include_str!("display.html"));
    ([(header::CONTENT_SECURITY_POLICY, PAGE_RULES)], page)
}

async fn events(State(pages): State<Pages>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let shown = pages.status.watch();
    let stream = futures_util::stream::unfold(shown, async |mut shown| {
        loop {
            match shown.recv().await {
                Ok(text) => return Some((Ok(Event::default().data(text)), shown)),
                // A screen that fell behind goes on with what is newest.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
