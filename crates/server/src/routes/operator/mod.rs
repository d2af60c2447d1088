//! `/v1/operator/…`: what an operator's staff see and do. Each handler names, by its extractor, the
//! task that its caller's role must allow ([`settlement::staff::Role::may`]).

mod auth;
mod books;
mod cursor;
mod explain;
mod proposals;
mod requests;
mod session;

pub(crate) use auth::COOKIE;
pub use explain::{day_explanation, explain};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AppState;

/// The routes of staff, and those by which riders appeal to them.
pub(crate) fn operator_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(session::open, session::close))
        .routes(routes!(session::me))
        .routes(routes!(books::days))
        .routes(routes!(books::queues))
        .routes(routes!(books::exceptions))
        .routes(routes!(books::faults))
        .routes(routes!(books::fraud))
        .routes(routes!(books::charges))
        .routes(routes!(books::charge))
        .routes(routes!(proposals::refund))
        .routes(routes!(proposals::write_off))
        .routes(routes!(proposals::debts))
        .routes(routes!(requests::list))
        .routes(routes!(requests::one))
        .routes(routes!(requests::decide))
        .routes(routes!(requests::audit))
        .routes(routes!(proposals::appeal, requests::appeals))
}
