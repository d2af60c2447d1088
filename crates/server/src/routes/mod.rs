//! The routes, one file each.

pub(crate) mod activity;
mod body;
mod challenges;
pub(crate) mod city;
mod credentials;
mod deny_list;
mod devices;
pub(crate) mod events;
mod issuer_keys;
pub(crate) mod operator;
pub(crate) mod taps;
mod tickets;

use axum::Router;
use axum::routing::{get, post};

use crate::AppState;

/// The issuer's routes, which phones and readers ask.
pub(crate) fn issuer_router() -> Router<AppState> {
    Router::new()
        .route("/v1/challenges", post(challenges::make))
        .route("/v1/devices", post(devices::register))
        .route("/v1/credentials", post(credentials::renew))
        .route("/v1/tickets", post(tickets::issue))
        .route("/v1/issuer-keys", get(issuer_keys::list))
        .route("/v1/deny-list", get(deny_list::read))
}
