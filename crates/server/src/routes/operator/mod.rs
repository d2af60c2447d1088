//! `/v1/operator/…`: what an operator's staff see and do. Each handler names, by its extractor, the
//! task that its caller's role must allow ([`settlement::staff::Role::may`]).

mod auth;
mod books;
mod cursor;
mod explain;
mod requests;
mod session;

pub use explain::{day_explanation, explain};
pub(crate) use requests::{appeal, appeals};

use axum::Router;
use axum::routing::{get, post};

use crate::AppState;

/// The routes of staff.
pub(crate) fn operator_router() -> Router<AppState> {
    let at = |path: &str| format!("/v1/operator/{path}");
    Router::new()
        .route(&at("session"), post(session::open).delete(session::close))
        .route(&at("me"), get(session::me))
        .route(&at("days"), get(books::days))
        .route(&at("queues"), get(books::queues))
        .route(&at("exceptions"), get(books::exceptions))
        .route(&at("fraud"), get(books::fraud))
        .route(&at("charges"), get(books::charges))
        .route(&at("charges/{id}"), get(books::charge))
        .route(&at("refunds"), post(requests::propose))
        .route(&at("debts"), get(requests::debts))
        .route(&at("write-offs"), post(requests::propose_write_off))
        .route(&at("requests"), get(requests::list))
        .route(&at("requests/{id}"), get(requests::one))
        .route(&at("requests/{id}/decision"), post(requests::decide))
        .route(&at("audit"), get(requests::audit))
}
