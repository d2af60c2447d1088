//! The whole router: routes, pages, limits, and problems where nothing else answers.

use std::sync::Arc;

use api::{Problem, ProblemCode};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::charging::{self, Paying, SharedCharging};
use crate::lists::{self, ServedLists};
use crate::routes::operator::operator_router;
use crate::routes::{activity, city, events, issuer_router, taps};
use crate::{ApiError, AppState, assets, conditional, document, problem_pages};

/// A JSON body may have this many bytes; the largest there is has a few hundred.
const JSON_BYTES_MAX: usize = 16 * 1024;

/// What a city offers beyond codes, taps and books.
#[derive(Clone, Default)]
pub struct Offers {
    /// Signed lists for gates.
    pub lists: Option<Arc<ServedLists>>,
    /// Collecting what riders owe.
    pub charging: Option<SharedCharging>,
}

/// Every route of a city's server. Paths under `/v1` are the API, the others are pages.
pub fn router(state: AppState, offers: Offers) -> Router {
    let mut router: Router = books().with_state(state.clone()).into();
    router = router.merge(events::routes().with_state(events::Watching::new(state.clone())));
    if let Some(lists) = offers.lists {
        router = router.merge(lists::routes().with_state(lists));
    }
    if let Some(charging) = offers.charging {
        let paying = Paying {
            app: state,
            charging,
        };
        router = router.merge(charging::routes().with_state(paying));
    }
    router
        .fallback(pages)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .layer(middleware::from_fn(conditional::answer))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::internal("a route panicked").into_response()
        }))
        .layer(TraceLayer::new_for_http())
}

/// The descriptions of every route that [`router`] can have.
pub(crate) fn descriptions() -> [OpenApi; 4] {
    [
        books().into_openapi(),
        events::routes().into_openapi(),
        lists::routes().into_openapi(),
        charging::routes().into_openapi(),
    ]
}

/// The routes that every city has.
fn books() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(taps::upload).layer(DefaultBodyLimit::max(taps::BATCH_BYTES_MAX)))
        .routes(routes!(activity::of_session))
        .routes(routes!(city::describe))
        .merge(issuer_router())
        .merge(operator_router())
        .routes(routes!(problem_pages::one))
        .routes(routes!(document::serve))
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
