//! `GET /v1/me/events`: a rider's day as it happens, as server-sent events.
//!
//! The stream (WHATWG HTML section 9.2) begins with the day as it stands and says it again
//! whenever a tap, a journey, a fare or a charge has changed. It reads the same statement as
//! `GET /v1/me/activity`, so any number of servers may share the work without a bus.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api::{Activity, Problem, ProblemCode};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use units::AccountId;

use super::activity::activity;
use crate::{ApiError, AppState, Session};

/// Streams at a time: a third of the connections that a server has, so that gates and phones
/// find one. A wallet that gets none asks `activity` now and then.
const STREAMS_MAX: usize = 256;

/// A rider's day is looked at this often while somebody watches it.
const LOOK: Duration = Duration::from_secs(1);

/// A stream ends after this time and is opened again: a session that is over is noticed then.
const LIFE: Duration = Duration::from_mins(5);

/// A silent stream says this often that it lives; proxies close what is silent for a minute.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// Tells proxies that buffer (nginx) to hand on each event at once.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What the route shares.
#[derive(Clone)]
struct Watching {
    state: AppState,
    places: Arc<Semaphore>,
}

/// The route, with places for [`STREAMS_MAX`] riders.
pub(crate) fn router(state: AppState) -> Router {
    let places = Arc::new(Semaphore::new(STREAMS_MAX));
    Router::new()
        .route("/v1/me/events", get(watch))
        .with_state(Watching { state, places })
}

async fn watch(
    State(watching): State<Watching>,
    headers: axum::http::HeaderMap,
) -> Result<Response, ApiError> {
    let rider = Session::from_headers(&watching.state, &headers).await?;
    let place = Arc::clone(&watching.places)
        .try_acquire_owned()
        .map_err(|_| {
            Problem::new(
                ProblemCode::Unavailable,
                "Too many riders are watching: ask /v1/me/activity instead.",
            )
        })?;
    let watched = Watched {
        state: watching.state,
        account: rider.account,
        until: Instant::now() + LIFE,
        told: None,
        _place: place,
    };
    let events = Sse::new(days(watched)).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE));
    let mut response = events.into_response();
    let headers = response.headers_mut();
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// One open stream.
struct Watched {
    state: AppState,
    account: AccountId,
    until: Instant,
    told: Option<Activity>,
    _place: OwnedSemaphorePermit,
}

fn days(watched: Watched) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(watched, |mut watched| async {
        let event = watched.next().await?;
        Some((Ok(event), watched))
    })
}

impl Watched {
    /// The next change; `None` once the stream is over or the store does not answer.
    async fn next(&mut self) -> Option<Event> {
        while Instant::now() < self.until {
            if self.told.is_some() {
                tokio::time::sleep(LOOK).await;
            }
            let day = self.state.city.service_day(self.state.now());
            // The failure is in the log; the phone opens the stream again.
            let now = activity(&self.state, self.account, day).await.ok()?;
            if self.told.as_ref() != Some(&now) {
                let event = Event::default().event("activity").json_data(&now).ok()?;
                self.told = Some(now);
                return Some(event);
            }
        }
        None
    }
}
