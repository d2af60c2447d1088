//! The whole router: routes, pages, limits, and problems where nothing else answers.

use api::{Problem, ProblemCode};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::routes::operator::{self, operator_router};
use crate::routes::{activity, city, events, issuer_router, taps};
use crate::{ApiError, AppState, assets, problem_pages};

/// A JSON body may have this many bytes; the largest there is has a few hundred.
const JSON_BYTES_MAX: usize = 16 * 1024;

/// Every route of a city's server. Paths under `/v1` are the API, the others are pages.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route(
            "/v1/taps",
            post(taps::upload).layer(DefaultBodyLimit::max(taps::BATCH_BYTES_MAX)),
        )
        .route("/v1/me/activity", get(activity::of_session))
        .route(
            "/v1/me/appeals",
            get(operator::appeals).post(operator::appeal),
        )
        .route("/v1/city", get(city::describe))
        .merge(issuer_router())
        .merge(operator_router())
        .route("/problems/{code}", get(problem_pages::one))
        .with_state(state.clone())
        .merge(events::router(state))
        .fallback(pages)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::internal("a route panicked").into_response()
        }))
        .layer(TraceLayer::new_for_http())
}

async fn pages(method: Method, uri: Uri) -> Response {
    let is_api = uri.path().starts_with("/v1/") || uri.path().starts_with("/demo/");
    if is_api || !matches!(method, Method::GET | Method::HEAD) {
        return not_found(uri.path()).into_response();
    }
    assets::serve(&uri).unwrap_or_else(|| not_found(uri.path()).into_response())
}

pub(crate) fn not_found(path: &str) -> ApiError {
    Problem::new(ProblemCode::NotFound, format!("nothing is at {path}")).into()
}

pub(crate) async fn wrong_method(request: Request) -> ApiError {
    let detail = format!(
        "{} does not answer {}",
        request.uri().path(),
        request.method()
    );
    Problem::new(ProblemCode::MethodNotAllowed, detail).into()
}
