//! `GET /v1/me/events`: a rider's day as it happens, as server-sent events.
//!
//! The stream (WHATWG HTML section 9.2) begins with the day as it stands and says it again
//! whenever a tap, a journey, a fare or a charge has changed. It reads the same statement as
//! `GET /v1/me/activity`, so any number of servers may share the work without a bus.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api::{Activity, Problem, ProblemCode};
use axum::extract::{FromRef, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use units::AccountId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::activity::activity;
use crate::document::{SESSION, problems};
use crate::{ApiError, AppState, Session};

problems! {
    Problems: SESSION, &[ProblemCode::Unavailable];
}

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
pub(crate) struct Watching {
    state: AppState,
    places: Arc<Semaphore>,
}

/// The route.
pub(crate) fn routes() -> OpenApiRouter<Watching> {
    OpenApiRouter::default().routes(routes!(watch))
}

impl FromRef<Watching> for AppState {
    fn from_ref(watching: &Watching) -> Self {
        watching.state.clone()
    }
}

impl Watching {
    /// Places for [`STREAMS_MAX`] riders.
    pub(crate) fn new(state: AppState) -> Self {
        let places = Arc::new(Semaphore::new(STREAMS_MAX));
        Self { state, places }
    }
}

#[utoipa::path(
    get,
    path = "/v1/me/events",
    operation_id = "watch_activity",
    tag = "riders",
    security(("session" = [])),
    responses(
        (status = 200, body = String, content_type = "text/event-stream",
            description = "Events named `activity`, each with an `Activity` as its data: at once, \
                and after each change."),
        Problems,
    ),
)]
async fn watch(
    State(watching): State<Watching>,
    Session(rider): Session,
) -> Result<Response, ApiError> {
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
