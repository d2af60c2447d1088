//! `POST /v1/challenges`: something for a device to sign. Open to everybody and writes nothing.

use api::{Base64Url, ChallengeResponse, Rfc3339};
use axum::extract::State;
use axum::response::Response;

use super::body::created;
use crate::AppState;
use crate::document::problems;

problems! {
    Problems: &[];
}

/// Answers with a challenge that is good for one registration.
#[utoipa::path(
    post,
    path = "/v1/challenges",
    operation_id = "make_challenge",
    tag = "codes",
    responses(
        (status = 201, body = ChallengeResponse, description = "A challenge, good once."),
        Problems,
    ),
)]
pub(crate) async fn make(State(state): State<AppState>) -> Response {
    let challenge = state.issuer.challenge(state.now(), &*state.rng);
    created(&ChallengeResponse {
        challenge: Base64Url(*challenge.as_bytes()),
        expires_at: Rfc3339(challenge.expires_at()),
    })
}
