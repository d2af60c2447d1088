//! `POST /v1/credentials`: a phone renews its credential.

use std::error::Error;

use api::{Base64Bytes, CredentialResponse, Problem, ProblemCode, Rfc3339, Text};
use axum::extract::State;
use axum::response::Response;
use issuer::{IssueError, IssuedCredential};

use super::body::created;
use crate::document::{CODES, SESSION, problems};
use crate::{ApiError, AppState, Session};

problems! {
    Problems: SESSION, CODES;
}

/// Issues a credential that names the session's phone; the earlier one lives on until its end.
#[utoipa::path(
    post,
    path = "/v1/credentials",
    operation_id = "renew_credential",
    tag = "codes",
    security(("session" = [])),
    responses(
        (status = 201, body = CredentialResponse, description = "A fresh credential."),
        Problems,
    ),
)]
pub(crate) async fn renew(
    State(state): State<AppState>,
    Session(rider): Session,
) -> Result<Response, ApiError> {
    let credential = state
        .issuer
        .issue_credential(&rider, state.now(), &*state.rng)
        .await
        .map_err(refuse)?;
    Ok(created(&body(credential)))
}

/// A credential as the API tells it.
pub(super) fn body(credential: IssuedCredential) -> CredentialResponse {
    CredentialResponse {
        cose: Base64Bytes(credential.cose),
        credential_id: Text(credential.id),
        starts_at: Rfc3339(credential.starts_at),
        expires_at: Rfc3339(credential.expires_at),
    }
}

/// Why no code was issued, as a problem; also for tickets.
pub(super) fn refuse<E: Error + Send + Sync + 'static>(error: IssueError<E>) -> ApiError {
    let detail = error.to_string();
    match error {
        IssueError::AccountDenied => Problem::new(ProblemCode::AccountDenied, detail).into(),
        IssueError::NotEntitled {
            field,
            entitled,
            got,
        } => {
            let why = format!("the account has {entitled}, got {got}");
            Problem::new(ProblemCode::NotEntitled, detail)
                .at(format!("/{field}"), why)
                .into()
        }
        IssueError::NoSigningKey { .. } => {
            tracing::error!(error = detail, "rotate the issuer's keys");
            Problem::new(ProblemCode::Unavailable, detail).into()
        }
        other => ApiError::internal(other),
    }
}
