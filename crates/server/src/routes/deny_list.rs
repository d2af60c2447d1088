//! `GET /v1/deny-list`: codes that open no gate.

use api::{DenyListResponse, Text};
use axum::Json;
use axum::extract::State;

use crate::{ApiError, AppState};

/// Answers with the list and its version, which never goes back.
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
