//! `POST /v1/devices`: a phone registers its key and gets account, session and credential.

use api::{DeviceResponse, Problem, ProblemCode, RegisterDeviceRequest, Text};
use axum::extract::State;
use axum::response::Response;
use issuer::{ChallengeError, RegisterError, Registration};
use std::error::Error;

use super::body::{JsonBody, created};
use super::credentials;
use crate::document::{BYTES, CODES, JSON, problems};
use crate::{ApiError, AppState};

problems! {
    Problems: BYTES, JSON, CODES, &[
        ProblemCode::PublicKeyInvalid, ProblemCode::ChallengeExpired,
        ProblemCode::ChallengeUnknown, ProblemCode::ChallengeUsed, ProblemCode::ProofWrong,
    ];
}

/// Registers a phone that proves to hold its key.
#[utoipa::path(
    post,
    path = "/v1/devices",
    operation_id = "register_device",
    tag = "codes",
    request_body = RegisterDeviceRequest,
    responses(
        (status = 201, body = DeviceResponse, description = "Account, session and credential."),
        Problems,
    ),
)]
pub(crate) async fn register(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<RegisterDeviceRequest>,
) -> Result<Response, ApiError> {
    let registration = Registration {
        public_key: request.public_key.0,
        challenge: request.challenge.0,
        proof: request.proof.0,
    };
    let registered = state
        .issuer
        .register(&registration, state.now(), &*state.rng)
        .await
        .map_err(refuse)?;
    Ok(created(&DeviceResponse {
        account_id: Text(registered.account),
        session: registered.session,
        credential: credentials::body(registered.credential),
    }))
}

fn refuse<E: Error + Send + Sync + 'static>(error: RegisterError<E>) -> ApiError {
    let detail = error.to_string();
    let at =
        |code, pointer, why: String| ApiError::from(Problem::new(code, detail).at(pointer, why));
    match error {
        RegisterError::PublicKey(why) => at(
            ProblemCode::PublicKeyInvalid,
            "/public_key",
            why.to_string(),
        ),
        RegisterError::Challenge(why) => {
            let code = match why {
                ChallengeError::Expired { .. } => ProblemCode::ChallengeExpired,
                _ => ProblemCode::ChallengeUnknown,
            };
            at(code, "/challenge", why.to_string())
        }
        RegisterError::ChallengeUsed => at(
            ProblemCode::ChallengeUsed,
            "/challenge",
            "ask for a new one".to_owned(),
        ),
        RegisterError::Proof(why) => at(ProblemCode::ProofWrong, "/proof", why.to_string()),
        RegisterError::Issue(why) => credentials::refuse(why),
        other => ApiError::internal(other),
    }
}
