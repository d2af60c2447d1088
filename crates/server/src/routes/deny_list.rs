//! `GET /v1/deny-list`: codes that open no gate.

use api::{DenyListResponse, Text};
use axum::Json;
use axum::extract::State;

use crate::conditional::Unchanged;
use crate::document::problems;
use crate::{ApiError, AppState};

problems! {
    Problems: &[];
}

/// Answers with the list and its version, which never goes back.
#[utoipa::path(
    get,
    path = "/v1/deny-list",
    operation_id = "read_deny_list",
    tag = "readers",
    responses(
        (status = 200, body = DenyListResponse, description = "The list."),
        Unchanged,
        Problems,
    ),
)]
pub(crate) async fn read(
    State(state): State<AppState>,
) -> Result<Json<DenyListResponse>, ApiError> {
    let list = state
        .issuer
        .deny_list(state.now())
        .await
        .map_err(ApiError::internal)?;
    let entries = list.entries.into_iter().map(Text).collect();
    Ok(Json(DenyListResponse {
        version: list.version,
        entries,
    }))
}
