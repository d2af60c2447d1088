//! The routes, one file each.

pub(crate) mod activity;
pub(crate) mod body;
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

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AppState;

/// The issuer's routes, which phones and readers ask.
pub(crate) fn issuer_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(challenges::make))
        .routes(routes!(devices::register))
        .routes(routes!(credentials::renew))
        .routes(routes!(tickets::issue))
        .routes(routes!(issuer_keys::list))
        .routes(routes!(deny_list::read))
}
