//! Who asks: the rider of a bearer session.

use api::{Problem, ProblemCode, SessionToken};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use issuer::Rider;

use crate::{ApiError, AppState};

/// A request with a session in force (`Authorization: Bearer …`, RFC 6750).
#[derive(Clone, Debug)]
pub struct Session(pub Rider);

impl Session {
    /// The rider of the session that `headers` carry.
    ///
    /// # Errors
    /// 401 where there is none, or one that is unknown or over: all answer alike.
    pub async fn from_headers(state: &AppState, headers: &HeaderMap) -> Result<Rider, ApiError> {
        let unauthorized = || {
            let problem = Problem::new(
                ProblemCode::Unauthorized,
                "Register the device again to get a session.",
            );
            ApiError::from(problem.at("header:authorization", "expected Bearer and a session"))
        };
        let token = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| SessionToken::from_text(token.trim()).ok())
            .ok_or_else(unauthorized)?;
        let rider = state
            .issuer
            .rider(&token, state.now())
            .await
            .map_err(ApiError::internal)?;
        rider.ok_or_else(unauthorized)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session
where
    AppState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let state = AppState::from_ref(state);
        Self::from_headers(&state, &parts.headers).await.map(Self)
    }
}
