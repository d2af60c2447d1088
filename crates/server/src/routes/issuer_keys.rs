//! `GET /v1/issuer-keys`: the public keys that readers should hold.

use api::{Base64Url, IssuerKeyBody, IssuerKeysResponse, Rfc3339, Text};
use axum::Json;
use axum::extract::State;

use crate::AppState;
use crate::conditional::Unchanged;
use crate::document::problems;

problems! {
    Problems: &[];
}

/// Answers with every key still trusted, also those that start later.
#[utoipa::path(
    get,
    path = "/v1/issuer-keys",
    operation_id = "list_issuer_keys",
    tag = "readers",
    responses(
        (status = 200, body = IssuerKeysResponse, description = "The keys."),
        Unchanged,
        Problems,
    ),
)]
pub(crate) async fn list(State(state): State<AppState>) -> Json<IssuerKeysResponse> {
    let keys = state.issuer.issuer_keys(state.now());
    let body = keys.iter().map(|key| IssuerKeyBody {
        kid: Text(key.kid()),
        public_key: Base64Url(*key.public_key()),
        not_before: Rfc3339(key.not_before()),
        not_after: Rfc3339(key.not_after()),
    });
    Json(IssuerKeysResponse {
        keys: body.collect(),
    })
}
